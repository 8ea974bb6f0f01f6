"""The feed of public changes for whoever keeps a copy: in order, nothing told twice, a withdrawal by its opaque id only.

A reference (commitment code, breach id) is told only while it is still public through the gates: a later reader of an
earlier line learns nothing of what has been withdrawn since.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from credit_portal.outbox.models import PublicChange

from .breach_gate import listed_breaches
from .gate import listed_commitments

LIMIT = 200


@dataclass(frozen=True)
class Changes:
    """`next`: the position to ask from next time; `more`: whether there are further lines now."""

    rows: list[dict[str, Any]]
    next: int
    more: bool


def changes_since(position: int, *, now: datetime, limit: int = LIMIT) -> Changes:
    """The changes after a position, in order. Three queries."""
    found = list(PublicChange.objects.filter(position__gt=position).order_by("position")[: limit + 1])
    more, found = len(found) > limit, found[:limit]
    still = _still_public(found, now)
    rows = [
        {
            "position": change.position,
            "kind": change.kind,
            "resource": change.resource,
            "id": str(change.opaque),
            "reference": change.reference
            if change.kind != PublicChange.Kind.WITHDRAWN and (change.resource, change.reference) in still
            else None,
            "at": change.at,
        }
        for change in found
    ]
    return Changes(rows, found[-1].position or position if found else position, more)


def _still_public(found: list[PublicChange], now: datetime) -> set[tuple[str, str]]:
    told = [change for change in found if change.kind != PublicChange.Kind.WITHDRAWN]
    codes = {change.reference for change in told if change.resource == "commitment"}
    ids = {UUID(change.reference) for change in told if change.resource == "breach"}
    public = {
        ("commitment", code)
        for code in listed_commitments(now).filter(code__in=codes).values_list("code", flat=True)
    }
    return public | {
        ("breach", str(uuid))
        for uuid in listed_breaches(now).filter(uuid__in=ids).values_list("uuid", flat=True)
    }
