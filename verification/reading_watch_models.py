"""Who reads records in a way that wants a question: by how many, at what hour, or those of their own people (S4 17, R114).

The security administrator sees counts and the reader, a member of staff or a department's own system, never what was read.
"""

import uuid

from django.db import models
from django.db.models import F, Q

from credit_portal.outbox.models import PartnerSystem
from credit_portal.registry.models import Department, SealedNumber, User

ONE_READER = Q(reader__isnull=False, partner__isnull=True) | Q(reader__isnull=True, partner__isnull=False)


class AvoidedCode(models.Model):
    """A code that a member of staff keeps away from: their own, a relative's, a company in which they have a part. Declared by
    them on paper, entered by the security administrator. A person's number is sealed."""

    class Relation(models.TextChoices):
        SELF = "self", "本人"
        SPOUSE = "spouse", "配偶"
        PARENT = "parent", "父母"
        CHILD = "child", "子女"
        SIBLING = "sibling", "兄弟姐妹"
        OTHER = "other", "其他近亲属或者姻亲"
        COMPANY = "company", "本人或者亲属任职、持股的单位"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, models.PROTECT, verbose_name="工作人员", related_name="avoided_codes")
    relation = models.CharField("关系", max_length=10, choices=Relation.choices)
    uscc = models.CharField("统一社会信用代码", max_length=18, null=True, editable=False)
    id_number_sealed = models.TextField("身份证号码（加密）", blank=True, editable=False)
    id_number_index = models.CharField(max_length=64, null=True, editable=False)
    shown = models.CharField("代码", max_length=20, editable=False)
    from_on = models.DateField("自")
    until_on = models.DateField("至", null=True)
    entered_at = models.DateTimeField("登记时间")
    entered_by = models.ForeignKey(
        User, models.PROTECT, verbose_name="登记人", related_name="+", db_index=False
    )
    is_demo = models.BooleanField("演示数据", default=False)

    id_number = SealedNumber(
        "id_number_sealed", label="avoided", index="id_number_index", purpose="avoided_id_number"
    )

    class Meta:
        verbose_name = "回避登记"
        verbose_name_plural = "回避登记"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(uscc__isnull=False, id_number_index__isnull=True)
                | Q(uscc__isnull=True, id_number_index__isnull=False),
                name="avoided_one_code",
                violation_error_message="统一社会信用代码和身份证号码二者其一。",
            ),
            models.CheckConstraint(
                condition=Q(until_on__isnull=True) | Q(until_on__gte=F("from_on")),
                name="avoided_in_order",
                violation_error_message="结束日期不能早于开始日期。",
            ),
            models.UniqueConstraint(
                fields=["user", "uscc"], condition=Q(until_on__isnull=True, uscc__isnull=False),
                name="avoided_once_uscc",
            ),
            models.UniqueConstraint(
                fields=["user", "id_number_index"],
                condition=Q(until_on__isnull=True, id_number_index__isnull=False),
                name="avoided_once_person",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.user}：{self.get_relation_display()} {self.shown}"


class ReaderDay(models.Model):
    """How much one member of staff, or one system, read on one day. Counted once, when the day is over."""

    reader = models.ForeignKey(
        User, models.PROTECT, null=True, verbose_name="查阅人", related_name="reader_days", db_index=False
    )
    partner = models.ForeignKey(
        PartnerSystem, models.PROTECT, null=True, verbose_name="对接系统", related_name="+", db_index=False
    )
    day = models.DateField("日期", db_index=True)
    readings = models.PositiveIntegerField("查阅次数")
    subjects = models.PositiveIntegerField("查阅主体数")
    off_hours = models.PositiveIntegerField("工作时间以外的次数")

    class Meta:
        verbose_name = "每日查阅"
        verbose_name_plural = "每日查阅"
        ordering = ["-day"]
        constraints = [
            models.UniqueConstraint(
                fields=["reader", "partner", "day"], name="reader_day_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=ONE_READER,
                name="reader_day_of_one",
                violation_error_message="查阅人是一名工作人员或者一个对接系统，二者其一。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reader or self.partner} {self.day}"


class UnusualReading(models.Model):
    """One thing that wants a question. Nothing follows of itself: a person asks, and writes down what came of it."""

    class Kind(models.TextChoices):
        VOLUME = "volume", "查阅主体明显多于平常"
        OFF_HOURS = "off_hours", "工作时间以外查阅"
        AVOIDED = "avoided", "查阅回避登记的主体"

    class State(models.TextChoices):
        OPEN = "open", "待核实"
        EXPLAINED = "explained", "已说明"
        REFERRED = "referred", "移送处理"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    reader = models.ForeignKey(
        User, models.PROTECT, null=True, verbose_name="查阅人", related_name="unusual_readings"
    )
    partner = models.ForeignKey(
        PartnerSystem, models.PROTECT, null=True, verbose_name="对接系统", related_name="+"
    )
    kind = models.CharField("情形", max_length=10, choices=Kind.choices)
    day = models.DateField("日期")
    readings = models.PositiveIntegerField("查阅次数")
    subjects = models.PositiveIntegerField("查阅主体数")
    usual = models.PositiveIntegerField("平常每日", null=True)
    limit = models.PositiveIntegerField("提示线", null=True)
    avoided = models.ForeignKey(
        AvoidedCode, models.PROTECT, null=True, verbose_name="回避登记", related_name="found", db_index=False
    )
    found_at = models.DateTimeField("发现时间")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.OPEN)
    note = models.CharField("核实情况", max_length=500, blank=True)
    decided_at = models.DateTimeField("办结时间", null=True)
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, verbose_name="核实人", related_name="+", db_index=False
    )

    class Meta:
        verbose_name = "异常查阅"
        verbose_name_plural = "异常查阅"
        ordering = ["-day", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["reader", "partner", "day", "kind", "avoided"],
                name="unusual_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=ONE_READER,
                name="unusual_of_one",
                violation_error_message="查阅人是一名工作人员或者一个对接系统，二者其一。",
            ),
            models.CheckConstraint(
                condition=Q(kind="avoided", avoided__isnull=False)
                | (~Q(kind="avoided") & Q(avoided__isnull=True)),
                name="unusual_avoided_named",
                violation_error_message="查阅回避登记的主体，须写明是哪一条登记。",
            ),
            models.CheckConstraint(
                condition=Q(state="open", decided_at__isnull=True, decided_by__isnull=True)
                | (~Q(state="open") & Q(decided_at__isnull=False, decided_by__isnull=False) & ~Q(note="")),
                name="unusual_decided_by_somebody",
                violation_error_message="办结须写明核实情况。",
            ),
        ]
        indexes = [models.Index(fields=["state", "-day"], name="unusual_by_state")]

    def __str__(self) -> str:
        return f"{self.who} {self.day} {self.get_kind_display()}"

    @property
    def who(self) -> str:
        return str(self.reader or self.partner)

    @property
    def department(self) -> Department | None:
        return self.reader.department if self.reader else self.partner.department if self.partner else None
