"""Events of paper commitments captured from scans: no personal data, what was keyed only as a keyed hash."""

from datetime import datetime

from credit_portal.audit.models import AuditEvent
from credit_portal.audit.recording import record


def capture_batch(
    *, now: datetime, actor_id: int, department_id: int, batch_id: int, sheets: int, refused: int
) -> AuditEvent:
    """Scans were taken in; `refused`: files that could not be kept."""
    return record(
        "capture.batch", now=now, actor_id=actor_id, department_id=department_id,
        target_type="capture_batch", target_id=batch_id, sheets=sheets, refused=refused,
    )  # fmt: skip


def capture_sheet(
    *, now: datetime, actor_id: int, department_id: int, sheet_id: int, step: str, round: int, told_hash: str
) -> AuditEvent:
    """A sheet was keyed, settled, sent back or refused. `told_hash`: keyed hash of codes and date; empty where none."""
    return record(
        "capture.sheet", now=now, actor_id=actor_id, department_id=department_id,
        target_type="capture_sheet", target_id=sheet_id, step=step, round=round, told_hash=told_hash,
    )  # fmt: skip


def commitment_captured(
    *,
    now: datetime,
    actor_id: int,
    department_id: int,
    commitment_id: int,
    code: str,
    subject_id: int,
    text_sha256: str,
    scan_sha256: str,
    publicity_class: str,
) -> AuditEvent:
    return record(
        "commitment.captured", now=now, actor_id=actor_id, department_id=department_id,
        target_type="commitment", target_id=commitment_id, code=code, subject_id=subject_id,
        text_sha256=text_sha256, scan_sha256=scan_sha256, publicity_class=publicity_class,
    )  # fmt: skip
