"""Which days a month's list covers and from when it is late. Pure. (S3 三（四）; process: monthly_list_period.)"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class Period:
    """`month`: the first day of the month that the list is named for; both ends belong to it."""

    month: date
    first: date
    last: date

    @property
    def counts_from(self) -> date:
        """The day after which the date of reporting is looked for: the next such date must not lie before the end."""
        return (
            self.first
            if self.first.month != self.last.month or self.first.year != self.last.year
            else self.last
        )


def period_of(month: date, *, from_day: int, to_day: int) -> Period:
    """The days of a month's list. From a day of the month before to one of its own, or, where the first number is the
    smaller, within the month itself. Raises ValueError for numbers that are no days."""
    for number in (from_day, to_day):
        if not 1 <= number <= 31:
            raise ValueError("月报期间的起止日应为 1 至 31。")
    named = month.replace(day=1)
    last = _day(named, to_day)
    if from_day <= to_day:
        return Period(named, _day(named, from_day), last)
    before = named - timedelta(days=1)
    # The period begins on the day after the one before has ended, whatever the month's length.
    return Period(named, _day(before, to_day) + timedelta(days=1), last)


def period_with(day: date, *, from_day: int, to_day: int) -> Period | None:
    """The period that a day lies in; None where the rule leaves that day out."""
    for month in (day, _next_month(day)):
        found = period_of(month, from_day=from_day, to_day=to_day)
        if found.first <= day <= found.last:
            return found
    return None


def late_from(due_on: date, late_from_day: int) -> date:
    """The day from which a list may be called late: of the month in which it is due, and never before the day after."""
    return max(_day(due_on, late_from_day), due_on + timedelta(days=1))


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def _day(month: date, number: int) -> date:
    return month.replace(day=min(number, monthrange(month.year, month.month)[1]))
