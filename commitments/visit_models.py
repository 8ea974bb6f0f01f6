"""Bundled inspections (S1, S4 16「进一次门、查多项事」; R71): what several departments have drawn of one subject is looked at
on one day. Nothing of a visit is deleted (trigger); what was found goes back into each re-check."""

import uuid

from django.db import models
from django.db.models import F, Q

from credit_portal.registry.models import CreditSubject, Department, Region, User

from .recheck_models import Recheck


class Visit(models.Model):
    class State(models.TextChoices):
        PROPOSED = "proposed", "待安排"
        PLANNED = "planned", "已安排"
        CANCELLED = "cancelled", "已取消"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField("编号", max_length=30, unique=True)
    subject = models.ForeignKey(CreditSubject, models.PROTECT, verbose_name="主体", related_name="visits")
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划", related_name="+")
    lead = models.ForeignKey(Department, models.PROTECT, verbose_name="牵头部门", related_name="+")
    until_on = models.DateField("最迟日期", help_text="各事项复核期限中最早的一个")
    day = models.DateField("检查日期", null=True, blank=True)
    announced = models.BooleanField("事先告知主体", default=False)
    note = models.CharField("安排", max_length=300, blank=True)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.PROPOSED)
    proposed_at = models.DateTimeField("归并时间")
    proposed_by = models.ForeignKey(User, models.PROTECT, verbose_name="归并人", related_name="+")
    planned_at = models.DateTimeField("安排时间", null=True, blank=True)
    planned_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="安排人", related_name="+"
    )
    cancelled_at = models.DateTimeField("取消时间", null=True, blank=True)
    cancelled_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="取消人", related_name="+"
    )
    cancel_reason = models.CharField("取消的理由", max_length=300, blank=True)
    is_demo = models.BooleanField("演示数据", default=False)

    class Meta:
        verbose_name = "联合检查"
        verbose_name_plural = "联合检查"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="planned")
                | Q(day__isnull=False, planned_at__isnull=False, planned_by__isnull=False),
                name="visit_planned_has_a_day",
                violation_error_message="已安排的检查须有日期和安排人。",
            ),
            models.CheckConstraint(
                condition=Q(state="cancelled", cancelled_at__isnull=False, cancelled_by__isnull=False)
                & ~Q(cancel_reason="")
                | ~Q(state="cancelled") & Q(cancelled_at__isnull=True, cancel_reason=""),
                name="visit_cancelled_for_a_reason",
                violation_error_message="取消须写明理由。",
            ),
            models.CheckConstraint(
                condition=Q(day__isnull=True) | Q(day__lte=F("until_on")),
                name="visit_before_the_last_day",
                violation_error_message="检查日期不能晚于最迟日期。",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class VisitPart(models.Model):
    """A department that takes part."""

    class State(models.TextChoices):
        WAITING = "waiting", "待确认"
        CONFIRMED = "confirmed", "已确认"
        DECLINED = "declined", "不参加"

    visit = models.ForeignKey(
        Visit, models.PROTECT, verbose_name="联合检查", related_name="parts", db_index=False
    )
    department = models.ForeignKey(Department, models.PROTECT, verbose_name="部门", related_name="+")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.WAITING)
    decided_at = models.DateTimeField("确认时间", null=True, blank=True)
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="确认人", related_name="+"
    )
    reason = models.CharField("不参加的理由", max_length=300, blank=True)

    class Meta:
        verbose_name = "参加联合检查的部门"
        verbose_name_plural = "参加联合检查的部门"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["visit", "department"], name="visit_part_once"),
            models.CheckConstraint(
                condition=Q(state="declined") & ~Q(reason="") | ~Q(state="declined") & Q(reason=""),
                name="visit_declined_for_a_reason",
                violation_error_message="不参加须写明理由。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.department} {self.get_state_display()}"


class VisitMatter(models.Model):
    """A drawn re-check that is looked at on a visit; released where its department goes on its own."""

    visit = models.ForeignKey(
        Visit, models.PROTECT, verbose_name="联合检查", related_name="matters", db_index=False
    )
    recheck = models.ForeignKey(
        Recheck, models.PROTECT, verbose_name="承诺复核", related_name="visit_matters", db_index=False
    )
    released = models.BooleanField("已退出", default=False)

    class Meta:
        verbose_name = "联合检查的事项"
        verbose_name_plural = "联合检查的事项"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["visit", "recheck"], name="visit_matter_once"),
            models.UniqueConstraint(
                fields=["recheck"],
                condition=Q(released=False),
                name="visit_matter_in_one_visit",
                violation_error_message="这件复核已在另一次联合检查中。",
            ),
        ]

    def __str__(self) -> str:
        return str(self.recheck)
