"""Rows of the record written by the thousand: what `services` does for one, with the history and the event of each, in a
constant number of statements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from simple_history.utils import bulk_update_with_history

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.audit.copying import copy_with_history
from credit_portal.audit.history import note
from credit_portal.audit.recording import together
from credit_portal.registry.models import User

from . import arrivals, listing_grounds
from .measures.ending import end_for_entries
from .models import CreditEntry
from .services import BAD_MOVE, MEASURES_END, MOVES, MoveRefused, check_ended_on
from .vocabulary import KIND_LABELS, STATE_LABELS, Kind, State

AT_ONCE = 1_000


@dataclass(frozen=True)
class Exit:
    """The day on which an entry is over, and why."""

    on: date
    reason: str


@transaction.atomic
def add_entries(
    *, entries: Sequence[CreditEntry], operator: User | None, now: datetime, upload_id: int | None = None
) -> list[CreditEntry]:
    """Add rows to records, effective. What they say has been checked by whoever made them; the database's own constraints
    stand. `upload_id`: the file that has brought them."""
    rows = list(entries)
    for row in rows:
        row.entered_by, row.entered_at = operator, now
    if not rows:
        return rows
    with together():
        copy_with_history(rows, actor_id=operator.pk if operator else None, now=now)
        for row in rows:
            events.entry_added(
                now=now,
                actor_id=operator.pk if operator else None,
                department_id=operator.department_id if operator else row.department_id,
                subject_id=row.subject_id,
                entry_id=row.pk,
                kind=KIND_LABELS[Kind(row.kind)],
                upload_id=upload_id,
            )
        arrivals.run_after_entries(entries=rows, now=now)
    return rows


@transaction.atomic
def end_entries(
    *, exits: Mapping[int, Exit], operator: User | None, now: datetime, upload_id: int | None = None
) -> list[CreditEntry]:
    """End entries, each on its day and for its reason, with the measures that followed from them: all or none. Raises
    MoveRefused where one is not in effect any more, ValidationError for a day that cannot be."""
    today = local_date(now)
    rows = list(CreditEntry.objects.select_for_update(of=("self",)).filter(pk__in=list(exits)).order_by("pk"))
    for row in rows:
        if State.ENDED not in MOVES[State(row.state)]:
            raise MoveRefused(
                BAD_MOVE.format(before=STATE_LABELS[State(row.state)], after=STATE_LABELS[State.ENDED])
            )
        exit_ = exits[row.pk]
        check_ended_on(row, exit_.on, today)
        row.state, row.ended_on, row.end_reason = str(State.ENDED), exit_.on, exit_.reason.strip()[:500]
        note(row, actor=operator, now=now)
    if not rows:
        return rows
    with together():
        bulk_update_with_history(rows, CreditEntry, ["state", "ended_on", "end_reason"], batch_size=AT_ONCE)
        end_for_entries(
            entry_ids=[row.pk for row in rows],
            reason=MEASURES_END[State.ENDED],
            on=today,
            now=now,
            actor_id=operator.pk if operator else None,
        )
        for row in rows:
            events.entry_changed(
                now=now,
                actor_id=operator.pk if operator else None,
                department_id=operator.department_id if operator else row.department_id,
                subject_id=row.subject_id,
                entry_id=row.pk,
                before=STATE_LABELS[State.EFFECTIVE],
                after=STATE_LABELS[State.ENDED],
                on=row.ended_on,
                upload_id=upload_id,
            )
        listing_grounds.tell(rows, now=now)
    return rows
