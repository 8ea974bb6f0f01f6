"""A half-year as it is asked for: a unit's report, a region's workbook with its overview. Reports that were sent say what
they said; the others are counted as of today."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.registry.models import Department, Region, User
from disclosure.models import ProgressReport, ProgressVersion
from disclosure.progress import periods, reports
from disclosure.progress.files import Sheet, workbook
from disclosure.progress.parts import Figure, from_data
from disclosure.progress.periods import Half

from . import figures
from .spans import span_of

OVERVIEW = ("单位", "状态", "报送人", "首次报送日期", "数据截至", "签署承诺", "核查", "认定违诺")
# What the overview and the office's page show of each unit, in its last columns.
SHOWN = ("commitment.all.signed", "check.all", "case.determined")


def numbers_of(region: Region, half: Half, today: date) -> dict[int, dict[str, int]]:
    """Every figure of every department of a region, by department, as of a day."""
    units = list(Department.objects.filter(region=region).values_list("pk", flat=True))
    return figures.counts(units, span_of(half, today))


def cases_of(region: Region, half: Half, today: date) -> dict[str, list[int]]:
    """The cases behind every figure of a region, by their ids."""
    units = list(Department.objects.filter(region=region).values_list("pk", flat=True))
    return figures.ids_of(units, span_of(half, today))


def region_rows(region: Region, half: Half) -> list[ProgressReport]:
    """Every report of a region's half-year."""
    found = ProgressReport.objects.filter(region=region, half=half.code).select_related("department")
    return list(found.order_by("department__name"))


def sheet_of(
    row: ProgressReport, sent: ProgressVersion | None, numbers: Mapping[str, int], today: date
) -> Sheet:
    """A unit's report as it was sent last; as of today, without words, where it has not been."""
    unit = row.department
    if sent is None:
        return _sheet(unit, row, f"没有报送，数据截至 {today}", figures.in_words(numbers))
    return _sheet(
        unit,
        row,
        f"报送人：{sent.reporter}　报送日期：{sent.submitted_on}（第 {sent.version} 次）　数据截至 {sent.as_of}",
        from_data(sent.figures),
        [("工作开展情况", sent.done), ("存在的问题", sent.problems), ("下一步打算", sent.plans)],
    )


def _sheet(
    unit: Department,
    row: ProgressReport,
    line: str,
    found: Sequence[Figure],
    words: Sequence[tuple[str, str]] = (),
) -> Sheet:
    head = (f"单位：{unit.name}　{periods.in_words(row.half)}", line)
    return Sheet(unit.short_name or unit.name, head, found, words)


def region_workbook(region: Region, half: Half, rows: Sequence[ProgressReport], today: date) -> bytes:
    """An overview of the units, the region's figures, and a sheet for each unit. As many queries for many units as for
    few."""
    numbers = numbers_of(region, half, today)
    last = reports.last_versions(rows)
    overview: list[tuple[str, ...]] = [OVERVIEW]
    sheets = [
        Sheet(
            "合计",
            (f"{region.name}　{half.in_words}", f"数据截至 {today}"),
            figures.in_words(figures.total(numbers)),
        )
    ]
    for row in rows:
        sent = last.get(row.pk)
        own = numbers.get(row.department_id, {})
        shown = {one.key: one.number for one in from_data(sent.figures)} if sent else own
        overview.append(
            (
                row.department.name, reports.STATES[reports.state_of(row, today)], sent.reporter if sent else "",
                str(row.submitted_on or ""), str(sent.as_of if sent else today),
                *(str(shown.get(key, 0)) for key in SHOWN),
            )
        )  # fmt: skip
        sheets.append(sheet_of(row, sent, own, today))
    return workbook(sheets, overview=overview)


def unit_workbook(row: ProgressReport, today: date) -> bytes:
    sent = reports.last_version(row)
    numbers: Mapping[str, int] = {}
    if sent is None:
        span = span_of(periods.parse(row.half), today)
        numbers = figures.counts([row.department_id], span).get(row.department_id, {})
    return workbook([sheet_of(row, sent, numbers, today)])


def note_read(*, user: User, target_id: str, now: datetime) -> None:
    """Cases name natural persons: whoever opens the list behind a figure is written down."""
    log_read(
        now=now,
        actor_id=user.pk,
        what="进展数字所据案件",
        target_type="progress_cases",
        target_id=target_id,
        purpose=ReadLog.Purpose.SUPERVISION,
    )
