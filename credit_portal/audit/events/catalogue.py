"""Events of the catalogue at work: withdrawals, adopted model texts, an item's own rules, imports, filings (R20–R25)."""

from datetime import date, datetime

from credit_portal.audit.models import AuditEvent
from credit_portal.audit.recording import record


def item_withdrawn(
    *, now: datetime, actor_id: int | None, item_id: int, code: str, number: int, valid_from: date | None
) -> AuditEvent:
    return record(
        "item.withdrawn", now=now, actor_id=actor_id, target_type="item", target_id=item_id, code=code,
        number=number, valid_from=str(valid_from or ""),
    )  # fmt: skip


def text_withdrawn(
    *, now: datetime, actor_id: int | None, text_id: int, code: str, number: int, valid_from: date | None
) -> AuditEvent:
    return record(
        "text.withdrawn", now=now, actor_id=actor_id, target_type="text", target_id=text_id, code=code,
        number=number, valid_from=str(valid_from or ""),
    )  # fmt: skip


def text_issue(
    *, now: datetime, actor_id: int | None, text_id: int, code: str, number: int, sha256: str
) -> AuditEvent:
    """The document by which a provincial model text was issued has been entered. `sha256`: of its file."""
    return record(
        "text.issue", now=now, actor_id=actor_id, target_type="text", target_id=text_id, code=code,
        number=number, sha256=sha256,
    )  # fmt: skip


def text_adopted(
    *, now: datetime, actor_id: int | None, text_id: int, code: str, number: int, model: str, version: int
) -> AuditEvent:
    return record(
        "text.adopted", now=now, actor_id=actor_id, target_type="text", target_id=text_id, code=code,
        number=number, model=model, version=version,
    )  # fmt: skip


def item_rules(
    *, now: datetime, actor_id: int | None, item_id: int, code: str, number: int, effective_from: date
) -> AuditEvent:
    return record(
        "item.rules", now=now, actor_id=actor_id, target_type="item", target_id=item_id, code=code,
        number=number, effective_from=str(effective_from),
    )  # fmt: skip


def catalogue_import(
    *,
    now: datetime,
    actor_id: int,
    department_id: int | None,
    import_id: int,
    deed: str,
    drafts: int,
    refused: int,
    sha256: str,
) -> AuditEvent:
    return record(
        "catalogue.import", now=now, actor_id=actor_id, department_id=department_id,
        target_type="catalogue_import", target_id=import_id, deed=deed, drafts=drafts, refused=refused,
        sha256=sha256,
    )  # fmt: skip


def catalogue_filing(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int | None,
    filing_id: int,
    number: str,
    step: str,
    sha256: str,
) -> AuditEvent:
    return record(
        "catalogue.filing", now=now, actor_id=actor_id, department_id=department_id,
        target_type="catalogue_filing", target_id=filing_id, number=number, step=step, sha256=sha256,
    )  # fmt: skip
