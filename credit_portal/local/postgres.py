"""An embedded PostgreSQL 18: make the cluster, start it, see that it answers, stop it."""

import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg2

from .errors import LocalError
from .places import Owner, own_folder

DATABASE = "credit_portal"
ROLE = "credit_portal"

# What the portal relies on does not depend on the machine: UTF-8, code point order, Chinese time.
INITDB = [
    "--username=postgres",
    "--auth=trust",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-instructions",
]
OPTIONS = {
    "listen_addresses": "",
    "timezone": "Asia/Shanghai",
    "log_timezone": "Asia/Shanghai",
    "max_connections": "120",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "jit": "off",
}
# A cluster for tests holds nothing worth surviving a power cut.
THROWAWAY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum_naptime": "10min",
}


@dataclass(frozen=True)
class Postgres:
    """One cluster. Trust is safe here: no TCP, and its socket lies in a folder only its owner can enter."""

    bin: Path
    cluster: Path
    sockets: Path
    log: Path
    owner: Owner
    throwaway: bool = False

    @property
    def url(self) -> str:
        """`DATABASE_URL` of the portal's database, as an ordinary role that may create test databases."""
        return f"postgres://{ROLE}@/{DATABASE}?host={quote(str(self.sockets), safe='')}"

    def answers(self) -> bool:
        """Whether the server takes connections on our socket."""
        try:
            self._connect("postgres").close()
        except psycopg2.OperationalError:
            return False
        return True

    def start(self) -> None:
        """Make the cluster if there is none, start it, make role and database. Raises LocalError."""
        self._make_cluster()
        self._drop_stale_pid_file()
        settings = OPTIONS | (THROWAWAY if self.throwaway else {})
        options = " ".join(f"-c {name}={value or chr(39) * 2}" for name, value in settings.items())
        self._run(
            "pg_ctl", "start", "--wait", "--timeout=60", f"--pgdata={self.cluster}",
            f"--options={options} -k {self.sockets}",
        )  # fmt: skip
        self._make_database()

    def stop(self) -> None:
        """Stop the server, ending open sessions. Nothing happens if it does not run."""
        if self.answers() or self._postmaster() is not None:
            self._run("pg_ctl", "stop", "--mode=fast", "--wait", "--timeout=60", f"--pgdata={self.cluster}")

    def _make_cluster(self) -> None:
        if (self.cluster / "PG_VERSION").exists():
            version = (self.cluster / "PG_VERSION").read_text().strip()
            if version != "18":
                raise LocalError(
                    f"{self.cluster} 是 PostgreSQL {version} 的数据，内置的是 18。请先导出再换用新的 DATA_DIR。"
                )
            return
        # Complete, or not there at all: an initdb that was cut short must not be taken for a cluster.
        half = self.cluster.with_name(f"{self.cluster.name}.new")
        shutil.rmtree(half, ignore_errors=True)
        own_folder(half, self.owner)
        self._run("initdb", f"--pgdata={half}", *INITDB, *(["--no-sync"] if self.throwaway else []))
        half.rename(self.cluster)

    def _postmaster(self) -> psutil.Process | None:
        """The running server's process, if the cluster's pid file names one that is indeed it."""
        try:
            pid = int((self.cluster / "postmaster.pid").read_text().split("\n", 1)[0])
            process = psutil.Process(pid)
            ours = process.name() == "postgres" and process.uids().real == self.owner.uid
            if ours and process.status() != psutil.STATUS_ZOMBIE:
                return process
        except (OSError, ValueError, psutil.Error):
            pass
        return None

    def _drop_stale_pid_file(self) -> None:
        # After a hard stop of a container the old pid may belong to another program, and PostgreSQL would not start.
        if (self.cluster / "postmaster.pid").exists() and self._postmaster() is None:
            (self.cluster / "postmaster.pid").unlink()

    def _connect(self, database: str) -> "psycopg2.extensions.connection":
        return psycopg2.connect(host=str(self.sockets), user="postgres", dbname=database, connect_timeout=5)

    def _make_database(self) -> None:
        connection = self._connect("postgres")
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE])
                if cursor.fetchone() is None:
                    # No superuser: the portal has to work with the rights that a hosted database gives.
                    cursor.execute(f"CREATE ROLE {ROLE} LOGIN CREATEDB")
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
                if cursor.fetchone() is None:
                    cursor.execute(f"CREATE DATABASE {DATABASE} OWNER {ROLE}")
        finally:
            connection.close()

    def _run(self, program: str, *arguments: str) -> None:
        environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "Asia/Shanghai"}
        # The server inherits what pg_ctl is given: a file we opened ourselves needs no rights of its own there.
        with self.log.open("ab") as output:
            done = subprocess.run(
                [str(self.bin / program), *arguments],
                cwd="/", env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                check=False, **self.owner.popen_options(),
            )  # type: ignore[call-overload]  # fmt: skip
        if done.returncode != 0:
            time.sleep(0.1)
            tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-12:])
            raise LocalError(
                f"内置 PostgreSQL 的 {program} 失败（{done.returncode}），日志 {self.log} 末尾：\n{tail}"
            )
