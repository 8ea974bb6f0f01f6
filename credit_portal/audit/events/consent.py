"""Events of consents, of what was released by them or by an exception of the law, and of credit reports. Ids only."""

from datetime import datetime

from credit_portal.audit.models import AuditEvent
from credit_portal.audit.recording import record


def consent_given(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int | None,
    consent_id: int,
    subject_id: int,
    number: str,
    scope: str,
    until: str,
    access_id: int | None,
) -> AuditEvent:
    return record(
        "consent.given", now=now, actor_id=actor_id, department_id=department_id, target_type="consent",
        target_id=consent_id, subject=subject_id, number=number, scope=scope, until=until, access=access_id,
    )  # fmt: skip


def consent_withdrawn(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int | None,
    consent_id: int,
    subject_id: int,
    number: str,
    access_id: int | None,
) -> AuditEvent:
    return record(
        "consent.withdrawn", now=now, actor_id=actor_id, department_id=department_id, target_type="consent",
        target_id=consent_id, subject=subject_id, number=number, access=access_id,
    )  # fmt: skip


def record_released(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int | None,
    release_id: int,
    subject_id: int,
    basis: str,
    scope: str,
    sha256: str,
) -> AuditEvent:
    """`basis`: the number of the consent, or the exception in words."""
    return record(
        "record.released", now=now, actor_id=actor_id, department_id=department_id, target_type="release",
        target_id=release_id, subject=subject_id, basis=basis, scope=scope, sha256=sha256,
    )  # fmt: skip


def release_refused(
    *, now: datetime, actor_id: int | None, department_id: int | None, subject_id: int | None, why: str
) -> AuditEvent:
    """`why`: a code of the rule."""
    return record(
        "record.refused", now=now, actor_id=actor_id, department_id=department_id, target_type="subject",
        target_id=subject_id or 0, why=why,
    )  # fmt: skip


def credit_report_issued(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int | None,
    report_id: int,
    subject_id: int,
    number: str,
    rows: int,
    sha256: str,
) -> AuditEvent:
    return record(
        "credit_report.issued", now=now, actor_id=actor_id, department_id=department_id,
        target_type="credit_report", target_id=report_id, subject=subject_id, number=number, rows=rows,
        sha256=sha256,
    )  # fmt: skip
