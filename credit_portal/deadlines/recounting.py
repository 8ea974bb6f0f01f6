"""Counting open duties anew when the calendar or a rule has changed. What was met or cancelled is never touched."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from credit_portal.audit import events
from credit_portal.registry.models import User

from . import policy
from .calendar import BY_ENDS, Calendar, Counted, count
from .calendars import current_calendar
from .models import Duty, DutyEvent, PolicyRule

BATCH = 2_000
# A period in days or months runs on over rest days at its end (art. 203): so far after the due date a change still counts.
RUN_ON = timedelta(days=15)


@dataclass(frozen=True)
class Move:
    """What becomes of one open duty: its dates before and after."""

    duty: Duty
    counted: Counted
    rule: policy.Value | None = None

    @property
    def moves(self) -> bool:
        return self.counted.due != self.duty.due_on

    @property
    def changes(self) -> bool:
        return (
            self.moves
            or self.counted.provisional != self.duty.provisional
            or list(self.counted.days) != self.duty.counted
            or self.rule is not None
        )


# ---- the calendar ------------------------------------------------------------------------------------------


def moves_by_calendar(calendar: Calendar, *, days: Iterable[date], year: int) -> list[Move]:
    """Open duties whose period lies over changed days, or depends on the year, counted by `calendar`."""
    changed = sorted(days)
    touched = Q(provisional=True, due_on__gte=date(year, 1, 1) - RUN_ON)
    if changed:
        touched |= Q(triggered_on__lt=changed[-1], due_on__gte=changed[0] - RUN_ON)
    return [Move(duty, recount(duty, calendar)) for duty in _open().filter(touched)]


def recount(duty: Duty, calendar: Calendar, *, length: int | None = None) -> Counted:
    """A duty's period by a calendar. A suspended clock, or one that had stood still, keeps the days already counted."""
    wanted = duty.length if length is None else length
    done = _before_suspension(duty)
    if done is None:
        return count(calendar, duty.triggered_on, wanted, duty.unit)
    resumed_on, days = done
    rest = count(calendar, resumed_on, max(wanted - len(days), 0), duty.unit)
    return Counted(rest.due, days + rest.days, rest.provisional)


def _before_suspension(duty: Duty) -> tuple[date, tuple[date, ...]] | None:
    """When the clock of a duty ran on last, and what had been counted by then; None where it never stood still.

    Of a period of months nothing is counted day by day: it is left as it was computed on resuming.
    """
    stops = [event for event in duty.events.all() if event.kind == DutyEvent.Kind.RESUMED]
    if not stops or duty.unit in BY_ENDS:
        return None
    # The day from which it ran on is what the line of its course says.
    resumed_on = date.fromisoformat(stops[-1].note)
    return resumed_on, tuple(day for day in duty.counted if day <= resumed_on)


# ---- rules -------------------------------------------------------------------------------------------------


def moves_by_rule(rule: PolicyRule) -> list[Move]:
    """Open duties for which this rule is the one in force on their triggering day, counted by it."""
    calendar, rules = current_calendar(), policy.Finder(rule.key)
    rows = (
        _open()
        .filter(rule_key=rule.key, region__path__startswith=rule.region.path)
        .filter(triggered_on__gte=rule.effective_from)
    )
    found = []
    for duty in rows:
        value = rules.value(
            lineage=duty.region.lineage,
            on=duty.triggered_on,
            domain=duty.domain,
            commitment_type=duty.commitment_type,
            grade=duty.grade,
        )
        if value is None or value.rule_id != rule.pk or duty.rule_id == rule.pk or not value.counts:
            continue
        found.append(Move(duty, _by_value(duty, value, calendar), value))
    return found


def _by_value(duty: Duty, value: policy.Value, calendar: Calendar) -> Counted:
    if value.unit != duty.unit:
        return count(calendar, duty.triggered_on, value.length, value.unit)
    return recount(duty, calendar, length=value.length)


@transaction.atomic
def apply_rule(rule: PolicyRule, *, actor: User, now: datetime) -> list[Move]:
    """Move the open duties that a rule touches: a separate act, after its preview was looked at."""
    return write_moves(
        moves_by_rule(rule), now=now, actor=actor, cause=f"rule:{rule.pk}", note=f"规则变更：{rule.basis}"
    )


# ---- parts -------------------------------------------------------------------------------------------------


def _open() -> QuerySet[Duty]:
    return (
        Duty.objects.filter(state__in=[Duty.State.OPEN, Duty.State.SUSPENDED])
        .select_related("region", "department")
        .prefetch_related("events")
        .order_by("id")
    )


def write_moves(
    moves: Sequence[Move], *, now: datetime, actor: User | None, cause: str, note: str
) -> list[Move]:
    """Write the moves that change anything, in sets; the course and the log have a line for each."""
    changing = [move for move in moves if move.changes]
    version = current_calendar().version
    for start in range(0, len(changing), BATCH):
        batch = changing[start : start + BATCH]
        ids = [move.duty.pk for move in batch]
        locked = Duty.objects.select_for_update().in_bulk(ids)
        rows, course = [], []
        for move in batch:
            duty = locked[move.duty.pk]
            if duty.state not in (Duty.State.OPEN, Duty.State.SUSPENDED):
                # Met in this very moment: what it was met by stays.
                continue
            before = duty.due_on
            duty.counted, duty.due_on = list(move.counted.days), move.counted.due
            duty.provisional, duty.calendar_version = move.counted.provisional, version
            if move.rule is not None:
                duty.rule_id, duty.basis = move.rule.rule_id, move.rule.basis
                duty.confirmed, duty.unit = move.rule.confirmed, move.rule.unit
                duty.length = move.rule.length
            if duty.due_on > before:
                # More time: reminding begins anew with the new day.
                duty.stage = Duty.Stage.NONE
            rows.append(duty)
            course.append(
                DutyEvent(
                    duty=duty, kind=DutyEvent.Kind.MOVED, at=now, actor=actor, due_before=before,
                    due_after=duty.due_on, provisional=duty.provisional, calendar_version=version,
                    note=note[:300],
                )
            )  # fmt: skip
            events.duty_moved(
                now=now,
                actor_id=actor.pk if actor else None,
                department_id=duty.department_id,
                duty_id=duty.pk,
                before=before,
                after=duty.due_on,
                provisional=duty.provisional,
                cause=cause,
            )
        Duty.objects.bulk_update(
            rows,
            ["counted", "due_on", "provisional", "calendar_version", "rule", "basis", "confirmed", "unit",
             "length", "stage"],
        )  # fmt: skip
        DutyEvent.objects.bulk_create(course)
    return changing
