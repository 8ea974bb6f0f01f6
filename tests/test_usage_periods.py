"""Which days a month's list covers, by when it is due and from when it is late."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_portal.deadlines.calendar import Calendar, count, on_day_of_month
from verification.usage import naming, periods

D = date
# The State Council's notice for the second half of 2026 as far as these lines need it.
REST = {D(2026, 10, day) for day in range(1, 8)} | {D(2026, 9, 25)}
CALENDAR = Calendar(
    years=frozenset({2026}),
    rest=frozenset(REST),
    work=frozenset({D(2026, 9, 20), D(2026, 10, 10)}),
    version="t",
)

# month, from, to (25th of the month before to the 24th), due (the 24th or the working day before), late from.
GOLDEN = [
    ("2026-07", "2026-06-25", "2026-07-24", "2026-07-24", "2026-07-26"),
    ("2026-08", "2026-07-25", "2026-08-24", "2026-08-24", "2026-08-26"),
    ("2026-09", "2026-08-25", "2026-09-24", "2026-09-24", "2026-09-26"),
    ("2026-10", "2026-09-25", "2026-10-24", "2026-10-23", "2026-10-26"),  # the 24th is a Saturday
    ("2026-11", "2026-10-25", "2026-11-24", "2026-11-24", "2026-11-26"),
]  # fmt: skip


@pytest.mark.req("R107")
@pytest.mark.parametrize(("month", "first", "last", "due", "late"), GOLDEN)
def test_the_golden_months(month: str, first: str, last: str, due: str, late: str) -> None:
    period = periods.period_of(D.fromisoformat(f"{month}-01"), from_day=25, to_day=24)
    assert (period.first.isoformat(), period.last.isoformat()) == (first, last)
    counted = count(CALENDAR, period.counts_from, 24, "day_of_month")
    assert counted.due.isoformat() == due and not counted.provisional
    assert periods.late_from(counted.due, 26).isoformat() == late


def test_a_calendar_month_is_due_in_the_month_after() -> None:
    period = periods.period_of(D(2026, 2, 10), from_day=1, to_day=31)
    assert (period.first, period.last) == (D(2026, 2, 1), D(2026, 2, 28))
    assert on_day_of_month(CALENDAR, period.counts_from, 24).due == D(2026, 3, 24)


def test_a_year_without_a_notice_is_provisional() -> None:
    counted = on_day_of_month(CALENDAR, D(2026, 12, 25), 24)
    assert counted.due == D(2027, 1, 22) and counted.provisional  # the 24th is a Sunday


def test_a_short_month_ends_where_it_ends_and_numbers_that_are_no_days_are_refused() -> None:
    assert on_day_of_month(CALENDAR, D(2026, 2, 1), 31).due == D(2026, 2, 27)  # the 28th is a Saturday
    with pytest.raises(ValueError, match="1 至 31"):
        on_day_of_month(CALENDAR, D(2026, 2, 1), 32)
    with pytest.raises(ValueError, match="1 至 31"):
        periods.period_of(D(2026, 2, 1), from_day=0, to_day=24)


@given(st.dates(D(2020, 1, 1), D(2035, 12, 31)), st.integers(1, 31))
def test_every_day_lies_in_one_period_and_the_next_begins_the_day_after(day: date, to_day: int) -> None:
    from_day = to_day % 31 + 1
    found = periods.period_with(day, from_day=max(from_day, to_day + 1) if to_day < 31 else 1, to_day=to_day)
    assert found is not None and found.first <= day <= found.last
    after = periods.period_with(found.last + timedelta(days=1), from_day=max(from_day, to_day + 1) if to_day < 31 else 1,
                                to_day=to_day)  # fmt: skip
    assert after is not None and after.first == found.last + timedelta(days=1)
    assert after.month > found.month


@given(st.dates(D(2024, 1, 1), D(2030, 12, 31)), st.integers(1, 31))
def test_the_date_in_the_month_is_a_working_day_never_after_its_number_and_never_before_the_start(
    start: date, day: int
) -> None:
    counted = on_day_of_month(CALENDAR, start, day)
    (named,) = counted.days
    assert start <= counted.due <= named
    assert counted.due == start or CALENDAR.is_working_day(counted.due)
    assert all(not CALENDAR.is_working_day(counted.due + timedelta(days=n))
               for n in range(1, (named - counted.due).days + 1))  # fmt: skip


DUE, LATE = D(2026, 9, 24), D(2026, 9, 26)


@pytest.mark.req("R108", "R134")
@pytest.mark.parametrize(
    ("submitted", "today", "checks", "has_to", "reason"),
    [
        (None, D(2026, 9, 25), 0, True, None),  # not before the 26th
        (None, D(2026, 9, 26), 0, True, "missing"),
        (D(2026, 9, 25), D(2026, 9, 30), 3, True, None),  # after the due day, before the 26th: not late
        (D(2026, 9, 26), D(2026, 9, 30), 3, True, "late"),
        (D(2026, 9, 24), D(2026, 9, 30), 0, True, "unchecked"),
        (D(2026, 9, 24), D(2026, 9, 30), 0, False, None),  # a zero list of a unit that has nothing to check
        (D(2026, 9, 28), D(2026, 9, 30), 0, True, "late"),
    ],
)
def test_who_may_be_named(
    submitted: date | None, today: date, checks: int, has_to: bool, reason: str | None
) -> None:
    found = naming.reason_of(
        due_on=DUE, late_from=LATE, submitted_on=submitted, today=today, checks=checks, has_to_check=has_to
    )
    assert (found[0] if found else None) == reason
