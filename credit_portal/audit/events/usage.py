"""Events of the monthly lists of uses."""

from collections.abc import Sequence
from datetime import datetime

from credit_portal.audit.models import AuditEvent
from credit_portal.audit.recording import record


def usage_note(*, now: datetime, actor_id: int, department_id: int, check_id: int, kind: str) -> AuditEvent:
    return record(
        "usage.note", now=now, actor_id=actor_id, department_id=department_id, target_type="check",
        target_id=check_id, kind=kind,
    )  # fmt: skip


def usage_submitted(
    *,
    now: datetime,
    actor_id: int,
    department_id: int,
    list_id: int,
    number: str,
    version: int,
    rows: int,
    sha256: str,
) -> AuditEvent:
    return record(
        "usage.submitted", now=now, actor_id=actor_id, department_id=department_id, target_type="usage_list",
        target_id=list_id, number=number, version=version, rows=rows, sha256=sha256,
    )  # fmt: skip


def usage_chased(
    *, now: datetime, actor_id: int, department_id: int | None, lists: Sequence[int]
) -> AuditEvent:
    return record(
        "usage.chased", now=now, actor_id=actor_id, department_id=department_id, target_type="usage_list",
        target_id="list", rows=len(lists), lists=list(lists),
    )  # fmt: skip


def usage_notice(
    *,
    now: datetime,
    actor_id: int,
    department_id: int,
    notice_id: int,
    number: str,
    step: str,
    units: int,
    sha256: str = "",
) -> AuditEvent:
    """A step of the notice that names units."""
    return record(
        "usage.notice", now=now, actor_id=actor_id, department_id=department_id, target_type="usage_notice",
        target_id=notice_id, number=number, step=step, rows=units, sha256=sha256,
    )  # fmt: skip
