"""Events of what subjects do on their own: groups of occupations, photographs of a draft, tax credit of persons. Ids only."""

from datetime import datetime

from credit_portal.audit.models import AuditEvent
from credit_portal.audit.recording import record


def occupation_saved(
    *, now: datetime, actor_id: int | None, department_id: int | None, group_id: int, code: str
) -> AuditEvent:
    return record(
        "occupation.saved", now=now, actor_id=actor_id, department_id=department_id,
        target_type="occupation_group", target_id=group_id, code=code,
    )  # fmt: skip


def draft_photo(
    *, now: datetime, access_id: int, department_id: int, draft_id: str, deed: str, sha256: str
) -> AuditEvent:
    """`deed`: added, removed."""
    return record(
        "draft.photo", now=now, actor_id=None, department_id=department_id, target_type="draft",
        target_id=draft_id, access=access_id, deed=deed, sha256=sha256,
    )  # fmt: skip


def tax_credit_step(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int,
    entry_id: int,
    subject_id: int,
    deed: str,
    kind: str,
) -> AuditEvent:
    """`deed`: recorded, corrected, repaired, withdrawn."""
    return record(
        "tax_credit.step", now=now, actor_id=actor_id, department_id=department_id, target_type="tax_credit",
        target_id=entry_id, subject=subject_id, deed=deed, kind=kind,
    )  # fmt: skip


def tax_credit_upload(
    *, now: datetime, actor_id: int | None, department_id: int, sha256: str, rows: int
) -> AuditEvent:
    """A file of entries was taken in as a whole."""
    return record(
        "tax_credit.upload", now=now, actor_id=actor_id, department_id=department_id, target_type="tax_credit",
        target_id="file", sha256=sha256, rows=rows,
    )  # fmt: skip
