"""Putting a subject on a list of joint sanctions, and only through it the responsible persons (S1 八 十一, S4 8 12, R78–R80);
the pursuit of those responsible for a state firm's arrears, where the region has it (S4 12, R82)."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from credit_portal.documents.models import EvidenceFile
from credit_portal.registry.models import (
    CreditSubject,
    Department,
    Region,
    ResponsiblePerson,
    SubjectAccess,
    User,
)

from .list_method_models import ListMethod
from .models import CreditEntry


class Listing(models.Model):
    """One procedure: its basis, notice, statement, decision by two, service, term and exit. It is about `subject`; a
    responsible person's is about that person and names the firm."""

    class Kind(models.TextChoices):
        JOINT = "joint", "失信联合惩戒对象名单"
        WATCH = "watch", "重点关注对象名单"
        RESPONSIBLE = "responsible", "名单主体的责任人员"
        ARREARS = "arrears", "国有企业拖欠账款的责任人员"

    class State(models.TextChoices):
        OPENED = "opened", "已立案"
        NOTICED = "noticed", "已告知，待陈述申辩"
        HEARD = "heard", "陈述申辩已收到"
        PROPOSED = "proposed", "待批准"
        DECIDED = "decided", "已决定，待送达"
        IN_FORCE = "in_force", "已列入"
        REFUSED = "refused", "不予列入"
        EXITED = "exited", "已移出"
        REVOKED = "revoked", "决定已撤销"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField("编号", max_length=30, unique=True)
    kind = models.CharField("种类", max_length=12, choices=Kind.choices)
    subject = models.ForeignKey(CreditSubject, models.PROTECT, verbose_name="主体", related_name="listings")
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, verbose_name="主体的列入", related_name="persons"
    )
    firm = models.ForeignKey(
        CreditSubject, models.PROTECT, null=True, blank=True, verbose_name="所在单位", related_name="+"
    )
    responsible = models.ForeignKey(
        ResponsiblePerson, models.PROTECT, null=True, blank=True, verbose_name="责任人员", related_name="+"
    )
    department = models.ForeignKey(Department, models.PROTECT, verbose_name="认定部门", related_name="+")
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="行政区划", related_name="+")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.OPENED)
    list_name = models.CharField("名单名称", max_length=200)
    # By which method it was opened; those of persons go by that of the firm's.
    method = models.ForeignKey(
        ListMethod, models.PROTECT, null=True, blank=True, verbose_name="认定办法", related_name="listings"
    )
    basis = models.CharField("认定依据", max_length=300, help_text="法律、法规或者名单管理办法的条款")
    standard = models.CharField("认定标准", max_length=500)
    facts = models.TextField("事实")
    grounds = models.ManyToManyField(CreditEntry, verbose_name="所依据的记录", blank=True, related_name="+")
    # [{"domain": …, "effect": …, "basis": …}]: what follows from it, each with its own legal basis.
    measures = models.JSONField("措施", default=list)
    opened_on = models.DateField("立案日期")
    opened_by = models.ForeignKey(User, models.PROTECT, verbose_name="经办人", related_name="+")
    noticed_on = models.DateField("告知日期", null=True, blank=True)
    statement_until = models.DateField("陈述申辩期限", null=True, blank=True)
    statement_days = ArrayField(models.DateField(), verbose_name="计入的工作日", default=list, blank=True)
    # Told with the notice; what is decided is not longer.
    noticed_until = models.DateField("告知的列入期限", null=True, blank=True)
    statement_on = models.DateField("陈述申辩收到日期", null=True, blank=True)
    statement = models.TextField("陈述申辩", blank=True, help_text="不公开")
    statement_considered = models.TextField("对陈述申辩的采纳情况", blank=True)
    term_until = models.DateField("列入期限", null=True, blank=True)
    exit_rule = models.CharField("移出条件", max_length=500, blank=True)
    proposed_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="提出人", related_name="+"
    )
    decided_on = models.DateField("决定日期", null=True, blank=True)
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="批准人", related_name="+"
    )
    document_no = models.CharField("决定书文号", max_length=100, blank=True)
    served_on = models.DateField("送达日期", null=True, blank=True)
    service = models.CharField("送达方式和证明", max_length=200, blank=True)
    entry = models.OneToOneField(
        CreditEntry, models.PROTECT, null=True, blank=True, verbose_name="信用记录", related_name="+"
    )
    # Before its term one leaves as one has come: one proposes, another decides.
    leave_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="提出移出的人", related_name="+"
    )
    leave_reason = models.CharField("移出条件怎样达到", max_length=500, blank=True)
    ended_on = models.DateField("移出或撤销日期", null=True, blank=True)
    ended_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="移出办理人", related_name="+"
    )
    end_reason = models.CharField("移出或撤销的理由", max_length=500, blank=True)
    # 予以公开公示: of the arrears kind only, and by two people.
    public_proposed_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="提议公示的人", related_name="+"
    )
    public_second = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name="同意公示的人", related_name="+"
    )
    public_from = models.DateField("公示首日", null=True, blank=True)
    is_demo = models.BooleanField("演示数据", default=False)
    history = HistoricalRecords()

    class Meta:
        verbose_name = "联合惩戒列入"
        verbose_name_plural = "联合惩戒列入"
        ordering = ["-id"]
        constraints = [
            # Whoever answers for two firms stands on it for each: off the list of one, still on that of the other.
            models.UniqueConstraint(
                fields=["subject", "list_name", "firm"],
                condition=~Q(state__in=["refused", "exited", "revoked"]),
                nulls_distinct=False,
                name="listing_one_running",
                violation_error_message="这个主体已在办理列入这份名单。",
            ),
            models.CheckConstraint(
                condition=Q(kind="responsible", parent__isnull=False, responsible__isnull=False)
                | Q(kind="arrears", parent__isnull=True, responsible__isnull=False, firm__isnull=False)
                | Q(kind__in=["joint", "watch"], parent__isnull=True, responsible__isnull=True),
                name="listing_persons_through_a_listing",
                violation_error_message="责任人员的列入须依据主体的列入。",
            ),
            models.CheckConstraint(
                condition=Q(decided_on__isnull=True)
                | (
                    Q(
                        noticed_on__isnull=False,
                        proposed_by__isnull=False,
                        decided_by__isnull=False,
                        term_until__isnull=False,
                    )
                    & ~Q(decided_by=F("proposed_by"))
                    & ~Q(document_no="")
                ),
                name="listing_decided_by_two_after_notice",
                violation_error_message="列入须先告知，并由一人提出、另一人批准，写明期限。",
            ),
            models.CheckConstraint(
                condition=~Q(state="in_force") | Q(served_on__isnull=False, entry__isnull=False),
                name="listing_in_force_once_served",
                violation_error_message="列入自送达起生效，并记入信用记录。",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["exited", "revoked"])
                | (Q(ended_on__isnull=False) & ~Q(end_reason="")),
                name="listing_ended_for_a_reason",
                violation_error_message="移出或撤销须有日期和理由。",
            ),
            models.CheckConstraint(
                condition=Q(public_from__isnull=True)
                | (
                    Q(kind="arrears", public_proposed_by__isnull=False, public_second__isnull=False)
                    & ~Q(public_second=F("public_proposed_by"))
                ),
                name="listing_public_by_two",
                violation_error_message="公示责任人员须由两人决定。",
            ),
        ]
        indexes = [
            models.Index(fields=["department", "-id"], name="listing_by_department"),
            models.Index(fields=["term_until"], name="listing_ends", condition=Q(state="in_force")),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def shown_state(self) -> str:
        """Its state in words; one that was taken back before anybody was told is no refusal."""
        if self.state == self.State.REFUSED and self.noticed_on is None:
            return "立案已撤回"
        return self.get_state_display()


class ListingStep(models.Model):
    """One step, added and never changed (trigger): when, by whom, with which document."""

    listing = models.ForeignKey(Listing, models.PROTECT, related_name="steps", verbose_name="列入")
    label = models.CharField("步骤", max_length=60)
    on = models.DateField("日期")
    at = models.DateTimeField("登记时间")
    actor = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="办理人", related_name="+")
    document = models.ForeignKey(
        EvidenceFile, models.PROTECT, null=True, verbose_name="文书", related_name="+"
    )

    class Meta:
        verbose_name = "列入步骤"
        verbose_name_plural = "列入步骤"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.on} {self.label}"


class ListingStatement(models.Model):
    """What the subject itself has sent in on its own pages within its time, word by word: added and never changed (trigger).
    What came on paper is written down in the listing."""

    listing = models.OneToOneField(Listing, models.PROTECT, related_name="sent", verbose_name="列入")
    access = models.ForeignKey(
        SubjectAccess, models.PROTECT, verbose_name="提交人的网上开通", related_name="+"
    )
    key = models.UUIDField("提交键", editable=False)
    text = models.TextField("陈述申辩", help_text="不公开")
    sent_at = models.DateTimeField("提交时间")

    class Meta:
        verbose_name = "网上陈述申辩"
        verbose_name_plural = "网上陈述申辩"
        ordering = ["id"]

    def __str__(self) -> str:
        return str(self.listing)


class ListingStatementFile(models.Model):
    """One of the files that came with it (trigger)."""

    statement = models.ForeignKey(
        ListingStatement, models.PROTECT, related_name="files", verbose_name="网上陈述申辩"
    )
    file = models.OneToOneField(EvidenceFile, models.PROTECT, verbose_name="文件", related_name="+")

    class Meta:
        verbose_name = "陈述申辩的附件"
        verbose_name_plural = "陈述申辩的附件"
        ordering = ["id"]

    def __str__(self) -> str:
        return str(self.file)
