"""The first of a subject's own pages: for whom one acts, what wants doing, how much there is."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Greatest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from commitments.associations import campaigns
from commitments.mine import showing
from commitments.models import (
    BreachCase,
    Commitment,
    Interview,
    Rectification,
    Registration,
    SubjectStatement,
)
from commitments.online import beginning
from commitments.registrations import filling
from commitments.supplements import showing as supplements
from commitments.visits import showing as visits
from credit_portal.audit import clock
from credit_portal.audit.clock import SHANGHAI, local_date
from credit_portal.registry import readers
from credit_portal.registry.acting import Acting, for_subjects, log_own_read
from credit_portal.registry.models import CreditSubject
from repair import rules
from repair.models import RepairApplication
from verification.checking import own_record
from verification.models import Listing
from verification.own_listings import showing as listings
from verification.vocabulary import ADVERSE, State

# So many of each kind are named on the first page; each list has them all.
NAMED = 10
SOON = timedelta(days=30)
LATELY = timedelta(days=30)


@dataclass(frozen=True)
class Need:
    """Something that wants doing: until or from when, what, where. `urgent`: the day is near or past."""

    text: str
    url: str
    on: date | None = None
    more: str = ""
    urgent: bool = False


@dataclass(frozen=True)
class Figure:
    label: str
    number: int
    more: str
    url: str


@for_subjects()
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What needs the subject first."""
    now = clock.now()
    log_own_read(
        request.acting, what="网上首页", target_type="subject", target_id=request.acting.subject.pk, now=now
    )
    return render(
        request,
        "me/home.html",
        {
            "needs": needs_of(request.acting, now=now),
            "figures": figures_of(request.acting.subject, now=now),
        },
    )


def needs_of(acting: Acting, *, now: datetime) -> list[Need]:
    """Everything that waits for this subject, the first day first. A constant number of queries."""
    subject, today = acting.subject, local_date(now)
    found = [
        *(_to_finish(subject) if acting.may_act else []),
        *_to_speak(subject, today),
        *_to_speak_on_lists(subject, today),
        *_to_rectify(subject, today),
        *_to_come(subject, now),
        *_to_be_visited(subject, today),
        *_to_write_anew(subject),
        *_to_complete(subject),
        *_to_repair(subject, today),
        *_to_bring(subject, today),
        *_to_keep(subject, today),
        *_to_join(subject, today),
        *_to_register(subject, today),
    ]
    if acting.access.valid_until - today <= timedelta(days=7):
        found.append(
            Need(
                "网上查询的开通将到期，需要继续使用的请到窗口办理",
                reverse("mine:access"),
                acting.access.valid_until,
            )
        )
    return sorted(found, key=lambda need: (need.on or today, need.text))


def _to_finish(subject: CreditSubject) -> list[Need]:
    """Commitments begun online and not signed."""
    return [
        Need(
            "有一份承诺没有签完",
            reverse("me_sign:draft", args=[one.pk]),
            more=f"{one.item_version.name}，办到“{one.get_step_display()}”",
        )
        for one in beginning.drafts_of(subject)[:NAMED]
    ]


def _breach(case: BreachCase) -> str:
    return reverse("mine:breach", args=[case.uuid])


def _to_speak(subject: CreditSubject, today: date) -> list[Need]:
    rows = showing.cases_of(subject).filter(state=BreachCase.State.NOTICED, statement_until__gte=today)
    return [
        Need(
            "以前可以陈述申辩", _breach(case), case.statement_until, f"{case.department.name}拟认定违诺", True
        )
        for case in rows.select_related("department").order_by("statement_until")[:NAMED]
    ]


def _to_speak_on_lists(subject: CreditSubject, today: date) -> list[Need]:
    """Lists that a department means to put it on, and nothing said yet."""
    rows = listings.listings_of(subject).filter(
        state=Listing.State.NOTICED, statement_on__isnull=True, statement_until__gte=today
    )
    return [
        Need(
            "以前可以陈述申辩",
            reverse("my_listings:listing", args=[row.uuid]),
            row.statement_until,
            f"{row.department.name}拟列入{row.list_name}",
            True,
        )
        for row in rows.select_related("department").order_by("statement_until")[:NAMED]
    ]


def _to_rectify(subject: CreditSubject, today: date) -> list[Need]:
    rows = Rectification.objects.filter(case__subject=subject, state=Rectification.State.RUNNING)
    return [
        Need(
            "以前完成整改并报告" if row.due_on >= today else "整改期限已过，请尽快报告",
            _breach(row.case),
            row.due_on,
            f"{row.department.name}责令限期整改 {row.number}",
            row.due_on - today <= timedelta(days=7),
        )
        for row in rows.select_related("case", "department").order_by("due_on")[:NAMED]
    ]


def _to_come(subject: CreditSubject, now: datetime) -> list[Need]:
    rows = Interview.objects.filter(
        case__subject=subject, state=Interview.State.INVITED, scheduled_at__gte=now - timedelta(days=1)
    )
    return [
        Need(
            f"{row.scheduled_at.astimezone(SHANGHAI):%H:%M} {row.get_kind_display()}，地点：{row.place}",
            _breach(row.case),
            local_date(row.scheduled_at),
            row.department.name,
            True,
        )
        for row in rows.select_related("case", "department").order_by("scheduled_at")[:NAMED]
    ]


def _to_be_visited(subject: CreditSubject, today: date) -> list[Need]:
    """The coming visit that was announced: one day, several departments."""
    return [
        Need(
            f"{'、'.join(one.departments)}上门检查，共 {one.matters} 项，请准备",
            reverse("my_visits:visit", args=[one.visit.uuid]),
            one.visit.day,
            f"联合检查 {one.visit.number}，牵头：{one.visit.lead.name}",
            True,
        )
        for one in visits.coming_of(subject, today)
    ]


def _to_write_anew(subject: CreditSubject) -> list[Need]:
    """The last text handed in was refused, and nothing has followed."""
    rows = (
        SubjectStatement.objects.filter(case__subject=subject, case__state=BreachCase.State.SERVED)
        .select_related("case")
        .order_by("case_id", "-pk")
        .distinct("case_id")
    )
    return [
        Need("说明没有采用，可以修改后再提交", _breach(row.case), more=row.get_refusal_display())
        for row in rows
        if row.state == SubjectStatement.State.REFUSED
    ][:NAMED]


def _to_complete(subject: CreditSubject) -> list[Need]:
    """Applications for repair in which something was asked for: their clock waits for the subject."""
    rows = RepairApplication.objects.filter(subject=subject, state=RepairApplication.State.ASKED)
    return [
        Need(
            "告知补正，补正以后继续办理",
            reverse("my_repair:application", args=[row.uuid]),
            row.asked_on,
            f"信用修复申请 {row.number}",
            True,
        )
        for row in rows.order_by("asked_on")[:NAMED]
    ]


def _to_repair(subject: CreditSubject, today: date) -> list[Need]:
    """Breaches that can be repaired by now, and those that soon can."""
    rows = showing.cases_of(subject).filter(
        state=BreachCase.State.SERVED, entry__state=str(State.EFFECTIVE), entry__repairable_from__isnull=False
    ).filter(Q(entry__public_until__isnull=True) | Q(entry__public_until__gte=today))  # fmt: skip
    # What has been asked for is under way.
    rows = rows.exclude(repair_applications__state__in=rules.OPEN)
    # Once refused, from the day on that the decision has named.
    refused = RepairApplication.objects.filter(case=OuterRef("pk"), state="refused").order_by("-pk")
    first = (
        rows.annotate(
            first=Greatest(F("entry__repairable_from"), Subquery(refused.values("again_from")[:1])),
            again=Exists(refused),
        )
        .select_related("commitment")
        .order_by("first")
    )
    return [
        Need(
            _repair_from(case.first > today, case.again),
            _breach(case),
            case.first,
            case.commitment.item_name,
        )
        for case in first[:NAMED]
    ]


def _repair_from(ahead: bool, again: bool) -> str:
    """After the day: what can be done from it on. A refusal names a day by which it is thought to go; one may ask sooner."""
    if again:
        return "起预计具备条件，可以再次申请信用修复" if ahead else "起可以再次申请信用修复"
    return "起可以申请信用修复" if ahead else "起已经可以申请信用修复"


def _to_bring(subject: CreditSubject, today: date) -> list[Need]:
    """Late materials that were promised and have not come."""
    rows = supplements.counted(supplements.waiting_of(subject))[:NAMED]
    return [
        Need(
            _late_in_words(line),
            reverse("mine:supplement", args=[line.supplement.uuid]),
            line.supplement.last_on,
            line.supplement.commitment.item_name,
            bool(line.returned or (line.countdown and line.countdown.tone != "running")),
        )
        for line in supplements.lines(rows, today)
    ]


def _late_in_words(line: supplements.Line) -> str:
    if line.sent and line.sent + line.received == line.total:
        return "以前应当补交的容缺材料已经提交，等候核收"
    if line.countdown and line.countdown.tone == "broken":
        return "容缺材料已过补交日期，请尽快联系受理单位"
    if line.returned:
        left = line.total - line.received - line.sent
        return f"以前重新补交退回的容缺材料 {line.returned} 项{f'，一共还有 {left} 项' if left > line.returned else ''}"
    return f"以前补交容缺材料，还有 {line.total - line.received - line.sent} 项"


def _to_keep(subject: CreditSubject, today: date) -> list[Need]:
    """Running commitments whose term ends soon."""
    rows = showing.commitments_of(subject).filter(
        fulfilment=Commitment.Fulfilment.RUNNING,
        voided_at__isnull=True,
        corrected_by__isnull=True,
        valid_until__range=(today, today + SOON),
    )
    return [
        Need(
            "承诺有效期届满，请履行完毕",
            reverse("mine:commitment", args=[one.code]),
            one.valid_until,
            one.item_name,
        )
        for one in rows.order_by("valid_until")[:NAMED]
    ]


def _to_join(subject: CreditSubject, today: date) -> list[Need]:
    """Campaigns of its associations that it has not signed for."""
    return [
        Need(
            "以前签署会员自律承诺书",
            reverse("my_associations:join", args=[one.token]),
            one.until_on,
            f"{one.department.name}：{one.name}",
        )
        for one in campaigns.waiting_for(subject, today)
    ]


def _to_register(subject: CreditSubject, today: date) -> list[Need]:
    """Registered information that waits for something, or whose proof runs out soon."""
    rows = filling.registrations_of(subject).filter(
        Q(state=Registration.State.ASKED)
        | Q(state=Registration.State.VERIFIED, entry__until_on__range=(today, today + SOON))
    )
    return [
        Need(
            "告知补正，补正以后继续核实"
            if one.state == Registration.State.ASKED
            else "证明到期，到期后不再计入信用记录",
            reverse("my_registration:one", args=[one.uuid]),
            local_date(one.asked_at) if one.state == Registration.State.ASKED else one.counts_until,
            f"自愿注册 {one}",
            one.state == Registration.State.ASKED,
        )
        for one in rows[:NAMED]
    ]


def figures_of(subject: CreditSubject, *, now: datetime) -> list[Figure]:
    """How much there is of each, with where it is listed."""
    commitments = showing.commitments_of(subject).aggregate(
        all=Count("pk"),
        running=Count("pk", filter=Q(voided_at__isnull=True) & (Q(fulfilment="running") | Q(unserved=True))),
    )
    entries = own_record.entries_told(subject).aggregate(
        all=Count("pk"),
        adverse=Count("pk", filter=Q(state=str(State.EFFECTIVE), kind__in=[str(kind) for kind in ADVERSE])),
    )
    cases = showing.cases_of(subject).aggregate(
        all=Count("pk"), standing=Count("pk", filter=Q(state=BreachCase.State.SERVED))
    )
    lists = listings.listings_of(subject).aggregate(
        all=Count("pk"),
        standing=Count("pk", filter=Q(state=Listing.State.IN_FORCE, term_until__gte=local_date(now))),
    )
    read = readers.readings_of(subject).filter(access_id__isnull=True, at__gte=now - LATELY).count()
    return [
        Figure(
            "承诺", commitments["all"], f"履行中 {commitments['running']} 份", reverse("mine:commitments")
        ),
        Figure(
            "信用记录",
            entries["all"],
            f"有效的失信记录 {entries['adverse']} 条",
            reverse("mine_record:record"),
        ),
        Figure("违诺认定", cases["all"], f"已送达 {cases['standing']} 件", reverse("mine:breaches")),
        Figure("名单办理", lists["all"], f"现已列入 {lists['standing']} 份", reverse("my_listings:list")),
        Figure("谁查过", read, f"近 {LATELY.days} 天，他人查看", reverse("me:readers")),
    ]
