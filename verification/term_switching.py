"""What a changed rule or calendar does to this room's days: the time to speak in a listing, and the monthly lists."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from credit_portal.audit.history import note
from credit_portal.deadlines.switching import duty_kinds, kinds, statement_terms
from credit_portal.deadlines.switching.changes import Change
from credit_portal.deadlines.switching.kinds import Kind, Moved, Writing

from .models import Listing
from .usage import lists


def register() -> None:
    kinds.register(
        Kind(
            name="listing_statements",
            label="列入名单的陈述申辩期限",
            target="listing",
            keys=frozenset({statement_terms.KEY}),
            by_calendar=True,
            candidates=_running,
            move=_move,
            write=_write,
            url_of=lambda pk: reverse("admin:verification_listing_change", args=[pk]),
        )
    )
    duty_kinds.register("usage_lists", "使用情况月报", keys={lists.RULE}, follow=lists.follow_moved)


def _running(change: Change) -> QuerySet[Listing]:
    return Listing.objects.filter(
        change.within("region"), state=Listing.State.NOTICED, statement_until__gte=change.day
    ).prefetch_related("region", "department")


def _move(row: Listing, change: Change) -> Moved | None:
    if row.noticed_on is None or row.statement_until is None:
        return None
    return statement_terms.moved(
        pk=row.pk,
        number=row.number,
        department=str(row.department),
        region=row.region,
        noticed_on=row.noticed_on,
        until=row.statement_until,
        days=row.statement_days,
        change=change,
    )


def _write(pairs: Sequence[tuple[Any, Moved]], writing: Writing) -> dict[int, str]:
    for row, moved in pairs:
        row.statement_until, row.statement_days = moved.by.due, list(moved.by.days)
        note(row, actor=None, now=writing.now)
        row.save()
    return {}
