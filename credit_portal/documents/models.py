"""Evidence files: what was signed, scanned or printed. The content is sealed at rest; the row says what it must hash to."""

import uuid

from django.conf import settings
from django.db import models

from credit_portal.registry.models import Department


class EvidenceFile(models.Model):
    class Kind(models.TextChoices):
        SIGNATURE = "signature", "手写签名"
        PAPER_SCAN = "paper_scan", "纸质签署扫描件"
        AUTHORISATION = "authorisation", "授权委托书"
        IDENTITY = "identity", "身份证明"
        SCREENSHOT = "screenshot", "查询截图"
        DOCUMENT = "document", "文书"
        PDF = "pdf", "已签文件"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField("类别", max_length=20, choices=Kind.choices)
    sha256 = models.CharField("校验值（明文 SHA-256）", max_length=64)
    size = models.PositiveIntegerField("字节数")
    content_type = models.CharField("内容类型", max_length=60)
    original_name = models.CharField("原文件名", max_length=200, blank=True)
    storage_name = models.CharField("存储名", max_length=200, unique=True)
    created_at = models.DateTimeField("存入时间")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, verbose_name="存入人", related_name="+"
    )
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, verbose_name="部门", related_name="+"
    )

    class Meta:
        verbose_name = "证据文件"
        verbose_name_plural = "证据文件"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.sha256[:12]}"
