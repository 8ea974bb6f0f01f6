"""Events of grades by published standards, and of evaluations from above that are passed on. Ids, hashes and numbers."""

from datetime import datetime

from credit_portal.audit.models import AuditEvent
from credit_portal.audit.recording import record


def grading_standard(
    *,
    now: datetime,
    actor_id: int,
    department_id: int | None,
    standard_id: int,
    region: str,
    number: int,
    deed: str,
) -> AuditEvent:
    """`deed`: drafted, approved, ended, removed."""
    return record(
        "grading.standard", now=now, actor_id=actor_id, department_id=department_id,
        target_type="grading_standard", target_id=standard_id, region=region, number=number, deed=deed,
    )  # fmt: skip


def grades_given(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int | None,
    run_id: int,
    region: str,
    number: int,
    graded: int,
    changed: int,
) -> AuditEvent:
    """All subjects of a standard were graded; `changed`: how many grades are new."""
    return record(
        "grading.run", now=now, actor_id=actor_id, department_id=department_id, target_type="grade_run",
        target_id=run_id, region=region, number=number, graded=graded, changed=changed,
    )  # fmt: skip


def evaluation_upload(
    *,
    now: datetime,
    actor_id: int,
    department_id: int,
    upload_id: int,
    sha256: str,
    rows: int,
    new: int,
    corrected: int,
) -> AuditEvent:
    return record(
        "evaluation.upload", now=now, actor_id=actor_id, department_id=department_id,
        target_type="evaluation_upload", target_id=upload_id, sha256=sha256, rows=rows, new=new,
        corrected=corrected,
    )  # fmt: skip


def evaluation_recipient(
    *, now: datetime, actor_id: int, department_id: int, recipient_id: int, kind: str, deed: str
) -> AuditEvent:
    """`deed`: added, ended, resumed."""
    return record(
        "evaluation.recipient", now=now, actor_id=actor_id, department_id=department_id,
        target_type="evaluation_recipient", target_id=recipient_id, kind=kind, deed=deed,
    )  # fmt: skip


def evaluation_passed(
    *,
    now: datetime,
    actor_id: int,
    department_id: int,
    passing_id: int,
    number: str,
    recipient_id: int,
    rows: int,
    by_consent: int,
    held_back: int,
    sha256: str,
) -> AuditEvent:
    """Evaluations were given to a recipient, so many of them by consent of their subjects; `held_back`: how many were not, for
    want of a ground."""
    return record(
        "evaluation.passed", now=now, actor_id=actor_id, department_id=department_id,
        target_type="evaluation_passing", target_id=passing_id, number=number, recipient=recipient_id, rows=rows,
        by_consent=by_consent, held_back=held_back, sha256=sha256,
    )  # fmt: skip


def evaluation_fetched(
    *, now: datetime, actor_id: int, department_id: int, passing_id: int, number: str
) -> AuditEvent:
    return record(
        "evaluation.fetched", now=now, actor_id=actor_id, department_id=department_id,
        target_type="evaluation_passing", target_id=passing_id, number=number,
    )  # fmt: skip
