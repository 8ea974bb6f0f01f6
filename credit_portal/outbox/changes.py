"""The feed of what became public, changed or was withdrawn. Positions are given after the commit, in one line."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction

from credit_portal.audit.copying import copy_models

from .models import PublicChange

LOCK = 715_003_002
BATCH = 5_000
_NUMBER = """
UPDATE outbox_publicchange AS change SET position = fresh.last + fresh.place
FROM (
    SELECT id, row_number() OVER (ORDER BY id) AS place,
        (SELECT coalesce(max(position), 0) FROM outbox_publicchange) AS last
    FROM outbox_publicchange WHERE position IS NULL ORDER BY id LIMIT %s
) AS fresh
WHERE change.id = fresh.id
"""


def record_change(*, kind: str, resource: str, reference: str, key: str, now: datetime) -> None:
    """Note a change in the transaction that makes it; of one key only the first is kept.

    All changes of one publication carry one opaque id, which is all that a withdrawal tells.
    """
    # After a withdrawal a new publication of the same thing has an id of its own.
    last = PublicChange.objects.filter(resource=resource, reference=reference).order_by("-id").first()
    running = last is not None and last.kind != PublicChange.Kind.WITHDRAWN
    values = {"kind": kind, "resource": resource, "reference": reference, "at": now}
    if running and last is not None:
        values["opaque"] = last.opaque
    PublicChange.objects.bulk_create([PublicChange(key=key, **values)], ignore_conflicts=True)
    transaction.on_commit(_number_soon, robust=True)


def record_published(*, resource: str, references: Sequence[str], now: datetime) -> None:
    """Note that things have become public that never were before, many at once."""
    copy_models(
        [
            PublicChange(
                key=f"{resource}:{reference}:imported",
                kind=PublicChange.Kind.PUBLISHED,
                resource=resource,
                reference=reference,
                at=now,
            )
            for reference in references
        ]
    )
    transaction.on_commit(_number_soon, robust=True)


def record_changed(*, resource: str, references: Sequence[str], now: datetime) -> None:
    """Note that things that stand before the public have changed, many at once. Each keeps the opaque id of its
    publication."""
    opaque = dict(
        PublicChange.objects.filter(resource=resource, reference__in=references)
        .exclude(kind=PublicChange.Kind.WITHDRAWN)
        .order_by("pk")
        .values_list("reference", "opaque")
    )
    PublicChange.objects.bulk_create(
        [
            PublicChange(
                key=f"{resource}:{reference}:status:{now.isoformat()}",
                kind=PublicChange.Kind.CHANGED,
                resource=resource,
                reference=reference,
                at=now,
                **({"opaque": opaque[reference]} if reference in opaque else {}),
            )
            for reference in references
        ],
        ignore_conflicts=True,
    )
    transaction.on_commit(_number_soon, robust=True)


def _number_soon() -> None:
    number_new(now=None)


@transaction.atomic
def number_new(*, now: datetime | None) -> int:
    """Give committed changes their positions, in the order of their ids. One at a time; gives how many."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(_NUMBER, [BATCH])
        return cursor.rowcount
