"""The monthly list of how units use credit records and reports (S3 三（四） and its annex; R107, R108, R134)."""

import uuid

from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from credit_portal.documents.models import EvidenceFile
from credit_portal.registry.models import Department, Region, User


class UsageList(models.Model):
    """One unit's list of one month: there from the first day of its period, sent to the credit office once or, corrected,
    more often. A unit without any use sends an empty one."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField("编号", max_length=30, unique=True)
    department = models.ForeignKey(Department, models.PROTECT, verbose_name="单位", related_name="+")
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划", related_name="+")
    month = models.DateField("月份", help_text="该月的第一日")
    period_from = models.DateField("期间自")
    period_to = models.DateField("期间至")
    due_on = models.DateField("应报日")
    late_from = models.DateField("逾期起算日", help_text="自这一天起可以通报")
    submitted_on = models.DateField("首次报送日期", null=True, blank=True)
    opened_at = models.DateTimeField("形成时间")
    is_demo = models.BooleanField("演示数据", default=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = "使用情况月报"
        verbose_name_plural = "使用情况月报"
        ordering = ["-month", "department_id"]
        constraints = [
            models.UniqueConstraint(fields=["department", "month"], name="usage_list_once_a_month"),
            models.CheckConstraint(
                condition=Q(period_to__gte=F("period_from")) & Q(late_from__gt=F("due_on")),
                name="usage_list_days_in_order",
                violation_error_message="期间和期限的日期先后有误。",
            ),
        ]
        indexes = [models.Index(fields=["region", "-month"], name="usage_list_by_region")]

    def __str__(self) -> str:
        return f"{self.department} {self.month:%Y-%m}"

    @property
    def month_in_words(self) -> str:
        return f"{self.month.year}年{self.month.month}月"


class UsageNote(models.Model):
    """What people add to a check's line: the measure that was used, or a correction. Added, never changed (trigger)."""

    class Kind(models.TextChoices):
        MEASURE = "measure", "使用的激励或惩戒措施"
        CORRECTION = "correction", "更正说明"

    # By its id and not through the check's own room files: the check itself is never changed.
    check_made = models.ForeignKey(
        "verification.Check", models.PROTECT, verbose_name="信用核查", related_name="usage_notes"
    )
    kind = models.CharField("种类", max_length=12, choices=Kind.choices)
    text = models.CharField("内容", max_length=300)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="填写人", related_name="+")
    at = models.DateTimeField("填写时间")

    class Meta:
        verbose_name = "使用情况说明"
        verbose_name_plural = "使用情况说明"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.text


class UsageSubmission(models.Model):
    """A list as it was sent: rows, hash and reporter stay. Added, never changed (trigger); the last one counts."""

    usage_list = models.ForeignKey(
        UsageList, models.PROTECT, verbose_name="使用情况月报", related_name="submissions"
    )
    version = models.PositiveSmallIntegerField("第几次报送")
    reporter = models.CharField("报送人", max_length=60)
    submitted_on = models.DateField("报送日期")
    submitted_at = models.DateTimeField("报送时间")
    submitted_by = models.ForeignKey(User, models.PROTECT, verbose_name="操作人", related_name="+")
    reason = models.CharField("更正的理由", max_length=300, blank=True)
    rows = models.PositiveIntegerField("条数")
    sha256 = models.CharField("校验值", max_length=64)
    document = models.ForeignKey(
        EvidenceFile, models.PROTECT, null=True, verbose_name="清单（PDF）", related_name="+"
    )

    class Meta:
        verbose_name = "月报报送"
        verbose_name_plural = "月报报送"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["usage_list", "version"], name="usage_submission_version_once"),
            models.CheckConstraint(
                condition=Q(version=1) | ~Q(reason=""),
                name="usage_submission_again_for_a_reason",
                violation_error_message="再次报送须写明理由。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.usage_list} 第 {self.version} 次"


class UsageRow(models.Model):
    """One line of a submission, in the five columns of the annex. Added, never changed (trigger)."""

    submission = models.ForeignKey(UsageSubmission, models.PROTECT, related_name="lines", verbose_name="报送")
    # A check is in the lists of one month only, in each version of it.
    usage_list = models.ForeignKey(UsageList, models.PROTECT, related_name="lines", verbose_name="月报")
    check_made = models.ForeignKey(
        "verification.Check", models.PROTECT, related_name="usage_rows", verbose_name="信用核查"
    )
    place = models.PositiveIntegerField("次序")
    subject_name = models.CharField("市场主体（自然人）名称", max_length=200)
    item_name = models.CharField("行政管理事项名称", max_length=300)
    on_day = models.DateField("日期")
    usage = models.TextField("使用信用记录或报告情况")
    measures = models.TextField("使用的激励或惩戒措施")

    class Meta:
        verbose_name = "月报条目"
        verbose_name_plural = "月报条目"
        ordering = ["submission_id", "place"]
        constraints = [
            models.UniqueConstraint(fields=["submission", "check_made"], name="usage_row_once"),
            models.UniqueConstraint(fields=["submission", "place"], name="usage_row_place_once"),
        ]
        indexes = [models.Index(fields=["usage_list", "check_made"], name="usage_row_of_list")]

    def __str__(self) -> str:
        return f"{self.place}"


class UsageNotice(models.Model):
    """The naming of units that did not report or did not check, sent to the committee and government above (S3 三（四））."""

    class State(models.TextChoices):
        DRAFT = "draft", "拟稿"
        ISSUED = "issued", "已通报"
        SENT_UP = "sent_up", "已上报"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField("编号", max_length=30, unique=True)
    office = models.ForeignKey(Department, models.PROTECT, verbose_name="通报机关", related_name="+")
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划", related_name="+")
    month = models.DateField("月份")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.DRAFT)
    # [{"department": id, "name": …, "reason": "late" | "missing" | "unchecked", "text": …}], as issued.
    units = models.JSONField("通报的单位", default=list)
    drafted_on = models.DateField("拟稿日期")
    drafted_by = models.ForeignKey(User, models.PROTECT, verbose_name="拟稿人", related_name="+")
    issued_on = models.DateField("通报日期", null=True, blank=True)
    issued_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="签发人", related_name="+"
    )
    document = models.ForeignKey(
        EvidenceFile, models.PROTECT, null=True, blank=True, verbose_name="通报", related_name="+"
    )
    sent_up_on = models.DateField("上报日期", null=True, blank=True)
    sent_up_to = models.CharField("上报对象", max_length=200, blank=True)
    is_demo = models.BooleanField("演示数据", default=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = "月报通报"
        verbose_name_plural = "月报通报"
        ordering = ["-month", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["office", "month"], name="usage_notice_once_a_month"),
            models.CheckConstraint(
                condition=Q(state="draft")
                | (
                    Q(issued_on__isnull=False, issued_by__isnull=False, document__isnull=False)
                    & ~Q(issued_by=F("drafted_by"))
                ),
                name="usage_notice_issued_by_another",
                violation_error_message="通报由拟稿人以外的另一人签发。",
            ),
            models.CheckConstraint(
                condition=~Q(state="sent_up") | (Q(sent_up_on__isnull=False) & ~Q(sent_up_to="")),
                name="usage_notice_sent_up_to_somebody",
                violation_error_message="上报须有日期和对象。",
            ),
        ]

    def __str__(self) -> str:
        return self.number
