"""An application for repair: of one entry of the record, from the draft to the effect, with everything that was brought
and every step. Sources: S0 一（一）（四）, S1 十三, S2 四（四）4, S4 13.
"""

import uuid
from urllib.parse import unquote, urlsplit

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from commitments.models import BreachCase, Commitment, IdentityDocument, SignerCapacity
from commitments.way_back import METHOD_LABELS
from credit_portal.documents.models import EvidenceFile
from credit_portal.registry.models import CreditSubject, Department, Region, SealedNumber, User
from disclosure.models import AdministrativeAct, BreachPublication
from verification.models import CreditEntry

from .help_models import HelpService as HelpService


class RepairApplication(models.Model):
    class State(models.TextChoices):
        DRAFT = "draft", "未提交"
        APPLIED = "applied", "已申请，待受理"
        ASKED = "asked", "已一次性告知补正"
        ACCEPTED = "accepted", "已受理，审查中"
        PROPOSED = "proposed", "待批准"
        DECIDED = "decided", "已决定修复，待信用办确认"
        EFFECTIVE = "effective", "已修复"
        REFUSED = "refused", "不予修复"
        WITHDRAWN = "withdrawn", "申请人撤回"
        CLOSED = "closed", "已终止"

    class Channel(models.TextChoices):
        ONLINE = "online", "网上"
        WINDOW = "window", "窗口"
        DEPARTMENT = "department", "主管部门代办"

    class Outcome(models.TextChoices):
        GRANTED = "granted", "准予修复"
        REFUSED = "refused", "不予修复"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # A draft has none yet.
    number = models.CharField("申请编号", max_length=30, unique=True, null=True, blank=True)
    entry = models.ForeignKey(
        CreditEntry, models.PROTECT, verbose_name="要修复的记录", related_name="repair_applications"
    )
    case = models.ForeignKey(
        BreachCase,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="违诺认定",
        related_name="repair_applications",
    )
    subject = models.ForeignKey(CreditSubject, models.PROTECT, verbose_name="主体", related_name="+")
    department = models.ForeignKey(
        Department, models.PROTECT, verbose_name="主管部门", related_name="+", help_text="作出认定的部门"
    )
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划", related_name="+")
    office = models.ForeignKey(
        Department, models.PROTECT, null=True, blank=True, verbose_name="确认的信用办", related_name="+"
    )
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.DRAFT)
    channel = models.CharField("渠道", max_length=12, choices=Channel.choices)
    # Whichever hall has taken it in: the subject need not look for the right door (S1 十三: 一网通办).
    taken_in = models.ForeignKey(
        Department, models.PROTECT, null=True, blank=True, verbose_name="接收单位", related_name="+"
    )
    taken_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="接收人", related_name="+"
    )
    applicant = models.CharField("申请人（办理人）", max_length=100)
    capacity = models.CharField("办理身份", max_length=30, choices=SignerCapacity.choices)
    identity_document = models.CharField(
        "查验的证件", max_length=20, choices=IdentityDocument.choices, blank=True
    )
    authorisation = models.ForeignKey(
        EvidenceFile, models.PROTECT, null=True, blank=True, verbose_name="授权委托书", related_name="+"
    )
    phone_sealed = models.TextField("联系电话（加密）", blank=True, editable=False)
    methods = ArrayField(
        models.CharField(max_length=20, choices=list(METHOD_LABELS.items())),
        verbose_name="修复方式",
        default=list,
    )
    explanation = models.TextField("纠正失信行为、消除不良影响的情况", blank=True)
    pledge = models.OneToOneField(
        Commitment,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="修复承诺",
        related_name="repair_application",
    )
    # What the rules of the day said when it was handed in: first day, methods, articles.
    rules_shown = models.JSONField("申请时的规则", default=dict)
    saved_at = models.DateTimeField("保存时间")
    applied_at = models.DateTimeField("申请时间", null=True, blank=True)
    applied_on = models.DateField("申请日期", null=True, blank=True)

    asked_on = models.DateField("告知补正日期", null=True, blank=True)
    missing = models.JSONField("需补正的内容", default=list, help_text="一次告知全部")
    completed_on = models.DateField("补正日期", null=True, blank=True)
    accepted_on = models.DateField("受理日期", null=True, blank=True)

    outcome = models.CharField("审查意见", max_length=10, choices=Outcome.choices, blank=True)
    reasons = models.TextField("理由", blank=True)
    again_from = models.DateField("预计具备条件之日", null=True, blank=True)
    proposed_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="提出人", related_name="+"
    )
    proposed_at = models.DateTimeField("提出时间", null=True, blank=True)
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="批准人", related_name="+"
    )
    decided_on = models.DateField("决定日期", null=True, blank=True)
    decision = models.ForeignKey(
        EvidenceFile, models.PROTECT, null=True, blank=True, verbose_name="决定书", related_name="+"
    )
    defects = models.JSONField("形式缺陷", default=list)
    confirmed_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="确认人", related_name="+"
    )
    effective_at = models.DateTimeField("修复生效时间", null=True, blank=True)
    # Told to the public where the region announces repairs (S4 13).
    announced_on = models.DateField("公告日期", null=True, blank=True)
    closed_reason = models.CharField("终止原因", max_length=300, blank=True)
    verify_token = models.CharField("核验码", max_length=32, unique=True, null=True)
    is_demo = models.BooleanField("演示数据", default=False)
    history = HistoricalRecords()

    phone = SealedNumber("phone_sealed", label="repair_phone")

    class Meta:
        verbose_name = "信用修复申请"
        verbose_name_plural = "信用修复申请"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["entry"],
                condition=Q(state__in=["applied", "asked", "accepted", "proposed", "decided"]),
                name="repair_one_open",
                violation_error_message="这条记录已有正在办理的修复申请。",
            ),
            models.UniqueConstraint(fields=["entry"], condition=Q(state="draft"), name="repair_one_draft"),
            models.UniqueConstraint(
                fields=["entry"], condition=Q(state="effective"), name="repair_effective_once"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "withdrawn", "closed"])
                | Q(number__isnull=False, applied_on__isnull=False),
                name="repair_numbered_once_applied",
                violation_error_message="已提交的申请须有编号和日期。",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True)
                | (Q(proposed_by__isnull=False, decided_on__isnull=False) & ~Q(decided_by=F("proposed_by"))),
                name="repair_decided_by_two",
                violation_error_message="修复决定须由一人提出、另一人批准。",
            ),
            models.CheckConstraint(
                condition=~Q(state="effective")
                | Q(
                    effective_at__isnull=False,
                    confirmed_by__isnull=False,
                    decided_by__isnull=False,
                    outcome="granted",
                ),
                name="repair_effective_is_whole",
                violation_error_message="修复生效须已决定并经确认。",
            ),
        ]
        indexes = [
            models.Index(fields=["department", "-id"], name="repair_by_department"),
            models.Index(fields=["subject", "-id"], name="repair_by_subject"),
            models.Index(
                fields=["-announced_on", "-id"],
                name="repair_announced",
                condition=Q(announced_on__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.number or "修复申请草稿"


class RepairMaterial(models.Model):
    """What was brought for a method. Taken out of a draft it is not shown any more; once handed in it stays."""

    application = models.ForeignKey(
        RepairApplication, models.PROTECT, related_name="materials", verbose_name="修复申请"
    )
    method = models.CharField("修复方式", max_length=20, choices=list(METHOD_LABELS.items()))
    file = models.ForeignKey(EvidenceFile, models.PROTECT, verbose_name="文件", related_name="+")
    note = models.CharField("说明", max_length=200, blank=True)
    added_at = models.DateTimeField("提交时间")
    added_by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="提交人", related_name="+")
    removed_at = models.DateTimeField("移除时间", null=True, blank=True)

    class Meta:
        verbose_name = "修复材料"
        verbose_name_plural = "修复材料"
        ordering = ["id"]
        constraints = [
            # The same file sent twice, because the answer was lost, is one.
            models.UniqueConstraint(fields=["application", "method", "file"], name="repair_material_once")
        ]

    def __str__(self) -> str:
        return f"{self.get_method_display()} {self.note}".strip()


class RepairStep(models.Model):
    """One step of an application, added and never changed (trigger)."""

    class Kind(models.TextChoices):
        APPLIED = "applied", "提出申请"
        ASKED = "asked", "一次性告知补正"
        COMPLETED = "completed", "补正材料"
        ACCEPTED = "accepted", "受理"
        PROPOSED = "proposed", "提出审查意见"
        RETURNED = "returned", "退回修改"
        DECIDED = "decided", "批准决定"
        DEFECT = "defect", "信用办退回（形式缺陷）"
        CONFIRMED = "confirmed", "信用办确认，修复生效"
        WITHDRAWN = "withdrawn", "撤回申请"
        CLOSED = "closed", "终止"

    application = models.ForeignKey(
        RepairApplication, models.PROTECT, related_name="steps", verbose_name="修复申请"
    )
    kind = models.CharField("步骤", max_length=12, choices=Kind.choices)
    on = models.DateField("日期")
    at = models.DateTimeField("登记时间")
    actor = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="办理人", related_name="+")
    document = models.ForeignKey(
        EvidenceFile, models.PROTECT, null=True, verbose_name="文书", related_name="+"
    )
    note = models.TextField("说明", blank=True)

    class Meta:
        verbose_name = "修复步骤"
        verbose_name_plural = "修复步骤"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.on} {self.get_kind_display()}"


class BrokenPledge(models.Model):
    """A new entry within the term of a repair commitment, found from the record and put to the department. Nothing is
    determined by it: a lock-out follows from a determination only (S0 一（一）, R46)."""

    class State(models.TextChoices):
        OPEN = "open", "待部门核实"
        CASE = "case", "已立案"
        FALSE = "false", "经核实不属于违反修复承诺"

    pledge = models.ForeignKey(
        Commitment, models.PROTECT, related_name="signs_of_breaking", verbose_name="修复承诺"
    )
    entry = models.ForeignKey(CreditEntry, models.PROTECT, related_name="+", verbose_name="新的记录")
    state = models.CharField("状态", max_length=8, choices=State.choices, default=State.OPEN)
    found_at = models.DateTimeField("发现时间")
    case = models.ForeignKey(
        BreachCase, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="违诺认定"
    )
    answered_at = models.DateTimeField("答复时间", null=True, blank=True)
    answered_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="答复人", related_name="+"
    )
    note = models.CharField("核实情况", max_length=300, blank=True)

    class Meta:
        verbose_name = "修复承诺违约线索"
        verbose_name_plural = "修复承诺违约线索"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["pledge", "entry"], name="broken_pledge_found_once"),
            models.CheckConstraint(
                condition=Q(state="open", answered_at__isnull=True)
                | (~Q(state="open") & Q(answered_at__isnull=False, answered_by__isnull=False)),
                name="broken_pledge_answered_by_somebody",
                violation_error_message="答复须有答复人和时间。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pledge_id} {self.get_state_display()}"


class LockOut(models.Model):
    """The time in which no repair is given, by a determined breach of a repair commitment; its entry stands in the record and
    is what a repair is judged by. Never changed (trigger), but together with its entry where that is put right."""

    COPIES = {"until_on": "until_on"}

    case = models.OneToOneField(BreachCase, models.PROTECT, related_name="lockout", verbose_name="违诺认定")
    entry = models.OneToOneField(CreditEntry, models.PROTECT, related_name="lockout", verbose_name="信用记录")
    until_on = models.DateField("最后一日")
    rule_id = models.BigIntegerField("规则编号", null=True)
    made_at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = "修复限制"
        verbose_name_plural = "修复限制"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.case_id} 至 {self.until_on}"


class UnpublicationProof(models.Model):
    """That a breach or an act is gone, seen by fetching every surface on which it was. Wanted in the transaction that ends
    a publication, looked at afterwards; the certificate lists what was seen."""

    class State(models.TextChoices):
        WAITING = "waiting", "待核对"
        PASSED = "passed", "已停止公示"
        FAILED = "failed", "仍有未停止之处"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    application = models.OneToOneField(
        RepairApplication,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="proof",
        verbose_name="修复申请",
    )
    publication = models.ForeignKey(
        BreachPublication,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="proofs",
        verbose_name="违诺公示",
    )
    act = models.ForeignKey(
        AdministrativeAct,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="proofs",
        verbose_name="行政行为信息",
    )
    subject = models.ForeignKey(CreditSubject, models.PROTECT, verbose_name="主体", related_name="+")
    department = models.ForeignKey(Department, models.PROTECT, verbose_name="主管部门", related_name="+")
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划", related_name="+")
    state = models.CharField("状态", max_length=8, choices=State.choices, default=State.WAITING)
    wanted_at = models.DateTimeField("停止公示时间")
    rounds = models.PositiveSmallIntegerField("核对次数", default=0)
    looked_at = models.DateTimeField("最近核对时间", null=True, blank=True)
    number = models.CharField("证明编号", max_length=30, unique=True, null=True, blank=True)
    issued_at = models.DateTimeField("出具时间", null=True, blank=True)
    verify_token = models.CharField("核验码", max_length=32, unique=True, null=True)
    document = models.ForeignKey(
        EvidenceFile, models.PROTECT, null=True, blank=True, verbose_name="证明", related_name="+"
    )
    document_sha256 = models.CharField("证明校验值", max_length=64, blank=True)
    is_demo = models.BooleanField("演示数据", default=False)

    class Meta:
        verbose_name = "停止公示核对"
        verbose_name_plural = "停止公示核对"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["wanted_at"], name="proof_waiting", condition=~Q(state="passed")),
            models.Index(fields=["department", "-id"], name="proof_by_department"),
        ]
        constraints = [
            # Ended otherwise than by repair (revoked, objected to): one proof of that ending.
            models.UniqueConstraint(
                fields=["publication"],
                condition=Q(application__isnull=True),
                name="proof_once_a_publication",
            ),
            models.UniqueConstraint(
                fields=["act"], condition=Q(application__isnull=True), name="proof_once_an_act"
            ),
            models.CheckConstraint(
                condition=Q(application__isnull=False) | Q(publication__isnull=False) | Q(act__isnull=False),
                name="proof_of_something",
                violation_error_message="核对须有修复申请、违诺公示或者行政行为。",
            ),
            models.CheckConstraint(
                condition=Q(number__isnull=True, document__isnull=True)
                | Q(
                    number__isnull=False,
                    document__isnull=False,
                    issued_at__isnull=False,
                    verify_token__isnull=False,
                ),
                name="proof_issued_whole",
                violation_error_message="已出具的证明须有编号、文件、时间和核验码。",
            ),
        ]

    def __str__(self) -> str:
        return self.number or f"停止公示核对 {self.pk}"


class SurfaceLook(models.Model):
    """One surface fetched in one round: what was asked for, what came back, whether the breach was gone. Never changed
    (trigger)."""

    proof = models.ForeignKey(
        UnpublicationProof, models.PROTECT, related_name="looks", verbose_name="停止公示核对"
    )
    round = models.PositiveSmallIntegerField("第几次")
    surface = models.CharField("位置", max_length=30)
    label = models.CharField("名称", max_length=100)
    address = models.CharField("地址", max_length=500, blank=True)
    ok = models.BooleanField("已停止")
    status = models.PositiveSmallIntegerField("返回码", null=True)
    seen = models.CharField("看到的情况", max_length=300)
    sha256 = models.CharField("返回内容校验值", max_length=64, blank=True)
    looked_at = models.DateTimeField("核对时间")

    class Meta:
        verbose_name = "停止公示逐处核对"
        verbose_name_plural = "停止公示逐处核对"
        ordering = ["proof", "round", "id"]
        constraints = [
            models.UniqueConstraint(fields=["proof", "round", "surface"], name="surface_looked_once_a_round")
        ]

    def __str__(self) -> str:
        return f"{self.label} {'已停止' if self.ok else '未停止'}"

    @property
    def site(self) -> str:
        """Where the portal was asked, without what follows."""
        parts = urlsplit(self.address)
        return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""

    @property
    def path(self) -> str:
        """What was asked there, as people read it."""
        return unquote(self.address.removeprefix(self.site))
