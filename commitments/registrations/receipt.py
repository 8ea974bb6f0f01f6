"""What the page after signing tells of a list that was signed for: its number, who verifies each, and by when (R42)."""

from dataclasses import dataclass
from datetime import date

from commitments.models import Commitment, RegistrationBatch
from credit_portal.deadlines import duties
from credit_portal.deadlines.models import Duty
from credit_portal.deadlines.wording import UNITS

from .filling import MATTER, RULE


@dataclass(frozen=True)
class Entry:
    """`term`: in working days or days, as the duty says."""

    title: str
    department: str
    due_on: date | None
    term: str
    confirmed: bool


@dataclass(frozen=True)
class Registered:
    number: str
    entries: list[Entry]


def of(commitment: Commitment) -> Registered | None:
    """None where the commitment is for no list."""
    batch = RegistrationBatch.objects.filter(commitment=commitment).first()
    if batch is None:
        return None
    rows = list(batch.entries.select_related("department").order_by("pk"))
    open_duties = {
        duty.matter_id: duty
        for duty in Duty.objects.filter(
            matter_type=MATTER,
            matter_id__in=[row.pk for row in rows],
            rule_key=RULE,
            state__in=duties.OPEN_STATES,
        )
    }
    entries = []
    for row in rows:
        duty = open_duties.get(row.pk)
        entries.append(
            Entry(
                title=f"{row.get_kind_display()}：{row.title}",
                department=row.department.name if row.department else "",
                due_on=duty.due_on if duty else None,
                term=f"{duty.length} {UNITS.get(duty.unit, '日')}" if duty else "",
                confirmed=duty.confirmed if duty else True,
            )
        )
    return Registered(batch.number, entries)
