"""Off a list before the term is over: as one has come, so one leaves; proposed by one, decided by another (S4 8; R78)."""

from datetime import datetime

from django.db import transaction

from credit_portal.audit.clock import local_date
from credit_portal.registry.models import User

from .listing import (
    ACTS,
    MOST_RETURNED,
    ListingMoved,
    ListingRefused,
    ListingState,
    end,
    save,
    step,
    taken,
    text_of,
)
from .models import Listing


@transaction.atomic
def propose_leaving(*, listing_id: int, expect: str, reason: str, actor: User, now: datetime) -> Listing:
    """That its way out is open before its term, and how it came to be so. Raises ListingRefused."""
    row = taken("leaving", listing_id, expect, actor)
    if row.leave_by_id is not None:
        raise ListingMoved(f"{row.number} 已有人提出移出，请看最新情况再办。")
    row.leave_reason, row.leave_by = text_of(reason, "reason", "移出条件怎样达到", 500, least=10), actor
    save(row, actor, now)
    step(row, ACTS["leaving"].label, on=local_date(now), actor=actor, now=now)
    return row


@transaction.atomic
def leave(*, listing_id: int, expect: str, actor: User, now: datetime) -> Listing:
    """Another person agrees: off the list before its term, by decision of whoever put it there; responsible persons with it."""
    row = _proposed_to_leave("exit", listing_id, expect, actor)
    end(row, ListingState.EXITED, row.leave_reason, actor, now)
    return row


@transaction.atomic
def refuse_leaving(*, listing_id: int, expect: str, reason: str, actor: User, now: datetime) -> Listing:
    """Another person does not: it stays, and why is in its course. Raises ListingRefused."""
    row = _proposed_to_leave("staying", listing_id, expect, actor)
    said = text_of(reason, "reason", "理由", MOST_RETURNED)
    row.leave_by, row.leave_reason = None, ""
    save(row, actor, now)
    step(row, f"{ACTS['staying'].label}：{said}", on=local_date(now), actor=actor, now=now)
    return row


def _proposed_to_leave(act: str, listing_id: int, expect: str, actor: User) -> Listing:
    row = taken(act, listing_id, expect, actor)
    if row.leave_by_id is None:
        raise ListingRefused("还没有人提出移出。")
    if row.leave_by_id == actor.pk:
        raise ListingRefused("移出须由提出人以外的另一人决定。")
    return row
