"""Visits as people read them: at the desk with every matter, on the subject's own pages as the one that comes."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Exists, Q, QuerySet
from django.utils.functional import cached_property

from commitments.models import Visit, VisitPart
from credit_portal.registry.models import CreditSubject

from .arranging import open_matters

NAMED = 5


@dataclass(frozen=True)
class Coming:
    """A visit as its subject is told of it; `matters`: how many are still to be looked at."""

    visit: Visit
    matters: int

    @cached_property
    def departments(self) -> list[str]:
        return [
            part.department.name for part in self.visit.parts.all() if part.state != VisitPart.State.DECLINED
        ]


def announced_to(subject: CreditSubject) -> QuerySet[Visit]:
    """The visits that the subject was told of."""
    return Visit.objects.filter(subject=subject, announced=True, state=Visit.State.PLANNED)


def coming_of(subject: CreditSubject, today: date) -> list[Coming]:
    """The announced visits that are still to come, the first first. Three queries at most."""
    rows = (
        with_counts(announced_to(subject).filter(Exists(open_matters()), day__gte=today))
        .select_related("lead")
        .prefetch_related("parts__department")
        .order_by("day", "pk")[:NAMED]
    )
    return [Coming(one, one.left) for one in rows]


def with_counts(rows: QuerySet[Visit]) -> QuerySet[Visit]:
    """With `all_matters` and `left`, how many of them are to be answered."""
    mine = Q(matters__released=False)
    return rows.annotate(
        all_matters=Count("matters", filter=mine),
        left=Count("matters", filter=mine & Q(matters__recheck__finding="")),
    )
