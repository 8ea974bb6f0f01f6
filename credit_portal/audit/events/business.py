"""Events of the business: texts, record, checks, drafts, commitments, publicity."""

from datetime import date, datetime

from credit_portal.audit.models import AuditEvent
from credit_portal.audit.recording import record


def text_drafted(*, now: datetime, actor_id: int | None, text_id: int, code: str, number: int) -> AuditEvent:
    return record(
        "text.drafted",
        now=now,
        actor_id=actor_id,
        target_type="text",
        target_id=text_id,
        code=code,
        number=number,
    )


def text_published(
    *, now: datetime, actor_id: int | None, text_id: int, code: str, number: int, sha256: str
) -> AuditEvent:
    return record(
        "text.published",
        now=now,
        actor_id=actor_id,
        target_type="text",
        target_id=text_id,
        code=code,
        number=number,
        sha256=sha256,
    )


def entry_added(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int | None,
    subject_id: int,
    entry_id: int,
    kind: str,
    upload_id: int | None = None,
) -> AuditEvent:
    """`upload_id`: the file of a list that has brought it."""
    return record(
        "entry.added",
        now=now,
        actor_id=actor_id,
        department_id=department_id,
        target_type="entry",
        target_id=entry_id,
        subject=subject_id,
        kind=kind,
        **({"upload": upload_id} if upload_id else {}),
    )


def entry_changed(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int | None,
    subject_id: int,
    entry_id: int,
    before: str,
    after: str,
    on: date | None = None,
    upload_id: int | None = None,
) -> AuditEvent:
    """`on`: the day on which it ended, where it did; why is in the record. `upload_id`: the file that says so."""
    return record(
        "entry.changed",
        now=now,
        actor_id=actor_id,
        department_id=department_id,
        target_type="entry",
        target_id=entry_id,
        subject=subject_id,
        before=before,
        after=after,
        **({"on": on.isoformat()} if on else {}),
        **({"upload": upload_id} if upload_id else {}),
    )


def entry_corrected(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int | None,
    subject_id: int,
    entry_id: int,
    corrects_id: int,
    kind: str,
) -> AuditEvent:
    """`entry_id` is the new entry, `corrects_id` the one that it has put right; what and why is in the record."""
    return record(
        "entry.corrected",
        now=now,
        actor_id=actor_id,
        department_id=department_id,
        target_type="entry",
        target_id=entry_id,
        subject=subject_id,
        corrects=corrects_id,
        kind=kind,
    )


def check_made(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int | None,
    subject_id: int,
    check_id: int,
    number: str,
    route: str,
    scrutiny: str,
    entries: list[int],
) -> AuditEvent:
    return record(
        "check.made",
        now=now,
        actor_id=actor_id,
        department_id=department_id,
        target_type="check",
        target_id=check_id,
        subject=subject_id,
        number=number,
        route=route,
        scrutiny=scrutiny,
        entries=entries,
    )


def draft_opened(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int | None,
    draft_id: str,
    subject_id: int | None,
    access_id: int | None = None,
) -> AuditEvent:
    """`access_id`: by which access a subject began it on its own pages; nobody of the staff then."""
    return record(
        "draft.opened",
        now=now,
        actor_id=actor_id,
        department_id=department_id,
        target_type="draft",
        target_id=draft_id,
        subject=subject_id,
        **({"access": access_id} if access_id is not None else {}),
    )


def draft_discarded(
    *, now: datetime, actor_id: int | None, department_id: int | None, draft_id: str
) -> AuditEvent:
    return record(
        "draft.discarded",
        now=now,
        actor_id=actor_id,
        department_id=department_id,
        target_type="draft",
        target_id=draft_id,
    )


def draft_presented(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int | None,
    draft_id: str,
    part: str,
    sha256: str,
    seconds: int,
) -> AuditEvent:
    return record(
        "draft.presented",
        now=now,
        actor_id=actor_id,
        department_id=department_id,
        target_type="draft",
        target_id=draft_id,
        part=part,
        sha256=sha256,
        seconds=seconds,
    )


def commitment_signed(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int | None,
    commitment_id: int,
    code: str,
    subject_id: int,
    text_sha256: str,
    pdf_sha256: str,
    capacity: str,
    check_id: int | None,
) -> AuditEvent:
    return record(
        "commitment.signed",
        now=now,
        actor_id=actor_id,
        department_id=department_id,
        target_type="commitment",
        target_id=commitment_id,
        code=code,
        subject=subject_id,
        text_sha256=text_sha256,
        pdf_sha256=pdf_sha256,
        capacity=capacity,
        check=check_id,
    )


def commitment_printed(
    *, now: datetime, actor_id: int, department_id: int | None, commitment_id: int, code: str, paper: str
) -> AuditEvent:
    return record(
        "commitment.printed",
        now=now,
        actor_id=actor_id,
        department_id=department_id,
        target_type="commitment",
        target_id=commitment_id,
        code=code,
        paper=paper,
    )


def commitment_voided(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int | None,
    commitment_id: int,
    code: str,
    reason_hash: str,
) -> AuditEvent:
    return record(
        "commitment.voided",
        now=now,
        actor_id=actor_id,
        department_id=department_id,
        target_type="commitment",
        target_id=commitment_id,
        code=code,
        reason_hash=reason_hash,
    )


def commitment_corrected(
    *,
    now: datetime,
    actor_id: int,
    department_id: int | None,
    commitment_id: int,
    code: str,
    replacement: str,
) -> AuditEvent:
    return record(
        "commitment.corrected",
        now=now,
        actor_id=actor_id,
        department_id=department_id,
        target_type="commitment",
        target_id=commitment_id,
        code=code,
        replacement=replacement,
    )


def commitment_fulfilment(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int | None,
    commitment_id: int,
    code: str,
    status: str,
) -> AuditEvent:
    return record(
        "commitment.fulfilment",
        now=now,
        actor_id=actor_id,
        department_id=department_id,
        target_type="commitment",
        target_id=commitment_id,
        code=code,
        status=status,
    )


def publicity_decided(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int | None,
    commitment_id: int,
    publicity_class: str,
    reason: str,
    second_id: int | None,
) -> AuditEvent:
    return record(
        "publicity.decided",
        now=now,
        actor_id=actor_id,
        department_id=department_id,
        target_type="commitment",
        target_id=commitment_id,
        publicity_class=publicity_class,
        reason=reason,
        second=second_id,
    )


def publicity_proposal(
    *,
    now: datetime,
    actor_id: int,
    department_id: int | None,
    commitment_id: int,
    proposal_id: int,
    deed: str,
) -> AuditEvent:
    """`deed`: proposed, confirmed, rejected, cancelled."""
    return record(
        "publicity.proposal",
        now=now,
        actor_id=actor_id,
        department_id=department_id,
        target_type="commitment",
        target_id=commitment_id,
        proposal=proposal_id,
        deed=deed,
    )


def publicity_withdrawn(
    *, now: datetime, actor_id: int | None, department_id: int | None, commitment_id: int, reason: str
) -> AuditEvent:
    return record(
        "publicity.withdrawn",
        now=now,
        actor_id=actor_id,
        department_id=department_id,
        target_type="commitment",
        target_id=commitment_id,
        reason=reason,
    )


def notice_printed(
    *, now: datetime, actor_id: int, department_id: int | None, check_id: int, number: str
) -> AuditEvent:
    return record(
        "notice.printed",
        now=now,
        actor_id=actor_id,
        department_id=department_id,
        target_type="check",
        target_id=check_id,
        number=number,
    )


def reading_saved(
    *, now: datetime, actor_id: int | None, reading_id: int, domain: str, deed: str
) -> AuditEvent:
    """`deed`: published, withdrawn."""
    return record(
        "reading.saved",
        now=now,
        actor_id=actor_id,
        target_type="reading",
        target_id=reading_id,
        domain=domain,
        deed=deed,
    )


def rule_document_saved(*, now: datetime, actor_id: int | None, document_id: int, shown: str) -> AuditEvent:
    """`shown`: public, hidden."""
    return record(
        "rule_document.saved",
        now=now,
        actor_id=actor_id,
        target_type="rule_document",
        target_id=document_id,
        shown=shown,
    )
