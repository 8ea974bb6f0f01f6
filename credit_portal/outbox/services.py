"""Writing messages and bringing their effects about: claimed, tried, marked, put off or given up.

The row is the truth. The queue only says that a row is worth a look, and may lose or repeat what it says.
"""

import logging
import time
from datetime import datetime, timedelta
from typing import Any

from celery import current_app
from django.db import connection, transaction

from credit_portal.audit import events
from credit_portal.registry import groups
from credit_portal.registry.models import User
from credit_portal.registry.visibility import has_role

from . import effects
from .models import Message

log = logging.getLogger(__name__)
State = Message.State

# A claim that is not marked by then belongs to a process that has died. Longer than any handler may take.
LEASE = timedelta(minutes=10)
DELIVER = "outbox.deliver"
# After the broker did not answer, nobody waits for it again for so long: the sweep finds the row anyway.
REST_AFTER_FAILURE = 30.0
_quiet_until = 0.0


class MessageError(ValueError):
    """A message cannot be taken up again; the text says why, in Chinese."""


# ---- writing -----------------------------------------------------------------------------------------------


def enqueue(
    *, effect: str, key: str, payload: dict[str, Any], now: datetime, due_at: datetime | None = None
) -> Message:
    """Write down, in the caller's transaction, that an effect must be brought about once. The same key again gives the
    row that is there. `payload` holds ids and numbers only."""
    if not connection.in_atomic_block:
        raise RuntimeError("外发事项必须与其事实在同一事务中写入。")
    message, created = Message.objects.get_or_create(
        key=key,
        defaults={"effect": effect, "payload": payload, "created_at": now, "due_at": due_at or now},
    )
    if created and message.due_at <= now:
        transaction.on_commit(lambda: hint([message.pk]), robust=True)
    return message


def enqueue_many(messages: list[Message]) -> int:
    """Write many rows at once; those whose key is there already are left out. Gives how many were new."""
    if not messages:
        return 0
    before = set(Message.objects.filter(key__in=[m.key for m in messages]).values_list("key", flat=True))
    fresh = [message for message in messages if message.key not in before]
    Message.objects.bulk_create(fresh, ignore_conflicts=True, batch_size=1_000)
    return len(fresh)


def hint(message_ids: list[int]) -> None:
    """Tell the queue that rows are waiting. A broker that is away costs one connection attempt in half a minute."""
    global _quiet_until
    if time.monotonic() < _quiet_until:
        return
    try:
        for message_id in message_ids:
            current_app.send_task(DELIVER, args=[message_id])
    except Exception as error:  # whatever the broker's library raises; the row is there
        _quiet_until = time.monotonic() + REST_AFTER_FAILURE
        log.warning("queue is away: %s", error)


# ---- bringing about ----------------------------------------------------------------------------------------


def deliver(*, message_id: int, now: datetime) -> bool:
    """Bring one message's effect about, if it is waiting and due and nobody else is at it. True where it is done now.

    Safe at any time, any number of times, by any number of processes at once.
    """
    message = _claim(message_id, now)
    if message is None:
        return False
    effect = effects.effect(message.effect)
    try:
        if effect is None:
            raise LookupError(f"没有名为“{message.effect}”的外发事项")
        if effect.external:
            effect.handler(message.payload, key=message.key, now=now)
            _mark_done(message, now)
        else:
            with transaction.atomic():
                # Its own lock: whoever else is here waits, and then finds it done.
                if not _still_ours(message):
                    return False
                effect.handler(message.payload, key=message.key, now=now)
                _mark_done(message, now)
    except Exception as error:  # one effect's failure is its row's, not the pass's
        log.exception("effect failed", extra={"effect": message.effect, "message_id": message.pk})
        _put_off(message, error, now)
        return False
    return True


def deliver_due(*, now: datetime, limit: int = 500) -> int:
    """Whatever waits and is due, the oldest first, claims that have run out included. Gives how many were done."""
    done = 0
    ids = (
        Message.objects.filter(state=State.WAITING, due_at__lte=now)
        .order_by("due_at", "id")
        .values_list("pk", flat=True)[:limit]
    )
    for message_id in list(ids):
        done += deliver(message_id=message_id, now=now)
    return done


@transaction.atomic
def _claim(message_id: int, now: datetime) -> Message | None:
    message = (
        Message.objects.select_for_update(skip_locked=True)
        .filter(pk=message_id, state=State.WAITING, due_at__lte=now)
        .first()
    )
    if message is None or (message.claimed_until is not None and message.claimed_until > now):
        return None
    message.claimed_until = now + LEASE
    message.attempts += 1
    message.save(update_fields=["claimed_until", "attempts"])
    return message


def _still_ours(message: Message) -> bool:
    """Lock the row and see that it is still waiting under this very claim."""
    return (
        Message.objects.select_for_update()
        .filter(
            pk=message.pk,
            state=State.WAITING,
            claimed_until=message.claimed_until,
            attempts=message.attempts,
        )
        .exists()
    )


def _mark_done(message: Message, now: datetime) -> None:
    Message.objects.filter(pk=message.pk, state=State.WAITING).update(
        state=State.DONE, done_at=now, claimed_until=None, last_error=""
    )


@transaction.atomic
def _put_off(message: Message, error: Exception, now: datetime) -> None:
    locked = Message.objects.select_for_update().get(pk=message.pk)
    if locked.state != State.WAITING or locked.attempts != message.attempts:
        return
    known = effects.effect(message.effect)
    locked.last_error = effects.failure_in_words(error)
    locked.claimed_until = None
    if known is not None and locked.attempts >= known.max_attempts:
        locked.state = State.FAILED
        events.message_failed(now=now, message_id=locked.pk, effect=locked.effect, attempts=locked.attempts)
    else:
        # An effect that this process does not know may be known to the next release.
        locked.due_at = now + effects.wait_after(locked.attempts)
    locked.save(update_fields=["last_error", "claimed_until", "state", "due_at"])


@transaction.atomic
def retry(*, message_id: int, actor: User, now: datetime) -> Message:
    """Take a failed message up again, by the credit office or the system administrator. Raises MessageError."""
    if not has_role(actor, groups.CREDIT_OFFICE, groups.SYSTEM_ADMIN):
        raise MessageError("外发事项由信用办或系统管理员重新发送。")
    message = Message.objects.select_for_update().get(pk=message_id)
    if message.state != State.FAILED:
        raise MessageError(f"这一事项{message.get_state_display()}，不需要重新发送。")
    message.state, message.attempts, message.due_at = State.WAITING, 0, now
    message.save(update_fields=["state", "attempts", "due_at"])
    events.message_retried(
        now=now,
        actor_id=actor.pk,
        department_id=actor.department_id,
        message_id=message.pk,
        effect=message.effect,
    )
    transaction.on_commit(lambda: hint([message.pk]), robust=True)
    return message
