"""Bundled inspections at the desk: the list, one with its departments and matters, bundling, planning, confirming. (R71)"""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Exists, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from commitments.models import Visit, VisitPart
from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.registry import groups
from credit_portal.registry.desk_access import AT_THE_DESK, desk
from credit_portal.registry.paging import newest_first
from credit_portal.registry.visibility import has_role

from . import arranging, showing
from .arranging import VisitError
from .forms import PlanForm, ReasonForm

SEES = (*AT_THE_DESK, groups.AUDITOR)
TABS = {"proposed": "待安排", "planned": "已安排", "done": "已完成", "cancelled": "已取消"}
MOST_MATTERS = 200
NO_VISIT = "没有这次检查，或者它与您的管理范围无关。"


def _of_tab(rows: QuerySet[Visit], tab: str) -> QuerySet[Visit]:
    if tab == "cancelled":
        return rows.filter(state=Visit.State.CANCELLED)
    going = Exists(arranging.open_matters())
    if tab == "done":
        return rows.filter(~going).exclude(state=Visit.State.CANCELLED)
    return rows.filter(going, state=tab)


def _log(request: HttpRequest, *, target_type: str, target_id: int | str, subject_id: int | None) -> None:
    log_read(
        now=clock.now(), actor_id=request.user.pk, what="联合检查", target_type=target_type, target_id=target_id,
        subject_id=subject_id,
        purpose=ReadLog.Purpose.AUDIT if has_role(request.user, groups.AUDITOR) else ReadLog.Purpose.SUPERVISION,
    )  # fmt: skip


@desk(*SEES)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    tab = request.GET.get("state", "proposed")
    tab = tab if tab in TABS else "proposed"
    rows = showing.with_counts(_of_tab(arranging.visits_visible_to(request.user), tab))
    shown, following = newest_first(
        rows.select_related("subject", "lead").prefetch_related("parts__department"), request
    )
    _log(request, target_type="visit_list", target_id="list", subject_id=None)
    return render(
        request,
        "desk/visits/home.html",
        {
            "tabs": [(f"?state={code}", label, code == tab) for code, label in TABS.items()],
            "rows": shown,
            "next": following,
            "office": has_role(request.user, groups.CREDIT_OFFICE),
        },
    )


@desk(groups.CREDIT_OFFICE)
@require_POST
def bundle(request: HttpRequest) -> HttpResponse:
    """Bundle what several departments have drawn of one subject."""
    try:
        made = arranging.bundle(actor=request.user, now=clock.now())
    except VisitError as error:
        messages.error(request, str(error))
    else:
        messages.success(
            request,
            f"已归并为 {len(made)} 次联合检查，等待牵头部门安排。"
            if made
            else "没有可以归并的：同一主体被抽中的不足两件。",
        )
    return redirect("visits:home")


def _visit(request: HttpRequest, uuid: UUID) -> Visit:
    found = (
        showing.with_counts(arranging.visits_visible_to(request.user))
        .select_related("subject", "lead", "region", "planned_by", "proposed_by", "cancelled_by")
        .filter(uuid=uuid)
        .first()
    )
    if found is None:
        raise Http404(NO_VISIT)
    return found


@desk(*SEES)
@require_safe
def one(request: HttpRequest, uuid: UUID) -> HttpResponse:
    return _page(request, _visit(request, uuid), {})


def _page(
    request: HttpRequest, visit: Visit, bound: dict[str, forms.Form], *, status: int = 200
) -> HttpResponse:
    _log(request, target_type="visit", target_id=visit.pk, subject_id=visit.subject_id)
    parts = list(visit.parts.select_related("department", "decided_by"))
    own = next((part for part in parts if part.department_id == request.user.department_id), None)
    going = visit.state != Visit.State.CANCELLED and bool(visit.left)  # type: ignore[attr-defined]
    works = going and own is not None and has_role(request.user, *arranging.ARRANGES)
    leads = works and visit.lead_id == request.user.department_id
    comes = works and not leads and own is not None and own.state != VisitPart.State.DECLINED
    planned = visit.state == Visit.State.PLANNED
    begun = {"day": visit.day or clock.today(), "announced": visit.announced, "note": visit.note}
    return render(
        request,
        "desk/visits/visit.html",
        {
            "visit": visit,
            "done": visit.state != Visit.State.CANCELLED and not going,
            "parts": parts,
            "matters": list(
                visit.matters.select_related("recheck__commitment", "recheck__department").order_by("pk")[
                    :MOST_MATTERS
                ]
            ),
            "plan": (bound.get("plan") or PlanForm(initial=begun)) if leads else None,
            "cancel": (bound.get("cancel") or ReasonForm(auto_id="cancel_%s")) if leads else None,
            "confirms": comes and planned and own is not None and own.state == VisitPart.State.WAITING,
            "decline": (bound.get("decline") or ReasonForm(auto_id="decline_%s"))
            if comes and planned
            else None,
            "waits": comes and not planned,
        },
        status=status,
    )


FORMS: dict[str, type[forms.Form]] = {"plan": PlanForm, "decline": ReasonForm, "cancel": ReasonForm}
DEEDS = {
    "plan": (arranging.plan, "已安排，参加的部门已收到通知。"),
    "confirm": (arranging.confirm, "已确认参加。"),
    "decline": (arranging.decline, "已登记不参加，本部门的事项单独核查。"),
    "cancel": (arranging.cancel, "已取消，各事项单独核查。"),
}


@desk(*arranging.ARRANGES)
@require_POST
def decide(request: HttpRequest, uuid: UUID, deed: str) -> HttpResponse:
    """Plan, confirm, decline or cancel."""
    if deed not in DEEDS:
        raise Http404("没有这个步骤。")
    visit = _visit(request, uuid)
    form = (
        FORMS[deed](request.POST, auto_id="id_%s" if deed == "plan" else f"{deed}_%s")
        if deed in FORMS
        else None
    )
    if form is not None and not form.is_valid():
        return _page(request, visit, {deed: form}, status=422)
    service: Any = DEEDS[deed][0]
    try:
        service(visit_id=visit.pk, actor=request.user, now=clock.now(), **(form.cleaned_data if form else {}))
    except VisitError as error:
        if form is not None and error.field in form.fields:
            form.add_error(error.field, str(error))
            return _page(request, visit, {deed: form}, status=422)
        messages.error(request, str(error))
    else:
        messages.success(request, DEEDS[deed][1])
    return redirect("visits:visit", visit.uuid)
