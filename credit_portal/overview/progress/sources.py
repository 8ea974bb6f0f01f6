"""Where figures come from: the rows of each room that are counted, whose they are, and how one reads in a list of cases."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q, QuerySet
from django.urls import reverse

from commitments.models import BreachCase, ClauseWarning, Commitment, Interview, ReadingOffer, Rectification
from credit_portal.audit.clock import local_date
from credit_portal.deadlines.models import Duty
from credit_portal.overview.desk import deed
from credit_portal.registry import groups
from credit_portal.registry.models import PublicityClass, User
from credit_portal.registry.visibility import has_role
from disclosure.models import AdministrativeAct, BreachPublication
from verification.models import Check, CheckOverride, ConsumerComplaint, CreditEntry, Listing, UsageList
from verification.vocabulary import KIND_LABELS, Kind, Route

from .spans import Span


@dataclass(frozen=True)
class Case:
    """One row behind a figure. `url` is empty where it has no page that this user may open."""

    number: str
    name: str
    what: str
    day: str
    state: str
    url: str = ""


@dataclass(frozen=True)
class Source:
    """Rows of one model. `unit`: the way to the department whose they are; `within`: what any figure of it can count in a
    span; `related`: what a line needs beside the row."""

    name: str
    rows: Callable[[], QuerySet[Any]]
    within: Callable[[Span], Q]
    line: Callable[[Any, User], Case]
    related: tuple[str, ...] = ()
    unit: str = "department"


def _commitments() -> QuerySet[Commitment]:
    # A corrected one lives on in the one that corrects it: counted, it would be there twice.
    return Commitment.objects.filter(voided_at__isnull=True, corrected_by__isnull=True)


def _commitment(row: Commitment, user: User) -> Case:
    return Case(
        row.code, row.subject_name, f"{row.item_name}（{row.get_commitment_type_display()}）", row.made_on.isoformat(),
        row.get_fulfilment_display(), reverse("admin:commitments_commitment_change", args=[row.pk]),
    )  # fmt: skip


def _check(row: Check, user: User) -> Case:
    # Auditors read in the back office.
    auditor = has_role(user, groups.AUDITOR)
    return Case(
        row.number, row.subject_name, row.item_version.name, row.on_day.isoformat(),
        f"{row.get_route_display()}，{row.get_scrutiny_display()}",
        reverse("admin:verification_check_change", args=[row.pk]) if auditor
        else reverse("checks:check", args=[row.uuid]),
    )  # fmt: skip


def _override(row: CheckOverride, user: User) -> Case:
    line = _check(row.check_made, user)
    day = local_date(row.decided_at or row.asked_at)
    return Case(line.number, line.name, line.what, day.isoformat(), row.get_state_display(), line.url)


def _case(row: BreachCase, user: User) -> Case:
    day = row.determined_on or row.opened_on
    return Case(
        row.number, row.commitment.subject_name, row.commitment.item_name, day.isoformat(),
        row.get_state_display(), reverse("cases:case", args=[row.uuid]),
    )  # fmt: skip


def _duty(row: Duty, user: User) -> Case:
    state = f"{row.met_on} 办理" if row.met_on else "没有办理"
    return Case(
        row.number, row.department.short_name, deed(row.rule_key), row.due_on.isoformat(), f"应于 {row.due_on}，{state}",
        reverse("desk:duty", args=[row.pk]),
    )  # fmt: skip


def _publication(row: BreachPublication, user: User) -> Case:
    state = f"公示至 {row.public_until}" if row.ended_at is None else f"已停止：{row.get_ending_display()}"
    return Case(
        row.case.number, row.case.commitment.subject_name, row.case.commitment.item_name,
        row.public_from.isoformat() if row.public_from else "", state,
        reverse("cases:case", args=[row.case.uuid]),
    )  # fmt: skip


def _act(row: AdministrativeAct, user: User) -> Case:
    return Case(
        row.number, row.subject_name, f"{row.get_kind_display()} {row.document_no}", row.decided_on.isoformat(),
        row.get_publicity_class_display() if row.publicity_class else "待确定公开类型",
        reverse("acts:act", args=[row.uuid]),
    )  # fmt: skip


def _entry(row: CreditEntry, user: User) -> Case:
    may = has_role(user, groups.CREDIT_OFFICE, groups.AUDITOR)
    return Case(
        row.document_no or str(row.pk), row.subject.name, f"{KIND_LABELS[Kind(row.kind)]}：{row.title}",
        row.repaired_on.isoformat() if row.repaired_on else "", row.get_state_display(),
        reverse("admin:verification_creditentry_change", args=[row.pk]) if may else "",
    )  # fmt: skip


def _list(row: UsageList, user: User) -> Case:
    return Case(
        row.number, row.department.short_name, f"{row.month_in_words}使用信用记录月报", row.due_on.isoformat(),
        f"{row.submitted_on} 报送" if row.submitted_on else "没有报送", reverse("usage:list", args=[row.uuid]),
    )  # fmt: skip


def _rectification(row: Rectification, user: User) -> Case:
    return Case(
        row.number, row.case.commitment.subject_name, row.case.commitment.item_name, row.ordered_on.isoformat(),
        row.get_state_display(), reverse("consequences:case", args=[row.case.uuid]),
    )  # fmt: skip


def _interview(row: Interview, user: User) -> Case:
    return Case(
        row.number, row.case.commitment.subject_name, f"{row.get_kind_display()}：{row.case.commitment.item_name}",
        (row.held_on or row.invited_on).isoformat(), row.get_state_display(),
        reverse("consequences:case", args=[row.case.uuid]),
    )  # fmt: skip


def _listing(row: Listing, user: User) -> Case:
    may = has_role(user, groups.OFFICER, groups.HEAD, groups.CREDIT_OFFICE)
    return Case(
        row.number, row.subject.name, row.list_name, row.served_on.isoformat() if row.served_on else "",
        row.get_state_display(), reverse("lists:listing", args=[row.uuid]) if may else "",
    )  # fmt: skip


def _spared(row: Commitment, user: User) -> Case:
    line = _commitment(row, user)
    version = row.item_version
    if version is None:
        return line
    materials = "材料后补，不计少交" if row.late_materials else f"少交 {version.materials_spared or 0} 件"
    spared = f"{materials}，少等 {version.days_spared or 0} 个工作日"
    return Case(line.number, line.name, line.what, line.day, spared, line.url)


def _warning(row: ClauseWarning, user: User) -> Case:
    return Case(
        row.commitment.code if row.commitment else row.entry.document_no, str(row.subject), row.rule.name,
        local_date(row.found_at).isoformat(), row.get_state_display(), reverse("warnings:warning", args=[row.uuid]),
    )  # fmt: skip


def _complaint(row: ConsumerComplaint, user: User) -> Case:
    may = has_role(user, groups.OFFICER, groups.HEAD, groups.CREDIT_OFFICE, groups.AUDITOR)
    return Case(
        row.hotline_no, row.subject_name, row.about, row.received_on.isoformat(),
        row.get_result_display() if row.result else "处理中",
        reverse("consumer:complaint", args=[row.uuid]) if may else "",
    )  # fmt: skip


def _offer(row: ReadingOffer, user: User) -> Case:
    return Case(
        str(row.pk), str(row.subject) if row.subject else "", row.reading.title,
        local_date(row.offered_at).isoformat(), "已读" if row.read_at else "未读",
    )  # fmt: skip


COMMITMENTS = Source("commitments", _commitments, lambda span: span.days("made_on"), _commitment)
SHOWN = Source(
    "shown",
    lambda: _commitments().filter(publicity_class=PublicityClass.PUBLIC),
    lambda span: span.moments("public_from"),
    _commitment,
)
CHECKS = Source(
    "checks", Check.objects.all, lambda span: span.days("on_day"), _check, related=("item_version",)
)
OVERRIDES = Source(
    "overrides",
    lambda: CheckOverride.objects.exclude(state="asked"),
    lambda span: span.moments("decided_at"),
    _override,
    related=("check_made__item_version",),
)
CASES = Source(
    "cases",
    BreachCase.objects.all,
    lambda span: (
        span.days("opened_on") | span.days("determined_on") | span.days("served_on") | span.days("revoked_on")
    ),
    _case,
    related=("commitment",),
)
# What has fallen due by a rule that the region has confirmed: met, or open and overdue. (As on the supervision page.)
DUTIES = Source(
    "duties",
    lambda: Duty.objects.filter(confirmed=True),
    lambda span: (
        span.days("due_on")
        & (Q(state=Duty.State.MET) | Q(state=Duty.State.OPEN, due_on__lt=span.as_of))
        & (Q(rule_key="breach_report") | Q(rule_key__startswith="act_publication."))
    ),
    _duty,
    related=("department",),
)
PUBLICATIONS = Source(
    "publications",
    lambda: BreachPublication.objects.filter(publicity_class=PublicityClass.PUBLIC, awaits_platform=False),
    lambda span: span.days("public_from") | span.moments("ended_at"),
    _publication,
    related=("case__commitment",),
    unit="case__department",
)
ACTS = Source(
    "acts",
    lambda: AdministrativeAct.objects.exclude(ended_at__isnull=False, ending__in=["corrected", "mistake"]),
    lambda span: span.days("decided_on") | span.days("public_from"),
    _act,
)
ENTRIES = Source(
    "entries",
    lambda: CreditEntry.objects.filter(state="repaired"),
    lambda span: span.days("repaired_on"),
    _entry,
    related=("subject",),
)
LISTS = Source(
    "lists", UsageList.objects.all, lambda span: span.days("due_on"), _list, related=("department",)
)
RECTIFICATIONS = Source(
    "rectifications",
    lambda: Rectification.objects.exclude(state="cancelled"),
    lambda span: span.days("ordered_on") | span.days("judged_on"),
    _rectification,
    related=("case__commitment",),
)
INTERVIEWS = Source(
    "interviews",
    lambda: Interview.objects.exclude(state="cancelled"),
    lambda span: span.days("invited_on") | span.days("held_on"),
    _interview,
    related=("case__commitment",),
)
LISTINGS = Source(
    "listings",
    Listing.objects.all,
    lambda span: span.days("served_on") | span.days("ended_on"),
    _listing,
    related=("subject",),
)
# Those whose items say what a commitment spares (R111): others are not reckoned. Late materials (S4 1) come all the same,
# only later: nothing is spared by them.
SPARES_MATERIALS = Q(item_version__materials_spared__gt=0, late_materials=False)
SPARED = Source(
    "spared",
    lambda: _commitments().filter(SPARES_MATERIALS | Q(item_version__days_spared__gt=0)),
    lambda span: span.days("made_on"),
    _spared,
    related=("item_version",),
)
WARNINGS = Source(
    "warnings",
    lambda: ClauseWarning.objects.leading(),
    lambda span: span.moments("found_at"),
    _warning,
    related=("commitment", "entry", "subject", "rule"),
)
COMPLAINTS = Source(
    "complaints",
    lambda: ConsumerComplaint.objects.filter(ended_at__isnull=True),
    lambda span: span.days("received_on") | span.days("handled_on"),
    _complaint,
)
OFFERS = Source(
    "offers",
    ReadingOffer.objects.all,
    lambda span: span.moments("offered_at"),
    _offer,
    related=("subject", "reading"),
)
SOURCES = (
    SPARED, WARNINGS, COMPLAINTS, OFFERS, COMMITMENTS, CHECKS, OVERRIDES, CASES, DUTIES, SHOWN, PUBLICATIONS, ENTRIES, ACTS, LISTS, RECTIFICATIONS, INTERVIEWS, LISTINGS,
)  # fmt: skip
MET_ON_TIME = Q(state=Duty.State.MET, met_on__lte=F("due_on"))
MET_LATE = Q(state=Duty.State.MET, met_on__gt=F("due_on"))
ROUTES = {
    Route.COMMITMENT: "可适用承诺制",
    Route.ORDINARY: "按一般程序办理",
    Route.REFUSED: "依规定拒绝",
    Route.NOT_NEEDED: "不需要作修复承诺",
}
