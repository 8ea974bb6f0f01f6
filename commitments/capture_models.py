"""Commitments signed on paper away from the portal, captured from their scans (S0 三（二）, S4 1; R20–R25, R35).

A sheet is a scan that waits. It becomes a commitment only after code and date have been keyed twice, by two persons.
"""

import uuid

from django.db import models
from django.db.models import Q

from credit_portal.documents.models import EvidenceFile
from credit_portal.registry.models import Department, User


class CaptureBatch(models.Model):
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    department = models.ForeignKey(
        Department, models.PROTECT, verbose_name="录入单位", related_name="+", db_index=False
    )
    owner = models.ForeignKey(User, models.PROTECT, verbose_name="上传人", related_name="+", db_index=False)
    name = models.CharField("批次名称", max_length=100)
    created_at = models.DateTimeField("上传时间")
    is_demo = models.BooleanField("演示数据", default=False)

    class Meta:
        verbose_name = "纸质承诺批次"
        verbose_name_plural = "纸质承诺批次"
        ordering = ["-id"]
        indexes = [models.Index(fields=["department", "-id"], name="capture_batch_listed")]

    def __str__(self) -> str:
        return self.name


class CaptureSheet(models.Model):
    class State(models.TextChoices):
        WAITING = "waiting", "待录入"
        SECOND = "second", "待复核"
        DIFFERS = "differs", "两遍不同，待核定"
        DONE = "done", "已登记"
        REFUSED = "refused", "不予录入"

    class Refusal(models.TextChoices):
        ILLEGIBLE = "illegible", "扫描件无法辨认"
        NO_COMMITMENT = "no_commitment", "不是信用承诺书"
        DOUBLE = "double", "重复"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    batch = models.ForeignKey(
        CaptureBatch, models.PROTECT, related_name="sheets", verbose_name="批次", db_index=False
    )
    number = models.PositiveSmallIntegerField("本批第几份")
    department = models.ForeignKey(
        Department, models.PROTECT, verbose_name="录入单位", related_name="+", db_index=False
    )
    scan = models.OneToOneField(EvidenceFile, models.PROTECT, verbose_name="扫描件", related_name="+")
    sha256 = models.CharField("扫描件校验值", max_length=64)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.WAITING)
    # Sent back, it is keyed anew: what was keyed before stays under its round.
    round = models.PositiveSmallIntegerField("第几轮", default=1)
    first_by = models.ForeignKey(
        User, models.PROTECT, null=True, verbose_name="第一遍录入人", related_name="+", db_index=False
    )
    # By author: nobody reads another's.
    draft_sealed = models.TextField("没有录完的内容（加密）", blank=True, editable=False)
    # Not blind any more, in any later round. Added only (trigger).
    compared_by = models.ManyToManyField(User, verbose_name="看过两遍对照的人", related_name="+")
    commitment = models.OneToOneField(
        "commitments.Commitment", models.PROTECT, null=True, verbose_name="承诺", related_name="captured_from"
    )
    refusal = models.CharField("不予录入的原因", max_length=20, choices=Refusal.choices, blank=True)
    ended_at = models.DateTimeField("办结时间", null=True)
    ended_by = models.ForeignKey(
        User, models.PROTECT, null=True, verbose_name="办结人", related_name="+", db_index=False
    )

    class Meta:
        verbose_name = "纸质承诺"
        verbose_name_plural = "纸质承诺"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="done", commitment__isnull=False)
                | (~Q(state="done") & Q(commitment__isnull=True)),
                name="capture_done_has_commitment",
                violation_error_message="已登记的须有承诺，没有登记的不得有。",
            ),
            models.CheckConstraint(
                condition=(Q(state="refused") & ~Q(refusal="")) | (~Q(state="refused") & Q(refusal="")),
                name="capture_refused_with_reason",
                violation_error_message="不予录入的须有原因。",
            ),
            models.UniqueConstraint(
                fields=["department", "sha256"],
                condition=~Q(state="refused"),
                name="capture_scan_once",
            ),
            models.UniqueConstraint(fields=["batch", "number"], name="capture_numbered"),
        ]

    def __str__(self) -> str:
        return f"第 {self.number} 份"


class CaptureKeying(models.Model):
    """What one person keyed at one time, sealed: a person's number is in it. Added only (trigger)."""

    class Turn(models.IntegerChoices):
        FIRST = 1, "第一遍"
        SECOND = 2, "第二遍"
        SETTLED = 3, "核定"

    sheet = models.ForeignKey(
        CaptureSheet, models.PROTECT, related_name="keyings", verbose_name="纸质承诺", db_index=False
    )
    round = models.PositiveSmallIntegerField("第几轮")
    turn = models.PositiveSmallIntegerField("第几遍", choices=Turn.choices)
    sealed = models.TextField("录入内容（加密）", editable=False)
    by = models.ForeignKey(User, models.PROTECT, verbose_name="录入人", related_name="+", db_index=False)
    at = models.DateTimeField("录入时间")

    class Meta:
        verbose_name = "录入"
        verbose_name_plural = "录入"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["sheet", "round", "turn"], name="capture_keyed_once"),
        ]

    def __str__(self) -> str:
        return f"第 {self.round} 轮{self.get_turn_display()}"
