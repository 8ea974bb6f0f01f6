"""What happened: two append-only tables. Triggers in the migration refuse change and removal."""

from django.db import models


class AppendOnlyError(Exception):
    """Somebody tried to change or remove what may only be added to."""


class AppendOnlyModel(models.Model):
    class Meta:
        abstract = True

    def save(self, *args, **kwargs):
        if self.pk is not None:
            raise AppendOnlyError("审计记录只能追加，不能修改。")
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        raise AppendOnlyError("审计记录只能追加，不能删除。")


class AuditEvent(AppendOnlyModel):
    """One thing done by somebody. Holds ids, numbers and keyed hashes; never a name, a number of a person or a text.

    `canonical` are the exact bytes that a seal is later computed over, `digest` their SHA-256: whoever seals or
    verifies reads bytes and never re-serialises.
    """

    at = models.DateTimeField("时间", db_index=True)
    verb = models.CharField("事件", max_length=60)
    actor_id = models.BigIntegerField("操作人编号", null=True)
    department_id = models.BigIntegerField("部门编号", null=True)
    target_type = models.CharField("对象类别", max_length=60)
    target_id = models.CharField("对象编号", max_length=64)
    facts = models.JSONField("内容", default=dict)
    canonical = models.BinaryField("规范字节")
    digest = models.BinaryField("摘要", max_length=32)

    class Meta:
        verbose_name = "操作日志"
        verbose_name_plural = "操作日志"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["target_type", "target_id", "id"], name="audit_target"),
            models.Index(fields=["actor_id", "id"], name="audit_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.verb} {self.target_type} {self.target_id}"


class ReadLog(AppendOnlyModel):
    """Somebody read personal data or a credit record, and what for."""

    class Purpose(models.TextChoices):
        HANDLING = "handling", "办理承诺"
        CHECK = "check", "信用核查"
        SUPERVISION = "supervision", "监督管理"
        SUBJECT_REQUEST = "subject_request", "本人查询"
        OBJECTION = "objection", "处理异议"
        AUDIT = "audit", "审计"
        PRINT = "print", "打印文书"

    at = models.DateTimeField("时间", db_index=True)
    actor_id = models.BigIntegerField("查阅人编号", null=True, db_index=True)
    # A subject on its own pages is nobody of the staff: by which access it, or its agent, has read.
    access_id = models.BigIntegerField("主体网上查询编号", null=True)
    # Nobody of the staff either: by which system of a department it was read.
    partner_id = models.BigIntegerField("对接系统编号", null=True)
    subject_id = models.BigIntegerField("主体编号", null=True)
    what = models.CharField("查阅内容", max_length=60)
    target_type = models.CharField("对象类别", max_length=60)
    target_id = models.CharField("对象编号", max_length=64)
    purpose = models.CharField("目的", max_length=30, choices=Purpose.choices)

    class Meta:
        verbose_name = "查阅日志"
        verbose_name_plural = "查阅日志"
        ordering = ["-id"]
        indexes = [models.Index(fields=["subject_id", "-id"], name="read_of_subject")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.what} {self.target_id}"
