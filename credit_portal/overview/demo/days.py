"""Days of the demonstration, counted in working days from today or from another."""

from datetime import date, timedelta

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
