"""Work of the room that nobody waits for. Running any of it twice changes nothing."""

from datetime import timedelta

from celery import shared_task

from credit_portal.audit import clock

from . import drafting

KEEP_DRAFTS = timedelta(days=7)


@shared_task(name="commitments.purge_stale_drafts")
def purge_stale_drafts() -> int:
    """Discard drafts untouched for a week, in batches: safe to repeat, rows in use elsewhere are skipped."""
    now = clock.now()
    total = 0
    while cleared := drafting.purge_stale(older_than=now - KEEP_DRAFTS, now=now):
        total += cleared
    return total
