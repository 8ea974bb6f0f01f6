"""What a served determination brings with it: rectification, interview, hand-over for revocation, letters (S1 十一 十二,
S2 四（四）2, S4 9 12). Each is a row of its own with its paper; what was done stays, whatever follows."""

import uuid

from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from credit_portal.documents.models import EvidenceFile
from credit_portal.registry.models import CreditSubject, Department, Region, User
from verification.models import CreditEntry

from .breach_models import BreachCase


class Rectification(models.Model):
    """The order to put right within a time limit (限期整改)."""

    class State(models.TextChoices):
        RUNNING = "running", "整改中"
        REPORTED = "reported", "已报告整改，待核查"
        PASSED = "passed", "整改到位"
        FAILED = "failed", "整改不到位"
        CANCELLED = "cancelled", "已取消"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField("编号", max_length=30, unique=True)
    case = models.ForeignKey(
        BreachCase, models.PROTECT, related_name="rectifications", verbose_name="违诺认定"
    )
    department = models.ForeignKey(Department, models.PROTECT, verbose_name="部门", related_name="+")
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划", related_name="+")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.RUNNING)
    requirements = models.TextField("整改要求", help_text="每段一行")
    ordered_on = models.DateField("责令日期")
    ordered_by = models.ForeignKey(User, models.PROTECT, verbose_name="办理人", related_name="+")
    due_on = models.DateField("整改期限")
    provisional = models.BooleanField("期限暂定", default=False)
    document = models.ForeignKey(
        EvidenceFile, models.PROTECT, null=True, verbose_name="通知书", related_name="+"
    )
    reported_on = models.DateField("报告日期", null=True, blank=True)
    report = models.TextField("主体的整改报告", blank=True)
    judged_on = models.DateField("核查日期", null=True, blank=True)
    judged_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="核查人", related_name="+"
    )
    judgement = models.TextField("核查情况", blank=True)
    is_demo = models.BooleanField("演示数据", default=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = "限期整改"
        verbose_name_plural = "限期整改"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["case"],
                condition=Q(state__in=["running", "reported"]),
                name="rectification_one_open",
                violation_error_message="这件违诺认定已有进行中的整改。",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["passed", "failed"])
                | (Q(judged_on__isnull=False, judged_by__isnull=False) & ~Q(judgement="")),
                name="rectification_judged_by_somebody",
                violation_error_message="核查须有日期、核查人和情况。",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class Interview(models.Model):
    """A reminder or warning interview (提示约谈, 警示约谈), held by whoever determined the breach."""

    class Kind(models.TextChoices):
        REMINDER = "reminder", "提示约谈"
        WARNING = "warning", "警示约谈"

    class State(models.TextChoices):
        INVITED = "invited", "已通知，待约谈"
        HELD = "held", "已约谈"
        ABSENT = "absent", "未到场"
        CANCELLED = "cancelled", "已取消"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField("编号", max_length=30, unique=True)
    case = models.ForeignKey(BreachCase, models.PROTECT, related_name="interviews", verbose_name="违诺认定")
    rectification = models.ForeignKey(
        Rectification, models.PROTECT, null=True, verbose_name="限期整改", related_name="interviews"
    )
    department = models.ForeignKey(Department, models.PROTECT, verbose_name="约谈部门", related_name="+")
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划", related_name="+")
    kind = models.CharField("种类", max_length=10, choices=Kind.choices)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.INVITED)
    invited = models.CharField("被约谈人", max_length=200, help_text="姓名和职务")
    reasons = models.TextField("约谈事由")
    scheduled_at = models.DateTimeField("约谈时间")
    place = models.CharField("约谈地点", max_length=200)
    invited_on = models.DateField("通知日期")
    invited_by = models.ForeignKey(User, models.PROTECT, verbose_name="办理人", related_name="+")
    invitation = models.ForeignKey(
        EvidenceFile, models.PROTECT, null=True, verbose_name="约谈通知书", related_name="+"
    )
    held_on = models.DateField("约谈日期", null=True, blank=True)
    attendees = models.CharField("参加人", max_length=300, blank=True)
    minutes = models.TextField("约谈记录", blank=True)
    undertakings = models.TextField("主体表示的整改措施", blank=True)
    recorded_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="记录人", related_name="+"
    )
    minutes_document = models.ForeignKey(
        EvidenceFile, models.PROTECT, null=True, blank=True, verbose_name="约谈记录（文书）", related_name="+"
    )
    signed_copy = models.ForeignKey(
        EvidenceFile, models.PROTECT, null=True, blank=True, verbose_name="签字的记录", related_name="+"
    )
    entry = models.OneToOneField(
        CreditEntry, models.PROTECT, null=True, blank=True, verbose_name="信用记录", related_name="+"
    )
    is_demo = models.BooleanField("演示数据", default=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = "约谈"
        verbose_name_plural = "约谈"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["case"],
                condition=Q(state="invited"),
                name="interview_one_open",
                violation_error_message="这件违诺认定已有待进行的约谈。",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["held", "absent"])
                | (Q(held_on__isnull=False, recorded_by__isnull=False, entry__isnull=False) & ~Q(minutes="")),
                name="interview_recorded",
                violation_error_message="约谈须有日期、记录和记录人，并记入信用记录。",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class RevocationHandoff(models.Model):
    """Handing over to the approval bureau, which decides by procedure whether the licence is revoked (S2 四（四）2)."""

    class State(models.TextChoices):
        SENT = "sent", "已移交，待签收"
        ACKNOWLEDGED = "acknowledged", "已签收，办理中"
        REVOKED = "revoked", "已撤销许可"
        KEPT = "kept", "不予撤销"
        WITHDRAWN = "withdrawn", "已撤回"
        REVIEW = "review", "认定已撤销，待复核"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField("编号", max_length=30, unique=True)
    case = models.ForeignKey(BreachCase, models.PROTECT, related_name="handoffs", verbose_name="违诺认定")
    department = models.ForeignKey(Department, models.PROTECT, verbose_name="移交部门", related_name="+")
    bureau = models.ForeignKey(Department, models.PROTECT, verbose_name="接收部门", related_name="+")
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划", related_name="+")
    state = models.CharField("状态", max_length=12, choices=State.choices, default=State.SENT)
    licence_name = models.CharField("许可名称", max_length=200)
    licence_no = models.CharField("许可决定文书号", max_length=100)
    reasons = models.TextField("移交理由")
    sent_on = models.DateField("移交日期")
    sent_by = models.ForeignKey(User, models.PROTECT, verbose_name="移交人", related_name="+")
    document = models.ForeignKey(
        EvidenceFile, models.PROTECT, null=True, verbose_name="移交函", related_name="+"
    )
    acknowledged_on = models.DateField("签收日期", null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="签收人", related_name="+"
    )
    decided_on = models.DateField("决定日期", null=True, blank=True)
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="登记人", related_name="+"
    )
    decision_no = models.CharField("决定文书号", max_length=100, blank=True)
    decision = models.TextField("决定的内容或者不予撤销的理由", blank=True)
    is_demo = models.BooleanField("演示数据", default=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = "移交撤销许可"
        verbose_name_plural = "移交撤销许可"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "licence_no"],
                condition=~Q(state="withdrawn"),
                name="handoff_once_a_licence",
                violation_error_message="这个许可已经移交。",
            ),
            models.CheckConstraint(
                condition=~Q(state="revoked") | (Q(decided_on__isnull=False) & ~Q(decision_no="")),
                name="handoff_revoked_by_a_decision",
                violation_error_message="撤销许可须有决定文书号和日期。",
            ),
        ]
        indexes = [models.Index(fields=["bureau", "-id"], name="handoff_by_bureau")]

    def __str__(self) -> str:
        return self.number


class Recipient(models.Model):
    """Who is told, by role: of one subject (its superior unit), or of a whole region (its audit office)."""

    class Role(models.TextChoices):
        SUPERIOR = "superior", "上级主管单位"
        AUDIT = "audit", "审计部门"
        OWN_UNIT = "own_unit", "所在单位"
        DISCIPLINE = "discipline", "纪检监察机关"
        PERSONNEL = "personnel", "组织人事部门"

    role = models.CharField("身份", max_length=12, choices=Role.choices)
    name = models.CharField("名称", max_length=200)
    address = models.CharField("通信地址", max_length=200, blank=True)
    subject = models.ForeignKey(
        CreditSubject, models.PROTECT, null=True, blank=True, verbose_name="只用于这个主体", related_name="+"
    )
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划", related_name="+")
    is_active = models.BooleanField("在用", default=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = "通报对象"
        verbose_name_plural = "通报对象"
        ordering = ["region_id", "role", "id"]

    def __str__(self) -> str:
        return f"{self.get_role_display()}：{self.name}"


class Letter(models.Model):
    """A letter that tells one recipient of a breach, or that a determination told before has been revoked."""

    class State(models.TextChoices):
        WRITTEN = "written", "待发出"
        SENT = "sent", "已发出，待回执"
        RECEIVED = "received", "已收到回执"
        CANCELLED = "cancelled", "未发出即取消"

    class Method(models.TextChoices):
        POST = "post", "邮寄"
        IN_PERSON = "in_person", "当面送交"
        EXCHANGE = "exchange", "公文交换"
        ELECTRONIC = "electronic", "电子公文"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField("编号", max_length=30, unique=True)
    case = models.ForeignKey(BreachCase, models.PROTECT, related_name="letters", verbose_name="违诺认定")
    department = models.ForeignKey(Department, models.PROTECT, verbose_name="发函部门", related_name="+")
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划", related_name="+")
    role = models.CharField("收函单位的身份", max_length=12, choices=Recipient.Role.choices)
    recipient = models.CharField("收函单位", max_length=200)
    address = models.CharField("通信地址", max_length=200, blank=True)
    content = models.TextField("通报内容")
    withdraws = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, verbose_name="更正的函", related_name="withdrawn_by"
    )
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.WRITTEN)
    written_on = models.DateField("成文日期")
    written_by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="拟稿人", related_name="+")
    document = models.ForeignKey(
        EvidenceFile, models.PROTECT, null=True, verbose_name="函件", related_name="+"
    )
    method = models.CharField("发出方式", max_length=12, choices=Method.choices, blank=True)
    sent_on = models.DateField("发出日期", null=True, blank=True)
    sent_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="发出人", related_name="+"
    )
    received_on = models.DateField("收到日期", null=True, blank=True)
    receipt = models.CharField("回执", max_length=200, blank=True, help_text="签收人、邮件号或者回函文号")
    is_demo = models.BooleanField("演示数据", default=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = "通报函"
        verbose_name_plural = "通报函"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "role", "recipient"],
                condition=Q(withdraws__isnull=True) & ~Q(state="cancelled"),
                name="letter_once_a_recipient",
                violation_error_message="已向这个单位通报过。",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["sent", "received"])
                | (Q(sent_on__isnull=False, sent_by__isnull=False) & ~Q(method="")),
                name="letter_sent_by_somebody",
                violation_error_message="发出须有日期、方式和发出人。",
            ),
            models.CheckConstraint(
                condition=~Q(state="received") | (Q(received_on__isnull=False) & ~Q(receipt="")),
                name="letter_received_with_proof",
                violation_error_message="收到回执须有日期和凭据。",
            ),
        ]

    def __str__(self) -> str:
        return self.number
