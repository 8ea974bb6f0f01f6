"""Duties as they follow a change of law. A room whose own rows repeat a duty's day registers a kind for its rule keys and
says how they follow; the rest are plain duties."""

from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.urls import reverse

from credit_portal.deadlines import policy, recounting
from credit_portal.deadlines.calendar import Counted
from credit_portal.deadlines.duties import OPEN_STATES
from credit_portal.deadlines.models import Duty, DutyEvent
from credit_portal.deadlines.wording import key_in_words

from . import kinds
from .changes import Change
from .kinds import Day, Kind, Moved, Writing

# After duties have moved: (the duties, now) → the room's rows say the same day.
Follow = Callable[[Sequence[Duty], datetime], None]

_owned: dict[str, str] = {}
_followers: dict[str, Follow] = {}


def register(
    name: str, label: str, *, keys: Collection[str], for_subject: bool = False, follow: Follow | None = None
) -> None:
    """Duties of these rule keys as a kind of their own. `for_subject`: it is a subject's time, so that less of it is worse
    for the subject and what is running is never cut off before the day of the change."""
    for key in keys:
        _owned[key] = name
        if follow is not None:
            _followers[key] = follow
    kinds.register(_kind(name, label, frozenset(keys), for_subject=for_subject))


def register_plain() -> None:
    kinds.register(_kind("duties", "法定期限", None, for_subject=False))


def follow(duties: Sequence[Duty], now: datetime) -> None:
    """Let the rooms' rows follow duties that have moved."""
    by_follower: dict[Follow, list[Duty]] = {}
    for duty in duties:
        if duty.rule_key in _followers:
            by_follower.setdefault(_followers[duty.rule_key], []).append(duty)
    for act, moved in by_follower.items():
        act(moved, now)


def _kind(name: str, label: str, keys: frozenset[str] | None, *, for_subject: bool) -> Kind:
    def candidates(change: Change) -> QuerySet[Duty]:
        stops = DutyEvent.objects.filter(kind=DutyEvent.Kind.RESUMED).order_by("id")
        rows = (
            Duty.objects.filter(change.within("region"), state__in=OPEN_STATES)
            # In sets of a page: of a thousand duties few are of different regions.
            .prefetch_related("region", "department", Prefetch("events", stops))
        )
        rows = rows.exclude(rule_key__in=list(_owned)) if keys is None else rows.filter(rule_key__in=keys)
        return rows.filter(rule_key=change.key) if change.rule is not None else rows.filter(touched(change))

    def move(duty: Duty, change: Change) -> Moved | None:
        found = _by_rule(duty, change, for_subject) if change.rule is not None else _by_calendar(duty, change)
        if found is None:
            return None
        counted, value = found
        day = Day("到期日", duty.due_on, counted.due, duty.provisional, counted.provisional)
        by = recounting.Move(duty, counted, value)
        return Moved(
            pk=duty.pk,
            matter=duty.number,
            department=str(duty.department),
            region=duty.region.path,
            days=(day,),
            why=f"{key_in_words(duty.rule_key)}：{_why(duty, counted, value)}",
            worse=for_subject and counted.due < duty.due_on,
            ends=counted.due < change.day <= duty.due_on,
            settles=change.rule is None and by.changes and not by.moves,
            by=by,
        )

    return Kind(
        name=name,
        label=label,
        target="duty",
        keys=keys,
        by_calendar=True,
        candidates=candidates,
        move=move,
        write=write,
        url_of=lambda pk: reverse("admin:deadlines_duty_change", args=[pk]),
        tells=True,
    )


def touched(change: Change) -> Q:
    """Duties that a changed calendar may concern: their period lies over changed days, or depends on the year."""
    run_on = recounting.RUN_ON
    year = change.year or change.day.year
    found = Q(provisional=True, due_on__gte=date(year, 1, 1) - run_on)
    if change.days:
        found |= Q(triggered_on__lt=change.days[-1], due_on__gte=change.days[0] - run_on)
    return found


def write(pairs: Sequence[tuple[Any, Moved]], writing: Writing) -> dict[int, str]:
    recounting.write_moves(
        [moved.by for _duty, moved in pairs],
        now=writing.now,
        actor=None,
        cause=writing.cause,
        note=writing.note,
    )
    follow(list(Duty.objects.filter(pk__in=[moved.pk for _duty, moved in pairs])), writing.now)
    return {}


def _by_calendar(duty: Duty, change: Change) -> tuple[Counted, None]:
    return recounting.recount(duty, change.calendar), None


def _by_rule(duty: Duty, change: Change, for_subject: bool) -> tuple[Counted, policy.Value] | None:
    value = change.value(
        duty.region,
        triggered_on=duty.triggered_on,
        domain=duty.domain,
        commitment_type=duty.commitment_type,
        grade=duty.grade,
    )
    if value is None or not value.counts or not value.on:
        return None
    if duty.events.all() and value.unit == duty.unit:
        # Its clock had stood still: what had been counted by then stays counted.
        return recounting.recount(duty, change.calendar, length=value.length), value
    if for_subject and value.unit == duty.unit:
        return change.count_for_subject(duty.triggered_on, value.length, value.unit, least=duty.length), value
    return change.count(duty.triggered_on, value.length, value.unit), value


def _why(duty: Duty, counted: Counted, value: policy.Value | None) -> str:
    if value is not None:
        return f"自 {duty.triggered_on} 起按新规则计算"
    if counted.due == duty.due_on:
        return "由暂定变为确定"
    return "按放假安排重算"
