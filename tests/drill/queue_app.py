"""The portal's queue as the drill runs it: the same tasks, with two effects whose every happening is seen, waits short
enough for a drill (said in its output), a clock that can be set, and each protection with a switch that turns it off.

`celery --app=tests.drill.queue_app worker|beat`
"""

import os
import time
from datetime import datetime, timedelta

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "credit_portal.settings")

import django

django.setup()

from django.db import connection  # noqa: E402

from commitments.bulk import jobs  # noqa: E402
from credit_portal.audit import clock  # noqa: E402
from credit_portal.celery import app  # noqa: E402
from credit_portal.outbox import effects, notices, services, worker_clock  # noqa: E402
from disclosure.exchange import packages  # noqa: E402

SWEEP_SECONDS = 0.5
OFF = set(filter(None, os.environ.get("DRILL_OFF", "").split(",")))

services.LEASE = timedelta(seconds=2)
services.REST_AFTER_FAILURE = 0.5
effects.FIRST_WAIT = timedelta(seconds=1)


def happened(payload: dict, *, key: str, now: datetime) -> None:
    """An effect within the database: its row is undone with the message's own transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(%s)", [payload.get("takes", 0)])
        cursor.execute("INSERT INTO drill_effect (key) VALUES (%s)", [key])


def slow_sms(*, number: str, text: str, key: str) -> None:
    """One file a message, as by the backend `file`, and then the operator takes its time to answer."""
    notices.sms_to_file(number=number, text=text, key=key)
    time.sleep(0.05)


effects.register_effect("drill.row", happened, label="演练", max_attempts=50)
# The waits are a sixtieth, so that more tries go into an outage.
effects.register_effect(notices.SMS, notices.send_sms, label="短信", external=True, max_attempts=50)

if slowly := float(os.environ.get("DRILL_SLOW_PACK", "0")):
    # Two rows a file and a while for each, so that a kill comes in the middle of a package.
    packages.PIECE_ROWS = 2
    next_piece = packages._next_piece

    def slow_piece(batch: object) -> bool:
        time.sleep(slowly)
        return next_piece(batch)

    packages._next_piece = slow_piece

if slowly := float(os.environ.get("DRILL_SLOW_BULK", "0")):
    # Ten rows a part and a while for each, so that a kill comes in the middle of a file; who has died is missed soon.
    jobs.PART, jobs.STALLED = 10, timedelta(seconds=2)
    one_part = jobs._apply

    def slow_part(*args: object) -> None:
        one_part(*args)
        time.sleep(slowly)

    jobs._apply = slow_part

if days := float(os.environ.get("DRILL_CLOCK_HOURS", "0")):
    real = clock.now
    clock.now = lambda: real() + timedelta(hours=days)  # type: ignore[assignment]
if "guard" in OFF:
    worker_clock.check = lambda now: None  # type: ignore[assignment]

# Everything by the clock is left out but the sweep; without it, its protection is off.
app.conf.beat_schedule = (
    {} if "sweep" in OFF else {"sweep": {"task": "outbox.sweep", "schedule": SWEEP_SECONDS}}
)
app.conf.broker_transport_options = {
    "visibility_timeout": 3600, "socket_connect_timeout": 1, "socket_timeout": 2,
}  # fmt: skip
