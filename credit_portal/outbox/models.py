"""What must still happen outside, and what the world is told: outbox rows, notices, the feed of public changes.

The row is written in the transaction of the fact that causes it; the queue is only a hint to look at it sooner.
"""

import uuid

from django.db import models
from django.db.models import Q

from credit_portal.registry.models import User

from .partner_models import IdempotentAnswer as IdempotentAnswer
from .partner_models import PartnerSystem as PartnerSystem
from .partner_models import PartnerToken as PartnerToken
from .partner_models import Scope as Scope


class Message(models.Model):
    """One effect to bring about, once. `effect` names a registered handler, `key` is the effect's own unique key."""

    class State(models.TextChoices):
        WAITING = "waiting", "待发"
        DONE = "done", "已完成"
        FAILED = "failed", "失败"
        CANCELLED = "cancelled", "已取消"

    key = models.CharField("唯一键", max_length=200, unique=True)
    effect = models.CharField("事项", max_length=60)
    payload = models.JSONField("内容", default=dict, help_text="只含编号，不含个人信息")
    created_at = models.DateTimeField("写入时间")
    due_at = models.DateTimeField("下次尝试")
    attempts = models.PositiveSmallIntegerField("已尝试", default=0)
    # While somebody works on it; a claim that is past belongs to a process that has died.
    claimed_until = models.DateTimeField("占用至", null=True, blank=True)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.WAITING)
    done_at = models.DateTimeField("完成时间", null=True, blank=True)
    last_error = models.CharField("最近错误", max_length=500, blank=True)

    class Meta:
        verbose_name = "外发事项"
        verbose_name_plural = "外发事项"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="done", done_at__isnull=False)
                | (~Q(state="done") & Q(done_at__isnull=True)),
                name="message_done_is_dated",
                violation_error_message="已完成的事项须有完成时间。",
            )
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], name="message_waiting", condition=Q(state="waiting")),
            models.Index(fields=["-id"], name="message_failed", condition=Q(state="failed")),
        ]

    def __str__(self) -> str:
        return self.key


class Notice(models.Model):
    """A line in somebody's inbox. Holds numbers and dates, no personal data: it also goes out by e-mail and SMS."""

    key = models.CharField("唯一键", max_length=200)
    user = models.ForeignKey(User, models.PROTECT, verbose_name="收件人", related_name="notices")
    kind = models.CharField("类别", max_length=40)
    title = models.CharField("标题", max_length=120)
    body = models.TextField("内容", blank=True)
    link = models.CharField("去处", max_length=300, blank=True)
    created_at = models.DateTimeField("时间")
    read_at = models.DateTimeField("已读时间", null=True, blank=True)

    class Meta:
        verbose_name = "通知"
        verbose_name_plural = "通知"
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="notice_once")]
        indexes = [
            models.Index(fields=["user", "-id"], name="notice_by_user"),
            models.Index(fields=["user"], name="notice_unread", condition=Q(read_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return self.title


class PublicChange(models.Model):
    """What became public, changed or was withdrawn, for whoever keeps a copy. Of a withdrawal only `opaque` is told.

    `position` is given after the commit, in order and without gaps that could later be filled: a reader who has seen
    a position has seen everything before it.
    """

    class Kind(models.TextChoices):
        PUBLISHED = "published", "公示"
        CHANGED = "changed", "变更"
        WITHDRAWN = "withdrawn", "停止公示"

    key = models.CharField("唯一键", max_length=200, unique=True)
    position = models.BigIntegerField("次序", null=True, unique=True)
    kind = models.CharField("类别", max_length=10, choices=Kind.choices)
    resource = models.CharField("对象", max_length=20, help_text="commitment、breach 或 act")
    reference = models.CharField(
        "公开编号", max_length=64, help_text="承诺编码，或者违诺、行政行为的公示编号；停止公示后不再给出"
    )
    opaque = models.UUIDField("不透明编号", default=uuid.uuid4)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "公示变更"
        verbose_name_plural = "公示变更"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["id"], name="change_unnumbered", condition=Q(position__isnull=True)),
            models.Index(fields=["resource", "reference"], name="change_by_reference"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.opaque}"
