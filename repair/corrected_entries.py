"""What is under way here follows an entry that was put right by a new one."""

from datetime import datetime
from typing import Any

from credit_portal.audit.history import note
from verification.models import CreditEntry

from .models import BrokenPledge, RepairApplication
from .rules import OPEN, State


def on_corrected(*, old: CreditEntry, new: CreditEntry, actor: Any, now: datetime) -> None:
    """Applications that are not decided, or not yet in effect, are about the new entry from now on, and so is what a refusal
    says of the next one. A sign of a broken pledge is found once: the department answers, or has answered, for the new entry."""
    rows = RepairApplication.objects.select_for_update(of=("self",)).filter(entry=old)
    for row in rows.filter(state__in=[*OPEN, State.DRAFT, State.REFUSED]).order_by("pk"):
        row.entry = new
        note(row, actor=actor, now=now)
        row.save()
    BrokenPledge.objects.filter(entry=old).update(entry=new)
