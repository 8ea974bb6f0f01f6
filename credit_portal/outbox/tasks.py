"""What the queue asks for. Each takes an id or nothing, and is safe to run twice, late, or never: the sweep sees to it."""

import logging

from celery import shared_task

from credit_portal.audit import clock

from . import services, sweeping, worker_clock

log = logging.getLogger(__name__)


@shared_task(name=services.DELIVER)
def deliver(message_id: int) -> None:
    now = clock.now()
    try:
        worker_clock.check(now)
    except worker_clock.ClockOff as error:
        # Another worker's pass finds the row.
        log.error("%s", error)
        return
    services.deliver(message_id=message_id, now=now)


@shared_task(name="outbox.sweep")
def sweep() -> None:
    now = clock.now()
    try:
        worker_clock.check(now)
    except worker_clock.ClockOff as error:
        log.error("%s", error)
        return
    sweeping.sweep(now=now)
