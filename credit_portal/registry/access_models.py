"""A subject's own way to its pages: who acts for it, from when until when, by which code, on which devices.

A subject is no member of staff: none of this is an account, and no session of staff opens it (S0 一（四）, R58).
"""

import uuid

from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from . import codes
from .models import CreditSubject, Department, SealedNumber, User


class SubjectAccess(models.Model):
    """Somebody may open a subject's own pages. Opened at the window after the identity was seen, or by the national
    identity service; ended by the subject, the window or the credit office, or by its last day."""

    class Capacity(models.TextChoices):
        LEGAL_REPRESENTATIVE = "legal_representative", "法定代表人（负责人）"
        OPERATOR = "operator", "经营者"
        SELF = "self", "本人"
        AGENT = "agent", "委托代理人"

    class Scope(models.TextChoices):
        VIEW = "view", "只能查看"
        ACT = "act", "查看和办理"

    class Channel(models.TextChoices):
        WINDOW = "window", "窗口开通"
        IDENTITY = "identity", "统一身份认证"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    subject = models.ForeignKey(CreditSubject, models.PROTECT, verbose_name="主体", related_name="accesses")
    name = models.CharField("使用人", max_length=200)
    capacity = models.CharField("身份", max_length=20, choices=Capacity.choices)
    scope = models.CharField("权限", max_length=5, choices=Scope.choices, default=Scope.ACT)
    channel = models.CharField("开通方式", max_length=10, choices=Channel.choices)
    id_number_sealed = models.TextField("证件号码（加密）", editable=False)
    id_number_index = models.CharField(max_length=64, null=True, db_index=True, editable=False)
    valid_from = models.DateField("有效自")
    valid_until = models.DateField("有效至")
    opened_at = models.DateTimeField("开通时间")
    opened_by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="开通人", related_name="+")
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, verbose_name="开通单位", related_name="+"
    )
    ended_at = models.DateTimeField("终止时间", null=True, blank=True)
    ended_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="终止的工作人员", related_name="+"
    )
    ended_by_access = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, verbose_name="终止的使用人", related_name="+"
    )
    end_reason = models.CharField("终止原因", max_length=200, blank=True)
    is_demo = models.BooleanField("演示数据", default=False)
    history = HistoricalRecords()

    id_number = SealedNumber(
        "id_number_sealed", label="access", index="id_number_index", purpose="access_id_number"
    )

    class Meta:
        verbose_name = "主体网上查询"
        verbose_name_plural = "主体网上查询"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until__gte=F("valid_from")),
                name="access_dates_in_order",
                violation_error_message="有效期的末日不能早于首日。",
            ),
            models.CheckConstraint(
                condition=Q(capacity="agent") | Q(scope="act"),
                name="access_only_agents_are_limited",
                violation_error_message="只有委托代理人可以限于查看。",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, end_reason="")
                | (Q(ended_at__isnull=False) & ~Q(end_reason="")),
                name="access_ended_with_reason",
                violation_error_message="终止须有时间和原因。",
            ),
            models.CheckConstraint(
                condition=~Q(channel="window") | Q(opened_by__isnull=False, department__isnull=False),
                name="access_opened_by_somebody",
                violation_error_message="窗口开通须有开通人和单位。",
            ),
        ]
        indexes = [
            models.Index(fields=["department", "-id"], name="access_by_department"),
            models.Index(
                fields=["subject"], name="access_open_by_subject", condition=Q(ended_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_capacity_display()} {codes.mask_person_name(self.name)}"

    @property
    def as_agent(self) -> bool:
        return self.capacity == self.Capacity.AGENT

    @property
    def may_act(self) -> bool:
        return self.scope == self.Scope.ACT


class AccessCode(models.Model):
    """A one-time code. What is kept are keyed hashes: of the characters that find it, and of the whole of it."""

    access = models.ForeignKey(SubjectAccess, models.PROTECT, related_name="codes", verbose_name="开通")
    finder = models.CharField(max_length=64, db_index=True, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    issued_at = models.DateTimeField("签发时间")
    issued_by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="签发人", related_name="+")
    expires_at = models.DateTimeField("失效时间")
    tries = models.PositiveSmallIntegerField("输错次数", default=0)
    used_at = models.DateTimeField("使用时间", null=True)
    withdrawn_at = models.DateTimeField("作废时间", null=True)

    class Meta:
        verbose_name = "一次性代码"
        verbose_name_plural = "一次性代码"
        ordering = ["-id"]
        constraints = [
            # Of one access one code at a time: a new slip makes the one before worthless.
            models.UniqueConstraint(
                fields=["access"],
                condition=Q(used_at__isnull=True, withdrawn_at__isnull=True),
                name="access_one_code",
            ),
            models.CheckConstraint(condition=Q(tries__lte=5), name="access_code_tries"),
        ]


class AccessSession(models.Model):
    """A device that is in. Its cookie holds a random token, the row a keyed hash of it."""

    access = models.ForeignKey(SubjectAccess, models.PROTECT, related_name="sessions", verbose_name="开通")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    began_at = models.DateTimeField("登录时间")
    seen_at = models.DateTimeField("最近使用")
    ended_at = models.DateTimeField("退出时间", null=True)

    class Meta:
        verbose_name = "主体登录"
        verbose_name_plural = "主体登录"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["access"], name="session_open", condition=Q(ended_at__isnull=True)),
        ]


class WrongCode(models.Model):
    """A wrong code, by keyed hashes of where it came from and of which subject was typed. Kept for a day."""

    at = models.DateTimeField(db_index=True)
    address = models.CharField(max_length=64)
    subject = models.CharField(max_length=64)

    class Meta:
        verbose_name = "输错的代码"
        verbose_name_plural = "输错的代码"
        indexes = [
            models.Index(fields=["address", "at"], name="wrong_by_address"),
            models.Index(fields=["subject", "at"], name="wrong_by_subject"),
        ]
