"""Other systems that write to the portal: who they are, by what token they are known, and what they were answered."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from credit_portal.registry.models import Department, User


class Scope(models.TextChoices):
    """What a partner may do; each endpoint asks for one."""

    CREDIT_ENTRIES = "credit_entries.write", "推送行政许可、行政处罚等信用信息"
    CHECKS = "checks.write", "核查信用记录"
    COMMITMENTS = "commitments.write", "递交在本部门签署的承诺"
    READ = "commitments.read", "读取本部门的承诺和办理期限"
    FULFILMENTS = "fulfilments.write", "报告承诺的履行"
    BREACHES = "breaches.write", "提请违诺立案"
    COMPLAINTS = "complaints.write", "推送消费投诉和处理结果"


class PartnerSystem(models.Model):
    """A system of one department. What it pushes counts as that department's."""

    name = models.CharField("系统名称", max_length=100, unique=True)
    department = models.ForeignKey(Department, models.PROTECT, verbose_name="所属部门", related_name="+")
    scopes = ArrayField(
        models.CharField(max_length=40, choices=Scope.choices), verbose_name="权限范围", default=list
    )
    contact = models.CharField("联系人", max_length=100, blank=True, help_text="姓名和办公电话")
    is_active = models.BooleanField("在用", default=True)
    created_at = models.DateTimeField("登记时间")
    created_by = models.ForeignKey(User, models.PROTECT, verbose_name="登记人", related_name="+")
    is_demo = models.BooleanField("演示数据", default=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = "对接系统"
        verbose_name_plural = "对接系统"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class PartnerToken(models.Model):
    """A token, shown once when it is issued; only its hash is kept. Two may be valid at a time, so that a system can
    change over without a gap."""

    system = models.ForeignKey(PartnerSystem, models.PROTECT, verbose_name="对接系统", related_name="tokens")
    prefix = models.CharField("开头", max_length=12, unique=True)
    sha256 = models.CharField(max_length=64, editable=False)
    issued_at = models.DateTimeField("签发时间")
    issued_by = models.ForeignKey(User, models.PROTECT, verbose_name="签发人", related_name="+")
    expires_on = models.DateField("有效期至")
    last_used_on = models.DateField("最近使用", null=True, blank=True)
    revoked_at = models.DateTimeField("作废时间", null=True, blank=True)
    revoked_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="作废人", related_name="+"
    )

    class Meta:
        verbose_name = "对接令牌"
        verbose_name_plural = "对接令牌"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_by__isnull=True)
                | Q(revoked_at__isnull=False, revoked_by__isnull=False),
                name="token_revoked_by_somebody",
                violation_error_message="作废须有办理人和时间。",
            )
        ]

    def __str__(self) -> str:
        return f"{self.prefix}…"


class IdempotentAnswer(models.Model):
    """What a request with an Idempotency-Key was answered: the same key again gets the same answer."""

    system = models.ForeignKey(
        PartnerSystem, models.PROTECT, verbose_name="对接系统", related_name="+", db_index=False
    )
    key = models.CharField("幂等键", max_length=100)
    request_sha256 = models.CharField("请求校验值", max_length=64)
    status = models.PositiveSmallIntegerField("状态码", default=0)
    body = models.JSONField("回答", default=dict)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "接口回答"
        verbose_name_plural = "接口回答"
        constraints = [models.UniqueConstraint(fields=["system", "key"], name="answer_once_a_key")]

    def __str__(self) -> str:
        return self.key
