"""The public gate for typical cases: those that two people decided to publish and nobody has withdrawn, and of them what
the projection here names: neither whom they are about nor what they come from. (S4 10, R88.)"""

import uuid
from collections.abc import Mapping
from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery

from .models import TypicalCase, TypicalPublication

LISTED_COLUMNS = ("uuid", "kind", "title", "problem", "region__name", "public_at")
RECORD_COLUMNS = (*LISTED_COLUMNS, "action", "effect", "department__name")
LISTED_FIELDS = ("id", "kind", "kind_label", "title", "opening", "region", "published_at")
PUBLIC_FIELDS = (*LISTED_FIELDS, "problem", "action", "effect", "department")
OPENING = 80
_KINDS = dict(TypicalCase.Kind.choices)


def public_cases() -> QuerySet[TypicalCase]:
    """What may be shown now, with `public_at`, the newest first."""
    shown = TypicalPublication.objects.filter(
        case=OuterRef("pk"), state=TypicalPublication.State.PUBLIC, decided_by__isnull=False
    ).exclude(decided_by=F("proposed_by"))
    return (
        TypicalCase.objects.filter(state=TypicalCase.State.ACCEPTED)
        .annotate(public_at=Subquery(shown.values("decided_at")[:1]))
        .filter(public_at__isnull=False)
        .order_by("-public_at", "-pk")
    )


def find_case(public_id: uuid.UUID) -> dict[str, Any] | None:
    """The public record of a case, or None: the same whether there is nothing or nothing public."""
    row = public_cases().filter(uuid=public_id).values(*RECORD_COLUMNS).first()
    return record_row(row) if row else None


def listed_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """One line of the list: exactly LISTED_FIELDS."""
    opening = " ".join(row["problem"].split())
    return {
        "id": str(row["uuid"]),
        "kind": row["kind"],
        "kind_label": str(_KINDS[row["kind"]]),
        "title": row["title"],
        "opening": opening if len(opening) <= OPENING else opening[:OPENING] + "…",
        "region": row["region__name"],
        "published_at": row["public_at"],
    }


def record_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """One whole case: exactly PUBLIC_FIELDS."""
    return listed_row(row) | {
        "problem": row["problem"],
        "action": row["action"],
        "effect": row["effect"],
        "department": row["department__name"],
    }
