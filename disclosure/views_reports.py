"""Reports at the desk: what is to be sent, what was sent and answered, the twenty fields with what is wrong beside each."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from commitments import case_rules
from commitments import collection_format as form
from commitments.breaches import cases_visible_to
from commitments.models import BreachCase
from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.deadlines import duties
from credit_portal.registry import groups
from credit_portal.registry.desk_access import AT_THE_DESK, desk
from credit_portal.registry.desk_reading import note_list
from credit_portal.registry.paging import newest_first
from credit_portal.registry.visibility import has_role

from . import reporting
from .models import BreachReport, ReportRound

PER_PAGE = 50
State = BreachReport.State
TABS = {
    "send": "待上报",
    "submitted": "待受理",
    "returned": "已退回",
    "accepted": "已受理",
    "withdrawn": "已撤回",
}


@desk()
@require_safe
def reports(request: HttpRequest) -> HttpResponse:
    """What is to be sent, and what was sent, by what became of it."""
    office = has_role(request.user, groups.CREDIT_OFFICE)
    tab = request.GET.get("state", "submitted" if office else "send")
    tab = tab if tab in TABS else "submitted"
    note_list(request, what="违诺上报列表", target_type="breach_report_list")
    if tab == "send":
        shown, following = _first_due(request)
    else:
        rows = reporting.reports_visible_to(request.user).select_related("case__commitment", "department")
        shown, following = newest_first(rows.filter(state=tab), request, size=PER_PAGE)
    return render(
        request,
        "desk/reports/list.html",
        {
            "tabs": [(code, label, code == tab) for code, label in TABS.items()],
            "tab": tab,
            "rows": shown,
            "next": following,
        },
    )


def _first_due(request: HttpRequest) -> tuple[list[Any], str]:
    """Cases to be reported, the oldest first."""
    rows = reporting.to_report(request.user).select_related("commitment", "department")
    edge = request.GET.get("after", "")
    if edge.isascii() and edge.isdigit():
        rows = rows.filter(pk__gt=int(edge[:18]))
    found = list(rows.order_by("pk")[: PER_PAGE + 1])
    shown = found[:PER_PAGE]
    return shown, f"?state=send&after={shown[-1].pk}" if len(found) > PER_PAGE else ""


@desk()
def of_case(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The report of a case: sent already, it is shown; else the twenty fields as they would be sent."""
    case = (
        cases_visible_to(request.user)
        .select_related("commitment", "subject", "department", "region")
        .filter(uuid=uuid)
        .first()
    )
    if case is None or case.determined_on is None:
        raise Http404("没有这件违诺认定，或者它还没有作出认定。")
    report = BreachReport.objects.filter(case=case).first()
    if report is not None and report.state != State.RETURNED:
        return redirect("reports:report", report.uuid)
    if request.method == "POST":
        try:
            sent = reporting.submit_report(case_id=case.pk, actor=request.user, now=clock.now())
        except reporting.ReportMoved as error:
            messages.error(request, str(error))
            return redirect("reports:case", case.uuid)
        except reporting.ReportError as error:
            return _new_page(request, case, report, error)
        messages.success(request, f"已上报，编号 {sent.number}。")
        return redirect("reports:report", sent.uuid)
    return _new_page(request, case, report, None)


def _new_page(
    request: HttpRequest, case: BreachCase, report: BreachReport | None, error: reporting.ReportError | None
) -> HttpResponse:
    values = reporting.values_of(case)
    wrong = dict(form.problems(values))
    last = report.all_rounds.order_by("-number").first() if report else None
    _log(request, case)
    return render(
        request,
        "desk/reports/new.html",
        {
            "case": case,
            "fields": _fields(values, wrong, last.reasons if last else {}),
            "wrong": wrong,
            "error": str(error) if error and not error.problems else "",
            "last": last,
            "may_send": case.department_id == request.user.department_id
            and has_role(request.user, *case_rules.DOES),
            "due": next(
                (
                    duty
                    for duty in duties.duties_of(reporting.matter_of(case))
                    if duty.rule_key == "breach_report"
                ),
                None,
            ),
        },
        status=422 if error else 200,
    )


def _fields(values: dict[str, str], wrong: dict[int, str], reasons: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "number": field.number,
            "label": field.label,
            "required": field.required,
            "value": values.get(str(field.number), ""),
            "wrong": wrong.get(field.number, ""),
            "reason": reasons.get(str(field.number), ""),
        }
        for field in form.FIELDS
    ]


def _visible(request: HttpRequest, uuid: UUID) -> BreachReport:
    found = (
        reporting.reports_visible_to(request.user)
        .select_related(
            "case__commitment", "case__subject", "department", "office", "submitted_by", "decided_by"
        )
        .filter(uuid=uuid)
        .first()
    )
    if found is None:
        raise Http404("没有这件上报，或者它不在您的管理范围内。")
    return found


@desk(*AT_THE_DESK, groups.AUDITOR)
@require_safe
def report(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One report: what was sent, round by round, and the answers; the credit office answers here."""
    return _page(request, _visible(request, uuid))


def _page(
    request: HttpRequest, found: BreachReport, *, error: str = "", typed: dict[str, str] | None = None
) -> HttpResponse:
    rounds = list(found.all_rounds.select_related("sent_by", "answered_by").order_by("-number"))
    last: ReportRound = rounds[0]
    _log(request, found.case)
    return render(
        request,
        "desk/reports/report.html",
        {
            "report": found,
            "case": found.case,
            "last": last,
            "rounds": rounds,
            "fields": [
                field | {"typed": (typed or {}).get(str(field["number"]), "")}
                for field in _fields(last.fields, {}, last.reasons)
            ],
            "typed_whole": (typed or {}).get("", ""),
            "error": error,
            "may_answer": found.state == State.SUBMITTED and has_role(request.user, groups.CREDIT_OFFICE),
            "may_send_again": found.state == State.RETURNED
            and found.department_id == request.user.department_id
            and has_role(request.user, *case_rules.DOES),
            "may_publish": found.state == State.ACCEPTED and has_role(request.user, groups.CREDIT_OFFICE),
            "publications": list(found.case.publications.order_by("-id")),
        },
        status=422 if error else 200,
    )


@desk(groups.CREDIT_OFFICE)
@require_POST
def accept(request: HttpRequest, uuid: UUID) -> HttpResponse:
    found = _visible(request, uuid)
    try:
        reporting.accept_report(
            report_id=found.pk, expect_round=_round(request), actor=request.user, now=clock.now()
        )
    except reporting.ReportError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "已受理。")
    return redirect("reports:report", found.uuid)


@desk(groups.CREDIT_OFFICE)
@require_POST
def send_back(request: HttpRequest, uuid: UUID) -> HttpResponse:
    found = _visible(request, uuid)
    reasons = {str(field.number): request.POST.get(f"reason_{field.number}", "") for field in form.FIELDS}
    reasons[""] = request.POST.get("reason_whole", "")
    try:
        reporting.return_report(
            report_id=found.pk,
            expect_round=_round(request),
            reasons=reasons,
            actor=request.user,
            now=clock.now(),
        )
    except reporting.ReportMoved as error:
        messages.error(request, str(error))
    except reporting.ReportError as error:
        return _page(request, found, error=str(error), typed=reasons)
    else:
        messages.success(request, "已退回；退回不停止上报期限的计算。")
    return redirect("reports:report", found.uuid)


def _round(request: HttpRequest) -> int:
    text = request.POST.get("round", "")
    return int(text) if text.isascii() and text.isdigit() else 0


def _log(request: HttpRequest, case: BreachCase) -> None:
    log_read(
        now=clock.now(),
        actor_id=request.user.pk,
        what="违诺上报",
        target_type="breach_case",
        target_id=case.pk,
        subject_id=case.subject_id,
        purpose=ReadLog.Purpose.SUPERVISION
        if has_role(request.user, groups.CREDIT_OFFICE, groups.AUDITOR)
        else ReadLog.Purpose.HANDLING,
    )
