"""Drafts at the counter, and signed commitments. What is signed is frozen: triggers in the migration refuse
changes to it; the few columns that may move are named there."""

import uuid

from django.db import models
from django.db.models import F, Q

from credit_portal.documents.models import EvidenceFile
from credit_portal.outbox.models import PartnerSystem
from credit_portal.registry.models import (
    CommitmentType,
    CreditSubject,
    Department,
    PublicityClass,
    Region,
    SealedNumber,
    ServiceItem,
    ServiceItemVersion,
    SubjectAccess,
    User,
)
from verification.models import Check

from .association_models import Campaign as Campaign
from .association_models import CampaignDraft as CampaignDraft
from .association_models import MemberNote as MemberNote
from .association_models import NoteReply as NoteReply
from .association_models import TextRequest as TextRequest
from .breach_models import BreachCase as BreachCase
from .breach_models import BreachedClause as BreachedClause
from .breach_models import CaseStep as CaseStep
from .bulk_models import BulkFault as BulkFault
from .bulk_models import BulkJob as BulkJob
from .bulk_models import ImportedCommitment as ImportedCommitment
from .bulk_models import ImportedRevision as ImportedRevision
from .capture_models import CaptureBatch as CaptureBatch
from .capture_models import CaptureKeying as CaptureKeying
from .capture_models import CaptureSheet as CaptureSheet
from .consequence_models import Interview as Interview
from .consequence_models import Letter as Letter
from .consequence_models import Recipient as Recipient
from .consequence_models import Rectification as Rectification
from .consequence_models import RevocationHandoff as RevocationHandoff
from .handover_models import HandedHistory as HandedHistory
from .handover_models import HandedOver as HandedOver
from .handover_models import HandoverMapping as HandoverMapping
from .handover_models import HandoverProtocol as HandoverProtocol
from .model_text_models import ModelIssue as ModelIssue
from .obligation_models import FulfilmentReview as FulfilmentReview
from .obligation_models import Obligation as Obligation
from .obligation_models import ObligationFinding as ObligationFinding
from .online_models import CommitmentParticulars as CommitmentParticulars
from .online_models import DraftPhoto as DraftPhoto
from .reading_models import ReadingDraft as ReadingDraft
from .reading_models import ReadingMaterial as ReadingMaterial
from .reading_models import ReadingOffer as ReadingOffer
from .recheck_models import Recheck as Recheck
from .recheck_models import RecheckMember as RecheckMember
from .recheck_models import RecheckPlan as RecheckPlan
from .recheck_models import RecheckRound as RecheckRound
from .recheck_models import Stratum as Stratum
from .registration_models import Registration as Registration
from .registration_models import RegistrationBatch as RegistrationBatch
from .registration_models import RegistrationKind as RegistrationKind
from .registration_models import RegistrationStep as RegistrationStep
from .registration_models import RegistrationVerifier as RegistrationVerifier
from .roster_models import RosterEntry as RosterEntry
from .roster_models import RosterSort as RosterSort
from .roster_models import RosterUpload as RosterUpload
from .subject_models import AccessGrounds as AccessGrounds
from .subject_models import SubjectStatement as SubjectStatement
from .supplement_models import ImmediateResult as ImmediateResult
from .supplement_models import MaterialFile as MaterialFile
from .supplement_models import PromisedMaterial as PromisedMaterial
from .supplement_models import Supplement as Supplement
from .supplement_models import SupplementExtension as SupplementExtension
from .text_models import KEEPING as KEEPING
from .text_models import Blank as Blank
from .text_models import Clause as Clause
from .text_models import CommitmentText as CommitmentText
from .text_models import RequiredContent as RequiredContent
from .text_models import TextVersion as TextVersion
from .visit_models import Visit as Visit
from .visit_models import VisitMatter as VisitMatter
from .visit_models import VisitPart as VisitPart
from .warning_models import ClauseWarning as ClauseWarning
from .warning_models import ComparisonMark as ComparisonMark
from .warning_models import WarningRule as WarningRule


class SignerCapacity(models.TextChoices):
    LEGAL_REPRESENTATIVE = "legal_representative", "法定代表人（负责人）"
    AGENT = "agent", "委托代理人"
    SELF = "self", "本人"


class IdentityDocument(models.TextChoices):
    ID_CARD = "id_card", "居民身份证"
    TEMPORARY_ID = "temporary_id", "临时居民身份证"
    PASSPORT = "passport", "护照"
    HK_MACAO = "hk_macao", "港澳居民来往内地通行证"
    TAIWAN = "taiwan", "台湾居民来往大陆通行证"
    RESIDENCE = "residence", "外国人永久居留身份证"


class Draft(models.Model):
    """Work at the counter or on a subject's own pages, kept from the first key. It is also what makes signing happen once:
    the draft row is locked, and a draft that has its commitment gives that one again."""

    class Step(models.TextChoices):
        SUBJECT = "subject", "登记主体"
        CHECK = "check", "核查"
        READ = "read", "阅读"
        SIGN = "sign", "签署"
        DONE = "done", "已签署"
        ORDINARY = "ordinary", "按一般程序办理"
        DISCARDED = "discarded", "已放弃"

    uuid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clerk = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="经办人", related_name="+")
    # On the subject's own pages nobody is the clerk: by which access it was last worked on.
    access = models.ForeignKey(
        SubjectAccess, models.PROTECT, null=True, verbose_name="网上办理人", related_name="+"
    )
    department = models.ForeignKey(Department, models.PROTECT, verbose_name="受理单位", related_name="+")
    step = models.CharField("步骤", max_length=10, choices=Step.choices, default=Step.SUBJECT)
    code_sealed = models.TextField("输入的代码（加密）", blank=True, editable=False)
    code_index = models.CharField(max_length=64, null=True, editable=False)
    subject = models.ForeignKey(
        CreditSubject, models.PROTECT, null=True, verbose_name="主体", related_name="+"
    )
    item_version = models.ForeignKey(
        ServiceItemVersion, models.PROTECT, null=True, verbose_name="事项", related_name="+"
    )
    commitment_type = models.CharField("承诺类型", max_length=20, choices=CommitmentType.choices, blank=True)
    late_materials = models.BooleanField("容缺受理", default=False)
    promised = models.JSONField("容缺材料和补交日期", default=list)
    case_ref = models.CharField("办件编号", max_length=60, blank=True)
    check_made = models.ForeignKey(Check, models.PROTECT, null=True, verbose_name="核查", related_name="+")
    text_version = models.ForeignKey(
        TextVersion, models.PROTECT, null=True, verbose_name="文本", related_name="+"
    )
    corrects = models.ForeignKey(
        "Commitment", models.PROTECT, null=True, verbose_name="更正的承诺", related_name="correcting_drafts"
    )
    correction_reason = models.CharField("更正理由", max_length=300, blank=True)
    blanks = models.JSONField("填写内容", default=dict)
    blanks_order = models.BigIntegerField(default=0, editable=False, help_text="浏览器给出的先后次序")
    signer = models.JSONField("签署人（不含证件号码）", default=dict)
    must_state = models.JSONField("须据实写明的内容", default=list)
    opened_at = models.DateTimeField("开始时间")
    saved_at = models.DateTimeField("保存时间")

    code = SealedNumber("code_sealed", label="draft", index="code_index")

    class Meta:
        verbose_name = "办理草稿"
        verbose_name_plural = "办理草稿"
        ordering = ["-saved_at"]
        constraints = [
            # Two tabs on the same business find the same draft.
            models.UniqueConstraint(
                fields=["clerk", "subject", "item_version", "commitment_type"],
                condition=Q(step__in=["check", "read", "sign"]),
                name="draft_one_open",
                nulls_distinct=False,
            ),
            models.UniqueConstraint(
                fields=["clerk", "code_index"], condition=Q(step="subject"), name="draft_one_newcomer"
            ),
            models.CheckConstraint(
                condition=Q(clerk__isnull=False, access__isnull=True)
                | Q(clerk__isnull=True, access__isnull=False, subject__isnull=False),
                name="draft_by_clerk_or_subject",
                violation_error_message="草稿由窗口人员办理，或者由主体在网上办理，二者其一。",
            ),
        ]
        indexes = [
            models.Index(
                fields=["subject", "-saved_at"],
                name="draft_online_by_subject",
                condition=Q(clerk__isnull=True),
            ),
            models.Index(
                fields=["clerk", "-saved_at"],
                name="draft_open_by_clerk",
                condition=~Q(step__in=["done", "discarded", "ordinary"]),
            ),
        ]


class Presentation(models.Model):
    """What was shown to the applicant on the turned screen: which part, which text (by hash), for how long (R18)."""

    class Part(models.TextChoices):
        NOTICE = "notice", "告知书"
        PRIVACY = "privacy", "个人信息处理告知"
        TEXT = "text", "承诺书"
        EDUCATION = "education", "诚信教育读本"

    draft = models.ForeignKey(Draft, models.PROTECT, related_name="presentations", verbose_name="草稿")
    part = models.CharField("展示内容", max_length=10, choices=Part.choices)
    text_version = models.ForeignKey(TextVersion, models.PROTECT, null=True, related_name="+")
    reading = models.ForeignKey(ReadingMaterial, models.PROTECT, null=True, related_name="+")
    sha256 = models.CharField("校验值", max_length=64)
    shown_at = models.DateTimeField("展示开始")
    seconds = models.PositiveIntegerField("展示秒数", default=0)
    key = models.UUIDField("展示编号", unique=True, help_text="浏览器为每次展示生成，重复上报只记一次")

    class Meta:
        verbose_name = "展示记录"
        verbose_name_plural = "展示记录"
        ordering = ["id"]


# The part of the public gate that does not depend on the hour; partial indexes have it as their condition.
LISTED = Q(publicity_class="public", withdrawn_at__isnull=True, voided_at__isnull=True) & ~Q(
    subject_kind="person"
)


class Commitment(models.Model):
    class Fulfilment(models.TextChoices):
        RUNNING = "running", "履行中"
        FULFILLED = "fulfilled", "全部履行"
        PARTIAL = "partial", "部分履行"
        UNFULFILLED = "unfulfilled", "全部未履行"

    class Channel(models.TextChoices):
        WINDOW = "window", "窗口"
        ONLINE = "online", "网上"
        BULK = "bulk", "批量归集"
        PARTNER = "partner", "系统对接"
        PAPER = "paper", "纸质补录"

    class SignedBy(models.TextChoices):
        PAD = "pad", "电子手写签名"
        PAPER = "paper", "纸质签名扫描"

    code = models.CharField("承诺编码", max_length=20, unique=True)
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="受理地", related_name="+")
    made_on = models.DateField("作出日期")
    signed_at = models.DateTimeField("签署时间")
    commitment_type = models.CharField("承诺类型", max_length=20, choices=CommitmentType.choices)
    late_materials = models.BooleanField("容缺受理", default=False)
    channel = models.CharField("渠道", max_length=10, choices=Channel.choices)

    subject = models.ForeignKey(
        CreditSubject, models.PROTECT, verbose_name="主体", related_name="commitments"
    )
    subject_kind = models.CharField("承诺人类别", max_length=20, choices=CreditSubject.Kind.choices)
    subject_name = models.CharField("承诺人名称", max_length=200)
    subject_code = models.CharField(
        "承诺人代码", max_length=18, blank=True, help_text="自然人不在此存身份证号码"
    )

    item = models.ForeignKey(ServiceItem, models.PROTECT, null=True, verbose_name="事项", related_name="+")
    item_version = models.ForeignKey(ServiceItemVersion, models.PROTECT, null=True, related_name="+")
    item_name = models.CharField("承诺事由", max_length=512)
    # Two indexes below begin with department and clerk; a third each would only cost writes.
    department = models.ForeignKey(
        Department, models.PROTECT, verbose_name="受理单位", related_name="+", db_index=False
    )
    department_name = models.CharField("受理单位名称", max_length=200)
    department_uscc = models.CharField("受理单位代码", max_length=18)
    case_ref = models.CharField("办件编号", max_length=60, blank=True)
    check_made = models.ForeignKey(
        Check, models.PROTECT, null=True, verbose_name="核查", related_name="commitments"
    )

    text_version = models.ForeignKey(TextVersion, models.PROTECT, null=True, related_name="+")
    title = models.CharField("标题", max_length=100)
    content = models.JSONField(
        "签署时的条款", help_text='[{"no": 1, "kind": "pledge", "clause": 12, "text": "…"}]'
    )
    text_sha256 = models.CharField("文本校验值", max_length=64)
    valid_until = models.DateField("有效期至", null=True, blank=True)

    signer_name = models.CharField("签署人", max_length=200, blank=True)
    signer_capacity = models.CharField("签署身份", max_length=30, choices=SignerCapacity.choices, blank=True)
    identity_document = models.CharField(
        "查验的证件", max_length=20, choices=IdentityDocument.choices, blank=True
    )
    signed_by = models.CharField("签名方式", max_length=10, choices=SignedBy.choices, blank=True)
    signature = models.ForeignKey(
        EvidenceFile, models.PROTECT, null=True, verbose_name="签名或扫描件", related_name="+"
    )
    authorisation = models.ForeignKey(
        EvidenceFile, models.PROTECT, null=True, verbose_name="授权委托书", related_name="+"
    )
    pdf = models.ForeignKey(EvidenceFile, models.PROTECT, null=True, verbose_name="PDF", related_name="+")
    pdf_sha256 = models.CharField("PDF 校验值", max_length=64, blank=True)
    verify_token = models.CharField("核验码", max_length=32, unique=True)
    clerk = models.ForeignKey(
        User, models.PROTECT, null=True, verbose_name="经办人", related_name="+", db_index=False
    )
    partner = models.ForeignKey(
        PartnerSystem,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="递交的系统",
        related_name="+",
        db_index=False,
    )
    draft = models.OneToOneField(
        Draft, models.PROTECT, null=True, verbose_name="草稿", related_name="commitment"
    )
    corrects = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, verbose_name="更正的承诺", related_name="corrected_by"
    )

    # The columns below may move after signing, each through its service only.
    fulfilment = models.CharField(
        "履行状态", max_length=12, choices=Fulfilment.choices, default=Fulfilment.RUNNING
    )
    publicity_class = models.CharField("公开类型", max_length=10, choices=PublicityClass.choices)
    public_from = models.DateTimeField("公示起", null=True)
    withdrawn_at = models.DateTimeField("撤下时间", null=True)
    voided_at = models.DateTimeField("作废时间", null=True)
    is_demo = models.BooleanField("演示数据", default=False)

    class Meta:
        verbose_name = "信用承诺"
        verbose_name_plural = "信用承诺"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(code__regex=r"^[0-9]{20}$"),
                name="commitment_code_digits",
                violation_error_message="承诺编码应为 20 位数字。",
            ),
            models.CheckConstraint(
                condition=Q(public_from__isnull=True) | Q(publicity_class="public"),
                name="commitment_public_by_class",
                violation_error_message="只有可向社会公开的承诺才能公示。",
            ),
            models.CheckConstraint(
                condition=~Q(signer_capacity="agent") | Q(authorisation__isnull=False),
                name="commitment_agent_authorised",
                violation_error_message="委托代理人签署须有授权委托书。",
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("made_on")),
                name="commitment_validity_in_order",
                violation_error_message="有效期不能早于作出日期。",
            ),
            models.CheckConstraint(
                condition=Q(channel="partner", partner__isnull=False)
                | (~Q(channel="partner") & Q(partner__isnull=True)),
                name="commitment_partner_named",
                violation_error_message="系统对接的承诺须有递交的系统，其他渠道的不得有。",
            ),
        ]
        indexes = [
            models.Index(fields=["department", "-signed_at"], name="commitment_by_department"),
            models.Index(fields=["clerk", "-signed_at"], name="commitment_by_clerk"),
            # For the public lists, newest first. What is not public costs no write here.
            # With what the search of names looks at, so that it need not fetch the rows themselves.
            models.Index(
                fields=["-id"],
                name="listed_newest",
                condition=LISTED,
                include=["subject_name", "public_from"],
            ),
            models.Index(
                fields=["subject", "-id"], name="listed_by_subject", condition=LISTED, include=["public_from"]
            ),
            models.Index(fields=["department", "-id"], name="listed_by_department", condition=LISTED),
            models.Index(fields=["item", "-id"], name="listed_by_item", condition=LISTED),
            models.Index(fields=["made_on", "id"], name="listed_by_day", condition=LISTED),
        ]

    def __str__(self) -> str:
        return self.code


class CommitmentEvent(models.Model):
    """The course of a commitment, added to and never changed (trigger)."""

    class Kind(models.TextChoices):
        SIGNED = "signed", "核查通过并签署"
        IMPORTED = "imported", "由受理单位归集"
        CAPTURED = "captured", "由纸质承诺书登记"
        PUBLISHED = "published", "公示"
        WITHDRAWN = "withdrawn", "停止公示"
        PRINTED = "printed", "打印"
        VOIDED = "voided", "作废"
        CORRECTED = "corrected", "由新承诺更正"
        REVISED = "revised", "按归集文件更正"
        FULFILMENT = "fulfilment", "履行状态变更"
        SUPPLEMENT = "supplement", "容缺材料"
        RESULT = "result", "即时办理"

    commitment = models.ForeignKey(Commitment, models.PROTECT, related_name="events", verbose_name="承诺")
    kind = models.CharField("事件", max_length=20, choices=Kind.choices)
    at = models.DateTimeField("时间")
    actor = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="操作人", related_name="+")
    reason = models.CharField("理由", max_length=300, blank=True)
    note = models.CharField("说明", max_length=300, blank=True)
    partner = models.ForeignKey(
        PartnerSystem,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name="办理的系统",
        related_name="+",
        db_index=False,
    )

    class Meta:
        verbose_name = "承诺经过"
        verbose_name_plural = "承诺经过"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d} {self.get_kind_display()}"
