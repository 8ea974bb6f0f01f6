"""The record on two axes: what was in force on a day, as it was known on a day. Pure.

An entry counts by its own days (from, to, ended, repaired); each version of it is known from the moment when it was
written. What was learnt later never changes the answer for an earlier day of knowing (R67「可查可核可溯」).
"""

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from verification.record import last_day
from verification.vocabulary import Kind, State


class Version(NamedTuple):
    """What an entry said from `known_at` on. `gone`: the row itself was taken away then."""

    entry_id: int
    known_at: datetime
    kind: Kind
    state: State
    from_on: date
    until_on: date | None = None
    served_on: date | None = None
    public_until: date | None = None
    ended_on: date | None = None
    repaired_on: date | None = None
    verified: bool = True
    gone: bool = False


class Holds(StrEnum):
    """What an entry is on a day, by what one version of it says."""

    UNVERIFIED = "unverified"
    BEFORE = "before"
    UNSERVED = "unserved"
    IN_FORCE = "in_force"
    REPAIRED = "repaired"
    OVER = "over"
    VOID = "void"


HOLDS_LABELS = {
    Holds.UNVERIFIED: "未核实",
    Holds.BEFORE: "尚未生效",
    Holds.UNSERVED: "尚未送达",
    Holds.IN_FORCE: "有效",
    Holds.REPAIRED: "已修复",
    Holds.OVER: "已结束",
    Holds.VOID: "已撤销",
}


def holds(version: Version, on: date) -> Holds:
    """First and last day belong to a term (`record.last_day`); the day of leaving a list or of a repair does not. A determination
    holds from its service, what nobody has verified not at all: as `record.standing` has it."""
    if version.gone or version.state is State.REVOKED:
        return Holds.VOID
    if not version.verified:
        return Holds.UNVERIFIED
    if on < version.from_on:
        return Holds.BEFORE
    if version.kind is Kind.BREACH and (version.served_on is None or on < version.served_on):
        return Holds.UNSERVED
    if version.repaired_on is not None and on >= version.repaired_on:
        return Holds.REPAIRED
    if version.ended_on is not None:
        if on >= version.ended_on:
            return Holds.OVER
    elif version.state is State.ENDED:
        # Ended, and nobody has written down since when: not counted against anybody.
        return Holds.OVER
    last = last_day(version)
    if last is not None and on > last:
        return Holds.OVER
    return Holds.IN_FORCE


def known(rows: Iterable[Version], known_at: datetime) -> dict[int, Version]:
    """The latest version of each entry that was written by then; of two of one moment, the later row."""
    found: dict[int, Version] = {}
    for row in rows:
        if row.known_at > known_at:
            continue
        before = found.get(row.entry_id)
        if before is None or row.known_at >= before.known_at:
            found[row.entry_id] = row
    return found


def as_of(rows: Iterable[Version], valid_on: date, known_at: datetime) -> list[Version]:
    """The entries in force on `valid_on` as they were known at `known_at`, the latest to begin first."""
    found = [row for row in known(rows, known_at).values() if holds(row, valid_on) is Holds.IN_FORCE]
    return sorted(found, key=lambda row: (row.from_on, row.entry_id), reverse=True)
