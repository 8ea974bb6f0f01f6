"""The desk's pages of pilots: the list, beginning one, one with its figures, notes and summing-up."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from commitments.models import BreachCase, ClauseWarning, Commitment
from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.registry import groups
from credit_portal.registry.desk_access import AT_THE_DESK, desk
from credit_portal.registry.models import Department, Domain
from credit_portal.registry.paging import newest_first
from credit_portal.registry.visibility import departments_visible_to, has_role, limit_to_visible
from disclosure.models import Pilot

from . import keeping
from .figures import BY_KEY, days_of, from_data, measured, rows_of
from .keeping import PilotRefused, Plan

PER_PAGE = 50
SEES = (*AT_THE_DESK, groups.AUDITOR)
NO_PILOT = "没有这个试点，或者它不在您的管理范围内。"


def _date() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def _lines(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class PlanForm(forms.Form):
    title = forms.CharField(label="试点名称", max_length=100)
    unit = forms.ModelChoiceField(
        Department.objects.none(), label="试点单位", required=False, empty_label="全地区"
    )
    domain = forms.ChoiceField(label="领域", choices=[("", "全部领域"), *Domain.choices], required=False)
    item = forms.CharField(label="事项编码", max_length=40, required=False, help_text="只试一个事项的填写")
    from_on = forms.DateField(label="开始日期", widget=_date())
    until_on = forms.DateField(label="结束日期", widget=_date())
    leader = forms.CharField(label="负责人", max_length=60)
    goals = forms.CharField(
        label="目标", max_length=keeping.MOST_TEXT, widget=_lines(5), help_text="每段一行。"
    )

    def __init__(self, *args: Any, units: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units


class NoteForm(forms.Form):
    on = forms.DateField(label="日期", widget=_date())
    text = forms.CharField(label="进展", max_length=keeping.MOST_NOTE, widget=_lines(4))


class CloseForm(forms.Form):
    verdict = forms.ChoiceField(
        label="结论", choices=[("", "请选择"), *Pilot.Verdict.choices], required=False
    )
    summary = forms.CharField(
        label="总结",
        max_length=keeping.MOST_TEXT,
        widget=_lines(8),
        help_text="好经验、好做法，存在的问题；终止的写明理由。",
    )


@desk(*SEES)
@require_safe
def pilots(request: HttpRequest) -> HttpResponse:
    rows = keeping.pilots_visible_to(request.user).select_related("office", "region", "unit")
    shown, following = newest_first(rows, request, size=PER_PAGE)
    return render(
        request,
        "desk/pilots/list.html",
        {
            "rows": shown,
            "does": has_role(request.user, groups.CREDIT_OFFICE),
            "next": following,
        },
    )


@desk(groups.CREDIT_OFFICE)
def new(request: HttpRequest) -> HttpResponse:
    units = departments_visible_to(request.user).filter(is_active=True).order_by("name")
    form = PlanForm(request.POST or None, units=units)
    if request.method == "POST" and form.is_valid():
        try:
            row = keeping.begin(plan=Plan(**form.cleaned_data), actor=request.user, now=clock.now())
        except PilotRefused as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            messages.success(request, f"已登记试点，编号 {row.number}。")
            return redirect("pilots:pilot", row.uuid)
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "desk/pilots/new.html", {"form": form}, status=status)


@desk(*SEES, sends=AT_THE_DESK)
def one(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One pilot: goals, figures before and during, notes, summing-up."""
    row, today = _visible(request, uuid), clock.today()
    deed = request.POST.get("deed", "") if request.method == "POST" else ""
    notes = NoteForm(request.POST if deed == "note" else None, initial={"on": today}, auto_id="note_%s")
    closing = CloseForm(request.POST if deed in ("close", "stop") else None, auto_id="close_%s")
    common: dict[str, Any] = {"pilot_id": row.pk, "actor": request.user, "now": clock.now()}
    done = ""
    try:
        match deed:
            case "note" if notes.is_valid():
                keeping.add_note(**common, **notes.cleaned_data)
                done = "已登记进展。"
            case "close" | "stop" if closing.is_valid():
                keeping.close(**common, **closing.cleaned_data, stopped=deed == "stop")
                done = "已总结。" if deed == "close" else "已终止。"
            case "show" | "hide":
                keeping.show(**common, public=deed == "show")
                done = "已公开。" if deed == "show" else "已停止公开。"
    except PilotRefused as error:
        form = notes if deed == "note" else closing
        if form.is_bound:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            messages.error(request, str(error))
            return redirect("pilots:pilot", row.uuid)
    if done:
        messages.success(request, done)
        return redirect("pilots:pilot", row.uuid)
    before, during = days_of(row, today)
    return render(
        request,
        "desk/pilots/pilot.html",
        {
            "pilot": row,
            "figures": from_data(row.figures) if row.figures else measured(row, today),
            "before": before,
            "during": during,
            "notes": list(row.notes.select_related("by")),
            "office": row.office_id == request.user.department_id
            and has_role(request.user, groups.CREDIT_OFFICE),
            "may_note": request.user.department_id in (row.office_id, row.unit_id)
            and has_role(request.user, *AT_THE_DESK)
            and row.state == Pilot.State.RUNNING,
            "note_form": notes,
            "closing": closing,
        },
        status=422 if (notes.is_bound and notes.errors) or (closing.is_bound and closing.errors) else 200,
    )


@desk(*SEES)
@require_safe
def cases(request: HttpRequest, uuid: UUID, figure: str) -> HttpResponse:
    """The cases behind a figure as they are now, the newest first: those that the user may see."""
    row, kind = _visible(request, uuid), BY_KEY.get(figure)
    if kind is None:
        raise Http404("没有这个数字。")
    before, during = days_of(row, clock.today())
    which = request.GET.get("days", "")
    days = before if which == "before" else during
    rows = limit_to_visible(rows_of(kind, row, days), request.user, department_field=kind.unit)
    if kind.amount:
        rows = rows.filter(**{f"{kind.amount}__gt": 0})
    rows = rows.select_related(*_RELATED.get(kind.rows().model, ()))
    shown, following = newest_first(rows, request, size=PER_PAGE)
    log_read(
        now=clock.now(), actor_id=request.user.pk, what="试点数字所据案件", target_type="pilot_cases",
        target_id=f"{row.pk}:{kind.key}", purpose=ReadLog.Purpose.SUPERVISION,
    )  # fmt: skip
    return render(
        request,
        "desk/pilots/cases.html",
        {
            "pilot": row,
            "kind": kind,
            "days": days,
            "lines": [_line(one) for one in shown],
            "next": following,
        },
    )


_RELATED: dict[type[Any], tuple[str, ...]] = {
    BreachCase: ("commitment",),
    ClauseWarning: ("commitment", "subject"),
}


def _line(row: Any) -> tuple[str, str, str]:
    """Number, subject and matter of a case."""
    if isinstance(row, Commitment):
        return row.code, row.subject_name, row.item_name
    if isinstance(row, BreachCase):
        return row.number, row.commitment.subject_name, row.commitment.item_name
    if isinstance(row, ClauseWarning):
        return row.commitment.code if row.commitment else "", str(row.subject), row.get_state_display()
    return row.number, row.subject_name, row.get_route_display()


def _visible(request: HttpRequest, uuid: UUID) -> Pilot:
    found = (
        keeping.pilots_visible_to(request.user)
        .select_related("office", "region", "unit", "item", "closed_by", "begun_by", "public_by")
        .filter(uuid=uuid)
        .first()
    )
    if found is None:
        raise Http404(NO_PILOT)
    return found
