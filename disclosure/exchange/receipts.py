"""The platform's answers, batch by batch and row by row. Told twice, an answer counts once."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from credit_portal.audit import events
from credit_portal.outbox import notices
from credit_portal.registry import groups
from credit_portal.registry.models import PublicityClass, User
from disclosure import breach_publishing
from disclosure.models import ExchangeAnswer, ExchangeBatch, ExchangeReceipt, ExchangeRecord
from verification.measures import feeding

from . import noting
from .batches import ExchangeError, _may
from .wanting import CLASS_WORDS

State, Record = ExchangeBatch.State, ExchangeRecord.State
PIECE = 1_000


@dataclass(frozen=True)
class Answer:
    """`key` of the record; `reasons`: (field number or "", text)."""

    key: str
    accepted: bool
    reasons: Sequence[tuple[str, str]] = field(default=())
    reference: str = ""


@transaction.atomic
def take_receipt(
    *, batch_id: int, answers: Iterable[Answer], raw: bytes, source: str, actor: User | None, now: datetime
) -> ExchangeReceipt:
    """Store a receipt and move its records. Rows that have been answered the same way are left as they are.

    Raises ExchangeError, nothing stored, where it names a record that is not of this batch, one twice, or answers one
    otherwise than an earlier receipt did.
    """
    batch = ExchangeBatch.objects.select_for_update().select_related("platform").get(pk=batch_id)
    if actor is not None:
        _may(actor, batch.platform_id)
    if batch.sent_at is None:
        raise ExchangeError(f"批次 {batch.number} 还没有送出，不会有回执。")
    records = {
        record.key: record
        for record in ExchangeRecord.objects.select_for_update(of=("self",))
        .filter(batch=batch)
        .select_related("commitment", "case__commitment")
        .defer("fields", "commitment__content", "case__commitment__content")
    }
    fresh = _compare(batch, records, list(answers))
    accepted = [records[one.key] for one in fresh if one.accepted]
    receipt = ExchangeReceipt.objects.create(
        batch=batch,
        at=now,
        by=actor,
        source=source,
        sha256=hashlib.sha256(raw).hexdigest(),
        accepted=len(accepted),
        rejected=len(fresh) - len(accepted),
    )
    for one in fresh:
        record = records[one.key]
        record.state = Record.ACCEPTED if one.accepted else Record.REJECTED
        record.reasons, record.reference = [list(pair) for pair in one.reasons], one.reference
        record.answered_at = now
    ExchangeRecord.objects.bulk_update(
        [records[one.key] for one in fresh],
        ["state", "reasons", "reference", "answered_at"],
        batch_size=PIECE,
    )
    ExchangeAnswer.objects.bulk_create(
        [
            ExchangeAnswer(
                receipt=receipt,
                record=records[one.key],
                accepted=one.accepted,
                reasons=[list(pair) for pair in one.reasons],
                reference=one.reference,
            )
            for one in fresh
        ],
        batch_size=PIECE,
    )
    if not any(record.state == Record.BATCHED for record in records.values()):
        batch.state, batch.answered_at = State.ANSWERED, batch.answered_at or now
        batch.save(update_fields=["state", "answered_at"])
    events.exchange_receipt(
        now=now,
        actor_id=actor.pk if actor else None,
        department_id=actor.department_id if actor else None,
        batch_id=batch.pk,
        accepted=receipt.accepted,
        rejected=receipt.rejected,
        sha256=receipt.sha256,
    )
    noting.meet(accepted, now=now)
    feeding.mark_fed_back(
        measure_ids=[record.measure_id for record in accepted if record.measure_id is not None], now=now
    )
    for record in accepted:
        # The version that people decided to be public, and not the one that went up on acceptance.
        if record.case_id is not None and record.fields.get("19") == CLASS_WORDS[PublicityClass.PUBLIC]:
            breach_publishing.shown_above(case_id=record.case_id, now=now)
    _tell(batch, [records[one.key] for one in fresh if not one.accepted], now=now)
    return receipt


def _compare(batch: ExchangeBatch, records: dict[str, ExchangeRecord], answers: list[Answer]) -> list[Answer]:
    seen: set[str] = set()
    fresh = []
    for place, answer in enumerate(answers, start=1):
        record = records.get(answer.key)
        if record is None:
            raise ExchangeError(f"回执第 {place} 条：记录 {answer.key} 不在批次 {batch.number} 中。")
        if answer.key in seen:
            raise ExchangeError(f"回执第 {place} 条：记录 {answer.key} 出现了两次。")
        seen.add(answer.key)
        if not answer.accepted and not any(text.strip() for _, text in answer.reasons):
            raise ExchangeError(f"回执第 {place} 条：退回的记录 {answer.key} 没有理由。")
        if record.state == Record.BATCHED:
            fresh.append(answer)
        elif (record.state == Record.ACCEPTED) != answer.accepted:
            raise ExchangeError(
                f"回执第 {place} 条：记录 {answer.key} 先前的回执是“{record.get_state_display()}”，与这次不同。"
            )
    return fresh


def _tell(batch: ExchangeBatch, refused: list[ExchangeRecord], *, now: datetime) -> None:
    """Departments whose records came back hear of it, one line a batch."""
    departments = {record.department_id for record in refused}
    people = User.objects.filter(
        department__in=departments, groups__name__in=[groups.OFFICER, groups.HEAD], is_active=True
    ).distinct()
    notices.notify(
        users=people,
        key=f"exchange:{batch.number}:refused",
        kind="exchange",
        title=f"报送批次 {batch.number} 有记录被平台退回，请更正",
        body="",
        link="/desk/exchange/refused/",
        now=now,
    )
