"""Events of half-year reports, of the region's report upward, and of assessments by outside bodies."""

from collections.abc import Sequence
from datetime import datetime

from credit_portal.audit.models import AuditEvent
from credit_portal.audit.recording import record


def progress_submitted(
    *,
    now: datetime,
    actor_id: int,
    department_id: int,
    report_id: int,
    number: str,
    version: int,
    sha256: str,
) -> AuditEvent:
    return record(
        "progress.submitted", now=now, actor_id=actor_id, department_id=department_id,
        target_type="progress_report", target_id=report_id, number=number, version=version, sha256=sha256,
    )  # fmt: skip


def progress_chased(
    *, now: datetime, actor_id: int, department_id: int | None, reports: Sequence[int]
) -> AuditEvent:
    return record(
        "progress.chased", now=now, actor_id=actor_id, department_id=department_id,
        target_type="progress_report", target_id="list", rows=len(reports), reports=list(reports),
    )  # fmt: skip


def progress_summary(
    *,
    now: datetime,
    actor_id: int,
    department_id: int,
    summary_id: int,
    number: str,
    step: str,
    sha256: str = "",
) -> AuditEvent:
    """A step of the region's report."""
    return record(
        "progress.summary", now=now, actor_id=actor_id, department_id=department_id,
        target_type="progress_summary", target_id=summary_id, number=number, step=step, sha256=sha256,
    )  # fmt: skip


def assessment_step(
    *,
    now: datetime,
    actor_id: int,
    department_id: int,
    assessment_id: int,
    number: str,
    step: str,
    units: int,
    sha256: str = "",
) -> AuditEvent:
    """A step of an assessment; `units`: how many the government is asked to name."""
    return record(
        "assessment.step", now=now, actor_id=actor_id, department_id=department_id,
        target_type="assessment", target_id=assessment_id, number=number, step=step, rows=units,
        sha256=sha256,
    )  # fmt: skip
