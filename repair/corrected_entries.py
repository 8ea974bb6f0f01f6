"""What is under way here follows an entry that was put right by a new one."""

from datetime import datetime
from typing import Any

from credit_portal.audit.history import note
from verification.models import CreditEntry

from .models import RepairApplication
from .rules import OPEN, State


def on_corrected(*, old: CreditEntry, new: CreditEntry, actor: Any, now: datetime) -> None:
    """Applications that are not decided, or not yet in effect, are about the new entry from now on."""
    rows = RepairApplication.objects.select_for_update(of=("self",)).filter(entry=old)
    for row in rows.filter(state__in=[*OPEN, State.DRAFT]).order_by("pk"):
        row.entry = new
        note(row, actor=actor, now=now)
        row.save()
