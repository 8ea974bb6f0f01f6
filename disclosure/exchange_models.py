"""What goes to the city platform, in which batch, and what the platform said of it."""

from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from commitments.models import BreachCase, Commitment, Interview
from credit_portal.registry.models import CreditSubject, Department, Region, User
from verification.models import AppliedMeasure, Check


class ExchangePlatform(models.Model):
    """The platform above a region and how it wants its records. Regions below use it where they have none of their own."""

    class Adapter(models.TextChoices):
        FILE = "file", "文件交换"
        HTTP = "http", "接口推送"

    class Running(models.TextChoices):
        HOLD = "hold", "履行完毕后再报送"
        APART = "apart", "单独成批报送，履行状态留空"

    class Supervisory(models.TextChoices):
        OTHER = "other", "其他（监管辅助型）"
        PROOF = "proof", "证明事项型"

    class Format(models.TextChoices):
        XLSX = "xlsx", "Excel（xlsx）"
        CSV = "csv", "CSV"
        JSON = "json", "JSON"

    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划", related_name="+")
    name = models.CharField("平台名称", max_length=100)
    adapter = models.CharField("方式", max_length=10, choices=Adapter.choices, default=Adapter.FILE)
    address = models.URLField("接口地址", blank=True, help_text="留空时用部署时设定的地址；文件交换不需要")
    running = models.CharField("履行中的承诺", max_length=10, choices=Running.choices, default=Running.HOLD)
    supervisory_as = models.CharField(
        "监管辅助型报送为", max_length=10, choices=Supervisory.choices, default=Supervisory.OTHER
    )
    file_format = models.CharField("文件格式", max_length=5, choices=Format.choices, default=Format.XLSX)
    batch_rows = models.PositiveIntegerField("接口每批条数", default=500)
    since = models.DateField("自何日签署的承诺起报送")
    is_active = models.BooleanField("启用", default=True)
    # How far the commitments of before have been looked through; back to 0 to look through all again.
    scanned_to = models.BigIntegerField(default=0, editable=False)
    history = HistoricalRecords(excluded_fields=["scanned_to"])

    class Meta:
        verbose_name = "上级平台"
        verbose_name_plural = "上级平台"
        ordering = ["region"]
        constraints = [
            models.UniqueConstraint(
                fields=["region"],
                condition=Q(is_active=True),
                name="exchange_one_platform",
                violation_error_message="该地区已有启用的平台。",
            ),
            models.CheckConstraint(
                condition=Q(batch_rows__gte=1, batch_rows__lte=5_000),
                name="exchange_batch_rows",
                violation_error_message="接口每批 1 至 5000 条。",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ExchangeBatch(models.Model):
    """Records that go up together: a package to download, or one push."""

    class State(models.TextChoices):
        PACKING = "packing", "正在打包"
        READY = "ready", "待送出"
        SENT = "sent", "已送出，待回执"
        ANSWERED = "answered", "回执齐全"

    number = models.CharField("批次号", max_length=30, unique=True)
    platform = models.ForeignKey(
        ExchangePlatform, models.PROTECT, verbose_name="平台", related_name="batches"
    )
    adapter = models.CharField("方式", max_length=10, choices=ExchangePlatform.Adapter.choices)
    file_format = models.CharField("文件格式", max_length=5, blank=True)
    running = models.BooleanField("履行中的承诺", default=False)
    rows = models.PositiveIntegerField("条数", default=0)
    packed = models.PositiveIntegerField("已打包条数", default=0)
    state = models.CharField("状态", max_length=10, choices=State.choices)
    sha256 = models.CharField("文件包校验值", max_length=64, blank=True)
    created_at = models.DateTimeField("编批时间")
    created_by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="编批人", related_name="+")
    sent_at = models.DateTimeField("送出时间", null=True)
    answered_at = models.DateTimeField("回执齐全时间", null=True)
    # R6: from the city on to the province, as the city tells it.
    forwarded_on = models.DateField("上送省平台日期", null=True, blank=True)
    forwarded_reference = models.CharField("上送省平台的凭据", max_length=100, blank=True)
    forwarded_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="登记人", related_name="+"
    )

    class Meta:
        verbose_name = "报送批次"
        verbose_name_plural = "报送批次"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["platform", "-id"], name="exchange_batch_listed"),
        ]

    def __str__(self) -> str:
        return self.number


class ExchangePiece(models.Model):
    """One file of a package, sealed where it is stored. Written piece by piece: what is there is not written again."""

    batch = models.ForeignKey(ExchangeBatch, models.PROTECT, verbose_name="批次", related_name="pieces")
    place = models.PositiveIntegerField("序号")
    name = models.CharField("文件名", max_length=100)
    rows = models.PositiveIntegerField("条数")
    last_place = models.PositiveIntegerField("最后一条的批内序号")
    sha256 = models.CharField("校验值", max_length=64)
    size = models.BigIntegerField("大小（字节）")
    storage_name = models.CharField(max_length=200, editable=False)

    class Meta:
        verbose_name = "文件包中的文件"
        verbose_name_plural = "文件包中的文件"
        ordering = ["batch", "place"]
        constraints = [models.UniqueConstraint(fields=["batch", "place"], name="exchange_piece_once")]

    def __str__(self) -> str:
        return self.name


class ExchangeRecord(models.Model):
    """One version of what the platform is to hold of one commitment, one interview or one applied measure. Never changed
    but by what becomes of it."""

    class Dataset(models.TextChoices):
        COMMITMENT = "commitment", "信用承诺"
        INTERVIEW = "interview", "约谈记录"
        MEASURE = "measure", "激励惩戒措施"

    class Operation(models.TextChoices):
        PUT = "put", "报送"
        WITHDRAW = "withdraw", "撤回"

    class State(models.TextChoices):
        WAITING = "waiting", "待报送"
        BATCHED = "batched", "已编批，待回执"
        ACCEPTED = "accepted", "已接收"
        REJECTED = "rejected", "被平台退回"
        INVALID = "invalid", "不符合格式，未报送"
        REPLACED = "replaced", "未报送即由新版替代"

    platform = models.ForeignKey(ExchangePlatform, models.PROTECT, verbose_name="平台", related_name="+")
    commitment = models.ForeignKey(
        Commitment, models.PROTECT, null=True, verbose_name="信用承诺", related_name="exchange_records"
    )
    case = models.ForeignKey(
        BreachCase, models.PROTECT, null=True, verbose_name="违诺认定", related_name="exchange_records"
    )
    dataset = models.CharField("内容种类", max_length=12, choices=Dataset.choices, default=Dataset.COMMITMENT)
    interview = models.ForeignKey(
        Interview, models.PROTECT, null=True, verbose_name="约谈", related_name="exchange_records"
    )
    measure = models.ForeignKey(
        AppliedMeasure, models.PROTECT, null=True, verbose_name="措施", related_name="exchange_records"
    )
    department = models.ForeignKey(
        Department, models.PROTECT, verbose_name="部门", related_name="+", db_index=False
    )
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划", related_name="+")
    number = models.CharField("编码", max_length=20, help_text="承诺编码、约谈编号或措施编号")
    version = models.PositiveIntegerField("版次")
    operation = models.CharField("操作", max_length=10, choices=Operation.choices)
    running = models.BooleanField("履行中", default=False)
    fields = models.JSONField("报送的内容", default=dict)
    # By field number, what the portal gives and what people wrote in its place: {"6": ["…", "…"]}. Carried on to the
    # next version as long as the portal gives the same.
    overrides = models.JSONField("更正的内容", default=dict)
    override_reason = models.CharField("更正理由", max_length=300, blank=True)
    overridden_by = models.ForeignKey(
        User, models.PROTECT, null=True, verbose_name="更正人", related_name="+"
    )
    sha256 = models.CharField("内容校验值", max_length=64)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.WAITING)
    # [["12", "…"], …]; "" is the whole record.
    reasons = models.JSONField("退回理由", default=list)
    reference = models.CharField("平台流水号", max_length=100, blank=True)
    batch = models.ForeignKey(
        ExchangeBatch, models.PROTECT, null=True, verbose_name="批次", related_name="records", db_index=False
    )
    place = models.PositiveIntegerField("批内序号", null=True)
    created_at = models.DateTimeField("形成时间")
    answered_at = models.DateTimeField("回执时间", null=True)
    is_demo = models.BooleanField("演示数据", default=False)

    class Meta:
        verbose_name = "报送记录"
        verbose_name_plural = "报送记录"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["platform", "number", "version"], name="exchange_version_once"),
            models.UniqueConstraint(fields=["batch", "place"], name="exchange_place_once"),
            models.CheckConstraint(
                condition=Q(
                    dataset="interview",
                    commitment__isnull=False,
                    interview__isnull=False,
                    measure__isnull=True,
                )
                | Q(
                    dataset="commitment",
                    commitment__isnull=False,
                    interview__isnull=True,
                    measure__isnull=True,
                )
                | Q(
                    dataset="measure",
                    commitment__isnull=True,
                    interview__isnull=True,
                    measure__isnull=False,
                ),
                name="exchange_dataset_of_its_row",
                violation_error_message="报送记录须有其承诺、约谈或者措施。",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "invalid", "replaced"], batch__isnull=True)
                | Q(state__in=["batched", "accepted", "rejected"], batch__isnull=False),
                name="exchange_batched_or_not",
                violation_error_message="已报送的记录须有批次。",
            ),
        ]
        indexes = [
            models.Index(fields=["platform", "id"], name="exchange_waiting", condition=Q(state="waiting")),
            models.Index(
                fields=["department", "id"],
                name="exchange_to_correct",
                condition=Q(state__in=["rejected", "invalid"]),
            ),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def key(self) -> str:
        """What both sides know this version by: the same key again is the same record, not another one."""
        return f"{self.number}-{self.version}"

    @property
    def _about(self) -> Check | Commitment:
        # One of the two is there (exchange_dataset_of_its_row).
        return self.measure.check_made if self.measure is not None else self.commitment  # type: ignore[return-value]

    @property
    def subject(self) -> CreditSubject:
        """Whom it tells of."""
        return self._about.subject

    @property
    def subject_name(self) -> str:
        """As it was called then."""
        return self._about.subject_name


class ExchangeReceipt(models.Model):
    """What the platform said of a batch, as it came."""

    class Source(models.TextChoices):
        FILE = "file", "上传的回执文件"
        FOLDER = "folder", "交换目录"
        HTTP = "http", "接口返回"

    batch = models.ForeignKey(ExchangeBatch, models.PROTECT, verbose_name="批次", related_name="receipts")
    at = models.DateTimeField("收到时间")
    by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="上传人", related_name="+")
    source = models.CharField("来源", max_length=10, choices=Source.choices)
    sha256 = models.CharField("回执校验值", max_length=64)
    accepted = models.PositiveIntegerField("接收条数")
    rejected = models.PositiveIntegerField("退回条数")

    class Meta:
        verbose_name = "平台回执"
        verbose_name_plural = "平台回执"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.batch_id} {self.at:%Y-%m-%d %H:%M}"


class ExchangeAnswer(models.Model):
    """One line of a receipt."""

    receipt = models.ForeignKey(
        ExchangeReceipt, models.PROTECT, verbose_name="平台回执", related_name="answers"
    )
    record = models.ForeignKey(
        ExchangeRecord, models.PROTECT, verbose_name="报送记录", related_name="answers"
    )
    accepted = models.BooleanField("接收")
    reasons = models.JSONField("退回理由", default=list)
    reference = models.CharField("平台流水号", max_length=100, blank=True)

    class Meta:
        verbose_name = "逐条回执"
        verbose_name_plural = "逐条回执"
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["receipt", "record"], name="exchange_answer_once")]

    def __str__(self) -> str:
        return f"{self.record_id}"
