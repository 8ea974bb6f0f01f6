"""Events of late materials (容缺受理) and of what is handled at once (即时办理)."""

from datetime import date, datetime

from credit_portal.audit.models import AuditEvent
from credit_portal.audit.recording import record


def supplement_step(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int,
    commitment_id: int,
    code: str,
    step: str,
    material: int | None = None,
    until: date | None = None,
) -> AuditEvent:
    """A step with late materials; `material`: its number in the promise, `until`: the day that holds from now on."""
    return record(
        "supplement.step", now=now, actor_id=actor_id, department_id=department_id, target_type="commitment",
        target_id=commitment_id, code=code, step=step, material=material,
        until=until.isoformat() if until else None,
    )  # fmt: skip


def immediate_result(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int,
    commitment_id: int,
    code: str,
    result: str,
    due_on: date,
) -> AuditEvent:
    """What was decided at once has been given out."""
    return record(
        "immediate.result", now=now, actor_id=actor_id, department_id=department_id, target_type="commitment",
        target_id=commitment_id, code=code, result=result, due_on=due_on.isoformat(),
    )  # fmt: skip
