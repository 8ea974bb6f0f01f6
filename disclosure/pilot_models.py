"""Pilots of the credit work: begun with their goals, followed by notes and figures, summed up, shown where the office decides
so (S1 二十, S4 20「试点示范」; R112)."""

import uuid

from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from credit_portal.registry.models import Department, Domain, Region, ServiceItem, User


class Pilot(models.Model):
    """One pilot of a region's office: what is tried, where, how long, to what end and who leads it."""

    class State(models.TextChoices):
        RUNNING = "running", "进行中"
        SUMMED_UP = "summed_up", "已总结"
        STOPPED = "stopped", "已终止"

    class Verdict(models.TextChoices):
        SPREAD = "spread", "复制推广"
        GO_ON = "go_on", "继续试点"
        END = "end", "不再试点"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField("编号", max_length=30, unique=True)
    office = models.ForeignKey(Department, models.PROTECT, verbose_name="组织机关", related_name="+")
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="试点地区", related_name="+")
    title = models.CharField("试点名称", max_length=100)
    unit = models.ForeignKey(
        Department, models.PROTECT, null=True, blank=True, verbose_name="试点单位", related_name="+"
    )
    domain = models.CharField("领域", max_length=30, choices=Domain.choices, blank=True)
    item = models.ForeignKey(
        ServiceItem, models.PROTECT, null=True, blank=True, verbose_name="事项", related_name="+"
    )
    from_on = models.DateField("开始日期")
    until_on = models.DateField("结束日期")
    goals = models.TextField("目标")
    leader = models.CharField("负责人", max_length=60)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.RUNNING)
    begun_by = models.ForeignKey(User, models.PROTECT, verbose_name="登记人", related_name="+")
    begun_at = models.DateTimeField("登记时间")
    verdict = models.CharField("结论", max_length=10, choices=Verdict.choices, blank=True)
    summary = models.TextField("总结", blank=True)
    # [{"key": …, "label": …, "before": n, "during": n}], as they were on that day.
    figures = models.JSONField("总结时的数字", default=list, blank=True)
    closed_on = models.DateField("总结或终止日期", null=True, blank=True)
    closed_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="总结人", related_name="+"
    )
    public_at = models.DateTimeField("公开时间", null=True, blank=True)
    public_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="公开人", related_name="+"
    )
    is_demo = models.BooleanField("演示数据", default=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = "试点"
        verbose_name_plural = "试点"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(until_on__gt=F("from_on")),
                name="pilot_days_in_order",
                violation_error_message="结束日期应晚于开始日期。",
            ),
            models.CheckConstraint(
                condition=Q(state="running", closed_on__isnull=True)
                | (~Q(state="running") & Q(closed_on__isnull=False) & ~Q(summary="")),
                name="pilot_closed_with_words",
                violation_error_message="总结或终止须有日期和内容。",
            ),
            models.CheckConstraint(
                condition=Q(public_at__isnull=True, public_by__isnull=True)
                | Q(public_at__isnull=False, public_by__isnull=False),
                name="pilot_public_by_somebody",
                violation_error_message="公开须有办理人和时间。",
            ),
        ]
        indexes = [models.Index(fields=["office", "-id"], name="pilot_by_office")]

    def __str__(self) -> str:
        return self.title


class PilotNote(models.Model):
    """How a pilot goes on: added, never changed (trigger)."""

    pilot = models.ForeignKey(Pilot, models.PROTECT, related_name="notes", verbose_name="试点")
    on = models.DateField("日期")
    text = models.TextField("进展")
    at = models.DateTimeField("登记时间")
    by = models.ForeignKey(User, models.PROTECT, verbose_name="登记人", related_name="+")

    class Meta:
        verbose_name = "试点进展"
        verbose_name_plural = "试点进展"
        ordering = ["on", "id"]

    def __str__(self) -> str:
        return f"{self.on} {self.pilot}"
