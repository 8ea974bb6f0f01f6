"""Events of consumers' complaints, warnings and their rules, reading material in the making, and pilots."""

from datetime import datetime

from credit_portal.audit.models import AuditEvent
from credit_portal.audit.recording import record


def consumer_complaint(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int,
    complaint_id: int,
    number: str,
    deed: str,
) -> AuditEvent:
    return record(
        "consumer.complaint", now=now, actor_id=actor_id, department_id=department_id,
        target_type="consumer_complaint", target_id=complaint_id, number=number, deed=deed,
    )  # fmt: skip


def warning_step(
    *, now: datetime, actor_id: int | None, department_id: int, warning_id: int, rule_id: int, step: str
) -> AuditEvent:
    """A warning has come up, was answered, or needs no answer any more."""
    return record(
        "warning.step", now=now, actor_id=actor_id, department_id=department_id, target_type="warning",
        target_id=warning_id, rule_id=rule_id, step=step,
    )  # fmt: skip


def warning_rule(
    *, now: datetime, actor_id: int, department_id: int | None, rule_id: int, version: int, deed: str
) -> AuditEvent:
    return record(
        "warning.rule", now=now, actor_id=actor_id, department_id=department_id, target_type="warning_rule",
        target_id=rule_id, version=version, deed=deed,
    )  # fmt: skip


def reading_draft(
    *, now: datetime, actor_id: int, department_id: int, draft_id: int, domain: str, deed: str
) -> AuditEvent:
    return record(
        "reading.draft", now=now, actor_id=actor_id, department_id=department_id,
        target_type="reading_draft", target_id=draft_id, domain=domain, deed=deed,
    )  # fmt: skip


def pilot_step(
    *, now: datetime, actor_id: int, department_id: int, pilot_id: int, number: str, step: str
) -> AuditEvent:
    return record(
        "pilot.step", now=now, actor_id=actor_id, department_id=department_id, target_type="pilot",
        target_id=pilot_id, number=number, step=step,
    )  # fmt: skip
