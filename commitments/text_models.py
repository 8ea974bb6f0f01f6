"""Texts of commitments: versions with clauses and blanks. What is published is frozen by triggers."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from credit_portal.registry.models import (
    CommitmentType,
    Department,
    Region,
    ServiceItem,
    User,
)
from credit_portal.registry.version_models import Withdrawable


class RequiredContent(models.TextChoices):
    """The eight general contents of S2 三 and the liability that every text needs."""

    OBEY_LAW = "obey_law", "遵守法律法规规章、履行法定义务"
    NO_DISHONESTY = "no_dishonesty", "无失信记录或已完成修复"
    TRUE_MATERIALS = "true_materials", "材料合法真实准确完整有效"
    LAWFUL_BUSINESS = "lawful_business", "依法经营、履行约定、提供合格产品或服务"
    AGREE_PUBLICATION = "agree_publication", "同意记入信用记录并公示"
    ACCEPT_SUPERVISION = "accept_supervision", "接受各方监督"
    ACCEPT_CONSEQUENCES = "accept_consequences", "接受违诺的处罚与惩戒并担责"
    OTHER = "other", "其他承诺"


# How an author may say that a clause is kept (Obligation.Kind).
KEEPING = [
    ("to_do", "按期完成：做完就算，例如在某日前完工"),
    ("kept_up", "持续做到：有效期内一直做到"),
    ("declared", "如实声明：签署时的情况，没有要另外做的事"),
]


class CommitmentText(models.Model):
    """A text's identity. The text of an item goes before the general one of its type and region."""

    class Origin(models.TextChoices):
        PROVINCIAL = "provincial", "省级示范文本"
        OWN = "own", "本地文本"
        ASSOCIATION = "association", "行业协会文本"

    code = models.CharField("文本编码", max_length=40, unique=True)
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划")
    department = models.ForeignKey(Department, models.PROTECT, verbose_name="制定部门")
    commitment_type = models.CharField("承诺类型", max_length=20, choices=CommitmentType.choices)
    late_materials = models.BooleanField("容缺受理文本", default=False)
    item = models.ForeignKey(ServiceItem, models.PROTECT, null=True, blank=True, verbose_name="专用事项")
    origin = models.CharField("来源", max_length=20, choices=Origin.choices)
    model = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, verbose_name="采用的示范文本", related_name="adoptions"
    )
    is_demo = models.BooleanField("演示数据", default=False)

    class Meta:
        verbose_name = "承诺书文本"
        verbose_name_plural = "承诺书文本"
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class TextVersion(Withdrawable):
    class Status(models.TextChoices):
        DRAFT = "draft", "草稿"
        PUBLISHED = "published", "现行"
        FROZEN = "frozen", "历史"
        WITHDRAWN = "withdrawn", "已撤回"

    text = models.ForeignKey(CommitmentText, models.PROTECT, related_name="versions", verbose_name="文本")
    number = models.PositiveIntegerField("版本号")
    status = models.CharField("状态", max_length=10, choices=Status.choices, default=Status.DRAFT)
    title = models.CharField("标题", max_length=100)
    scope = models.CharField("适用范围", max_length=300, help_text="R22：写明在什么情形下使用")
    notice = models.TextField("告知书", help_text="每段一行")
    privacy_notice = models.TextField("个人信息处理告知", help_text="每段一行")
    # Of a text that is a provincial model's: the version whose words these are, and what the place filled in (R24).
    adopts = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, editable=False, related_name="adopted_as"
    )
    place_values = models.JSONField("本地填写内容", default=dict, blank=True, editable=False)
    sha256 = models.CharField("校验值", max_length=64, blank=True, editable=False)
    valid_from = models.DateField("生效日期", null=True, blank=True)
    valid_to = models.DateField("失效日期", null=True, blank=True)
    published_at = models.DateTimeField("发布时间", null=True, blank=True, editable=False)
    published_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = "文本版本"
        verbose_name_plural = "文本版本"
        ordering = ["text", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["text", "number"], name="text_version_number"),
            models.UniqueConstraint(
                fields=["text"],
                condition=Q(status="published"),
                name="text_one_published",
                violation_error_message="该文本已有现行版本。",
            ),
            models.UniqueConstraint(
                fields=["text"],
                condition=Q(status="draft"),
                name="text_one_draft",
                violation_error_message="该文本已有草稿版本。",
            ),
            models.CheckConstraint(
                condition=Q(status="draft")
                | (Q(valid_from__isnull=False, published_at__isnull=False) & ~Q(sha256="")),
                name="text_version_dated",
                violation_error_message="现行和历史版本须有生效日期和校验值。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title or '（未填标题）'}（第 {self.number} 版）"


class Clause(models.Model):
    """One clause. `{key}` in the body is a blank, filled at signing."""

    class Kind(models.TextChoices):
        PLEDGE = "pledge", "承诺内容"
        LIABILITY = "liability", "违诺责任"

    version = models.ForeignKey(TextVersion, models.CASCADE, related_name="clauses", verbose_name="文本版本")
    number = models.PositiveSmallIntegerField("序号")
    kind = models.CharField("性质", max_length=10, choices=Kind.choices, default=Kind.PLEDGE)
    body = models.TextField("条文", help_text="空白处写作 {键}，例如 {完成日期}")
    covers = ArrayField(
        models.CharField(max_length=30, choices=RequiredContent.choices),
        verbose_name="对应的一般承诺内容",
        default=list,
        blank=True,
    )
    keeping = models.CharField(
        "怎样履行", max_length=10, blank=True, choices=KEEPING, help_text="不选的，按对应的一般承诺内容"
    )

    class Meta:
        verbose_name = "条款"
        verbose_name_plural = "条款"
        ordering = ["version", "number"]
        constraints = [models.UniqueConstraint(fields=["version", "number"], name="clause_number")]

    def __str__(self) -> str:
        return f"第 {self.number} 条"


class Blank(models.Model):
    class Kind(models.TextChoices):
        TEXT = "text", "文字"
        DATE = "date", "日期"
        NUMBER = "number", "数字"
        CHOICE = "choice", "选项"

    version = models.ForeignKey(TextVersion, models.CASCADE, related_name="blanks", verbose_name="文本版本")
    key = models.CharField("键", max_length=30)
    label = models.CharField("名称", max_length=60)
    kind = models.CharField("类型", max_length=10, choices=Kind.choices, default=Kind.TEXT)
    choices = ArrayField(models.CharField(max_length=60), verbose_name="选项", default=list, blank=True)
    required = models.BooleanField("必填", default=True)
    max_length = models.PositiveSmallIntegerField("最多字数", default=100)
    help_text = models.CharField("说明", max_length=200, blank=True)
    order = models.PositiveSmallIntegerField("顺序", default=0)

    class Meta:
        verbose_name = "填写项"
        verbose_name_plural = "填写项"
        ordering = ["version", "order", "id"]
        constraints = [models.UniqueConstraint(fields=["version", "key"], name="blank_key")]

    def __str__(self) -> str:
        return self.label
