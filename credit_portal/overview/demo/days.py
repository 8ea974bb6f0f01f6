"""Days of the demonstration, counted in working days from today or from another."""

from datetime import date, timedelta

import chinese_calendar

from credit_portal.deadlines.calendar import Calendar


def working_days_from(calendar: Calendar, day: date, number: int) -> date:
    """The working day that many after (negative: before) a day."""
    step = timedelta(days=1 if number > 0 else -1)
    left = abs(number)
    while left:
        day += step
        if calendar.is_working_day(day):
            left -= 1
    return day


def is_working_day(day: date) -> bool:
    """By the State Council's notices; a year not announced yet by its weekends."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5


def open_day(day: date) -> date:
    """The day itself, or the last one before it on which offices were open."""
    while not is_working_day(day):
        day -= timedelta(days=1)
    return day
