"""Events of uploads by the thousand."""

from datetime import datetime

from credit_portal.audit.models import AuditEvent
from credit_portal.audit.recording import record


def bulk_job(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int,
    job_id: int,
    deed: str,
    sha256: str,
    rows: int,
    good: int = 0,
) -> AuditEvent:
    """An upload was begun, ended, cancelled, its result fetched or removed."""
    return record(
        "bulk.job", now=now, actor_id=actor_id, department_id=department_id, target_type="bulk_job",
        target_id=job_id, deed=deed, sha256=sha256, rows=rows, good=good,
    )  # fmt: skip


def commitment_imported(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int,
    commitment_id: int,
    code: str,
    subject_id: int,
    text_sha256: str,
    publicity_class: str,
    job_id: int,
    row: int,
) -> AuditEvent:
    return record(
        "commitment.imported", now=now, actor_id=actor_id, department_id=department_id,
        target_type="commitment", target_id=commitment_id, code=code, subject_id=subject_id,
        text_sha256=text_sha256, publicity_class=publicity_class, job_id=job_id, row=row,
    )  # fmt: skip


def commitment_revised(
    *,
    now: datetime,
    actor_id: int,
    department_id: int,
    commitment_id: int,
    code: str,
    job_id: int,
    fields: list[str],
    old_hash: str,
    new_hash: str,
) -> AuditEvent:
    """An officer has taken over what a later file tells: which fields, and keyed hashes of the old and the new values."""
    return record(
        "commitment.revised", now=now, actor_id=actor_id, department_id=department_id,
        target_type="commitment", target_id=commitment_id, code=code, job_id=job_id, fields=fields,
        old_hash=old_hash, new_hash=new_hash,
    )  # fmt: skip


def imported_breach(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int,
    commitment_id: int,
    code: str,
    step: str,
) -> AuditEvent:
    """A breach that a file told of waits for its department, or was settled by it."""
    return record(
        "bulk.breach", now=now, actor_id=actor_id, department_id=department_id, target_type="commitment",
        target_id=commitment_id, code=code, step=step,
    )  # fmt: skip


def handover_mapping(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int,
    mapping_id: int,
    version: int,
    columns: int,
    deed: str,
) -> AuditEvent:
    """How a register is read was suggested from its head, or confirmed by a person, as a version of its own."""
    return record(
        "handover.mapping", now=now, actor_id=actor_id, department_id=department_id,
        target_type="handover_mapping", target_id=mapping_id, version=version, columns=columns, deed=deed,
    )  # fmt: skip


def handover_protocol(
    *,
    now: datetime,
    actor_id: int,
    department_id: int,
    protocol_id: int,
    number: str,
    sha256: str,
    good: int,
    bad: int,
) -> AuditEvent:
    """The list that both sides of a hand-over sign was made."""
    return record(
        "handover.protocol", now=now, actor_id=actor_id, department_id=department_id,
        target_type="handover_protocol", target_id=protocol_id, number=number, sha256=sha256, good=good, bad=bad,
    )  # fmt: skip
