"""When a day's reading wants a question. Pure; days and hours are Shanghai's.

None of it is law, and nobody is harmed by it: it chooses what a person asks about. A clerk reads two hundred records a day at
a busy window, so volume is measured against what the same person usually reads.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time
from statistics import median

# From so many subjects a day on, and from three times the usual.
LEAST, TIMES = 60, 3
# Who has read on fewer days than this has no usual yet.
DAYS_NEEDED, NEWCOMER = 5, 250
DAYS_BACK = 28
# Outside of these hours, and on days that are not worked.
OPENS, CLOSES = time(7), time(21)
LEAST_OFF_HOURS = 5


@dataclass(frozen=True)
class Limit:
    """`subjects`: from more than so many on a day it is asked about; `usual`: the median of days with readings, if known."""

    subjects: int
    usual: int | None


def limit_of(days: Sequence[int]) -> Limit:
    """From how many subjects were read on each earlier day with readings."""
    if len(days) < DAYS_NEEDED:
        return Limit(NEWCOMER, None)
    usual = round(median(days))
    return Limit(max(LEAST, TIMES * usual), usual)


def too_many(subjects: int, limit: Limit) -> bool:
    return subjects > limit.subjects


def off_hours(readings: int) -> bool:
    """Of so many readings outside of working hours on one day."""
    return readings >= LEAST_OFF_HOURS
