"""How the whole work goes, half-year by half-year (S4 23; R109, R111): what each unit reports, what the office reports
upward, and what an outside body finds when it assesses the work (R14, R110)."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from credit_portal.documents.models import EvidenceFile
from credit_portal.registry.models import Department, Region, User


class ProgressReport(models.Model):
    """One unit's report of one half-year: there from its first day, sent to the credit office once or, corrected, more
    often. A unit with nothing to show sends zeros."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField("编号", max_length=30, unique=True)
    department = models.ForeignKey(Department, models.PROTECT, verbose_name="单位", related_name="+")
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划", related_name="+")
    half = models.CharField("半年", max_length=6, help_text="例如 2026H2")
    period_from = models.DateField("期间自")
    period_to = models.DateField("期间至")
    due_on = models.DateField("应报日")
    late_from = models.DateField("逾期起算日", help_text="自这一天起可以写明逾期")
    submitted_on = models.DateField("首次报送日期", null=True, blank=True)
    opened_at = models.DateTimeField("形成时间")
    is_demo = models.BooleanField("演示数据", default=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = "半年进展报告"
        verbose_name_plural = "半年进展报告"
        ordering = ["-half", "department_id"]
        constraints = [
            models.UniqueConstraint(fields=["department", "half"], name="progress_report_once_a_half"),
            models.CheckConstraint(
                condition=Q(half__regex=r"^[0-9]{4}H[12]$"),
                name="progress_report_half",
                violation_error_message="半年应写作 2026H2 的形式。",
            ),
            models.CheckConstraint(
                condition=Q(period_to__gte=F("period_from")) & Q(late_from__gt=F("due_on")),
                name="progress_report_days_in_order",
                violation_error_message="期间和期限的日期先后有误。",
            ),
        ]
        indexes = [models.Index(fields=["region", "-half"], name="progress_report_by_region")]

    def __str__(self) -> str:
        return f"{self.department} {self.half}"


class ProgressVersion(models.Model):
    """A report as it was sent: figures, words, reporter and hash stay. Added, never changed (trigger); the last one
    counts."""

    report = models.ForeignKey(
        ProgressReport, models.PROTECT, verbose_name="半年进展报告", related_name="versions"
    )
    version = models.PositiveSmallIntegerField("第几次报送")
    reporter = models.CharField("报送人", max_length=60)
    as_of = models.DateField("数据截至")
    submitted_on = models.DateField("报送日期")
    submitted_at = models.DateTimeField("报送时间")
    submitted_by = models.ForeignKey(User, models.PROTECT, verbose_name="操作人", related_name="+")
    reason = models.CharField("更正的理由", max_length=300, blank=True)
    # [{"key": …, "group": …, "label": …, "number": …}]: with the words of that day.
    figures = models.JSONField("数字")
    done = models.TextField("工作开展情况")
    problems = models.TextField("存在的问题")
    plans = models.TextField("下一步打算")
    sha256 = models.CharField("校验值", max_length=64)

    class Meta:
        verbose_name = "进展报告报送"
        verbose_name_plural = "进展报告报送"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["report", "version"], name="progress_version_once"),
            models.CheckConstraint(
                condition=Q(version=1) | ~Q(reason=""),
                name="progress_version_again_for_a_reason",
                violation_error_message="再次报送须写明理由。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.report} 第 {self.version} 次"


class ProgressCases(models.Model):
    """The cases behind one figure of a report as it was sent, by their ids. Added, never changed (trigger)."""

    version = models.ForeignKey(ProgressVersion, models.PROTECT, related_name="cases", verbose_name="报送")
    key = models.CharField("数字", max_length=60)
    ids = ArrayField(models.BigIntegerField(), verbose_name="案件")

    class Meta:
        verbose_name = "进展报告所据案件"
        verbose_name_plural = "进展报告所据案件"
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["version", "key"], name="progress_cases_once")]

    def __str__(self) -> str:
        return self.key


class ProgressSummary(models.Model):
    """The report of a whole region, written by its credit office, signed by another of it and sent up (S2 五（一）: feedback of
    effects; S4 23). Corrected, it is written anew."""

    class State(models.TextChoices):
        DRAFT = "draft", "拟稿"
        ISSUED = "issued", "已签发"
        SENT_UP = "sent_up", "已上报"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField("编号", max_length=30, unique=True)
    office = models.ForeignKey(Department, models.PROTECT, verbose_name="报告机关", related_name="+")
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划", related_name="+")
    half = models.CharField("半年", max_length=6)
    version = models.PositiveSmallIntegerField("第几稿", default=1)
    reason = models.CharField("重写的理由", max_length=300, blank=True)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.DRAFT)
    as_of = models.DateField("数据截至")
    figures = models.JSONField("数字")
    # [{"department": id, "name": …, "state": "sent" | "late" | "missing" | "open", "text": …}], as of that day.
    units = models.JSONField("各单位报送情况", default=list)
    effects = models.TextField("应用成效")
    problems = models.TextField("存在的问题")
    plans = models.TextField("下一步打算")
    drafted_on = models.DateField("拟稿日期")
    drafted_by = models.ForeignKey(User, models.PROTECT, verbose_name="拟稿人", related_name="+")
    issued_on = models.DateField("签发日期", null=True, blank=True)
    issued_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="签发人", related_name="+"
    )
    document = models.ForeignKey(
        EvidenceFile, models.PROTECT, null=True, blank=True, verbose_name="报告", related_name="+"
    )
    sent_up_on = models.DateField("上报日期", null=True, blank=True)
    sent_up_to = models.CharField("上报对象", max_length=200, blank=True)
    is_demo = models.BooleanField("演示数据", default=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = "进展总报告"
        verbose_name_plural = "进展总报告"
        ordering = ["-half", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["office", "half", "version"], name="progress_summary_version_once"
            ),
            models.UniqueConstraint(
                fields=["office", "half"],
                condition=Q(state="draft"),
                name="progress_summary_one_draft",
                violation_error_message="这个半年已有一份拟稿。",
            ),
            models.CheckConstraint(
                condition=Q(version=1) | ~Q(reason=""),
                name="progress_summary_again_for_a_reason",
                violation_error_message="重写总报告须写明理由。",
            ),
            models.CheckConstraint(
                condition=Q(state="draft")
                | (
                    Q(issued_on__isnull=False, issued_by__isnull=False, document__isnull=False)
                    & ~Q(issued_by=F("drafted_by"))
                ),
                name="progress_summary_issued_by_another",
                violation_error_message="总报告由拟稿人以外的另一人签发。",
            ),
            models.CheckConstraint(
                condition=~Q(state="sent_up") | (Q(sent_up_on__isnull=False) & ~Q(sent_up_to="")),
                name="progress_summary_sent_up_to_somebody",
                violation_error_message="上报须有日期和对象。",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class SummaryCases(models.Model):
    """The cases behind one figure of a region's report as it was written, by their ids. Added, never changed (trigger); gone
    only with a draft that is given up."""

    summary = models.ForeignKey(
        ProgressSummary, models.CASCADE, related_name="cases", verbose_name="进展总报告"
    )
    key = models.CharField("数字", max_length=60)
    ids = ArrayField(models.BigIntegerField(), verbose_name="案件")

    class Meta:
        verbose_name = "进展总报告所据案件"
        verbose_name_plural = "进展总报告所据案件"
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["summary", "key"], name="summary_cases_once")]

    def __str__(self) -> str:
        return self.key


class Assessment(models.Model):
    """An assessment of the work by an outside body: commissioned by the credit office, its result taken in with the report,
    signed by another of the office, sent up to the government, which names (S4 23; R14, R110)."""

    class State(models.TextChoices):
        COMMISSIONED = "commissioned", "已委托，待交结果"
        RECEIVED = "received", "已收到结果，待签发"
        ISSUED = "issued", "已签发，待上报"
        SENT_UP = "sent_up", "已上报政府"
        NAMED = "named", "已通报"
        CANCELLED = "cancelled", "已终止"

    class Grade(models.TextChoices):
        EXCELLENT = "excellent", "优秀"
        GOOD = "good", "良好"
        PASSED = "passed", "合格"
        FAILED = "failed", "不合格"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField("编号", max_length=30, unique=True)
    office = models.ForeignKey(Department, models.PROTECT, verbose_name="委托机关", related_name="+")
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划", related_name="+")
    state = models.CharField("状态", max_length=14, choices=State.choices, default=State.COMMISSIONED)
    body_name = models.CharField("第三方机构", max_length=200)
    body_code = models.CharField("机构的统一社会信用代码", max_length=18)
    subject_matter = models.CharField("评估内容", max_length=500)
    period_from = models.DateField("评估期间自")
    period_to = models.DateField("评估期间至")
    commissioned_on = models.DateField("委托日期")
    commissioned_by = models.ForeignKey(User, models.PROTECT, verbose_name="委托办理人", related_name="+")
    received_on = models.DateField("收到结果日期", null=True, blank=True)
    received_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="收件人", related_name="+"
    )
    grade = models.CharField("评定", max_length=10, choices=Grade.choices, blank=True)
    result = models.TextField("评估结果", blank=True)
    report_file = models.ForeignKey(
        EvidenceFile, models.PROTECT, null=True, blank=True, verbose_name="评估报告", related_name="+"
    )
    # [{"department": id, "name": …, "text": …}]: whom the office proposes to name, and why.
    units = models.JSONField("提请通报的单位", default=list)
    issued_on = models.DateField("签发日期", null=True, blank=True)
    issued_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="签发人", related_name="+"
    )
    document = models.ForeignKey(
        EvidenceFile, models.PROTECT, null=True, blank=True, verbose_name="评估结果的报告", related_name="+"
    )
    sent_up_on = models.DateField("上报日期", null=True, blank=True)
    sent_up_to = models.CharField("上报对象", max_length=200, blank=True)
    named_on = models.DateField("通报日期", null=True, blank=True)
    named_by = models.CharField("通报机关", max_length=200, blank=True)
    named_no = models.CharField("通报文号", max_length=100, blank=True)
    named_file = models.ForeignKey(
        EvidenceFile, models.PROTECT, null=True, blank=True, verbose_name="通报文件", related_name="+"
    )
    cancelled_on = models.DateField("终止日期", null=True, blank=True)
    cancel_reason = models.CharField("终止的理由", max_length=300, blank=True)
    is_demo = models.BooleanField("演示数据", default=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = "第三方评估"
        verbose_name_plural = "第三方评估"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(period_to__gte=F("period_from")),
                name="assessment_period_in_order",
                violation_error_message="评估期间的起止日期先后有误。",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["commissioned", "cancelled"])
                | (
                    Q(received_on__isnull=False, received_by__isnull=False, report_file__isnull=False)
                    & ~Q(grade="")
                    & ~Q(result="")
                ),
                name="assessment_received_with_its_report",
                violation_error_message="评估结果须有评定、内容和报告文件。",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["issued", "sent_up", "named"])
                | (
                    Q(issued_on__isnull=False, issued_by__isnull=False, document__isnull=False)
                    & ~Q(issued_by=F("received_by"))
                ),
                name="assessment_issued_by_another",
                violation_error_message="评估结果由收件人以外的另一人签发。",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["sent_up", "named"])
                | (Q(sent_up_on__isnull=False) & ~Q(sent_up_to="")),
                name="assessment_sent_up_to_somebody",
                violation_error_message="上报须有日期和对象。",
            ),
            models.CheckConstraint(
                condition=~Q(state="named") | (Q(named_on__isnull=False) & ~Q(named_by="") & ~Q(named_no="")),
                name="assessment_named_by_somebody",
                violation_error_message="通报须有日期、机关和文号。",
            ),
            models.CheckConstraint(
                condition=~Q(state="cancelled") | (Q(cancelled_on__isnull=False) & ~Q(cancel_reason="")),
                name="assessment_cancelled_for_a_reason",
                violation_error_message="终止须有日期和理由。",
            ),
        ]

    def __str__(self) -> str:
        return self.number
