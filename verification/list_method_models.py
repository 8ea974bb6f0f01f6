"""The method by which subjects are put on a list: basis, standard, procedure, objection, exit, measures (S4 8, R78); drafted
with the public's opinion, which is recorded and answered (S4 8「充分征求社会公众意见」, R129); adopted by two."""

import uuid

from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from credit_portal.registry.models import Department, Region, SealedNumber, User


class ListMethod(models.Model):
    """One version of the method of one list. Once adopted it stays as it is (trigger); the next version takes its place."""

    class Kind(models.TextChoices):
        JOINT = "joint", "失信联合惩戒对象名单"
        WATCH = "watch", "重点关注对象名单"

    class State(models.TextChoices):
        DRAFT = "draft", "起草中"
        ASKING = "asking", "公开征求意见"
        PROPOSED = "proposed", "待批准发布"
        ADOPTED = "adopted", "已发布"
        DROPPED = "dropped", "不再办理"

    PARTS = ("basis", "standard", "procedure", "objection", "exit_rule", "measures")

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField("名单的种类", max_length=10, choices=Kind.choices)
    list_name = models.CharField("名单名称", max_length=180)
    number = models.PositiveSmallIntegerField("版次", default=1)
    replaces = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, verbose_name="替代的版本", related_name="replaced_by"
    )
    department = models.ForeignKey(Department, models.PROTECT, verbose_name="认定部门", related_name="+")
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="适用地区", related_name="+")
    basis = models.TextField("认定依据")
    standard = models.TextField("认定标准")
    procedure = models.TextField("认定程序")
    objection = models.TextField("异议申诉")
    exit_rule = models.TextField("退出机制")
    measures = models.TextField("惩戒措施")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.DRAFT)
    drafted_by = models.ForeignKey(User, models.PROTECT, verbose_name="起草人", related_name="+")
    drafted_at = models.DateTimeField("起草时间")
    asked_from = models.DateField("征求意见自", null=True, blank=True)
    asked_until = models.DateField("征求意见至", null=True, blank=True)
    # What the public was asked on, part by part: kept beside what was made of it (trigger).
    asked_parts = models.JSONField("征求意见的内容", default=dict, blank=True, editable=False)
    address = models.CharField(
        "书面意见寄送", max_length=300, blank=True, help_text="不方便上网的人把意见寄到哪里、交给谁"
    )
    considered = models.TextField("意见采纳情况", blank=True)
    proposed_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="提请发布的人", related_name="+"
    )
    adopted_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="批准发布的人", related_name="+"
    )
    adopted_at = models.DateTimeField("批准时间", null=True, blank=True)
    document_no = models.CharField("发布文号", max_length=100, blank=True)
    in_force_from = models.DateField("施行日期", null=True, blank=True)
    in_force_until = models.DateField("最后一日", null=True, blank=True)
    is_demo = models.BooleanField("演示数据", default=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = "名单认定办法"
        verbose_name_plural = "名单认定办法"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["region", "list_name", "number"],
                name="list_method_version_once",
                violation_error_message="这份名单已有这个版次的办法。",
            ),
            models.UniqueConstraint(
                fields=["region", "list_name"],
                condition=Q(state__in=["draft", "asking", "proposed"]),
                name="list_method_one_in_work",
                violation_error_message="这份名单的办法正在起草，办完以后再起草下一版。",
            ),
            models.CheckConstraint(
                condition=Q(asked_until__isnull=True) | Q(asked_until__gte=F("asked_from")),
                name="list_method_asked_in_order",
                violation_error_message="征求意见的末日不能早于首日。",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["asking", "proposed", "adopted"])
                | Q(asked_from__isnull=False, asked_until__isnull=False),
                name="list_method_asks_the_public",
                violation_error_message="办法须公开征求意见以后才能发布。",
            ),
            models.CheckConstraint(
                condition=~Q(state="adopted")
                | (
                    Q(
                        adopted_by__isnull=False,
                        proposed_by__isnull=False,
                        in_force_from__isnull=False,
                        adopted_at__isnull=False,
                    )
                    & ~Q(adopted_by=F("proposed_by"))
                    & ~Q(considered="")
                ),
                name="list_method_adopted_by_two",
                violation_error_message="办法由一人提请、另一人批准发布，并写明意见采纳情况和施行日期。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.list_name}认定办法（第 {self.number} 版）"


class MethodOpinion(models.Model):
    """What somebody of the public has said of a draft. Added, answered once, never changed (trigger). Who it was is sealed and
    shown to nobody; the text is published without it."""

    class Way(models.TextChoices):
        ONLINE = "online", "网上"
        WRITTEN = "written", "书面"
        MEETING = "meeting", "座谈会、听证会"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    key = models.UUIDField("提交键", null=True, unique=True, editable=False)
    method = models.ForeignKey(
        ListMethod, models.PROTECT, related_name="opinions", verbose_name="名单认定办法"
    )
    way = models.CharField("途径", max_length=10, choices=Way.choices)
    text = models.TextField("意见")
    name_sealed = models.TextField("姓名（加密）", blank=True, editable=False)
    contact_sealed = models.TextField("联系方式（加密）", blank=True, editable=False)
    low = models.BooleanField("排后处理", default=False)
    received_on = models.DateField("收到日期")
    received_at = models.DateTimeField("登记时间")
    received_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="登记人", related_name="+"
    )
    taken = models.BooleanField("采纳", null=True)
    answer = models.CharField("答复", max_length=1000, blank=True)
    answered_at = models.DateTimeField("答复时间", null=True, blank=True)
    answered_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="答复人", related_name="+"
    )
    is_demo = models.BooleanField("演示数据", default=False)

    name = SealedNumber("name_sealed", label="method_opinion")
    contact = SealedNumber("contact_sealed", label="method_opinion")

    class Meta:
        verbose_name = "对名单认定办法的意见"
        verbose_name_plural = "对名单认定办法的意见"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(taken__isnull=True, answer="", answered_at__isnull=True, answered_by__isnull=True)
                | (
                    Q(taken__isnull=False, answered_at__isnull=False, answered_by__isnull=False)
                    & ~Q(answer="")
                ),
                name="method_opinion_answered_whole",
                violation_error_message="答复须写明是否采纳和理由。",
            )
        ]

    def __str__(self) -> str:
        return f"意见 {self.pk}"
