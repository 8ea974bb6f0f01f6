"""The desk's pages of typical cases: a unit's own, the office's by what is to be done with them, one case and its course."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.documents import answers
from credit_portal.documents.pdf import UnprintableText
from credit_portal.registry import groups
from credit_portal.registry.desk_access import check_own, check_role, desk
from credit_portal.registry.visibility import has_role
from disclosure.models import TypicalCase, TypicalPublication, TypicalReport

from . import papers, publishing, sending, writing
from .forms import CaseForm, ReasonForm, ReportForm
from .writing import State, TellsWho, TypicalError

WRITES = tuple(sorted(writing.WRITES))
PER_PAGE = 50
MOST_PRINTED = 50
TABS = {"answer": "待处理", "accepted": "已采用", "below": "下级上报", "other": "其他"}
NO_CASE = "没有这个案例，或者不在您的管理范围内。"


# ---- lists -------------------------------------------------------------------------------------------------


@desk(*WRITES)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """A unit's own cases; the office's by tab, accepted ones by year."""
    user = request.user
    office = has_role(user, groups.CREDIT_OFFICE)
    tab = request.GET.get("tab", "answer")
    tab = tab if tab in TABS else "answer"
    year = _year(request)
    rows = writing.cases_visible_to(user)
    rows = (
        _of_tab(rows, tab, year, user.department_id) if office else rows.filter(department=user.department_id)
    )
    shown = TypicalPublication.objects.filter(case=OuterRef("pk"), state__in=publishing.OPEN)
    reported = TypicalReport.objects.filter(case=OuterRef("pk"), from_office=user.department_id)
    rows = rows.select_related("department").annotate(
        standing=Subquery(shown.values("state")[:1]), reported_on=Subquery(reported.values("reported_on")[:1])
    )
    page = Paginator(rows.order_by("-pk"), PER_PAGE).get_page(request.GET.get("page"))
    by_year = office and tab in ("accepted", "below")
    query = f"tab={tab}" + (f"&year={year}" if by_year and year else "")
    return render(
        request,
        "desk/typical/list.html",
        {
            "page": page,
            "office": office,
            "tab": tab,
            "tabs": TABS.items(),
            "by_year": by_year,
            "year": year,
            "years": range(clock.today().year, clock.today().year - 6, -1),
            "query": query if office else "",
            "above": sending.office_above(user.department) if office else None,
        },
    )


def _of_tab(
    rows: QuerySet[TypicalCase], tab: str, year: int | None, office_id: int | None
) -> QuerySet[TypicalCase]:
    received = Q(pk__in=TypicalReport.objects.filter(to_office=office_id).values("case"))
    if tab == "answer":
        return rows.filter(state=State.SUBMITTED, office=office_id)
    if tab == "other":
        return rows.exclude(state=State.SUBMITTED, office=office_id).exclude(
            Q(state=State.ACCEPTED) & (Q(office=office_id) | received)
        )
    rows = rows.filter(state=State.ACCEPTED, office=office_id) if tab == "accepted" else rows.filter(received)
    return rows.filter(answered_at__year=year) if year else rows


def _year(request: HttpRequest) -> int | None:
    text = request.GET.get("year", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) == 4 and text > "1999" else None


@desk(groups.CREDIT_OFFICE)
@require_safe
def collection(request: HttpRequest) -> HttpResponse:
    """The cases that were ticked, as one paper."""
    wanted = []
    for text in request.GET.getlist("case")[:MOST_PRINTED]:
        try:
            wanted.append(UUID(text))
        except ValueError:
            continue
    user = request.user
    rows = list(
        writing.cases_visible_to(user)
        .filter(uuid__in=wanted, state=State.ACCEPTED)
        .select_related("department", "region")
        .order_by("kind", "pk")
    )
    if not rows:
        messages.error(request, "请先勾选已采用的案例。")
        return redirect("/desk/typical/?tab=accepted")
    year = _year(request) or clock.today().year
    try:
        content = papers.collection(rows, office=user.department, year=year, on=clock.today())
    except UnprintableText as error:
        messages.error(request, str(error))
        return redirect("/desk/typical/?tab=accepted")
    return answers.download(content, f"{papers.TITLE}{year}.pdf", "application/pdf")


# ---- written -----------------------------------------------------------------------------------------------


@desk(*WRITES)
def new(request: HttpRequest) -> HttpResponse:
    """Begin a case."""
    return _write(request, None, CaseForm(request.POST or None))


@desk(*WRITES)
def edit(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Write it anew while it is not handed in."""
    case = _case(request, uuid)
    if case.department_id != request.user.department_id or case.state not in writing.WRITABLE:
        raise Http404("只有报送单位可以修改没有报送或者已退回的案例。")
    form = CaseForm(request.POST) if request.method == "POST" else CaseForm.of(case)
    return _write(request, case, form)


def _write(request: HttpRequest, case: TypicalCase | None, form: CaseForm) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        try:
            row = writing.save_case(
                case_id=case.pk if case else None, told=writing.Told(**form.cleaned_data),
                actor=request.user, now=clock.now(),
            )  # fmt: skip
        except TypicalError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            messages.success(request, "已保存，核对后请报送。")
            return redirect("typical:case", row.uuid)
    return render(
        request,
        "desk/typical/form.html",
        {"form": form, "case": case},
        status=422 if form.is_bound and form.errors else 200,
    )


# ---- one case ----------------------------------------------------------------------------------------------


def _case(request: HttpRequest, uuid: UUID) -> TypicalCase:
    row = (
        writing.cases_visible_to(request.user)
        .select_related(
            "department", "region", "office__region__parent", "check_made", "breach_case__commitment",
            "commitment", "submitted_by", "answered_by", "written_by",
        )
        .filter(uuid=uuid)
        .first()
    )  # fmt: skip
    if row is None:
        raise Http404(NO_CASE)
    return row


@desk(*WRITES)
@require_safe
def one(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """A case, what in it still tells whom it is about, its course, and what can be done with it."""
    return _page(request, _case(request, uuid))


def _page(
    request: HttpRequest, case: TypicalCase, *, failed: tuple[str, forms.Form] | None = None, error: str = ""
) -> HttpResponse:
    user = request.user
    own = case.department_id == user.department_id
    office = has_role(user, groups.CREDIT_OFFICE) and case.office_id == user.department_id
    traces = writing.explain(writing.traces_in(case)) if own or office else {}
    if writing.is_linked(case):
        log_read(
            now=clock.now(), actor_id=user.pk, what="典型案例", target_type="typical_case", target_id=case.pk,
            purpose=ReadLog.Purpose.SUPERVISION,
        )  # fmt: skip
    publications = list(
        case.publications.select_related("proposed_by", "decided_by", "withdrawn_by").order_by("-pk")
    )
    current = next((one for one in publications if one.state in publishing.OPEN), None)
    above = sending.office_above(user.department) if has_role(user, groups.CREDIT_OFFICE) else None
    given = {failed[0]: failed[1]} if failed else {}
    return render(
        request,
        "desk/typical/case.html",
        {
            "case": case,
            "parts": [
                (field, label, getattr(case, field), traces.get(field, []))
                for field, label in writing.TEXTS.items()
            ],
            "traces": traces,
            "own": own,
            "office": office,
            "inside": own or office,
            "writable": own and case.state in writing.WRITABLE,
            "answers": office and case.state == State.SUBMITTED and case.submitted_by_id != user.pk,
            "reports": case.reports.select_related("from_office", "reported_by"),
            "may_report": sending.may_report(user, case),
            "above": above,
            "report_form": given.get("report")
            or ReportForm(known=above is not None, initial={"on": clock.today()}),
            "return_form": given.get("return") or ReasonForm(auto_id="return_%s"),
            "refuse_form": given.get("refuse") or ReasonForm(auto_id="refuse_%s"),
            "withdraw_form": given.get("withdraw") or ReasonForm(auto_id="withdraw_%s"),
            "publications": publications,
            "current": current,
            "may_propose": office and case.state == State.ACCEPTED and current is None,
            "may_decide": office
            and current is not None
            and current.state == TypicalPublication.State.PROPOSED
            and current.proposed_by_id != user.pk,
            "error": error,
            "failed": failed[0] if failed else "",
        },
        status=422 if failed or error else 200,
    )


# What the unit that wrote the case does with it; all else is the office's that has received it, and going up any office's on
# the way.
BY_WRITER = ("submit", "discard")
# deed → the form that it needs, the service, what is said when it is done.
DEEDS: dict[str, tuple[str, Callable[..., Any], str]] = {
    "submit": ("", writing.submit_case, "已报送信用办。"),
    "discard": ("", writing.discard_case, "已放弃草稿。"),
    "accept": ("", writing.accept_case, "已采用。"),
    "return": ("reason", writing.return_case, "已退回。"),
    "report": ("report", sending.report_up, "已登记上报。"),
    "propose": ("", publishing.propose, "已提出公开，等待另一人决定。"),
    "approve": ("", publishing.approve, "已公开。"),
    "refuse": ("reason", publishing.refuse, "已决定不予公开。"),
    "withdraw": ("reason", publishing.withdraw, "已撤下，公众不再看到。"),
}


@desk(*WRITES)
@require_POST
def act(request: HttpRequest, uuid: UUID, deed: str) -> HttpResponse:
    """Do one thing with a case."""
    if deed not in DEEDS:
        raise Http404("没有这个办理步骤。")
    case = _case(request, uuid)
    if deed in BY_WRITER:
        check_own(request, case.department_id)
    else:
        check_role(request, [groups.CREDIT_OFFICE])
        if deed != "report":
            check_own(request, case.office_id)
    needs, service, done = DEEDS[deed]
    form: forms.Form | None = None
    if needs == "reason":
        form = ReasonForm(request.POST, auto_id=f"{deed}_%s")
    elif needs == "report":
        above = sending.office_above(request.user.department)
        form = ReportForm(request.POST, known=above is not None)
    told: dict[str, Any] = {}
    if form is not None:
        if not form.is_valid():
            return _page(request, case, failed=(deed, form))
        told = {"to_name": "", **form.cleaned_data} if needs == "report" else form.cleaned_data
    try:
        service(case_id=case.pk, actor=request.user, now=clock.now(), **told)
    except TellsWho as problem:
        return _page(request, case, error=str(problem))
    except TypicalError as problem:
        if form is not None and problem.field in form.fields:
            form.add_error(problem.field, str(problem))
            return _page(request, case, failed=(deed, form))
        return _page(request, case, error=str(problem))
    messages.success(request, done)
    return redirect("typical:home") if deed == "discard" else redirect("typical:case", case.uuid)
