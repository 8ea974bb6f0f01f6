"""Periods in months and years as the Civil Code counts them. Pure. (Working days are counted elsewhere.)"""

from calendar import monthrange
from datetime import date


def last_day_after_months(start: date, months: int) -> date:
    """Last day of a period of months that began with `start`.

    The first day is not counted (Civil Code art. 201); the period ends with the corresponding day of its last month, or
    with that month's last day where there is none (art. 202): 2026-01-15 and three months end with 2026-04-15.
    """
    if months < 0:
        raise ValueError("月数不能为负。")
    index = start.year * 12 + start.month - 1 + months
    year, month = divmod(index, 12)
    month += 1
    return date(year, month, min(start.day, monthrange(year, month)[1]))
