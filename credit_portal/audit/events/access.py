"""Events of subjects' own access: opened, a code issued and used, a device in and out, ended. Ids only, no names."""

from datetime import date, datetime

from credit_portal.audit.models import AuditEvent
from credit_portal.audit.recording import record


def access_opened(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int | None,
    access_id: int,
    subject_id: int,
    capacity: str,
    scope: str,
    channel: str,
    until: date,
    sha256: str = "",
) -> AuditEvent:
    """`sha256`: of the authorisation, where an agent acts."""
    return record(
        "access.opened", now=now, actor_id=actor_id, department_id=department_id, target_type="subject_access",
        target_id=access_id, subject=subject_id, capacity=capacity, scope=scope, channel=channel,
        until=until.isoformat(), sha256=sha256,
    )  # fmt: skip


def access_code(
    *, now: datetime, actor_id: int | None, department_id: int | None, access_id: int, deed: str
) -> AuditEvent:
    """`deed`: issued, used, dead (of too many wrong tries)."""
    return record(
        "access.code", now=now, actor_id=actor_id, department_id=department_id, target_type="subject_access",
        target_id=access_id, deed=deed,
    )  # fmt: skip


def access_session(*, now: datetime, access_id: int, deed: str) -> AuditEvent:
    """`deed`: entered, left, staff (a member of staff logged in within the same browser)."""
    return record(
        "access.session", now=now, actor_id=None, target_type="subject_access", target_id=access_id, deed=deed
    )


def access_ended(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int | None,
    access_id: int,
    by: str,
    by_access: int | None = None,
) -> AuditEvent:
    """`by`: staff, subject, or system (the legal representative is another now)."""
    return record(
        "access.ended", now=now, actor_id=actor_id, department_id=department_id, target_type="subject_access",
        target_id=access_id, by=by, by_access=by_access,
    )  # fmt: skip
