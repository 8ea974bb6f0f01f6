"""The desk's pages of voluntary registration: what waits to be verified, one of it with the two outcomes; and who should
register and has not."""

from typing import Any
from uuid import UUID

from csp.decorators import csp_exempt
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from commitments.associations.forms import bound
from commitments.associations.member_views import shown
from commitments.associations.views import PER_PAGE
from commitments.models import Registration, RosterSort
from commitments.rosters import searching, taking
from commitments.rosters.views import NAMES
from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.deadlines import duties
from credit_portal.documents import answers
from credit_portal.registry import groups
from credit_portal.registry.desk_access import AT_THE_DESK, check_own, desk
from credit_portal.registry.models import Department
from credit_portal.registry.visibility import has_role

from . import adopting, expected, filling, submitting, verifying
from .forms import HandOverForm, ReasonForm
from .rules import BY_DEPARTMENT, WAITING, RegistrationError, State
from .views_mine import TONES

SEES = (*AT_THE_DESK, groups.AUDITOR)
NOT_FOUND = "没有这条注册信息，或者它不在您的管理范围内。"
TABS = {"waiting": "待核实", "verified": "已核实", "other": "其他"}
DEEDS = {
    "verify": (State.VERIFIED, "核实情况", "核实属实"),
    "refuse": (State.REFUSED, "理由", "不予核实"),
    "ask": (State.ASKED, "需要补正的内容", "告知补正"),
    "revoke": (State.FALSE, "理由", "撤销核实"),
}


@desk(*SEES)
def home(request: HttpRequest) -> HttpResponse:
    """What was submitted, of the user's reach: what waits first. POST looks one subject up."""
    if request.method == "POST":
        return searching.to_address(request)
    tab = request.GET.get("tab", "waiting")
    if tab not in TABS:
        tab = "waiting"
    rows = verifying.visible_to(request.user).select_related("subject", "department")
    counts = {"waiting": rows.filter(state__in=WAITING).count()}
    if tab == "waiting":
        rows = rows.filter(state__in=WAITING).order_by("submitted_at", "pk")
    elif tab == "verified":
        rows = rows.filter(state=State.VERIFIED).order_by("-pk")
    else:
        rows = rows.exclude(state__in=(*WAITING, State.VERIFIED)).order_by("-pk")
    page = Paginator(searching.narrowed(rows, request), PER_PAGE).get_page(request.GET.get("page"))
    _log(request, None, searching.found_one(page.object_list, request))
    return render(
        request,
        "desk/registration/home.html",
        {
            "page": page,
            "rows": [(row, TONES.get(State(row.state), "")) for row in page],
            "tabs": list(TABS.items()),
            "tab": tab,
            "counts": counts,
            "sought": searching.sought(request),
            "searched": searching.is_search(request),
            "query": urlencode(searching.query_of(request, tab=tab)),
            "office": has_role(request.user, groups.CREDIT_OFFICE, groups.AUDITOR),
            "ready": submitting.item_for(request.user.department.region, clock.now()) is not None,
            "may_adopt": has_role(request.user, groups.CREDIT_OFFICE),
        },
    )


def _log(request: HttpRequest, row: Registration | None, looked_up: int | None = None) -> None:
    audits = has_role(request.user, groups.AUDITOR)
    own = row is not None and row.department_id == request.user.department_id
    log_read(
        now=clock.now(),
        actor_id=request.user.pk,
        what="自愿注册信息",
        target_type="registration" if row else "registration_list",
        target_id=row.pk if row else "list",
        subject_id=row.subject_id if row else looked_up,
        purpose=ReadLog.Purpose.AUDIT
        if audits
        else ReadLog.Purpose.HANDLING
        if own or row is None
        else ReadLog.Purpose.SUPERVISION,
    )


def _one(request: HttpRequest, uuid: UUID) -> Registration:
    found = (
        verifying.visible_to(request.user)
        .select_related("subject", "department__region", "region", "batch__commitment", "entry", "proof")
        .select_related("answer_proof")
        .filter(uuid=uuid)
        .first()
    )
    if found is None:
        raise Http404(NOT_FOUND)
    return found


@desk(*SEES)
@require_safe
def one(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One: what was told, the proof, the commitment that was signed for it, its course; what may be done."""
    row = _one(request, uuid)
    _log(request, row)
    return _page(request, row)


def _departments(request: HttpRequest, row: Registration) -> QuerySet[Department]:
    lineage = row.region.lineage
    return (
        Department.objects.filter(region__in=lineage, is_active=True)
        .exclude(kind__in=[Department.Kind.ASSOCIATION])
        .exclude(pk=row.department_id)
        .order_by("-region_id", "name")
    )


def _page(request: HttpRequest, row: Registration, status: int = 200, **more: Any) -> HttpResponse:
    works = row.department_id == request.user.department_id and has_role(request.user, *submitting.WORKS)
    may = {
        deed
        for deed, (after, _, _) in DEEDS.items()
        if works and row.state in BY_DEPARTMENT[after] and not (deed == "ask" and row.asked_at is not None)
    }
    forms = {
        deed: ReasonForm(label=label, auto_id=f"{deed}_%s")
        for deed, (_, label, _) in DEEDS.items()
        if deed in may
    }
    if works and row.state in WAITING:
        forms["hand-over"] = HandOverForm(
            label="转交理由",
            help_text="4 至 500 个字。",
            auto_id="hand_%s",
            departments=_departments(request, row),
        )
    changed = more.pop("changed", {})
    forms.update(changed)
    words = {deed: submit for deed, (_, _, submit) in DEEDS.items()} | {"hand-over": "转交其他部门"}
    context = {
        "row": row,
        "tone": TONES.get(State(row.state), ""),
        "forms": [(deed, form, words[deed], deed in changed) for deed, form in forms.items()],
        "duties": [
            one for one in duties.duties_of(filling.matter_of(row)) if one.state in duties.OPEN_STATES
        ],
        "steps": list(row.steps.select_related("actor", "access").order_by("id")),
        "works": works,
    }
    return render(request, "desk/registration/one.html", context | more, status=status)


@desk()
def decide(request: HttpRequest, uuid: UUID, deed: str) -> HttpResponse:
    """One of the two outcomes, a question, another department, or what was verified found false."""
    row = _one(request, uuid)
    if deed not in (*DEEDS, "hand-over"):
        raise Http404(NOT_FOUND)
    if request.method != "POST":
        return redirect("registration:one", uuid)
    check_own(request, row.department_id)
    if deed == "hand-over":
        form = bound(
            HandOverForm, request, label="转交理由", auto_id="hand_%s", departments=_departments(request, row)
        )
    else:
        form = bound(ReasonForm, request, label=DEEDS[deed][1], auto_id=f"{deed}_%s")
    if form.is_valid():
        common = {"registration_id": row.pk, "actor": request.user, "now": clock.now()}
        try:
            match deed:
                case "verify":
                    verifying.verify(how=form.cleaned_data["reason"], **common)
                case "refuse":
                    verifying.refuse(reason=form.cleaned_data["reason"], **common)
                case "ask":
                    verifying.ask(what=form.cleaned_data["reason"], **common)
                case "revoke":
                    verifying.revoke(reason=form.cleaned_data["reason"], **common)
                case _:
                    verifying.hand_over(**form.cleaned_data, **common)
        except RegistrationError as wrong:
            field = "reason" if wrong.field in ("reason", "what") else wrong.field
            form.add_error(field if field in form.fields else None, str(wrong))
        else:
            messages.success(request, "已办理。")
            if deed == "hand-over":
                return redirect("registration:home")
            return redirect("registration:one", uuid)
    return _page(request, _one(request, uuid), status=422, changed={deed: form})


@desk(*SEES)
@require_safe
@csp_exempt()
def proof(request: HttpRequest, uuid: UUID, which: str) -> HttpResponse:
    """The proof, or what was brought afterwards."""
    row = _one(request, uuid)
    file = {"proof": row.proof, "answer": row.answer_proof}.get(which)
    if file is None:
        raise Http404("没有这份证明。")
    _log(request, row)
    return shown(file, "证明")


# ---- who should register -----------------------------------------------------------------------------------

OFFICE = (groups.CREDIT_OFFICE, groups.AUDITOR)


@desk(*OFFICE)
@require_safe
def lists(request: HttpRequest) -> HttpResponse:
    """The two lists with their figures."""
    today = clock.today()
    return render(
        request,
        "desk/registration/lists.html",
        {
            "lists": [
                (sort, NAMES[sort], expected.figures(expected.on_lists(request.user, sort, today)))
                for sort in expected.EXPECTED
            ],
            "keeps": taking.sorts_of(request.user),
            "today": today,
        },
    )


@desk(*OFFICE)
@require_safe
def should(request: HttpRequest, sort: str) -> HttpResponse:
    """One list by how each stands."""
    name, today = _list_name(sort), clock.today()
    state = request.GET.get("state", expected.MISSING)
    if state not in expected.STATES:
        state = expected.MISSING
    every = expected.on_lists(request.user, sort, today)
    page = Paginator(
        expected.of_state(every, state).select_related("subject", "department").order_by("-pk"), PER_PAGE
    ).get_page(request.GET.get("page"))
    _log(request, None)
    return render(
        request,
        "desk/registration/should.html",
        {
            "sort": sort,
            "name": name,
            "figures": expected.figures(every),
            "page": page,
            "state": state,
            "tabs": list(expected.STATES.items()),
            "query": urlencode({"state": state}),
            "keeps": sort in taking.sorts_of(request.user),
            "today": today,
        },
    )


def _list_name(sort: str) -> str:
    if sort not in expected.EXPECTED:
        raise Http404("没有这种名单。")
    return NAMES[RosterSort(sort)]


@desk(*OFFICE)
@require_safe
def should_table(request: HttpRequest, sort: str) -> HttpResponse:
    name, today = _list_name(sort), clock.today()
    _log(request, None)
    return answers.download(
        expected.table(expected.on_lists(request.user, sort, today)), f"{name}自愿注册情况-{today}.xlsx"
    )


@desk(groups.CREDIT_OFFICE)
@require_POST
def remind(request: HttpRequest, sort: str) -> HttpResponse:
    _list_name(sort)
    try:
        sent, silent = expected.remind(sort=sort, actor=request.user, now=clock.now())
    except RegistrationError as wrong:
        messages.error(request, str(wrong))
    else:
        more = f"；另有 {silent} 个没有留联系电话，请下载名单自行联系" if silent else ""
        messages.success(request, f"已向 {sent} 个企业发出短信提醒{more}。")
    return redirect("registration:should", sort)


@desk(groups.CREDIT_OFFICE)
@require_POST
def adopt(request: HttpRequest) -> HttpResponse:
    """Draft the shipped item and text; they are published in the back office."""
    department = request.user.department
    if department.kind != Department.Kind.CREDIT_OFFICE:
        raise PermissionDenied("由信用主管部门起草。")
    try:
        adopting.adopt(department=department, actor=request.user, now=clock.now())
    except RegistrationError as wrong:
        messages.error(request, str(wrong))
    else:
        messages.success(
            request, "已起草事项和承诺书文本。请在管理后台核对以后发布，发布以后主体才能自愿注册。"
        )
    return redirect("registration:home")
