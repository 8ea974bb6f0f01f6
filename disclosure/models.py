"""What the public sees and who decided that it may."""

from django.db import models
from django.db.models import F, Q

from commitments.models import Commitment
from credit_portal.registry.models import Department, PublicityClass, Region, User

from .act_models import ActKind as ActKind
from .act_models import ActUpload as ActUpload
from .act_models import AdministrativeAct as AdministrativeAct
from .breach_models import BreachPublication as BreachPublication
from .breach_models import BreachPublicationProposal as BreachPublicationProposal
from .breach_models import BreachReport as BreachReport
from .breach_models import ReportRound as ReportRound
from .catalogue_models import CatalogueFiling as CatalogueFiling
from .catalogue_models import CatalogueImport as CatalogueImport
from .catalogue_models import ItemRules as ItemRules
from .exchange_models import ExchangeAnswer as ExchangeAnswer
from .exchange_models import ExchangeBatch as ExchangeBatch
from .exchange_models import ExchangePiece as ExchangePiece
from .exchange_models import ExchangePlatform as ExchangePlatform
from .exchange_models import ExchangeReceipt as ExchangeReceipt
from .exchange_models import ExchangeRecord as ExchangeRecord
from .information_models import InformationItem as InformationItem
from .information_models import LaunchDate as LaunchDate
from .objection_models import Complaint as Complaint
from .objection_models import ErrorTip as ErrorTip
from .objection_models import Objection as Objection
from .objection_models import ObjectionStep as ObjectionStep
from .objection_models import ReversalRecipient as ReversalRecipient
from .pilot_models import Pilot as Pilot
from .pilot_models import PilotNote as PilotNote
from .progress_models import Assessment as Assessment
from .progress_models import ProgressCases as ProgressCases
from .progress_models import ProgressReport as ProgressReport
from .progress_models import ProgressSummary as ProgressSummary
from .progress_models import ProgressVersion as ProgressVersion
from .progress_models import SummaryCases as SummaryCases
from .typical_models import TypicalCase as TypicalCase
from .typical_models import TypicalPublication as TypicalPublication
from .typical_models import TypicalReport as TypicalReport


class PublicityDecision(models.Model):
    """R92: the class of a commitment, with its reason, decided before anything is published. The newest one holds."""

    class Reason(models.TextChoices):
        DEFAULT_ORGANISATION = "default_organisation", "法人、非法人组织和个体工商户的承诺依法公开"
        DEFAULT_PERSON = "default_person", "自然人的承诺默认仅特定范围公开"
        ITEM_RULE = "item_rule", "事项目录规定的公开类型"
        TRADE_SECRET = "trade_secret", "涉及商业秘密"
        PRIVACY = "privacy", "涉及个人隐私"
        STATE_SECURITY = "state_security", "可能危及国家安全"
        PUBLIC_SECURITY = "public_security", "可能危及公共安全"
        ECONOMIC_SECURITY = "economic_security", "可能危及经济安全"
        SOCIAL_STABILITY = "social_stability", "可能危及社会稳定"
        THIRD_PARTY = "third_party", "可能损害第三方合法权益"
        PERSON_BY_TWO = "person_by_two", "经两人决定公开自然人的承诺"
        REPAIR_PLEDGE = "repair_pledge", "修复承诺说明曾有失信，默认仅特定范围公开"
        VOIDED = "voided", "承诺已作废"
        CORRECTED = "corrected", "承诺已由新承诺更正"
        OBJECTION = "objection", "异议成立"

    commitment = models.ForeignKey(
        Commitment, models.PROTECT, related_name="publicity_decisions", verbose_name="承诺"
    )
    publicity_class = models.CharField("公开类型", max_length=10, choices=PublicityClass.choices)
    reason = models.CharField("理由", max_length=30, choices=Reason.choices)
    note = models.CharField("说明", max_length=300, blank=True)
    decided_at = models.DateTimeField("决定时间")
    decided_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        verbose_name="决定人",
        related_name="+",
        help_text="空：按规则自动确定",
    )
    second = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="第二人", related_name="+")

    class Meta:
        verbose_name = "公开类型决定"
        verbose_name_plural = "公开类型决定"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.get_publicity_class_display()}（{self.get_reason_display()}）"


class PublicityProposal(models.Model):
    """One person's proposal to make a natural person's commitment public. It changes nothing: only a second person's
    confirmation decides (process.md, Publication)."""

    class State(models.TextChoices):
        OPEN = "open", "待第二人决定"
        CONFIRMED = "confirmed", "第二人已同意"
        REJECTED = "rejected", "第二人不同意"
        CANCELLED = "cancelled", "提议人已撤回"

    commitment = models.ForeignKey(
        Commitment, models.PROTECT, related_name="publicity_proposals", verbose_name="承诺"
    )
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.OPEN)
    note = models.CharField("公开的理由", max_length=300)
    proposed_at = models.DateTimeField("提议时间")
    proposed_by = models.ForeignKey(User, models.PROTECT, verbose_name="提议人", related_name="+")
    closed_at = models.DateTimeField("办结时间", null=True, blank=True)
    closed_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="办结人", related_name="+"
    )
    closing_note = models.CharField("办结说明", max_length=300, blank=True)
    decision = models.OneToOneField(
        PublicityDecision, models.PROTECT, null=True, blank=True, verbose_name="决定", related_name="proposal"
    )

    class Meta:
        verbose_name = "公开提议"
        verbose_name_plural = "公开提议（两人决定）"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["commitment"],
                condition=Q(state="open"),
                name="proposal_one_open",
                violation_error_message="这份承诺已有待决定的公开提议。",
            ),
            models.CheckConstraint(
                condition=Q(state="open", closed_at__isnull=True, closed_by__isnull=True)
                | (~Q(state="open") & Q(closed_at__isnull=False, closed_by__isnull=False)),
                name="proposal_closed_by_somebody",
                violation_error_message="办结的提议须有办结人和时间。",
            ),
            models.CheckConstraint(
                condition=~Q(state="confirmed")
                | (Q(decision__isnull=False) & ~Q(closed_by=F("proposed_by"))),
                name="proposal_confirmed_by_another",
                violation_error_message="公开自然人的承诺须由另一人同意。",
            ),
        ]

    def __str__(self) -> str:
        return f"公开承诺 {self.commitment.code} 的提议"


class RuleDocument(models.Model):
    """R90, first part: rules and policy documents on the column."""

    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划")
    title = models.CharField("标题", max_length=200)
    issuer = models.CharField("发文机关", max_length=200)
    number = models.CharField("文号", max_length=60, blank=True)
    issued_on = models.DateField("发文日期")
    effective_from = models.DateField("施行日期", null=True, blank=True)
    summary = models.TextField("内容摘要", help_text="每段一行")
    source_url = models.URLField("原文地址", blank=True)
    department = models.ForeignKey(Department, models.PROTECT, null=True, blank=True, verbose_name="发布部门")
    is_public = models.BooleanField("公开", default=True)
    is_demo = models.BooleanField("演示数据", default=False)

    class Meta:
        verbose_name = "制度文件"
        verbose_name_plural = "制度文件"
        ordering = ["-issued_on", "-id"]

    def __str__(self) -> str:
        return self.title


class FragmentFrequency(models.Model):
    """How many names hold a single character or a pair of neighbours, of those that many names hold. Search reads it
    to choose its way; it never decides what is found, and may be old or empty."""

    fragment = models.CharField("字或两字", max_length=4, primary_key=True)
    share = models.FloatField("占名称的比例")
    counted_at = models.DateTimeField("统计时间")

    class Meta:
        verbose_name = "名称用字频率"
        verbose_name_plural = "名称用字频率"
        ordering = ["-share"]

    def __str__(self) -> str:
        return self.fragment
