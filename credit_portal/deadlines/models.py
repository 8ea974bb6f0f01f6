"""When: dated policy rules. (A rule is data with a region, a basis and a day from which it holds.)"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from credit_portal.registry.models import CommitmentType, Domain, Region


class PolicyRule(models.Model):
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划")
    key = models.CharField("规则", max_length=60)
    domain = models.CharField("领域", max_length=30, choices=Domain.choices, blank=True)
    commitment_type = models.CharField("承诺类型", max_length=20, choices=CommitmentType.choices, blank=True)
    grade = models.CharField("程度", max_length=10, blank=True)
    value = models.JSONField("取值")
    unit = models.CharField("单位", max_length=30, blank=True)
    basis = models.CharField("依据", max_length=300)
    confirmed = models.BooleanField("已确认", default=False)
    effective_from = models.DateField("生效日期")
    effective_to = models.DateField("失效日期", null=True, blank=True)
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="录入人",
        related_name="+",
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="核准人",
        related_name="+",
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = "政策规则"
        verbose_name_plural = "政策规则"
        ordering = ["region", "key", "-effective_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["region", "key", "domain", "commitment_type", "grade", "effective_from"],
                name="policy_rule_once",
                violation_error_message="同一地区同一规则在该生效日期已有取值。",
            ),
            models.CheckConstraint(
                condition=Q(effective_to__isnull=True) | Q(effective_to__gte=F("effective_from")),
                name="policy_dates_in_order",
                violation_error_message="失效日期不能早于生效日期。",
            ),
        ]
        indexes = [models.Index(fields=["key", "region"], name="policy_key_region")]

    def __str__(self) -> str:
        return f"{self.region_id} {self.key} 自 {self.effective_from}"
