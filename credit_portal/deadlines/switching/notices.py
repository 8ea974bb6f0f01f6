"""A holiday notice moves open cases by itself: working days are what they are. Shown before, and done in one transaction."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import transaction

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.audit.recording import together
from credit_portal.deadlines import holiday_notices
from credit_portal.deadlines.calendars import current_calendar
from credit_portal.deadlines.holiday_notices import Notice, store_notice
from credit_portal.registry.models import User

from . import kinds
from .changes import Change
from .kinds import Kind, Moved, Sum, Writing


@transaction.atomic
def load_notice(
    notice: Notice, *, actor: User | None, now: datetime
) -> tuple[holiday_notices.Change, list[Sum]]:
    """Store a year's notice and move every open record that it touches, each with an event. Raises CalendarError."""
    stored = store_notice(notice, actor=actor, now=now)
    if stored.same:
        return stored, []
    change = Change(day=local_date(now), calendar=current_calendar(), days=stored.days, year=notice.year)
    writing = Writing(
        now=now, cause=f"calendar:{notice.year}", note=f"{notice.year} 年放假安排（{notice.number}）"
    )
    with together():
        return stored, [_move_all(kind, change, writing) for kind in kinds.concerned(change)]


def preview_notice(notice: Notice, *, actor: User, now: datetime) -> Change:
    """The change that a notice would bring, nothing being kept. Raises CalendarError."""
    found: list[Change] = []
    try:
        with transaction.atomic():
            stored = store_notice(notice, actor=actor, now=now)
            found.append(
                Change(day=local_date(now), calendar=current_calendar(), days=stored.days, year=notice.year)
            )
            raise _NothingKept
    except _NothingKept:
        return found[0]


class _NothingKept(Exception):
    """Ends a transaction of which only the answer is wanted."""


def _move_all(kind: Kind, change: Change, writing: Writing) -> Sum:
    total = Sum(kind)
    for page in _pages(kind, change):
        for _row, moved in page:
            total.take(moved)
        refused = kind.write(page, writing)
        if not kind.tells:
            for _row, moved in page:
                if moved.pk not in refused:
                    tell_moved(kind, moved, order_id=None, now=writing.now, cause=writing.cause)
    return total


def _pages(kind: Kind, change: Change) -> Iterator[list[tuple[Any, Moved]]]:
    after = 0
    while True:
        rows = list(
            kind.candidates(change)
            .filter(pk__gt=after)
            .order_by("pk")
            .select_for_update(of=("self",))[: kinds.PAGE]
        )
        asked = ((row, kind.move(row, change)) for row in rows)
        yield [(row, moved) for row, moved in asked if moved is not None and (moved.moves or moved.settles)]
        if len(rows) < kinds.PAGE:
            return
        after = rows[-1].pk


def tell_moved(kind: Kind, moved: Moved, *, order_id: int | None, now: datetime, cause: str) -> None:
    events.switch_moved(
        now=now,
        target_type=kind.target,
        target_id=moved.pk,
        order_id=order_id,
        cause=cause,
        days=days_as_text(moved),
    )


def days_as_text(moved: Moved) -> list[str]:
    """As the log has them: «到期日 2026-04-01 → 2026-04-08», those only that move."""
    return [f"{day.label} {day.old} → {day.new}" for day in moved.days if day.old != day.new]
