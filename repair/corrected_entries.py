"""What is under way here follows an entry that was put right by a new one."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from credit_portal.audit.history import note
from verification.models import CreditEntry

from .models import BrokenPledge, RepairApplication
from .rules import OPEN, State

FOLLOW = [*OPEN, State.DRAFT, State.REFUSED]


def before_correction(*, entry_id: int) -> None:
    """Whoever works on an application locks it first, and what it is about after it: so does a correction, by which it moves."""
    list(_of(entry_id).values_list("pk"))


def _of(entry_id: int) -> QuerySet[RepairApplication]:
    rows = RepairApplication.objects.select_for_update(of=("self",))
    return rows.filter(entry=entry_id, state__in=FOLLOW).order_by("pk")


def on_corrected(*, old: CreditEntry, new: CreditEntry, actor: Any, now: datetime) -> None:
    """Applications that are not decided, or not yet in effect, are about the new entry from now on, and so is what a refusal
    says of the next one. A sign of a broken pledge is found once: the department answers, or has answered, for the new entry."""
    for row in _of(old.pk):
        row.entry = new
        note(row, actor=actor, now=now)
        row.save()
    BrokenPledge.objects.filter(entry=old).update(entry=new)
