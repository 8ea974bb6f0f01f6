"""What is bundled into one visit. Pure. (S1, S4 16「进一次门、查多项事」; R71)"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple


class Matter(NamedTuple):
    """A drawn re-check that is to be looked at by a day."""

    recheck: int
    subject: int
    region: str
    department: int
    due_on: date


@dataclass(frozen=True)
class Bundle:
    """One subject in one region: by the first day that any of its matters is due; `lead` has most of them, of two with as
    many the one whose number is smaller."""

    subject: int
    region: str
    lead: int
    until_on: date
    departments: tuple[int, ...]
    rechecks: tuple[int, ...]


def bundle(matters: Iterable[Matter], *, today: date) -> list[Bundle]:
    """Bundles of two matters and more, whatever the order in which the matters come. What is overdue goes on its own: it
    does not wait for others."""
    grouped: dict[tuple[int, str], list[Matter]] = defaultdict(list)
    for one in matters:
        if one.due_on >= today:
            grouped[one.subject, one.region].append(one)
    found = []
    for (subject, region), rows in sorted(grouped.items()):
        if len(rows) < 2:
            continue
        counted = Counter(one.department for one in rows)
        found.append(
            Bundle(
                subject,
                region,
                min(counted, key=lambda pk: (-counted[pk], pk)),
                min(one.due_on for one in rows),
                tuple(sorted(counted)),
                tuple(sorted(one.recheck for one in rows)),
            )
        )
    return found
