"""Events of obligations and of re-checks."""

from collections.abc import Sequence
from datetime import date, datetime

from credit_portal.audit.models import AuditEvent
from credit_portal.audit.recording import record


def obligations_found(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int,
    commitment_id: int,
    code: str,
    clauses: Sequence[int],
    state: str,
) -> AuditEvent:
    return record(
        "obligation.found", now=now, actor_id=actor_id, department_id=department_id, target_type="commitment",
        target_id=commitment_id, code=code, clauses=list(clauses), state=state,
    )  # fmt: skip


def obligations_corrected(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int,
    commitment_id: int,
    code: str,
    clauses: Sequence[int],
    state: str,
) -> AuditEvent:
    return record(
        "obligation.corrected", now=now, actor_id=actor_id, department_id=department_id, target_type="commitment",
        target_id=commitment_id, code=code, clauses=list(clauses), state=state,
    )  # fmt: skip


def fulfilment_review(
    *, now: datetime, actor_id: int | None, department_id: int, commitment_id: int, code: str, step: str
) -> AuditEvent:
    return record(
        "fulfilment.review", now=now, actor_id=actor_id, department_id=department_id, target_type="commitment",
        target_id=commitment_id, code=code, step=step,
    )  # fmt: skip


def recheck_plan(
    *, now: datetime, actor_id: int, department_id: int, plan_id: int, number: str, deed: str
) -> AuditEvent:
    return record(
        "recheck.plan", now=now, actor_id=actor_id, department_id=department_id, target_type="recheck_plan",
        target_id=plan_id, number=number, deed=deed,
    )  # fmt: skip


def recheck_drawn(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int,
    round_id: int,
    plan: str,
    round: int,
    population: int,
    drawn: int,
    sha256: str,
) -> AuditEvent:
    return record(
        "recheck.drawn", now=now, actor_id=actor_id, department_id=department_id, target_type="recheck_round",
        target_id=round_id, plan=plan, round=round, population=population, drawn=drawn, sha256=sha256,
    )  # fmt: skip


def recheck_answered(
    *, now: datetime, actor_id: int, department_id: int, recheck_id: int, code: str, finding: str
) -> AuditEvent:
    return record(
        "recheck.answered", now=now, actor_id=actor_id, department_id=department_id, target_type="recheck",
        target_id=recheck_id, code=code, finding=finding,
    )  # fmt: skip


def visit_step(
    *,
    now: datetime,
    actor_id: int,
    department_id: int | None,
    visit_id: int,
    number: str,
    step: str,
    day: date | None,
    announced: bool,
) -> AuditEvent:
    """`step`: bundled, planned, confirmed, declined, cancelled. `day`, `announced`: as they are after it: a later step
    overwrites them."""
    return record(
        "visit.step", now=now, actor_id=actor_id, department_id=department_id, target_type="visit",
        target_id=visit_id, number=number, step=step, day=day.isoformat() if day else "", announced=announced,
    )  # fmt: skip
