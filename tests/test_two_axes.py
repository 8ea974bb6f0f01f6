"""What was in force on a day as it was known on a day: a table that an official can sign, and what always holds of it."""

import csv
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_portal.audit.clock import SHANGHAI
from verification.knowing import end_of
from verification.record import Entry, standing
from verification.two_axes import Holds, Version, as_of, holds, known
from verification.vocabulary import ADVERSE, GOOD, Kind, Standing, State

pytestmark = pytest.mark.req("R67", "R68")
GOLDEN = Path(__file__).parent / "golden" / "record_as_of.csv"


def at(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 10, 30, tzinfo=SHANGHAI)


ENTERED = Version(1, at(3, 5), Kind.PENALTY, State.EFFECTIVE, date(2026, 2, 20), date(2026, 5, 31))
LATER = ENTERED._replace(known_at=at(4, 10))
DETERMINED = ENTERED._replace(kind=Kind.BREACH, until_on=None)
RECORDS: dict[str, list[Version]] = {
    "处罚：3月5日录入，2月20日至5月31日": [ENTERED],
    "同上，4月10日登记：4月10日修复": [
        ENTERED, LATER._replace(state=State.REPAIRED, repaired_on=date(2026, 4, 10)),
    ],
    "同上，4月10日登记：4月8日移出": [ENTERED, LATER._replace(state=State.ENDED, ended_on=date(2026, 4, 8))],
    "同上，4月10日登记：撤销": [ENTERED, LATER._replace(state=State.REVOKED)],
    "同上，4月10日更正：自3月1日起": [
        ENTERED, LATER._replace(state=State.REVOKED), LATER._replace(entry_id=2, from_on=date(2026, 3, 1)),
    ],
    "没有期限的名单：3月5日录入，自3月1日起": [ENTERED._replace(from_on=date(2026, 3, 1), until_on=None)],
    "处罚：3月5日录入，2月20日至5月31日，公示至8月31日": [ENTERED._replace(public_until=date(2026, 8, 31))],
    "处罚：3月5日录入，2月20日起，没有期限，公示至8月31日": [
        ENTERED._replace(until_on=None, public_until=date(2026, 8, 31)),
    ],
    "处罚：3月5日录入，2月20日至5月31日，没有核实": [ENTERED._replace(verified=False)],
    "违诺：3月5日写入，2月20日认定，没有送达": [DETERMINED],
    "同上，4月10日登记：4月8日送达，公示至7月7日": [
        DETERMINED, DETERMINED._replace(
            known_at=at(4, 10), served_on=date(2026, 4, 8), public_until=date(2026, 7, 7)
        ),
    ],
    "诚信典型：3月5日录入，2月20日至5月31日，公示至8月31日": [
        ENTERED._replace(kind=Kind.EXEMPLARY, public_until=date(2026, 8, 31)),
    ],
}  # fmt: skip
NAMES = {1: "原记录", 2: "更正后的记录"}


def test_the_table_that_an_official_can_sign_is_what_the_rule_says():
    with GOLDEN.open(encoding="utf-8") as signed:
        lines = list(csv.DictReader(signed))
    wrong = []
    for line in lines:
        found = as_of(
            RECORDS[line["记录"]],
            date.fromisoformat(line["效力日"]),
            end_of(date.fromisoformat(line["当时所知"])),
        )
        said = "、".join(NAMES[one.entry_id] for one in found) or "无"
        if said != line["有效的记录"]:
            wrong.append((line, said))
    assert not wrong and {line["记录"] for line in lines} == set(RECORDS)


DAYS = st.dates(date(2025, 1, 1), date(2027, 12, 31))
MOMENTS = st.integers(0, 40_000).map(lambda minutes: at(1, 1) + timedelta(minutes=minutes * 10))


@st.composite
def versions(draw: st.DrawFn) -> Version:
    state = draw(st.sampled_from(State))
    first = draw(DAYS)
    return Version(
        entry_id=draw(st.integers(1, 4)),
        known_at=draw(MOMENTS),
        kind=draw(st.sampled_from(Kind)),
        state=state,
        from_on=first,
        until_on=draw(st.none() | st.integers(0, 400).map(lambda days: first + timedelta(days=days))),
        served_on=draw(st.none() | DAYS),
        public_until=draw(st.none() | st.integers(0, 400).map(lambda days: first + timedelta(days=days))),
        verified=draw(st.booleans()) or draw(st.booleans()),
        ended_on=draw(DAYS) if state is State.ENDED else None,
        repaired_on=draw(DAYS) if state is State.REPAIRED else None,
        gone=draw(st.booleans()) and draw(st.booleans()),
    )


RECORD = st.lists(versions(), max_size=12)


@given(RECORD, DAYS, st.integers(0, 1000))
def test_known_later_than_all_changes_it_is_the_state_of_today(
    rows: Sequence[Version], on: date, more: int
) -> None:
    last = max((row.known_at for row in rows), default=at(1, 1))
    latest: dict[int, Version] = {}
    for row in sorted(rows, key=lambda row: row.known_at):
        latest[row.entry_id] = row
    today = {row.entry_id for row in latest.values() if holds(row, on) is Holds.IN_FORCE}
    assert {row.entry_id for row in as_of(rows, on, last + timedelta(minutes=more))} == today


@given(RECORD, DAYS)
def test_before_the_first_entry_nothing_is_known(rows: Sequence[Version], on: date) -> None:
    first = min((row.known_at for row in rows), default=at(1, 1))
    assert as_of(rows, on, first - timedelta(microseconds=1)) == []


@given(RECORD, RECORD, DAYS, MOMENTS)
def test_what_is_learnt_later_never_changes_what_was_known(
    rows: Sequence[Version], later: Sequence[Version], on: date, moment: datetime
) -> None:
    news = [row._replace(known_at=max(row.known_at, moment + timedelta(minutes=1))) for row in later]
    assert as_of([*rows, *news], on, moment) == as_of(rows, on, moment)


@given(RECORD, MOMENTS, MOMENTS)
def test_whoever_knows_later_knows_of_no_fewer_entries(
    rows: Sequence[Version], one: datetime, other: datetime
) -> None:
    sooner, later = sorted((one, other))
    assert set(known(rows, sooner)) <= set(known(rows, later))


@given(RECORD, DAYS, MOMENTS)
def test_an_entry_in_force_is_in_force_once_and_has_begun(
    rows: Sequence[Version], on: date, moment: datetime
) -> None:
    found = as_of(rows, on, moment)
    assert len({row.entry_id for row in found}) == len(found)
    assert all(row.from_on <= on and row.known_at <= moment for row in found)


COUNTS = frozenset(
    {Standing.UNREPAIRED, Standing.IN_PUBLICITY, Standing.LOCKED, Standing.GOOD, Standing.WATCHED}
)


@given(versions(), DAYS)
def test_what_holds_by_this_is_what_counts_in_a_check(row: Version, on: date) -> None:
    repaired = row.state is State.REPAIRED
    if (
        row.gone
        or row.state is State.ENDED
        or (row.kind not in ADVERSE and (repaired or not _is_factor(row.kind)))
    ):
        # A check reads no rows that are gone, knows what was ended by its state, and only adverse rows are repaired.
        return
    entry = Entry(
        id=row.entry_id, kind=row.kind, state=row.state, from_on=row.from_on, until_on=row.until_on,
        served_on=row.served_on, public_until=row.public_until, repaired_on=row.repaired_on, verified=row.verified,
    )  # fmt: skip
    assert (holds(row, on) is Holds.IN_FORCE) == (standing(entry, on) in COUNTS)


def _is_factor(kind: Kind) -> bool:
    return kind in ADVERSE | GOOD | {Kind.LOCKOUT, Kind.WATCH}


def test_of_two_versions_of_one_moment_the_later_row_counts():
    twice = [ENTERED, ENTERED._replace(state=State.REVOKED)]
    assert as_of(twice, date(2026, 3, 10), at(3, 5)) == []
