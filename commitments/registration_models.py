"""Voluntary registration: what a subject tells of itself, with proof, under one commitment to its truth; verified by the
department whose business it is before it counts anywhere (S0 三（二）, S1 五, S4 5; R42–R44)."""

import uuid
from datetime import date

from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from credit_portal.documents.models import EvidenceFile
from credit_portal.registry.models import CreditSubject, Department, Region, SubjectAccess, User
from verification.models import CreditEntry


class RegistrationKind(models.TextChoices):
    """S0 三（二） names five; S1 五 and S4 5 name them without 生产活动."""

    QUALIFICATION = "qualification", "资质证照"
    PRODUCTION = "production", "生产活动"
    MARKET = "market", "市场经营"
    CONTRACT = "contract", "合同履行"
    WELFARE = "welfare", "社会公益"


class RegistrationVerifier(models.Model):
    """Which department of a region verifies a kind; where none is named, the region's credit office."""

    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划")
    kind = models.CharField("信息种类", max_length=15, choices=RegistrationKind.choices)
    department = models.ForeignKey(Department, models.PROTECT, verbose_name="核实部门", related_name="+")
    history = HistoricalRecords()

    class Meta:
        verbose_name = "自愿注册核实分工"
        verbose_name_plural = "自愿注册核实分工"
        ordering = ["region", "kind"]
        constraints = [
            models.UniqueConstraint(
                fields=["region", "kind"],
                name="registration_verifier_once",
                violation_error_message="这个地区的这一种类已经登记了核实部门。",
            )
        ]

    def __str__(self) -> str:
        return f"{self.region} {self.get_kind_display()}"


class RegistrationBatch(models.Model):
    """What is signed for at once. `sha256` is over every word of its entries and the files' hashes; number and hash stand
    in the text that is signed."""

    number = models.CharField("登记清单编号", max_length=30, unique=True)
    subject = models.ForeignKey(CreditSubject, models.PROTECT, verbose_name="主体", related_name="+")
    draft = models.OneToOneField(
        "commitments.Draft", models.PROTECT, verbose_name="草稿", related_name="registration_batch"
    )
    sha256 = models.CharField("校验值", max_length=64)
    rows = models.PositiveSmallIntegerField("条数")
    commitment = models.OneToOneField(
        "commitments.Commitment",
        models.PROTECT,
        null=True,
        verbose_name="真实性承诺",
        related_name="registration_batch",
    )
    made_at = models.DateTimeField("形成时间")

    class Meta:
        verbose_name = "自愿注册登记清单"
        verbose_name_plural = "自愿注册登记清单"

    def __str__(self) -> str:
        return self.number


class Registration(models.Model):
    """One piece of information. What it says is frozen once it was signed for (trigger)."""

    class State(models.TextChoices):
        DRAFT = "draft", "没有提交"
        SUBMITTED = "submitted", "等待核实"
        ASKED = "asked", "需要补正"
        VERIFIED = "verified", "已核实"
        REFUSED = "refused", "不予核实"
        WITHDRAWN = "withdrawn", "已撤回"
        EXPIRED = "expired", "证明已到期"
        FALSE = "false", "核实有误，已撤销"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    subject = models.ForeignKey(
        CreditSubject, models.PROTECT, verbose_name="主体", related_name="registrations"
    )
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划", related_name="+")
    kind = models.CharField("信息种类", max_length=15, choices=RegistrationKind.choices)
    title = models.CharField("名称", max_length=100)
    facts = models.CharField("内容", max_length=500, blank=True)
    issuer = models.CharField("出具单位", max_length=100)
    document_no = models.CharField("证明编号", max_length=100, blank=True)
    issued_on = models.DateField("出具日期")
    valid_until = models.DateField("有效期至", null=True, blank=True)
    proof = models.ForeignKey(EvidenceFile, models.PROTECT, verbose_name="证明文件", related_name="+")
    access = models.ForeignKey(SubjectAccess, models.PROTECT, verbose_name="登记人", related_name="+")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.DRAFT)
    batch = models.ForeignKey(
        RegistrationBatch, models.PROTECT, null=True, verbose_name="登记清单", related_name="entries"
    )
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, verbose_name="核实部门", related_name="+"
    )
    asked_for = models.CharField("需要补正的内容", max_length=500, blank=True)
    asked_at = models.DateTimeField("告知补正时间", null=True)
    answer = models.CharField("补正说明", max_length=500, blank=True)
    answer_proof = models.ForeignKey(
        EvidenceFile, models.PROTECT, null=True, verbose_name="补正的证明", related_name="+"
    )
    reason = models.CharField("理由", max_length=500, blank=True)
    entry = models.OneToOneField(
        CreditEntry, models.PROTECT, null=True, verbose_name="信用记录", related_name="registration"
    )
    expiry_told = models.BooleanField("已提醒到期", default=False)
    saved_at = models.DateTimeField("保存时间")
    submitted_at = models.DateTimeField("提交时间", null=True)
    is_demo = models.BooleanField("演示数据", default=False)

    class Meta:
        verbose_name = "自愿注册信息"
        verbose_name_plural = "自愿注册信息"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("issued_on")),
                name="registration_days_in_order",
                violation_error_message="有效期不能早于出具日期。",
            ),
            models.CheckConstraint(
                condition=~Q(state="verified") | Q(entry__isnull=False),
                name="registration_verified_is_in_record",
                violation_error_message="已核实的须在信用记录中有一条。",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "withdrawn"])
                | Q(batch__isnull=False, department__isnull=False, submitted_at__isnull=False),
                name="registration_signed_for",
                violation_error_message="提交的信息须有登记清单和核实部门。",
            ),
        ]
        indexes = [
            models.Index(fields=["department", "state", "-id"], name="registration_at_desk"),
            models.Index(fields=["valid_until"], name="registration_expiring", condition=Q(state="verified")),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}：{self.title}"

    @property
    def counts_until(self) -> date | None:
        """The last day on which it counts: of its entry, which an answer to an objection may have put right; else of its proof."""
        return self.entry.until_on if self.entry is not None else self.valid_until

    @property
    def ran_out(self) -> bool:
        """It is over by its last day alone, and what it was signed with stands: where the day was wrong, it counts again."""
        return (
            self.state == self.State.EXPIRED
            and RegistrationBatch.objects.filter(
                pk=self.batch_id, commitment__voided_at__isnull=True, commitment__corrected_by__isnull=True
            ).exists()
        )

    @property
    def being_signed(self) -> bool:
        """It stands on a list that somebody is reading or signing now: what it says must stay what the list says."""
        if self.state != self.State.DRAFT or self.batch is None:
            return False
        return self.batch.draft.step in ("check", "read", "sign")


class RegistrationStep(models.Model):
    """The course of a registration, added to and never changed (trigger)."""

    class Kind(models.TextChoices):
        SUBMITTED = "submitted", "签署真实性承诺并提交"
        HANDED_OVER = "handed_over", "转交核实"
        ASKED = "asked", "告知补正"
        ANSWERED = "answered", "补正"
        VERIFIED = "verified", "核实属实"
        REFUSED = "refused", "不予核实"
        WITHDRAWN = "withdrawn", "撤回"
        EXPIRED = "expired", "证明到期"
        FALSE = "false", "撤销核实"
        CORRECTED = "corrected", "更正"

    registration = models.ForeignKey(
        Registration, models.PROTECT, verbose_name="自愿注册信息", related_name="steps"
    )
    kind = models.CharField("步骤", max_length=12, choices=Kind.choices)
    at = models.DateTimeField("时间")
    actor = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="办理人", related_name="+")
    access = models.ForeignKey(
        SubjectAccess, models.PROTECT, null=True, verbose_name="主体办理人", related_name="+"
    )
    note = models.CharField("说明", max_length=500, blank=True)

    class Meta:
        verbose_name = "自愿注册经过"
        verbose_name_plural = "自愿注册经过"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d} {self.get_kind_display()}"
