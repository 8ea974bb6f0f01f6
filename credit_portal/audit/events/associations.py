"""Events of rosters, of associations and their members, and of voluntary registration."""

from datetime import datetime

from credit_portal.audit.models import AuditEvent
from credit_portal.audit.recording import record


def roster_upload(
    *,
    now: datetime,
    actor_id: int,
    department_id: int,
    upload_id: int,
    sort: str,
    deed: str,
    sha256: str,
    rows: int,
    added: int,
    removed: int,
) -> AuditEvent:
    """A file of a roster: looked through, taken in, not taken in, given up."""
    return record(
        "roster.upload", now=now, actor_id=actor_id, department_id=department_id,
        target_type="roster_upload", target_id=upload_id, sort=sort, deed=deed, sha256=sha256, rows=rows,
        added=added, removed=removed,
    )  # fmt: skip


def association_text(
    *, now: datetime, actor_id: int, department_id: int | None, text_id: int, code: str, number: int
) -> AuditEvent:
    """An association has asked for its draft to be published."""
    return record(
        "association.text", now=now, actor_id=actor_id, department_id=department_id, target_type="text",
        target_id=text_id, code=code, number=number,
    )  # fmt: skip


def campaign_step(
    *, now: datetime, actor_id: int, department_id: int, campaign_id: int, deed: str, rows: int = 0
) -> AuditEvent:
    """Set up, ended early, members reminded (`rows`: to how many a message went)."""
    return record(
        "campaign.step", now=now, actor_id=actor_id, department_id=department_id, target_type="campaign",
        target_id=campaign_id, deed=deed, rows=rows,
    )  # fmt: skip


def member_note(
    *, now: datetime, actor_id: int | None, department_id: int, note_id: int, subject_id: int, deed: str
) -> AuditEvent:
    """A note of a member: put down, corrected, declared void; the member's word on it, the association's answer."""
    return record(
        "member.note", now=now, actor_id=actor_id, department_id=department_id, target_type="member_note",
        target_id=note_id, subject=subject_id, deed=deed,
    )  # fmt: skip


def registration_step(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int | None,
    registration_id: int,
    subject_id: int,
    kind: str,
    deed: str,
) -> AuditEvent:
    """Voluntary registration: saved, submitted, handed over, asked, answered, verified or not, withdrawn, expired, revoked."""
    return record(
        "registration.step", now=now, actor_id=actor_id, department_id=department_id,
        target_type="registration", target_id=registration_id, subject=subject_id, kind=kind, deed=deed,
    )  # fmt: skip


def registration_verifier(
    *, now: datetime, actor_id: int, department_id: int | None, verifier_id: int, kind: str
) -> AuditEvent:
    """Which department verifies a kind in a region."""
    return record(
        "registration.verifier", now=now, actor_id=actor_id, department_id=department_id,
        target_type="registration_verifier", target_id=verifier_id, kind=kind,
    )  # fmt: skip


def expected_reminded(
    *, now: datetime, actor_id: int, department_id: int, sort: str, rows: int
) -> AuditEvent:
    """Those who should register and have not were reminded."""
    return record(
        "registration.reminded", now=now, actor_id=actor_id, department_id=department_id,
        target_type="roster", target_id=department_id, sort=sort, rows=rows,
    )  # fmt: skip
