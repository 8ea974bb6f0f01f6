"""The credit record and the checks made of it. A check reads one table and needs nobody above."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from credit_portal.outbox.models import PartnerSystem
from credit_portal.registry.models import (
    CommitmentType,
    CreditSubject,
    Department,
    Domain,
    Region,
    ServiceItemVersion,
    User,
)

from . import vocabulary as words
from .frozen_rows import FrozenRowsField, PlainJSON
from .measure_models import AppliedMeasure as AppliedMeasure
from .measure_models import CreditList as CreditList
from .measure_models import ListedMeasure as ListedMeasure
from .measure_models import MeasureLifting as MeasureLifting
from .measure_models import choices


class CreditEntry(models.Model):
    """One row of a subject's record. Rooms above write into it through `services.py`; a check only reads."""

    GRADES = [("minor", "轻微"), ("general", "一般"), ("serious", "严重")]

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    subject = models.ForeignKey(CreditSubject, models.PROTECT, related_name="entries", verbose_name="主体")
    kind = models.CharField("类别", max_length=20, choices=choices(words.KIND_LABELS))
    credit_list = models.ForeignKey(
        CreditList,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="名单",
        related_name="entries",
        db_index=False,
    )
    title = models.CharField("事由", max_length=300)
    source = models.CharField("来源", max_length=200, help_text="网站或机关名称，例如 信用中国（河北）")
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, blank=True, verbose_name="作出机关", related_name="+"
    )
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划", related_name="+")
    document_no = models.CharField("文书号", max_length=100, blank=True)
    basis = models.CharField("依据", max_length=300, blank=True, help_text="修复限制期须写明依据")
    grade = models.CharField("程度", max_length=10, choices=GRADES, blank=True)
    from_on = models.DateField("自")
    until_on = models.DateField("至", null=True, blank=True)
    served_on = models.DateField("送达日期", null=True, blank=True)
    public_from = models.DateField("公示首日", null=True, blank=True)
    public_until = models.DateField("公示末日", null=True, blank=True)
    repairable_from = models.DateField("可申请修复之日", null=True, blank=True)
    repaired_on = models.DateField("修复日期", null=True, blank=True)
    ended_on = models.DateField("终止日期", null=True, blank=True, help_text="移出名单、解除措施的日期")
    end_reason = models.CharField("终止原因", max_length=500, blank=True)
    remark = models.CharField("备注", max_length=500, blank=True)
    state = models.CharField(
        "状态", max_length=10, choices=choices(words.STATE_LABELS), default=str(words.State.EFFECTIVE)
    )
    verified = models.BooleanField("已核实", default=True)
    objection_under_way = models.BooleanField("异议处理中", default=False)
    entered_by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="录入人", related_name="+")
    entered_at = models.DateTimeField("录入时间")
    # What was wrong is revoked and stays readable; what is right is a new entry that names it.
    corrects = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, verbose_name="更正的记录", related_name="corrected_by"
    )
    is_demo = models.BooleanField("演示数据", default=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = "信用记录"
        verbose_name_plural = "信用记录"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(until_on__isnull=True) | Q(until_on__gte=F("from_on")),
                name="entry_dates_in_order",
                violation_error_message="终止日期不能早于起始日期。",
            ),
            models.CheckConstraint(
                condition=Q(public_until__isnull=True)
                | (Q(public_from__isnull=False) & Q(public_until__gte=F("public_from"))),
                name="entry_publicity_in_order",
                violation_error_message="公示末日不能早于公示首日。",
            ),
            models.CheckConstraint(
                condition=(Q(state="repaired") & Q(repaired_on__isnull=False))
                | (~Q(state="repaired") & Q(repaired_on__isnull=True)),
                name="entry_repaired_is_dated",
                violation_error_message="已修复的记录须有修复日期，其他记录不得有。",
            ),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True) | Q(state__in=["ended", "revoked"]),
                name="entry_ended_when_dated",
                violation_error_message="有效的记录不得有终止日期。",
            ),
            models.CheckConstraint(
                condition=Q(public_from__isnull=True)
                | ~Q(kind="breach")
                | (Q(served_on__isnull=False) & Q(public_from__gte=F("served_on"))),
                name="entry_breach_public_after_service",
                violation_error_message="承诺违约送达前不得公示。",
            ),
            models.CheckConstraint(
                condition=~Q(kind="lockout") | (Q(until_on__isnull=False) & ~Q(basis="")),
                name="entry_lockout_ends_and_has_basis",
                violation_error_message="修复限制期须有终止日期和依据。",
            ),
            models.CheckConstraint(
                condition=~Q(state="repaired") | Q(kind__in=["penalty", "list", "breach"]),
                name="entry_only_adverse_is_repaired",
                violation_error_message="只有行政处罚、名单和承诺违约可以修复。",
            ),
            models.CheckConstraint(
                condition=Q(repaired_on__isnull=True) | Q(repaired_on__gte=F("from_on")),
                name="entry_repaired_after_start",
                violation_error_message="修复日期不能早于起始日期。",
            ),
            models.CheckConstraint(
                condition=Q(served_on__isnull=True) | Q(served_on__gte=F("from_on")),
                name="entry_served_after_start",
                violation_error_message="送达日期不能早于起始日期。",
            ),
        ]
        indexes = [
            models.Index(
                fields=["subject"],
                name="entry_effective_by_subject",
                condition=Q(state="effective"),
            ),
            models.Index(
                fields=["credit_list", "-id"],
                name="entry_by_list",
                condition=Q(credit_list__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.title}"


class EntryMeasure(models.Model):
    """What a list or another entry brings with it in a field (or in all of them), and by which legal basis."""

    EFFECTS = [
        ("refused", "依规定应当拒绝"),
        ("ban", "市场和行业禁入"),
        ("ordinary", "按一般程序办理"),
        ("key", "重点审查"),
        ("exit_rule", "按名单退出规则"),
    ]

    entry = models.ForeignKey(CreditEntry, models.CASCADE, related_name="measures", verbose_name="信用记录")
    domain = models.CharField(
        "领域", max_length=30, choices=Domain.choices, blank=True, help_text="空：所有领域"
    )
    effect = models.CharField("措施", max_length=10, choices=EFFECTS)
    basis = models.CharField("依据", max_length=300)

    class Meta:
        verbose_name = "措施"
        verbose_name_plural = "措施"
        constraints = [
            models.CheckConstraint(
                condition=~Q(basis=""),
                name="measure_has_basis",
                violation_error_message="措施须写明依据。",
            )
        ]

    def __str__(self) -> str:
        return self.get_effect_display()


class Check(models.Model):
    """One check of a record, as it was seen and answered then. Added, never changed (trigger)."""

    class Purpose(models.TextChoices):
        COMMITMENT = "commitment", "办理信用承诺"
        APPROVAL = "approval", "行政审批"
        OTHER = "other", "其他行政管理"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField("核查编号", max_length=30, unique=True)
    subject = models.ForeignKey(CreditSubject, models.PROTECT, related_name="checks", verbose_name="主体")
    subject_name = models.CharField("主体名称", max_length=200)
    subject_code = models.CharField("主体代码", max_length=18, blank=True)
    item_version = models.ForeignKey(
        ServiceItemVersion, models.PROTECT, verbose_name="事项", related_name="+"
    )
    commitment_type = models.CharField("承诺类型", max_length=20, choices=CommitmentType.choices)
    late_materials = models.BooleanField("容缺受理", default=False)
    domain = models.CharField("领域", max_length=30, choices=Domain.choices)
    step = models.CharField("环节", max_length=15, choices=choices(words.STEP_LABELS), blank=True)
    # The same procedure looked at once more: after something was shown against the answer before.
    follows = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, verbose_name="接续的核查", related_name="followed_by"
    )
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划", related_name="+")
    department = models.ForeignKey(Department, models.PROTECT, verbose_name="核查部门", related_name="+")
    operator = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="核查人", related_name="+")
    partner = models.ForeignKey(
        PartnerSystem, models.PROTECT, null=True, blank=True, verbose_name="核查的系统", related_name="+"
    )
    on_day = models.DateField("核查日期")
    checked_at = models.DateTimeField("核查时间")
    purpose = models.CharField("目的", max_length=20, choices=Purpose.choices)
    case_ref = models.CharField("办件编号", max_length=60, blank=True)
    sources = ArrayField(models.CharField(max_length=200), verbose_name="来源", default=list)
    route = models.CharField("办理方式", max_length=12, choices=choices(words.ROUTE_LABELS))
    scrutiny = models.CharField("审查方式", max_length=10, choices=choices(words.SCRUTINY_LABELS))
    one_line = models.TextField("结论")
    reasons = FrozenRowsField("理由", own=("text", "entry_id"))
    remedies = models.JSONField("救济途径", default=list, encoder=PlainJSON)
    entries_seen = models.JSONField("看到的记录", default=list)
    switches = models.JSONField("当时的规则取值", default=dict)

    class Meta:
        verbose_name = "信用核查"
        verbose_name_plural = "信用核查"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["subject", "-checked_at"], name="check_by_subject"),
            models.Index(fields=["department", "-checked_at"], name="check_by_department"),
        ]

    def __str__(self) -> str:
        return self.number


from .check_models import CheckLook as CheckLook  # noqa: E402  (they refer to the checks above)
from .check_models import CheckNotice as CheckNotice  # noqa: E402
from .check_models import CheckObjection as CheckObjection  # noqa: E402
from .check_models import CheckOutcome as CheckOutcome  # noqa: E402
from .check_models import CheckOverride as CheckOverride  # noqa: E402
from .check_models import CheckSource as CheckSource  # noqa: E402
from .check_models import OutsideReport as OutsideReport  # noqa: E402
from .complaint_models import ConsumerComplaint as ConsumerComplaint  # noqa: E402  (it refers to the entries above)
from .consent_models import Consent as Consent  # noqa: E402
from .consent_models import CreditReport as CreditReport  # noqa: E402
from .consent_models import Release as Release  # noqa: E402
from .grade_models import Evaluation as Evaluation  # noqa: E402
from .grade_models import EvaluationFetch as EvaluationFetch  # noqa: E402
from .grade_models import EvaluationPassing as EvaluationPassing  # noqa: E402
from .grade_models import EvaluationRecipient as EvaluationRecipient  # noqa: E402
from .grade_models import EvaluationUpload as EvaluationUpload  # noqa: E402
from .grade_models import Grade as Grade  # noqa: E402
from .grade_models import GradeIndicator as GradeIndicator  # noqa: E402
from .grade_models import GradeRun as GradeRun  # noqa: E402
from .grade_models import GradingStandard as GradingStandard  # noqa: E402
from .grade_models import SubjectGrade as SubjectGrade  # noqa: E402
from .grade_models import Tier as Tier  # noqa: E402
from .list_method_models import ListMethod as ListMethod  # noqa: E402
from .list_method_models import MethodOpinion as MethodOpinion  # noqa: E402
from .listing_models import Listing as Listing  # noqa: E402  (it refers to the entries above)
from .listing_models import ListingStatement as ListingStatement  # noqa: E402
from .listing_models import ListingStatementFile as ListingStatementFile  # noqa: E402
from .listing_models import ListingStep as ListingStep  # noqa: E402
from .membership_models import MembershipUpload as MembershipUpload  # noqa: E402
from .own_record_models import OwnRecordRequest as OwnRecordRequest  # noqa: E402
from .reading_watch_models import AvoidedCode as AvoidedCode  # noqa: E402
from .reading_watch_models import ReaderDay as ReaderDay  # noqa: E402
from .reading_watch_models import UnusualReading as UnusualReading  # noqa: E402
from .tax_credit_models import TaxCreditEntry as TaxCreditEntry  # noqa: E402
from .training_models import TrainingLine as TrainingLine  # noqa: E402
from .training_models import TrainingSession as TrainingSession  # noqa: E402
from .usage_models import UsageList as UsageList  # noqa: E402
from .usage_models import UsageNote as UsageNote  # noqa: E402
from .usage_models import UsageNotice as UsageNotice  # noqa: E402
from .usage_models import UsageRow as UsageRow  # noqa: E402
from .usage_models import UsageSubmission as UsageSubmission  # noqa: E402
