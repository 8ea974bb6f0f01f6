"""How a re-check is drawn, and when the next round is. Pure; the database draws the same in one statement
(`drawing.py`), and tests hold both to each other. (R64, R65; S4「定期…复核」「抽查比例和频次」)"""

import hashlib
from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date

from commitments.models import Stratum


def seed_of_round(seed: str, number: int) -> str:
    """A round's own seed, shown once it has been drawn: no later round can be told from it."""
    return hashlib.sha256(f"{seed}:{number}".encode()).hexdigest()


def place_of(seed: str, number: int, code: str) -> str:
    """Where a commitment stands in the order of a round: the smaller, the sooner it is drawn."""
    return hashlib.sha256(f"{seed}:{number}:{code}".encode()).hexdigest()


def how_many(population: int, percent: int) -> int:
    """The share of a population, rounded up: of one commitment and more at least one is looked at."""
    return (population * percent + 99) // 100


def draw(
    population: Iterable[tuple[str, str]], *, seed: str, number: int, percents: Mapping[str, int]
) -> list[str]:
    """The codes drawn of (code, stratum): in each stratum the first by hash, as many as its share says. The same for the
    same seed, in whatever order the population comes. In the order of codes."""
    strata: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for code, stratum in population:
        strata[stratum].append((place_of(seed, number, code), code))
    drawn: list[str] = []
    for stratum, rows in strata.items():
        drawn += [code for _, code in sorted(rows)[: how_many(len(rows), percents[stratum])]]
    return sorted(drawn)


def fingerprint(population: Iterable[tuple[str, str]]) -> str:
    """The hash of a population: a line each, code and stratum, in the order of codes."""
    lines = "".join(f"{code} {stratum}\n" for code, stratum in sorted(population))
    return hashlib.sha256(lines.encode()).hexdigest()


def percents_of(percent: int, *, higher: int | None, lower: int | None) -> dict[str, int]:
    """The share of each stratum; without strata of a plan all are drawn by the ordinary one."""
    return {
        Stratum.HIGHER: percent if higher is None else higher,
        Stratum.ORDINARY: percent,
        Stratum.LOWER: percent if lower is None else lower,
    }


def next_round(starts_on: date, previous: date, months: int) -> date:
    """The day of the round after `previous`: as many months on, on the day of the month on which the plan began, or on
    that month's last day where there is none (art. 202). It is the portal that draws: a holiday moves nothing."""
    index = previous.year * 12 + previous.month - 1 + months
    year, month = divmod(index, 12)
    month += 1
    return date(year, month, min(starts_on.day, monthrange(year, month)[1]))


def percent_of(part: int, whole: int) -> int | None:
    """A rate as it is shown, rounded down; None of nothing."""
    return part * 100 // whole if whole else None
