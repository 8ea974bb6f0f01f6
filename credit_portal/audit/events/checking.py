"""Events of what belongs to a check, and of the measures that follow from lists."""

from collections.abc import Sequence
from datetime import datetime

from credit_portal.audit.models import AuditEvent
from credit_portal.audit.recording import record


def check_step(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int,
    check_id: int,
    number: str,
    step: str,
    sha256: str = "",
) -> AuditEvent:
    """Looked at a source, took a report in, told, disputed, answered, made an exception, decided."""
    return record(
        "check.step", now=now, actor_id=actor_id, department_id=department_id, target_type="check",
        target_id=check_id, number=number, step=step, sha256=sha256,
    )  # fmt: skip


def measures_applied(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int,
    check_id: int,
    number: str,
    measures: Sequence[int],
) -> AuditEvent:
    return record(
        "measure.applied", now=now, actor_id=actor_id, department_id=department_id, target_type="check",
        target_id=check_id, number=number, rows=len(measures), measures=list(measures),
    )  # fmt: skip


def measures_ended(
    *, now: datetime, actor_id: int | None, department_id: int | None, reason: str, measures: Sequence[int]
) -> AuditEvent:
    """Measures whose cause has ended, many at once where one cause has brought many."""
    return record(
        "measure.ended", now=now, actor_id=actor_id, department_id=department_id,
        target_type="applied_measure", target_id=measures[0] if len(measures) == 1 else "list",
        reason=reason, rows=len(measures), measures=list(measures),
    )  # fmt: skip


def measure_lifting(
    *, now: datetime, actor_id: int | None, department_id: int | None, measure_id: int, deed: str
) -> AuditEvent:
    """A measure lifted early: asked for, allowed or declined by another, or (a reward) done by one; or what was asked for goes on
    with the measure of a corrected record, by the system where nobody is at hand."""
    return record(
        "measure.lifting", now=now, actor_id=actor_id, department_id=department_id,
        target_type="applied_measure", target_id=measure_id, deed=deed,
    )  # fmt: skip


def measure_listed(
    *, now: datetime, actor_id: int | None, department_id: int | None, measure_id: int, deed: str
) -> AuditEvent:
    """A row of the public list: entered, approved, ended."""
    return record(
        "measure.listed", now=now, actor_id=actor_id, department_id=department_id,
        target_type="listed_measure", target_id=measure_id, deed=deed,
    )  # fmt: skip


def measures_loaded(*, now: datetime, lists: int, measures: int) -> AuditEvent:
    return record(
        "measure.loaded", now=now, actor_id=None, target_type="listed_measure", target_id="list",
        lists=lists, rows=measures,
    )  # fmt: skip


def credit_list_saved(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int | None,
    list_id: int,
    code: str,
    keepers: Sequence[int],
) -> AuditEvent:
    """`keepers`: the departments that keep it, by their ids."""
    return record(
        "list.saved", now=now, actor_id=actor_id, department_id=department_id, target_type="credit_list",
        target_id=list_id, code=code, keepers=list(keepers),
    )  # fmt: skip


def list_upload(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int,
    upload_id: int,
    deed: str,
    sha256: str,
    rows: int,
    added: int,
    removed: int,
) -> AuditEvent:
    """A file of a list: looked through, begun, taken in, not taken in, given up. Each entry has an event of its own."""
    return record(
        "list.upload", now=now, actor_id=actor_id, department_id=department_id,
        target_type="membership_upload", target_id=upload_id, deed=deed, sha256=sha256, rows=rows,
        added=added, removed=removed,
    )  # fmt: skip


def check_source_saved(
    *, now: datetime, actor_id: int, department_id: int | None, source_id: int, name: str
) -> AuditEvent:
    return record(
        "source.saved", now=now, actor_id=actor_id, department_id=department_id, target_type="check_source",
        target_id=source_id, name=name,
    )  # fmt: skip


def own_record_given(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int | None,
    request_id: int,
    subject_id: int,
    number: str,
    rows: int,
    sha256: str,
) -> AuditEvent:
    """A subject was given its own record on paper: by somebody of the staff, or by itself on its own pages."""
    return record(
        "record.given", now=now, actor_id=actor_id, department_id=department_id, target_type="own_record",
        target_id=request_id, subject=subject_id, number=number, rows=rows, sha256=sha256,
    )  # fmt: skip
