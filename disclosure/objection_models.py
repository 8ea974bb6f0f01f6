"""Objections to what the site shows, with their course and whoever has to hear of the outcome; complaints; errors that
anybody points out. (S2 四（四）4, S4 17, S1 十七; R12, R104–R106, R133.)"""

import uuid

from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from commitments.models import Commitment
from credit_portal.documents.models import EvidenceFile
from credit_portal.registry.models import CreditSubject, Department, Region, SealedNumber, User
from verification.models import CreditEntry

from .act_models import AdministrativeAct
from .breach_models import BreachPublication
from .exchange_models import ExchangePlatform
from .typical_models import TypicalCase

_OF_ONE = {
    "breach": "publication",
    "commitment": "commitment",
    "act": "act",
    "entry": "entry",
    "case": "typical_case",
}


def _only(of: str) -> Q:
    return Q(of=of, **{f"{column}__isnull": kind != of for kind, column in _OF_ONE.items()})


class Objection(models.Model):
    """One objection of a subject to one record. What was said is never changed, nor a written answer (trigger)."""

    class Of(models.TextChoices):
        BREACH = "breach", "违诺公示"
        COMMITMENT = "commitment", "信用承诺公示"
        ACT = "act", "行政行为公示"
        ENTRY = "entry", "信用记录"
        CASE = "case", "典型案例"

    class Way(models.TextChoices):
        ONLINE = "online", "网上提交"
        DESK = "desk", "现场提出"
        ME = "me", "登录后提出"

    class State(models.TextChoices):
        RECEIVED = "received", "已收到，待受理"
        ASKED = "asked", "待补正"
        REFUSED = "refused", "不予受理"
        CHECKING = "checking", "已受理，作出单位核实中"
        PROPOSED = "proposed", "已核实，答复待批准"
        APPROVED = "approved", "已书面答复，待执行"
        ANSWERED = "answered", "已执行，待送达答复"
        CLOSED = "closed", "已办结"
        WITHDRAWN = "withdrawn", "已撤回"

    class Capacity(models.TextChoices):
        SELF = "self", "本人、法定代表人或者经营者"
        AGENT = "agent", "委托代理人"

    class Identity(models.TextChoices):
        DOCUMENT = "document", "现场查验证件"
        CALLED = "called", "回拨登记电话核实"
        SESSION = "session", "本人登录"

    class Wanted(models.TextChoices):
        CHANGE = "change", "更正"
        WITHDRAW = "withdraw", "撤下"

    class Outcome(models.TextChoices):
        KEEP = "keep", "维持"
        CHANGE = "change", "修改"
        WITHDRAW = "withdraw", "撤下"

    class Delivery(models.TextChoices):
        IN_PERSON = "in_person", "当面送交"
        POST = "post", "邮寄"
        ONLINE = "online", "凭查询地址在网上取得"
        PHONE = "phone", "电话告知后自取"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField("编号", max_length=30, unique=True)
    # Whoever holds it follows the objection and takes it back: a random one, on the receipt alone.
    token = models.CharField("查询码", max_length=43, unique=True, editable=False)
    key = models.UUIDField("提交键", null=True, unique=True, editable=False)
    way = models.CharField("途径", max_length=10, choices=Way.choices)

    of = models.CharField("对象类别", max_length=12, choices=Of.choices)
    publication = models.ForeignKey(
        BreachPublication, models.PROTECT, null=True, verbose_name="违诺公示", related_name="objections"
    )
    commitment = models.ForeignKey(
        Commitment, models.PROTECT, null=True, verbose_name="信用承诺", related_name="objections"
    )
    act = models.ForeignKey(
        AdministrativeAct, models.PROTECT, null=True, verbose_name="行政行为", related_name="objections"
    )
    entry = models.ForeignKey(
        CreditEntry, models.PROTECT, null=True, verbose_name="信用记录", related_name="objections"
    )
    typical_case = models.ForeignKey(
        TypicalCase, models.PROTECT, null=True, verbose_name="典型案例", related_name="objections"
    )
    record_no = models.CharField("文书号或编码", max_length=100)
    record_title = models.CharField("记录", max_length=300)
    subject = models.ForeignKey(
        CreditSubject, models.PROTECT, null=True, verbose_name="主体", related_name="objections"
    )
    department = models.ForeignKey(Department, models.PROTECT, verbose_name="作出单位", related_name="+")
    office = models.ForeignKey(Department, models.PROTECT, verbose_name="受理的信用办", related_name="+")
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划", related_name="+")

    by_name = models.CharField("异议人", max_length=60)
    capacity = models.CharField("身份", max_length=10, choices=Capacity.choices)
    phone_sealed = models.TextField("联系电话（加密）", blank=True, editable=False)
    authorisation = models.ForeignKey(
        EvidenceFile, models.PROTECT, null=True, verbose_name="授权委托书", related_name="+"
    )
    identity = models.CharField("身份核实", max_length=10, choices=Identity.choices, blank=True)
    identity_at = models.DateTimeField("核实身份时间", null=True)
    identity_by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="核实人", related_name="+")

    points = models.JSONField("有异议的内容", default=list)  # keys of records.points
    wanted = models.CharField("请求", max_length=10, choices=Wanted.choices)
    reasons = models.TextField("事实和理由")
    evidence = models.ManyToManyField(EvidenceFile, verbose_name="证据", blank=True, related_name="+")
    text_sha256 = models.CharField("内容校验值", max_length=64)
    # Of a crowd from one address, or the same words again: looked at after the others.
    low = models.BooleanField("排后处理", default=False)
    same_as = models.ForeignKey(
        "self", models.PROTECT, null=True, verbose_name="内容相同的异议", related_name="+"
    )
    filed_at = models.DateTimeField("提出时间")
    filed_by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="登记人", related_name="+")

    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.RECEIVED)
    marked = models.BooleanField("已标注异议处理中", default=False)
    asked_at = models.DateTimeField("要求补正时间", null=True)
    asked_for = models.TextField("须补正的内容", blank=True)
    supplied_at = models.DateTimeField("补正时间", null=True)
    supplied = models.TextField("补正说明", blank=True)
    accepted_at = models.DateTimeField("受理时间", null=True)
    accepted_by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="受理人", related_name="+")
    refused_for = models.TextField("不予受理的理由", blank=True)

    site_fault = models.BooleanField("本网站的差错", default=False)
    outcome = models.CharField("结论", max_length=10, choices=Outcome.choices, blank=True)
    # [{"key": …, "label": …, "old": …, "new": …}, …]
    changes = models.JSONField("更正的内容", default=list)
    answer = models.TextField("答复的理由", blank=True)
    proposed_at = models.DateTimeField("提出答复时间", null=True)
    proposed_by = models.ForeignKey(
        User, models.PROTECT, null=True, verbose_name="提出答复的人", related_name="+"
    )
    returned_for = models.CharField("退回修改的理由", max_length=500, blank=True)
    approved_at = models.DateTimeField("批准答复时间", null=True)
    approved_by = models.ForeignKey(
        User, models.PROTECT, null=True, verbose_name="批准答复的人", related_name="+"
    )
    carried_out_at = models.DateTimeField("执行时间", null=True)
    carried_out_by = models.ForeignKey(
        User, models.PROTECT, null=True, verbose_name="执行人", related_name="+"
    )
    successor = models.ForeignKey(
        AdministrativeAct, models.PROTECT, null=True, verbose_name="更正后的记录", related_name="+"
    )
    document = models.ForeignKey(
        EvidenceFile, models.PROTECT, null=True, verbose_name="答复书", related_name="+"
    )
    delivered_on = models.DateField("送达日期", null=True)
    delivered_how = models.CharField("送达方式", max_length=10, choices=Delivery.choices, blank=True)
    withdrawn_at = models.DateTimeField("撤回时间", null=True)
    is_demo = models.BooleanField("演示数据", default=False)
    history = HistoricalRecords()

    phone = SealedNumber("phone_sealed", label="objection")

    class Meta:
        verbose_name = "异议"
        verbose_name_plural = "异议"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=_only("breach")
                | _only("commitment")
                | _only("act")
                | _only("entry")
                | _only("case"),
                name="objection_to_one_record",
                violation_error_message="异议须针对一条记录。",
            ),
            models.CheckConstraint(
                condition=Q(identity="", identity_at__isnull=True)
                | (~Q(identity="") & Q(identity_at__isnull=False)),
                name="objection_identity_dated",
                violation_error_message="核实身份须有方式和时间。",
            ),
            models.CheckConstraint(
                condition=Q(marked=False) | ~Q(identity=""),
                name="objection_marks_once_known",
                violation_error_message="核实身份以前不标注异议处理中。",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True) | ~Q(identity=""),
                name="objection_accepted_once_known",
                violation_error_message="受理以前须核实异议人的身份。",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | Q(site_fault=True) | ~Q(approved_by=F("proposed_by")),
                name="objection_answered_by_two",
                violation_error_message="答复由一人提出、另一人批准。",
            ),
            models.CheckConstraint(
                condition=Q(approved_at__isnull=True) | (~Q(outcome="") & ~Q(answer="")),
                name="objection_answered_in_writing",
                violation_error_message="答复须有结论和理由。",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["answered", "closed"])
                | Q(approved_at__isnull=False, carried_out_at__isnull=False, document__isnull=False),
                name="objection_carried_out_as_written",
                violation_error_message="办结的异议须有书面答复和执行时间。",
            ),
            models.CheckConstraint(
                condition=~Q(state="refused") | ~Q(refused_for=""),
                name="objection_refused_for_a_reason",
                violation_error_message="不予受理须写明理由。",
            ),
        ] + [
            models.UniqueConstraint(
                fields=[column],
                condition=Q(marked=True),
                name=f"objection_one_to_a_{kind}",
                violation_error_message="这条记录已有正在办理的异议。",
            )
            for kind, column in _OF_ONE.items()
        ]
        indexes = [
            models.Index(fields=["office", "state", "-id"], name="objection_by_office"),
            models.Index(fields=["department", "-id"], name="objection_by_unit"),
            models.Index(fields=["text_sha256", "-id"], name="objection_same_words"),
        ]

    def __str__(self) -> str:
        return self.number


class ObjectionStep(models.Model):
    """One step of an objection, added and never changed (trigger). `label` and day are shown to the objector."""

    objection = models.ForeignKey(Objection, models.PROTECT, related_name="steps", verbose_name="异议")
    label = models.CharField("步骤", max_length=60)
    at = models.DateTimeField("时间")
    actor = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="办理人", related_name="+")
    note = models.TextField("说明", blank=True)

    class Meta:
        verbose_name = "异议步骤"
        verbose_name_plural = "异议步骤"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.label


class ReversalRecipient(models.Model):
    """Somebody who was given what has turned out to be wrong: told of it, and to confirm that its effects are undone
    (S4 17「消除不良影响」, R106)."""

    class Kind(models.TextChoices):
        PLATFORM = "platform", "上级平台"
        UNIT = "unit", "核查过的单位"
        SYSTEM = "system", "核查过的对接系统"
        MEASURE = "measure", "采取措施的单位"
        LIST = "list", "月报"
        LISTING = "listing", "据以列入名单的单位"
        LETTER = "letter", "收到通报函的单位"
        FEED = "feed", "公示变更的订阅方"

    objection = models.ForeignKey(Objection, models.PROTECT, related_name="recipients", verbose_name="异议")
    kind = models.CharField("类别", max_length=10, choices=Kind.choices)
    # What of this kind: the number of a list, letter or package, or of the unit itself.
    key = models.CharField("标识", max_length=60)
    name = models.CharField("名称", max_length=200)
    detail = models.CharField("收到过什么", max_length=200, blank=True)
    # Whoever there is asked to confirm; without one the credit office does it for them.
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, verbose_name="单位", related_name="+"
    )
    platform = models.ForeignKey(
        ExchangePlatform, models.PROTECT, null=True, verbose_name="平台", related_name="+"
    )
    # The last version or letter that it had: a later one which it has acknowledged confirms.
    after_id = models.BigIntegerField("之前的最后一份", null=True)
    told_at = models.DateTimeField("通知时间")
    chased_at = models.DateTimeField("催办时间", null=True)
    chased = models.PositiveSmallIntegerField("催办次数", default=0)
    confirmed_at = models.DateTimeField("确认时间", null=True)
    confirmed_by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="确认人", related_name="+")
    confirmation = models.CharField("怎样消除影响", max_length=300, blank=True)

    class Meta:
        verbose_name = "消除影响的告知对象"
        verbose_name_plural = "消除影响的告知对象"
        ordering = ["objection_id", "kind", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["objection", "kind", "key", "platform"],
                name="reversal_told_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=True) | ~Q(confirmation=""),
                name="reversal_confirmed_in_words",
                violation_error_message="确认须写明怎样消除影响。",
            ),
        ]
        indexes = [
            models.Index(
                fields=["department", "id"],
                name="reversal_waiting",
                condition=Q(confirmed_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.name}"


class Complaint(models.Model):
    """About how something was handled: for the credit office, not for the unit complained of (S1 十七「异议投诉处理制度」,
    R133, R116)."""

    class Kind(models.TextChoices):
        LATE = "late", "超过期限"
        REFUSED = "refused", "不予受理或者推诿"
        MANNER = "manner", "态度和服务"
        CHARGED = "charged", "违规收费"
        LEAK = "leak", "泄露、篡改信用信息"
        OTHER = "other", "其他"

    class State(models.TextChoices):
        RECEIVED = "received", "已收到"
        LOOKING = "looking", "正在调查"
        ANSWERED = "answered", "已答复"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField("编号", max_length=30, unique=True)
    token = models.CharField("查询码", max_length=43, unique=True, editable=False)
    key = models.UUIDField("提交键", null=True, unique=True, editable=False)
    kind = models.CharField("类别", max_length=10, choices=Kind.choices)
    about = models.ForeignKey(
        Department, models.PROTECT, null=True, blank=True, verbose_name="被投诉的单位", related_name="+"
    )
    matter_no = models.CharField("有关编号", max_length=60, blank=True)
    text = models.TextField("投诉的内容")
    text_sha256 = models.CharField("内容校验值", max_length=64)
    by_name = models.CharField("投诉人", max_length=60, blank=True)
    phone_sealed = models.TextField("联系电话（加密）", blank=True, editable=False)
    low = models.BooleanField("排后处理", default=False)
    same_as = models.ForeignKey(
        "self", models.PROTECT, null=True, verbose_name="内容相同的投诉", related_name="+"
    )
    office = models.ForeignKey(Department, models.PROTECT, verbose_name="办理的信用办", related_name="+")
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划", related_name="+")
    filed_at = models.DateTimeField("提交时间")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.RECEIVED)
    taken_at = models.DateTimeField("开始调查时间", null=True)
    taken_by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="调查人", related_name="+")
    answer = models.TextField("答复", blank=True)
    answered_at = models.DateTimeField("答复时间", null=True)
    answered_by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="答复人", related_name="+")
    is_demo = models.BooleanField("演示数据", default=False)
    history = HistoricalRecords()

    phone = SealedNumber("phone_sealed", label="complaint")

    class Meta:
        verbose_name = "投诉"
        verbose_name_plural = "投诉"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="answered")
                | (Q(answered_at__isnull=False, answered_by__isnull=False) & ~Q(answer="")),
                name="complaint_answered_by_somebody",
                violation_error_message="答复须有内容、答复人和时间。",
            ),
            models.CheckConstraint(
                condition=Q(about__isnull=True) | ~Q(about=F("office")),
                name="complaint_not_to_whom_it_is_about",
                violation_error_message="投诉不由被投诉的单位办理。",
            ),
        ]
        indexes = [
            models.Index(fields=["office", "state", "-id"], name="complaint_by_office"),
            models.Index(fields=["text_sha256", "-id"], name="complaint_same_words"),
        ]

    def __str__(self) -> str:
        return self.number


class ErrorTip(models.Model):
    """An error on a page of the site, as anybody has pointed it out (S2「社会公众、新闻舆论」, R12). Never shown."""

    class State(models.TextChoices):
        OPEN = "open", "待处理"
        TAKEN = "taken", "采纳"
        NOT_TAKEN = "not_taken", "不采纳"

    class Became(models.TextChoices):
        CORRECTED = "corrected", "网站已更正"
        PASSED_ON = "passed_on", "已转作出单位核实"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField("编号", max_length=30, unique=True)
    key = models.UUIDField("提交键", null=True, unique=True, editable=False)
    page = models.CharField("页面", max_length=300)
    text = models.TextField("哪里有误")
    text_sha256 = models.CharField("内容校验值", max_length=64)
    contact_sealed = models.TextField("联系方式（加密）", blank=True, editable=False)
    times = models.PositiveIntegerField("次数", default=1)
    low = models.BooleanField("排后处理", default=False)
    office = models.ForeignKey(Department, models.PROTECT, verbose_name="处理的信用办", related_name="+")
    filed_at = models.DateTimeField("提交时间")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.OPEN)
    became = models.CharField("处理方式", max_length=10, choices=Became.choices, blank=True)
    passed_to = models.ForeignKey(
        Department, models.PROTECT, null=True, verbose_name="转交单位", related_name="+"
    )
    answer = models.CharField("处理情况", max_length=500, blank=True)
    answered_at = models.DateTimeField("处理时间", null=True)
    answered_by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="处理人", related_name="+")
    is_demo = models.BooleanField("演示数据", default=False)
    history = HistoricalRecords()

    contact = SealedNumber("contact_sealed", label="error_tip")

    class Meta:
        verbose_name = "报错"
        verbose_name_plural = "报错"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="open")
                | (Q(answered_at__isnull=False, answered_by__isnull=False) & ~Q(answer="")),
                name="tip_answered_by_somebody",
                violation_error_message="处理须有情况、处理人和时间。",
            ),
            models.CheckConstraint(
                condition=Q(state="taken", became__in=["corrected", "passed_on"])
                | (~Q(state="taken") & Q(became="")),
                name="tip_taken_leads_somewhere",
                violation_error_message="采纳的须写明怎样处理。",
            ),
            models.CheckConstraint(
                condition=~Q(became="passed_on") | Q(passed_to__isnull=False),
                name="tip_passed_on_to_somebody",
                violation_error_message="转交须有单位。",
            ),
        ]
        indexes = [
            models.Index(fields=["office", "state", "-id"], name="tip_by_office"),
            models.Index(fields=["text_sha256", "-id"], name="tip_same_words"),
        ]

    def __str__(self) -> str:
        return self.number
