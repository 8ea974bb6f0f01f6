"""Events of breaches: the case, its report, its publication."""

from datetime import date, datetime
from typing import Any

from credit_portal.audit.models import AuditEvent
from credit_portal.audit.recording import record


def _about(
    verb: str,
    target_type: str,
    target_id: int,
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int | None,
    **facts: Any,
) -> AuditEvent:
    return record(
        verb,
        now=now,
        actor_id=actor_id,
        department_id=department_id,
        target_type=target_type,
        target_id=target_id,
        **facts,
    )


def case_step(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int,
    case_id: int,
    number: str,
    step: str,
    on: date,
    sha256: str = "",
) -> AuditEvent:
    """A step of a case; `step` is its code, `sha256` that of the step's document."""
    return _about(
        "case.step", "breach_case", case_id, now=now, actor_id=actor_id, department_id=department_id,
        number=number, step=step, on=on.isoformat(), sha256=sha256,
    )  # fmt: skip


def report_submitted(
    *,
    now: datetime,
    actor_id: int,
    department_id: int,
    report_id: int,
    number: str,
    round_number: int,
    sha256: str,
) -> AuditEvent:
    return _about(
        "report.submitted", "breach_report", report_id, now=now, actor_id=actor_id,
        department_id=department_id, number=number, round=round_number, sha256=sha256,
    )  # fmt: skip


def report_answered(
    *,
    now: datetime,
    actor_id: int,
    department_id: int | None,
    report_id: int,
    number: str,
    round_number: int,
    accepted: bool,
) -> AuditEvent:
    return _about(
        "report.accepted" if accepted else "report.returned", "breach_report", report_id, now=now,
        actor_id=actor_id, department_id=department_id, number=number, round=round_number,
    )  # fmt: skip


def report_withdrawn(
    *, now: datetime, actor_id: int | None, department_id: int, report_id: int, number: str
) -> AuditEvent:
    return _about(
        "report.withdrawn", "breach_report", report_id, now=now, actor_id=actor_id,
        department_id=department_id, number=number,
    )  # fmt: skip


def breach_publication_decided(
    *,
    now: datetime,
    actor_id: int,
    second_id: int | None,
    department_id: int | None,
    publication_id: int,
    case_id: int,
    publicity_class: str,
    reason: str,
    public_from: date | None,
    public_until: date | None,
) -> AuditEvent:
    return _about(
        "breach.publication_decided", "breach_publication", publication_id, now=now, actor_id=actor_id,
        department_id=department_id, second=second_id, case=case_id, publicity_class=publicity_class,
        reason=reason, public_from=public_from.isoformat() if public_from else None,
        public_until=public_until.isoformat() if public_until else None,
    )  # fmt: skip


def breach_publication_proposal(
    *,
    now: datetime,
    actor_id: int,
    department_id: int | None,
    proposal_id: int,
    case_id: int,
    deed: str,
) -> AuditEvent:
    return _about(
        "breach.publication_proposal", "breach_publication_proposal", proposal_id, now=now,
        actor_id=actor_id, department_id=department_id, case=case_id, deed=deed,
    )  # fmt: skip


def breach_published(*, now: datetime, department_id: int, publication_id: int, case_id: int) -> AuditEvent:
    """Its first public day has come, and the feed says so."""
    return _about(
        "breach.published", "breach_publication", publication_id, now=now, actor_id=None,
        department_id=department_id, case=case_id,
    )  # fmt: skip


def breach_publication_ended(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int,
    publication_id: int,
    case_id: int,
    ending: str,
) -> AuditEvent:
    return _about(
        "breach.publication_ended", "breach_publication", publication_id, now=now, actor_id=actor_id,
        department_id=department_id, case=case_id, ending=ending,
    )  # fmt: skip


def breach_marked(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int,
    publication_id: int,
    case_id: int,
    under_way: bool,
) -> AuditEvent:
    return _about(
        "breach.objection_marked", "breach_publication", publication_id, now=now, actor_id=actor_id,
        department_id=department_id, case=case_id, under_way=under_way,
    )  # fmt: skip


def entry_publicity(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int | None,
    entry_id: int,
    subject_id: int,
    deed: str,
) -> AuditEvent:
    """What a room above has written into a record's entry: `served`, `publicity`, `publicity_ended`, `objection_on`,
    `objection_off`, `corrected`."""
    return _about(
        "entry.written", "entry", entry_id, now=now, actor_id=actor_id, department_id=department_id,
        subject=subject_id, deed=deed,
    )  # fmt: skip


# ---- exchange with the platform above ----------------------------------------------------------------------


def exchange_batched(
    *, now: datetime, actor_id: int | None, department_id: int | None, batch_id: int, number: str, rows: int
) -> AuditEvent:
    return _about(
        "exchange.batched", "exchange_batch", batch_id, now=now, actor_id=actor_id,
        department_id=department_id, number=number, rows=rows,
    )  # fmt: skip


def exchange_receipt(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int | None,
    batch_id: int,
    accepted: int,
    rejected: int,
    sha256: str,
) -> AuditEvent:
    return _about(
        "exchange.receipt", "exchange_batch", batch_id, now=now, actor_id=actor_id,
        department_id=department_id, accepted=accepted, rejected=rejected, sha256=sha256,
    )  # fmt: skip


def exchange_forwarded(
    *, now: datetime, actor_id: int, department_id: int | None, batch_id: int, on: date
) -> AuditEvent:
    return _about(
        "exchange.forwarded", "exchange_batch", batch_id, now=now, actor_id=actor_id,
        department_id=department_id, on=on.isoformat(),
    )  # fmt: skip


def exchange_downloaded(
    *, now: datetime, actor_id: int, department_id: int | None, batch_id: int, sha256: str
) -> AuditEvent:
    return _about(
        "exchange.downloaded", "exchange_batch", batch_id, now=now, actor_id=actor_id,
        department_id=department_id, sha256=sha256,
    )  # fmt: skip


def collection_exported(*, now: datetime, region_code: int, rows: int, sha256: str) -> AuditEvent:
    """The whole of a place was written to a file by whoever runs the portal."""
    return _about(
        "exchange.exported", "region", region_code, now=now, actor_id=None, department_id=None, rows=rows,
        sha256=sha256,
    )  # fmt: skip


def exchange_corrected(
    *,
    now: datetime,
    actor_id: int,
    department_id: int,
    record_id: int,
    before_id: int,
    fields: list[int],
    sha256: str,
) -> AuditEvent:
    """Numbers of the fields that people wrote, never the words."""
    return _about(
        "exchange.corrected", "exchange_record", record_id, now=now, actor_id=actor_id,
        department_id=department_id, before_id=before_id, fields=fields, sha256=sha256,
    )  # fmt: skip


def exchange_platform_saved(
    *, now: datetime, actor_id: int, department_id: int | None, platform_id: int, changed: list[str]
) -> AuditEvent:
    """Names of the settings that were changed."""
    return _about(
        "exchange.platform_saved", "exchange_platform", platform_id, now=now, actor_id=actor_id,
        department_id=department_id, changed=changed,
    )  # fmt: skip


def consequence_step(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int,
    kind: str,
    row_id: int,
    number: str,
    step: str,
    on: date,
    sha256: str = "",
) -> AuditEvent:
    """A step of what a breach brings with it; `kind` is rectification, interview, handoff or letter."""
    return _about(
        "consequence.step", kind, row_id, now=now, actor_id=actor_id, department_id=department_id,
        kind=kind, number=number, step=step, on=on.isoformat(), sha256=sha256,
    )  # fmt: skip


def recipient_saved(*, now: datetime, actor_id: int | None, recipient_id: int, role: str) -> AuditEvent:
    return _about(
        "recipient.saved",
        "recipient",
        recipient_id,
        now=now,
        actor_id=actor_id,
        department_id=None,
        role=role,
    )


def list_method(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int,
    method_id: int,
    list_name: str,
    number: int,
    deed: str,
    opinion_id: int | None = None,
) -> AuditEvent:
    """A step of the method of a list, or of an opinion on it; who has an opinion is not said."""
    return _about(
        "list_method.step", "list_method", method_id, now=now, actor_id=actor_id, department_id=department_id,
        list=list_name, number=number, deed=deed, **({"opinion": opinion_id} if opinion_id else {}),
    )  # fmt: skip


def listing_step(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int,
    listing_id: int,
    number: str,
    state: str,
    on: date,
    sha256: str = "",
) -> AuditEvent:
    """A step of putting somebody on a list; `state` is what it is in after it."""
    return _about(
        "listing.step", "listing", listing_id, now=now, actor_id=actor_id, department_id=department_id,
        number=number, state=state, on=on.isoformat(), sha256=sha256,
    )  # fmt: skip


def listing_stated(
    *,
    now: datetime,
    access_id: int,
    department_id: int,
    listing_id: int,
    number: str,
    on: date,
    files: int,
) -> AuditEvent:
    """The subject itself has spoken on its own pages, before it is put on a list."""
    return _about(
        "listing.stated", "listing", listing_id, now=now, actor_id=None, department_id=department_id,
        number=number, on=on.isoformat(), access=access_id, files=files,
    )  # fmt: skip
