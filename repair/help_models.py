"""Credit services that help with repair (R127): a list, kept by the credit office, that recommends nobody."""

from django.db import models
from simple_history.models import HistoricalRecords

from credit_portal.registry.models import Region


class HelpService(models.Model):
    """A body that offers reports, advice or training. Using one is never a condition of repair (S1 十三, S4 13)."""

    class Offers(models.TextChoices):
        REPORT = "report", "出具信用报告"
        ADVICE = "advice", "信用修复咨询"
        TRAINING = "training", "信用修复培训"

    class Charges(models.TextChoices):
        FREE = "free", "不收费"
        PAID = "paid", "收费"

    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划", related_name="+")
    name = models.CharField("机构名称", max_length=200)
    offers = models.CharField("提供的服务", max_length=10, choices=Offers.choices)
    description = models.CharField("说明", max_length=300, blank=True)
    contact = models.CharField("联系方式", max_length=200)
    charges = models.CharField("是否收费", max_length=6, choices=Charges.choices)
    is_active = models.BooleanField("在用", default=True)
    is_demo = models.BooleanField("演示数据", default=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = "信用服务机构"
        verbose_name_plural = "信用服务机构"
        ordering = ["offers", "name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["region", "name", "offers"],
                name="help_service_once",
                violation_error_message="这个机构的这项服务已经登记。",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name}（{self.get_offers_display()}）"
