"""Files that say who is on a list: looked through first, then taken in as a whole or not at all."""

import uuid

from django.db import models
from django.db.models import Q

from credit_portal.registry.models import Department, User


class MembershipUpload(models.Model):
    """A file of rows that put subjects on lists or take them off. `whole`: it names all who are on them, so that whoever is
    missing has left."""

    class State(models.TextChoices):
        CHECKED = "checked", "已检查，待录入"
        ENTERING = "entering", "正在录入"
        DONE = "done", "已录入"
        STALE = "stale", "检查后名单有变动，没有录入"
        DISCARDED = "discarded", "已放弃"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    department = models.ForeignKey(Department, models.PROTECT, verbose_name="部门", related_name="+")
    name = models.CharField("文件名", max_length=200)
    sha256 = models.CharField("校验值", max_length=64)
    whole = models.BooleanField("名单的全部", default=False)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.CHECKED)
    rows = models.PositiveIntegerField("行数")
    # [[row, [[head, message], …]], …]: what the rows say is in `sealed`, they hold numbers of persons.
    faults = models.JSONField("有误的行", default=list)
    sealed = models.TextField("文件的内容（加密）", blank=True, editable=False)
    # What it would do, and once it is done, what it did.
    added = models.PositiveIntegerField("列入", default=0)
    same = models.PositiveIntegerField("原已录入", default=0)
    removed = models.PositiveIntegerField("移出", default=0)
    # Those on the lists who are missing in the file: what was shown is what is done.
    missing = models.JSONField("文件中没有的", default=list)
    most = models.BooleanField("移出一半以上", default=False)
    uploaded_at = models.DateTimeField("上传时间")
    uploaded_by = models.ForeignKey(User, models.PROTECT, verbose_name="上传人", related_name="+")
    finished_at = models.DateTimeField("完成时间", null=True, blank=True)
    is_demo = models.BooleanField("演示数据", default=False)

    class Meta:
        verbose_name = "名单上传"
        verbose_name_plural = "名单上传"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["checked", "stale", "discarded"], finished_at__isnull=True)
                | Q(state="entering", finished_at__isnull=True, faults=[])
                | Q(state="done", finished_at__isnull=False, faults=[]),
                name="membership_upload_whole_or_not",
                violation_error_message="有误的文件不能录入。",
            )
        ]
        indexes = [
            models.Index(fields=["department", "-id"], name="membership_upload_listed"),
            models.Index(fields=["department", "sha256"], name="membership_upload_known"),
        ]

    def __str__(self) -> str:
        return self.name
