"""Administrative acts and judicial information as departments give them (R93, R94), and where they came from."""

import uuid

from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from credit_portal.outbox.models import PartnerSystem
from credit_portal.registry.models import CreditSubject, Department, Domain, PublicityClass, Region, User
from verification.models import CreditEntry


class ActKind(models.TextChoices):
    LICENCE = "licence", "行政许可"
    PENALTY = "penalty", "行政处罚"
    COERCION = "coercion", "行政强制"
    CONFIRMATION = "confirmation", "行政确认"
    LEVY = "levy", "行政征收"
    PAYMENT = "payment", "行政给付"
    ADJUDICATION = "adjudication", "行政裁决"
    COMPENSATION = "compensation", "行政补偿"
    REWARD = "reward", "行政奖励"
    INSPECTION = "inspection", "行政监督检查"
    JUDICIAL = "judicial", "司法信息"


class ActUpload(models.Model):
    """A file of acts of one kind: looked through first, then entered a part at a time, wherever it was interrupted."""

    class State(models.TextChoices):
        CHECKED = "checked", "已检查，待录入"
        ENTERING = "entering", "正在录入"
        DONE = "done", "已录入"
        DISCARDED = "discarded", "已放弃"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    department = models.ForeignKey(Department, models.PROTECT, verbose_name="部门", related_name="+")
    kind = models.CharField("类别", max_length=20, choices=ActKind.choices)
    name = models.CharField("文件名", max_length=200)
    sha256 = models.CharField("校验值", max_length=64)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.CHECKED)
    rows = models.PositiveIntegerField("行数")
    # [[row, [[head, message], …]], …]
    faults = models.JSONField("有误的行", default=list)
    sealed = models.TextField("待录入的内容（加密）", blank=True, editable=False)
    good = models.PositiveIntegerField("可录入", default=0)
    done = models.PositiveIntegerField("已处理", default=0)
    entered = models.PositiveIntegerField("已录入", default=0)
    same = models.PositiveIntegerField("原已录入", default=0)
    uploaded_at = models.DateTimeField("上传时间")
    uploaded_by = models.ForeignKey(User, models.PROTECT, verbose_name="上传人", related_name="+")
    finished_at = models.DateTimeField("完成时间", null=True, blank=True)
    is_demo = models.BooleanField("演示数据", default=False)

    class Meta:
        verbose_name = "行政行为上传"
        verbose_name_plural = "行政行为上传"
        ordering = ["-id"]
        indexes = [models.Index(fields=["department", "-id"], name="act_upload_listed")]

    def __str__(self) -> str:
        return self.name


class AdministrativeAct(models.Model):
    """One licence, penalty, other act or piece of judicial information. What it says never changes: a correction is a
    new row that names the old one. Whether it is public is read from its class and dates."""

    class Source(models.TextChoices):
        FORM = "form", "录入"
        FILE = "file", "文件上传"
        API = "api", "接口推送"

    class Ending(models.TextChoices):
        EXPIRED = "expired", "公示期满或有效期满"
        REVOKED = "revoked", "决定已撤销"
        LAPSED = "lapsed", "许可注销或已执行完毕"
        CORRECTED = "corrected", "已由新记录更正"
        MISTAKE = "mistake", "录入有误"
        OBJECTION = "objection", "异议成立"
        REPAIRED = "repaired", "已修复"
        CLASS_CHANGED = "class_changed", "公开类型改为不公开"

    class Reason(models.TextChoices):
        BY_LAW = "by_law", "依法应当公开"
        DEFAULT_PERSON = "default_person", "自然人的信息默认仅特定范围公开"
        PERSON_BY_TWO = "person_by_two", "经两人决定公开自然人的信息"
        MINOR = "minor", "轻微，原则上不公示"
        TRADE_SECRET = "trade_secret", "涉及商业秘密"
        PRIVACY = "privacy", "涉及个人隐私"
        STATE_SECURITY = "state_security", "可能危及国家安全"
        PUBLIC_SECURITY = "public_security", "可能危及公共安全"
        ECONOMIC_SECURITY = "economic_security", "可能危及经济安全"
        SOCIAL_STABILITY = "social_stability", "可能危及社会稳定"
        THIRD_PARTY = "third_party", "可能损害第三方合法权益"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField("编号", max_length=30, unique=True)
    kind = models.CharField("类别", max_length=20, choices=ActKind.choices)
    subject = models.ForeignKey(CreditSubject, models.PROTECT, related_name="acts", verbose_name="主体")
    subject_kind = models.CharField("主体类别", max_length=20, choices=CreditSubject.Kind.choices)
    subject_name = models.CharField("主体名称", max_length=200)
    # A person's number stays sealed with the subject.
    subject_code = models.CharField("主体代码", max_length=18, blank=True)
    department = models.ForeignKey(
        Department, models.PROTECT, verbose_name="作出机关", related_name="+", db_index=False
    )
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划", related_name="+")
    document_name = models.CharField("文书名称", max_length=200)
    document_no = models.CharField("文书号", max_length=100)
    category = models.CharField("种类", max_length=200, blank=True)
    content = models.TextField("内容")
    basis = models.CharField("依据", max_length=500, blank=True)
    decided_on = models.DateField("决定日期")
    valid_from = models.DateField("有效期自", null=True, blank=True)
    valid_until = models.DateField("有效期至", null=True, blank=True)
    grade = models.CharField("程度", max_length=10, choices=CreditEntry.GRADES, blank=True)
    domain = models.CharField("领域", max_length=30, choices=Domain.choices, blank=True)
    # What only this kind has, by the key of `acts/fields.py`: certificate, facts, amounts.
    details = models.JSONField("其他内容", default=dict)
    remarks = models.CharField("备注", max_length=500, blank=True)
    sha256 = models.CharField("内容校验值", max_length=64)
    source = models.CharField("来源", max_length=10, choices=Source.choices)
    entered_at = models.DateTimeField("录入时间")
    entered_by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="录入人", related_name="+")
    partner = models.ForeignKey(
        PartnerSystem, models.PROTECT, null=True, blank=True, verbose_name="推送系统", related_name="+"
    )
    upload = models.ForeignKey(
        ActUpload, models.PROTECT, null=True, blank=True, verbose_name="上传文件", related_name="acts"
    )
    corrects = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, verbose_name="更正的记录", related_name="corrected_by"
    )
    entry = models.OneToOneField(
        CreditEntry, models.PROTECT, null=True, blank=True, verbose_name="信用记录", related_name="+"
    )

    proposed_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="提议公开的人", related_name="+"
    )
    proposed_at = models.DateTimeField("提议时间", null=True, blank=True)
    publicity_class = models.CharField("公开类型", max_length=10, choices=PublicityClass.choices, blank=True)
    class_reason = models.CharField("理由", max_length=30, choices=Reason.choices, blank=True)
    class_note = models.CharField("说明", max_length=300, blank=True)
    decided_at = models.DateTimeField("确定公开类型的时间", null=True, blank=True)
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="确定公开类型的人", related_name="+"
    )
    second = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="第二人", related_name="+"
    )
    public_from = models.DateField("公示首日", null=True, blank=True)
    public_until = models.DateField("公示末日", null=True, blank=True)
    rule_basis = models.CharField("公示期依据", max_length=300, blank=True)
    ended_at = models.DateTimeField("停止时间", null=True, blank=True)
    ending = models.CharField("停止原因", max_length=20, choices=Ending.choices, blank=True)
    ending_note = models.CharField("停止说明", max_length=300, blank=True)
    ended_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="停止办理人", related_name="+"
    )
    is_demo = models.BooleanField("演示数据", default=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = "行政行为信息"
        verbose_name_plural = "行政行为信息"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["department", "kind", "document_no", "subject"],
                condition=Q(ended_at__isnull=True) | ~Q(ending__in=["corrected", "mistake"]),
                name="act_once",
                violation_error_message="本部门已录入过这个主体的这份文书。",
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True, valid_from__isnull=True)
                | Q(valid_until__isnull=True)
                | Q(valid_until__gte=F("valid_from")),
                name="act_validity_in_order",
                violation_error_message="有效期止不能早于有效期起。",
            ),
            models.CheckConstraint(
                condition=Q(publicity_class="", decided_at__isnull=True, decided_by__isnull=True)
                | (~Q(publicity_class="") & Q(decided_at__isnull=False, decided_by__isnull=False)),
                name="act_class_decided_by_somebody",
                violation_error_message="公开类型须有确定的人和时间。",
            ),
            models.CheckConstraint(
                condition=Q(publicity_class="public", public_from__isnull=False)
                | (~Q(publicity_class="public") & Q(public_from__isnull=True, public_until__isnull=True)),
                name="act_dated_by_class",
                violation_error_message="向社会公开的须有公示首日，其他不得有。",
            ),
            models.CheckConstraint(
                condition=Q(public_until__isnull=True) | Q(public_until__gte=F("public_from")),
                name="act_publicity_in_order",
                violation_error_message="公示末日不能早于首日。",
            ),
            models.CheckConstraint(
                condition=~Q(publicity_class="public")
                | ~Q(subject_kind="person")
                | (Q(second__isnull=False) & ~Q(second=F("decided_by"))),
                name="act_person_public_by_two",
                violation_error_message="公开自然人的信息须由两人决定。",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ending="") | (Q(ended_at__isnull=False) & ~Q(ending="")),
                name="act_ended_for_a_reason",
                violation_error_message="停止须有原因。",
            ),
        ]
        indexes = [
            models.Index(fields=["department", "-id"], name="act_by_department"),
            models.Index(
                fields=["department", "decided_on"],
                name="act_to_decide",
                condition=Q(decided_at__isnull=True, ended_at__isnull=True),
            ),
            models.Index(
                fields=["-id"],
                name="act_listed",
                condition=Q(publicity_class="public", ended_at__isnull=True) & ~Q(subject_kind="person"),
            ),
            models.Index(
                fields=["public_until"],
                name="act_ends",
                condition=Q(publicity_class="public", ended_at__isnull=True),
            ),
            models.Index(fields=["subject", "-id"], name="act_by_subject"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def undecided(self) -> bool:
        return self.decided_at is None and self.ended_at is None
