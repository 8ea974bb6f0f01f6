"""The kinds of records whose days hang on a rule or on the calendar. Rooms register theirs by name in their
`AppConfig.ready()`; the ground knows none of them. Records are read in pages by key, never all at once."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet

from credit_portal.deadlines.loading import DAYS, MONTHS, SHAPES, WORKING_DAYS

from .changes import Change

PAGE = 2_000


@dataclass(frozen=True)
class Day:
    """One of a record's days, before and after. `*_open`: counted over a year without notice (暂定)."""

    label: str
    old: date
    new: date
    old_open: bool = False
    new_open: bool = False


@dataclass(frozen=True)
class Moved:
    """What becomes of one record. `worse`: for a subject (longer publicity, later repair, less time to speak);
    `ends`: it is over on the day of the change; `settles`: no day moves, and yet something is to be written (a provisional
    day becomes firm). `by`: what `write` needs."""

    pk: int
    matter: str
    department: str
    region: str
    days: tuple[Day, ...]
    why: str
    worse: bool = False
    ends: bool = False
    settles: bool = False
    by: Any = field(default=None, compare=False)

    @property
    def moves(self) -> bool:
        return any(day.old != day.new for day in self.days)


@dataclass(frozen=True)
class Writing:
    """By what records are moved: an order (or None: a calendar notice), the moment, and how courses name it."""

    now: datetime
    cause: str
    note: str


def _nowhere(pk: int) -> str:
    return ""


@dataclass(frozen=True)
class Kind:
    """`candidates`: open records that a change may concern, without locks or order. `move`: what becomes of one (None:
    nothing), asked without a query. `write`: many of them, locked and computed anew a moment before; gives the reason
    for each that could not be moved. `keys` None: whatever says a length and is no other kind's."""

    name: str
    label: str
    target: str
    candidates: Callable[[Change], QuerySet[Any]]
    move: Callable[[Any, Change], Moved | None]
    write: Callable[[Sequence[tuple[Any, Moved]], Writing], dict[int, str]]
    keys: frozenset[str] | None = frozenset()
    by_calendar: bool = False
    url_of: Callable[[int], str] = _nowhere
    # Whether `write` leaves an event of its own for each record.
    tells: bool = False

    def concerns(self, change: Change) -> bool:
        if change.rule is None:
            return self.by_calendar
        if self.keys is not None:
            return change.key in self.keys
        return _says_a_length(change.key) and not any(
            change.key in (kind.keys or ()) for kind in _kinds.values()
        )


_kinds: dict[str, Kind] = {}


def _says_a_length(key: str) -> bool:
    shape = SHAPES.get(key)
    if shape is None:
        return False
    return shape.unit in (WORKING_DAYS, DAYS, MONTHS) or bool({"days", "due_day", "due"} & shape.parts.keys())


def register(kind: Kind) -> None:
    """A room says which of its records have such days."""
    _kinds[kind.name] = kind


def known() -> dict[str, Kind]:
    return dict(_kinds)


def concerned(change: Change) -> list[Kind]:
    return [kind for kind in _kinds.values() if kind.concerns(change)]


def touched(kind: Kind, change: Change, *, after: int = 0) -> Iterator[Moved]:
    """Every record of a kind whose days a change would move, by key, from `after` on; looked at, not locked."""
    while True:
        rows = list(kind.candidates(change).filter(pk__gt=after).order_by("pk")[:PAGE])
        for row in rows:
            moved = kind.move(row, change)
            if moved is not None and (moved.moves or moved.settles):
                yield moved
        if len(rows) < PAGE:
            return
        after = rows[-1].pk


@dataclass
class Sum:
    """How many records of a kind would be moved, and how."""

    kind: Kind
    moved: int = 0
    settled: int = 0
    later: int = 0
    earlier: int = 0
    worse: int = 0
    ends: int = 0

    def take(self, moved: Moved) -> None:
        if not moved.moves:
            self.settled += 1
            return
        self.moved += 1
        first = next(day for day in moved.days if day.old != day.new)
        self.later += first.new > first.old
        self.earlier += first.new < first.old
        self.worse += moved.worse
        self.ends += moved.ends


def sums(change: Change) -> list[Sum]:
    """Exact numbers by kind: every open record is looked at."""
    found = []
    for kind in concerned(change):
        total = Sum(kind)
        for moved in touched(kind, change):
            total.take(moved)
        found.append(total)
    return found
