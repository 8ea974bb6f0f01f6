"""Events of repair: an application's steps, signs of a broken repair commitment, lock-outs, proof that publication stopped."""

from datetime import date, datetime

from credit_portal.audit.models import AuditEvent
from credit_portal.audit.recording import record


def repair_step(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int,
    application_id: int,
    entry_id: int,
    step: str,
    sha256: str = "",
) -> AuditEvent:
    """Handed in, asked, taken up, decided, confirmed, taken back; a file put in (then with its hash)."""
    return record(
        "repair.step", now=now, actor_id=actor_id, department_id=department_id,
        target_type="repair_application", target_id=application_id, entry=entry_id, step=step, sha256=sha256,
    )  # fmt: skip


def pledge_sign(
    *, now: datetime, actor_id: int | None, department_id: int, sign_id: int, pledge_id: int, deed: str
) -> AuditEvent:
    """A sign that a repair commitment was broken: found in the record, or answered by the department."""
    return record(
        "repair.sign", now=now, actor_id=actor_id, department_id=department_id,
        target_type="broken_pledge", target_id=sign_id, commitment=pledge_id, deed=deed,
    )  # fmt: skip


def locked_out(
    *, now: datetime, actor_id: int | None, department_id: int, case_id: int, entry_id: int, until_on: date
) -> AuditEvent:
    """A lock-out begun by a determined breach of a repair commitment."""
    return record(
        "repair.locked_out", now=now, actor_id=actor_id, department_id=department_id, target_type="breach_case",
        target_id=case_id, entry=entry_id, until_on=until_on.isoformat(),
    )  # fmt: skip


def help_service_saved(*, now: datetime, actor_id: int | None, service_id: int, offers: str) -> AuditEvent:
    """A credit service that helps with repair was put on the public list, changed or taken off."""
    return record(
        "repair.help_service", now=now, actor_id=actor_id, department_id=None, target_type="help_service",
        target_id=service_id, offers=offers,
    )  # fmt: skip


def unpublication_looked_at(
    *, now: datetime, department_id: int, proof_id: int, publication_id: int | None, seen: int, failed: int
) -> AuditEvent:
    """Every surface was fetched to see that a breach is gone: how many, and how many still had it or could not be read."""
    return record(
        "repair.unpublication", now=now, actor_id=None, department_id=department_id,
        target_type="unpublication_proof", target_id=proof_id, publication=publication_id, seen=seen,
        failed=failed,
    )  # fmt: skip
