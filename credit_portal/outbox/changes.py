"""The feed of what became public, changed or was withdrawn. Positions are given after the commit, in one line."""

from datetime import datetime

from django.db import connection, transaction
from django.db.models import Max

from .models import PublicChange

LOCK = 715_003_002
BATCH = 5_000


def record_change(*, kind: str, resource: str, reference: str, key: str, now: datetime) -> PublicChange:
    """Note a change in the transaction that makes it; the same key again gives the row that is there.

    All changes of one publication carry one opaque id, which is all that a withdrawal tells.
    """
    # After a withdrawal a new publication of the same thing has an id of its own.
    last = PublicChange.objects.filter(resource=resource, reference=reference).order_by("-id").first()
    running = last is not None and last.kind != PublicChange.Kind.WITHDRAWN
    values = {"kind": kind, "resource": resource, "reference": reference, "at": now}
    if running and last is not None:
        values["opaque"] = last.opaque
    change, created = PublicChange.objects.get_or_create(key=key, defaults=values)
    if created:
        transaction.on_commit(_number_soon, robust=True)
    return change


def _number_soon() -> None:
    number_new(now=None)


@transaction.atomic
def number_new(*, now: datetime | None) -> int:
    """Give committed changes their positions, in the order of their ids. One at a time; gives how many."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return 0
    last = PublicChange.objects.aggregate(last=Max("position"))["last"] or 0
    fresh = list(PublicChange.objects.filter(position__isnull=True).order_by("id")[:BATCH])
    for position, change in enumerate(fresh, last + 1):
        change.position = position
    PublicChange.objects.bulk_update(fresh, ["position"])
    return len(fresh)
