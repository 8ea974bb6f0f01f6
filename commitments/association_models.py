"""Associations at work: the request to publish their one text (R31), campaigns to sign it, what they note of their members
and what these say to it (R10, R47, R123)."""

import uuid

from django.db import models
from django.db.models import F, Q

from credit_portal.documents.models import EvidenceFile
from credit_portal.registry.models import Department, ServiceItem, SubjectAccess, User

from .roster_models import RosterEntry


class TextRequest(models.Model):
    """An association has handed its draft in: whoever publishes texts is asked to."""

    version = models.OneToOneField(
        "commitments.TextVersion", models.PROTECT, verbose_name="文本版本", related_name="request"
    )
    at = models.DateTimeField("提交时间")
    by = models.ForeignKey(User, models.PROTECT, verbose_name="提交人", related_name="+")

    class Meta:
        verbose_name = "发布申请"
        verbose_name_plural = "发布申请"

    def __str__(self) -> str:
        return str(self.version)


class Campaign(models.Model):
    """An association asks its members to sign its text within some days. The address on its poster holds the token."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    token = models.CharField("地址中的随机数", max_length=32, unique=True, editable=False)
    department = models.ForeignKey(Department, models.PROTECT, verbose_name="协会", related_name="+")
    name = models.CharField("名称", max_length=60)
    text_version = models.ForeignKey(
        "commitments.TextVersion", models.PROTECT, verbose_name="文本", related_name="+"
    )
    item = models.ForeignKey(ServiceItem, models.PROTECT, verbose_name="事项", related_name="+")
    from_on = models.DateField("开始日期")
    until_on = models.DateField("结束日期")
    ended_on = models.DateField("提前结束的日期", null=True, blank=True)
    reminded_on = models.DateField("最近一次提醒", null=True, blank=True)
    created_at = models.DateTimeField("设立时间")
    created_by = models.ForeignKey(User, models.PROTECT, verbose_name="设立人", related_name="+")
    is_demo = models.BooleanField("演示数据", default=False)

    class Meta:
        verbose_name = "协会承诺活动"
        verbose_name_plural = "协会承诺活动"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(until_on__gte=F("from_on")),
                name="campaign_days_in_order",
                violation_error_message="结束日期不能早于开始日期。",
            )
        ]

    def __str__(self) -> str:
        return self.name


class CampaignDraft(models.Model):
    """A draft that was begun by the address of a campaign. Added, never changed (trigger)."""

    draft = models.OneToOneField(
        "commitments.Draft", models.PROTECT, verbose_name="草稿", related_name="campaign_draft"
    )
    campaign = models.ForeignKey(Campaign, models.PROTECT, verbose_name="活动", related_name="drafts")
    begun_at = models.DateTimeField("开始时间")

    class Meta:
        verbose_name = "活动中的办理"
        verbose_name_plural = "活动中的办理"

    def __str__(self) -> str:
        return str(self.campaign)


class MemberNote(models.Model):
    """What an association has on record of a member, good or bad. Between the two and the credit office. Added, never
    changed (trigger): what was wrong is corrected by a new one, or declared void by one."""

    class Tone(models.TextChoices):
        GOOD = "good", "良好"
        BAD = "bad", "不良"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    entry = models.ForeignKey(RosterEntry, models.PROTECT, verbose_name="会员", related_name="notes")
    tone = models.CharField("性质", max_length=4, choices=Tone.choices)
    void = models.BooleanField("作废说明", default=False)
    on = models.DateField("发生日期")
    text = models.CharField("内容", max_length=500)
    document = models.ForeignKey(
        EvidenceFile, models.PROTECT, null=True, blank=True, verbose_name="凭据", related_name="+"
    )
    corrects = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, verbose_name="更正的一条", related_name="corrected_by"
    )
    reason = models.CharField("更正理由", max_length=300, blank=True)
    at = models.DateTimeField("登记时间")
    by = models.ForeignKey(User, models.PROTECT, verbose_name="登记人", related_name="+")
    is_demo = models.BooleanField("演示数据", default=False)

    class Meta:
        verbose_name = "会员信用记录"
        verbose_name_plural = "会员信用记录"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(corrects__isnull=True, void=False) | (Q(corrects__isnull=False) & ~Q(reason="")),
                name="member_note_corrected_for_a_reason",
                violation_error_message="更正和作废须写明理由。",
            )
        ]

    def __str__(self) -> str:
        return f"{self.on} {self.get_tone_display()}"


class NoteReply(models.Model):
    """What the member says to a note, and what the association answers. Added, never changed (trigger)."""

    class Kind(models.TextChoices):
        VIEW = "view", "会员的说明"
        OBJECTION = "objection", "会员的异议"
        ANSWER = "answer", "协会的答复"

    note = models.ForeignKey(MemberNote, models.PROTECT, verbose_name="记录", related_name="replies")
    kind = models.CharField("种类", max_length=10, choices=Kind.choices)
    text = models.CharField("内容", max_length=500)
    at = models.DateTimeField("时间")
    access = models.ForeignKey(
        SubjectAccess, models.PROTECT, null=True, verbose_name="会员办理人", related_name="+"
    )
    by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="协会办理人", related_name="+")

    class Meta:
        verbose_name = "会员信用记录的往来"
        verbose_name_plural = "会员信用记录的往来"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="answer", by__isnull=False, access__isnull=True)
                | Q(kind__in=["view", "objection"], by__isnull=True, access__isnull=False),
                name="note_reply_by_one_of_two",
                violation_error_message="说明和异议由会员提出，答复由协会作出。",
            )
        ]

    def __str__(self) -> str:
        return self.get_kind_display()
