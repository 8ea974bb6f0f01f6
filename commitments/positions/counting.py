"""How many members of each key occupational group have committed themselves, and which (R9, R19)."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Max, Q, QuerySet

from commitments.models import Commitment, CommitmentParticulars, ReadingMaterial
from credit_portal.registry import occupations
from credit_portal.registry.models import OccupationGroup, ServiceItemVersion, User
from credit_portal.registry.visibility import limit_to_visible


@dataclass(frozen=True)
class Row:
    """A group with its figures: people who have committed themselves, commitments of the year, units, breaches."""

    group: OccupationGroup
    people: int
    in_year: int
    units: int
    broken: int
    last: date | None
    items: int
    reading: bool


def visible(user: User) -> QuerySet[CommitmentParticulars]:
    """Those of the own department, or of the own region and below. A corrected or voided commitment does not count."""
    rows = CommitmentParticulars.objects.filter(
        occupation__isnull=False, commitment__voided_at=None, commitment__corrected_by=None
    )
    return limit_to_visible(rows, user, department_field="commitment__department")


def figures(user: User, *, year: int, today: date) -> list[Row]:
    """Every group in use, and those of the past that somebody has committed himself in. A constant number of queries."""
    broken = (Commitment.Fulfilment.PARTIAL, Commitment.Fulfilment.UNFULFILLED)
    counted: dict[int, dict[str, Any]] = {
        row["occupation"]: dict(row)
        for row in visible(user)
        .order_by()
        .values("occupation")
        .annotate(
            people=Count("commitment__subject", distinct=True),
            in_year=Count("pk", filter=Q(commitment__made_on__year=year)),
            units=Count("unit", distinct=True),
            broken=Count("pk", filter=Q(commitment__fulfilment__in=broken)),
            last=Max("commitment__made_on"),
        )
    }
    items = dict(
        ServiceItemVersion.objects.filter(status="published", occupation__isnull=False)
        .order_by()
        .values_list("occupation")
        .annotate(Count("item", distinct=True))
    )
    read = set(
        ReadingMaterial.objects.filter(is_current=True, occupation__isnull=False).values_list(
            "occupation", flat=True
        )
    )
    current = set(occupations.current_groups(today).values_list("pk", flat=True))
    nothing: dict[str, Any] = {"people": 0, "in_year": 0, "units": 0, "broken": 0, "last": None}
    return [
        Row(
            group,
            **{key: counted.get(group.pk, nothing)[key] for key in nothing},
            items=items.get(group.pk, 0),
            reading=group.pk in read,
        )
        for group in OccupationGroup.objects.all()
        if group.pk in current or group.pk in counted
    ]
