"""What the queue asks for. Each takes an id or nothing, and is safe to run twice, late, or never: the sweep sees to it."""

from celery import shared_task

from credit_portal.audit import clock

from . import services, sweeping


@shared_task(name=services.DELIVER)
def deliver(message_id: int) -> None:
    services.deliver(message_id=message_id, now=clock.now())


@shared_task(name="outbox.sweep")
def sweep() -> None:
    sweeping.sweep(now=clock.now())
