"""Who is on which list, and what follows from it: the public list of measures (whom, kind, measure, item, legal basis),
and the measures that were really applied (S1 十, S3 一（三）, S4 10, R83, R84, R86)."""

import uuid

from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from credit_portal.deadlines.articles import article_text
from credit_portal.registry.models import Department, Domain, Region, ServiceItem, User

from . import vocabulary as words


def choices(labels: dict) -> list[tuple[str, str]]:
    return [(str(code), label) for code, label in labels.items()]


class CreditList(models.Model):
    """A list on which subjects stand: of the dishonest, of those to be watched, of models, of those in good standing."""

    class Sort(models.TextChoices):
        ADVERSE = "adverse", "失信名单"
        WATCH = "watch", "重点关注名单"
        MODEL = "model", "诚信典型"
        GOOD = "good", "信用状况良好"

    # What an entry of such a list is in the record of its subject.
    ENTRY_KINDS = {
        Sort.ADVERSE: words.Kind.LIST,
        Sort.WATCH: words.Kind.WATCH,
        Sort.MODEL: words.Kind.EXEMPLARY,
        Sort.GOOD: words.Kind.GOOD_STANDING,
    }

    REWARDED = (Sort.MODEL, Sort.GOOD)

    code = models.SlugField("代码", max_length=40, unique=True)
    name = models.CharField("名单名称", max_length=100, unique=True)
    sort = models.CharField("种类", max_length=10, choices=Sort.choices)
    holder = models.CharField("认定单位", max_length=200)
    exit_rule = models.CharField("退出规定", max_length=500)
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="适用地区", related_name="+")
    is_active = models.BooleanField("使用中", default=True)
    # Who may put subjects on it and take them off, beside the credit office.
    keepers = models.ManyToManyField(Department, blank=True, verbose_name="报送部门", related_name="+")
    history = HistoricalRecords()

    class Meta:
        verbose_name = "名单"
        verbose_name_plural = "名单"
        ordering = ["sort", "code"]

    def __str__(self) -> str:
        return self.name

    @property
    def entry_kind(self) -> words.Kind:
        return self.ENTRY_KINDS[self.Sort(self.sort)]

    @property
    def by_procedure(self) -> bool:
        """Whether a procedure of its own puts subjects on it: then nobody is imported, nor leaves but by decision."""
        return not self.exit_rule


class ListedMeasure(models.Model):
    """One row of the public list: for whom, which measure, in which field or item, by which law, from when to when.

    In force only when another person has approved it; those that ship with the documents were approved there.
    """

    class Nature(models.TextChoices):
        ADMINISTRATIVE = "administrative", "行政性"
        MARKET = "market", "市场性"
        INDUSTRY = "industry", "行业性"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="地区", related_name="+")
    whom = models.ForeignKey(CreditList, models.PROTECT, verbose_name="对象", related_name="measures")
    nature = models.CharField("类别", max_length=15, choices=Nature.choices)
    effect = models.CharField("作用", max_length=12, choices=choices(words.EFFECT_LABELS))
    text = models.CharField("措施", max_length=300, help_text="写明做什么，例如 评审环节给予加分")
    domain = models.CharField(
        "领域", max_length=30, choices=Domain.choices, blank=True, help_text="空：所有领域"
    )
    item = models.ForeignKey(
        ServiceItem,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="事项",
        related_name="+",
        help_text="空：领域内所有事项",
    )
    step = models.CharField(
        "环节", max_length=15, choices=choices(words.STEP_LABELS), blank=True, help_text="空：所有环节"
    )
    basis = models.CharField("法律依据", max_length=300, help_text="没有依据的措施不能列入清单")
    effective_from = models.DateField("生效日期")
    effective_to = models.DateField("失效日期", null=True, blank=True)
    entered_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="录入人", related_name="+"
    )
    entered_at = models.DateTimeField("录入时间")
    approved_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="批准人", related_name="+"
    )
    approved_at = models.DateTimeField("批准时间", null=True, blank=True)
    # A change is a new row; when that is approved, the one before it ends on the day before.
    replaces = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, verbose_name="变更自", related_name="replaced_by"
    )
    is_demo = models.BooleanField("演示数据", default=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = "奖惩措施"
        verbose_name_plural = "奖惩措施清单"
        ordering = ["whom", "domain", "id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(basis=""),
                name="listed_measure_has_basis",
                violation_error_message="措施须写明法律依据，没有依据的不能列入清单。",
            ),
            models.CheckConstraint(
                condition=Q(effective_to__isnull=True) | Q(effective_to__gte=F("effective_from")),
                name="listed_measure_days_in_order",
                violation_error_message="失效日期不能早于生效日期。",
            ),
            models.CheckConstraint(
                condition=Q(approved_at__isnull=True)
                | Q(entered_by__isnull=True)
                | (Q(approved_by__isnull=False) & ~Q(approved_by=F("entered_by"))),
                name="listed_measure_approved_by_another",
                violation_error_message="措施由录入人以外的另一人批准。",
            ),
        ]
        indexes = [
            models.Index(
                fields=["whom", "domain"],
                name="listed_measure_in_force",
                condition=Q(approved_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.whom}：{self.text}"

    @property
    def supports(self) -> bool:
        """Whether it rewards: what others do for the good, too."""
        return self.whom.sort in CreditList.REWARDED

    @property
    def where(self) -> str:
        """In which field, for which item, at which step, in words."""
        parts = [str(self.get_domain_display()) if self.domain else "所有领域"]
        if self.item is not None:
            parts.append(self.item.code)
        if self.step:
            parts.append(str(self.get_step_display()))
        return "，".join(parts)


class AppliedMeasure(models.Model):
    """A measure as it was applied to a subject in the click that decided a check; ended when its cause ends."""

    class EndReason(models.TextChoices):
        REPAIRED = "repaired", "记录已修复"
        ENDED = "ended", "记录已终止"
        REVOKED = "revoked", "记录已撤销"
        TERM = "term", "记录期限届满"
        UNLISTED = "unlisted", "措施已从清单移出"
        DISPROVED = "disproved", "异议成立"
        LIFTED = "lifted", "提前解除"
        CORRECTED = "corrected", "记录已更正"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    check_made = models.ForeignKey(
        "verification.Check", models.PROTECT, related_name="applied", verbose_name="信用核查"
    )
    entry = models.ForeignKey(
        "verification.CreditEntry", models.PROTECT, null=True, related_name="applied", verbose_name="信用记录"
    )
    listed = models.ForeignKey(
        ListedMeasure, models.PROTECT, null=True, related_name="applied", verbose_name="清单措施"
    )
    department = models.ForeignKey(Department, models.PROTECT, verbose_name="实施部门", related_name="+")
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划", related_name="+")
    domain = models.CharField("领域", max_length=30, choices=Domain.choices)
    effect = models.CharField("作用", max_length=12, choices=choices(words.EFFECT_LABELS))
    text = models.CharField("措施", max_length=600)
    basis = models.CharField("依据", max_length=300)
    applied_on = models.DateField("实施日期")
    applied_by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="实施人", related_name="+")
    ended_on = models.DateField("结束日期", null=True, blank=True)
    end_reason = models.CharField("结束原因", max_length=10, choices=EndReason.choices, blank=True)
    # The credit office has it from the same moment; the city platform, where there is one, from its receipt.
    fed_back_at = models.DateTimeField("反馈时间", null=True, blank=True)
    is_demo = models.BooleanField("演示数据", default=False)

    class Meta:
        verbose_name = "已实施的措施"
        verbose_name_plural = "已实施的措施"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(basis=""), name="applied_measure_has_basis"),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True, end_reason="")
                | (Q(ended_on__isnull=False) & ~Q(end_reason="")),
                name="applied_measure_ended_for_a_reason",
                violation_error_message="措施结束须有日期和原因。",
            ),
            models.UniqueConstraint(
                fields=["check_made", "entry", "effect", "text"], name="applied_measure_once_a_check"
            ),
        ]
        indexes = [
            models.Index(fields=["entry"], name="applied_by_entry", condition=Q(ended_on__isnull=True)),
            models.Index(fields=["listed"], name="applied_by_listed", condition=Q(ended_on__isnull=True)),
            models.Index(fields=["department", "-applied_on"], name="applied_by_department"),
            models.Index(fields=["department", "ended_on"], name="applied_ended_by_department"),
            models.Index(
                fields=["region"], name="applied_not_fed_back", condition=Q(fed_back_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def basis_shown(self) -> str:
        """The basis with the titles of documents."""
        return article_text(self.basis)

    @property
    def supports(self) -> bool:
        """Whether it rewards."""
        return self.effect in words.SUPPORTS


class MeasureLifting(models.Model):
    """A measure lifted before its cause has ended: a reward by one, a sanction asked for by one and allowed by another."""

    class State(models.TextChoices):
        ASKED = "asked", "待决定"
        ALLOWED = "allowed", "已同意"
        DECLINED = "declined", "未同意"
        ALONE = "alone", "已解除（激励）"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    measure = models.ForeignKey(
        AppliedMeasure, models.PROTECT, related_name="liftings", verbose_name="已实施的措施"
    )
    reason = models.CharField("解除理由", max_length=500)
    asked_at = models.DateTimeField("申请时间")
    asked_by = models.ForeignKey(User, models.PROTECT, verbose_name="申请人", related_name="+")
    state = models.CharField("状态", max_length=10, choices=State.choices)
    answer = models.CharField("决定理由", max_length=500, blank=True)
    decided_at = models.DateTimeField("决定时间", null=True, blank=True)
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="决定人", related_name="+"
    )

    class Meta:
        verbose_name = "提前解除"
        verbose_name_plural = "提前解除"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["measure"],
                condition=Q(state="asked"),
                name="lifting_one_open",
                violation_error_message="这项措施已申请提前解除，等待决定。",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["asked", "alone"])
                | (
                    Q(decided_at__isnull=False, decided_by__isnull=False)
                    & ~Q(answer="")
                    & ~Q(decided_by=F("asked_by"))
                ),
                name="lifting_decided_by_another",
                violation_error_message="惩戒措施的提前解除由申请人以外的另一人决定，并写明理由。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.measure_id} {self.get_state_display()}"
