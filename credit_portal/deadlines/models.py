"""When: the working-day calendar, dated policy rules, and duties (legal time limits) that are stored, never counted down."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from credit_portal.registry.models import CommitmentType, Department, Domain, Region, User

from .switch_models import SwitchLine, SwitchOrder

__all__ = [
    "CalendarDay",
    "CalendarNotice",
    "Duty",
    "DutyEvent",
    "PolicyRule",
    "RuleProposal",
    "SwitchLine",
    "SwitchOrder",
]


class PolicyRule(models.Model):
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划")
    key = models.CharField("规则", max_length=60)
    domain = models.CharField("领域", max_length=30, choices=Domain.choices, blank=True)
    commitment_type = models.CharField("承诺类型", max_length=20, choices=CommitmentType.choices, blank=True)
    grade = models.CharField("程度", max_length=10, blank=True)
    value = models.JSONField("取值")
    unit = models.CharField("单位", max_length=30, blank=True)
    basis = models.CharField("依据", max_length=300)
    confirmed = models.BooleanField("已确认", default=False)
    effective_from = models.DateField("生效日期")
    effective_to = models.DateField("失效日期", null=True, blank=True)
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="录入人",
        related_name="+",
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="核准人",
        related_name="+",
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = "政策规则"
        verbose_name_plural = "政策规则"
        ordering = ["region", "key", "-effective_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["region", "key", "domain", "commitment_type", "grade", "effective_from"],
                name="policy_rule_once",
                violation_error_message="同一地区同一规则在该生效日期已有取值。",
            ),
            models.CheckConstraint(
                condition=Q(effective_to__isnull=True) | Q(effective_to__gte=F("effective_from")),
                name="policy_dates_in_order",
                violation_error_message="失效日期不能早于生效日期。",
            ),
        ]
        indexes = [models.Index(fields=["key", "region"], name="policy_key_region")]

    def __str__(self) -> str:
        return f"{self.region_id} {self.key} 自 {self.effective_from}"


class RuleProposal(models.Model):
    """One person's proposal to set a rule from a day on; it changes nothing until another person approves it."""

    class State(models.TextChoices):
        OPEN = "open", "待核准"
        APPROVED = "approved", "已核准"
        REJECTED = "rejected", "未核准"
        CANCELLED = "cancelled", "已撤回"

    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划", related_name="+")
    key = models.CharField("规则", max_length=60)
    domain = models.CharField("领域", max_length=30, choices=Domain.choices, blank=True)
    commitment_type = models.CharField("承诺类型", max_length=20, choices=CommitmentType.choices, blank=True)
    grade = models.CharField("程度", max_length=10, blank=True)
    value = models.JSONField("取值")
    unit = models.CharField("单位", max_length=30, blank=True)
    basis = models.CharField("依据", max_length=300)
    confirmed = models.BooleanField("经本地区确认", default=True)
    effective_from = models.DateField("生效日期")
    effective_to = models.DateField("失效日期", null=True, blank=True)
    reason = models.CharField("理由", max_length=300)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.OPEN)
    proposed_at = models.DateTimeField("提出时间")
    proposed_by = models.ForeignKey(User, models.PROTECT, verbose_name="提出人", related_name="+")
    closed_at = models.DateTimeField("办结时间", null=True, blank=True)
    closed_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="办结人", related_name="+"
    )
    closing_note = models.CharField("办结说明", max_length=300, blank=True)
    rule = models.OneToOneField(
        PolicyRule, models.PROTECT, null=True, blank=True, verbose_name="形成的规则", related_name="proposal"
    )

    class Meta:
        verbose_name = "规则变更提议"
        verbose_name_plural = "规则变更提议（两人办理）"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["region", "key", "domain", "commitment_type", "grade", "effective_from"],
                condition=Q(state="open"),
                name="rule_proposal_one_open",
                violation_error_message="该规则在这一生效日期已有待核准的提议。",
            ),
            models.CheckConstraint(
                condition=Q(state="open", closed_at__isnull=True, closed_by__isnull=True)
                | (~Q(state="open") & Q(closed_at__isnull=False, closed_by__isnull=False)),
                name="rule_proposal_closed_by_somebody",
                violation_error_message="办结的提议须有办结人和时间。",
            ),
            models.CheckConstraint(
                condition=~Q(state="approved") | (Q(rule__isnull=False) & ~Q(closed_by=F("proposed_by"))),
                name="rule_proposal_approved_by_another",
                violation_error_message="规则变更须由另一人核准。",
            ),
            models.CheckConstraint(
                condition=Q(effective_to__isnull=True) | Q(effective_to__gte=F("effective_from")),
                name="rule_proposal_dates_in_order",
                violation_error_message="失效日期不能早于生效日期。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.region_id} {self.key} 自 {self.effective_from}"


class CalendarNotice(models.Model):
    """The State Council's notice of one year's holidays. A year without one is counted provisionally."""

    year = models.PositiveSmallIntegerField("年份", primary_key=True)
    number = models.CharField("文号", max_length=60)
    issued_on = models.DateField("发布日期", null=True, blank=True)
    source = models.CharField("来源", max_length=200)
    loaded_at = models.DateTimeField("载入时间")
    loaded_by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="录入人", related_name="+")
    history = HistoricalRecords()

    class Meta:
        verbose_name = "放假安排"
        verbose_name_plural = "工作日历（放假安排）"
        ordering = ["-year"]

    def __str__(self) -> str:
        return f"{self.year} 年放假安排"


class CalendarDay(models.Model):
    """A day that a notice makes different from its weekday: a holiday, or a weekend day that is worked (调休)."""

    class Kind(models.TextChoices):
        REST = "rest", "放假"
        WORK = "work", "上班（调休）"

    day = models.DateField("日期", primary_key=True)
    # Not always the day's own year: a notice may move the last days of the December before.
    notice = models.ForeignKey(CalendarNotice, models.CASCADE, related_name="days", verbose_name="放假安排")
    kind = models.CharField("安排", max_length=4, choices=Kind.choices)
    name = models.CharField("节日", max_length=40, blank=True)

    class Meta:
        verbose_name = "放假或调休日"
        verbose_name_plural = "放假或调休日"
        ordering = ["day"]

    def __str__(self) -> str:
        return f"{self.day} {self.get_kind_display()}"


class Duty(models.Model):
    """A legal time limit for one act of one department. Its dates are stored as they were computed, with the days that
    were counted; it is met by the act itself. What it was and when it was met stays true for ever.

    `matter_type` and `matter_id` name the row of the room whose business it is; `number` is that matter's file number.
    """

    class State(models.TextChoices):
        OPEN = "open", "待履行"
        SUSPENDED = "suspended", "中止"
        MET = "met", "已履行"
        CANCELLED = "cancelled", "已取消"

    class Stage(models.IntegerChoices):
        """How far reminding has gone; it only rises while due date stays."""

        NONE = 0, "未提醒"
        THREE_DAYS = 1, "剩 3 个工作日"
        ONE_DAY = 2, "剩 1 个工作日"
        TODAY = 3, "今日到期"
        OVERDUE = 4, "已逾期，报负责人"
        ESCALATED = 5, "逾期 3 个工作日，报信用办"

    rule_key = models.CharField("规则", max_length=60)
    matter_type = models.CharField("事项类别", max_length=40)
    matter_id = models.BigIntegerField("事项编号")
    number = models.CharField("文号", max_length=40, blank=True)
    department = models.ForeignKey(
        Department, models.PROTECT, verbose_name="责任部门", related_name="duties", db_index=False
    )
    region = models.ForeignKey(
        Region, models.PROTECT, verbose_name="行政区划", related_name="+", db_index=False
    )
    domain = models.CharField("领域", max_length=30, blank=True)
    commitment_type = models.CharField("承诺类型", max_length=20, blank=True)
    grade = models.CharField("程度", max_length=10, blank=True)
    triggered_on = models.DateField("起算日", help_text="这一天不计入")
    length = models.PositiveSmallIntegerField("期限长度")
    unit = models.CharField("单位", max_length=20)
    counted = ArrayField(models.DateField(), verbose_name="计入的日子", default=list)
    due_on = models.DateField("到期日")
    provisional = models.BooleanField("暂定", default=False)
    calendar_version = models.CharField("日历版本", max_length=40)
    rule = models.ForeignKey(
        PolicyRule, models.PROTECT, null=True, verbose_name="规则取值", related_name="+", db_index=False
    )
    basis = models.CharField("依据", max_length=300)
    confirmed = models.BooleanField("规则已确认", help_text="未确认的规则只提醒，不计入按期率")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.OPEN)
    stage = models.PositiveSmallIntegerField("提醒", choices=Stage.choices, default=Stage.NONE)
    suspended_on = models.DateField("中止日", null=True, blank=True)
    suspension_basis = models.CharField("中止依据", max_length=300, blank=True)
    met_on = models.DateField("履行日", null=True, blank=True)
    met_at = models.DateTimeField("履行登记时间", null=True, blank=True)
    met_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="履行人", related_name="+", db_index=False
    )
    opened_at = models.DateTimeField("产生时间")
    closed_reason = models.CharField("取消理由", max_length=200, blank=True)
    is_demo = models.BooleanField("演示数据", default=False)

    class Meta:
        verbose_name = "法定期限"
        verbose_name_plural = "法定期限"
        ordering = ["due_on", "id"]
        constraints = [
            models.UniqueConstraint(fields=["rule_key", "matter_type", "matter_id"], name="duty_once"),
            models.CheckConstraint(
                condition=Q(state="met", met_on__isnull=False, met_at__isnull=False)
                | (~Q(state="met") & Q(met_on__isnull=True, met_at__isnull=True)),
                name="duty_met_is_dated",
                violation_error_message="已履行的期限须有履行日，其他不得有。",
            ),
            models.CheckConstraint(
                condition=Q(state="suspended", suspended_on__isnull=False)
                | (~Q(state="suspended") & Q(suspended_on__isnull=True)),
                name="duty_suspended_is_dated",
                violation_error_message="中止的期限须有中止日。",
            ),
            models.CheckConstraint(
                condition=Q(due_on__gte=F("triggered_on")),
                name="duty_dates_in_order",
                violation_error_message="到期日不能早于起算日。",
            ),
        ]
        indexes = [
            # The sweep and the desks: what is open, by day. What is done costs nothing here.
            models.Index(
                fields=["due_on", "id"], name="duty_open_by_day", condition=Q(state="open"), include=["stage"]
            ),
            models.Index(
                fields=["department", "due_on", "id"],
                name="duty_open_by_department",
                condition=Q(state__in=["open", "suspended"]),
            ),
            models.Index(fields=["matter_type", "matter_id"], name="duty_by_matter"),
            models.Index(
                fields=["department", "rule_key", "met_on"],
                name="duty_met_by_department",
                condition=Q(state="met"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.rule_key} {self.due_on}"


class DutyEvent(models.Model):
    """The course of a duty: opened, moved by calendar or policy, suspended, resumed, met, taken up again. Added to, never changed (trigger)."""

    class Kind(models.TextChoices):
        OPENED = "opened", "产生"
        MOVED = "moved", "到期日重算"
        SUSPENDED = "suspended", "中止"
        RESUMED = "resumed", "恢复"
        MET = "met", "履行"
        REOPENED = "reopened", "退回，期限不变"
        CANCELLED = "cancelled", "取消"

    duty = models.ForeignKey(Duty, models.PROTECT, related_name="events", verbose_name="法定期限")
    kind = models.CharField("事件", max_length=10, choices=Kind.choices)
    at = models.DateTimeField("时间")
    actor = models.ForeignKey(
        User, models.PROTECT, null=True, verbose_name="操作人", related_name="+", db_index=False
    )
    due_before = models.DateField("原到期日", null=True)
    due_after = models.DateField("现到期日", null=True)
    provisional = models.BooleanField("暂定", default=False)
    calendar_version = models.CharField("日历版本", max_length=40, blank=True)
    note = models.CharField("说明", max_length=300, blank=True)

    class Meta:
        verbose_name = "期限经过"
        verbose_name_plural = "期限经过"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d} {self.get_kind_display()}"
