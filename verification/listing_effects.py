"""What a listing has brought about, measure by measure: decided with its basis, applied by the departments in their checks, ended
with its cause (S4 11: 响应和反馈; R78)."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from credit_portal.registry.models import Domain

from .models import AppliedMeasure, CreditEntry, EntryMeasure, Listing, ListMethod

MOST = 50


@dataclass(frozen=True)
class Measure:
    """One measure of a listing: how often departments have applied it, and how many of these still run."""

    domain: str
    effect: str
    basis: str
    times: int
    running: int


def shown(row: Listing) -> dict[str, Any]:
    """For the page of a listing: its measures with their numbers, and the last times that they were applied. At most three
    queries, however many there are."""
    applied = (
        AppliedMeasure.objects.filter(entry=row.entry_id) if row.entry_id else AppliedMeasure.objects.none()
    )
    times: Counter[tuple[str, str]] = Counter()
    running: Counter[tuple[str, str]] = Counter()
    for domain, effect, over, number in (
        applied.order_by()
        .annotate(over=Q(ended_on__isnull=False))
        .values_list("domain", "effect", "over")
        .annotate(number=Count("pk"))
    ):
        # A measure for all fields has been applied in whichever field a check was.
        for key in ((domain, effect), ("", effect)):
            times[key] += number
            running[key] += 0 if over else number
    return {
        "measures": [
            Measure(
                str(Domain(one["domain"]).label) if one["domain"] else "所有领域",
                dict(EntryMeasure.EFFECTS)[one["effect"]],
                one["basis"],
                times[one["domain"], one["effect"]],
                running[one["domain"], one["effect"]],
            )
            for one in row.measures
        ],
        "applied": list(applied.select_related("department").order_by("-pk")[:MOST]),
    }


def methods_of(entries: Iterable[CreditEntry]) -> dict[int, ListMethod]:
    """By which method each of these entries came to be, for those of a listing of ours. One query."""
    rows = Listing.objects.filter(entry__in=list(entries), method__isnull=False).select_related("method")
    return {row.entry_id: row.method for row in rows if row.entry_id and row.method}
