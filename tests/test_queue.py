"""A real worker behind a real queue server: what is sent is done; a queue that is away holds nobody up."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import kombu.exceptions
import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import connection

from credit_portal.audit import clock
from credit_portal.celery import app, clear_expired_sessions

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def live_worker(transactional_db: None, tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A worker in a process of its own, on this test's database and queue; what it says is shown at the end."""
    name = connection.settings_dict["NAME"]
    address = urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))
    app.control.purge()
    said = tmp_path / "worker.log"
    output = said.open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "celery", "--quiet", "--app=credit_portal.celery", "worker", "--concurrency=1",
         "--loglevel=info", "--without-mingle", "--without-gossip"],
        cwd=ROOT, env=os.environ | {"DATABASE_URL": address}, stdout=output, stderr=output,
    )  # fmt: skip
    yield process
    process.terminate()
    process.wait(30)
    output.close()
    sys.stdout.write(said.read_text())


def expired_session() -> str:
    store = SessionStore()
    store.create()
    Session.objects.filter(pk=store.session_key).update(expire_date=clock.now() - timedelta(minutes=1))
    return str(store.session_key)


def gone(key: str, *, within: float = 60) -> bool:
    until = time.monotonic() + within
    while Session.objects.filter(pk=key).exists():
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


def test_a_sent_task_is_done_by_the_worker(live_worker: "subprocess.Popen[bytes]") -> None:
    over = expired_session()
    still = SessionStore()
    still.create()
    clear_expired_sessions.delay()
    assert gone(over)
    assert Session.objects.filter(pk=still.session_key).exists()


def test_the_worker_goes_on_after_its_queue_was_emptied(live_worker: "subprocess.Popen[bytes]") -> None:
    first = expired_session()
    clear_expired_sessions.delay()
    assert gone(first)
    app.connection_for_write().default_channel.client.flushdb()
    second = expired_session()
    clear_expired_sessions.delay()
    assert gone(second)
    assert live_worker.poll() is None


def test_a_queue_that_is_away_is_said_within_seconds() -> None:
    began = time.monotonic()
    with (
        app.connection_for_write("redis://127.0.0.1:1/0") as away,
        pytest.raises(kombu.exceptions.OperationalError),
    ):
        clear_expired_sessions.apply_async(connection=away)
    assert time.monotonic() - began < 10
