"""What time does to registrations, and what becomes of them when their commitment to truth is gone."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from commitments.models import Commitment, Registration, RegistrationStep
from credit_portal.audit.clock import local_date
from credit_portal.audit.recording import together
from credit_portal.outbox import notices, sweeping
from credit_portal.outbox.models import Message
from credit_portal.outbox.services import enqueue_many
from credit_portal.registry import codes
from verification.in_sets import Exit, end_entries
from verification.models import CreditEntry
from verification.vocabulary import State as EntryState

from .filling import step, take_out, tell
from .rules import BY_ANSWER, BY_SUBJECT, State

BATCH = 500
SMS = "registration.expiry"
BEFORE = timedelta(days=30)
OVER = "证明于 {day} 到期"
MOVED = "有效期至由 {before} 改为 {after}"
GONE = "真实性承诺已作废或者更正"
WORDS = "您自愿注册的信息“{title}”的证明将于 {day} 到期，到期后不再计入。可以登记新的证明。"


def follow(*, now: datetime) -> int:
    """Step of the sweep: tell before a proof expires, and let it expire."""
    told = sweeping.in_batches(lambda: _tell(now=now), full=BATCH)
    return told + sweeping.in_batches(lambda: _expire(now=now), full=BATCH)


def _counting_until(**last: Any) -> QuerySet[Registration, Any]:
    """The verified ones by the last day on which they count, that of their entry. It is the proof's own, by which the index
    finds them, but where an answer to an objection has put the entry right: those are few."""
    ((how, days),) = last.items()
    rows = Registration.objects.filter(state=State.VERIFIED, **{f"entry__until_on__{how}": days})
    as_signed = rows.filter(**{f"valid_until__{how}": days})
    return as_signed.values("pk").union(rows.filter(entry__corrects__isnull=False).values("pk"))


def _tell(*, now: datetime) -> int:
    today = local_date(now)
    rows = list(
        Registration.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("subject")
        .filter(
            pk__in=_counting_until(range=(today, today + BEFORE)), state=State.VERIFIED, expiry_told=False
        )
        .order_by("pk")[:BATCH]
    )
    if not rows:
        return 0
    Registration.objects.filter(pk__in=[row.pk for row in rows]).update(expiry_told=True)
    enqueue_many(
        [
            Message(
                key=f"{SMS}:{row.pk}",
                effect=SMS,
                payload={"registration": row.pk},
                created_at=now,
                due_at=now,
            )
            for row in rows
            if row.subject.phone_sealed
        ]
    )
    return len(rows)


def send_sms(payload: Mapping[str, Any], *, key: str, now: datetime) -> None:
    """External effect. What was taken back meanwhile is not spoken of."""
    row = Registration.objects.select_related("subject", "entry").get(pk=payload["registration"])
    if row.state != State.VERIFIED:
        return
    try:
        number = codes.check_mobile(row.subject.phone)
    except codes.CodeError:
        return
    if number:
        notices.text_message(number=number, text=WORDS.format(title=row.title, day=row.counts_until), key=key)


def _expire(*, now: datetime) -> int:
    """A proof that has run out proves nothing any more: in sets, each on its own last day."""
    today = local_date(now)
    rows = list(
        Registration.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(pk__in=_counting_until(lt=today), state=State.VERIFIED)
        .order_by("pk")[:BATCH]
    )
    # Read after the lock: until then an answer may have put an entry right.
    entries = CreditEntry.objects.in_bulk([row.entry_id for row in rows])
    last = {pk: one.until_on for pk, one in entries.items() if one.until_on and one.until_on < today}
    rows = [row for row in rows if row.entry_id in last]
    if not rows:
        return 0
    Registration.objects.filter(pk__in=[row.pk for row in rows]).update(state=State.EXPIRED)
    end_entries(
        exits={
            pk: Exit(day, OVER.format(day=day))
            for pk, day in last.items()
            if entries[pk].state == EntryState.EFFECTIVE
        },
        operator=None,
        now=now,
    )
    RegistrationStep.objects.bulk_create(
        [
            RegistrationStep(
                registration=row,
                kind=RegistrationStep.Kind.EXPIRED,
                at=now,
                note=OVER.format(day=last[row.entry_id]),
            )
            for row in rows
        ]
    )
    with together():
        for row in rows:
            tell(row, str(RegistrationStep.Kind.EXPIRED.label), None, now)
    return len(rows)


def on_corrected(*, old: CreditEntry, new: CreditEntry, actor: Any, now: datetime) -> None:
    """Hook: an answer to an objection has put its entry right. Another last day is told of anew, and one that had expired by
    the wrong day counts again."""
    if new.until_on == old.until_on:
        return
    row = Registration.objects.select_for_update(of=("self",)).filter(entry=new).first()
    if row is None:
        return
    row.expiry_told = False
    if row.state in BY_ANSWER[State.VERIFIED] and new.state == EntryState.EFFECTIVE:
        row.state = State.VERIFIED
    row.save(update_fields=["expiry_told", "state"])
    note = MOVED.format(before=_day(old.until_on), after=_day(new.until_on))
    step(row, RegistrationStep.Kind.CORRECTED, now=now, actor=actor, note=note)


def _day(day: date | None) -> str:
    return day.isoformat() if day else "没有期限"


def on_gone(*, commitment: Commitment, actor: Any, now: datetime) -> None:
    """The commitment to truth has been voided or replaced: what rests on it is not registered any more."""
    rows = (
        Registration.objects.select_for_update(of=("self",))
        .select_related("batch")
        .filter(batch__commitment=commitment, state__in=BY_SUBJECT[State.WITHDRAWN])
    )
    for row in rows.order_by("pk"):
        take_out(row, GONE, now=now, actor=actor)
