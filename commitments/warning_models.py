"""Warnings: what comes into the credit record, set beside the clauses that the same subject has promised and not yet
fulfilled (S2 四（四）2「数据比对、分析和校验」「识别和预警」; R63, R70). A warning tells; people decide, nothing follows of itself."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Coalesce
from simple_history.models import HistoricalRecords

from credit_portal.registry.models import CommitmentType, CreditSubject, Department, Domain, Region, User
from verification.models import CreditEntry

from .breach_models import BreachCase

# Kinds of entries that a rule may look at: what others have found. What this portal itself decided is no hint of anything.
COMPARED = {
    "penalty": "行政处罚",
    "list": "列入名单",
    "watch": "重点关注",
    "complaint": "消费投诉",
    "other_act": "其他行政行为",
}


class WarningRule(models.Model):
    """One stated rule of a region: which entries beside which clauses. In force from its day once another of the office has
    approved it; changed by a new version, ended by a day. Approved, its content stays (trigger)."""

    class Sort(models.TextChoices):
        CLAUSES = "clauses", "比对承诺条款"
        RISK = "risk", "投诉集中的风险"

    # The same for all versions of one rule: an entry is not held against a promise once more by the next version.
    family = models.UUIDField("规则", default=uuid.uuid4, editable=False)
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划", related_name="+")
    sort = models.CharField("种类", max_length=10, choices=Sort.choices, default=Sort.CLAUSES)
    name = models.CharField("规则名称", max_length=100)
    version = models.PositiveSmallIntegerField("第几版", default=1)
    entry_kinds = ArrayField(
        models.CharField(max_length=20, choices=list(COMPARED.items())), verbose_name="信用记录的类别"
    )
    grades = ArrayField(
        models.CharField(max_length=10, choices=CreditEntry.GRADES),
        verbose_name="程度",
        default=list,
        blank=True,
    )
    list_codes = ArrayField(
        models.CharField(max_length=40), verbose_name="名单代码", default=list, blank=True
    )
    keywords = ArrayField(
        models.CharField(max_length=20), verbose_name="事由含有的词", default=list, blank=True
    )
    # The choices are those of a clause: models.RequiredContent.
    contents = ArrayField(
        models.CharField(max_length=30), verbose_name="对应的承诺内容", default=list, blank=True
    )
    domains = ArrayField(
        models.CharField(max_length=30, choices=Domain.choices),
        verbose_name="承诺事项的领域",
        default=list,
        blank=True,
    )
    types = ArrayField(
        models.CharField(max_length=20, choices=CommitmentType.choices),
        verbose_name="承诺类型",
        default=list,
        blank=True,
    )
    says = models.CharField("预警内容", max_length=300, help_text="告诉部门为什么要核实")
    basis = models.CharField("依据", max_length=300)
    effective_from = models.DateField("生效日期")
    effective_to = models.DateField("失效日期", null=True, blank=True, help_text="最后一日，含当日")
    replaces = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, verbose_name="代替的版本", related_name="replaced_by"
    )
    entered_by = models.ForeignKey(User, models.PROTECT, verbose_name="录入人", related_name="+")
    entered_at = models.DateTimeField("录入时间")
    approved_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="批准人", related_name="+"
    )
    approved_at = models.DateTimeField("批准时间", null=True, blank=True)
    is_demo = models.BooleanField("演示数据", default=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = "预警规则"
        verbose_name_plural = "预警规则"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["family", "version"], name="warning_rule_version_once"),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True, approved_at__isnull=True)
                | (Q(approved_by__isnull=False, approved_at__isnull=False) & ~Q(approved_by=F("entered_by"))),
                name="warning_rule_by_two",
                violation_error_message="预警规则由录入人以外的另一人批准。",
            ),
            models.CheckConstraint(
                condition=~Q(sort="clauses") | ~Q(contents=[]),
                name="warning_rule_names_contents",
                violation_error_message="比对条款的规则须写明对应的承诺内容。",
            ),
        ]
        indexes = [
            models.Index(
                fields=["region"], name="warning_rule_in_force", condition=Q(approved_at__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return f"{self.name}（第 {self.version} 版）"


class ClauseWarnings(models.QuerySet["ClauseWarning"]):
    def leading(self) -> "ClauseWarnings":
        """One for each entry beside one commitment, however many rules have found it: the first. What the rules say is one
        matter with one answer and one duty."""
        before = (
            ClauseWarning.objects.order_by()
            .alias(whose=Coalesce("commitment_id", 0))
            .filter(
                entry=OuterRef("entry"),
                state=OuterRef("state"),
                whose=Coalesce(OuterRef("commitment_id"), 0),
                pk__lt=OuterRef("pk"),
            )
        )
        return self.filter(~Exists(before))


class ClauseWarning(models.Model):
    """What one rule finds: an entry that may mean that clauses of one commitment are not kept. What it says stays (trigger);
    the department answers it, together with what other rules find of the same entry and commitment. Of a risk without a
    running promise there is no commitment."""

    class State(models.TextChoices):
        OPEN = "open", "待核实"
        TRUE = "true", "属实"
        FALSE = "false", "误报"
        DROPPED = "dropped", "不再需要核实"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    rule = models.ForeignKey(WarningRule, models.PROTECT, verbose_name="规则", related_name="warnings")
    family = models.UUIDField("规则（各版相同）", editable=False)
    entry = models.ForeignKey(CreditEntry, models.PROTECT, verbose_name="信用记录", related_name="warnings")
    commitment = models.ForeignKey(
        "commitments.Commitment", models.PROTECT, null=True, verbose_name="承诺", related_name="warnings"
    )
    subject = models.ForeignKey(CreditSubject, models.PROTECT, verbose_name="主体", related_name="+")
    department = models.ForeignKey(Department, models.PROTECT, verbose_name="核实部门", related_name="+")
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划", related_name="+")
    # [{"no": 4, "text": "…"}]: the clauses as they were signed.
    clauses = models.JSONField("有关的条款", default=list)
    note = models.CharField("说明", max_length=300, blank=True)
    found_at = models.DateTimeField("产生时间")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.OPEN)
    answered_at = models.DateTimeField("答复时间", null=True, blank=True)
    answered_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="答复人", related_name="+"
    )
    answer = models.CharField("核实情况", max_length=500, blank=True)
    case = models.ForeignKey(
        BreachCase, models.PROTECT, null=True, blank=True, verbose_name="违诺案件", related_name="warnings"
    )
    is_demo = models.BooleanField("演示数据", default=False)
    history = HistoricalRecords()

    objects = ClauseWarnings.as_manager()

    class Meta:
        verbose_name = "预警"
        verbose_name_plural = "预警"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["family", "entry", "commitment"], name="warning_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(state="open", answered_at__isnull=True, answer="")
                | (~Q(state="open") & Q(answered_at__isnull=False) & ~Q(answer="")),
                name="warning_answered_with_words",
                violation_error_message="答复须写明核实情况。",
            ),
            models.CheckConstraint(
                condition=Q(case__isnull=True) | Q(state="true"),
                name="warning_case_of_a_true_one",
                violation_error_message="只有属实的预警可以立案。",
            ),
        ]
        indexes = [
            models.Index(fields=["department", "state", "-id"], name="warning_by_department"),
            models.Index(fields=["subject", "-id"], name="warning_by_subject"),
        ]

    def __str__(self) -> str:
        return f"预警 {self.pk}"


class ComparisonMark(models.Model):
    """How far the sweep has compared: the last row of a table that it has looked at. What comes in is compared in its own
    transaction; the sweep goes after it once more, so that nothing is left out."""

    source = models.CharField("数据", max_length=20, primary_key=True)
    last_id = models.BigIntegerField("最后比对的一条", default=0)

    class Meta:
        verbose_name = "比对进度"
        verbose_name_plural = "比对进度"

    def __str__(self) -> str:
        return self.source
