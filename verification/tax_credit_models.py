"""Tax credit of natural persons (S4「自然人纳税信用信息采集、记录、查询、应用、修复、安全管理和权益维护机制」; R122)."""

import uuid

from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from credit_portal.registry.models import CreditSubject, Department, Region, User


class TaxCreditEntry(models.Model):
    """What a tax authority has on record of a person for a year. A table of its own: nothing that publishes reads it, so it
    is private whatever else is published. Corrected by a new row; what was recorded stays as it was (trigger)."""

    class Kind(models.TextChoices):
        KEPT = "kept", "如实申报"
        LATE = "late", "逾期申报"
        UNTRUE = "untrue", "申报不实"
        UNPAID = "unpaid", "逾期不缴税款"
        BROKEN = "broken", "违背申报承诺"

    class State(models.TextChoices):
        EFFECTIVE = "effective", "有效"
        REPAIRED = "repaired", "已修复"
        CORRECTED = "corrected", "已更正"
        WITHDRAWN = "withdrawn", "已撤销"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    subject = models.ForeignKey(
        CreditSubject, models.PROTECT, verbose_name="纳税人", related_name="tax_credit"
    )
    tax_year = models.PositiveSmallIntegerField("纳税年度")
    kind = models.CharField("信息类型", max_length=10, choices=Kind.choices)
    facts = models.CharField("事实", max_length=300)
    document_no = models.CharField("文书号", max_length=100, blank=True)
    commitment_code = models.CharField("申报承诺编码", max_length=20, blank=True)
    found_on = models.DateField("认定日期")
    department = models.ForeignKey(Department, models.PROTECT, verbose_name="税务机关", related_name="+")
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划", related_name="+")
    recorded_at = models.DateTimeField("采集时间")
    recorded_by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="采集人", related_name="+")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.EFFECTIVE)
    closed_on = models.DateField("修复、更正或者撤销日期", null=True, blank=True)
    reason = models.CharField("理由", max_length=300, blank=True)
    replaces = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, verbose_name="更正的信息", related_name="replaced_by"
    )
    is_demo = models.BooleanField("演示数据", default=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = "自然人纳税信用信息"
        verbose_name_plural = "自然人纳税信用信息"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="effective", closed_on__isnull=True, reason="")
                | (~Q(state="effective") & Q(closed_on__isnull=False) & ~Q(reason="")),
                name="tax_credit_closed_with_reason",
                violation_error_message="修复、更正、撤销须有日期和理由。",
            ),
            models.CheckConstraint(
                condition=~Q(state="repaired") | ~Q(kind="kept"),
                name="tax_credit_only_adverse_is_repaired",
                violation_error_message="如实申报的信息不需要修复。",
            ),
            # Entered twice, by form or by file, it is one.
            models.UniqueConstraint(
                fields=["subject", "tax_year", "kind", "department", "document_no", "found_on"],
                condition=Q(state__in=["effective", "repaired"]),
                name="tax_credit_once",
                violation_error_message="同样的信息已经采集过。",
            ),
        ]
        indexes = [models.Index(fields=["department", "-id"], name="tax_credit_by_department")]

    def __str__(self) -> str:
        return f"{self.tax_year} 年度 {self.get_kind_display()}"
