"""Key occupational groups (S0 一（一）「重点职业人群」, S1 八（二）, S4 「重点岗位」; R9, R19)."""

from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords


class OccupationGroup(models.Model):
    """A group whose members make commitments of their own, from a day to a day; without a last day it is in use."""

    code = models.SlugField("编码", max_length=30, unique=True)
    name = models.CharField("名称", max_length=60)
    positions = models.CharField("包括的岗位", max_length=300, blank=True)
    basis = models.CharField("依据", max_length=300)
    valid_from = models.DateField("生效日期")
    valid_to = models.DateField("停用日期", null=True, blank=True)
    order = models.PositiveSmallIntegerField("顺序", default=0)
    history = HistoricalRecords()

    class Meta:
        verbose_name = "重点职业人群"
        verbose_name_plural = "重点职业人群"
        ordering = ["order", "code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="occupation_dates_in_order",
                violation_error_message="停用日期不能早于生效日期。",
            ),
            models.CheckConstraint(
                condition=~Q(basis=""),
                name="occupation_has_basis",
                violation_error_message="职业人群须写明依据。",
            ),
        ]

    def __str__(self) -> str:
        return self.name
