"""Faults on purpose, against a whole portal.

Each drill starts the portal as `make run` does, breaks one thing, and looks at what the public would see.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg2
import redis

ROOT = Path(__file__).resolve().parent.parent.parent
DATA = Path(os.environ.get("DATA_DIR") or ".data/drill").absolute()
LOCAL = [sys.executable, "-m", "credit_portal.local"]
ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if name not in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "FIELD_KEYS", "PORT")
} | {"DATA_DIR": str(DATA), "DEMO": "0"}


class Portal:
    """A running portal: its address, its processes, what it printed."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.printed: list[str] = []
        self.process = subprocess.Popen(
            [*LOCAL, "run"],
            cwd=ROOT, env=ENVIRONMENT | {"PORT": str(self.port)},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        self.started = threading.Event()
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.listener.start()
        if not self.started.wait(300):
            raise AssertionError("没有启动：\n" + "".join(self.printed))

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.printed.append(line)
            if line.startswith("门户已启动："):
                self.started.set()

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def ready(self, *, within: float = 20) -> dict[str, object]:
        """The parts of `/readyz`, once it answers at all."""
        until = time.monotonic() + within
        while True:
            try:
                return dict(json.loads(self.get("/readyz")[1]))
            except (OSError, ValueError):
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)

    def children(self, word: str) -> list[psutil.Process]:
        return [
            child
            for child in psutil.Process(self.process.pid).children(recursive=True)
            if word in " ".join(child.cmdline())
        ]

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.ended()

    def ended(self) -> int:
        """The exit code, once it is over and all that it printed has been read."""
        code = self.process.wait(60)
        self.listener.join(10)
        return code


@contextmanager
def portal() -> Iterator[Portal]:
    running = Portal()
    try:
        yield running
    finally:
        running.stop()


@contextmanager
def addresses() -> Iterator[dict[str, str]]:
    """The running servers' addresses, through a second user of the same data."""
    show = "import json, os, sys; print(json.dumps(dict(os.environ)), flush=True); sys.stdin.readline()"
    process = subprocess.Popen(
        [*LOCAL, "exec", "--", sys.executable, "-c", show],
        cwd=ROOT, env=ENVIRONMENT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.communicate("\n", timeout=60)


def kill_postgres() -> None:
    pid = int((postgres_folder() / "postmaster.pid").read_text().split("\n", 1)[0])
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    for process in family:
        process.kill()
    psutil.wait_procs(family, timeout=5)


def postgres_folder() -> Path:
    pointer = DATA / "postgres-place"
    return Path(pointer.read_text().strip()) if pointer.exists() else DATA / "postgres"


def database_killed_while_it_stores() -> None:
    """数据库在写入时被强行终止：已确认的一条不少，门户报告 503，重新启动即恢复。"""
    acknowledged: list[int] = []
    with portal() as running, addresses() as given:
        connection = psycopg2.connect(given["DATABASE_URL"])
        cursor = connection.cursor()
        cursor.execute("CREATE TABLE IF NOT EXISTS drill (number int PRIMARY KEY)")
        cursor.execute("TRUNCATE drill")
        connection.commit()
        threading.Timer(2, kill_postgres).start()
        number = 0
        try:
            while True:
                number += 1
                cursor.execute("INSERT INTO drill VALUES (%s)", [number])
                connection.commit()
                acknowledged.append(number)
        except psycopg2.OperationalError:
            pass
        assert len(acknowledged) > 100, acknowledged
        state = running.ready()
        assert state["ready"] is False, state
        assert running.get("/healthz") == (200, "ok")
        status, page = running.get("/")
        assert status in (500, 503), status
        assert "Traceback" not in page
    with portal() as running:
        assert running.ready()["ready"] is True
        with addresses() as given:
            connection = psycopg2.connect(given["DATABASE_URL"])
            cursor = connection.cursor()
            cursor.execute("SELECT array_agg(number ORDER BY number) FROM drill")
            kept = cursor.fetchone()[0]
            # The one under way may have been stored without its answer having arrived.
            assert kept[: len(acknowledged)] == acknowledged
            assert len(kept) - len(acknowledged) in (0, 1)
            cursor.execute("DROP TABLE drill")
            connection.commit()
            connection.close()


def queue_emptied_and_killed() -> None:
    """队列被清空、被强行终止：页面照常，/readyz 仍为 200 并指出队列不可用。"""
    with portal() as running:
        with addresses() as given:
            redis.from_url(given["REDIS_URL"]).flushall()
            assert running.get("/")[0] == 200
            assert running.ready()["ready"] is True
            pid = json.loads((DATA / "valkey.json").read_text())["pid"]
            psutil.Process(pid).kill()
            psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], timeout=5)
        state = running.ready()
        assert state["ready"] is True, state
        assert dict(state["parts"])["queue"] == "unavailable", state  # type: ignore[call-overload]
        assert running.get("/")[0] == 200


def worker_killed() -> None:
    """任务进程被强行终止：其余进程一并停止并指明是哪一个，重新启动即恢复。"""
    with portal() as running:
        workers = running.children("--concurrency")
        assert workers
        others = running.children("granian")
        for worker in workers:
            worker.kill()
        assert running.ended() == 1
        assert "任务进程意外退出" in "".join(running.printed)
        assert psutil.wait_procs(others, timeout=10)[1] == []
    with portal() as running:
        assert running.ready()["ready"] is True


def manager_killed() -> None:
    """进程管理者被强行终止：不留下无人管的进程，下一次启动正常。"""
    with portal() as running:
        children = running.children("granian") + running.children("celery")
        assert children
        running.process.kill()
        assert psutil.wait_procs(children, timeout=20)[1] == []
    with portal() as running:
        assert running.ready()["ready"] is True


def two_on_the_same_data() -> None:
    """同一份数据上启动两个门户：先停的不影响后停的。"""
    with portal() as first, portal() as second:
        assert first.stop() == 0
        assert second.ready()["ready"] is True
        assert second.get("/")[0] == 200


DRILLS: list[Callable[[], None]] = [
    database_killed_while_it_stores,
    queue_emptied_and_killed,
    worker_killed,
    manager_killed,
    two_on_the_same_data,
]
