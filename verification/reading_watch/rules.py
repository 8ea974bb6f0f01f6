"""When a day's reading wants a question. Pure; days and hours are Shanghai's.

None of it is law, and nobody is harmed by it: it chooses what a person asks about. A clerk reads two hundred records a day at
a busy window, so volume is measured against what the same person usually reads. A department's own system reads more, and
works at night as it was set to: both are measured against what the same system usually does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time
from statistics import median


@dataclass(frozen=True)
class Measure:
    """`least`: fewer are never asked about; `newcomer`: from more than so many, where there is no usual yet."""

    least: int
    newcomer: int


# Subjects a day, of staff and of systems; readings a day outside of working hours, of systems.
STAFF, SYSTEM, SYSTEM_OFF_HOURS = Measure(60, 250), Measure(300, 2_000), Measure(50, 50)
TIMES = 3
# Who has read on fewer days than this has no usual yet.
DAYS_NEEDED, DAYS_BACK = 5, 28
# Outside of these hours, and on days that are not worked.
OPENS, CLOSES = time(7), time(21)
LEAST_OFF_HOURS = 5


@dataclass(frozen=True)
class Limit:
    """`most`: from more than so many on a day it is asked about; `usual`: the median of days with readings, if known."""

    most: int
    usual: int | None


def limit_of(days: Sequence[int], measure: Measure = STAFF) -> Limit:
    """From how many there were on each earlier day with readings."""
    if len(days) < DAYS_NEEDED:
        return Limit(measure.newcomer, None)
    usual = round(median(days))
    return Limit(max(measure.least, TIMES * usual), usual)


def too_many(number: int, limit: Limit) -> bool:
    return number > limit.most


def off_hours(readings: int) -> bool:
    """Of so many readings of one member of staff outside of working hours on one day."""
    return readings >= LEAST_OFF_HOURS
