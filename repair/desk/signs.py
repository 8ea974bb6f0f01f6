"""Signs of a broken repair commitment at the desk: looked at, answered as none, or taken further as a case (R45, R46)."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from commitments.case_rules import CaseError
from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.registry import groups
from credit_portal.registry.desk_access import AT_THE_DESK, desk
from credit_portal.registry.paging import newest_first
from credit_portal.registry.visibility import has_role
from repair import locking_out, rules
from repair.models import BrokenPledge
from repair.rules import RepairError

from . import forms as shapes

PER_PAGE = 50
TABS = {"open": "待核实", "answered": "已答复"}


@desk(*AT_THE_DESK, groups.AUDITOR)
@require_safe
def signs(request: HttpRequest) -> HttpResponse:
    """Signs of the user's reach, the newest first."""
    tab = request.GET.get("tab", "open")
    tab = tab if tab in TABS else "open"
    rows = locking_out.signs_visible_to(request.user)
    rows = rows.filter(state="open") if tab == "open" else rows.exclude(state="open")
    shown, following = newest_first(
        rows.select_related("pledge__subject", "pledge__department", "entry"), request, size=PER_PAGE
    )
    _log(request, "修复承诺违约线索列表", "broken_pledge_list", 0, None)
    return render(
        request,
        "repair/desk/signs.html",
        {
            "tabs": [(code, label, code == tab) for code, label in TABS.items()],
            "tab": tab,
            "signs": shown,
            "next": following,
        },
    )


@desk(*AT_THE_DESK, groups.AUDITOR, sends=rules.DOES)
def sign(request: HttpRequest, pk: int) -> HttpResponse:
    """One sign: what was promised, what came afterwards, and the department's answer."""
    found = (
        locking_out.signs_visible_to(request.user)
        .select_related("pledge__subject", "pledge__department", "entry", "case", "answered_by")
        .filter(pk=pk)
        .first()
    )
    if found is None:
        raise Http404("没有这条线索，或者它不在您的管理范围内。")
    deed = request.POST.get("deed", "") if request.method == "POST" else ""
    false = shapes.NotBrokenForm(request.POST if deed == "false" else None, auto_id="false_%s")
    case = shapes.OpenCaseForm(request.POST if deed == "case" else None, auto_id="case_%s")
    form = {"false": false, "case": case}.get(deed)
    if form is not None and form.is_valid():
        common = {"sign_id": pk, "actor": request.user, "now": clock.now()}
        try:
            if deed == "false":
                locking_out.not_broken(**common, note=form.cleaned_data["note"])
                messages.success(request, "已登记：不属于违反修复承诺。")
                return redirect("repair:sign", pk)
            opened = locking_out.open_case_on(**common, facts=form.cleaned_data["facts"])
        except (RepairError, CaseError) as error:
            if found.state == BrokenPledge.State.OPEN and error.field in form.fields:
                form.add_error(error.field, str(error))
            else:
                form.add_error(None, str(error))
        else:
            messages.success(request, f"已立案，案号 {opened.number}。")
            return redirect("cases:case", opened.uuid)
    _log(request, "修复承诺违约线索", "broken_pledge", found.pk, found.pledge.subject_id)
    may = (
        found.state == BrokenPledge.State.OPEN
        and found.pledge.department_id == request.user.department_id
        and has_role(request.user, *rules.DOES)
    )
    return render(
        request,
        "repair/desk/sign.html",
        {"sign": found, "false": false, "case": case, "may": may, "bound": deed},
        status=422 if form is not None and form.errors else 200,
    )


def _log(request: HttpRequest, what: str, target_type: str, target_id: int, subject_id: int | None) -> None:
    log_read(
        now=clock.now(), actor_id=request.user.pk, what=what, target_type=target_type, target_id=target_id,
        subject_id=subject_id, purpose=ReadLog.Purpose.HANDLING,
    )  # fmt: skip
