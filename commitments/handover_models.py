"""The hand-over of a register that an office or a department has kept until now (R20–R25, R35; S0 三（二）, S2 四（一）, S4 1 5).

How its columns and words are to be read is a saved mapping, version by version; what became of a commitment before it came
here stays as what the register told: beside the commitment, never as a determination of this portal. All of it is added only.
"""

from django.db import models
from django.db.models import Q

from credit_portal.documents.models import EvidenceFile
from credit_portal.registry.models import Department, User

from .bulk_models import BulkJob


class HandoverMapping(models.Model):
    """One version of how a register is read. A change is a new version, so a version that was used stays as it was."""

    class Source(models.TextChoices):
        WORKBOOK = "workbook", "单位自己的台账"
        SYSTEM = "system", "其他系统导出的表"
        PLATFORM = "platform", "上级或者外地平台下发的表"

    class DayOrder(models.TextChoices):
        YMD = "ymd", "年在前（2023-01-05）"
        DMY = "dmy", "日在前（05/01/2023 是 1 月 5 日）"
        MDY = "mdy", "月在前（05/01/2023 是 5 月 1 日）"

    department = models.ForeignKey(Department, models.PROTECT, verbose_name="移交单位", related_name="+")
    name = models.CharField("登记簿名称", max_length=60)
    version = models.PositiveIntegerField("版本")
    source = models.CharField("来源", max_length=10, choices=Source.choices)
    head = models.JSONField("原表的列", default=list)
    # {"their column": {"field": 9}} or {"their column": {"reason": "…"}}: not taken, and why.
    columns = models.JSONField("列的对照", default=dict)
    constants = models.JSONField("原表没有的列填入", default=dict, help_text='{"18": "…"}')
    words = models.JSONField("取值的对照", default=dict, help_text='{"11": {"已完成": "全部履行"}}')
    day_order = models.CharField("日期的写法", max_length=3, choices=DayOrder.choices, default=DayOrder.YMD)
    # The first version holds what was suggested only; a person confirms before anything is read by it.
    confirmed = models.BooleanField("已由人确认", default=False)
    made_by = models.ForeignKey(
        User, models.PROTECT, null=True, verbose_name="保存人", related_name="+", db_index=False
    )
    made_at = models.DateTimeField("保存时间")
    is_demo = models.BooleanField("演示数据", default=False)

    class Meta:
        verbose_name = "移交对照"
        verbose_name_plural = "移交对照"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["department", "name", "version"],
                name="handover_version_once",
                violation_error_message="这份对照刚刚由别人保存过，请刷新后再改。",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name}（第 {self.version} 版）"


class HandedOver(models.Model):
    """A commitment that came by a hand-over: of which register, under which number, on which day."""

    commitment = models.OneToOneField(
        "commitments.Commitment", models.PROTECT, primary_key=True, related_name="handed_over", verbose_name="承诺"
    )  # fmt: skip
    owner = models.ForeignKey(
        Department, models.PROTECT, verbose_name="移交单位", related_name="+", db_index=False
    )
    register = models.CharField("登记簿", max_length=60)
    number = models.CharField("原编号", max_length=60)
    mapping = models.ForeignKey(
        HandoverMapping, models.PROTECT, verbose_name="对照", related_name="+", db_index=False
    )
    job = models.ForeignKey(BulkJob, models.PROTECT, verbose_name="接收", related_name="handed_over")
    row = models.PositiveIntegerField("行")
    handed_on = models.DateField("移交日期")
    state_word = models.CharField("原表中的履行状态", max_length=60, blank=True)
    own_code = models.BooleanField("编码由本系统编给", default=False)

    class Meta:
        verbose_name = "移交的承诺"
        verbose_name_plural = "移交的承诺"
        constraints = [
            models.UniqueConstraint(fields=["owner", "register", "number"], name="handed_over_once")
        ]

    def __str__(self) -> str:
        return f"{self.register} {self.number}"


class HandedHistory(models.Model):
    """What the register tells of earlier states. Shown with its source; nothing is determined, published or due by it."""

    class Kind(models.TextChoices):
        KEPT = "kept", "全部履行"
        BREACH = "breach", "曾认定违诺"
        ENDED = "ended", "已终止"

    commitment = models.ForeignKey(
        "commitments.Commitment", models.PROTECT, related_name="handed_history", verbose_name="承诺"
    )
    job = models.ForeignKey(
        BulkJob, models.PROTECT, verbose_name="接收", related_name="handed_history", db_index=False
    )
    row = models.PositiveIntegerField("行")
    kind = models.CharField("性质", max_length=10, choices=Kind.choices)
    what = models.CharField("原表载明", max_length=300, blank=True)
    # Determined, published and ended or repaired before: no matter is opened.
    settled = models.BooleanField("移交前已了结", default=True)
    document_no = models.CharField("文书号", max_length=100, blank=True)
    found_on = models.DateField("认定日期", null=True, blank=True)
    found_by = models.CharField("认定单位", max_length=200, blank=True)
    from_on = models.DateField("公示开始", null=True, blank=True)
    until_on = models.DateField("公示结束", null=True, blank=True)
    repaired_on = models.DateField("修复日期", null=True, blank=True)

    class Meta:
        verbose_name = "移交的历史"
        verbose_name_plural = "移交的历史"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(from_on__isnull=True) | Q(until_on__isnull=True) | Q(until_on__gte=models.F("from_on")),
                name="handed_history_in_order",
                violation_error_message="公示结束日期不能早于公示开始日期。",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.get_kind_display()}（第 {self.row} 行）"


class HandoverProtocol(models.Model):
    """移交清单: who gave, who received, when, how many, which file. Printed to be signed by both sides."""

    number = models.CharField("编号", max_length=30, unique=True)
    job = models.OneToOneField(BulkJob, models.PROTECT, related_name="protocol", verbose_name="接收")
    department = models.ForeignKey(Department, models.PROTECT, verbose_name="移交单位", related_name="+")
    giver = models.CharField("移交方", max_length=200)
    giver_person = models.CharField("移交人", max_length=60)
    receiver = models.CharField("接收方", max_length=200)
    receiver_person = models.CharField("接收人", max_length=60)
    on = models.DateField("移交日期")
    counts = models.JSONField("数目")
    file_sha256 = models.CharField("原文件校验值", max_length=64)
    pdf = models.ForeignKey(EvidenceFile, models.PROTECT, verbose_name="移交清单", related_name="+")
    made_by = models.ForeignKey(User, models.PROTECT, verbose_name="制作人", related_name="+", db_index=False)
    made_at = models.DateTimeField("制作时间")
    is_demo = models.BooleanField("演示数据", default=False)

    class Meta:
        verbose_name = "移交清单"
        verbose_name_plural = "移交清单"
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.number
