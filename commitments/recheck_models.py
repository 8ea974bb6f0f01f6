"""Periodical re-checks (R64; S4「信用承诺问效机制，定期…复核」): a plan that two people agreed on, its rounds, the frozen
population of each, and what was drawn. A round, its population and an answer are never changed (trigger)."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from credit_portal.documents.models import EvidenceFile
from credit_portal.registry.models import CommitmentType, Department, Domain, Region, User

from .breach_models import BreachCase


class Stratum(models.TextChoices):
    """How much a commitment of a subject is looked at where the plan follows credit (R65)."""

    HIGHER = "higher", "较高"
    ORDINARY = "ordinary", "一般"
    LOWER = "lower", "较低"


class RecheckPlan(models.Model):
    class State(models.TextChoices):
        PROPOSED = "proposed", "待批准"
        APPROVED = "approved", "执行中"
        REJECTED = "rejected", "未批准"
        ENDED = "ended", "已停止"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField("编号", max_length=30, unique=True)
    name = models.CharField("名称", max_length=100)
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划", related_name="+")
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, blank=True, verbose_name="只复核这个部门的", related_name="+"
    )
    office = models.ForeignKey(Department, models.PROTECT, verbose_name="制定单位", related_name="+")
    types = ArrayField(
        models.CharField(max_length=20, choices=CommitmentType.choices),
        verbose_name="承诺类型",
        default=list,
        blank=True,
        help_text="不选即全部",
    )
    domains = ArrayField(
        models.CharField(max_length=30, choices=Domain.choices),
        verbose_name="领域",
        default=list,
        blank=True,
        help_text="不选即全部",
    )
    item_codes = ArrayField(
        models.CharField(max_length=60),
        verbose_name="事项编码",
        default=list,
        blank=True,
        help_text="不填即全部",
    )
    by_risk = models.BooleanField("按信用状况分层", default=False)
    # The shares are those of the region's rule on the day of each round.
    by_grade = models.BooleanField("按信用等级分层", default=False)
    higher_percent = models.PositiveSmallIntegerField("信用状况较差的比例", null=True, blank=True)
    lower_percent = models.PositiveSmallIntegerField("信用状况良好的比例", null=True, blank=True)
    seed = models.CharField(
        "种子",
        max_length=64,
        editable=False,
        blank=True,
        help_text="批准时由系统随机生成，抽取以前不向任何人显示",
    )
    starts_on = models.DateField("首轮日期")
    next_on = models.DateField("下一轮日期", null=True, blank=True)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.PROPOSED)
    proposed_by = models.ForeignKey(User, models.PROTECT, verbose_name="提出人", related_name="+")
    proposed_at = models.DateTimeField("提出时间")
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="批准人", related_name="+"
    )
    decided_at = models.DateTimeField("决定时间", null=True, blank=True)
    decision_note = models.CharField("不批准的理由", max_length=300, blank=True)
    ended_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="停止人", related_name="+"
    )
    ended_at = models.DateTimeField("停止时间", null=True, blank=True)
    end_reason = models.CharField("停止的理由", max_length=300, blank=True)
    is_demo = models.BooleanField("演示数据", default=False)

    class Meta:
        verbose_name = "复核计划"
        verbose_name_plural = "复核计划"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("proposed_by")),
                name="recheck_plan_by_two",
                violation_error_message="复核计划由一人提出、另一人批准。",
            ),
            models.CheckConstraint(
                condition=Q(state="proposed", decided_by__isnull=True)
                | (~Q(state="proposed") & Q(decided_by__isnull=False, decided_at__isnull=False)),
                name="recheck_plan_decided",
                violation_error_message="批准和不批准须有决定人和时间。",
            ),
            models.CheckConstraint(
                condition=Q(by_risk=False, higher_percent__isnull=True, lower_percent__isnull=True)
                | Q(
                    by_risk=True,
                    by_grade=False,
                    higher_percent__range=(1, 100),
                    lower_percent__range=(1, 100),
                ),
                name="recheck_plan_strata",
                violation_error_message="按信用状况分层的，两个比例都填 1 至 100，不再按信用等级；不分层的不填。",
            ),
        ]
        indexes = [
            models.Index(fields=["next_on"], name="recheck_plan_next", condition=Q(state="approved")),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


class RecheckRound(models.Model):
    """One round: what it was drawn from and how, so that anybody can draw it again."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    plan = models.ForeignKey(
        RecheckPlan, models.PROTECT, related_name="rounds", verbose_name="复核计划", db_index=False
    )
    number = models.PositiveSmallIntegerField("轮次")
    on = models.DateField("日期")
    seed = models.CharField("本轮种子", max_length=64)
    interval = models.PositiveSmallIntegerField("间隔（月）")
    percent = models.PositiveSmallIntegerField("比例（%）")
    higher_percent = models.PositiveSmallIntegerField("信用状况较差的比例", null=True)
    lower_percent = models.PositiveSmallIntegerField("信用状况良好的比例", null=True)
    basis = models.CharField("依据", max_length=700)
    confirmed = models.BooleanField("规则已确认")
    population = models.PositiveIntegerField("抽取范围件数")
    population_sha256 = models.CharField("抽取范围校验值", max_length=64)
    drawn = models.PositiveIntegerField("抽中件数")
    drawn_at = models.DateTimeField("抽取时间")
    drawn_by = models.ForeignKey(
        User, models.PROTECT, null=True, verbose_name="抽取人", related_name="+", help_text="空：到期自动抽取"
    )

    class Meta:
        verbose_name = "复核轮次"
        verbose_name_plural = "复核轮次"
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["plan", "number"], name="recheck_round_once")]

    def __str__(self) -> str:
        return f"{self.plan.number} 第 {self.number} 轮"


class RecheckMember(models.Model):
    """One commitment of the frozen population. Hundreds of thousands at once: without checks of keys row by row, for
    neither a round nor a commitment is ever deleted."""

    round = models.ForeignKey(
        RecheckRound, models.DO_NOTHING, related_name="members", verbose_name="轮次", db_constraint=False,
        db_index=False,
    )  # fmt: skip
    commitment = models.ForeignKey(
        "commitments.Commitment", models.DO_NOTHING, related_name="+", verbose_name="承诺",
        db_constraint=False, db_index=False,
    )  # fmt: skip
    stratum = models.CharField("层", max_length=8, choices=Stratum.choices)
    drawn = models.BooleanField("抽中")

    class Meta:
        verbose_name = "抽取范围"
        verbose_name_plural = "抽取范围"
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["round", "commitment"], name="recheck_member_once")]


class Recheck(models.Model):
    """A drawn commitment: looked at by its department, with a finding."""

    class Finding(models.TextChoices):
        KEPT = "kept", "没有发现未履行"
        DOUBT = "doubt", "疑似未履行"
        UNABLE = "unable", "未能核查"
        ENDED = "ended", "承诺已作废或者更正，不再复核"

    class Obstacle(models.TextChoices):
        CLOSED = "closed", "主体已停业或者注销"
        MOVED = "moved", "主体迁出本地"
        NO_ACCESS = "no_access", "无法进入现场或者联系不上"
        NOT_DUE = "not_due", "承诺的事项还没有开始"
        OTHER = "other", "其他"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    round = models.ForeignKey(
        RecheckRound, models.PROTECT, related_name="rechecks", verbose_name="轮次", db_index=False
    )
    commitment = models.ForeignKey(
        "commitments.Commitment", models.PROTECT, related_name="rechecks", verbose_name="承诺"
    )
    department = models.ForeignKey(
        Department, models.PROTECT, verbose_name="复核部门", related_name="+", db_index=False
    )
    region = models.ForeignKey(
        Region, models.PROTECT, verbose_name="行政区划", related_name="+", db_index=False
    )
    has_duty = models.BooleanField("期限已生成", default=False)
    finding = models.CharField("复核结果", max_length=10, choices=Finding.choices, blank=True)
    obstacle = models.CharField("未能核查的原因", max_length=10, choices=Obstacle.choices, blank=True)
    found_on = models.DateField("核查日期", null=True, blank=True)
    note = models.TextField("核查情况", blank=True)
    doubtful = ArrayField(
        models.PositiveSmallIntegerField(), verbose_name="疑似未履行的条款", default=list, blank=True
    )
    finder = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="复核人", related_name="+", db_index=False
    )
    answered_at = models.DateTimeField("登记时间", null=True, blank=True)
    case = models.ForeignKey(
        BreachCase, models.PROTECT, null=True, blank=True, verbose_name="立案", related_name="rechecks"
    )
    evidence = models.ManyToManyField(EvidenceFile, verbose_name="证据", blank=True, related_name="+")
    is_demo = models.BooleanField("演示数据", default=False)

    class Meta:
        verbose_name = "承诺复核"
        verbose_name_plural = "承诺复核"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["round", "commitment"], name="recheck_once_a_round"),
            models.CheckConstraint(
                condition=Q(finding="", answered_at__isnull=True, finder__isnull=True)
                | (
                    ~Q(finding="")
                    & ~Q(note="")
                    & Q(answered_at__isnull=False, finder__isnull=False, found_on__isnull=False)
                ),
                name="recheck_answered_by_somebody",
                violation_error_message="复核结果须有核查日期、情况和复核人。",
            ),
            models.CheckConstraint(
                condition=Q(finding="unable") & ~Q(obstacle="") | ~Q(finding="unable") & Q(obstacle=""),
                name="recheck_unable_says_why",
                violation_error_message="未能核查的须写明原因。",
            ),
            models.CheckConstraint(
                condition=Q(finding="doubt", case__isnull=False) | ~Q(finding="doubt") & Q(case__isnull=True),
                name="recheck_doubt_has_a_case",
                violation_error_message="疑似未履行的须立案核实。",
            ),
        ]
        indexes = [
            models.Index(fields=["department", "id"], name="recheck_open", condition=Q(finding="")),
            models.Index(fields=["id"], name="recheck_without_duty", condition=Q(has_duty=False)),
        ]

    def __str__(self) -> str:
        return f"{self.commitment.code} 第 {self.round.number} 轮"
