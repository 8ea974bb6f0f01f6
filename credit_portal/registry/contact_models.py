"""Who answers for the use of credit records in a unit (S3 三（四）「明确责任部门，安排专人负责」, R117)."""

import uuid

from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from .models import Department, SealedNumber, User


class UnitContact(models.Model):
    """One person in one role of a unit, from a day to a day; without a last day the present one."""

    class Role(models.TextChoices):
        LEADER = "leader", "分管领导"
        CONTACT = "contact", "联络员（经办）"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    department = models.ForeignKey(Department, models.PROTECT, verbose_name="单位", related_name="contacts")
    role = models.CharField("职责", max_length=10, choices=Role.choices)
    person = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="账号", related_name="contact_terms"
    )
    name = models.CharField("姓名", max_length=60)
    post = models.CharField("职务", max_length=60, blank=True)
    office_phone = models.CharField("办公电话", max_length=40, blank=True)
    mobile_sealed = models.TextField("手机号码（加密）", blank=True, editable=False)
    from_on = models.DateField("任职自")
    until_on = models.DateField("任职至", null=True, blank=True)
    recorded_at = models.DateTimeField("登记时间")
    recorded_by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="登记人", related_name="+")
    is_demo = models.BooleanField("演示数据", default=False)
    history = HistoricalRecords()

    mobile = SealedNumber("mobile_sealed", label="unit_contact")

    class Meta:
        verbose_name = "单位责任人"
        verbose_name_plural = "单位责任人"
        ordering = ["department_id", "role", "-from_on", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["department", "role"],
                condition=Q(until_on__isnull=True),
                name="unit_contact_one_current",
                violation_error_message="该单位的这项职责已有现任人员。",
            ),
            models.CheckConstraint(
                condition=Q(until_on__isnull=True) | Q(until_on__gte=F("from_on")),
                name="unit_contact_dates_in_order",
                violation_error_message="任职结束不能早于开始。",
            ),
            models.CheckConstraint(
                condition=~Q(name=""),
                name="unit_contact_has_name",
                violation_error_message="请填写姓名。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} {self.name}"
