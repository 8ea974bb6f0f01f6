"""Grades by published standards (S1 三（七）, S4 7; R66), and evaluations that come from above and are passed on
(S1 三（六）, S4 6; R124). A standard is frozen when it is approved; runs, grades, evaluations and what was passed on are
added, never changed (trigger)."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from credit_portal.documents.models import EvidenceFile
from credit_portal.registry.models import CreditSubject, Department, Region, User

from . import vocabulary as words
from .frozen_rows import PlainJSON
from .measure_models import choices


class Grade(models.TextChoices):
    A = "A", "信用好"
    B = "B", "信用较好"
    C = "C", "信用一般"
    D = "D", "信用较差"


class Tier(models.TextChoices):
    """How much a subject of a grade is inspected (R65; S1 三（七）, S4 7)."""

    LOWER = "lower", "降低抽查比例"
    ORDINARY = "ordinary", "按常规比例抽查"
    HIGHER = "higher", "提高抽查比例"


class GradingStandard(models.Model):
    """How subjects of a region are graded, from when to when: a version each, drafted by one and approved by another. One
    that no document of the region confirms reminds and sets no rate."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="地区", related_name="+", db_index=False)
    number = models.PositiveSmallIntegerField("版本")
    name = models.CharField("名称", max_length=100)
    basis = models.CharField("依据", max_length=300, help_text="文件的名称、文号和条款")
    confirmed = models.BooleanField(
        "本地区文件已确定", default=False, help_text="没有确定的只作提示，不影响抽查比例"
    )
    base = models.PositiveSmallIntegerField("起评分", default=100)
    a_from = models.SmallIntegerField("信用好的最低分")
    b_from = models.SmallIntegerField("信用较好的最低分")
    c_from = models.SmallIntegerField("信用一般的最低分")
    a_tier = models.CharField("信用好的抽查", max_length=10, choices=Tier.choices, default=Tier.LOWER)
    b_tier = models.CharField("信用较好的抽查", max_length=10, choices=Tier.choices, default=Tier.ORDINARY)
    c_tier = models.CharField("信用一般的抽查", max_length=10, choices=Tier.choices, default=Tier.ORDINARY)
    d_tier = models.CharField("信用较差的抽查", max_length=10, choices=Tier.choices, default=Tier.HIGHER)
    effective_from = models.DateField("生效日期")
    effective_to = models.DateField("失效日期", null=True, blank=True)
    entered_by = models.ForeignKey(User, models.PROTECT, verbose_name="起草人", related_name="+")
    entered_at = models.DateTimeField("起草时间")
    approved_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="批准人", related_name="+"
    )
    approved_at = models.DateTimeField("批准时间", null=True, blank=True)
    is_demo = models.BooleanField("演示数据", default=False)

    class Meta:
        verbose_name = "信用评级标准"
        verbose_name_plural = "信用评级标准"
        ordering = ["region", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["region", "number"], name="grading_standard_version_once"),
            models.CheckConstraint(
                condition=Q(a_from__gt=F("b_from")) & Q(b_from__gt=F("c_from")),
                name="grading_standard_bounds_in_order",
                violation_error_message="各等级的最低分应从高到低：信用好、信用较好、信用一般。",
            ),
            models.CheckConstraint(
                condition=Q(effective_to__isnull=True) | Q(effective_to__gte=F("effective_from")),
                name="grading_standard_days_in_order",
                violation_error_message="失效日期不能早于生效日期。",
            ),
            models.CheckConstraint(
                condition=Q(approved_at__isnull=True, approved_by__isnull=True)
                | (Q(approved_at__isnull=False, approved_by__isnull=False) & ~Q(approved_by=F("entered_by"))),
                name="grading_standard_by_two",
                violation_error_message="评级标准由起草人以外的另一人批准。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}（第 {self.number} 版）"


class GradeIndicator(models.Model):
    """One line of a standard: which entries of a record count, in which state, for how long, with how many points each,
    the newest so many of them at most."""

    class Counts(models.TextChoices):
        UNREPAIRED = "unrepaired", "没有修复的（含公示期内）"
        IN_PUBLICITY = "in_publicity", "公示期内的"
        VALID = "valid", "有效的"

    standard = models.ForeignKey(
        GradingStandard, models.CASCADE, verbose_name="评级标准", related_name="indicators", db_index=False
    )
    number = models.PositiveSmallIntegerField("序号")
    kind = models.CharField("信用记录类别", max_length=20, choices=choices(words.KIND_LABELS))
    grade = models.CharField(
        "程度", max_length=10, choices=[("minor", "轻微"), ("general", "一般"), ("serious", "严重")], blank=True,
        help_text="空：各种程度",
    )  # fmt: skip
    counts = models.CharField("哪些计入", max_length=12, choices=Counts.choices)
    months = models.PositiveSmallIntegerField("计入的月数", null=True, blank=True, help_text="空：不限")
    points = models.SmallIntegerField("每条分数")
    most = models.PositiveSmallIntegerField("最多计入条数", null=True, blank=True, help_text="空：不限")

    class Meta:
        verbose_name = "评级指标"
        verbose_name_plural = "评级指标"
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["standard", "number"], name="grade_indicator_once"),
            # Only what counts against somebody in a check can lower a grade, and only what is good can raise it.
            models.CheckConstraint(
                condition=Q(kind__in=["penalty", "list", "breach"], points__lt=0)
                & (Q(counts="unrepaired") | Q(counts="in_publicity", kind="breach"))
                | Q(
                    kind__in=["exemplary", "good_standing", "award", "fulfilment", "registration"],
                    counts="valid",
                    grade="",
                    points__gt=0,
                ),
                name="grade_indicator_fits",
                violation_error_message="失信记录只能减分，良好记录只能加分。",
            ),
            models.CheckConstraint(
                condition=(Q(months__isnull=True) | Q(months__range=(1, 120)))
                & (Q(most__isnull=True) | Q(most__gte=1))
                & Q(points__range=(-1000, 1000)),
                name="grade_indicator_numbers",
                violation_error_message="月数为 1 至 120，条数不少于 1，分数在 ±1000 以内。",
            ),
        ]

    def __str__(self) -> str:
        return self.in_words

    @property
    def in_words(self) -> str:
        """As the public page says it: `近 36 个月、没有修复的行政处罚（严重）`."""
        when = f"近 {self.months} 个月、" if self.months else ""
        grade = f"（{self.get_grade_display()}）" if self.grade else ""
        return f"{when}{self.get_counts_display()}{self.get_kind_display()}{grade}"


class GradeRun(models.Model):
    """All subjects of a standard graded on a day; only grades that differ from the last are written."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    standard = models.ForeignKey(
        GradingStandard, models.PROTECT, verbose_name="评级标准", related_name="runs", db_index=False
    )
    on = models.DateField("评定日期")
    graded = models.PositiveIntegerField("评定主体数")
    changed = models.PositiveIntegerField("有变动的")
    of_a = models.PositiveIntegerField("信用好")
    of_b = models.PositiveIntegerField("信用较好")
    of_c = models.PositiveIntegerField("信用一般")
    of_d = models.PositiveIntegerField("信用较差")
    made_at = models.DateTimeField("评定时间")
    made_by = models.ForeignKey(
        User, models.PROTECT, null=True, verbose_name="评定人", related_name="+", help_text="空：到日自动评定"
    )

    class Meta:
        verbose_name = "信用评级批次"
        verbose_name_plural = "信用评级批次"
        ordering = ["-id"]
        indexes = [models.Index(fields=["standard", "-id"], name="grade_run_by_standard")]

    def __str__(self) -> str:
        return f"{self.standard} {self.on}"


class SubjectGrade(models.Model):
    """What a subject was graded, and why: the reasons, line by line, make up the points. Its newest row is the current
    one. Hundreds of thousands at once: without checks of keys row by row, for none of what they name is ever deleted."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    subject = models.ForeignKey(
        CreditSubject, models.DO_NOTHING, verbose_name="主体", related_name="grades", db_constraint=False,
        db_index=False,
    )  # fmt: skip
    standard = models.ForeignKey(
        GradingStandard, models.DO_NOTHING, verbose_name="评级标准", related_name="+", db_constraint=False,
        db_index=False,
    )  # fmt: skip
    run = models.ForeignKey(
        GradeRun, models.DO_NOTHING, verbose_name="批次", related_name="grades", db_constraint=False,
        db_index=False,
    )  # fmt: skip
    on = models.DateField("评定日期")
    points = models.IntegerField("得分")
    grade = models.CharField("等级", max_length=1, choices=Grade.choices)
    tier = models.CharField("抽查", max_length=10, choices=Tier.choices)
    # [{"number": indicator, "entry": id, "title": as it was, "on": day of the entry, "points": points}, …]
    reasons = models.JSONField("理由", default=list, encoder=PlainJSON)
    is_demo = models.BooleanField("演示数据", default=False)

    class Meta:
        verbose_name = "主体信用等级"
        verbose_name_plural = "主体信用等级"
        ordering = ["-id"]
        indexes = [models.Index(fields=["subject", "-id"], name="subject_grade_newest")]

    def __str__(self) -> str:
        return f"{self.on} {self.grade} {self.get_grade_display()}"


class EvaluationUpload(models.Model):
    """A file of evaluations that came from above, as it was taken in: the whole of it."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    department = models.ForeignKey(
        Department, models.PROTECT, verbose_name="导入单位", related_name="+", db_index=False
    )
    region = models.ForeignKey(
        Region, models.PROTECT, verbose_name="行政区划", related_name="+", db_index=False
    )
    name = models.CharField("文件名", max_length=200)
    sha256 = models.CharField("校验值", max_length=64)
    rows = models.PositiveIntegerField("行数")
    new = models.PositiveIntegerField("新录入")
    corrected = models.PositiveIntegerField("更正", default=0)
    reason = models.CharField("更正的理由", max_length=300, blank=True)
    uploaded_at = models.DateTimeField("导入时间")
    uploaded_by = models.ForeignKey(User, models.PROTECT, verbose_name="导入人", related_name="+")
    is_demo = models.BooleanField("演示数据", default=False)

    class Meta:
        verbose_name = "综合评价导入"
        verbose_name_plural = "综合评价导入"
        ordering = ["-id"]
        indexes = [models.Index(fields=["department", "-id"], name="evaluation_upload_listed")]

    def __str__(self) -> str:
        return self.name


class Evaluation(models.Model):
    """What a body above says of a subject for a period (公共信用综合评价). As it was told: nothing here follows from it but
    that it is passed on."""

    subject = models.ForeignKey(
        CreditSubject, models.PROTECT, verbose_name="主体", related_name="evaluations", db_index=False
    )
    upload = models.ForeignKey(
        EvaluationUpload, models.PROTECT, verbose_name="导入的文件", related_name="evaluations"
    )
    region = models.ForeignKey(
        Region, models.PROTECT, verbose_name="行政区划", related_name="+", db_index=False
    )
    body = models.CharField("评价机构", max_length=200)
    period = models.CharField("评价期间", max_length=7, help_text="2026 或者 2026-06")
    grade = models.CharField("评价等级", max_length=20)
    # What was taken in wrong stays as it was; what is right is a new row that names it.
    corrects = models.OneToOneField(
        "self", models.PROTECT, null=True, verbose_name="更正的评价", related_name="corrected_by"
    )
    is_demo = models.BooleanField("演示数据", default=False)

    class Meta:
        verbose_name = "公共信用综合评价"
        verbose_name_plural = "公共信用综合评价"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "body", "period"],
                condition=Q(corrects__isnull=True),
                name="evaluation_once",
                violation_error_message="这个主体在这个期间已有这个机构的评价。",
            )
        ]
        indexes = [
            models.Index(fields=["region", "period"], name="evaluation_of_period"),
        ]

    def __str__(self) -> str:
        return f"{self.period} {self.grade}"

    @staticmethod
    def standing() -> models.QuerySet["Evaluation"]:
        """Those that no other has put right."""
        return Evaluation.objects.filter(corrected_by=None)


class EvaluationRecipient(models.Model):
    """Who is given evaluations, and by which rule: kept by the credit office."""

    class Kind(models.TextChoices):
        DEPARTMENT = "department", "政府部门"
        BANK = "bank", "金融机构"
        ASSOCIATION = "association", "行业协会商会"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField("类别", max_length=12, choices=Kind.choices)
    name = models.CharField("名称", max_length=200)
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, blank=True, verbose_name="单位", related_name="+",
        help_text="部门和协会选定单位；协会只收到本会会员的",
    )  # fmt: skip
    code = models.CharField(
        "统一社会信用代码", max_length=18, blank=True, help_text="金融机构的，按它核对主体的同意"
    )
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划", related_name="+")
    basis = models.CharField("依据", max_length=300)
    is_active = models.BooleanField("使用中", default=True)
    entered_by = models.ForeignKey(User, models.PROTECT, verbose_name="登记人", related_name="+")
    entered_at = models.DateTimeField("登记时间")
    is_demo = models.BooleanField("演示数据", default=False)

    class Meta:
        verbose_name = "综合评价接收单位"
        verbose_name_plural = "综合评价接收单位"
        ordering = ["kind", "name"]
        constraints = [
            models.CheckConstraint(condition=~Q(basis=""), name="evaluation_recipient_has_basis"),
            models.CheckConstraint(
                condition=Q(kind="bank", department__isnull=True)
                | (~Q(kind="bank") & Q(department__isnull=False)),
                name="evaluation_recipient_department",
                violation_error_message="部门和协会须选定单位，金融机构不选。",
            ),
            models.UniqueConstraint(
                fields=["region", "kind", "name"],
                condition=Q(is_active=True),
                name="evaluation_recipient_once",
                violation_error_message="已有同名的接收单位。",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def uscc(self) -> str:
        """The code by which a subject's consent names it."""
        return str(self.department.uscc) if self.department is not None else self.code


class EvaluationPassing(models.Model):
    """Evaluations of a period given to a recipient: what was in the file, by its hash and number of rows, and how many were
    held back and why."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField("编号", max_length=30, unique=True)
    recipient = models.ForeignKey(
        EvaluationRecipient, models.PROTECT, verbose_name="接收单位", related_name="passings"
    )
    region = models.ForeignKey(
        Region, models.PROTECT, verbose_name="行政区划", related_name="+", db_index=False
    )
    period = models.CharField("评价期间", max_length=7)
    basis = models.CharField("依据", max_length=300)
    rows = models.PositiveIntegerField("行数")
    # The rows of the file, by their keys: before it is fetched each is looked at again.
    evaluations = ArrayField(models.BigIntegerField(), verbose_name="提供的评价", default=list)
    by_consent = models.PositiveIntegerField("凭主体同意的行数", default=0)
    # [[reason, how many], …]
    held_back = models.JSONField("没有提供的", default=list, encoder=PlainJSON)
    document = models.OneToOneField(EvidenceFile, models.PROTECT, verbose_name="文件", related_name="+")
    sha256 = models.CharField("校验值", max_length=64)
    passed_at = models.DateTimeField("提供时间")
    passed_by = models.ForeignKey(User, models.PROTECT, verbose_name="提供人", related_name="+")
    is_demo = models.BooleanField("演示数据", default=False)

    class Meta:
        verbose_name = "综合评价提供"
        verbose_name_plural = "综合评价提供"
        ordering = ["-id"]
        indexes = [models.Index(fields=["region", "-id"], name="evaluation_passing_listed")]

    def __str__(self) -> str:
        return self.number


class EvaluationFetch(models.Model):
    """The one time that a file of evaluations was fetched: by whom, for the recipient."""

    passing = models.OneToOneField(
        EvaluationPassing, models.PROTECT, verbose_name="综合评价提供", related_name="fetch"
    )
    fetched_at = models.DateTimeField("下载时间")
    fetched_by = models.ForeignKey(User, models.PROTECT, verbose_name="下载人", related_name="+")

    class Meta:
        verbose_name = "综合评价下载"
        verbose_name_plural = "综合评价下载"

    def __str__(self) -> str:
        return str(self.passing)
