"""Re-checks at the desk: what was drawn and is to be looked at, one of them, the plans and their rounds. (R64)"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from commitments.models import Obligation, Recheck, RecheckMember, RecheckPlan, RecheckRound, Stratum, Visit
from commitments.obligations import settling
from commitments.obligations.views import evidence_answer, store_all
from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.deadlines.models import Duty
from credit_portal.documents.inspection import EvidenceRefused
from credit_portal.documents.models import EvidenceFile
from credit_portal.registry import groups
from credit_portal.registry.desk_access import AT_THE_DESK, check_own, desk
from credit_portal.registry.paging import newest_first
from credit_portal.registry.visibility import departments_visible_to, has_role

from . import answering, drawing, planning, rules
from .forms import AnswerForm, PlanForm, ReasonForm
from .planning import PlanError

PER_PAGE = 50
TABS = {"open": "待复核", "answered": "已复核"}
NO_RECHECK = "没有这件复核，或者它不在您的管理范围内。"
NO_PLAN = "没有这份复核计划，或者它与您的管理范围无关。"
NO_ROUND = "没有这一轮复核，或者它与您的管理范围无关。"
CHUNK = 5_000


# ---- what was drawn ----------------------------------------------------------------------------------------


@desk(*AT_THE_DESK, groups.AUDITOR)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What was drawn of the user's reach: to be looked at, the oldest round first; or looked at, the newest first."""
    tab = request.GET.get("state", "open")
    tab = tab if tab in TABS else "open"
    every = answering.rechecks_visible_to(request.user)
    counts = every.order_by().aggregate(
        open=Count("pk", filter=Q(finding="")),
        **{one: Count("pk", filter=Q(finding=one)) for one in answering.FINDINGS},
    )
    rows = every.filter(finding="") if tab == "open" else every.exclude(finding="")
    shown, following = _page(request, rows, falling=tab == "answered", more=f"state={tab}&")
    dues = _dues(shown)
    log_read(
        now=clock.now(),
        actor_id=request.user.pk,
        what="承诺复核列表",
        target_type="recheck_list",
        target_id=0,
        purpose=ReadLog.Purpose.SUPERVISION,
    )
    return render(
        request,
        "desk/rechecks/home.html",
        {
            "tabs": [(code, label, code == tab) for code, label in TABS.items()],
            "tab": tab,
            "counts": counts,
            "rows": [(row, dues.get(row.pk)) for row in shown],
            "today": clock.today(),
            "next": following,
        },
    )


def _page(request: HttpRequest, rows: Any, *, falling: bool, more: str = "") -> tuple[list[Recheck], str]:
    edge = request.GET.get("after", "")
    if edge.isascii() and edge.isdigit():
        rows = rows.filter(**{"pk__lt" if falling else "pk__gt": int(edge[:18])})
    rows = rows.select_related("commitment", "department", "round__plan").order_by("-pk" if falling else "pk")
    found = list(rows[: PER_PAGE + 1])
    shown = found[:PER_PAGE]
    return shown, f"?{more}after={shown[-1].pk}" if len(found) > PER_PAGE else ""


def _dues(rows: list[Recheck]) -> dict[int, Duty]:
    """Their duties: a due date is the duty's, which a changed calendar moves."""
    found = Duty.objects.filter(
        rule_key=drawing.RULE, matter_type=drawing.MATTER, matter_id__in=[row.pk for row in rows]
    )
    return {duty.matter_id: duty for duty in found}


@desk(*AT_THE_DESK, groups.AUDITOR, sends=answering.ANSWERS)
def one(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One drawn commitment: until when, what it says; its department answers here."""
    found = _recheck(request, uuid)
    obligations = list(found.commitment.obligations.order_by("clause_no"))
    for row in obligations:
        row.commitment = found.commitment
    may = (
        not found.finding
        and found.department_id == request.user.department_id
        and has_role(request.user, *answering.ANSWERS)
    )
    posted = request.method == "POST"
    if posted:
        check_own(request, found.department_id)
    form = AnswerForm(
        request.POST if posted else None,
        request.FILES if posted else None,
        obligations=obligations,
        drawn_on=found.round.on,
        today=clock.today(),
        doubts=settling.doubted(found.commitment),
        initial={"found_on": clock.today()},
    )
    if posted:
        if not may:
            messages.error(request, "这件复核已经登记结果。")
            return redirect("rechecks:one", found.uuid)
        if form.is_valid() and (done := _answer(request, found, form)):
            word = f"已立案，案号 {done.case.number}。" if done.case else ""
            messages.success(request, f"已登记：{done.get_finding_display()}。{word}")
            return redirect("rechecks:one", found.uuid)
    log_read(
        now=clock.now(),
        actor_id=request.user.pk,
        what="承诺复核",
        target_type="recheck",
        target_id=found.pk,
        subject_id=found.commitment.subject_id,
        purpose=ReadLog.Purpose.HANDLING,
    )
    return render(
        request,
        "desk/rechecks/one.html",
        {
            "one": found,
            "commitment": found.commitment,
            "obligations": obligations,
            "duty": _dues([found]).get(found.pk),
            "visit": Visit.objects.filter(matters__recheck=found, matters__released=False).first(),
            "doubtful": [row for row in obligations if row.clause_no in found.doubtful],
            "evidence": list(found.evidence.order_by("pk")),
            "kept": list(Obligation.objects.filter(findings__recheck=found).order_by("clause_no").distinct()),
            "form": form if may else None,
            "today": clock.today(),
        },
        status=422 if posted else 200,
    )


def _answer(request: HttpRequest, found: Recheck, form: AnswerForm) -> Recheck | None:
    try:
        # Files that came with an answer which is refused are not kept either.
        with transaction.atomic():
            return answering.answer(
                recheck_id=found.pk,
                actor=request.user,
                now=clock.now(),
                evidence=store_all(request, form.cleaned_data["proof"]),
                **form.answer(),
            )
    except EvidenceRefused as error:
        form.add_error("proof", str(error))
    except PlanError as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
    return None


@desk(*AT_THE_DESK, groups.AUDITOR)
@require_safe
def file(request: HttpRequest, uuid: UUID, evidence: UUID) -> HttpResponse:
    found = _recheck(request, uuid)
    one = EvidenceFile.objects.filter(uuid=evidence, pk__in=found.evidence.values("pk")).first()
    if one is None:
        raise Http404("这件复核没有这个证据文件。")
    return evidence_answer(request, one, subject_id=found.commitment.subject_id, what="复核证据")


def _recheck(request: HttpRequest, uuid: UUID) -> Recheck:
    found = (
        answering.rechecks_visible_to(request.user)
        .select_related("commitment", "round__plan", "department", "finder", "case")
        .filter(uuid=uuid)
        .first()
    )
    if found is None:
        raise Http404(NO_RECHECK)
    return found


# ---- plans -------------------------------------------------------------------------------------------------


@desk(*AT_THE_DESK, groups.AUDITOR)
@require_safe
def plans(request: HttpRequest) -> HttpResponse:
    rows = planning.plans_visible_to(request.user).select_related("region", "department", "office")
    shown, following = newest_first(rows, request)
    return render(
        request,
        "desk/rechecks/plans.html",
        {"plans": shown, "next": following, "may": has_role(request.user, *planning.PLANS)},
    )


@desk(*planning.PLANS)
def new(request: HttpRequest) -> HttpResponse:
    regional = has_role(request.user, groups.CREDIT_OFFICE)
    form = PlanForm(
        request.POST if request.method == "POST" else None,
        departments=departments_visible_to(request.user).filter(is_active=True) if regional else None,
        initial={"starts_on": clock.today()},
    )
    if request.method == "POST" and form.is_valid():
        try:
            plan = planning.propose(told=form.told(), actor=request.user, now=clock.now())
        except PlanError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            messages.success(request, f"已提出，编号 {plan.number}，等待另一人批准。")
            return redirect("rechecks:plan", plan.uuid)
    return render(request, "desk/rechecks/new.html", {"form": form}, status=422 if form.is_bound else 200)


@desk(*AT_THE_DESK, groups.AUDITOR)
@require_safe
def plan(request: HttpRequest, uuid: UUID) -> HttpResponse:
    return _plan_page(request, _plan(request, uuid), {})


def _plan_page(
    request: HttpRequest, found: RecheckPlan, bound: dict[str, ReasonForm], *, status: int = 200
) -> HttpResponse:
    may = planning.may_decide(found, request.user)
    own = found.proposed_by_id == request.user.pk
    shown, following = newest_first(_with_counts(found), request)
    today = clock.today()
    return render(
        request,
        "desk/rechecks/plan.html",
        {
            "plan": found,
            "lines": planning.in_words(found),
            "rounds": shown,
            "next": following,
            "decides": may and not own and found.state == RecheckPlan.State.PROPOSED,
            "waits_for_another": own and found.state == RecheckPlan.State.PROPOSED,
            "draws": may and found.next_on is not None and found.next_on <= today,
            "reject": bound.get("reject") or ReasonForm(auto_id="reject_%s"),
            "end": (bound.get("end") or ReasonForm(auto_id="end_%s"))
            if may and found.state == RecheckPlan.State.APPROVED
            else None,
        },
        status=status,
    )


def _with_counts(found: RecheckPlan) -> Any:
    return found.rounds.annotate(
        looked=Count("rechecks", filter=Q(rechecks__finding__in=["kept", "doubt"])),
        unable=Count("rechecks", filter=Q(rechecks__finding="unable")),
        left=Count("rechecks", filter=Q(rechecks__finding="")),
    )


DEEDS = {"approve": "已批准", "reject": "已登记不批准", "end": "已停止", "draw": "已抽取"}


@desk(*planning.APPROVES)
@require_POST
def decide(request: HttpRequest, uuid: UUID, deed: str) -> HttpResponse:
    """Approve, refuse or stop a plan, or draw the round whose day has come."""
    if deed not in DEEDS:
        raise Http404("没有这个步骤。")
    found = _plan(request, uuid)
    who: dict[str, Any] = {"plan_id": found.pk, "actor": request.user, "now": clock.now()}
    form = ReasonForm(request.POST, auto_id=f"{deed}_%s") if deed in ("reject", "end") else None
    if form is not None and not form.is_valid():
        return _plan_page(request, found, {deed: form}, status=422)
    services: dict[str, Any] = {
        "approve": planning.approve,
        "reject": planning.reject,
        "end": planning.end,
        "draw": drawing.draw_by_hand,
    }
    try:
        services[deed](**who, **(form.cleaned_data if form else {}))
    except PlanError as error:
        if form is not None and error.field in form.fields:
            form.add_error(error.field, str(error))
            return _plan_page(request, found, {deed: form}, status=422)
        messages.error(request, str(error))
    else:
        messages.success(request, f"{DEEDS[deed]}。")
    return redirect("rechecks:plan", found.uuid)


def _plan(request: HttpRequest, uuid: UUID) -> RecheckPlan:
    found = (
        planning.plans_visible_to(request.user)
        .select_related("region", "department", "office", "proposed_by", "decided_by", "ended_by")
        .filter(uuid=uuid)
        .first()
    )
    if found is None:
        raise Http404(NO_PLAN)
    return found


# ---- a round -----------------------------------------------------------------------------------------------


@desk(*AT_THE_DESK, groups.AUDITOR)
@require_safe
def drawn(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """A round: with what it was drawn, so that it can be drawn again, and what was drawn of the user's reach."""
    found = _round(request, uuid)
    rows = answering.rechecks_visible_to(request.user).filter(round=found)
    shown, following = _page(request, rows, falling=False)
    dues = _dues(shown)
    whole = _sees_all(request, found)
    return render(
        request,
        "desk/rechecks/round.html",
        {
            "round": found,
            "plan": found.plan,
            "rows": [(row, dues.get(row.pk)) for row in shown],
            "next": following,
            "strata": _strata(found) if whole else [],
            "whole": whole,
            "today": clock.today(),
        },
    )


@desk(*AT_THE_DESK, groups.AUDITOR)
@require_safe
def population(request: HttpRequest, uuid: UUID) -> StreamingHttpResponse:
    """The frozen population as a file, code by code: whoever has it can draw the round again."""
    found = _round(request, uuid)
    if not _sees_all(request, found):
        raise Http404(NO_ROUND)
    log_read(
        now=clock.now(),
        actor_id=request.user.pk,
        what="复核抽取范围",
        target_type="recheck_round",
        target_id=found.pk,
        purpose=ReadLog.Purpose.SUPERVISION,
    )
    answer = StreamingHttpResponse(_lines(found), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = (
        f'attachment; filename="{found.plan.number}-{found.number}-population.csv"'
    )
    return answer


def _lines(found: RecheckRound) -> Iterator[str]:
    labels = dict(Stratum.choices)
    yield "\ufeff承诺编码,层代码,层,排序值,抽中\r\n"
    last = 0
    while True:
        rows = list(
            RecheckMember.objects.filter(round=found, pk__gt=last)
            .order_by("pk")
            .values_list("pk", "commitment__code", "stratum", "drawn")[:CHUNK]
        )
        for _, code, stratum, drawn in rows:
            place = rules.place_of(found.seed, found.number, code)
            yield f"{code},{stratum},{labels[stratum]},{place},{'是' if drawn else '否'}\r\n"
        if len(rows) < CHUNK:
            return
        last = rows[-1][0]


def _strata(found: RecheckRound) -> list[dict[str, Any]]:
    percents = rules.percents_of(found.percent, higher=found.higher_percent, lower=found.lower_percent)
    rows = (
        found.members.order_by()
        .values("stratum")
        .annotate(all=Count("pk"), drawn=Count("pk", filter=Q(drawn=True)))
    )
    by_code = {row["stratum"]: row for row in rows}
    return [
        by_code[code] | {"label": label, "percent": percents[code]}
        for code, label in Stratum.choices
        if code in by_code
    ]


def _sees_all(request: HttpRequest, found: RecheckRound) -> bool:
    """How a subject stands is in the strata: they are for those whose reach is the whole population."""
    user = request.user
    if user.department is None:
        return False
    if has_role(user, groups.CREDIT_OFFICE, groups.AUDITOR) and (
        user.department.region_id in found.plan.region.lineage
    ):
        return True
    return found.plan.department_id == user.department_id


def _round(request: HttpRequest, uuid: UUID) -> RecheckRound:
    found = (
        RecheckRound.objects.filter(plan__in=planning.plans_visible_to(request.user), uuid=uuid)
        .select_related("plan__region", "plan__department", "drawn_by")
        .first()
    )
    if found is None:
        raise Http404(NO_ROUND)
    return found
