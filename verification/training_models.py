"""Training of the units' staff: what was taught, by whom, for how long, and who was there (S3 三（二）, S1 二十二, S4 22; R118)."""

import uuid

from django.db import models
from django.db.models import F, Q

from credit_portal.documents.models import EvidenceFile
from credit_portal.registry.models import Department, Region, User


class TrainingSession(models.Model):
    """One session as it was recorded. Added, never changed (trigger): what was wrong is said anew by a row that refers to
    this one, or declared void by it."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField("编号", max_length=30, unique=True)
    department = models.ForeignKey(Department, models.PROTECT, verbose_name="举办单位", related_name="+")
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划", related_name="+")
    title = models.CharField("主题", max_length=200)
    held_on = models.DateField("培训日期")
    hours = models.DecimalField("学时", max_digits=5, decimal_places=1)
    lecturer = models.CharField("授课人", max_length=100, blank=True)
    content = models.TextField("内容")
    material = models.ForeignKey(
        EvidenceFile, models.PROTECT, null=True, blank=True, verbose_name="培训材料", related_name="+"
    )
    people = models.PositiveIntegerField("人次")
    corrects = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, verbose_name="更正哪一条", related_name="corrected_by"
    )
    void = models.BooleanField("作废", default=False)
    reason = models.CharField("更正或者作废的理由", max_length=300, blank=True)
    recorded_at = models.DateTimeField("登记时间")
    recorded_by = models.ForeignKey(User, models.PROTECT, verbose_name="登记人", related_name="+")
    is_demo = models.BooleanField("演示数据", default=False)

    class Meta:
        verbose_name = "培训"
        verbose_name_plural = "培训"
        ordering = ["-held_on", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(corrects__isnull=True, void=False, reason="")
                | (Q(corrects__isnull=False) & ~Q(reason="") & ~Q(corrects=F("id"))),
                name="training_corrected_for_a_reason",
                violation_error_message="更正或者作废须写明理由。",
            ),
            models.CheckConstraint(
                condition=Q(hours__gt=0) & (Q(void=True) | Q(people__gt=0)),
                name="training_has_hours_and_people",
                violation_error_message="学时和参加人数须大于零。",
            ),
        ]
        indexes = [models.Index(fields=["region", "-held_on"], name="training_by_region")]

    def __str__(self) -> str:
        return f"{self.title}（{self.held_on}）"


class TrainingLine(models.Model):
    """Somebody with an account who was there, or how many others of a unit. Added, never changed (trigger)."""

    session = models.ForeignKey(TrainingSession, models.PROTECT, related_name="lines", verbose_name="培训")
    # Where the person worked on that day.
    department = models.ForeignKey(Department, models.PROTECT, verbose_name="单位", related_name="+")
    person = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="参加人", related_name="+"
    )
    name = models.CharField("姓名", max_length=60, blank=True)
    people = models.PositiveIntegerField("人数", default=1)

    class Meta:
        verbose_name = "参加培训人员"
        verbose_name_plural = "参加培训人员"
        ordering = ["session_id", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["session", "person"], condition=Q(person__isnull=False), name="training_person_once"
            ),
            models.UniqueConstraint(
                fields=["session", "department"],
                condition=Q(person__isnull=True),
                name="training_others_once",
            ),
            models.CheckConstraint(
                condition=Q(person__isnull=True, name="", people__gt=0)
                | (Q(person__isnull=False, people=1) & ~Q(name="")),
                name="training_line_is_one_or_others",
                violation_error_message="有账号的按人登记，其他人员登记人数。",
            ),
        ]
        indexes = [models.Index(fields=["department", "session"], name="training_by_unit")]

    def __str__(self) -> str:
        return self.name or f"其他 {self.people} 人"
