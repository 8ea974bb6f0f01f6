"""The catalogue of credit information that departments collect (R96, R121), and when catalogue and column began (R120)."""

from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from credit_portal.registry.models import Department, PublicityClass, Region

from .act_models import ActKind


class InformationItem(models.Model):
    """One kind of credit information of one department: what it is, who gives it, who may see it, since when."""

    class Collected(models.TextChoices):
        """By which rows of the portal it is counted. What is collected elsewhere is named all the same."""

        LICENCE = ActKind.LICENCE.value, ActKind.LICENCE.label
        PENALTY = ActKind.PENALTY.value, ActKind.PENALTY.label
        COERCION = ActKind.COERCION.value, ActKind.COERCION.label
        CONFIRMATION = ActKind.CONFIRMATION.value, ActKind.CONFIRMATION.label
        LEVY = ActKind.LEVY.value, ActKind.LEVY.label
        PAYMENT = ActKind.PAYMENT.value, ActKind.PAYMENT.label
        ADJUDICATION = ActKind.ADJUDICATION.value, ActKind.ADJUDICATION.label
        COMPENSATION = ActKind.COMPENSATION.value, ActKind.COMPENSATION.label
        REWARD = ActKind.REWARD.value, ActKind.REWARD.label
        INSPECTION = ActKind.INSPECTION.value, ActKind.INSPECTION.label
        JUDICIAL = ActKind.JUDICIAL.value, ActKind.JUDICIAL.label
        COMMITMENT = "commitment", "信用承诺"
        BREACH = "breach", "违诺认定"
        OTHER = "other", "在其他系统归集"

    code = models.CharField("目录编码", max_length=40, unique=True)
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划", related_name="+")
    department = models.ForeignKey(Department, models.PROTECT, verbose_name="提供部门", related_name="+")
    name = models.CharField("信息名称", max_length=200)
    collected = models.CharField("归集方式", max_length=20, choices=Collected.choices)
    publicity_class = models.CharField("公开类型", max_length=10, choices=PublicityClass.choices)
    cycle = models.CharField("更新周期", max_length=100, help_text="例如：作出决定之日起 7 个工作日内")
    basis = models.CharField("依据", max_length=300, blank=True)
    collected_from = models.DateField("开始归集日期", null=True, blank=True)
    retired_on = models.DateField("停用日期", null=True, blank=True)
    is_demo = models.BooleanField("演示数据", default=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = "信用信息目录"
        verbose_name_plural = "信用信息目录"
        ordering = ["region_id", "code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(retired_on__isnull=True)
                | Q(collected_from__isnull=True)
                | Q(retired_on__gte=F("collected_from")),
                name="information_dates_in_order",
                violation_error_message="停用日期不能早于开始归集日期。",
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class LaunchDate(models.Model):
    """By when something had to be there, by which document, and since when it is."""

    class What(models.TextChoices):
        ITEM_CATALOGUE = "item_catalogue", "信用承诺应用事项目录"
        COLUMN = "column", "信用承诺专栏"
        INFORMATION_CATALOGUE = "information_catalogue", "信用信息目录"

    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划", related_name="+")
    what = models.CharField("内容", max_length=30, choices=What.choices)
    due_on = models.DateField("文件要求的日期", null=True, blank=True)
    basis = models.CharField("依据", max_length=200, blank=True)
    launched_on = models.DateField("实际上线日期", null=True, blank=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = "上线日期"
        verbose_name_plural = "目录和专栏的上线日期"
        ordering = ["region_id", "what"]
        constraints = [
            models.UniqueConstraint(
                fields=["region", "what"],
                name="launch_once",
                violation_error_message="本地区已有这一项。",
            )
        ]

    def __str__(self) -> str:
        return f"{self.region} {self.get_what_display()}"
