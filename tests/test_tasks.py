"""Tasks by the clock: known to the queue, safe to repeat."""

from datetime import timedelta

import pytest

from commitments.models import Draft
from commitments.tasks import purge_stale_drafts
from credit_portal.audit import clock
from credit_portal.celery import app

from .counter import Counter

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("blank_papers")]


def test_every_scheduled_task_is_registered() -> None:
    app.loader.import_default_modules()
    missing = {entry["task"] for entry in app.conf.beat_schedule.values()} - set(app.tasks)
    assert not missing


def test_a_week_old_draft_is_discarded_and_a_younger_one_is_kept() -> None:
    counter, other = Counter.open(), Counter.open()
    old = counter.checked(now=clock.now() - timedelta(days=7, minutes=1))
    young = other.checked(now=clock.now() - timedelta(days=7) + timedelta(minutes=1))
    assert purge_stale_drafts() == 1
    assert purge_stale_drafts() == 0
    assert Draft.objects.get(pk=old.pk).step == "discarded"
    assert Draft.objects.get(pk=young.pk).step == "read"
