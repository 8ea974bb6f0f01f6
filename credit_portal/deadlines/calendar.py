"""Counting periods as the Civil Code (art. 200 to 204) and the State Council's holiday notices have it. Pure.

The first day is never counted. A year without a notice is counted by weekends and by the holidays that the regulation
itself fixes in the solar calendar; what depends on such a year is provisional.
"""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from .periods import last_day_after_months

SATURDAY = 5
# 全国年节及纪念日放假办法 (as of 2025): the days that need no notice. The others follow the lunar calendar.
FIXED_HOLIDAYS = {(1, 1): "元旦", (5, 1): "劳动节", (5, 2): "劳动节"} | {
    (10, day): "国庆节" for day in (1, 2, 3)
}
# Ten years and more of days: no legal period is as long, and a slip of the keyboard ends at once.
LONGEST = 4000
_DAY = timedelta(days=1)
# Units that are not counted day by day: only their ends say something.
BY_ENDS = frozenset({"months", "day_of_month", "day_of_year"})


@dataclass(frozen=True, eq=False)
class Calendar:
    """Which days are worked. `years`: those whose notice is known; `rest` and `work`: what the notices say of a day."""

    years: frozenset[int]
    rest: frozenset[date]
    work: frozenset[date]
    version: str

    def known(self, day: date) -> bool:
        return day.year in self.years

    def is_working_day(self, day: date) -> bool:
        if day in self.work:
            return True
        if day in self.rest or day.weekday() >= SATURDAY:
            return False
        return self.known(day) or (day.month, day.day) not in FIXED_HOLIDAYS


@dataclass(frozen=True)
class Counted:
    """The last day of a period. `days`: those that were counted; of a period of months only its last day by art. 202,
    which `due` may follow (art. 203). `provisional`: a year on which it depends has no notice."""

    due: date
    days: tuple[date, ...]
    provisional: bool


def count(calendar: Calendar, start: date, length: int, unit: str, *, to_act: bool = True) -> Counted:
    """The period in the unit of its rule. Raises ValueError (Chinese) for another unit, or a length or date out of
    reach."""
    match unit:
        case "working_days":
            return count_working_days(calendar, start, length)
        case "days":
            return count_days(calendar, start, length, to_act=to_act)
        case "months":
            return count_months(calendar, start, length, to_act=to_act)
        case "day_of_month":
            return on_day_of_month(calendar, start, length)
        case "day_of_year":
            return on_day_of_year(calendar, start, length)
    raise ValueError(f"不能按“{unit}”计算期限。")


def count_working_days(calendar: Calendar, start: date, n: int) -> Counted:
    """The n-th working day after `start`. Of no days at all: `start` itself, or the next working day."""
    _check(n)
    if n == 0:
        return _run_on(calendar, start, ())
    counted: list[date] = []
    provisional = False
    for day in _after(start):
        provisional |= not calendar.known(day)
        if calendar.is_working_day(day):
            counted.append(day)
            if len(counted) == n:
                break
    return Counted(counted[-1], tuple(counted), provisional)


def count_days(calendar: Calendar, start: date, n: int, *, to_act: bool) -> Counted:
    """Calendar days. `to_act`: somebody must act by the last day, which therefore runs on to a working day (art. 203)."""
    _check(n)
    days = _after(start)
    counted = tuple(next(days) for _ in range(n))
    last = counted[-1] if counted else start
    return _run_on(calendar, last, counted) if to_act else Counted(last, counted, False)


def count_months(calendar: Calendar, start: date, n: int, *, to_act: bool) -> Counted:
    """Months (art. 202), running on as days do where somebody must act."""
    _check(n)
    try:
        last = last_day_after_months(start, n)
    except ValueError as error:
        raise _too_far() from error
    return _run_on(calendar, last, (last,)) if to_act else Counted(last, (last,), False)


def on_day_of_month(calendar: Calendar, start: date, day: int) -> Counted:
    """The next day of a month with this number after `start` (of a short month its last), or the working day before it:
    a date by which something is reported is no period and runs on to nothing (S3 三（四）, S4 23)."""
    if not 1 <= day <= 31:
        raise ValueError("每月的日期应为 1 至 31。")
    named = _in_month(start.year, start.month, day)
    if named <= start:
        named = _in_month(start.year + start.month // 12, start.month % 12 + 1, day)
    return _or_before(calendar, start, named)


def on_day_of_year(calendar: Calendar, start: date, number: int) -> Counted:
    """The next day of a year with this number (month × 100 + day: 624 is 24 June) after `start`, or the working day before
    it, as `on_day_of_month` has it (S4 23)."""
    month, day = divmod(number, 100)
    if not (1 <= month <= 12 and 1 <= day <= 31):
        raise ValueError("每年的日期应为月日，例如 624。")
    named = _in_month(start.year, month, day)
    if named <= start:
        named = _in_month(start.year + 1, month, day)
    return _or_before(calendar, start, named)


def _or_before(calendar: Calendar, start: date, named: date) -> Counted:
    due = named
    while due > start and not calendar.is_working_day(due):
        due -= _DAY
    return Counted(due, (named,), not (calendar.known(named) and calendar.known(due)))


def _in_month(year: int, month: int, day: int) -> date:
    if year > date.max.year:
        raise _too_far()
    return date(year, month, min(day, monthrange(year, month)[1]))


def _run_on(calendar: Calendar, last: date, counted: tuple[date, ...]) -> Counted:
    provisional = not calendar.known(last)
    if calendar.is_working_day(last):
        return Counted(last, counted, provisional)
    for day in _after(last):
        provisional |= not calendar.known(day)
        if calendar.is_working_day(day):
            return Counted(day, counted, provisional)
    raise AssertionError("unreachable")


def _after(start: date) -> Iterator[date]:
    """The days after `start`, for ever."""
    day = start
    while True:
        if day == date.max:
            raise _too_far()
        day += _DAY
        yield day


def _check(n: int) -> None:
    if not 0 <= n <= LONGEST:
        raise ValueError(f"期限长度应为 0 至 {LONGEST} 的整数。")


def _too_far() -> ValueError:
    return ValueError("日期超出可以计算的范围。")
