"""The determination of a breach: a case, the clauses it is about, and its steps, each dated with its document.

The order of steps is due process: told before decided, decided by one and approved by another, in force for the public
only once served (process.md's order in docs/breaches.md). What the subject says in its defence is never published.
"""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from credit_portal.documents.models import EvidenceFile
from credit_portal.outbox.models import PartnerSystem
from credit_portal.registry.models import CreditSubject, Department, Region, User
from verification.models import CreditEntry


class BreachCase(models.Model):
    class State(models.TextChoices):
        OPENED = "opened", "已立案"
        NOTICED = "noticed", "已告知，待陈述申辩"
        HEARD = "heard", "陈述申辩已收到或期满"
        PROPOSED = "proposed", "待批准"
        DETERMINED = "determined", "已认定，待送达"
        SERVED = "served", "已送达"
        DROPPED = "dropped", "不予认定"
        REVOKED = "revoked", "已撤销"

    class Source(models.TextChoices):
        INSPECTION = "inspection", "监督检查"
        RECHECK = "recheck", "承诺复核"
        LATE_MATERIALS = "late_materials", "容缺材料逾期未补"
        COMPLAINT = "complaint", "投诉举报核实"
        BULK = "bulk", "批量归集待认定"
        WARNING = "warning", "预警"
        OTHER = "other", "其他"

    class Grade(models.TextChoices):
        MINOR = "minor", "轻微"
        GENERAL = "general", "一般"
        SERIOUS = "serious", "严重"

    class Outcome(models.TextChoices):
        PARTIAL = "partial", "部分履行"
        UNFULFILLED = "unfulfilled", "全部未履行"

    class ServiceMethod(models.TextChoices):
        IN_PERSON = "in_person", "直接送达"
        LEFT = "left", "留置送达"
        POST = "post", "邮寄送达"
        ELECTRONIC = "electronic", "电子送达"
        ENTRUSTED = "entrusted", "委托送达"
        ANNOUNCED = "announced", "公告送达"

    class RevocationReason(models.TextChoices):
        OBJECTION = "objection", "异议成立"
        RECONSIDERATION = "reconsideration", "行政复议决定"
        COURT = "court", "人民法院裁判"
        OWN_ERROR = "own_error", "本机关自行纠正"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField("案号", max_length=30, unique=True)
    commitment = models.ForeignKey(
        "commitments.Commitment", models.PROTECT, related_name="breach_cases", verbose_name="承诺"
    )
    subject = models.ForeignKey(
        CreditSubject, models.PROTECT, verbose_name="主体", related_name="breach_cases"
    )
    department = models.ForeignKey(Department, models.PROTECT, verbose_name="认定部门", related_name="+")
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划", related_name="+")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.OPENED)
    source = models.CharField("线索来源", max_length=20, choices=Source.choices)
    by_deceit = models.BooleanField(
        "以欺骗方式取得", default=False, help_text="以欺骗方式取得许可、登记、资格、奖励或者扶持"
    )
    facts = models.TextField("查明的事实", help_text="每段一行")
    evidence = models.ManyToManyField(EvidenceFile, verbose_name="证据", blank=True, related_name="+")
    opened_on = models.DateField("立案日期")
    opened_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="经办人", related_name="+"
    )
    # Put in by a system of the department (R85): from here on people go on with it.
    opened_by_system = models.ForeignKey(
        PartnerSystem, models.PROTECT, null=True, blank=True, verbose_name="提请的系统", related_name="+"
    )

    # Advance notice and the subject's statement (陈述申辩).
    noticed_on = models.DateField("告知日期", null=True, blank=True)
    statement_until = models.DateField("陈述申辩期限", null=True, blank=True)
    statement_days = ArrayField(models.DateField(), verbose_name="计入的工作日", default=list, blank=True)
    statement_provisional = models.BooleanField("期限暂定", default=False)
    statement_on = models.DateField("陈述申辩收到日期", null=True, blank=True)
    statement = models.TextField("陈述申辩", blank=True, help_text="不公开")
    statement_considered = models.TextField("对陈述申辩的采纳情况", blank=True)

    # What is determined.
    outcome = models.CharField("履行状态认定", max_length=12, choices=Outcome.choices, blank=True)
    grade = models.CharField("程度", max_length=10, choices=Grade.choices, blank=True)
    liability = models.TextField("违诺责任追究内容", blank=True, help_text="依承诺采取了什么措施")
    proportionality = models.TextField("相当性说明", blank=True, help_text="为何与情节相当")
    reconsideration_body = models.CharField("行政复议机关", max_length=200, blank=True)
    court = models.CharField("有管辖权的人民法院", max_length=200, blank=True)
    proposed_on = models.DateField("提出认定意见日期", null=True, blank=True)
    proposed_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="提出人", related_name="+"
    )
    determined_on = models.DateField("认定日期", null=True, blank=True)
    approved_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="批准人", related_name="+"
    )
    document_no = models.CharField("认定书文号", max_length=60, blank=True)
    document = models.ForeignKey(
        EvidenceFile, models.PROTECT, null=True, blank=True, verbose_name="认定书", related_name="+"
    )
    document_sha256 = models.CharField("认定书校验值", max_length=64, blank=True)
    verify_token = models.CharField("核验码", max_length=32, unique=True, null=True)
    entry = models.OneToOneField(
        CreditEntry,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="信用记录",
        related_name="breach_case",
    )

    # Service.
    served_on = models.DateField("送达日期", null=True, blank=True)
    service_method = models.CharField("送达方式", max_length=20, choices=ServiceMethod.choices, blank=True)
    service_proof = models.ForeignKey(
        EvidenceFile, models.PROTECT, null=True, blank=True, verbose_name="送达证明", related_name="+"
    )

    # What the subject itself wants to have published with it (主体说明).
    subject_statement = models.TextField("主体说明", blank=True)
    subject_statement_on = models.DateField("主体说明日期", null=True, blank=True)

    revoked_on = models.DateField("撤销日期", null=True, blank=True)
    revocation_reason = models.CharField(
        "撤销理由", max_length=20, choices=RevocationReason.choices, blank=True
    )
    revocation_document_no = models.CharField("撤销依据文号", max_length=100, blank=True)
    is_demo = models.BooleanField("演示数据", default=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = "违诺认定"
        verbose_name_plural = "违诺认定"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["commitment"],
                condition=~Q(state__in=["dropped", "revoked"]),
                name="case_one_open",
                violation_error_message="这份承诺已有未办结的违诺认定。",
            ),
            models.UniqueConstraint(
                fields=["department", "document_no"],
                condition=~Q(document_no=""),
                name="case_document_number_once",
                violation_error_message="本部门已有同一文号的认定书。",
            ),
            models.CheckConstraint(
                condition=Q(determined_on__isnull=True)
                | (
                    Q(
                        noticed_on__isnull=False,
                        statement_until__isnull=False,
                        proposed_by__isnull=False,
                        approved_by__isnull=False,
                        document__isnull=False,
                    )
                    & ~Q(approved_by=F("proposed_by"))
                ),
                name="case_determined_by_two_after_notice",
                violation_error_message="认定须先告知，并由一人提出、另一人批准。",
            ),
            models.CheckConstraint(
                condition=Q(served_on__isnull=True)
                | (
                    Q(
                        determined_on__isnull=False,
                        served_on__gte=F("determined_on"),
                        service_proof__isnull=False,
                    )
                    & ~Q(service_method="")
                ),
                name="case_served_with_proof",
                violation_error_message="送达须在认定之后，并有方式和证明。",
            ),
            models.CheckConstraint(
                condition=Q(state="revoked", revoked_on__isnull=False)
                | (~Q(state="revoked") & Q(revoked_on__isnull=True)),
                name="case_revoked_is_dated",
                violation_error_message="已撤销的认定须有撤销日期。",
            ),
            models.CheckConstraint(
                condition=~Q(state="served") | Q(served_on__isnull=False),
                name="case_served_state_is_dated",
                violation_error_message="已送达的认定须有送达日期。",
            ),
            models.CheckConstraint(
                condition=Q(opened_by__isnull=False, opened_by_system__isnull=True)
                | Q(opened_by__isnull=True, opened_by_system__isnull=False),
                name="case_opened_by_one",
                violation_error_message="立案须有经办人，或者提请的系统，二者其一。",
            ),
        ]
        indexes = [models.Index(fields=["department", "-id"], name="case_by_department")]

    def __str__(self) -> str:
        return self.number


class BreachedClause(models.Model):
    """A clause of the signed text that was not kept: by its number, its text as signed and that text's hash."""

    case = models.ForeignKey(BreachCase, models.PROTECT, related_name="clauses", verbose_name="违诺认定")
    clause_no = models.PositiveSmallIntegerField("条")
    clause_id = models.BigIntegerField("文本条款编号", null=True)
    text = models.TextField("签署的条文")
    text_sha256 = models.CharField("条文校验值", max_length=64)
    not_kept = models.TextField("未履行的内容")

    class Meta:
        verbose_name = "未履行的条款"
        verbose_name_plural = "未履行的条款"
        ordering = ["case", "clause_no"]
        constraints = [models.UniqueConstraint(fields=["case", "clause_no"], name="breached_clause_once")]

    def __str__(self) -> str:
        return f"第 {self.clause_no} 条"


class CaseStep(models.Model):
    """One step of a case, added and never changed (trigger): when, by whom, with which document."""

    class Kind(models.TextChoices):
        OPENED = "opened", "立案"
        NOTICED = "noticed", "送达认定前告知书"
        STATEMENT = "statement", "收到陈述申辩"
        STATEMENT_OVER = "statement_over", "陈述申辩期满"
        PROPOSED = "proposed", "提出认定意见"
        RETURNED = "returned", "退回修改"
        DETERMINED = "determined", "批准并作出认定"
        SERVED = "served", "送达认定书"
        STATEMENT_SENT = "statement_sent", "主体提交说明，待审查"
        STATEMENT_REFUSED = "statement_refused", "主体说明未采用"
        SUBJECT_STATEMENT = "subject_statement", "主体说明"
        DROPPED = "dropped", "不予认定"
        REVOKED = "revoked", "撤销认定"

    case = models.ForeignKey(BreachCase, models.PROTECT, related_name="steps", verbose_name="违诺认定")
    kind = models.CharField("步骤", max_length=20, choices=Kind.choices)
    on = models.DateField("日期")
    at = models.DateTimeField("登记时间")
    actor = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="办理人", related_name="+")
    document = models.ForeignKey(
        EvidenceFile, models.PROTECT, null=True, verbose_name="文书", related_name="+"
    )
    note = models.TextField("说明", blank=True)

    class Meta:
        verbose_name = "认定步骤"
        verbose_name_plural = "认定步骤"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.on} {self.get_kind_display()}"
