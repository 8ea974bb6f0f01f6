"""The desk's pages of late materials: what runs, what is overdue and waits for the department, how much is handled at once."""

from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from commitments.models import ImmediateResult, Supplement
from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.deadlines import duties
from credit_portal.registry import groups
from credit_portal.registry.desk_access import AT_THE_DESK, desk
from credit_portal.registry.visibility import has_role

from . import acts, course, forms, immediate, showing
from .course import SupplementError, SupplementMoved

IMMEDIATE = "immediate"
# So many days back the rates are counted.
SPAN = timedelta(days=90)
RECORDED = "办理结果已登记。"


@desk(*AT_THE_DESK, groups.AUDITOR)
@require_safe
def supplements(request: HttpRequest) -> HttpResponse:
    """By state, the first day first; and what is handled at once with its rates."""
    tab = request.GET.get("state", "open")
    today = clock.today()
    log_read(
        now=clock.now(), actor_id=request.user.pk, what="容缺材料列表", target_type="supplement_list",
        target_id=0, purpose=ReadLog.Purpose.SUPERVISION,
    )  # fmt: skip
    tabs = {code: label for code, (label, _states, _day) in showing.TABS.items()} | {IMMEDIATE: "即时办理"}
    tab = tab if tab in tabs else "open"
    context = {
        "tabs": [(code, label, code == tab) for code, label in tabs.items()],
        "tab": tab,
        "room": "desk",
        "today": today,
    }
    if tab == IMMEDIATE:
        waiting = immediate.visible_to(request.user).filter(recorded_on=None)
        rows = waiting.select_related("commitment", "department").order_by("due_on", "pk")
        rates = immediate.rates(request.user, since=today - SPAN, today=today)
        context |= {
            "waiting": list(rows[: showing.PER_PAGE]),
            "rates": rates,
            "whole": immediate.Rate("合计", sum(r.due for r in rates), sum(r.at_once for r in rates)),
            "days": SPAN.days,
        }
    else:
        found, mark = showing.page(showing.visible_to(request.user), tab, request.GET.get("after", ""))
        context |= {
            "lines": showing.lines(found, today),
            "next": f"?state={tab}&after={mark}" if mark else "",
        }
    return render(request, "commitments/supplements/desk_list.html", context)


@desk(*AT_THE_DESK, groups.AUDITOR)
@require_safe
def supplement(request: HttpRequest, uuid: UUID) -> HttpResponse:
    return _page(request, _visible(request, uuid), {})


def _page(request: HttpRequest, one: Supplement, bound: acts.Bound, status: int = 200) -> HttpResponse:
    own = one.department_id == request.user.department_id
    return render(
        request,
        "commitments/supplements/desk_one.html",
        {
            "room": "desk",
            "duties": duties.duties_of(course.matter_of(one)),
            "may_judge": own
            and one.state == Supplement.State.OVERDUE
            and has_role(request.user, *course.AT_THE_DESK),
            **acts.about(request, one, bound),
        },
        status=status,
    )


@desk(groups.OFFICER, groups.HEAD)
@require_POST
def act(request: HttpRequest, uuid: UUID, deed: str) -> HttpResponse:
    """Any step with late materials; the decision on an extension and the closing are taken here only."""
    one = _visible(request, uuid)
    done, bound = acts.take(request, one, deed)
    if done:
        return redirect("supplements:one", one.uuid)
    return _page(request, _visible(request, uuid), bound, status=422)


@desk(*AT_THE_DESK, groups.AUDITOR)
@require_safe
def file(request: HttpRequest, uuid: UUID, evidence: UUID) -> HttpResponse:
    one = _visible(request, uuid)
    found, response = acts.file_response(one, evidence)
    log_read(
        now=clock.now(), actor_id=request.user.pk, what="容缺材料", target_type="evidence",
        target_id=found.pk, subject_id=one.commitment.subject_id, purpose=ReadLog.Purpose.HANDLING,
    )  # fmt: skip
    return response


@desk(*AT_THE_DESK, groups.AUDITOR, sends=course.AT_THE_COUNTER)
def result(request: HttpRequest, code: str) -> HttpResponse:
    """One that is handled at once: GET shows it, POST records the result."""
    row = (
        immediate.visible_to(request.user)
        .select_related("commitment", "department", "recorded_by")
        .filter(commitment__code=code)
        .first()
    )
    if row is None:
        raise Http404("没有这件即时办理，或者它不在您的管理范围内。")
    may = _may_record(request, row)
    form = forms.ResultForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            immediate.record(
                commitment_id=row.commitment_id, actor=request.user, now=clock.now(), **form.cleaned_data
            )
        except SupplementMoved as moved:
            messages.error(request, str(moved))
            return redirect("supplements:result", code)
        except SupplementError as wrong:
            forms.errors_by_field(form, wrong.field, str(wrong))
        else:
            messages.success(request, RECORDED)
            return redirect("supplements:result", code)
    log_read(
        now=clock.now(), actor_id=request.user.pk, what="即时办理", target_type="commitment",
        target_id=row.commitment_id, subject_id=row.commitment.subject_id,
        purpose=ReadLog.Purpose.HANDLING,
    )  # fmt: skip
    return render(
        request,
        "commitments/supplements/desk_result.html",
        {"row": row, "one": row.commitment, "form": form, "may": may, "today": clock.today()},
        status=422 if form.is_bound and form.errors else 200,
    )


def _may_record(request: HttpRequest, row: ImmediateResult) -> bool:
    return (
        row.recorded_on is None
        and row.department_id == request.user.department_id
        and has_role(request.user, *course.AT_THE_COUNTER)
    )


def _visible(request: HttpRequest, uuid: UUID) -> Supplement:
    found = (
        showing.visible_to(request.user)
        .select_related("commitment__subject", "department", "case")
        .filter(uuid=uuid)
        .first()
    )
    if found is None:
        raise Http404(acts.NONE)
    return found
