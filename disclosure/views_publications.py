"""Publication of breaches at the desk of the credit office: what is to be decided, with a preview of the days and why."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from commitments.models import BreachCase
from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.registry import groups
from credit_portal.registry.desk_access import desk
from credit_portal.registry.desk_reading import note_list
from credit_portal.registry.models import PublicityClass
from credit_portal.registry.paging import newest_first
from credit_portal.registry.visibility import limit_to_visible

from . import breach_proposals, publication_rules
from . import breach_publishing as publishing
from .models import BreachPublication, BreachPublicationProposal
from .rules import PublicityRefused

PER_PAGE = 50
TABS = {"decide": "待决定", "second": "待第二人决定", "public": "公示中", "kept": "不公示", "ended": "已停止"}
Reason = BreachPublication.Reason


@desk(groups.CREDIT_OFFICE)
@require_safe
def publications(request: HttpRequest) -> HttpResponse:
    """What is to be decided, what is public, and what has ended."""
    tab = request.GET.get("state", "decide")
    tab = tab if tab in TABS else "decide"
    note_list(request, what="违诺公示列表", target_type="breach_publication_list")
    rows: Any
    if tab == "decide":
        rows = publishing.to_decide(request.user).select_related("commitment", "department")
    elif tab == "second":
        proposals = BreachPublicationProposal.objects.filter(state=BreachPublicationProposal.State.OPEN)
        rows = limit_to_visible(proposals, request.user, department_field="case__department")
        rows = rows.select_related("case__commitment", "proposed_by")
    else:
        rows = publishing.publications_visible_to(request.user).select_related(
            "case__commitment", "case__department"
        )
        rows = rows.filter(ended_at__isnull=tab != "ended")
        if tab != "ended":
            public = PublicityClass.PUBLIC
            rows = (
                rows.filter(publicity_class=public)
                if tab == "public"
                else rows.exclude(publicity_class=public)
            )
    shown, following = newest_first(rows, request, size=PER_PAGE)
    return render(
        request,
        "desk/publications/list.html",
        {
            "tabs": [(code, label, code == tab) for code, label in TABS.items()],
            "tab": tab,
            "rows": shown,
            "next": following,
        },
    )


@desk(groups.CREDIT_OFFICE)
@require_safe
def of_case(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The publication of a case: decided, its days; else the choice, with what each would bring."""
    return _page(request, _case(request, uuid))


def _case(request: HttpRequest, uuid: UUID) -> BreachCase:
    found = (
        limit_to_visible(BreachCase.objects.all(), request.user)
        .select_related("commitment__item_version", "subject", "department", "region")
        .filter(uuid=uuid)
        .first()
    )
    if found is None:
        raise Http404("没有这件违诺认定，或者它不在您的管理范围内。")
    return found


def _page(
    request: HttpRequest, case: BreachCase, *, error: str = "", typed: dict[str, str] | None = None
) -> HttpResponse:
    today = clock.today()
    kind = case.commitment.subject_kind
    period, rule, refused = None, None, ""
    try:
        period, rule = publishing.period_for(case, decided_on=today)
    except PublicityRefused as problem:
        refused = str(problem)
    log_read(
        now=clock.now(),
        actor_id=request.user.pk,
        what="违诺公示",
        target_type="breach_case",
        target_id=case.pk,
        subject_id=case.subject_id,
        purpose=ReadLog.Purpose.SUPERVISION,
    )
    history = list(case.publications.select_related("decided_by", "second").order_by("-id"))
    closed = publication_rules.reasons_for(kind, PublicityClass.CLOSED, grade=case.grade)
    return render(
        request,
        "desk/publications/case.html",
        {
            "case": case,
            "person": kind == publication_rules.PERSON,
            "period": period,
            "rule": rule,
            "refused": refused,
            "minor": case.grade == "minor",
            "publications": history,
            "running": next((one for one in history if one.ended_at is None), None),
            "proposal": case.publication_proposals.filter(state="open").select_related("proposed_by").first(),
            "reasons": [(code, label) for code, label in Reason.choices if code in closed],
            "classes": [
                (PublicityClass.LIMITED.value, PublicityClass.LIMITED.label),
                (PublicityClass.CLOSED.value, PublicityClass.CLOSED.label),
            ],
            "error": error,
            "typed": typed or {},
            "today": today,
        },
        status=422 if error else 200,
    )


@desk(groups.CREDIT_OFFICE)
@require_POST
def decide(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Decide the class: public by law, or not, with the reason why not."""
    case = _case(request, uuid)
    typed = {key: request.POST.get(key, "") for key in ("publicity_class", "reason", "note")}
    try:
        publishing.decide_publication(
            case_id=case.pk,
            publicity_class=typed["publicity_class"],
            reason=typed["reason"],
            note_text=typed["note"],
            actor=request.user,
            now=clock.now(),
        )
    except PublicityRefused as error:
        return _page(request, case, error=str(error), typed=typed)
    messages.success(request, "已决定。")
    return redirect("publications:case", case.uuid)


@desk(groups.CREDIT_OFFICE)
@require_POST
def propose(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The first of two people for a natural person's breach."""
    case = _case(request, uuid)
    try:
        breach_proposals.propose(
            case_id=case.pk, reason=request.POST.get("note", ""), actor=request.user, now=clock.now()
        )
    except PublicityRefused as error:
        return _page(request, case, error=str(error), typed={"note": request.POST.get("note", "")})
    messages.success(request, "已提议，等候信用办另一人决定。")
    return redirect("publications:case", case.uuid)


@desk(groups.CREDIT_OFFICE)
@require_POST
def second(request: HttpRequest, pk: int) -> HttpResponse:
    """The second person agrees or not; the first may take the proposal back."""
    proposals = BreachPublicationProposal.objects.filter(pk=pk).select_related("case")
    found = limit_to_visible(proposals, request.user, department_field="case__department").first()
    if found is None:
        raise Http404("没有这项提议，或者它不在您的管理范围内。")
    said, note = request.POST.get("deed", ""), request.POST.get("note", "")
    try:
        if said == "confirm":
            breach_proposals.confirm(proposal_id=pk, actor=request.user, closing_note=note, now=clock.now())
            messages.success(request, "已同意，违诺信息隐去姓名后公示。")
        elif said == "reject":
            breach_proposals.reject(proposal_id=pk, actor=request.user, closing_note=note, now=clock.now())
            messages.success(request, "已登记不同意，不予公示。")
        else:
            breach_proposals.cancel(proposal_id=pk, actor=request.user, now=clock.now())
            messages.success(request, "已撤回提议。")
    except PublicityRefused as error:
        messages.error(request, str(error))
    return redirect("publications:case", found.case.uuid)


@desk(groups.CREDIT_OFFICE)
@require_POST
def end(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Take a decision back, so that the class can be decided anew."""
    found = publishing.publications_visible_to(request.user).filter(uuid=uuid).select_related("case").first()
    if found is None:
        raise Http404("没有这项公示，或者它不在您的管理范围内。")
    try:
        publishing.end_by_office(publication_id=found.pk, actor=request.user, now=clock.now())
    except PublicityRefused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "已停止，可以重新决定。")
    return redirect("publications:case", found.case.uuid)
