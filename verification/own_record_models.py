"""A subject's look at its own record, at the counter or on its own pages (S0 二（二）, R58). Added, never changed."""

import uuid

from django.db import models
from django.db.models import Q

from credit_portal.documents.models import EvidenceFile
from credit_portal.registry.models import CreditSubject, Department, SubjectAccess, User


class OwnRecordRequest(models.Model):
    """Who asked for whom, shown which document of identity, and the paper that was handed over."""

    class Capacity(models.TextChoices):
        SELF = "self", "本人"
        LEGAL_REPRESENTATIVE = "legal_representative", "法定代表人（负责人）"
        OPERATOR = "operator", "经营者"
        AGENT = "agent", "委托代理人"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField("编号", max_length=30, unique=True)
    subject = models.ForeignKey(CreditSubject, models.PROTECT, verbose_name="主体", related_name="+")
    asked_by = models.CharField("查询人", max_length=60)
    capacity = models.CharField("身份", max_length=20, choices=Capacity.choices)
    authorisation = models.ForeignKey(
        EvidenceFile, models.PROTECT, null=True, verbose_name="授权委托书", related_name="+"
    )
    document = models.ForeignKey(EvidenceFile, models.PROTECT, verbose_name="查询结果", related_name="+")
    entries = models.PositiveIntegerField("记录条数")
    at = models.DateTimeField("查询时间")
    by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="经办人", related_name="+")
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, verbose_name="经办单位", related_name="+"
    )
    # On its own pages nobody of the staff hands it over: by which access it was asked for.
    access = models.ForeignKey(
        SubjectAccess, models.PROTECT, null=True, verbose_name="网上查询", related_name="+"
    )
    is_demo = models.BooleanField("演示数据", default=False)

    class Meta:
        verbose_name = "本人查询"
        verbose_name_plural = "本人查询"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(by__isnull=False, department__isnull=False, access__isnull=True)
                | Q(by__isnull=True, department__isnull=True, access__isnull=False),
                name="own_record_by_one",
                violation_error_message="查询由窗口办理，或者由主体在网上办理，二者其一。",
            )
        ]

    def __str__(self) -> str:
        return self.number
