"""The feed of public changes for whoever keeps a copy: in order, nothing told twice, a withdrawal by its opaque id only.

A reference (commitment code, breach id) is told only while it is still public through the gates: a later reader of an
earlier line learns nothing of what has been withdrawn since.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from credit_portal.outbox.models import PublicChange

from .act_gate import listed_acts
from .breach_gate import listed_breaches
from .gate import listed_commitments
from .terms import TermsError

LIMIT, LIMIT_MOST = 200, 1_000
ERROR_SINCE = "since 应为上次回答中的 next，第一次写 0。"
ERROR_LIMIT = f"limit 应为 1 至 {LIMIT_MOST} 的整数。"


@dataclass(frozen=True)
class Changes:
    """`next`: the position to ask from next time; `more`: whether there are further lines now."""

    rows: list[dict[str, Any]]
    next: int
    more: bool


def read_place(given: Mapping[str, str]) -> tuple[int, int]:
    """The position and the limit asked for. Raises TermsError with a Chinese message by field."""
    since, limit = given.get("since", "0"), given.get("limit", str(LIMIT))
    errors = {}
    if not re.fullmatch(r"[0-9]{1,18}", since, re.ASCII):
        errors["since"] = ERROR_SINCE
    if not re.fullmatch(r"[0-9]{1,4}", limit, re.ASCII) or not 1 <= int(limit) <= LIMIT_MOST:
        errors["limit"] = ERROR_LIMIT
    if errors:
        raise TermsError(errors)
    return int(since), int(limit)


def changes_since(position: int, *, now: datetime, limit: int = LIMIT) -> Changes:
    """The changes after a position, in order. Four queries."""
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
    ids, acts = (
        {UUID(change.reference) for change in told if change.resource == resource}
        for resource in ("breach", "act")
    )
    public = {
        ("commitment", code)
        for code in listed_commitments(now).filter(code__in=codes).values_list("code", flat=True)
    }
    by_id = (
        ("breach", listed_breaches(now).filter(uuid__in=ids)),
        ("act", listed_acts(now).filter(uuid__in=acts)),
    )
    return public | {
        (resource, str(uuid)) for resource, rows in by_id for uuid in rows.values_list("uuid", flat=True)
    }
