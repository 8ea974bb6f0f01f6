"""Half-years, and from when a report is late. Pure. (S4 23; process: half_year_report.)"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

WRITTEN = re.compile(r"(20[0-9]{2})H([12])")


@dataclass(frozen=True, order=True)
class Half:
    """A calendar half-year: January to June (1) or July to December (2). Both ends belong to it."""

    year: int
    number: int

    @property
    def code(self) -> str:
        return f"{self.year}H{self.number}"

    @property
    def first(self) -> date:
        return date(self.year, 1 if self.number == 1 else 7, 1)

    @property
    def last(self) -> date:
        return date(self.year, 6, 30) if self.number == 1 else date(self.year, 12, 31)

    @property
    def in_words(self) -> str:
        return f"{self.year}年{'上' if self.number == 1 else '下'}半年"

    @property
    def before(self) -> "Half":
        return Half(self.year, 1) if self.number == 2 else Half(self.year - 1, 2)


def half_of(day: date) -> Half:
    """The half-year that a day lies in."""
    return Half(day.year, 1 if day.month <= 6 else 2)


def parse(text: str) -> Half:
    """«2026H2» as a half-year. Raises ValueError (Chinese) for anything else."""
    found = WRITTEN.fullmatch(text)
    if found is None:
        raise ValueError(f"半年“{text[:20]}”应写作 2026H2 的形式：H1 为上半年，H2 为下半年。")
    return Half(int(found[1]), int(found[2]))


def in_words(code: str) -> str:
    return parse(code).in_words


def late_from(named: date, due_on: date, month_days: Iterable[str]) -> date:
    """The day from which a report may be called late: the first of the rule's days («06-26») after the named date by which
    it is due, which a rest day may have moved forward to `due_on`; without such a day, the one after `named`."""
    for year in (named.year, named.year + 1):
        for month_day in sorted(month_days):
            month, day = (int(part) for part in month_day.split("-"))
            # A rule's 29 February is the 1 March of a year without one.
            found = date(year, 3, 1) if month_day == "02-29" and not _leap(year) else date(year, month, day)
            if found > named:
                return found
    return max(named, due_on) + timedelta(days=1)


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
