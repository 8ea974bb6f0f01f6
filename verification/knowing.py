"""The versions of a subject's entries, as they were written one after another, for the question what was in force when by
whose knowledge (`two_axes` answers it)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.db.models import QuerySet

from credit_portal.audit.clock import SHANGHAI

from .models import CreditEntry
from .two_axes import Version, as_of
from .vocabulary import KIND_LABELS, Kind, State


@dataclass(frozen=True)
class Standing:
    """An entry that was in force on the day, in the words in which it was known."""

    uuid: Any
    kind: str
    title: str
    source: str
    document_no: str
    from_on: date
    until_on: date | None
    public_until: date | None
    known_at: datetime


def end_of(day: date) -> datetime:
    """The last moment of a day: what was written on it was known on it."""
    return datetime.combine(day, time.max, SHANGHAI)


def version(row: Any) -> Version:
    """A row of the history as the pure rule reads it."""
    return Version(
        entry_id=row.id, known_at=row.history_date, kind=Kind(row.kind), state=State(row.state), from_on=row.from_on,
        until_on=row.until_on, served_on=row.served_on, public_until=row.public_until, ended_on=row.ended_on,
        repaired_on=row.repaired_on, verified=row.verified, gone=row.history_type == "-",
    )  # fmt: skip


def versions_of(entry: CreditEntry) -> Sequence[Any]:
    """All that an entry has ever said, the first first."""
    return list(
        entry.history.select_related("history_user__department").order_by("history_date", "history_id")
    )


def in_force(entries: QuerySet[CreditEntry], *, valid_on: date, known_on: date) -> list[Standing]:
    """Of these entries those in force on a day as they were known on a day; one query."""
    # Of each entry the last version that was known: however often it was written, none is left out.
    rows = (
        CreditEntry.history.filter(id__in=entries.order_by().values("pk"), history_date__lte=end_of(known_on))
        .order_by("id", "-history_date", "-history_id")
        .distinct("id")
    )
    found = {row.id: row for row in rows}
    return [
        Standing(
            uuid=row.uuid, kind=KIND_LABELS[Kind(row.kind)], title=row.title, source=row.source,
            document_no=row.document_no, from_on=row.from_on, until_on=row.until_on,
            public_until=row.public_until, known_at=row.history_date,
        )
        for row in (
            found[one.entry_id] for one in as_of(map(version, found.values()), valid_on, end_of(known_on))
        )
    ]  # fmt: skip
