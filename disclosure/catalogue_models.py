"""The catalogue at work: an item's own rules, files of the catalogue that were handed in, packages filed with the province
(R20, R21, R25, R135)."""

import uuid

from django.db import models
from django.db.models import F, Q

from credit_portal.registry.models import Department, Region, ServiceItem, User


class ItemRules(models.Model):
    """The implementation rules of one item (S2 四（二）「逐项制定信用承诺实施细则」). Never changed: the next number ends the one
    before with the day before."""

    item = models.ForeignKey(ServiceItem, models.PROTECT, related_name="own_rules", verbose_name="事项")
    number = models.PositiveIntegerField("版本号")
    title = models.CharField("名称", max_length=200)
    document_no = models.CharField("文号", max_length=60, blank=True)
    issuer = models.CharField("印发单位", max_length=200)
    issued_on = models.DateField("印发日期")
    scope = models.TextField("适用范围", help_text="每段一行")
    conditions = models.TextField("承诺的条件")
    procedure = models.TextField("办理流程")
    supervision = models.TextField("事中事后监管")
    consequences = models.TextField("违诺的后果")
    repair = models.TextField("信用修复")
    effective_from = models.DateField("施行日期")
    effective_to = models.DateField("施行至", null=True, blank=True)
    entered_at = models.DateTimeField("录入时间")
    entered_by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="录入人", related_name="+")

    class Meta:
        verbose_name = "事项实施细则"
        verbose_name_plural = "事项实施细则"
        ordering = ["item", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["item", "number"], name="item_rules_number"),
            models.UniqueConstraint(
                fields=["item"], condition=Q(effective_to__isnull=True), name="item_rules_one_open"
            ),
            models.CheckConstraint(
                condition=Q(effective_to__isnull=True) | Q(effective_to__gte=F("effective_from")),
                name="item_rules_dates_in_order",
                violation_error_message="新的实施细则须晚于现行的施行日期。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title}（第 {self.number} 版）"


class CatalogueImport(models.Model):
    """A file of the catalogue, looked through first; what is right in it becomes drafts, once."""

    class State(models.TextChoices):
        CHECKED = "checked", "已检查，待导入"
        DONE = "done", "已导入"
        DISCARDED = "discarded", "已放弃"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    department = models.ForeignKey(Department, models.PROTECT, verbose_name="部门", related_name="+")
    name = models.CharField("文件名", max_length=200)
    sha256 = models.CharField("校验值", max_length=64)
    content = models.BinaryField("文件", editable=False)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.CHECKED)
    drafts = models.PositiveIntegerField("写成草稿", default=0)
    same = models.PositiveIntegerField("没有变化", default=0)
    refused = models.PositiveIntegerField("未采用", default=0)
    # Which items became drafts: [[code, number of the version, name], …].
    written = models.JSONField("草稿", default=list)
    uploaded_at = models.DateTimeField("上传时间")
    uploaded_by = models.ForeignKey(User, models.PROTECT, verbose_name="上传人", related_name="+")
    finished_at = models.DateTimeField("完成时间", null=True, blank=True)

    class Meta:
        verbose_name = "目录文件"
        verbose_name_plural = "目录文件"
        ordering = ["-id"]


class CatalogueFiling(models.Model):
    """A package of the catalogue for the province (R21, S2 四（一）「报送省社会信用体系建设领导小组办公室」). What was packed stays
    (trigger); that it was filed, and the receipt, are added once each. `snapshot` is what the next one counts from."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField("编号", max_length=30, unique=True)
    department = models.ForeignKey(Department, models.PROTECT, verbose_name="报送单位", related_name="+")
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划", related_name="+")
    as_of = models.DateField("目录截至")
    recipient = models.CharField("报送对象", max_length=200)
    letter_no = models.CharField("文号", max_length=60)
    before = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, verbose_name="上一次备案", related_name="+"
    )
    changes = models.JSONField("变化", default=list)
    snapshot = models.JSONField("事项版本", default=dict)
    content = models.BinaryField("文件包", editable=False)
    sha256 = models.CharField("校验值", max_length=64)
    packed_at = models.DateTimeField("编制时间")
    packed_by = models.ForeignKey(User, models.PROTECT, verbose_name="编制人", related_name="+")
    filed_on = models.DateField("报送日期", null=True, blank=True)
    filed_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="报送人", related_name="+"
    )
    receipt_no = models.CharField("回执编号", max_length=60, blank=True)
    receipt_on = models.DateField("回执日期", null=True, blank=True)

    class Meta:
        verbose_name = "目录备案"
        verbose_name_plural = "目录备案"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(filed_on__isnull=False) | Q(receipt_no="", receipt_on__isnull=True),
                name="catalogue_filing_receipt_after_filing",
                violation_error_message="先登记报送，再登记回执。",
            )
        ]

    def __str__(self) -> str:
        return self.number
