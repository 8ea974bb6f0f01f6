"""Late materials (容缺受理, S4 1): what was promised in writing and till when, what came of it; and whatever was handled at
once. What was promised is frozen with the signature (triggers)."""

import uuid

from django.db import models
from django.db.models import F, Q

from credit_portal.documents.models import EvidenceFile
from credit_portal.registry.models import Department, Region, SubjectAccess, User

from .breach_models import BreachCase


class Supplement(models.Model):
    """A procedure that was accepted with materials missing. Its course stands with the commitment (CommitmentEvent)."""

    class State(models.TextChoices):
        OPEN = "open", "补交中"
        DONE = "done", "已补齐"
        OVERDUE = "overdue", "逾期终止，待部门处理"
        CASE = "case", "逾期终止，已立案"
        CLOSED = "closed", "逾期终止，已了结"
        CANCELLED = "cancelled", "承诺作废或更正，不再补交"

    class Reason(models.TextChoices):
        """Why nothing more follows from materials that did not come in time."""

        CAME_LATE = "came_late", "事后补齐"
        WITHDRAWN = "withdrawn", "撤回申请"
        FORCE_MAJEURE = "force_majeure", "不可抗力"
        NOT_NEEDED = "not_needed", "不再需要"

    class Stage(models.IntegerChoices):
        """How far reminding has gone; it begins anew with a later day."""

        NONE = 0, "未提醒"
        THREE_DAYS = 1, "剩 3 个工作日"
        LAST_DAY = 2, "剩 1 个工作日"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    commitment = models.OneToOneField(
        "commitments.Commitment", models.PROTECT, related_name="supplement", verbose_name="承诺"
    )
    department = models.ForeignKey(Department, models.PROTECT, verbose_name="受理单位", related_name="+")
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划", related_name="+")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.OPEN)
    signed_on = models.DateField("签署日期")
    last_on = models.DateField("最后补交日期", help_text="还没有收到的材料中最迟的一个日期")
    stage = models.PositiveSmallIntegerField("提醒", choices=Stage.choices, default=Stage.NONE)
    ended_on = models.DateField("终止日期", null=True, help_text="逾期由系统终止的日期，或者补齐的日期")
    case = models.ForeignKey(
        BreachCase, models.PROTECT, null=True, verbose_name="违诺认定", related_name="supplements"
    )
    close_reason = models.CharField("了结理由", max_length=20, choices=Reason.choices, blank=True)
    close_note = models.CharField("说明", max_length=300, blank=True)
    closed_at = models.DateTimeField("了结时间", null=True)
    closed_by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="了结人", related_name="+")
    is_demo = models.BooleanField("演示数据", default=False)

    class Meta:
        verbose_name = "容缺受理"
        verbose_name_plural = "容缺受理"
        ordering = ["last_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="open", ended_on__isnull=True)
                | (~Q(state="open") & Q(ended_on__isnull=False)),
                name="supplement_ended_is_dated",
                violation_error_message="已终止的容缺受理须有终止日期。",
            ),
            models.CheckConstraint(
                condition=(
                    Q(state="closed", closed_at__isnull=False) & ~Q(close_reason="") & ~Q(close_note="")
                )
                | (~Q(state="closed") & Q(closed_at__isnull=True, close_reason="", close_note="")),
                name="supplement_closed_with_reason",
                violation_error_message="了结须有理由和说明。",
            ),
            models.CheckConstraint(
                condition=Q(state="case", case__isnull=False) | (~Q(state="case") & Q(case__isnull=True)),
                name="supplement_case_named",
                violation_error_message="已立案的须写明案件。",
            ),
        ]
        indexes = [
            # The sweep and the lists: what is open, by day.
            models.Index(fields=["last_on", "id"], name="supplement_open_by_day", condition=Q(state="open")),
            models.Index(fields=["department", "state", "last_on"], name="supplement_by_department"),
        ]

    def __str__(self) -> str:
        return f"{self.commitment} {self.get_state_display()}"


class PromisedMaterial(models.Model):
    """One missing material and the day that was promised for it. Name, source and that day are frozen (trigger)."""

    class State(models.TextChoices):
        WAITING = "waiting", "待补交"
        SENT = "sent", "网上已提交，待核收"
        RECEIVED = "received", "已收到"

    supplement = models.ForeignKey(
        Supplement, models.PROTECT, related_name="materials", verbose_name="容缺受理"
    )
    number = models.PositiveSmallIntegerField("序号")
    name = models.CharField("材料", max_length=80)
    source = models.CharField("来源", max_length=120, blank=True)
    promised_on = models.DateField("承诺的日期")
    due_on = models.DateField("补交日期", help_text="因不可抗力延长、退回重交的，晚于承诺的日期")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.WAITING)
    sent_on = models.DateField("网上提交日期", null=True)
    sent_by = models.ForeignKey(
        SubjectAccess, models.PROTECT, null=True, verbose_name="提交人", related_name="+"
    )
    # The first of its files (`MaterialFile`), and of those that were returned.
    file = models.ForeignKey(EvidenceFile, models.PROTECT, null=True, verbose_name="文件", related_name="+")
    returned_on = models.DateField("退回日期", null=True)
    returned_by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="退回人", related_name="+")
    return_reason = models.CharField("退回理由", max_length=300, blank=True)
    returned_file = models.ForeignKey(
        EvidenceFile, models.PROTECT, null=True, verbose_name="退回的文件", related_name="+"
    )
    received_on = models.DateField("收到日期", null=True, help_text="网上提交的，是提交的日期")
    received_at = models.DateTimeField("登记时间", null=True)
    received_by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="核收人", related_name="+")
    late = models.BooleanField("晚于补交日期", default=False)

    class Meta:
        verbose_name = "容缺材料"
        verbose_name_plural = "容缺材料"
        ordering = ["supplement", "number"]
        constraints = [
            models.UniqueConstraint(fields=["supplement", "number"], name="promised_material_number"),
            models.CheckConstraint(
                condition=Q(due_on__gte=F("promised_on")),
                name="promised_material_never_earlier",
                violation_error_message="补交日期不能早于承诺的日期。",
            ),
            models.CheckConstraint(
                condition=Q(state="received", received_on__isnull=False, received_at__isnull=False)
                | (~Q(state="received") & Q(received_on__isnull=True, received_at__isnull=True)),
                name="promised_material_received_is_dated",
                violation_error_message="收到的材料须有收到日期。",
            ),
            models.CheckConstraint(
                condition=~Q(state="sent") | Q(sent_on__isnull=False, file__isnull=False),
                name="promised_material_sent_with_file",
                violation_error_message="网上提交的材料须有文件。",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class MaterialFile(models.Model):
    """One page or file of a material, in the order in which they came. What was replaced or returned is not the material any
    more, that it was sent stays (trigger)."""

    class Ending(models.TextChoices):
        REPLACED = "replaced", "已更换"
        RETURNED = "returned", "已退回"

    material = models.ForeignKey(
        PromisedMaterial, models.PROTECT, related_name="files", verbose_name="容缺材料"
    )
    file = models.ForeignKey(EvidenceFile, models.PROTECT, verbose_name="文件", related_name="+")
    added_at = models.DateTimeField("提交时间")
    access = models.ForeignKey(
        SubjectAccess, models.PROTECT, null=True, verbose_name="提交人", related_name="+"
    )
    ending = models.CharField("不再使用", max_length=10, choices=Ending.choices, blank=True)
    ended_at = models.DateTimeField("不再使用的时间", null=True)

    class Meta:
        verbose_name = "容缺材料的文件"
        verbose_name_plural = "容缺材料的文件"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ending="", ended_at__isnull=True) | (~Q(ending="") & Q(ended_at__isnull=False)),
                name="material_file_ended_is_dated",
                violation_error_message="不再使用的文件须有时间。",
            )
        ]

    def __str__(self) -> str:
        return self.file.original_name or str(self.file_id)


class SupplementExtension(models.Model):
    """Asked for by one, decided by another: the days run on because of force majeure. Granted once (constraint)."""

    class State(models.TextChoices):
        ASKED = "asked", "待另一人决定"
        GRANTED = "granted", "已延长"
        REFUSED = "refused", "不予延长"

    supplement = models.ForeignKey(
        Supplement, models.PROTECT, related_name="extensions", verbose_name="容缺受理"
    )
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.ASKED)
    working_days = models.PositiveSmallIntegerField("延长的工作日")
    reason = models.CharField("不可抗力的情形", max_length=300)
    evidence = models.ForeignKey(EvidenceFile, models.PROTECT, verbose_name="证明", related_name="+")
    asked_on = models.DateField("提出日期")
    asked_at = models.DateTimeField("提出时间")
    asked_by = models.ForeignKey(User, models.PROTECT, verbose_name="提出人", related_name="+")
    decided_at = models.DateTimeField("决定时间", null=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="决定人", related_name="+")
    note = models.CharField("决定的理由", max_length=300, blank=True)
    until_on = models.DateField("延长至", null=True)

    class Meta:
        verbose_name = "容缺延长"
        verbose_name_plural = "容缺延长"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["supplement"],
                condition=Q(state="granted"),
                name="supplement_extended_once",
                violation_error_message="因不可抗力只能延长一次。",
            ),
            models.UniqueConstraint(
                fields=["supplement"],
                condition=Q(state="asked"),
                name="supplement_one_extension_asked",
                violation_error_message="已有一件延长在等待决定。",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("asked_by")),
                name="supplement_extended_by_another",
                violation_error_message="延长须由另一人决定。",
            ),
            models.CheckConstraint(
                condition=Q(state="asked", decided_at__isnull=True)
                | (~Q(state="asked") & Q(decided_at__isnull=False, decided_by__isnull=False)),
                name="supplement_extension_decided_is_dated",
                violation_error_message="决定须有时间和决定人。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.supplement_id} {self.get_state_display()}"


class ImmediateResult(models.Model):
    """Conditions promised, materials complete: the result is due on the day itself (即时办理, S4 1), and recorded once."""

    class Result(models.TextChoices):
        GRANTED = "granted", "准予"
        RETURNED = "returned", "退回"

    commitment = models.OneToOneField(
        "commitments.Commitment", models.PROTECT, related_name="immediate", verbose_name="承诺"
    )
    department = models.ForeignKey(Department, models.PROTECT, verbose_name="受理单位", related_name="+")
    due_on = models.DateField("应当出具的日期")
    result = models.CharField("结果", max_length=10, choices=Result.choices, blank=True)
    document_no = models.CharField("文书号", max_length=100, blank=True)
    note = models.CharField("退回理由", max_length=300, blank=True)
    recorded_on = models.DateField("出具日期", null=True)
    recorded_at = models.DateTimeField("登记时间", null=True)
    recorded_by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="登记人", related_name="+")
    cancelled = models.BooleanField("承诺已作废或更正", default=False)
    is_demo = models.BooleanField("演示数据", default=False)

    class Meta:
        verbose_name = "即时办理"
        verbose_name_plural = "即时办理"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=(Q(recorded_on__isnull=True, result="", document_no=""))
                | (Q(recorded_on__isnull=False) & ~Q(result="") & ~Q(document_no="")),
                name="immediate_result_whole",
                violation_error_message="办理结果须有结果、文书号和日期。",
            )
        ]
        indexes = [models.Index(fields=["department", "due_on"], name="immediate_by_department")]

    def __str__(self) -> str:
        return f"{self.commitment_id} {self.get_result_display()}"
