"""Commitments that an agency has collected and hands in as a file (R35; S0 三（二）「行政机关收集后统一上传」).

The job is the whole state of an upload: a process that dies leaves it as it was after its last part. What a row told stays
beside its commitment, so that the same file is known again and a breach that it carries waits for the department.
"""

import uuid

from django.db import models
from django.db.models import Q

from credit_portal.documents.models import EvidenceFile
from credit_portal.registry.models import CommitmentType, Department, PublicityClass, User

from .breach_models import BreachCase


class BulkJob(models.Model):
    class Kind(models.TextChoices):
        XLSX = "xlsx", "Excel 工作簿"
        CSV = "csv", "csv"

    class State(models.TextChoices):
        WAITING = "waiting", "等待办理"
        RUNNING = "running", "正在导入"
        DONE = "done", "已完成"
        TAKING = "taking", "正在采用更正"
        KEEPING = "keeping", "正在确认履行"
        CANCELLED = "cancelled", "已取消"
        FAILED = "failed", "未能办理"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    department = models.ForeignKey(Department, models.PROTECT, verbose_name="上传单位", related_name="+")
    owner = models.ForeignKey(
        User, models.PROTECT, null=True, verbose_name="上传人", related_name="+", help_text="空：由命令导入"
    )
    kind = models.CharField("文件类别", max_length=10, choices=Kind.choices)
    name = models.CharField("文件名", max_length=200)
    sheet = models.CharField("工作表", max_length=60, blank=True)
    file = models.ForeignKey(EvidenceFile, models.PROTECT, verbose_name="文件", related_name="+")
    scans = models.ForeignKey(
        EvidenceFile, models.PROTECT, null=True, blank=True, verbose_name="扫描件压缩包", related_name="+"
    )
    dry_run = models.BooleanField("试运行", default=False)
    other_as = models.CharField(
        "“其他”类型归入",
        max_length=20,
        choices=CommitmentType.choices,
        blank=True,
        help_text="空：退回有关的行",
    )
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.WAITING)
    cancel_asked = models.BooleanField("已要求取消", default=False)
    total = models.PositiveIntegerField("行数", default=0)
    # How many rows have been dealt with: where to go on.
    done = models.PositiveIntegerField("已处理", default=0)
    good = models.PositiveIntegerField("导入", default=0)
    same = models.PositiveIntegerField("原已导入、内容相同", default=0)
    different = models.PositiveIntegerField("内容不同，待确认", default=0)
    bad = models.PositiveIntegerField("有误", default=0)
    new_subjects = models.PositiveIntegerField("新登记主体", default=0)
    breaches = models.PositiveIntegerField("载有违诺，待认定", default=0)
    taken = models.PositiveIntegerField("已采用更正", default=0)
    scans_used = models.PositiveIntegerField("有对应行的扫描件", default=0)
    scans_total = models.PositiveIntegerField("扫描件", default=0)
    # Who has confirmed that the corrections of this file be taken over.
    confirmed_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="更正确认人",
        related_name="+",
        db_index=False,
    )
    # Told as kept in full: each waits for another person, who may confirm them for the whole file.
    kept = models.PositiveIntegerField("写明全部履行", default=0)
    kept_confirmed = models.PositiveIntegerField("已确认全部履行", default=0)
    kept_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="全部履行确认人",
        related_name="+",
        db_index=False,
    )
    kept_note = models.CharField("怎样确认的", max_length=300, blank=True)
    kept_early = models.BooleanField("连同有效期未满的", default=False)
    # The last review that the confirmation has been through: where to go on.
    kept_upto = models.BigIntegerField(default=0, editable=False)
    created_at = models.DateTimeField("上传时间")
    beat_at = models.DateTimeField("最近进展", null=True, blank=True)
    finished_at = models.DateTimeField("完成时间", null=True, blank=True)
    failure = models.CharField("未能办理的原因", max_length=500, blank=True)
    result_name = models.CharField("错误表存储名", max_length=200, blank=True)
    result_sha256 = models.CharField("错误表校验值", max_length=64, blank=True)
    expires_at = models.DateTimeField("错误表保存至", null=True, blank=True)
    is_demo = models.BooleanField("演示数据", default=False)
    # A hand-over: by which version of a mapping, after which trial, and what did not go in, by reason.
    mapping = models.ForeignKey(
        "commitments.HandoverMapping", models.PROTECT, null=True, blank=True, verbose_name="移交对照",
        related_name="jobs",
    )  # fmt: skip
    trial = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, verbose_name="所据的试运行", related_name="runs"
    )
    summary = models.JSONField("没有接收的汇总", default=dict, blank=True)

    class Meta:
        verbose_name = "批量上传"
        verbose_name_plural = "批量上传"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["done", "cancelled", "failed"], finished_at__isnull=False)
                | Q(state__in=["waiting", "running"], finished_at__isnull=True)
                | Q(state__in=["taking", "keeping"]),
                name="bulk_job_finished_is_dated",
                violation_error_message="办完的批量上传须有完成时间。",
            ),
            models.CheckConstraint(
                condition=Q(mapping__isnull=True) | Q(dry_run=True) | Q(trial__isnull=False),
                name="handover_after_trial",
                violation_error_message="正式接收以前须有试运行。",
            ),
        ]
        indexes = [
            models.Index(fields=["department", "-id"], name="bulk_job_listed"),
            models.Index(
                fields=["id"],
                name="bulk_job_unfinished",
                condition=Q(state__in=["waiting", "running", "taking", "keeping"]),
            ),
            models.Index(fields=["expires_at"], name="bulk_job_expiring", condition=~Q(result_name="")),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def unfinished(self) -> bool:
        return self.state in (
            self.State.WAITING,
            self.State.RUNNING,
            self.State.TAKING,
            self.State.KEEPING,
        )


class BulkFault(models.Model):
    """A row that did not go in: wrong, or known already with another content. Holds no number of a person in the open."""

    class Kind(models.TextChoices):
        BAD = "bad", "有误"
        DIFFERENT = "different", "内容不同"

    class State(models.TextChoices):
        OPEN = "open", "待确认"
        TAKEN = "taken", "已采用"
        REFUSED = "refused", "没有采用"

    job = models.ForeignKey(
        BulkJob, models.PROTECT, related_name="faults", verbose_name="批量上传", db_index=False
    )
    row = models.PositiveIntegerField("行")
    kind = models.CharField("性质", max_length=10, choices=Kind.choices)
    faults = models.JSONField("问题", default=list, help_text='[["承诺人代码", "…"]]')
    # Of a different content: [[field number, old, new], …], and the twenty values as the file has them, sealed.
    changes = models.JSONField("不同之处", default=list)
    sealed = models.TextField("文件中的内容（加密）", blank=True, editable=False)
    code = models.CharField("承诺编码", max_length=20, blank=True)
    # Of a hand-over: the number that the row has in the register.
    number = models.CharField("原编号", max_length=60, blank=True)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.OPEN)

    class Meta:
        verbose_name = "没有导入的行"
        verbose_name_plural = "没有导入的行"
        ordering = ["job", "row"]
        constraints = [models.UniqueConstraint(fields=["job", "row"], name="bulk_fault_once")]
        indexes = [
            models.Index(fields=["job", "row"], name="bulk_fault_different", condition=Q(kind="different"))
        ]

    def __str__(self) -> str:
        return f"第 {self.row} 行"


class ImportedCommitment(models.Model):
    """What the file told of an imported commitment beyond what a commitment holds. A told breach is no determination: it
    waits for its department, and nothing is published or counted of it (data-standards, Coming in)."""

    class Breach(models.TextChoices):
        NONE = "", "没有"
        WAITING = "waiting", "待认定"
        CASE = "case", "已立案"
        DISMISSED = "dismissed", "核实后不立案"

    commitment = models.OneToOneField(
        "commitments.Commitment",
        models.PROTECT,
        primary_key=True,
        related_name="imported",
        verbose_name="承诺",
    )
    department = models.ForeignKey(
        Department, models.PROTECT, verbose_name="受理单位", related_name="+", db_index=False
    )
    job = models.ForeignKey(
        BulkJob, models.PROTECT, related_name="imported", verbose_name="批量上传", db_index=False
    )
    row = models.PositiveIntegerField("行")
    # Keyed hash of the twenty values as told: the same row is known again by it.
    fingerprint = models.CharField("内容校验值", max_length=64)
    type_word = models.CharField("文件中的承诺类型", max_length=64)
    outcome = models.CharField("文件中的履行状态", max_length=12, blank=True)
    not_kept = models.TextField("未履行的承诺内容", blank=True)
    liability = models.TextField("违诺责任追究内容", blank=True)
    found_on = models.DateField("履行状态认定日期", null=True, blank=True)
    found_by = models.CharField("履行状态认定单位", max_length=200, blank=True)
    found_by_uscc = models.CharField("履行状态认定单位代码", max_length=18, blank=True)
    asked_class = models.CharField("文件中的公开类型", max_length=10, choices=PublicityClass.choices)
    remark = models.CharField("备注", max_length=512, blank=True)
    breach = models.CharField("违诺", max_length=10, choices=Breach.choices, blank=True)
    case = models.ForeignKey(
        BreachCase, models.PROTECT, null=True, blank=True, verbose_name="违诺认定", related_name="imported_from",
        db_index=False,
    )  # fmt: skip
    settled_at = models.DateTimeField("处理时间", null=True, blank=True)
    settled_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="处理人", related_name="+", db_index=False
    )
    settled_note = models.CharField("核实情况", max_length=500, blank=True)

    class Meta:
        verbose_name = "批量归集的承诺"
        verbose_name_plural = "批量归集的承诺"
        constraints = [
            models.CheckConstraint(
                condition=~Q(breach="case") | Q(case__isnull=False),
                name="imported_case_is_named",
                violation_error_message="已立案的须有违诺认定案件。",
            ),
            models.CheckConstraint(
                condition=~Q(breach="dismissed") | (Q(settled_by__isnull=False) & ~Q(settled_note="")),
                name="imported_dismissed_with_words",
                violation_error_message="不立案的须写明核实情况和核实人。",
            ),
        ]
        indexes = [
            models.Index(
                fields=["department", "commitment"],
                name="imported_to_determine",
                condition=Q(breach="waiting"),
            ),
            models.Index(fields=["job", "row"], name="imported_by_job"),
        ]

    def __str__(self) -> str:
        return f"第 {self.row} 行"


class ImportedRevision(models.Model):
    """A correction that a later file brought and an officer took over: what was there, what is there now. Added only. It is
    also the key to the row: the trigger lets an imported commitment change in the transaction that writes this, and never
    one that was signed here."""

    commitment = models.ForeignKey(
        "commitments.Commitment", models.PROTECT, related_name="revisions", verbose_name="承诺"
    )
    job = models.ForeignKey(BulkJob, models.PROTECT, related_name="revisions", verbose_name="批量上传")
    at = models.DateTimeField("时间")
    actor = models.ForeignKey(User, models.PROTECT, verbose_name="确认人", related_name="+", db_index=False)
    changes = models.JSONField("更正", help_text="[[项, 原来的, 现在的]]")
    transaction = models.BigIntegerField("事务号", editable=False)

    class Meta:
        verbose_name = "批量归集的更正"
        verbose_name_plural = "批量归集的更正"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d} 更正"
