"""What belongs to a check beside its answer: where was looked and with what proof, who was told, what was shown against
it, who allowed an exception, and how the matter was decided (S0 二（二）（三）, S3 一（二）, R50–R52, R60, R61)."""

import uuid

from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from credit_portal.documents.models import EvidenceFile
from credit_portal.registry.models import Department, Region, User


class CheckSource(models.Model):
    """A site where departments of a region and below look subjects up (S0 二（二）, S3 一（二）)."""

    region = models.ForeignKey(Region, models.PROTECT, verbose_name="地区", related_name="+")
    name = models.CharField("来源", max_length=100)
    address = models.URLField("网址", max_length=300, blank=True)
    basis = models.CharField("依据", max_length=300, blank=True)
    order = models.PositiveSmallIntegerField("次序", default=100)
    is_active = models.BooleanField("使用中", default=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = "查询来源"
        verbose_name_plural = "查询来源"
        ordering = ["order", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["region", "name"],
                name="check_source_once",
                violation_error_message="这个地区已有同名的来源。",
            )
        ]

    def __str__(self) -> str:
        return self.name


class CheckLook(models.Model):
    """One source that was really looked at for a check: address, time, result, screenshot. Added, never changed."""

    class Result(models.TextChoices):
        NOTHING = "nothing", "没有查到失信信息"
        FOUND = "found", "查到失信信息"
        GOOD = "good", "查到守信信息"
        UNAVAILABLE = "unavailable", "当时不能访问"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    check_made = models.ForeignKey(
        "verification.Check", models.PROTECT, related_name="looks", verbose_name="信用核查"
    )
    source = models.ForeignKey(
        CheckSource, models.PROTECT, null=True, blank=True, verbose_name="来源", related_name="+"
    )
    source_name = models.CharField("来源名称", max_length=100)
    address = models.CharField("查询网址", max_length=1000, blank=True)
    result = models.CharField("查询结果", max_length=12, choices=Result.choices)
    note = models.CharField("说明", max_length=300, blank=True)
    screenshot = models.ForeignKey(
        EvidenceFile, models.PROTECT, null=True, blank=True, verbose_name="查询截屏", related_name="+"
    )
    looked_at = models.DateTimeField("登记时间")
    looked_by = models.ForeignKey(User, models.PROTECT, verbose_name="查询人", related_name="+")

    class Meta:
        verbose_name = "来源查询"
        verbose_name_plural = "来源查询"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.source_name}：{self.get_result_display()}"


class OutsideReport(models.Model):
    """A credit report of another issuer that was accepted for a check (S1 三, S4 3, R11, R60). Added, never changed."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    check_made = models.ForeignKey(
        "verification.Check", models.PROTECT, related_name="reports", verbose_name="信用核查"
    )
    number = models.CharField("报告编号", max_length=100)
    issuer = models.CharField("出具机构", max_length=200)
    issued_on = models.DateField("出具日期")
    valid_until = models.DateField("有效期至", null=True, blank=True)
    summary = models.CharField("报告结论", max_length=300)
    document = models.ForeignKey(
        EvidenceFile, models.PROTECT, null=True, blank=True, verbose_name="报告", related_name="+"
    )
    taken_at = models.DateTimeField("登记时间")
    taken_by = models.ForeignKey(User, models.PROTECT, verbose_name="登记人", related_name="+")

    class Meta:
        verbose_name = "外部信用报告"
        verbose_name_plural = "外部信用报告"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("issued_on")),
                name="outside_report_days_in_order",
                violation_error_message="有效期不能早于出具日期。",
            ),
            models.UniqueConstraint(
                fields=["check_made", "issuer", "number"],
                name="outside_report_once",
                violation_error_message="这份报告已登记。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.issuer} {self.number}"


class CheckNotice(models.Model):
    """The applicant was told the answer, and until when it can be disputed in this procedure. Added, never changed."""

    check_made = models.OneToOneField(
        "verification.Check", models.PROTECT, related_name="notice", verbose_name="信用核查"
    )
    told_at = models.DateTimeField("告知时间")
    told_by = models.ForeignKey(User, models.PROTECT, verbose_name="告知人", related_name="+")
    acknowledged_by = models.CharField("知悉人", max_length=60)
    document = models.ForeignKey(EvidenceFile, models.PROTECT, verbose_name="告知书", related_name="+")

    class Meta:
        verbose_name = "核查结果告知"
        verbose_name_plural = "核查结果告知"

    def __str__(self) -> str:
        return f"{self.told_at:%Y-%m-%d} {self.acknowledged_by}"


class CheckObjection(models.Model):
    """What somebody shows against an entry within the procedure (S0 二（三）, R61): one of three kinds of document.

    Shown after the matter was decided (`late`), it does not count in it; it is kept, and the other ways are named.
    """

    class Proof(models.TextChoices):
        CLOSING = "closing", "执行法院出具的结案证明"
        REPAIR = "repair", "行政主管部门出具的修复证明"
        LEGAL = "legal", "其他相关法律文书"

    class State(models.TextChoices):
        FILED = "filed", "待核实"
        BELIEVED = "believed", "已采信"
        REFUSED = "refused", "不予采信"
        LATE = "late", "逾期提交，不用于本次办理"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    check_made = models.ForeignKey(
        "verification.Check", models.PROTECT, related_name="objections", verbose_name="信用核查"
    )
    entry = models.ForeignKey(
        "verification.CreditEntry", models.PROTECT, related_name="disputes", verbose_name="有异议的记录"
    )
    proof = models.CharField("材料种类", max_length=10, choices=Proof.choices)
    document_no = models.CharField("文书号", max_length=100)
    issuer = models.CharField("出具机关", max_length=200)
    issued_on = models.DateField("出具日期")
    document = models.ForeignKey(EvidenceFile, models.PROTECT, verbose_name="材料", related_name="+")
    filed_at = models.DateTimeField("提交时间")
    filed_by = models.ForeignKey(User, models.PROTECT, verbose_name="登记人", related_name="+")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.FILED)
    answered_at = models.DateTimeField("核实时间", null=True, blank=True)
    answered_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="核实人", related_name="+"
    )
    answer = models.CharField("核实意见", max_length=500, blank=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = "核查异议"
        verbose_name_plural = "核查异议"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["check_made", "entry"],
                condition=Q(state="filed"),
                name="check_objection_one_open",
                violation_error_message="这条记录已有异议材料在核实。",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["believed", "refused"])
                | (
                    Q(answered_at__isnull=False, answered_by__isnull=False)
                    & ~Q(answer="")
                    & ~Q(answered_by=F("filed_by"))
                ),
                name="check_objection_answered_by_another",
                violation_error_message="异议材料由登记人以外的另一人核实，并写明意见。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_proof_display()} {self.document_no}"


class CheckOverride(models.Model):
    """An exception from `ordinary` or `key`: asked for by one, allowed by another, with reasons, counted; of `refused`
    there is none."""

    class State(models.TextChoices):
        ASKED = "asked", "待决定"
        ALLOWED = "allowed", "已同意"
        DECLINED = "declined", "未同意"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    check_made = models.OneToOneField(
        "verification.Check", models.PROTECT, related_name="override", verbose_name="信用核查"
    )
    department = models.ForeignKey(Department, models.PROTECT, verbose_name="部门", related_name="+")
    reason = models.CharField("申请理由", max_length=500)
    asked_at = models.DateTimeField("申请时间")
    asked_by = models.ForeignKey(User, models.PROTECT, verbose_name="申请人", related_name="+")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.ASKED)
    answer = models.CharField("决定理由", max_length=500, blank=True)
    decided_at = models.DateTimeField("决定时间", null=True, blank=True)
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="决定人", related_name="+"
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = "核查结论的例外"
        verbose_name_plural = "核查结论的例外"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="asked")
                | (
                    Q(decided_at__isnull=False, decided_by__isnull=False)
                    & ~Q(answer="")
                    & ~Q(decided_by=F("asked_by"))
                ),
                name="check_override_by_another",
                violation_error_message="例外由申请人以外的另一人决定，并写明理由。",
            )
        ]

    def __str__(self) -> str:
        return f"{self.check_made_id} {self.get_state_display()}"


class CheckOutcome(models.Model):
    """The decision of the item that the check was made for: from then on nothing shown later counts. Never changed."""

    class Result(models.TextChoices):
        COMMITMENT = "commitment", "按承诺制办理"
        ORDINARY = "ordinary", "按一般程序办理"
        LIMITED = "limited", "在有关环节予以限制"
        REFUSED = "refused", "依规定拒绝"
        GRANTED = "granted", "准予、通过或者采用"
        WITHDRAWN = "withdrawn", "申请人撤回"

    check_made = models.OneToOneField(
        "verification.Check", models.PROTECT, related_name="outcome", verbose_name="信用核查"
    )
    result = models.CharField("办理结果", max_length=12, choices=Result.choices)
    note = models.CharField("说明", max_length=500, blank=True)
    decided_at = models.DateTimeField("决定时间")
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="决定人", related_name="+")

    class Meta:
        verbose_name = "办理结果"
        verbose_name_plural = "办理结果"

    def __str__(self) -> str:
        return self.get_result_display()
