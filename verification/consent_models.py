"""What a subject has agreed to be told to whom, what was told, and the reports by which it is told (S3 三（三）, S4 3, S1 三;
R113, R60). A consent is added and never changed but for its withdrawal; releases and reports are added, never changed
(triggers): they need no history of their own."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from credit_portal.documents.models import EvidenceFile
from credit_portal.outbox.models import PartnerSystem
from credit_portal.registry import codes
from credit_portal.registry.models import (
    CreditSubject,
    Department,
    Region,
    SealedNumber,
    SubjectAccess,
    User,
)

from .own_record_models import OwnRecordRequest


class Purpose(models.TextChoices):
    LOAN = "loan", "办理贷款"
    BIDDING = "bidding", "投标"
    AWARDS = "awards", "评优评先"
    JOB = "job", "就业"
    TRADE = "trade", "合作交易"
    ADMINISTRATION = "administration", "其他行政管理"
    OTHER = "other", "其他"


class Scope(models.TextChoices):
    REPORT = "report", "信用报告"
    RECORD = "record", "信用记录"


class Part(models.TextChoices):
    """What a record or report is made of; who the subject is stands in all of them."""

    COMMITMENTS = "commitments", "信用承诺和履行情况"
    ACTS = "acts", "行政许可等行政行为"
    ADVERSE = "adverse", "行政处罚、名单和承诺违约"
    GOOD = "good", "表彰和诚信记录"
    REGISTERED = "registered", "核实过的自愿注册信息"
    EVALUATIONS = "evaluations", "公共信用综合评价"


def _parts() -> ArrayField:
    return ArrayField(models.CharField(max_length=15, choices=Part.choices), verbose_name="内容")


class Consent(models.Model):
    """A subject agrees that one recipient is told something of its record, for a purpose, until a day."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField("编号", max_length=30, unique=True)
    subject = models.ForeignKey(CreditSubject, models.PROTECT, verbose_name="主体", related_name="consents")
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划", related_name="+")
    purpose = models.CharField("用途", max_length=15, choices=Purpose.choices)
    purpose_note = models.CharField("用途说明", max_length=100, blank=True)
    # The recipient is one of three: a department, another body by its code, a person by its number.
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, verbose_name="接收部门", related_name="+"
    )
    body_name = models.CharField("接收机构", max_length=200, blank=True)
    body_code = models.CharField("接收机构代码", max_length=18, blank=True)
    person_name = models.CharField("接收人", max_length=60, blank=True)
    person_id_sealed = models.TextField("接收人身份证号码（加密）", blank=True, editable=False)
    person_id_index = models.CharField(max_length=64, null=True, editable=False)
    scope = models.CharField("范围", max_length=10, choices=Scope.choices)
    parts = _parts()
    given_at = models.DateTimeField("同意时间")
    expires_on = models.DateField("有效至")
    given_by = models.CharField("同意人", max_length=200)
    capacity = models.CharField("同意人身份", max_length=20, choices=OwnRecordRequest.Capacity.choices)
    # On its own pages by an access; at the window before a clerk, on signed paper.
    access = models.ForeignKey(
        SubjectAccess, models.PROTECT, null=True, verbose_name="网上同意", related_name="+"
    )
    clerk = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="经办人", related_name="+")
    unit = models.ForeignKey(Department, models.PROTECT, null=True, verbose_name="经办单位", related_name="+")
    paper = models.ForeignKey(
        EvidenceFile, models.PROTECT, null=True, verbose_name="签字的同意书", related_name="+"
    )
    authorisation = models.ForeignKey(
        EvidenceFile, models.PROTECT, null=True, verbose_name="授权委托书", related_name="+"
    )
    withdrawn_at = models.DateTimeField("撤回时间", null=True)
    withdrawn_by = models.CharField("撤回人", max_length=200, blank=True)
    withdrawn_access = models.ForeignKey(
        SubjectAccess, models.PROTECT, null=True, verbose_name="网上撤回", related_name="+"
    )
    withdrawn_clerk = models.ForeignKey(
        User, models.PROTECT, null=True, verbose_name="撤回的经办人", related_name="+"
    )
    withdrawn_authorisation = models.ForeignKey(
        EvidenceFile, models.PROTECT, null=True, verbose_name="撤回的授权委托书", related_name="+"
    )
    is_demo = models.BooleanField("演示数据", default=False)

    person_id = SealedNumber(
        "person_id_sealed", label="consent", index="person_id_index", purpose="consent_person_id"
    )

    class Meta:
        verbose_name = "信用信息提供同意"
        verbose_name_plural = "信用信息提供同意"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(department__isnull=False, body_code="", person_id_index__isnull=True)
                | (Q(department__isnull=True, person_id_index__isnull=True) & ~Q(body_code="") & ~Q(body_name=""))
                | (Q(department__isnull=True, body_code="", person_id_index__isnull=False) & ~Q(person_name="")),
                name="consent_one_recipient",
                violation_error_message="接收方是一个部门、一个机构或者一个人，三者其一。",
            ),
            models.CheckConstraint(
                condition=Q(access__isnull=False, clerk__isnull=True, unit__isnull=True, paper__isnull=True)
                | Q(access__isnull=True, clerk__isnull=False, unit__isnull=False, paper__isnull=False),
                name="consent_given_one_way",
                violation_error_message="同意在网上作出，或者在窗口凭签字的同意书作出，二者其一。",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, withdrawn_by="", withdrawn_access__isnull=True, withdrawn_clerk__isnull=True)
                | (Q(withdrawn_at__isnull=False) & ~Q(withdrawn_by="")
                   & (Q(withdrawn_access__isnull=False, withdrawn_clerk__isnull=True)
                      | Q(withdrawn_access__isnull=True, withdrawn_clerk__isnull=False))),
                name="consent_withdrawn_by_one",
                violation_error_message="撤回须写明时间和撤回人，在网上或者在窗口。",
            ),
            models.CheckConstraint(
                condition=~Q(parts=[]),
                name="consent_has_parts",
                violation_error_message="同意须写明内容。",
            ),
            models.CheckConstraint(
                condition=~Q(purpose="other") | ~Q(purpose_note=""),
                name="consent_other_purpose_named",
                violation_error_message="其他用途须写明。",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["department", "-id"], name="consent_by_department"),
            models.Index(fields=["region", "-id"], name="consent_by_region"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def recipient(self) -> str:
        """The recipient as the subject named it."""
        if self.department_id is not None:
            return str(self.department)
        return self.body_name or self.person_name

    @property
    def recipient_shown(self) -> str:
        """The same for everybody else: a person's name is masked."""
        return self.recipient if not self.person_name else codes.mask_person_name(self.person_name)

    @property
    def purpose_shown(self) -> str:
        label = str(self.get_purpose_display())
        if not self.purpose_note:
            return label
        return self.purpose_note if self.purpose == Purpose.OTHER else f"{label}（{self.purpose_note}）"

    @property
    def parts_shown(self) -> str:
        return "、".join(str(one.label) for one in Part if one in self.parts)


class CreditReport(models.Model):
    """A report in the one format, as it was issued. Own: of the subject for itself; else for the recipient of a consent."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField("报告编号", max_length=30, unique=True)
    subject = models.ForeignKey(
        CreditSubject, models.PROTECT, verbose_name="主体", related_name="credit_reports"
    )
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划", related_name="+")
    consent = models.ForeignKey(
        Consent, models.PROTECT, null=True, verbose_name="同意", related_name="reports"
    )
    own = models.BooleanField("本人版")
    recipient = models.CharField("接收方", max_length=200, blank=True)
    purpose = models.CharField("用途", max_length=15, choices=Purpose.choices)
    purpose_note = models.CharField("用途说明", max_length=100, blank=True)
    scope = models.CharField("范围", max_length=10, choices=Scope.choices)
    parts = _parts()
    period_from = models.DateField("期间自")
    issued_at = models.DateTimeField("出具时间")
    valid_until = models.DateField("有效期至")
    lines = models.PositiveIntegerField("条数")
    # Of the content, so that a record that has changed since is noticed without keeping it twice.
    fingerprint = models.CharField(max_length=64, editable=False)
    document = models.ForeignKey(EvidenceFile, models.PROTECT, verbose_name="报告", related_name="+")
    sha256 = models.CharField("校验值", max_length=64)
    verify_token = models.CharField("核验码", max_length=32, unique=True, editable=False)
    asked_by = models.CharField("领取人", max_length=200, blank=True)
    capacity = models.CharField("领取人身份", max_length=20, blank=True)
    authorisation = models.ForeignKey(
        EvidenceFile, models.PROTECT, null=True, verbose_name="授权委托书", related_name="+"
    )
    access = models.ForeignKey(
        SubjectAccess, models.PROTECT, null=True, verbose_name="网上出具", related_name="+"
    )
    by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="经办人", related_name="+")
    partner = models.ForeignKey(
        PartnerSystem, models.PROTECT, null=True, verbose_name="取得的系统", related_name="+"
    )
    unit = models.ForeignKey(Department, models.PROTECT, null=True, verbose_name="经办单位", related_name="+")
    # The procedure in which the recipient department uses it: it stands in that check's line of the monthly list.
    check_made = models.ForeignKey(
        "verification.Check",
        models.PROTECT,
        null=True,
        verbose_name="信用核查",
        related_name="credit_reports",
    )
    is_demo = models.BooleanField("演示数据", default=False)

    class Meta:
        verbose_name = "公共信用信息报告"
        verbose_name_plural = "公共信用信息报告"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(own=True, consent__isnull=True, check_made__isnull=True)
                | Q(own=False, consent__isnull=False),
                name="credit_report_own_or_consented",
                violation_error_message="提供给他人的报告须有主体的同意。",
            ),
            models.CheckConstraint(
                condition=Q(access__isnull=False, by__isnull=True, partner__isnull=True, unit__isnull=True)
                | Q(access__isnull=True, by__isnull=False, partner__isnull=True, unit__isnull=False)
                | Q(access__isnull=True, by__isnull=True, partner__isnull=False, unit__isnull=False),
                name="credit_report_issued_by_one",
                violation_error_message="报告由主体在网上、由工作人员或者由部门系统取得，三者其一。",
            ),
        ]
        indexes = [models.Index(fields=["region", "-id"], name="credit_report_by_region")]

    def __str__(self) -> str:
        return self.number

    purpose_shown = Consent.purpose_shown
    parts_shown = Consent.parts_shown


class Release(models.Model):
    """A record or report went to somebody: by a consent, or by an exception of the law. Exactly one of the two."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    subject = models.ForeignKey(CreditSubject, models.PROTECT, verbose_name="主体", related_name="releases")
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划", related_name="+")
    consent = models.ForeignKey(
        Consent, models.PROTECT, null=True, verbose_name="同意", related_name="releases"
    )
    exception = models.CharField("法定例外", max_length=15, blank=True)
    article = models.CharField("依据", max_length=100, blank=True)
    recipient = models.CharField("接收方", max_length=200)
    purpose = models.CharField("用途", max_length=120)
    scope = models.CharField("范围", max_length=10, choices=Scope.choices)
    parts = _parts()
    report = models.ForeignKey(
        CreditReport, models.PROTECT, null=True, verbose_name="报告", related_name="releases"
    )
    # Of a file of evaluations with many subjects in it, one for each that is in it by its consent.
    passing = models.ForeignKey(
        "verification.EvaluationPassing",
        models.PROTECT,
        null=True,
        verbose_name="综合评价提供",
        related_name="releases",
    )
    sha256 = models.CharField("校验值", max_length=64)
    at = models.DateTimeField("提供时间")
    by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="经办人", related_name="+")
    partner = models.ForeignKey(
        PartnerSystem, models.PROTECT, null=True, verbose_name="取得的系统", related_name="+"
    )
    access = models.ForeignKey(
        SubjectAccess, models.PROTECT, null=True, verbose_name="网上取得", related_name="+"
    )
    is_demo = models.BooleanField("演示数据", default=False)

    class Meta:
        verbose_name = "信用信息提供"
        verbose_name_plural = "信用信息提供"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(consent__isnull=False, exception="", article="")
                | (Q(consent__isnull=True) & ~Q(exception="") & ~Q(article="")),
                name="release_by_consent_or_exception",
                violation_error_message="提供信用信息须有主体的同意，或者法定的例外和依据，二者其一。",
            ),
        ]
        indexes = [
            models.Index(fields=["region", "at"], name="release_by_region"),
            models.Index(fields=["subject", "-id"], name="release_by_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.recipient} {self.at:%Y-%m-%d}"
