"""One row of a credit record, the rules that it is read by, and what it is on a day. Pure.

Sources: S0 一（三）（四）, S2 四（四）1, S3 二.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Generic, NamedTuple, Protocol, TypeVar

from credit_portal.deadlines.articles import article_text
from verification.vocabulary import (
    ADVERSE,
    GOOD,
    KIND_LABELS,
    UNCONFIRMED,
    Effect,
    FieldUse,
    Kind,
    Standing,
    State,
    Step,
    UnrepairedRule,
    day_text,
)

V = TypeVar("V")


@dataclass(frozen=True)
class Rule(Generic[V]):
    """A policy value as it stood on the day; ``article`` is a code (``S2 四（四）1``) or a basis in words."""

    value: V
    article: str
    confirmed: bool

    @property
    def article_shown(self) -> str:
        return article_text(self.article) if self.confirmed else UNCONFIRMED


@dataclass(frozen=True)
class Switches:
    """The regional rules that a check asks (process: ``route.unrepaired``, ``scrutiny.in_publicity``,
    ``expired_counts_as_repaired``, ``market_ban_for_good``). The articles (on repair, on disputing a check) and what
    a record is in this field (``field_use``) are only cited, they decide nothing."""

    unrepaired: Rule[UnrepairedRule]
    in_publicity: Rule[bool]
    expired_counts_as_repaired: Rule[bool]
    repair_article: str = ""
    dispute_article: str = ""
    field_use: Rule[FieldUse] | None = None
    ban_for_good: Rule[bool] = Rule(False, "", False)


@dataclass(frozen=True)
class Measure:
    """A measure attached to an entry. ``domain`` None: every field; ``step`` None: the whole of a tender; without
    ``basis`` it can only remind. ``text`` says what is done, ``listed_id`` is its row in the public list of measures."""

    domain: str | None
    effect: Effect
    basis: str
    step: Step | None = None
    text: str = ""
    listed_id: int | None = None


class _Row(NamedTuple):
    # A tuple, because a record may have a thousand rows: a frozen dataclass takes four times as long to make.
    id: int
    kind: Kind
    state: State = State.EFFECTIVE
    title: str = ""
    source: str = ""
    document_no: str = ""
    basis: str = ""
    from_on: date | None = None
    until_on: date | None = None
    served_on: date | None = None
    public_from: date | None = None
    public_until: date | None = None
    repairable_from: date | None = None
    repaired_on: date | None = None
    grade: str = ""
    objection_under_way: bool = False
    verified: bool = True
    measures: tuple[Measure, ...] = ()
    # What was shown in this very procedure against the entry, and believed (S0 二（三）): 结案证明 and the like.
    disproved: str = ""


class Entry(_Row):
    """One row of a subject's record. All days are inclusive; ``None`` is unknown or open-ended."""

    @cached_property
    def named(self) -> str:
        """The entry as a person would cite it: what, number, by whom, of which day."""
        name = self.title or KIND_LABELS[self.kind]
        number = f"（{self.document_no}）" if self.document_no else ""
        marks = [part for part in (self.source, day_text(self.from_on) if self.from_on else "") if part]
        origin = f"，{'，'.join(marks)}" if marks else ""
        objection = "，异议处理中" if self.objection_under_way else ""
        return f"{name}{number}{origin}{objection}"


def standing(entry: Entry, on: date) -> Standing:
    """What ``entry`` is on the day ``on``: publicity counts from its first to its last day, both included."""
    if not entry.verified or entry.state in (State.ENDED, State.REVOKED):
        return Standing.NO_FACTOR
    if entry.from_on and on < entry.from_on:
        return Standing.NO_FACTOR
    last = last_day(entry)
    if entry.kind in GOOD or entry.kind is Kind.LOCKOUT:
        running = entry.state is State.EFFECTIVE and (last is None or on <= last)
        if not running:
            return Standing.NO_FACTOR
        return Standing.LOCKED if entry.kind is Kind.LOCKOUT else Standing.GOOD
    if entry.kind is Kind.WATCH:
        running = entry.state is State.EFFECTIVE and (last is None or on <= last)
        return Standing.WATCHED if running else Standing.NO_FACTOR
    if entry.kind not in ADVERSE:
        return Standing.NO_FACTOR
    if entry.kind is Kind.BREACH and (entry.served_on is None or on < entry.served_on):
        return Standing.UNSERVED
    if entry.state is State.REPAIRED and (entry.repaired_on is None or entry.repaired_on <= on):
        return Standing.REPAIRED
    if last is not None and last < on:
        return Standing.EXPIRED
    if entry.kind is Kind.BREACH and entry.public_from is not None and entry.public_from <= on:
        return Standing.IN_PUBLICITY
    return Standing.UNREPAIRED


MEASURED = frozenset({Standing.UNREPAIRED, Standing.IN_PUBLICITY, Standing.WATCHED})


class Lasting(Protocol):
    """What says how long it lasts: an entry, or what it said once."""

    @property
    def kind(self) -> Kind: ...
    @property
    def until_on(self) -> date | None: ...
    @property
    def public_until(self) -> date | None: ...


def last_day(entry: Lasting) -> date | None:
    """The day after which an entry is over by itself (an adverse one: expired without repair); None while nothing ends it.

    A breach ends with its publicity. A penalty or a listing lasts as long as its own term or its publicity,
    whichever is later. All else lasts as long as its own term.
    """
    if entry.kind not in ADVERSE:
        return entry.until_on
    if entry.kind is Kind.BREACH:
        return entry.public_until or entry.until_on
    if entry.until_on is None or entry.public_until is None:
        return entry.until_on or entry.public_until
    return max(entry.until_on, entry.public_until)


def measures_in_force(entry: Entry, now: Standing, *, domain: str, on: date) -> tuple[Measure, ...]:
    """The measures of an unrepaired entry that name this field (or every field) while its own term runs. ``now``: what
    the entry is on that day."""
    if now not in MEASURED or not entry.measures:
        return ()
    if entry.until_on is not None and entry.until_on < on:
        return ()
    return tuple(measure for measure in entry.measures if measure.domain in (None, domain))
