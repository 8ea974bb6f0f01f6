"""Half-year reports of units: opened with the half-year, sent by a named reporter with the figures as they are that day,
again with a reason; and the only place where they change. (S4 23, R109.)"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import F, OuterRef, QuerySet, Subquery
from simple_history.utils import bulk_create_with_history

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.audit.history import note
from credit_portal.deadlines import duties, policy
from credit_portal.deadlines.calendar import count
from credit_portal.deadlines.calendars import current_calendar
from credit_portal.outbox import notices
from credit_portal.registry import groups, numbering
from credit_portal.registry.models import Department, User
from credit_portal.registry.visibility import group_names, limit_to_visible
from disclosure.models import ProgressCases, ProgressReport, ProgressVersion

from . import periods
from .parts import MOST_NAME, MOST_REASON, Figure, ProgressError, as_data, fingerprint, sections, text

RULE = "half_year_report"
MATTER = "progress"
# Townships, committees and departments report (S4 23); the credit office is reported to.
REPORTING = (
    Department.Kind.COMPETENT, Department.Kind.APPROVAL_BUREAU, Department.Kind.TOWNSHIP, Department.Kind.OTHER,
    Department.Kind.TAX,
)  # fmt: skip
DOES = frozenset({groups.OFFICER, groups.HEAD, groups.APPROVAL_BUREAU})
# So long before the last day a report can be sent: earlier, its half-year would have hardly anything to show.
EARLY = timedelta(days=20)
STATES = {"sent": "已报送", "late": "逾期报送", "missing": "逾期未报", "open": "待报送"}


def reports_visible_to(user: User) -> QuerySet[ProgressReport]:
    """Of the own unit, or of the own region and below."""
    return limit_to_visible(ProgressReport.objects.all(), user)


def matter_of(row: ProgressReport) -> duties.Matter:
    return duties.Matter(MATTER, row.pk, row.number)


def state_of(row: ProgressReport, today: date) -> str:
    """Where a report stands on a day: a key of STATES."""
    if row.submitted_on is not None:
        return "late" if row.submitted_on >= row.late_from else "sent"
    return "missing" if today >= row.late_from else "open"


# ---- opened ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Wanted:
    half: periods.Half
    counts_from: date
    due_on: date
    late_from: date


def open_reports(*, now: datetime) -> int:
    """Step of the sweep: the reports of the half-year that today lies in, with their duties. Gives how many are new."""
    today = local_date(now)
    rules = policy.Finder(RULE)
    units = Department.objects.filter(kind__in=REPORTING, is_active=True).select_related("region")
    by_region: dict[str, list[Department]] = defaultdict(list)
    for unit in units.order_by("pk"):
        by_region[unit.region_id].append(unit)
    _follow_duties(now=now)
    new = 0
    for found in by_region.values():
        wanted = _wanted(rules, found[0], today)
        if wanted is not None:
            new += _open(found, wanted, now=now)
    return new


@transaction.atomic
def _follow_duties(*, now: datetime) -> None:
    """A holiday notice or a changed rule has moved the duty: a report that has not been sent says the same day."""
    duty = duties.Duty.objects.filter(
        rule_key=RULE, matter_type=MATTER, matter_id=OuterRef("pk"), state__in=duties.OPEN_STATES
    )
    moved = (
        ProgressReport.objects.select_for_update(of=("self",))
        .filter(submitted_on__isnull=True)
        .annotate(now_due=Subquery(duty.values("due_on")[:1]))
        .exclude(now_due=F("due_on"))
        .exclude(now_due=None)
    )
    for row in moved:
        row.due_on = row.now_due  # type: ignore[attr-defined]
        row.late_from = max(row.late_from, row.due_on + timedelta(days=1))
        note(row, actor=None, now=now)
        row.save()


def follow_moved(moved: Sequence[duties.Duty], now: datetime) -> None:
    """Duties have moved, by an order or a notice: reports that have not been sent follow at once."""
    _follow_duties(now=now)


def _wanted(rules: policy.Finder, unit: Department, today: date) -> _Wanted | None:
    """The report that units of a region owe for today's half-year; None where the rule is off or names no day in it.

    A rule that begins within the half-year holds from today, if its date has not gone by.
    """
    half = periods.half_of(today)
    for start in (half.first, today):
        rule = rules.value(lineage=unit.region.lineage, on=start)
        if rule is None or not rule.on or not rule.counts:
            continue
        counted = count(current_calendar(), start, rule.length, rule.unit)
        named = counted.days[-1]
        if half.first <= named <= half.last:
            late = periods.late_from(named, counted.due, rule.value.get("late_from") or ())
            return _Wanted(half, start, counted.due, late)
    return None


@transaction.atomic
def _open(units: Sequence[Department], wanted: _Wanted, *, now: datetime) -> int:
    known = set(
        ProgressReport.objects.filter(department__in=units, half=wanted.half.code).values_list(
            "department_id", flat=True
        )
    )
    fresh = [unit for unit in units if unit.pk not in known]
    if not fresh:
        return 0
    rows = [
        ProgressReport(
            number=numbering.document_number("P", unit.region_id, wanted.half.year),
            department=unit,
            region=unit.region,
            half=wanted.half.code,
            period_from=wanted.half.first,
            period_to=wanted.half.last,
            due_on=wanted.due_on,
            late_from=wanted.late_from,
            opened_at=now,
            is_demo=unit.is_demo,
        )
        for unit in fresh
    ]
    # With the first row of its history; another sweep at the same moment takes the whole of this one back.
    bulk_create_with_history(rows, ProgressReport, default_date=now)
    duties.open_duties(
        rule_key=RULE,
        openings=[
            duties.Opening(
                matter_of(row), row.department, row.region, wanted.counts_from, is_demo=row.is_demo
            )
            for row in rows
        ],
        now=now,
    )
    return len(fresh)


# ---- sent --------------------------------------------------------------------------------------------------


def last_version(row: ProgressReport) -> ProgressVersion | None:
    return row.versions.order_by("-version").first()


def last_versions(rows: Sequence[ProgressReport]) -> dict[int, ProgressVersion]:
    """What was sent last, by report. One query."""
    found = ProgressVersion.objects.filter(report__in=rows).order_by("version")
    return {one.report_id: one for one in found}


@transaction.atomic
def submit(
    *,
    report_id: int,
    reporter: str,
    done: str,
    problems: str,
    plans: str,
    figures: Sequence[Figure],
    cases: Mapping[str, Sequence[int]],
    as_of: date,
    actor: User,
    now: datetime,
    reason: str = "",
) -> ProgressVersion:
    """Send the report with its figures and the cases behind each; again, corrected, with a reason. Raises ProgressError by
    field."""
    row = (
        ProgressReport.objects.select_for_update(of=("self",))
        .select_related("department", "region")
        .get(pk=report_id)
    )
    if row.department_id != actor.department_id or not group_names(actor) & DOES:
        raise ProgressError("进展报告由本单位的经办人或者负责人报送。")
    today = local_date(now)
    if today < row.due_on - EARLY:
        raise ProgressError(f"应报日 {row.due_on}，{row.due_on - EARLY} 起可以报送。", field="reporter")
    if any(len(cases.get(one.key, ())) != one.number for one in figures if not one.amount):
        raise AssertionError("a figure differs from the number of its cases")
    last = last_version(row)
    if last is not None:
        reason = text(reason, "reason", "更正的理由", MOST_REASON)
    name = text(reporter, "reporter", "报送人", MOST_NAME)
    words = sections(
        [("done", "工作开展情况", done), ("problems", "存在的问题", problems), ("plans", "下一步打算", plans)]
    )
    number = last.version + 1 if last else 1
    data, behind = as_data(figures), {key: sorted(ids) for key, ids in cases.items() if ids}
    sha256 = fingerprint(
        {
            "number": row.number, "version": number, "reporter": name, "as_of": as_of.isoformat(),
            "figures": data, "cases": behind, **words,
        }
    )  # fmt: skip
    made = ProgressVersion.objects.create(
        report=row, version=number, reporter=name, as_of=as_of, submitted_on=today, submitted_at=now,
        submitted_by=actor, reason=reason if last else "", figures=data, sha256=sha256, **words,
    )  # fmt: skip
    ProgressCases.objects.bulk_create(
        [ProgressCases(version=made, key=key, ids=ids) for key, ids in behind.items()]
    )
    if row.submitted_on is None:
        row.submitted_on = today
        note(row, actor=actor, now=now)
        row.save()
    duties.meet_duty(rule_key=RULE, matter=matter_of(row), on=today, now=now, actor=actor)
    events.progress_submitted(
        now=now, actor_id=actor.pk, department_id=row.department_id, report_id=row.pk, number=row.number,
        version=number, sha256=sha256,
    )  # fmt: skip
    return made


@transaction.atomic
def chase(*, report_ids: Sequence[int], actor: User, now: datetime) -> int:
    """Remind units that have not sent their report; one notice a person, report and day. Gives how many units."""
    if groups.CREDIT_OFFICE not in group_names(actor):
        raise ProgressError("催报由信用办办理。")
    today = local_date(now)
    rows = list(
        reports_visible_to(actor)
        .filter(pk__in=report_ids, submitted_on__isnull=True)
        .select_related("department")
    )
    if not rows:
        return 0
    people: dict[int, list[User]] = defaultdict(list)
    for person in User.objects.filter(
        department__in=[row.department_id for row in rows], groups__name__in=list(DOES), is_active=True
    ).distinct():
        people[person.department_id or 0].append(person)
    notices.notify_many(
        [
            notices.Told(
                people[row.department_id],
                f"progress:{row.pk}:chase:{today}",
                "progress",
                f"请报送 {periods.in_words(row.half)}进展报告，应报日 {row.due_on}",
                "",
                f"/desk/progress/{row.uuid}/",
            )
            for row in rows
        ],
        now=now,
    )
    events.progress_chased(
        now=now, actor_id=actor.pk, department_id=actor.department_id, reports=[row.pk for row in rows]
    )
    return len(rows)
