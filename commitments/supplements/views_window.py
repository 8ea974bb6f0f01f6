"""The counter's pages of late materials, and the result of what is handled at once."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from commitments.models import Supplement
from commitments.views_access import counter, own_commitment
from commitments.views_frame import frame
from commitments.views_papers import commitment_page
from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read

from . import acts, forms, immediate, showing
from .course import SupplementError, SupplementMoved

RECORDED = "办理结果已登记。"


@counter
@require_safe
def supplements(request: HttpRequest) -> HttpResponse:
    """What the clerk's department waits for, the first day first."""
    tab = request.GET.get("state", "open")
    tab = tab if tab in showing.TABS else "open"
    rows, mark = showing.page(
        Supplement.objects.filter(department=request.user.department_id), tab, request.GET.get("after", "")
    )
    log_read(
        now=clock.now(), actor_id=request.user.pk, what="容缺材料列表", target_type="supplement_list",
        target_id=0, purpose=ReadLog.Purpose.HANDLING,
    )  # fmt: skip
    context = frame(
        request,
        tabs=[(code, label, code == tab) for code, (label, _states, _day) in showing.TABS.items()],
        tab=tab,
        lines=showing.lines(rows, clock.today()),
        next=f"?state={tab}&after={mark}" if mark else "",
        room="window",
    )
    return render(request, "commitments/supplements/window_list.html", context)


@counter
@require_safe
def supplement(request: HttpRequest, uuid: UUID) -> HttpResponse:
    return _page(request, _own(request, uuid), {})


def _page(request: HttpRequest, one: Supplement, bound: acts.Bound, status: int = 200) -> HttpResponse:
    context = frame(request, room="window", **acts.about(request, one, bound))
    return render(request, "commitments/supplements/window_one.html", context, status=status)


@counter
@require_POST
def act(request: HttpRequest, uuid: UUID, deed: str) -> HttpResponse:
    """Receive, accept, return, ask for an extension; what is wrong comes back with the page."""
    one = _own(request, uuid)
    done, bound = acts.take(request, one, deed)
    if done:
        return redirect("window:supplement", one.uuid)
    return _page(request, _own(request, uuid), bound, status=422)


@counter
@require_safe
def file(request: HttpRequest, uuid: UUID, evidence: UUID) -> HttpResponse:
    one = _own(request, uuid)
    found, response = acts.file_response(one, evidence)
    log_read(
        now=clock.now(), actor_id=request.user.pk, what="容缺材料", target_type="evidence",
        target_id=found.pk, subject_id=one.commitment.subject_id, purpose=ReadLog.Purpose.HANDLING,
    )  # fmt: skip
    return response


@counter
@require_POST
def result(request: HttpRequest, code: str) -> HttpResponse:
    """The result of what is handled at once, recorded on the commitment's page in one step."""
    one = own_commitment(request, code)
    form = forms.ResultForm(request.POST)
    if form.is_valid():
        try:
            immediate.record(commitment_id=one.pk, actor=request.user, now=clock.now(), **form.cleaned_data)
        except SupplementMoved as moved:
            messages.error(request, str(moved))
            return redirect("window:commitment", one.code)
        except SupplementError as wrong:
            forms.errors_by_field(form, wrong.field, str(wrong))
        else:
            messages.success(request, RECORDED)
            return redirect("window:commitment", one.code)
    return commitment_page(request, one, result_form=form, status=422)


def _own(request: HttpRequest, uuid: UUID) -> Supplement:
    found = (
        Supplement.objects.select_related("commitment__subject", "department", "case")
        .filter(uuid=uuid, department_id=request.user.department_id)
        .first()
    )
    if found is None:
        raise Http404("本部门没有这件容缺受理。")
    return found
