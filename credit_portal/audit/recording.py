"""Writing to the log. Only `events.py` calls `record`, so that every kind of event has one typed function."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction

from .copying import copy_rows
from .models import AuditEvent, ReadLog


def canonical_bytes(
    *,
    at: datetime,
    verb: str,
    actor_id: int | None,
    department_id: int | None,
    target_type: str,
    target_id: str,
    facts: dict[str, Any],
) -> bytes:
    """The bytes of an event: JSON, keys sorted, no spaces, UTF-8, time in UTC with microseconds."""
    body = {
        "v": 1,
        "at": at.astimezone(UTC).isoformat(timespec="microseconds"),
        "verb": verb,
        "actor": actor_id,
        "department": department_id,
        "type": target_type,
        "id": target_id,
        "facts": facts,
    }
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


class NotInTransaction(RuntimeError):
    """An event was written outside of the transaction of the fact that it tells of."""


_held: ContextVar[list[AuditEvent] | None] = ContextVar("held", default=None)


@contextmanager
def together() -> Iterator[None]:
    """Events of many facts, written in one statement at the end of the block, in their order. The block is a transaction
    of its own (or a part of one): facts and events are there together or not at all."""
    if _held.get() is not None:
        yield
        return
    held: list[AuditEvent] = []
    with transaction.atomic():
        token = _held.set(held)
        try:
            yield
        finally:
            _held.reset(token)
        _write(held)


# From so many on, rows are copied in; below, one statement is as quick and gives the ids.
MANY = 200


def _write(held: list[AuditEvent]) -> None:
    if len(held) < MANY:
        AuditEvent.objects.bulk_create(held, batch_size=1_000)
        return
    copy_rows(
        AuditEvent._meta.db_table,
        ("at", "verb", "actor_id", "department_id", "target_type", "target_id", "facts", "canonical", "digest"),
        (
            (
                one.at, one.verb, one.actor_id, one.department_id, one.target_type, one.target_id, one.facts,
                bytes(one.canonical), bytes(one.digest),
            )
            for one in held
        ),
    )  # fmt: skip


def record(
    verb: str,
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int | None = None,
    target_type: str,
    target_id: int | str,
    **facts: Any,
) -> AuditEvent:
    """Append one event in the caller's transaction. Facts are JSON scalars or lists: ids, codes, hashes."""
    if not connection.in_atomic_block:
        raise NotInTransaction(f"事件 {verb} 必须与其事实在同一事务中写入。")
    canonical = canonical_bytes(
        at=now,
        verb=verb,
        actor_id=actor_id,
        department_id=department_id,
        target_type=target_type,
        target_id=str(target_id),
        facts=facts,
    )
    event = AuditEvent(
        at=now,
        verb=verb,
        actor_id=actor_id,
        department_id=department_id,
        target_type=target_type,
        target_id=str(target_id),
        facts=facts,
        canonical=canonical,
        digest=hashlib.sha256(canonical).digest(),
    )
    held = _held.get()
    if held is None:
        event.save(force_insert=True)
    else:
        held.append(event)
    return event


def log_read(
    *,
    now: datetime,
    actor_id: int | None,
    what: str,
    target_type: str,
    target_id: int | str,
    purpose: str,
    subject_id: int | None = None,
    access_id: int | None = None,
    partner_id: int | None = None,
) -> ReadLog:
    """Log that somebody read personal data or a record, with the purpose (`ReadLog.Purpose`). `access_id`: by which
    access a subject, or its agent, read on its own pages; `partner_id`: which system of a department did."""
    return ReadLog.objects.create(
        at=now,
        actor_id=actor_id,
        access_id=access_id,
        partner_id=partner_id,
        what=what,
        target_type=target_type,
        target_id=str(target_id),
        subject_id=subject_id,
        purpose=purpose,
    )


def log_reads(
    *,
    now: datetime,
    actor_id: int | None,
    what: str,
    target_type: str,
    target_id: int | str,
    purpose: str,
    subject_ids: Sequence[int],
) -> None:
    """The same of many subjects at once: what of theirs is in a file."""
    ReadLog.objects.bulk_create(
        [
            ReadLog(
                at=now,
                actor_id=actor_id,
                what=what,
                target_type=target_type,
                target_id=str(target_id),
                subject_id=subject_id,
                purpose=purpose,
            )
            for subject_id in subject_ids
        ],
        batch_size=1_000,
    )
