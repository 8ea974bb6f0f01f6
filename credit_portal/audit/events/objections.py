"""Events of objections, of undoing what a wrong record has caused, of complaints and of errors pointed out."""

from collections.abc import Sequence
from datetime import datetime

from credit_portal.audit.models import AuditEvent
from credit_portal.audit.recording import record


def objection_step(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int | None,
    objection_id: int,
    number: str,
    step: str,
    subject_id: int | None,
) -> AuditEvent:
    return record(
        "objection.step", now=now, actor_id=actor_id, department_id=department_id, target_type="objection",
        target_id=objection_id, number=number, step=step, subject=subject_id,
    )  # fmt: skip


def reversal_listed(
    *, now: datetime, actor_id: int, department_id: int | None, objection_id: int, number: str, rows: int
) -> AuditEvent:
    """Everybody who was given what was wrong has been told."""
    return record(
        "reversal.listed", now=now, actor_id=actor_id, department_id=department_id, target_type="objection",
        target_id=objection_id, number=number, rows=rows,
    )  # fmt: skip


def reversal_confirmed(
    *,
    now: datetime,
    actor_id: int,
    department_id: int | None,
    objection_id: int,
    number: str,
    recipient_id: int,
) -> AuditEvent:
    return record(
        "reversal.confirmed", now=now, actor_id=actor_id, department_id=department_id,
        target_type="objection", target_id=objection_id, number=number, recipient=recipient_id,
    )  # fmt: skip


def reversal_chased(*, now: datetime, rows: int, recipients: Sequence[int]) -> AuditEvent:
    return record(
        "reversal.chased", now=now, actor_id=None, target_type="objection", target_id="list", rows=rows,
        recipients=list(recipients),
    )  # fmt: skip


def complaint_step(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int,
    complaint_id: int,
    number: str,
    step: str,
) -> AuditEvent:
    return record(
        "complaint.step", now=now, actor_id=actor_id, department_id=department_id, target_type="complaint",
        target_id=complaint_id, number=number, step=step,
    )  # fmt: skip


def tip_step(
    *, now: datetime, actor_id: int | None, department_id: int, tip_id: int, number: str, step: str
) -> AuditEvent:
    return record(
        "tip.step", now=now, actor_id=actor_id, department_id=department_id, target_type="error_tip",
        target_id=tip_id, number=number, step=step,
    )  # fmt: skip
