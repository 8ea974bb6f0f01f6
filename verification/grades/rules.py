"""What a record comes to by a published standard: reasons whose points make up the score, and the grade by its bounds.
Pure; the database does the same for all subjects in one statement (`grading.py`), and tests hold both to each other.

Never against a subject: what was repaired, has ended or run out, was not served, is not verified, or is objected to
(the settled table of a check). (S1 三（七）, S4 7; R66)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from credit_portal.deadlines.periods import last_day_after_months
from verification.record import Entry, standing
from verification.vocabulary import ADVERSE, KIND_LABELS, Kind, Standing, State

UNREPAIRED, IN_PUBLICITY, VALID = "unrepaired", "in_publicity", "valid"
RAISES = frozenset({Kind.EXEMPLARY, Kind.GOOD_STANDING, Kind.AWARD, Kind.FULFILMENT, Kind.REGISTRATION})
LETTERS = ("A", "B", "C", "D")
BASE = 0  # the number of the line that gives the points one begins with


@dataclass(frozen=True)
class Indicator:
    """`months`: how long an entry counts, from its own day; `most`: how many at most, the newest first."""

    number: int
    kind: Kind
    counts: str
    points: int
    grade: str = ""
    months: int | None = None
    most: int | None = None


@dataclass(frozen=True)
class Standard:
    """`bounds`: the least points of A, B and C, falling."""

    base: int
    bounds: tuple[int, int, int]
    indicators: tuple[Indicator, ...]


@dataclass(frozen=True)
class Reason:
    """A line of the score: an entry by an indicator; the first line, without an entry, gives the base."""

    number: int
    points: int
    entry: int | None = None
    on: date | None = None
    title: str = ""


@dataclass(frozen=True)
class Result:
    points: int
    grade: str
    reasons: tuple[Reason, ...]


def grade(record: Iterable[Entry], standard: Standard, on: date) -> Result:
    """Grade a record on a day. Each entry counts once, by the first indicator that it fits; of an indicator the newest
    entries, as many as it says. In whatever order the record comes, the result is the same."""
    by_indicator: dict[int, list[Entry]] = {}
    indicators = sorted(standard.indicators, key=lambda one: one.number)
    for entry in record:
        found = next((one for one in indicators if fits(entry, one, on)), None)
        if found is not None:
            by_indicator.setdefault(found.number, []).append(entry)
    reasons = [Reason(BASE, standard.base)]
    for one in indicators:
        entries = sorted(by_indicator.get(one.number, ()), key=_newest)
        reasons += [
            Reason(one.number, one.points, entry.id, entry.from_on, entry.title)
            for entry in entries[: one.most]
        ]
    points = sum(reason.points for reason in reasons)
    return Result(points, letter(points, standard.bounds), tuple(reasons))


def _newest(entry: Entry) -> tuple[int, int]:
    return (-(entry.from_on or date.min).toordinal(), -entry.id)


def fits(entry: Entry, one: Indicator, on: date) -> bool:
    """Whether an entry counts by an indicator on a day."""
    if entry.kind is not one.kind or entry.state is not State.EFFECTIVE or not entry.verified:
        return False
    if one.grade and one.grade != entry.grade:
        return False
    if entry.from_on is None or on < entry.from_on:
        return False
    if one.months is not None and on > last_day_after_months(entry.from_on, one.months):
        return False
    if one.counts == VALID:
        return entry.kind in RAISES and (entry.until_on is None or on <= entry.until_on)
    if entry.kind not in ADVERSE or entry.objection_under_way:
        return False
    now = standing(entry, on)
    wanted = (
        {Standing.IN_PUBLICITY}
        if one.counts == IN_PUBLICITY
        else {Standing.IN_PUBLICITY, Standing.UNREPAIRED}
    )
    return now in wanted


def letter(points: int, bounds: Sequence[int]) -> str:
    """The grade of a score: the first bound that it reaches."""
    return next((name for name, least in zip(LETTERS, bounds, strict=False) if points >= least), LETTERS[-1])


def without(record: Iterable[Entry], entry_id: int, standard: Standard, on: date) -> Result:
    """What the record would come to if this entry were repaired."""
    return grade([one for one in record if one.id != entry_id], standard, on)


def problems(standard: Standard) -> list[str]:
    """What is wrong with a standard as a whole, in Chinese."""
    found = []
    high, middle, low = standard.bounds
    if not high > middle > low:
        found.append("各等级的最低分应从高到低：信用好、信用较好、信用一般。")
    if not standard.indicators:
        found.append("至少写一项指标。")
    if letter(standard.base, standard.bounds) == LETTERS[-1]:
        found.append("没有任何记录的主体按起评分就是“信用较差”：请降低各等级的最低分，或者提高起评分。")
    seen: set[tuple[object, ...]] = set()
    for one in sorted(standard.indicators, key=lambda one: one.number):
        where = f"第 {one.number} 项"
        if one.kind in ADVERSE:
            if one.points >= 0:
                found.append(f"{where}：{KIND_LABELS[one.kind]}只能减分，请填写负数。")
            if one.counts == VALID or (one.counts == IN_PUBLICITY and one.kind is not Kind.BREACH):
                found.append(
                    f"{where}：{KIND_LABELS[one.kind]}应选“没有修复的”；“公示期内的”只用于承诺违约。"
                )
        elif one.kind in RAISES:
            if one.points <= 0:
                found.append(f"{where}：{KIND_LABELS[one.kind]}只能加分，请填写正数。")
            if one.counts != VALID:
                found.append(f"{where}：{KIND_LABELS[one.kind]}应选“有效的”。")
            if one.grade:
                found.append(f"{where}：{KIND_LABELS[one.kind]}没有程度，请不选。")
        else:
            found.append(f"{where}：{KIND_LABELS[one.kind]}不能作为评级指标。")
        same = (one.kind, one.counts, one.grade, one.months)
        if same in seen:
            found.append(f"{where}：与前面的一项范围相同，不会有记录归入。")
        seen.add(same)
    return found
