"""Counting periods: the table an official has signed, an independent slow count, and what no period may ever do."""

import csv
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_portal.deadlines import holiday_notices
from credit_portal.deadlines.calendar import (
    LONGEST,
    Calendar,
    count,
    count_days,
    count_months,
    count_working_days,
)
from credit_portal.deadlines.models import CalendarDay

UNITS = {"工作日": "working_days", "日": "days", "个月": "months"}
SHIPPED = holiday_notices.shipped_notices()
KNOWN = range(2004, 2027)
STARTS = st.dates(date(2004, 1, 1), date(2026, 12, 31))
LENGTHS = st.integers(1, 60)


def made_of(notices) -> Calendar:
    days = [day for notice in notices for day in notice.days]
    return Calendar(
        frozenset(notice.year for notice in notices),
        rest=frozenset(day.day for day in days if day.kind == CalendarDay.Kind.REST),
        work=frozenset(day.day for day in days if day.kind == CalendarDay.Kind.WORK),
        version="made in a test",
    )


CALENDAR = made_of(SHIPPED)


def worked(day: date) -> bool:
    """Said again by another: the library where it knows the year; else weekends and the fixed holidays rest."""
    if day.year in KNOWN:
        return chinese_calendar.is_workday(day)
    return day.weekday() < 5 and f"{day:%m-%d}" not in ("01-01", "05-01", "05-02", "10-01", "10-02", "10-03")


def slowly(start: date, n: int, is_worked: Callable[[date], bool] = worked) -> list[date]:
    day, found = start, []
    while len(found) < n:
        day += timedelta(days=1)
        if is_worked(day):
            found.append(day)
    return found


# ---- the table ---------------------------------------------------------------------------------------------


def golden() -> list[dict[str, str]]:
    with (Path(__file__).parent / "golden" / "due_dates.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_table_is_long_enough_and_reaches_from_the_first_to_the_last_year():
    rows = golden()
    assert len(rows) >= 60
    assert {row["起算日"][:4] for row in rows} >= {"2004", "2026"}
    assert {row["单位"] for row in rows} == set(UNITS)
    assert {row["暂定"] for row in rows} == {"是", "否"}


@pytest.mark.req("R73")
@pytest.mark.parametrize(
    "row", golden(), ids=lambda row: f"{row['起算日']}+{row['期限']}{UNITS[row['单位']]}"
)
def test_a_period_ends_on_the_day_of_the_signed_table(row):
    counted = count(CALENDAR, date.fromisoformat(row["起算日"]), int(row["期限"]), UNITS[row["单位"]])
    assert [str(day) for day in counted.days] == row["计入的日子"].split()
    assert (str(counted.due), "是" if counted.provisional else "否") == (row["到期日"], row["暂定"])


# ---- the shipped years -------------------------------------------------------------------------------------


def test_the_shipped_years_are_the_years_of_the_library_without_a_gap():
    assert [notice.year for notice in SHIPPED] == list(KNOWN)


@pytest.mark.parametrize("year", KNOWN)
def test_every_day_of_a_shipped_year_is_what_the_library_says(year):
    day = date(year, 1, 1)
    while day.year == year:
        assert CALENDAR.is_working_day(day) == chinese_calendar.is_workday(day), day
        day += timedelta(days=1)


def test_the_festivals_of_the_shipped_years_bear_their_names():
    chinese = {
        "New Year's Day": "元旦",
        "Spring Festival": "春节",
        "Tomb-sweeping Day": "清明节",
        "Labour Day": "劳动节",
        "Dragon Boat Festival": "端午节",
        "Mid-autumn Festival": "中秋节",
        "National Day": "国庆节",
        "Anti-Fascist 70th Day": "抗战胜利70周年纪念日",
    }
    told = {**chinese_calendar.holidays, **chinese_calendar.workdays}
    for notice in SHIPPED:
        for day in notice.days:
            assert day.name == chinese[told[day.day]], day


def test_days_moved_in_december_belong_to_the_notice_of_the_new_year():
    for notice in SHIPPED:
        for day in notice.days:
            assert day.day.year == notice.year or (day.name == "元旦" and day.day.year == notice.year - 1)


# ---- what always holds -------------------------------------------------------------------------------------


@given(STARTS, LENGTHS)
def test_working_days_are_those_that_walking_day_by_day_finds(start, n):
    counted = count_working_days(CALENDAR, start, n)
    assert list(counted.days) == slowly(start, n)
    assert counted.due == counted.days[-1]


@given(STARTS, LENGTHS)
def test_the_first_day_is_never_counted_and_the_last_is_never_a_day_of_rest(start, n):
    counted = count_working_days(CALENDAR, start, n)
    assert start not in counted.days and min(counted.days) > start
    assert all(CALENDAR.is_working_day(day) for day in counted.days)


@given(STARTS, st.integers(0, 59), st.sampled_from(["working_days", "days", "months"]))
def test_a_longer_period_and_a_later_beginning_never_end_earlier(start, n, unit):
    here = count(CALENDAR, start, n, unit)
    assert count(CALENDAR, start, n + 1, unit).due >= here.due
    assert count(CALENDAR, start + timedelta(days=1), n, unit).due >= here.due
    assert here.due >= start


@given(st.dates(date(2025, 1, 1), date(2028, 12, 31)), LENGTHS)
def test_a_count_is_provisional_exactly_when_it_passes_a_year_without_notice(start, n):
    counted = count_working_days(CALENDAR, start, n)
    passed = {(start + timedelta(days=1 + i)).year for i in range((counted.due - start).days)}
    assert counted.provisional == (not passed <= set(KNOWN))


@given(STARTS, st.integers(0, 800))
def test_days_in_which_nobody_must_act_end_where_they_end(start, n):
    counted = count_days(CALENDAR, start, n, to_act=False)
    assert (counted.due - start).days == n == len(counted.days)
    assert not counted.provisional


@given(STARTS, st.integers(0, 120))
def test_to_act_a_period_runs_on_to_the_next_working_day_and_no_further(start, n):
    for plain, to_act in (
        (count_days(CALENDAR, start, n, to_act=False), count_days(CALENDAR, start, n, to_act=True)),
        (count_months(CALENDAR, start, n, to_act=False), count_months(CALENDAR, start, n, to_act=True)),
    ):
        assert to_act.due == (plain.due if worked(plain.due) else slowly(plain.due, 1)[0])
        assert to_act.days == plain.days


def test_a_publicity_is_not_lengthened_by_a_holiday_at_its_end():
    start = date(2026, 7, 1)
    assert count_months(CALENDAR, start, 3, to_act=False).due == date(2026, 10, 1)
    assert count_months(CALENDAR, start, 3, to_act=True).due == date(2026, 10, 8)


def test_a_period_of_no_days_is_due_at_once_or_on_the_next_working_day():
    assert count_working_days(CALENDAR, date(2026, 9, 14), 0).due == date(2026, 9, 14)
    assert count_working_days(CALENDAR, date(2026, 10, 1), 0).due == date(2026, 10, 8)


def test_without_any_notice_the_fixed_holidays_rest_and_all_is_provisional():
    bare = Calendar(frozenset(), frozenset(), frozenset(), "none")
    resting = [day for day in _days_of(2026) if not bare.is_working_day(day) and day.weekday() < 5]
    assert [f"{day:%m-%d}" for day in resting] == ["01-01", "05-01", "10-01", "10-02"]
    assert count_working_days(bare, date(2026, 9, 28), 7).provisional
    assert not bare.known(date(2026, 9, 28))


def _days_of(year: int) -> list[date]:
    return [date(year, 1, 1) + timedelta(days=i) for i in range(365)]


@pytest.mark.parametrize("n", [-1, LONGEST + 1, 10**9])
@pytest.mark.parametrize("unit", ["working_days", "days", "months"])
def test_a_length_out_of_reach_is_refused_in_words(unit, n):
    with pytest.raises(ValueError, match="期限长度应为 0 至 4000 的整数"):
        count(CALENDAR, date(2026, 9, 14), n, unit)


@pytest.mark.parametrize("unit", ["working_days", "days", "months"])
def test_a_date_beyond_the_calendar_is_refused_in_words(unit):
    with pytest.raises(ValueError, match="超出可以计算的范围"):
        count(CALENDAR, date(9999, 12, 20), 30, unit)


def test_an_unknown_unit_is_refused():
    with pytest.raises(ValueError, match="不能按“percent”计算期限"):
        count(CALENDAR, date(2026, 9, 14), 7, "percent")
