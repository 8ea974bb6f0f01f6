"""Who and what: regions, departments, staff, credit subjects, the catalogue of service items."""

import uuid
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from . import codes, crypto
from .version_models import Withdrawable


class CommitmentType(models.TextChoices):
    """The five types of S0 一（一）."""

    VOLUNTARY = "voluntary", "主动型"
    APPROVAL = "approval", "审批替代型"
    SUPERVISORY = "supervisory", "监管辅助型"
    INDUSTRY = "industry", "行业自律型"
    REPAIR = "repair", "信用修复型"


class PublicityClass(models.TextChoices):
    PUBLIC = "public", "可向社会公开"
    LIMITED = "limited", "特定范围内公开"
    CLOSED = "closed", "不可公开"


class Domain(models.TextChoices):
    """Fields of administration: the ten of S0 二（一） where a check counts, the nine encouraged, and R23's others."""

    APPROVAL = "approval", "行政审批"
    SUBSIDY = "subsidy", "财政资金补助"
    PROCUREMENT = "procurement", "政府采购"
    PUBLIC_WORKS = "public_works", "政府投资工程建设"
    LAND = "land", "招标投标方式出让土地使用权"
    STATE_ASSETS = "state_assets", "国有资产产权交易"
    TAX_RELIEF = "tax_relief", "税收优惠政策"
    QUALIFICATION = "qualification", "资格审核认定"
    AWARDS = "awards", "评优评级"
    RECRUITMENT = "recruitment", "公务员和事业单位人员招聘"
    FOOD_DRUG = "food_drug", "食品药品安全"
    ENVIRONMENT = "environment", "环境保护"
    PRODUCT_QUALITY = "product_quality", "产品质量"
    HEALTH = "health", "医疗卫生"
    CONSTRUCTION = "construction", "工程建设"
    EDUCATION = "education", "教育科研"
    E_COMMERCE = "e_commerce", "电子商务"
    EQUITY = "equity", "股权投资"
    FINANCE = "finance", "融资担保"
    BIDDING = "bidding", "招标投标"
    MARKET_ACCESS = "market_access", "市场准入"
    REAL_ESTATE = "real_estate", "不动产登记"
    SOCIAL_INSURANCE = "social_insurance", "社会保险和医疗保险"
    EXAMS = "exams", "考试考核"
    TRANSPORT = "transport", "交通运输"
    INDUSTRY = "industry", "行业自律"
    OTHER = "other", "其他"


class Region(models.Model):
    """行政区划 (GB/T 2260). `path` holds the codes from the nation down, so that «this and below» is one prefix."""

    code = models.CharField("行政区划代码", max_length=6, primary_key=True)
    name = models.CharField("名称", max_length=60)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, verbose_name="上级")
    path = models.CharField("路径", max_length=120, unique=True, editable=False)

    class Meta:
        verbose_name = "行政区划"
        verbose_name_plural = "行政区划"
        ordering = ["path"]

    def __str__(self) -> str:
        return self.name

    @property
    def lineage(self) -> list[str]:
        """Codes from this region up to the nation: the order in which rules are looked for."""
        return self.path.split("/")[::-1]


class Department(models.Model):
    class Kind(models.TextChoices):
        CREDIT_OFFICE = "credit_office", "信用主管部门"
        APPROVAL_BUREAU = "approval_bureau", "行政审批局"
        COMPETENT = "competent", "行业主管部门"
        TOWNSHIP = "township", "乡镇（街道、开发区）"
        ASSOCIATION = "association", "行业协会商会"
        TAX = "tax", "税务机关"
        OTHER = "other", "其他"

    uscc = models.CharField("统一社会信用代码", max_length=18, unique=True)
    name = models.CharField("名称", max_length=200)
    short_name = models.CharField("简称", max_length=40)
    kind = models.CharField("类别", max_length=20, choices=Kind.choices)
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划", related_name="departments")
    head = models.ForeignKey(
        "User", models.SET_NULL, null=True, blank=True, verbose_name="负责人", related_name="heads"
    )
    address = models.CharField("地址", max_length=200, blank=True)
    phone = models.CharField("公开电话", max_length=40, blank=True)
    is_active = models.BooleanField("在用", default=True)
    is_demo = models.BooleanField("演示数据", default=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = "部门"
        verbose_name_plural = "部门"
        ordering = ["region_id", "name"]

    def __str__(self) -> str:
        return self.name


class SealedNumber:
    """Two columns of a model, sealed value and blind index, read and written as one plain attribute.

    The owner has a `uuid`, set before the first write; it is part of the associated data. Each field has a `purpose` of its
    own: whoever sees the columns of two cannot tell that they hold the same number.
    """

    def __init__(self, field: str, *, label: str, index: str | None = None, purpose: str = "") -> None:
        self.field, self.label, self.index, self.purpose = field, label, index, purpose or index or ""

    def __get__(self, owner, owner_class=None):
        if owner is None:
            return self
        return crypto.open_sealed(getattr(owner, self.field), aad=f"{self.label}:{owner.uuid}:{self.field}")

    def __set__(self, owner, value: str) -> None:
        setattr(owner, self.field, crypto.seal(value, aad=f"{self.label}:{owner.uuid}:{self.field}"))
        if self.index:
            setattr(owner, self.index, self.index_of(value) if value else None)

    def index_of(self, value: str) -> str:
        """By which a number is looked up in this field, and in no other."""
        return crypto.blind_index(value, purpose=self.purpose)


class User(AbstractUser):
    """A member of staff: one department, the groups of `groups.py`. Superusers do not exist (see the constraint)."""

    first_name = None  # type: ignore[assignment]  # Django takes a field away like this
    last_name = None  # type: ignore[assignment]
    display_name = models.CharField("姓名", max_length=60)
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, blank=True, verbose_name="部门", related_name="staff"
    )
    window_label = models.CharField("窗口", max_length=20, blank=True, help_text="例如：3 号窗口")
    left_on = models.DateField("离岗日期", null=True, blank=True)
    mobile_sealed = models.TextField("手机号码（加密）", blank=True, editable=False)
    is_demo = models.BooleanField("演示数据", default=False)
    history = HistoricalRecords(excluded_fields=["password", "last_login"])

    mobile = SealedNumber("mobile_sealed", label="user")

    REQUIRED_FIELDS = ["display_name"]

    class Meta:
        verbose_name = "工作人员"
        verbose_name_plural = "工作人员"
        ordering = ["username"]
        constraints = [
            models.CheckConstraint(
                condition=Q(is_superuser=False),
                name="user_no_superuser",
                violation_error_message="本系统不设超级用户，请按角色授权。",
            ),
            models.CheckConstraint(
                condition=Q(left_on__isnull=True) | Q(is_active=False),
                name="user_left_is_inactive",
                violation_error_message="已离岗的账号须停用。",
            ),
        ]

    def __str__(self) -> str:
        return self.display_name or self.username

    @property
    def uuid(self) -> int | None:
        """What a number is sealed under: an account is known by its id, and has one before a number is set."""
        return self.pk

    def get_full_name(self) -> str:
        return self.display_name

    def get_short_name(self) -> str:
        return self.display_name


class CreditSubject(models.Model):
    """Whom a commitment binds: an organisation, a sole trader or a natural person. One record a code (R68)."""

    class Kind(models.TextChoices):
        ORGANISATION = codes.ORGANISATION, "法人及非法人组织"
        SOLE_TRADER = codes.SOLE_TRADER, "个体工商户"
        PERSON = codes.PERSON, "自然人"

    class NameSource(models.TextChoices):
        LICENCE = "licence", "营业执照"
        REGISTRATION = "registration", "登记证书"
        GSXT = "gsxt", "国家企业信用信息公示系统"
        IDENTITY_CARD = "identity_card", "居民身份证"
        PLATFORM = "platform", "信用信息共享平台"
        DEPARTMENT = "department", "部门报送"
        DECLARED = "declared", "申请人陈述"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField("类别", max_length=20, choices=Kind.choices)
    uscc = models.CharField("统一社会信用代码", max_length=18, null=True, blank=True, unique=True)
    id_number_sealed = models.TextField("身份证号码（加密）", blank=True, editable=False)
    id_number_index = models.CharField(max_length=64, null=True, unique=True, editable=False)
    name = models.CharField("名称", max_length=200)
    name_source = models.CharField("名称来源", max_length=20, choices=NameSource.choices)
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="登记时所在区划")
    phone_sealed = models.TextField("联系电话（加密）", blank=True, editable=False)
    state_owned = models.BooleanField("国有企业或公共机构", default=False)
    registered_at = models.DateTimeField("登记时间")
    registered_by = models.ForeignKey(
        User, models.PROTECT, null=True, verbose_name="登记人", related_name="+"
    )
    is_demo = models.BooleanField("演示数据", default=False)
    history = HistoricalRecords()

    id_number = SealedNumber("id_number_sealed", label="subject", index="id_number_index")
    phone = SealedNumber("phone_sealed", label="subject")

    class Meta:
        verbose_name = "信用主体"
        verbose_name_plural = "信用主体"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="person", uscc__isnull=True, id_number_index__isnull=False)
                | (~Q(kind="person") & Q(uscc__isnull=False, id_number_index__isnull=True)),
                name="subject_code_by_kind",
                violation_error_message="自然人须有身份证号码，其他主体须有统一社会信用代码。",
            )
        ]

    def __str__(self) -> str:
        return self.name if self.kind != self.Kind.PERSON else codes.mask_person_name(self.name)

    @property
    def shown_code(self) -> str:
        """The code as staff screens show it: whole for organisations, masked for a person."""
        return self.uscc if self.uscc else codes.mask_id_number(self.id_number)


class SubjectName(models.Model):
    """Every name a subject has borne, from when to when, and who says so.

    `fragments` holds each single character and pair of neighbouring characters, made by the database itself so that no
    way of writing can forget it; fragment search starts from its GIN index. Persons have none: they are not searched.
    """

    subject = models.ForeignKey(CreditSubject, models.PROTECT, related_name="names", verbose_name="主体")
    name = models.CharField("名称", max_length=200)
    source = models.CharField("来源", max_length=20, choices=CreditSubject.NameSource.choices)
    valid_from = models.DateField("自", null=True, blank=True)
    valid_to = models.DateField("至", null=True, blank=True)
    searchable = models.BooleanField(default=True, editable=False)
    recorded_at = models.DateTimeField("登记时间")
    recorded_by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="登记人", related_name="+")
    fragments = models.GeneratedField(
        expression=models.Func(F("name"), F("searchable"), function="registry_name_fragments"),
        output_field=ArrayField(models.TextField()),
        db_persist=True,
    )

    class Meta:
        verbose_name = "主体名称"
        verbose_name_plural = "主体名称"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["subject"], condition=Q(valid_to__isnull=True), name="subject_one_current_name"
            )
        ]
        indexes = [GinIndex(fields=["fragments"], name="subject_name_fragments", fastupdate=False)]

    def __str__(self) -> str:
        return self.name


class ResponsiblePerson(models.Model):
    """R8: legal representative, principal, actual controller, each with dates and source."""

    class Capacity(models.TextChoices):
        LEGAL_REPRESENTATIVE = "legal_representative", "法定代表人"
        PRINCIPAL = "principal", "主要负责人"
        CONTROLLER = "controller", "实际控制人"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    subject = models.ForeignKey(
        CreditSubject, models.PROTECT, related_name="responsible", verbose_name="主体"
    )
    capacity = models.CharField("身份", max_length=30, choices=Capacity.choices)
    name = models.CharField("姓名", max_length=200)
    id_number_sealed = models.TextField("身份证号码（加密）", blank=True, editable=False)
    id_number_index = models.CharField(max_length=64, null=True, db_index=True, editable=False)
    from_on = models.DateField("任职自", null=True, blank=True)
    until_on = models.DateField("任职至", null=True, blank=True)
    source = models.CharField("来源", max_length=20, choices=CreditSubject.NameSource.choices)
    history = HistoricalRecords()

    id_number = SealedNumber(
        "id_number_sealed", label="responsible", index="id_number_index", purpose="responsible_id_number"
    )

    class Meta:
        verbose_name = "责任人员"
        verbose_name_plural = "责任人员"
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "capacity"],
                condition=Q(until_on__isnull=True),
                name="responsible_one_current",
                violation_error_message="该身份已有在任人员，请先登记其任职结束。",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_capacity_display()} {codes.mask_person_name(self.name)}"


class ServiceItem(models.Model):
    """An item of the catalogue (R20): the identity that its versions share."""

    code = models.CharField("事项编码", max_length=40, unique=True)
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划")
    department = models.ForeignKey(Department, models.PROTECT, verbose_name="主管部门", related_name="items")
    retired_on = models.DateField("停用日期", null=True, blank=True)
    is_demo = models.BooleanField("演示数据", default=False)

    class Meta:
        verbose_name = "服务事项"
        verbose_name_plural = "服务事项"
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class ServiceItemVersion(Withdrawable):
    """What the catalogue says of an item from a day on. Draft → published → frozen; a change is the next version."""

    class Status(models.TextChoices):
        DRAFT = "draft", "草稿"
        PUBLISHED = "published", "现行"
        FROZEN = "frozen", "历史"
        WITHDRAWN = "withdrawn", "已撤回"

    class Scope(models.TextChoices):
        MUST = "must", "应当采用承诺制"
        MAY = "may", "可以采用承诺制"

    class Checkpoint(models.TextChoices):
        """Where in its process credit is examined (R59)."""

        ACCEPTANCE = "acceptance", "受理环节"
        REVIEW = "review", "资格审查环节"
        DECISION = "decision", "决定环节"
        NONE = "none", "不设信用审查"

    item = models.ForeignKey(ServiceItem, models.PROTECT, related_name="versions", verbose_name="事项")
    number = models.PositiveIntegerField("版本号")
    status = models.CharField("状态", max_length=10, choices=Status.choices, default=Status.DRAFT)
    name = models.CharField("事项名称", max_length=200)
    pinyin = models.CharField("简拼", max_length=60, blank=True, help_text="窗口快速选择用，例如 spjyxk")
    domain = models.CharField("领域", max_length=30, choices=Domain.choices)
    allowed_types = ArrayField(
        models.CharField(max_length=20, choices=CommitmentType.choices), verbose_name="可用承诺类型"
    )
    scope = models.CharField("适用要求", max_length=10, choices=Scope.choices, default=Scope.MAY)
    in_hall = models.BooleanField("政务服务大厅办理", default=True)
    checkpoint = models.CharField("信用审查环节", max_length=12, choices=Checkpoint.choices)
    evidence_required = models.BooleanField(
        "须留存查询截屏", default=False, help_text="核查后须附网站查询情况的截屏，才能继续办理"
    )
    allows_late_materials = models.BooleanField("可容缺受理", default=False)
    materials = models.JSONField(
        "申请材料",
        default=list,
        blank=True,
        help_text='[{"name": "…", "source": "…", "late": false}]，late：可以后补',
    )
    handled_at_once = models.BooleanField(
        "即时办理", default=False, help_text="承诺符合条件并交齐材料的，当日出结果"
    )
    online = models.BooleanField("可网上承诺", default=False, help_text="主体可以在手机上自助签署（R34）")
    once_a_year = models.BooleanField(
        "每个年度一份", default=False, help_text="文本须有填写项“年度”；同一年度再签时会询问（R32）"
    )
    occupation = models.ForeignKey(
        "OccupationGroup",
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="重点职业人群",
        related_name="+",
        help_text="由这一人群的成员以个人名义承诺；文本须有填写项“单位”“岗位”（R9、R19）",
    )
    subject_kinds = ArrayField(
        models.CharField(max_length=20, choices=CreditSubject.Kind.choices),
        verbose_name="谁可以承诺",
        default=list,
        blank=True,
        help_text="一个都不选的，不限；每个年度一份的，限自然人",
    )
    promised_working_days = models.PositiveSmallIntegerField("承诺办结时限（工作日）", null=True, blank=True)
    validity_months = models.PositiveSmallIntegerField("承诺有效期（月）", null=True, blank=True)
    # What the commitment spares the applicant; unknown where nobody has counted.
    materials_spared = models.PositiveSmallIntegerField(
        "承诺可少交的材料（件）", null=True, blank=True, help_text="采用承诺制比一般程序少交几件"
    )
    days_spared = models.PositiveSmallIntegerField(
        "承诺可少等的时间（工作日）", null=True, blank=True, help_text="采用承诺制比一般程序少几个工作日"
    )
    publicity_class = models.CharField(
        "默认公开类型", max_length=10, choices=PublicityClass.choices, default=PublicityClass.PUBLIC
    )
    legal_basis = models.CharField("依据", max_length=300, blank=True)
    valid_from = models.DateField("生效日期", null=True, blank=True)
    valid_to = models.DateField("失效日期", null=True, blank=True)
    published_at = models.DateTimeField("发布时间", null=True, blank=True, editable=False)
    published_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = "事项版本"
        verbose_name_plural = "服务事项目录"
        ordering = ["item", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["item", "number"], name="item_version_number"),
            models.UniqueConstraint(
                fields=["item"],
                condition=Q(status="published"),
                name="item_one_published",
                violation_error_message="该事项已有现行版本。",
            ),
            models.UniqueConstraint(
                fields=["item"],
                condition=Q(status="draft"),
                name="item_one_draft",
                violation_error_message="该事项已有草稿版本。",
            ),
            models.CheckConstraint(
                condition=Q(status="draft") | Q(valid_from__isnull=False, published_at__isnull=False),
                name="item_version_dated",
                violation_error_message="现行和历史版本须有生效日期。",
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="item_version_dates_in_order",
                violation_error_message="失效日期不能早于生效日期。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}（第 {self.number} 版）"

    @property
    def late_ones(self) -> list[dict[str, Any]]:
        """The materials that may follow later (容缺), each with `name` and `source`, in the order of the list."""
        return [one for one in self.materials if one["late"]] if self.allows_late_materials else []

    @property
    def made_by(self) -> tuple[str, ...]:
        """Kinds of subject that may make the commitment. Members of an occupational group do so in their own name (R9); else
        what the catalogue says; where it says nothing, everybody, and for a yearly declaration (R32) persons."""
        if self.occupation_id or (self.once_a_year and not self.subject_kinds):
            return (CreditSubject.Kind.PERSON,)
        return tuple(
            kind for kind in CreditSubject.Kind if not self.subject_kinds or kind in self.subject_kinds
        )

    @property
    def made_by_label(self) -> str:
        return "、".join(CreditSubject.Kind(kind).label for kind in self.made_by)


class NumberCounter(models.Model):
    """The last number taken in a series; `numbering.py` locks the row while it takes the next."""

    series = models.CharField("序列", max_length=60, primary_key=True)
    last = models.PositiveIntegerField("末号", default=0)

    class Meta:
        verbose_name = "编号"
        verbose_name_plural = "编号"


from .access_models import AccessCode as AccessCode  # noqa: E402  (they refer to the subjects above)
from .access_models import AccessSession as AccessSession  # noqa: E402
from .access_models import SubjectAccess as SubjectAccess  # noqa: E402
from .access_models import WrongCode as WrongCode  # noqa: E402
from .contact_models import UnitContact as UnitContact  # noqa: E402  (it refers to the staff above)
from .occupation_models import OccupationGroup as OccupationGroup  # noqa: E402
