"""Typical cases: written by units without names, accepted by the credit office, reported upward level by level, and
published where two people decided so (S2 五（二）「挖掘…典型案例，逐级上报」, S4 10; R88, R130)."""

import uuid

from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from commitments.models import BreachCase, Commitment
from credit_portal.registry.models import Department, Region, User
from verification.models import Check


class TypicalCase(models.Model):
    """One case as a unit tells it. What it comes from is known inside only; accepted, it is changed no more (trigger)."""

    class Kind(models.TextChoices):
        INCENTIVE = "incentive", "守信激励"
        SANCTION = "sanction", "失信惩戒"
        COMMITMENT = "commitment", "信用承诺"
        REPAIR = "repair", "信用修复"
        USE = "use", "核查应用"

    class State(models.TextChoices):
        DRAFT = "draft", "草稿"
        SUBMITTED = "submitted", "已报送，待信用办处理"
        RETURNED = "returned", "已退回"
        ACCEPTED = "accepted", "已采用"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField("编号", max_length=30, unique=True)
    department = models.ForeignKey(Department, models.PROTECT, verbose_name="报送单位", related_name="+")
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划", related_name="+")
    kind = models.CharField("类别", max_length=12, choices=Kind.choices)
    title = models.CharField("标题", max_length=100)
    problem = models.TextField("情况和问题")
    action = models.TextField("主要做法")
    effect = models.TextField("成效")
    # What must not be in the text; never shown outside.
    hidden_names = models.TextField("须隐去的名称", blank=True)
    check_made = models.ForeignKey(
        Check, models.PROTECT, null=True, blank=True, verbose_name="来自信用核查", related_name="+"
    )
    breach_case = models.ForeignKey(
        BreachCase, models.PROTECT, null=True, blank=True, verbose_name="来自违诺认定", related_name="+"
    )
    commitment = models.ForeignKey(
        Commitment, models.PROTECT, null=True, blank=True, verbose_name="来自信用承诺", related_name="+"
    )
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.DRAFT)
    written_at = models.DateTimeField("起草时间")
    written_by = models.ForeignKey(User, models.PROTECT, verbose_name="起草人", related_name="+")
    office = models.ForeignKey(
        Department, models.PROTECT, null=True, blank=True, verbose_name="受理的信用办", related_name="+"
    )
    submitted_at = models.DateTimeField("报送时间", null=True, blank=True)
    submitted_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="报送人", related_name="+"
    )
    answered_at = models.DateTimeField("处理时间", null=True, blank=True)
    answered_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="处理人", related_name="+"
    )
    return_reason = models.CharField("退回理由", max_length=300, blank=True)
    is_demo = models.BooleanField("演示数据", default=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = "典型案例"
        verbose_name_plural = "典型案例"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="draft")
                | Q(office__isnull=False, submitted_at__isnull=False, submitted_by__isnull=False),
                name="typical_submitted_to_an_office",
                violation_error_message="报送的案例须有受理的信用办、报送人和时间。",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["returned", "accepted"])
                | (
                    Q(answered_at__isnull=False, answered_by__isnull=False)
                    & ~Q(answered_by=F("submitted_by"))
                ),
                name="typical_answered_by_another",
                violation_error_message="案例由报送人以外的人处理。",
            ),
            models.CheckConstraint(
                condition=~Q(state="returned") | ~Q(return_reason=""),
                name="typical_returned_for_a_reason",
                violation_error_message="退回须写明理由。",
            ),
        ]
        indexes = [
            models.Index(fields=["department", "-id"], name="typical_by_unit"),
            models.Index(fields=["office", "state", "-id"], name="typical_by_office"),
        ]

    def __str__(self) -> str:
        return self.title


class TypicalReport(models.Model):
    """One step upward: which office gave it to whom, on which day. Added, never changed (trigger)."""

    case = models.ForeignKey(TypicalCase, models.PROTECT, verbose_name="典型案例", related_name="reports")
    from_office = models.ForeignKey(Department, models.PROTECT, verbose_name="上报机关", related_name="+")
    to_office = models.ForeignKey(
        Department, models.PROTECT, null=True, blank=True, verbose_name="上级信用办", related_name="+"
    )
    to_name = models.CharField("报送对象", max_length=200)
    reported_on = models.DateField("上报日期")
    reported_at = models.DateTimeField("登记时间")
    reported_by = models.ForeignKey(User, models.PROTECT, verbose_name="登记人", related_name="+")

    class Meta:
        verbose_name = "典型案例上报"
        verbose_name_plural = "典型案例上报"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "from_office"],
                name="typical_reported_once",
                violation_error_message="本机关已经上报过这个案例。",
            ),
            models.CheckConstraint(
                condition=Q(to_office__isnull=True) | ~Q(to_office=F("from_office")),
                name="typical_reported_to_another",
                violation_error_message="上报对象不能是本机关。",
            ),
        ]
        indexes = [models.Index(fields=["to_office", "-id"], name="typical_report_inbox")]

    def __str__(self) -> str:
        return f"{self.from_office} → {self.to_name}"


class TypicalPublication(models.Model):
    """Proposed for the site by one, approved by another, withdrawn again with a reason. Withdrawn, it can be proposed anew."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "待另一人决定"
        PUBLIC = "public", "公开中"
        REFUSED = "refused", "不予公开"
        WITHDRAWN = "withdrawn", "已撤下"

    case = models.ForeignKey(
        TypicalCase, models.PROTECT, verbose_name="典型案例", related_name="publications"
    )
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.PROPOSED)
    proposed_at = models.DateTimeField("提出时间")
    proposed_by = models.ForeignKey(User, models.PROTECT, verbose_name="提出人", related_name="+")
    decided_at = models.DateTimeField("决定时间", null=True, blank=True)
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="决定人", related_name="+"
    )
    withdrawn_at = models.DateTimeField("撤下时间", null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="撤下人", related_name="+"
    )
    reason = models.CharField("理由", max_length=300, blank=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = "典型案例公开"
        verbose_name_plural = "典型案例公开"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["case"],
                condition=Q(state__in=["proposed", "public"]),
                name="typical_publication_one_open",
                violation_error_message="这个案例已经公开，或者正在等待决定。",
            ),
            models.CheckConstraint(
                condition=Q(state="proposed")
                | (Q(decided_at__isnull=False, decided_by__isnull=False) & ~Q(decided_by=F("proposed_by"))),
                name="typical_publication_by_two",
                violation_error_message="公开由提出人以外的另一人决定。",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["refused", "withdrawn"]) | ~Q(reason=""),
                name="typical_publication_ended_for_a_reason",
                violation_error_message="不予公开和撤下须写明理由。",
            ),
            models.CheckConstraint(
                condition=~Q(state="withdrawn") | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False),
                name="typical_publication_withdrawn_by_somebody",
                violation_error_message="撤下须有撤下人和时间。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case} {self.get_state_display()}"
