"""What a listing brings about, measure by measure: what was decided with it and what the public list of measures has for its list,
each with its basis; applied by the departments in their checks, ended with its cause (S4 11: 响应和反馈; R78)."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Q

from credit_portal.registry.models import Domain

from .facts import listed_in_force, listed_measure
from .models import AppliedMeasure, CreditEntry, Listing, ListMethod
from .record import Measure
from .vocabulary import EFFECT_LABELS, Effect

MOST = 50
# Which list of the public measures those of a kind stand on.
LISTS = {Listing.Kind.JOINT: "joint_sanction", Listing.Kind.WATCH: "watch"}


@dataclass(frozen=True)
class Applied:
    """One measure of a listing: how often departments have applied it, and how many of these still run."""

    words: str
    basis: str
    times: int
    running: int


def in_words(one: Measure) -> tuple[str, str]:
    """A measure as people read it, and its basis."""
    if one.effect == Effect.EXIT_RULE:
        # Its basis is the rule itself, as it was decided.
        return f"{EFFECT_LABELS[one.effect]}：{one.basis}", ""
    field = f"{Domain(one.domain).label}领域" if one.domain else "所有领域"
    return f"{field}：{one.text or EFFECT_LABELS[one.effect]}", one.basis


def measures_of(row: Listing, on: date) -> list[Measure]:
    """What follows from a listing, or would: what was decided with it, and what the public list of measures has for its list on
    that day. One query; `row` with its region."""
    decided = [Measure(one["domain"] or None, Effect(one["effect"]), one["basis"]) for one in row.measures]
    code = LISTS.get(Listing.Kind(row.kind))
    listed = listed_in_force(row.region.lineage, on).filter(whom__code=code) if code else ()
    return [*decided, *(listed_measure(one) for one in listed)]


def shown(row: Listing, on: date) -> dict[str, Any]:
    """For the page of a listing: its measures with their numbers, and the last times that they were applied. Four queries, however
    many there are."""
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
            Applied(
                *in_words(one), times[one.domain or "", one.effect], running[one.domain or "", one.effect]
            )
            for one in measures_of(row, on)
        ],
        "applied": list(applied.select_related("department").order_by("-pk")[:MOST]),
    }


def methods_of(entries: Iterable[CreditEntry]) -> dict[int, ListMethod]:
    """By which method each of these entries came to be, for those of a listing of ours. One query."""
    rows = Listing.objects.filter(entry__in=list(entries), method__isnull=False).select_related("method")
    return {row.entry_id: row.method for row in rows if row.entry_id and row.method}
