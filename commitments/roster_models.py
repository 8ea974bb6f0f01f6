"""Lists that say of whom something is expected: the members of an association (R47, R123), the enterprises that should
register (R43). Kept by a department, taken in from files; nobody on them is ever deleted."""

import uuid

from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from credit_portal.registry.models import CreditSubject, Department, SealedNumber, User


class RosterSort(models.TextChoices):
    MEMBERS = "members", "会员"
    MODEL = "model", "诚信创建企业"
    ABOVE_SCALE = "above_scale", "规模以上企业"


class RosterUpload(models.Model):
    """A file that names all who are on a list: looked through and shown first, then taken in as a whole or not at all."""

    class State(models.TextChoices):
        CHECKED = "checked", "已检查，待录入"
        DONE = "done", "已录入"
        STALE = "stale", "检查后名单有变动，没有录入"
        DISCARDED = "discarded", "已放弃"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    department = models.ForeignKey(Department, models.PROTECT, verbose_name="单位", related_name="+")
    sort = models.CharField("名单", max_length=12, choices=RosterSort.choices)
    as_of = models.DateField("名单日期")
    name = models.CharField("文件名", max_length=200)
    sha256 = models.CharField("校验值", max_length=64)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.CHECKED)
    rows = models.PositiveIntegerField("行数")
    # [[row, [[head, message], …]], …]: what the rows say is in `sealed`, they hold numbers of persons.
    faults = models.JSONField("有误的行", default=list)
    sealed = models.TextField("文件的内容（加密）", blank=True, editable=False)
    # What it would do, and once it is done, what it did.
    added = models.PositiveIntegerField("新增", default=0)
    same = models.PositiveIntegerField("原已录入", default=0)
    changed = models.PositiveIntegerField("变更", default=0)
    missing = models.JSONField("文件中没有的", default=list)
    most = models.BooleanField("移出一半以上", default=False)
    uploaded_at = models.DateTimeField("上传时间")
    uploaded_by = models.ForeignKey(User, models.PROTECT, verbose_name="上传人", related_name="+")
    finished_at = models.DateTimeField("完成时间", null=True, blank=True)
    is_demo = models.BooleanField("演示数据", default=False)

    class Meta:
        verbose_name = "名册上传"
        verbose_name_plural = "名册上传"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["checked", "stale", "discarded"], finished_at__isnull=True)
                | Q(state="done", finished_at__isnull=False, faults=[]),
                name="roster_upload_whole_or_not",
                violation_error_message="有误的文件不能录入。",
            )
        ]
        indexes = [models.Index(fields=["department", "sort", "-id"], name="roster_upload_listed")]

    def __str__(self) -> str:
        return self.name


class RosterEntry(models.Model):
    """A subject on a list of a department from a day on; `left_on` is the first day on which it is no more."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    department = models.ForeignKey(Department, models.PROTECT, verbose_name="单位", related_name="+")
    sort = models.CharField("名单", max_length=12, choices=RosterSort.choices)
    subject = models.ForeignKey(
        CreditSubject, models.PROTECT, verbose_name="主体", related_name="roster_entries"
    )
    number = models.CharField("编号", max_length=40, blank=True)
    phone_sealed = models.TextField("联系电话（加密）", blank=True, editable=False)
    from_on = models.DateField("列入日期")
    left_on = models.DateField("移出日期", null=True, blank=True)
    leave_reason = models.CharField("移出原因", max_length=200, blank=True)
    upload = models.ForeignKey(
        RosterUpload, models.PROTECT, null=True, verbose_name="来自的文件", related_name="+"
    )
    added_at = models.DateTimeField("录入时间")
    added_by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="录入人", related_name="+")
    is_demo = models.BooleanField("演示数据", default=False)
    history = HistoricalRecords()

    phone = SealedNumber("phone_sealed", label="roster")

    class Meta:
        verbose_name = "名册成员"
        verbose_name_plural = "名册成员"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["department", "sort", "subject"],
                condition=Q(left_on__isnull=True),
                name="roster_once",
                violation_error_message="名单上已有这个主体。",
            ),
            models.CheckConstraint(
                condition=Q(left_on__isnull=True) | Q(left_on__gte=F("from_on")),
                name="roster_days_in_order",
                violation_error_message="移出日期不能早于列入日期。",
            ),
        ]
        indexes = [models.Index(fields=["subject", "sort"], name="roster_by_subject")]

    def __str__(self) -> str:
        return f"{self.subject}（{self.get_sort_display()}）"
