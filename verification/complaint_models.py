"""Consumers' complaints about businesses, as the 12315 hotline handles them (S1, S4「消费投诉公示」; R69)."""

import re
import uuid

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from credit_portal.outbox.models import PartnerSystem
from credit_portal.registry.models import CreditSubject, Department, Domain, Region, User

from .models import CreditEntry

# Eleven digits of a mobile, eighteen of an identity card: whoever they belong to, it is a person.
PERSONAL = re.compile(r"(?<!\d)(1[3-9]\d{9}|\d{17}[\dXx])(?!\d)")
ERROR_PERSONAL = "{head}里有电话或者证件号码。请删去投诉人的姓名、电话、证件号码和住址，只写事情。"


class ConsumerComplaint(models.Model):
    """One complaint: its number with the hotline, whom it is about, what about, what came of it. Nothing of the consumer is
    kept. What it says never changes (trigger): its result is added once, a correction is a new row that names the old one.
    Where an answer to an objection puts its entry right, it goes on with the new entry and says the same (`COPIES`)."""

    # What it says of what its entry says; its number with the hotline is its identity, which only a new row corrects.
    COPIES = {"received_on": "from_on", "about": "title"}
    FIXED = frozenset({"document_no"})

    class Source(models.TextChoices):
        FORM = "form", "录入"
        FILE = "file", "文件上传"
        API = "api", "接口推送"

    class Result(models.TextChoices):
        SETTLED = "settled", "调解成功"
        UNSETTLED = "unsettled", "调解未达成一致"
        UNFOUNDED = "unfounded", "经核实不属实"
        REDIRECTED = "redirected", "转其他机关办理"
        WITHDRAWN = "withdrawn", "消费者撤回"

    class Ending(models.TextChoices):
        CORRECTED = "corrected", "已由新记录更正"
        MISTAKE = "mistake", "录入有误"
        OBJECTION = "objection", "异议成立"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    hotline_no = models.CharField("12315 编号", max_length=40)
    subject = models.ForeignKey(
        CreditSubject, models.PROTECT, related_name="consumer_complaints", verbose_name="被投诉主体"
    )
    subject_kind = models.CharField("主体类别", max_length=20, choices=CreditSubject.Kind.choices)
    subject_name = models.CharField("主体名称", max_length=200)
    subject_code = models.CharField("主体代码", max_length=18)
    department = models.ForeignKey(Department, models.PROTECT, verbose_name="处理部门", related_name="+")
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划", related_name="+")
    received_on = models.DateField("投诉日期")
    domain = models.CharField("领域", max_length=30, choices=Domain.choices)
    about = models.CharField("投诉内容", max_length=500)
    result = models.CharField("处理结果", max_length=12, choices=Result.choices, blank=True)
    result_text = models.CharField("处理情况", max_length=500, blank=True)
    handled_on = models.DateField("办结日期", null=True, blank=True)
    source = models.CharField("来源", max_length=10, choices=Source.choices)
    entered_at = models.DateTimeField("录入时间")
    entered_by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="录入人", related_name="+")
    partner = models.ForeignKey(
        PartnerSystem, models.PROTECT, null=True, blank=True, verbose_name="推送系统", related_name="+"
    )
    corrects = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, verbose_name="更正的记录", related_name="corrected_by"
    )
    entry = models.OneToOneField(
        CreditEntry, models.PROTECT, verbose_name="信用记录", related_name="consumer_complaint"
    )
    ended_at = models.DateTimeField("停止时间", null=True, blank=True)
    ending = models.CharField("停止原因", max_length=12, choices=Ending.choices, blank=True)
    ending_note = models.CharField("停止说明", max_length=300, blank=True)
    ended_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="停止办理人", related_name="+"
    )
    is_demo = models.BooleanField("演示数据", default=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = "消费投诉"
        verbose_name_plural = "消费投诉"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["hotline_no"],
                condition=Q(ended_at__isnull=True),
                name="consumer_complaint_once",
                violation_error_message="已有这个 12315 编号的投诉。",
            ),
            models.CheckConstraint(
                condition=~Q(subject_kind="person"),
                name="consumer_complaint_of_a_business",
                violation_error_message="被投诉的应为单位或者个体工商户。",
            ),
            models.CheckConstraint(
                condition=Q(result="", result_text="", handled_on__isnull=True)
                | (~Q(result="") & ~Q(result_text="") & Q(handled_on__gte=F("received_on"))),
                name="consumer_complaint_handled_with_a_result",
                violation_error_message="办结的投诉须有处理结果、处理情况和不早于投诉日期的办结日期。",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ending="") | (Q(ended_at__isnull=False) & ~Q(ending="")),
                name="consumer_complaint_ended_for_a_reason",
                violation_error_message="停止须有原因。",
            ),
        ]
        indexes = [
            models.Index(fields=["department", "-id"], name="consumer_by_department"),
            models.Index(fields=["subject", "received_on"], name="consumer_by_subject"),
            # What may go before the public, as far as it does not depend on the day or on a rule.
            models.Index(
                fields=["-handled_on", "-id"],
                name="consumer_listed",
                condition=Q(ended_at__isnull=True) & ~Q(result=""),
            ),
        ]

    def __str__(self) -> str:
        return self.hotline_no

    def clean(self) -> None:
        if PERSONAL.search(self.about):
            raise ValidationError({"about": ERROR_PERSONAL.format(head="投诉内容")})
        if self.handled_on is not None and self.handled_on < self.received_on:
            raise ValidationError({"received_on": f"办结日期（{self.handled_on}）须不早于投诉日期。"})
