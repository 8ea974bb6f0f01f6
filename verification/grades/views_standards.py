"""Standards of grading at the desk of the credit office: drafted, approved by another, ended; grading by hand. (R66)"""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from credit_portal.audit import clock
from credit_portal.registry import groups, kept_by_two
from credit_portal.registry.desk_access import desk
from credit_portal.registry.models import Region
from credit_portal.registry.paging import newest_first
from verification.models import GradingStandard

from . import grading, keeping, showing
from .forms import LastDayForm, Lines, LinesFormSet, StandardForm, begun_from
from .keeping import StandardRefused

KEEPS = (groups.CREDIT_OFFICE,)
SEES = (*KEEPS, groups.AUDITOR)
NO_STANDARD = "没有这份评级标准，或者它不在您的管理范围内。"


@desk(*SEES)
@require_safe
def standards(request: HttpRequest) -> HttpResponse:
    rows = keeping.standards_visible_to(request.user).select_related("region")
    shown, following = newest_first(rows, request)
    today = clock.today()
    return render(
        request,
        "desk/grades/standards.html",
        {
            "rows": [(row, *kept_by_two.standing(row, today=today)) for row in shown],
            "next": following,
            "keeps": kept_by_two.regions_of(request.user).exists(),
        },
    )


def _standard(request: HttpRequest, uuid: UUID) -> GradingStandard:
    found = (
        keeping.standards_visible_to(request.user)
        .select_related("region", "entered_by", "approved_by")
        .filter(uuid=uuid)
        .first()
    )
    if found is None:
        raise Http404(NO_STANDARD)
    return found


@desk(*SEES)
@require_safe
def one(request: HttpRequest, uuid: UUID) -> HttpResponse:
    return _page(request, _standard(request, uuid), None)


def _page(
    request: HttpRequest, row: GradingStandard, ending: LastDayForm | None, *, status: int = 200
) -> HttpResponse:
    today = clock.today()
    keeps = kept_by_two.regions_of(request.user).filter(pk=row.region_id).exists()
    draft = row.approved_at is None
    running = not draft and (row.effective_to is None or row.effective_to >= today)
    return render(
        request,
        "desk/grades/standard.html",
        {
            "standard": row,
            "state": kept_by_two.standing(row, today=today),
            "bounds": showing.bounds_in_words(row),
            "indicators": list(row.indicators.all()),
            "runs": list(row.runs.order_by("-pk")[:20]),
            "edits": keeps and draft,
            "approves": keeps and draft and row.entered_by_id != request.user.pk,
            "written": keeping.written(row),
            "waits": keeps and draft and row.entered_by_id == request.user.pk,
            "grades": keeps and running and row.effective_from <= today,
            "ending": (ending or LastDayForm(initial={"last_day": today})) if keeps and running else None,
        },
        status=status,
    )


@desk(*KEEPS)
def new(request: HttpRequest) -> HttpResponse:
    """A draft, beginning with the words of the standard that holds in the own region."""
    here: Region = request.user.department.region
    before = grading.standard_of(here, clock.today())
    values, lines = begun_from(before)
    return _form(request, None, values | {"region": here.pk}, lines)


@desk(*KEEPS)
def edit(request: HttpRequest, uuid: UUID) -> HttpResponse:
    row = _standard(request, uuid)
    if row.approved_at is not None:
        messages.error(request, keeping.ALREADY)
        return redirect("grades:standard", row.uuid)
    values, lines = begun_from(row)
    days = {"effective_from": row.effective_from, "effective_to": row.effective_to}
    return _form(request, row, values | days, lines)


def _form(
    request: HttpRequest, row: GradingStandard | None, values: dict[str, Any], lines: list[dict[str, Any]]
) -> HttpResponse:
    posted = request.POST if request.method == "POST" else None
    form = StandardForm(posted, regions=kept_by_two.regions_of(request.user), initial=values)
    rows: LinesFormSet = Lines(posted, initial=lines, prefix="line")  # type: ignore[assignment]
    if posted is not None and form.is_valid() & rows.is_valid():
        try:
            made = keeping.save_draft(
                region=form.cleaned_data["region"],
                told=form.told(rows.lines()),
                actor=request.user,
                now=clock.now(),
                standard_id=row.pk if row else None,
            )
        except StandardRefused as refused:
            _add(form, refused)
        else:
            messages.success(request, "草稿已保存，等待信用办另一人批准。")
            return redirect("grades:standard", made.uuid)
    return render(
        request,
        "desk/grades/form.html",
        {
            "form": form,
            "rows": rows,
            "standard": row,
            "more": _of_lines(rows) if posted is not None else [],
        },
        status=422 if posted is not None else 200,
    )


def _of_lines(rows: LinesFormSet) -> list[tuple[str, str]]:
    """What is wrong in the lines, each leading to its field."""
    found = [("id_name", str(problem)) for problem in rows.non_form_errors()]
    for number, row in enumerate(rows, 1):
        for field in row:
            found += [
                (field.id_for_label, f"第 {number} 项，{field.label}：{problem}") for problem in field.errors
            ]
    return found


def _add(form: forms.Form, refused: ValidationError) -> None:
    if not hasattr(refused, "error_dict"):
        form.add_error(None, refused.messages)  # type: ignore[arg-type]
        return
    for field, said in refused.message_dict.items():
        form.add_error(field if field in form.fields else None, said)  # type: ignore[arg-type]


DEEDS = {"approve": "已批准，标准已公开。", "discard": "草稿已删除。", "end": "已写明失效日期。"}


@desk(*KEEPS)
@require_POST
def decide(request: HttpRequest, uuid: UUID, deed: str) -> HttpResponse:
    """Approve, take a draft away, or write down the last day."""
    if deed not in DEEDS:
        raise Http404("没有这个步骤。")
    row = _standard(request, uuid)
    who: dict[str, Any] = {"standard_id": row.pk, "actor": request.user, "now": clock.now()}
    form = LastDayForm(request.POST) if deed == "end" else None
    if form is not None and not form.is_valid():
        return _page(request, row, form, status=422)
    try:
        if deed == "approve":
            keeping.approve(**who, read=request.POST.get("read", ""))
        elif deed == "discard":
            keeping.discard(**who)
        elif form is not None:
            keeping.end(**who, **form.cleaned_data)
    except StandardRefused as refused:
        if form is not None and hasattr(refused, "error_dict"):
            _add(form, refused)
            return _page(request, row, form, status=422)
        messages.error(request, " ".join(refused.messages))
    else:
        messages.success(request, DEEDS[deed])
        if deed == "discard":
            return redirect("grades:standards")
    return redirect("grades:standard", row.uuid)


@desk(*KEEPS)
@require_POST
def run(request: HttpRequest) -> HttpResponse:
    """Grade by the standard of the own region now, without waiting for the night."""
    standard = grading.standard_of(request.user.department.region, clock.today())
    if standard is None or not kept_by_two.regions_of(request.user).filter(pk=standard.region_id).exists():
        messages.error(request, "本地区今天没有生效的评级标准，或者由上级信用办评定。")
        return redirect("grades:standards")
    made = grading.grade_all(standard_id=standard.pk, now=clock.now(), actor=request.user)
    messages.success(request, f"已评定 {made.graded} 个主体，其中 {made.changed} 个有变动。")
    return redirect("grades:standard", standard.uuid)
