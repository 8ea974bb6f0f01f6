"""What disclosure does by the clock."""

from celery import shared_task

from credit_portal.audit import clock

from . import fragments


@shared_task(name="disclosure.count_fragments")
def count_fragments() -> None:
    """Count anew how common the fragments of names are. Safe at any time and any number of times: search goes by the
    counts only to choose its way."""
    fragments.refresh(now=clock.now())
