"""Monthly lists: opened with their period, looked at and corrected by note, sent by a named reporter, again with a reason;
and the only place where they change. (S3 三（四）, R107, R117.)"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from simple_history.utils import bulk_create_with_history

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.audit.history import note
from credit_portal.deadlines import duties, policy
from credit_portal.deadlines.calendar import count
from credit_portal.deadlines.calendars import current_calendar
from credit_portal.deadlines.models import PolicyRule
from credit_portal.outbox import notices
from credit_portal.registry import contacts, groups, numbering
from credit_portal.registry.models import Department, User
from credit_portal.registry.visibility import group_names, limit_to_visible
from verification.models import (
    AppliedMeasure,
    Check,
    CheckLook,
    CheckOutcome,
    CheckOverride,
    CreditReport,
    OutsideReport,
    UsageList,
    UsageNote,
    UsageRow,
    UsageSubmission,
)
from verification.vocabulary import Route

from . import periods
from .rows import Made, Row, row_of

RULE, PERIOD_RULE = "monthly_list", "monthly_list_period"
MATTER = "usage"
# Townships, development zones and departments report (S3 三（四）); the credit office is reported to.
REPORTING = contacts.UNITS
DOES = frozenset({groups.OFFICER, groups.HEAD})
NOTES = DOES | {groups.CLERK}
# So long before the last day a list can be sent although its period is not over: that day may lie before a holiday.
EARLY = timedelta(days=10)
MOST_TEXT, MOST_NAME = 300, 60
OWN_PORTAL = "本门户"


class UsageError(ValueError):
    """It cannot be done so; `field` names what is wrong, the message says it in Chinese."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def lists_visible_to(user: User) -> QuerySet[UsageList]:
    """Of the own unit, or of the own region and below."""
    return limit_to_visible(UsageList.objects.all(), user)


def matter_of(row: UsageList) -> duties.Matter:
    return duties.Matter(MATTER, row.pk, row.number)


# ---- opened ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Wanted:
    period: periods.Period
    due_on: date
    late_from: date


def open_lists(*, now: datetime) -> int:
    """Step of the sweep: the lists of the period that today lies in, with their duties. Gives how many are new."""
    today = local_date(now)
    rules, spans = policy.Finder(RULE), policy.Finder(PERIOD_RULE)
    units = Department.objects.filter(kind__in=REPORTING, is_active=True).select_related("region")
    by_region: dict[str, list[Department]] = defaultdict(list)
    for unit in units.order_by("pk"):
        by_region[unit.region_id].append(unit)
    _follow_duties(now=now)
    new = 0
    for found in by_region.values():
        wanted = _wanted(rules, spans, found[0], today)
        if wanted is not None:
            new += _open(found, wanted, now=now)
    return new


@transaction.atomic
def _follow_duties(*, now: datetime) -> None:
    """A holiday notice or a changed rule has moved the duty: a list that has not been sent says the same day."""
    duty = duties.Duty.objects.filter(
        rule_key=RULE, matter_type=MATTER, matter_id=OuterRef("pk"), state__in=duties.OPEN_STATES
    )
    moved = (
        UsageList.objects.select_for_update(of=("self",))
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
    """Duties have moved, by an order or a notice: lists that have not been sent follow at once, the day from which they
    are late by the rule of the duty."""
    by_list = {duty.matter_id: duty for duty in moved}
    values = dict(
        PolicyRule.objects.filter(pk__in={duty.rule_id for duty in moved}).values_list("pk", "value")
    )
    rows = UsageList.objects.select_for_update(of=("self",)).filter(pk__in=by_list, submitted_on__isnull=True)
    for row in rows:
        duty = by_list[row.pk]
        value = values.get(duty.rule_id) or {}
        row.due_on = duty.due_on
        row.late_from = periods.late_from(duty.due_on, int(value.get("late_from_day") or 1))
        note(row, actor=None, now=now)
        row.save()


def _wanted(rules: policy.Finder, spans: policy.Finder, unit: Department, today: date) -> _Wanted | None:
    """The list that units of a region owe for today; None where its rule is off or the period leaves the day out."""
    lineage = unit.region.lineage
    rule, span = rules.value(lineage=lineage, on=today), spans.value(lineage=lineage, on=today)
    if rule is None or not rule.on or "due_day" not in rule.value:
        return None
    days = span.value if span is not None else {"from_day": 25, "to_day": 24}
    period = periods.period_with(today, from_day=days["from_day"], to_day=days["to_day"])
    if period is None:
        return None
    due = count(current_calendar(), period.counts_from, rule.length, rule.unit).due
    return _Wanted(period, due, periods.late_from(due, int(rule.value.get("late_from_day") or 1)))


@transaction.atomic
def _open(units: Sequence[Department], wanted: _Wanted, *, now: datetime) -> int:
    known = set(
        UsageList.objects.filter(department__in=units, month=wanted.period.month).values_list(
            "department_id", flat=True
        )
    )
    fresh = [unit for unit in units if unit.pk not in known]
    if not fresh:
        return 0
    rows = [
        UsageList(
            number=numbering.document_number("U", unit.region_id, wanted.period.month.year),
            department=unit,
            region=unit.region,
            month=wanted.period.month,
            period_from=wanted.period.first,
            period_to=wanted.period.last,
            due_on=wanted.due_on,
            late_from=wanted.late_from,
            opened_at=now,
            is_demo=unit.is_demo,
        )
        for unit in fresh
    ]
    # With the first row of its history; another sweep at the same moment takes the whole of this one back.
    bulk_create_with_history(rows, UsageList, default_date=now)
    duties.open_duties(
        rule_key=RULE,
        openings=[
            duties.Opening(
                matter_of(row), row.department, row.region, wanted.period.counts_from, is_demo=row.is_demo
            )
            for row in rows
        ],
        now=now,
    )
    return len(fresh)


# ---- the lines ---------------------------------------------------------------------------------------------


def checks_of(row: UsageList) -> QuerySet[Check]:
    """The checks that belong into a list: those of its period, and those made after the list before had been sent; none
    that another list has."""
    elsewhere = UsageRow.objects.filter(check_made=OuterRef("pk")).exclude(usage_list=row)
    before = (
        UsageList.objects.filter(department=row.department_id, month__lt=row.month).order_by("-month").first()
    )
    days = Q(on_day__gte=row.period_from, on_day__lte=row.period_to)
    if before is not None and (sent := before.submissions.order_by("-version").first()) is not None:
        days |= Q(
            on_day__gte=before.period_from, on_day__lte=before.period_to, checked_at__gt=sent.submitted_at
        )
    return Check.objects.filter(days, ~Exists(elsewhere), department=row.department_id)


def rows_of_checks(checks: Iterable[Check]) -> list[Row]:
    """The lines of checks with what people have added to them, where they have looked and which measures were applied.
    Six queries beside the checks' own."""
    made = list(checks)
    ids = [check.pk for check in made]
    measures: dict[int, list[str]] = defaultdict(list)
    corrections: dict[int, list[str]] = defaultdict(list)
    applied: dict[int, list[str]] = defaultdict(list)
    looked, came_of = _looked(ids), _came_of(made)
    for row in AppliedMeasure.objects.filter(check_made__in=ids).order_by("pk"):
        applied[row.check_made_id].append(row.text)
    for one in UsageNote.objects.filter(check_made__in=ids):
        which = measures if one.kind == UsageNote.Kind.MEASURE else corrections
        which[one.check_made_id].append(one.text)
    return [
        row_of(
            Made(
                check.pk, check.subject_name, check.item_version.name, check.on_day,
                [*check.sources, *looked[check.pk]], check.route, check.scrutiny, check.number,
                [reason["text"] for reason in check.reasons if reason.get("harmful")][:1],
                **came_of.get(check.pk, {}),
            ),
            measures=measures[check.pk],
            applied=applied[check.pk],
            corrections=corrections[check.pk],
        )
        for check in made
    ]  # fmt: skip


def _came_of(checks: Sequence[Check]) -> dict[int, dict[str, Any]]:
    """How each check's procedure stands: decided, excepted, looked at once more. Three queries."""
    first = {check.pk: check.follows_id or check.pk for check in checks}
    roots = set(first.values())
    newest = dict(roots_newest(roots))
    results = dict(CheckOutcome.objects.filter(check_made__in=first).values_list("check_made_id", "result"))
    excepted = set(
        CheckOverride.objects.filter(
            Q(check_made__in=roots) | Q(check_made__follows__in=roots), state=CheckOverride.State.ALLOWED
        ).values_list(Coalesce("check_made__follows_id", "check_made_id"), flat=True)
    )
    return {
        check.pk: {
            "result": results.get(check.pk, ""),
            "excepted": first[check.pk] in excepted and check.route == Route.ORDINARY,
            "superseded": newest.get(first[check.pk], check.pk) != check.pk,
        }
        for check in checks
    }


def roots_newest(roots: Iterable[int]) -> list[tuple[int, int]]:
    """The newest check that follows each first one of a procedure."""
    found = Check.objects.filter(follows__in=roots).order_by().values("follows_id").annotate(newest=Max("pk"))
    return [(row["follows_id"], row["newest"]) for row in found]


def _looked(check_ids: Sequence[int]) -> dict[int, list[str]]:
    """The sources that were looked at and the reports that were taken in or fetched by consent, by check. One query."""
    looks = CheckLook.objects.filter(check_made__in=check_ids).order_by()
    reports = OutsideReport.objects.filter(check_made__in=check_ids).order_by()
    own = CreditReport.objects.filter(check_made__in=check_ids).order_by()
    found = looks.values_list("check_made_id", Value(0), "pk", "source_name", "result").union(
        reports.values_list("check_made_id", Value(1), "pk", "issuer", "number"),
        own.values_list("check_made_id", Value(1), "pk", Value(OWN_PORTAL), "number"),
        all=True,
    )
    by_check: dict[int, list[str]] = defaultdict(list)
    for check_id, is_report, _, name, more in sorted(found):
        away = "（当时不能访问）" if more == CheckLook.Result.UNAVAILABLE else ""
        by_check[check_id].append(f"{name}信用报告 {more}" if is_report else f"{name}{away}")
    return by_check


def live_rows(row: UsageList) -> list[Row]:
    """The list as it would be sent now, in the order of the days."""
    checks = checks_of(row).select_related("item_version").order_by("on_day", "pk")
    return rows_of_checks(checks)


def sent_rows(submission: UsageSubmission) -> list[Row]:
    """A list as it was sent."""
    return [_row(one) for one in submission.lines.order_by("place")]


def last_submissions(rows: Iterable[UsageList]) -> dict[int, tuple[UsageSubmission, list[Row]]]:
    """What counts of many lists, with its lines, by the list's id: two queries whatever their number."""
    last = {
        one.usage_list_id: one
        for one in UsageSubmission.objects.filter(usage_list__in=rows).order_by("version")
    }
    lines: dict[int, list[Row]] = defaultdict(list)
    for one in UsageRow.objects.filter(submission__in=last.values()).order_by("submission_id", "place"):
        lines[one.submission_id].append(_row(one))
    return {list_id: (one, lines[one.pk]) for list_id, one in last.items()}


def _row(one: UsageRow) -> Row:
    return Row(one.check_made_id, one.subject_name, one.item_name, one.on_day, one.usage, one.measures)


def last_submission(row: UsageList) -> UsageSubmission | None:
    return row.submissions.order_by("-version").first()


@transaction.atomic
def add_note(*, check_id: int, kind: str, text: str, actor: User, now: datetime) -> UsageNote:
    """Say which measure was used, or correct what the list says of a check. Raises UsageError."""
    check = Check.objects.filter(pk=check_id, department=actor.department_id).first()
    if check is None or not group_names(actor) & NOTES:
        raise UsageError("只能说明本单位的核查。")
    if kind not in UsageNote.Kind.values:
        raise UsageError("请选择说明的种类。", field="kind")
    row = UsageNote.objects.create(
        check_made=check, kind=kind, text=_text(text, "text", "内容", MOST_TEXT), by=actor, at=now
    )
    events.usage_note(
        now=now, actor_id=actor.pk, department_id=check.department_id, check_id=check.pk, kind=kind
    )
    return row


# ---- sent --------------------------------------------------------------------------------------------------


@transaction.atomic
def submit(*, list_id: int, reporter: str, actor: User, now: datetime, reason: str = "") -> UsageSubmission:
    """Send the list to the credit office as it is now; again, corrected, with a reason. Raises UsageError by field."""
    known = UsageList.objects.only("department_id").get(pk=list_id)
    # All lists of the unit: sent at the same moment, two neighbouring ones would both take a check between them.
    own = (
        UsageList.objects.select_for_update(of=("self",))
        .select_related("department", "region")
        .order_by("pk")
    )
    row = next(one for one in own.filter(department=known.department_id) if one.pk == list_id)
    if row.department_id != actor.department_id or not group_names(actor) & DOES:
        raise UsageError("月报由本单位的经办人或者负责人报送。")
    today = local_date(now)
    if today <= row.period_to and today < row.due_on - EARLY:
        raise UsageError(f"本期到 {row.period_to} 为止，{row.due_on - EARLY} 起可以报送。", field="reporter")
    last = last_submission(row)
    if last is not None:
        reason = _text(reason, "reason", "更正的理由", MOST_TEXT)
    name = _text(reporter, "reporter", "报送人", MOST_NAME)
    found = live_rows(row)
    made = UsageSubmission.objects.create(
        usage_list=row,
        version=last.version + 1 if last else 1,
        reporter=name,
        submitted_on=today,
        submitted_at=now,
        submitted_by=actor,
        reason=reason if last else "",
        rows=len(found),
        sha256=fingerprint(found),
    )
    UsageRow.objects.bulk_create(
        [
            UsageRow(
                submission=made, usage_list=row, check_made_id=one.check_id, place=place,
                subject_name=one.subject_name, item_name=one.item_name, on_day=one.on_day, usage=one.usage,
                measures=one.measures,
            )
            for place, one in enumerate(found, start=1)
        ],
        batch_size=1_000,
    )  # fmt: skip
    if row.submitted_on is None:
        row.submitted_on = today
        note(row, actor=actor, now=now)
        row.save()
    duties.meet_duty(rule_key=RULE, matter=matter_of(row), on=today, now=now, actor=actor)
    events.usage_submitted(
        now=now,
        actor_id=actor.pk,
        department_id=row.department_id,
        list_id=row.pk,
        number=row.number,
        version=made.version,
        rows=made.rows,
        sha256=made.sha256,
    )
    return made


def fingerprint(rows: Iterable[Row]) -> str:
    """SHA-256 of the five columns of every line, in their order."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update("\x1f".join(row.cells).encode() + b"\x1e")
    return digest.hexdigest()


@transaction.atomic
def chase(*, list_ids: Sequence[int], actor: User, now: datetime) -> int:
    """Remind units that have not sent their list; one notice a person, list and day. Gives how many units."""
    if groups.CREDIT_OFFICE not in group_names(actor):
        raise UsageError("催报由信用办办理。")
    today = local_date(now)
    rows = list(
        lists_visible_to(actor)
        .filter(pk__in=list_ids, submitted_on__isnull=True)
        .select_related("department")
    )
    people: dict[int, list[User]] = defaultdict(list)
    for person in User.objects.filter(
        department__in=[row.department_id for row in rows], groups__name__in=list(DOES), is_active=True
    ).distinct():
        people[person.department_id or 0].append(person)
    notices.notify_many(
        [
            notices.Told(
                people[row.department_id],
                f"usage:{row.pk}:chase:{today}",
                "usage",
                f"请报送 {row.month_in_words}使用信用记录情况清单，应报日 {row.due_on}",
                "",
                f"/desk/usage/{row.uuid}/",
            )
            for row in rows
        ],
        now=now,
    )
    events.usage_chased(
        now=now, actor_id=actor.pk, department_id=actor.department_id, lists=[row.pk for row in rows]
    )
    return len(rows)


def _text(text: str, field: str, label: str, most: int) -> str:
    text = text.strip()
    if not text:
        raise UsageError(f"请填写{label}。", field=field)
    if len(text) > most:
        raise UsageError(f"{label}最多 {most} 个字，现为 {len(text)} 个字。", field=field)
    return text
