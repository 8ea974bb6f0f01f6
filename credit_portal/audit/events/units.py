"""Events of the units' own duties: who answers for them, who was trained; and of the typical cases they hand in."""

from collections.abc import Sequence
from datetime import datetime

from credit_portal.audit.models import AuditEvent
from credit_portal.audit.recording import record


def unit_contact(
    *, now: datetime, actor_id: int | None, department_id: int, contact_id: int, role: str, step: str
) -> AuditEvent:
    return record(
        "unit.contact", now=now, actor_id=actor_id, department_id=department_id, target_type="unit_contact",
        target_id=contact_id, role=role, step=step,
    )  # fmt: skip


def unit_chased(
    *, now: datetime, actor_id: int, department_id: int | None, what: str, units: Sequence[int]
) -> AuditEvent:
    """The credit office has asked units for what is missing. `what`: contact or training."""
    return record(
        "unit.chased", now=now, actor_id=actor_id, department_id=department_id, target_type="unit_contact",
        target_id="list", what=what, rows=len(units), units=list(units),
    )  # fmt: skip


def training_recorded(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int,
    session_id: int,
    number: str,
    deed: str,
    people: int,
) -> AuditEvent:
    return record(
        "training.recorded", now=now, actor_id=actor_id, department_id=department_id, target_type="training",
        target_id=session_id, number=number, deed=deed, people=people,
    )  # fmt: skip


def typical_step(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int | None,
    case_id: int,
    number: str,
    step: str,
    office_id: int | None = None,
) -> AuditEvent:
    """A step of a typical case: written, answered, reported upward, published, withdrawn."""
    return record(
        "typical.step", now=now, actor_id=actor_id, department_id=department_id, target_type="typical_case",
        target_id=case_id, number=number, step=step, office=office_id,
    )  # fmt: skip
