"""Reporting a determined breach to the credit office, and its publication."""

import uuid

from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from commitments.models import BreachCase
from credit_portal.registry.models import Department, PublicityClass, Region, User


class BreachReport(models.Model):
    """A determination reported in the uniform format of twenty fields. One a case; returned, it is sent again."""

    class State(models.TextChoices):
        SUBMITTED = "submitted", "已上报，待受理"
        RETURNED = "returned", "已退回"
        ACCEPTED = "accepted", "已受理"
        WITHDRAWN = "withdrawn", "已撤回（认定已撤销）"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField("上报编号", max_length=30, unique=True)
    case = models.OneToOneField(BreachCase, models.PROTECT, related_name="report", verbose_name="违诺认定")
    department = models.ForeignKey(Department, models.PROTECT, verbose_name="上报部门", related_name="+")
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划", related_name="+")
    office = models.ForeignKey(Department, models.PROTECT, verbose_name="受理的信用办", related_name="+")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.SUBMITTED)
    rounds = models.PositiveSmallIntegerField("报送次数", default=1)
    submitted_at = models.DateTimeField("最近上报时间")
    submitted_by = models.ForeignKey(User, models.PROTECT, verbose_name="上报人", related_name="+")
    decided_at = models.DateTimeField("受理或退回时间", null=True, blank=True)
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="受理人", related_name="+"
    )
    is_demo = models.BooleanField("演示数据", default=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = "违诺上报"
        verbose_name_plural = "违诺上报"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state__in=["accepted", "returned"])
                | Q(decided_at__isnull=False, decided_by__isnull=False),
                name="report_decided_by_somebody",
                violation_error_message="受理或退回须有受理人和时间。",
            )
        ]
        indexes = [
            models.Index(fields=["department", "-id"], name="report_by_department"),
            models.Index(fields=["office", "id"], name="report_waiting", condition=Q(state="submitted")),
        ]

    def __str__(self) -> str:
        return self.number


class ReportRound(models.Model):
    """One sending and what the office said of it. The fields are as sent (a person's number stays sealed with the
    subject and is not in them)."""

    report = models.ForeignKey(
        BreachReport, models.PROTECT, related_name="all_rounds", verbose_name="违诺上报"
    )
    number = models.PositiveSmallIntegerField("次")
    fields = models.JSONField("二十项内容")
    sha256 = models.CharField("校验值", max_length=64)
    sent_at = models.DateTimeField("上报时间")
    sent_by = models.ForeignKey(User, models.PROTECT, verbose_name="上报人", related_name="+")
    accepted = models.BooleanField("受理", null=True)
    answered_at = models.DateTimeField("答复时间", null=True)
    answered_by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="答复人", related_name="+")
    # {"12": "…", "": "…"}: by field number; the empty one is of the whole.
    reasons = models.JSONField("退回理由", default=dict, blank=True)

    class Meta:
        verbose_name = "报送经过"
        verbose_name_plural = "报送经过"
        ordering = ["report", "number"]
        constraints = [models.UniqueConstraint(fields=["report", "number"], name="report_round_once")]

    def __str__(self) -> str:
        return f"{self.report_id} 第 {self.number} 次"


class BreachPublication(models.Model):
    """A breach before the public: decided, scheduled not before service, public by its days, ended for a reason.

    Whether it is public on a day is read from the dates and `ended_at` alone (`gate.public_breaches`), so that it ends
    at 00:00 by itself, with every worker asleep.
    """

    class Reason(models.TextChoices):
        BY_LAW = "by_law", "依法公示违诺信息"
        PERSON_BY_TWO = "person_by_two", "经两人决定公示自然人的违诺信息"
        MINOR = "minor", "轻微违诺原则上不公示"
        TRADE_SECRET = "trade_secret", "涉及商业秘密"
        PRIVACY = "privacy", "涉及个人隐私"
        STATE_SECURITY = "state_security", "可能危及国家安全"
        PUBLIC_SECURITY = "public_security", "可能危及公共安全"
        ECONOMIC_SECURITY = "economic_security", "可能危及经济安全"
        SOCIAL_STABILITY = "social_stability", "可能危及社会稳定"
        THIRD_PARTY = "third_party", "可能损害第三方合法权益"

    class Ending(models.TextChoices):
        MAXIMUM = "maximum", "公示期满"
        REPAIR = "repair", "已修复"
        OBJECTION = "objection", "异议成立"
        REVOCATION = "revocation", "认定已撤销"
        CLASS_CHANGED = "class_changed", "公开类型已变更"

    uuid = models.UUIDField("公示编号", default=uuid.uuid4, unique=True, editable=False)
    case = models.ForeignKey(BreachCase, models.PROTECT, related_name="publications", verbose_name="违诺认定")
    publicity_class = models.CharField("公开类型", max_length=10, choices=PublicityClass.choices)
    reason = models.CharField("理由", max_length=20, choices=Reason.choices)
    note = models.CharField("说明", max_length=300, blank=True)
    decided_at = models.DateTimeField("决定时间")
    decided_by = models.ForeignKey(User, models.PROTECT, verbose_name="决定人", related_name="+")
    second = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="第二人", related_name="+"
    )
    # Days, both included. The minimum ends the day before `repairable_from`.
    public_from = models.DateField("公示首日", null=True, blank=True)
    public_until = models.DateField("公示末日", null=True, blank=True)
    repairable_from = models.DateField("可申请修复之日", null=True, blank=True)
    rule_basis = models.CharField("公示期依据", max_length=300, blank=True)
    rule_id = models.BigIntegerField("公示期规则编号", null=True)
    # Told in the feed; the rows of the change feed hang on these two moments.
    announced_at = models.DateTimeField("进入公示的登记时间", null=True, blank=True)
    ended_at = models.DateTimeField("停止公示时间", null=True, blank=True)
    ending = models.CharField("停止公示的原因", max_length=20, choices=Ending.choices, blank=True)
    objection_under_way = models.BooleanField("异议处理中", default=False)
    # What an answered objection has put right of what is shown, by the point's key: the determination itself is frozen.
    corrected = models.JSONField("更正后的内容", default=dict, blank=True)
    # Decided, and shown nowhere until the platform above, which is the record of publication, says that it has it.
    awaits_platform = models.BooleanField("等待上级平台公示", default=False)
    is_demo = models.BooleanField("演示数据", default=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = "违诺公示"
        verbose_name_plural = "违诺公示"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["case"],
                condition=Q(ended_at__isnull=True),
                name="publication_one_running",
                violation_error_message="这件违诺已有公示决定。",
            ),
            models.CheckConstraint(
                condition=Q(publicity_class="public", public_from__isnull=False, public_until__isnull=False)
                | (~Q(publicity_class="public") & Q(public_from__isnull=True, public_until__isnull=True)),
                name="publication_dated_by_class",
                violation_error_message="向社会公开的违诺须有公示首日和末日，其他不得有。",
            ),
            models.CheckConstraint(
                condition=Q(public_until__isnull=True) | Q(public_until__gte=F("public_from")),
                name="publication_dates_in_order",
                violation_error_message="公示末日不能早于首日。",
            ),
            models.CheckConstraint(
                condition=Q(awaits_platform=False) | Q(publicity_class="public", announced_at__isnull=True),
                name="publication_awaits_unseen",
                violation_error_message="已经公示的不再等待上级平台。",
            ),
            models.CheckConstraint(
                condition=Q(second__isnull=True) | ~Q(second=F("decided_by")),
                name="publication_second_is_another",
                violation_error_message="第二人须为另一人。",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ending="") | (Q(ended_at__isnull=False) & ~Q(ending="")),
                name="publication_ended_for_a_reason",
                violation_error_message="停止公示须有原因。",
            ),
        ]
        indexes = [
            models.Index(
                fields=["-public_from", "-id"],
                name="publication_listed",
                condition=Q(publicity_class="public", ended_at__isnull=True),
            ),
            models.Index(
                fields=["public_until"],
                name="publication_ends",
                condition=Q(publicity_class="public", ended_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.get_publicity_class_display()}"


class BreachPublicationProposal(models.Model):
    """The first of two people who decide that a natural person's breach is published; it changes nothing by itself."""

    class State(models.TextChoices):
        OPEN = "open", "待第二人决定"
        CONFIRMED = "confirmed", "第二人已同意"
        REJECTED = "rejected", "第二人不同意"
        CANCELLED = "cancelled", "提议人已撤回"

    case = models.ForeignKey(
        BreachCase, models.PROTECT, related_name="publication_proposals", verbose_name="违诺认定"
    )
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.OPEN)
    note = models.CharField("公示的理由", max_length=300)
    proposed_at = models.DateTimeField("提议时间")
    proposed_by = models.ForeignKey(User, models.PROTECT, verbose_name="提议人", related_name="+")
    closed_at = models.DateTimeField("办结时间", null=True, blank=True)
    closed_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="办结人", related_name="+"
    )
    closing_note = models.CharField("办结说明", max_length=300, blank=True)

    class Meta:
        verbose_name = "违诺公示提议"
        verbose_name_plural = "违诺公示提议（两人决定）"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["case"],
                condition=Q(state="open"),
                name="breach_proposal_one_open",
                violation_error_message="这件违诺已有待决定的公示提议。",
            ),
            models.CheckConstraint(
                condition=~Q(state="confirmed") | ~Q(closed_by=F("proposed_by")),
                name="breach_proposal_confirmed_by_another",
                violation_error_message="公示自然人的违诺须由另一人同意。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.get_state_display()}"
