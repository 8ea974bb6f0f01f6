"""The task queue: which rooms' tasks there are, how they are delivered, and what runs by the clock.

The queue is a hint. Whatever must happen is a row in the database; a task that is lost or runs twice changes nothing.
"""

import os

from celery import Celery
from celery.schedules import crontab
from django.core.management import call_command

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "credit_portal.settings")

app = Celery("credit_portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    # The database and the broker may come up after the worker.
    broker_connection_retry_on_startup=True,
    # A task taken by a worker that dies is delivered again, once the visibility timeout has passed. No task is
    # given an ETA longer than that: it would run several times.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    broker_transport_options={
        "visibility_timeout": 3600,
        # A page must not wait for a broker that is away: its row is there, the sweep will find it.
        "socket_connect_timeout": 2,
        "socket_timeout": 5,
    },
    task_publish_retry_policy={
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0.2,
        "interval_max": 0.2,
    },
    task_time_limit=1800,
    task_soft_time_limit=1500,
    # Memory that a rendering library does not give back goes with the process.
    worker_max_tasks_per_child=500,
    worker_hijack_root_logger=False,
    task_ignore_result=True,
)
app.autodiscover_tasks()


@app.task
def clear_expired_sessions() -> None:
    """Remove sessions that are past their time; they name who was logged in."""
    call_command("clearsessions")


@app.task
def sweep_evidence() -> None:
    """Remove stored files whose row was rolled back."""
    call_command("sweep_evidence")


app.conf.beat_schedule = {
    # No legal date is kept here: each minute somebody looks at what is due, however many schedulers there are.
    "sweep": {"task": "outbox.sweep", "schedule": 60.0, "options": {"expires": 55}},
    "clear-expired-sessions": {"task": clear_expired_sessions.name, "schedule": crontab(hour=3, minute=10)},
    "discard-stale-drafts": {"task": "commitments.purge_stale_drafts", "schedule": crontab(minute=20)},
    "count-fragments": {"task": "disclosure.count_fragments", "schedule": crontab(hour=4, minute=10)},
    "sweep-evidence": {"task": sweep_evidence.name, "schedule": crontab(hour=3, minute=40)},
}
