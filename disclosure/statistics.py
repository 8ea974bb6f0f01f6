"""How much is public, for the API: in all, and by department where there are ten cases and more."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from .breach_gate import listed_breaches
from .gate import listed_commitments
from .kept import kept
from .supervision import LEAST_CASES

# Every public commitment is counted for this.
SECONDS_KEPT = 600


@dataclass(frozen=True)
class DepartmentFigures:
    """`breaches`: how many of those that it has determined are public now; None where there are fewer than ten."""

    name: str
    code: str
    commitments: int
    breaches: int | None


@dataclass(frozen=True)
class Figures:
    counted_at: datetime
    breaches: int | None
    departments: list[DepartmentFigures]


def figures(now: datetime) -> Figures:
    """Figures by department, of the last ten minutes. Two queries where they are counted."""
    return kept("statistics", SECONDS_KEPT, lambda: _count(now))


def _count(now: datetime) -> Figures:
    breaches = dict(
        listed_breaches(now)
        .order_by()
        .values_list("case__department__uscc")
        .annotate(number=Count("id"))
        .values_list("case__department__uscc", "number")
    )
    commitments = (
        listed_commitments(now)
        .order_by()
        .values_list("department__name", "department__uscc")
        .annotate(number=Count("id"))
    )
    departments = [
        DepartmentFigures(name, code, number, _enough(breaches.get(code, 0)))
        for name, code, number in commitments
        if number >= LEAST_CASES
    ]
    return Figures(
        now, _enough(sum(breaches.values())), sorted(departments, key=lambda one: (one.name, one.code))
    )


def _enough(number: int) -> int | None:
    return number if number >= LEAST_CASES else None
