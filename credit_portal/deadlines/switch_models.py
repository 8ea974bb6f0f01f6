"""Moving open cases to a new rule: the order of two persons, and one line for each record that was previewed or moved."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from credit_portal.registry.models import Region, User


class SwitchOrder(models.Model):
    """The credit office's order that open cases follow a new rule from a day on. Without one they keep the value of
    their own triggering day. It hangs on a proposal or on a rule; on its day the rule itself must hold."""

    class State(models.TextChoices):
        OPEN = "open", "待核准"
        APPROVED = "approved", "已核准，待施行"
        RUNNING = "running", "施行中"
        DONE = "done", "已施行"
        REJECTED = "rejected", "未核准"
        CANCELLED = "cancelled", "已撤回"

    proposal = models.ForeignKey(
        "deadlines.RuleProposal", models.PROTECT, null=True, blank=True, verbose_name="规则变更提议",
        related_name="orders",
    )  # fmt: skip
    rule = models.ForeignKey(
        "deadlines.PolicyRule",
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="规则",
        related_name="orders",
    )
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="适用地区", related_name="+")
    kinds = ArrayField(models.CharField(max_length=40), verbose_name="调整的事项")
    spare_worse = models.BooleanField(
        "不作对当事人不利的调整", default=True, help_text="公示期延长、可修复日推后、当事人期限缩短的不调整"
    )
    effective_on = models.DateField("施行日")
    reason = models.CharField("理由", max_length=300)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.OPEN)
    previewed_at = models.DateTimeField("预览时间")
    proposed_at = models.DateTimeField("提出时间")
    proposed_by = models.ForeignKey(User, models.PROTECT, verbose_name="提出人", related_name="+")
    closed_at = models.DateTimeField("决定时间", null=True, blank=True)
    closed_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="决定人", related_name="+"
    )
    closing_note = models.CharField("决定说明", max_length=300, blank=True)
    # {kind: the last record looked at, or null when the kind is finished}: where a broken-off run goes on.
    progress = models.JSONField("进度", default=dict, blank=True)
    started_at = models.DateTimeField("开始施行时间", null=True, blank=True)
    finished_at = models.DateTimeField("施行完毕时间", null=True, blank=True)

    class Meta:
        verbose_name = "未结事项调整令"
        verbose_name_plural = "未结事项调整令（两人办理）"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(proposal__isnull=False) ^ Q(rule__isnull=False),
                name="switch_order_of_one_rule",
                violation_error_message="调整令须对应一项规则或者一项提议。",
            ),
            models.UniqueConstraint(
                fields=["proposal", "region"],
                condition=Q(state__in=["open", "approved", "running"]),
                name="switch_order_one_of_proposal",
                violation_error_message="这项提议已有未完成的调整令。",
            ),
            models.UniqueConstraint(
                fields=["rule", "region"],
                condition=Q(state__in=["open", "approved", "running"]),
                name="switch_order_one_of_rule",
                violation_error_message="这项规则已有未完成的调整令。",
            ),
            models.CheckConstraint(
                condition=Q(state="open", closed_at__isnull=True, closed_by__isnull=True)
                | (~Q(state="open") & Q(closed_at__isnull=False, closed_by__isnull=False)),
                name="switch_order_closed_by_somebody",
                violation_error_message="已决定的调整令须有决定人和时间。",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "running", "done"]) | ~Q(closed_by=F("proposed_by")),
                name="switch_order_approved_by_another",
                violation_error_message="调整令须由另一人核准。",
            ),
        ]
        indexes = [
            models.Index(
                fields=["effective_on"],
                name="switch_order_due",
                condition=Q(state__in=["approved", "running"]),
            )
        ]

    def __str__(self) -> str:
        return f"第 {self.pk} 号调整令"


class SwitchLine(models.Model):
    """One record of an order: as it was previewed, and what became of it on the day. Written once as planned, once as
    carried out; after that it stays (trigger)."""

    class State(models.TextChoices):
        PLANNED = "planned", "待施行"
        MOVED = "moved", "已调整"
        SKIPPED = "skipped", "未调整"

    order = models.ForeignKey(SwitchOrder, models.PROTECT, related_name="lines", verbose_name="调整令")
    kind = models.CharField("事项", max_length=40)
    record_id = models.BigIntegerField("记录编号")
    matter = models.CharField("文号", max_length=60, blank=True)
    department = models.CharField("责任部门", max_length=100, blank=True)
    # [[label, old, new], …]: days as ISO text; `previewed` is empty for what came up after the preview.
    previewed = models.JSONField("预览的日期", default=list)
    days = models.JSONField("施行的日期", default=list)
    state = models.CharField("结果", max_length=8, choices=State.choices, default=State.PLANNED)
    differs = models.BooleanField("与预览不同", default=False)
    worse = models.BooleanField("对当事人不利", default=False)
    ends = models.BooleanField("施行当日届满", default=False)
    note = models.CharField("说明", max_length=300, blank=True)
    at = models.DateTimeField("施行时间", null=True)

    class Meta:
        verbose_name = "调整令明细"
        verbose_name_plural = "调整令明细"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["order", "kind", "record_id"], name="switch_line_once"),
            models.CheckConstraint(
                condition=Q(state="planned", at__isnull=True) | (~Q(state="planned") & Q(at__isnull=False)),
                name="switch_line_dated",
            ),
        ]
        indexes = [models.Index(fields=["order", "state", "id"], name="switch_line_by_state")]

    def __str__(self) -> str:
        return f"{self.order_id} {self.kind} {self.matter}"
