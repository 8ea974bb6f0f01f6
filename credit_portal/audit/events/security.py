"""Events of the watch over reading: what was found unusual, what came of it, and which codes somebody keeps away from."""

from datetime import date, datetime

from credit_portal.audit.models import AuditEvent
from credit_portal.audit.recording import record


def unusual_reading(
    *,
    now: datetime,
    actor_id: int | None,
    reading_id: int,
    reader_id: int | None,
    partner_id: int | None,
    kind: str,
    step: str,
    day: date,
) -> AuditEvent:
    """Who has read is a member of staff (`reader_id`) or a system of a department (`partner_id`)."""
    who = {"reader": reader_id} if partner_id is None else {"partner": partner_id}
    return record(
        "reading.unusual", now=now, actor_id=actor_id, department_id=None, target_type="unusual_reading",
        target_id=reading_id, kind=kind, step=step, day=day.isoformat(), **who,
    )  # fmt: skip


def avoided_code(
    *,
    now: datetime,
    actor_id: int,
    department_id: int | None,
    avoided_id: int,
    user_id: int,
    relation: str,
    step: str,
) -> AuditEvent:
    """A code to keep away from, entered or ended; neither the code nor its index is told."""
    return record(
        "reading.avoided", now=now, actor_id=actor_id, department_id=department_id, target_type="avoided_code",
        target_id=avoided_id, user=user_id, relation=relation, step=step,
    )  # fmt: skip
