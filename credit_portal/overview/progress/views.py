"""The desk's pages of half-year reports: a unit's own, the cases behind each figure, and the office's view of all units."""

import re
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from credit_portal.audit import clock
from credit_portal.documents import answers
from credit_portal.registry import groups
from credit_portal.registry.below import within
from credit_portal.registry.desk_access import AT_THE_DESK, desk
from credit_portal.registry.models import Department, Region
from credit_portal.registry.visibility import departments_visible_to, group_names, has_role
from disclosure.models import ProgressReport, ProgressSummary, ProgressVersion
from disclosure.progress import papers, periods, reports, summaries
from disclosure.progress.parts import Figure, ProgressError, from_data
from disclosure.progress.periods import Half

from . import charts, figures, gathering
from .forms import SubmitForm
from .spans import span_of

SEES = (*AT_THE_DESK, groups.AUDITOR)
HALVES_SHOWN = 12
MOST_CHASED = 500
UNIT, REGION = re.compile(r"[0-9A-Z]{18}"), re.compile(r"[0-9]{6}")
NOT_THERE = "没有这些数字，或者它们不在您的管理范围内。"


def half_or_404(text: str) -> Half:
    try:
        return periods.parse(text)
    except ValueError as error:
        raise Http404(str(error)) from error


def region_or_404(request: HttpRequest, code: str) -> Region:
    """A region of the user's reach. Only whoever watches over a region has one."""
    user = request.user
    found = None
    if has_role(user, *groups.REGIONAL) and REGION.fullmatch(code):
        path = user.department.region.path
        found = Region.objects.filter(within(path, ""), code=code).first()
    if found is None:
        raise Http404(NOT_THERE)
    return found


# ---- where one comes in ------------------------------------------------------------------------------------


@desk(*SEES)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """A unit comes to its own reports; the office sees every unit's report of a half-year and the region's figures."""
    if has_role(request.user, *groups.REGIONAL):
        return _office(request)
    today, user = clock.today(), request.user
    own = list(
        reports.reports_visible_to(user)
        .filter(department=user.department_id)
        .order_by("-half")[:HALVES_SHOWN]
    )
    return render(
        request,
        "desk/progress/own.html",
        {"rows": [(row, periods.in_words(row.half), reports.state_of(row, today)) for row in own]},
    )


def _office(request: HttpRequest) -> HttpResponse:
    user, today = request.user, clock.today()
    region = user.department.region
    if request.GET.get("region"):
        region = region_or_404(request, request.GET["region"])
    path = user.department.region.path
    below = list(Region.objects.filter(within(path, "")).order_by("path"))
    now_half = periods.half_of(today)
    rows = reports.reports_visible_to(user).filter(region=region)
    known = rows.order_by("-half").values_list("half", flat=True).distinct()[:HALVES_SHOWN]
    halves = sorted({*known, now_half.code, now_half.before.code}, reverse=True)
    half = half_or_404(request.GET["half"]) if request.GET.get("half") else now_half
    found = list(rows.filter(half=half.code).select_related("department").order_by("department__name"))
    numbers = gathering.numbers_of(region, half, today)
    lines = [
        (
            row, reports.state_of(row, today),
            [(label, numbers.get(row.department_id, {}).get(key, 0)) for label, key in
             zip(gathering.OVERVIEW[-3:], gathering.SHOWN, strict=True)],
        )
        for row in found
    ]  # fmt: skip
    return render(
        request,
        "desk/progress/office.html",
        {
            "region": region,
            "regions": below,
            "half": half,
            "halves": [(code, periods.in_words(code)) for code in halves],
            "lines": lines,
            "states": [
                (label, sum(1 for _, state, _ in lines if state == code))
                for code, label in reports.STATES.items()
            ],
            "open": [row for row in found if row.submitted_on is None],
            "summaries": summaries.summaries_visible_to(user)
            .filter(region=region, half=half.code)
            .select_related("office"),
            "does": has_role(user, groups.CREDIT_OFFICE),
            "writes": has_role(user, groups.CREDIT_OFFICE) and region.pk == user.department.region_id,
            "span": span_of(half, today),
            "begun": half.first <= today,
            **figures_shown(figures.in_words(figures.total(numbers)), region.code, half),
        },
    )


def figures_shown(
    found: list[Figure], unit: str, half: Half, version: int | None = None, summary: str = ""
) -> dict[str, Any]:
    """What the part of a page with the figures needs; `unit`: whose they are, in the addresses of their cases."""
    return {
        "table": charts.table(found),
        "columns": list(figures.COLUMNS.values()),
        "legend": [(state, figures.FULFILMENT[state]) for state in charts.ORDER],
        "groups": [(name, rows, figures.NOTES.get(name, "")) for name, rows in charts.others(found)],
        "base": f"/desk/progress/{unit}/{half.code}/",
        "version": version,
        "summary_number": summary,
    }


# ---- one report --------------------------------------------------------------------------------------------


def _report(request: HttpRequest, uuid: UUID) -> ProgressReport:
    return get_object_or_404(
        reports.reports_visible_to(request.user).select_related("department", "region"), uuid=uuid
    )


@desk(*SEES)
@require_safe
def one(request: HttpRequest, uuid: UUID) -> HttpResponse:
    return _page(request, _report(request, uuid))


def _page(request: HttpRequest, row: ProgressReport, form: SubmitForm | None = None) -> HttpResponse:
    today = clock.today()
    half = periods.parse(row.half)
    sent = reports.last_version(row)
    mine = row.department_id == request.user.department_id and bool(group_names(request.user) & reports.DOES)
    early = today < row.due_on - reports.EARLY
    live = None
    if sent is None or mine:
        numbers = figures.counts([row.department_id], span_of(half, today))
        live = figures.in_words(numbers.get(row.department_id, {}))
    shown = from_data(sent.figures) if sent else live or []
    if form is None and mine and not early:
        form = SubmitForm(again=sent is not None, initial=_initial(sent))
    return render(
        request,
        "desk/progress/report.html",
        {
            "report": row,
            "half": half,
            "sent": sent,
            "state": reports.state_of(row, today),
            "versions": list(row.versions.order_by("-version")),
            "form": form,
            "may_send_from": row.due_on - reports.EARLY if mine and early else None,
            "as_of": sent.as_of if sent else span_of(half, today).until,
            "changed": _changed(shown, live) if sent and live else [],
            **figures_shown(shown, row.department.uscc, half, sent.version if sent else None),
        },
        status=422 if form is not None and form.errors else 200,
    )


def _initial(sent: ProgressVersion | None) -> dict[str, str]:
    """A correction starts from what was sent."""
    if sent is None:
        return {}
    return {"done": sent.done, "problems": sent.problems, "plans": sent.plans, "reporter": sent.reporter}


def _changed(sent: list[Figure], live: list[Figure]) -> list[tuple[str, int, int]]:
    """Figures that are others now than when they were sent."""
    before = {one.key: one.number for one in sent}
    return [
        (f"{one.group} {one.label}", before.get(one.key, 0), one.number)
        for one in live
        if before.get(one.key, 0) != one.number
    ]


@desk(*reports.DOES)
@require_POST
def submit(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Send the report with the figures of today and the cases behind them."""
    row, today = _report(request, uuid), clock.today()
    form = SubmitForm(request.POST, again=row.submitted_on is not None)
    if form.is_valid():
        span = span_of(periods.parse(row.half), today)
        behind = figures.ids(row.department_id, span)
        found = figures.in_words(figures.numbers_behind(row.department_id, span, behind))
        try:
            reports.submit(
                report_id=row.pk, figures=found, cases=behind, as_of=span.until,
                actor=request.user, now=clock.now(), **form.cleaned_data,
            )  # fmt: skip
        except ProgressError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            messages.success(request, "已报送。")
            return redirect("progress:report", row.uuid)
    return _page(request, row, form)


@desk(*SEES)
@require_safe
def as_xlsx(request: HttpRequest, uuid: UUID) -> HttpResponse:
    return report_file(_report(request, uuid))


def report_file(row: ProgressReport) -> HttpResponse:
    """A unit's report as a workbook."""
    content = gathering.unit_workbook(row, clock.today())
    return answers.download(content, f"{row.department.short_name}进展情况{row.half}.xlsx")


@desk(*SEES)
@require_safe
def as_pdf(request: HttpRequest, uuid: UUID) -> HttpResponse:
    row = _report(request, uuid)
    sent = reports.last_version(row)
    if sent is None:
        raise Http404("报送以后才有 PDF。")
    return answers.download(
        papers.version_pdf(row, sent), f"{row.department.short_name}进展情况{row.half}.pdf", answers.PDF
    )


# ---- the cases behind a figure -----------------------------------------------------------------------------


@desk(*SEES)
@require_safe
def cases(request: HttpRequest, unit: str, half: str, figure: str) -> HttpResponse:
    """The cases of one figure: as they are now, or with `version` as a report that was sent has them."""
    period = half_or_404(half)
    kind = figures.KINDS.get(figure)
    if kind is None:
        raise Http404(NOT_THERE)
    today, user = clock.today(), request.user
    span = span_of(period, today)
    version, summary, behind = None, None, None
    if UNIT.fullmatch(unit):
        whose = get_object_or_404(departments_visible_to(user), uscc=unit)
        units, name = [whose.pk], whose.name
        if request.GET.get("version"):
            version, behind = _behind(whose, period, request.GET["version"], figure)
    else:
        region = region_or_404(request, unit)
        units, name = list(Department.objects.filter(region=region).values_list("pk", flat=True)), region.name
        if request.GET.get("summary"):
            summary, behind = _behind_summary(region, period, request.GET["summary"], figure, user)
    found = behind if behind is not None else figures.cases(kind, units, span, user)
    page = Paginator(found, figures.PAGE).get_page(_page_number(request.GET.get("page", "")))
    rows = page.object_list if behind is None else figures.kept_cases(kind, page.object_list, user)
    gathering.note_read(user=user, target_id=f"{unit}:{period.code}:{figure}", now=clock.now())
    return render(
        request,
        "desk/progress/cases.html",
        {
            "kind": kind,
            "half": period,
            "name": name,
            "unit": unit,
            "version": version,
            "summary": summary,
            "as_of": (version or summary).as_of if version or summary else span.until,
            "page": page,
            "lines": figures.lines(kind, list(rows), user),
        },
    )


def _behind(whose: Department, half: Half, version: str, figure: str) -> tuple[ProgressVersion, list[int]]:
    """What a report that was sent holds of a figure, the newest first."""
    number = int(version) if version.isascii() and version.isdigit() and len(version) < 5 else 0
    sent = get_object_or_404(
        ProgressVersion.objects.select_related("report"),
        report__department=whose, report__half=half.code, version=number,
    )  # fmt: skip
    kept = sent.cases.filter(key=figure).values_list("ids", flat=True).first()
    return sent, sorted(kept or [], reverse=True)


def _behind_summary(
    region: Region, half: Half, number: str, figure: str, user: Any
) -> tuple[ProgressSummary, list[int]]:
    """What a region's report holds of a figure, the newest first."""
    row = get_object_or_404(
        summaries.summaries_visible_to(user),
        region=region,
        half=half.code,
        number=number[:30].replace("\0", ""),
    )
    kept = row.cases.filter(key=figure).values_list("ids", flat=True).first()
    return row, sorted(kept or [], reverse=True)


def _page_number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 1


# ---- the office --------------------------------------------------------------------------------------------


@desk(*groups.REGIONAL)
@require_safe
def region_xlsx(request: HttpRequest, code: str, half: str) -> HttpResponse:
    return region_file(region_or_404(request, code), half_or_404(half))


def region_file(region: Region, half: Half) -> HttpResponse:
    """A region's half-year in one workbook. Raises Http404 where there is no report."""
    rows = gathering.region_rows(region, half)
    if not rows:
        raise Http404("这个半年没有进展报告。")
    content = gathering.region_workbook(region, half, rows, clock.today())
    return answers.download(content, f"{region.name}进展情况{half.code}.xlsx")


@desk(groups.CREDIT_OFFICE)
@require_POST
def chase(request: HttpRequest) -> HttpResponse:
    """Remind the units that were ticked."""
    ticked = request.POST.getlist("report")[:MOST_CHASED]
    wanted = [int(pk) for pk in ticked if pk.isascii() and pk.isdigit() and len(pk) < 19]
    number = reports.chase(report_ids=wanted, actor=request.user, now=clock.now())
    if number:
        messages.success(request, f"已催报 {number} 个单位。")
    else:
        messages.error(request, "请先选择没有报送的单位。")
    return redirect(back_to_half(request.POST.get("half", ""), request.POST.get("region", "")))


def back_to_half(half: str, region: str = "") -> str:
    """The office's page of a half-year, whatever was typed for it."""
    address = "/desk/progress/"
    if periods.WRITTEN.fullmatch(half):
        address += f"?half={half}"
        if REGION.fullmatch(region):
            address += f"&region={region}"
    return address
