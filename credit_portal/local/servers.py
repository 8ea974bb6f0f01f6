"""Start the servers that the environment does not name, share them, and stop them after the last user."""

import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from .errors import LocalError
from .keys import local_secrets
from .places import cluster_folder, data_dir, owner_for, programs, socket_folder
from .postgres import Postgres
from .valkey import Valkey


class _Lock:
    """A lock on a file, let go by the system when its process dies."""

    def __init__(self, path: Path) -> None:
        self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def take(self, how: int) -> bool:
        try:
            fcntl.flock(self.descriptor, how)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        os.close(self.descriptor)


@contextmanager
def local_servers(environment: Mapping[str, str], *, throwaway: bool = False) -> Iterator[dict[str, str]]:
    """What to add to `environment`: DATA_DIR, and DATABASE_URL, REDIS_URL and secrets where they are not set.

    Servers run for as long as one of these contexts with the same `DATA_DIR` is open, in whatever process:
    each holds a shared lock, and the one that finds itself alone stops them. `throwaway` trades safety after
    a power cut for speed; it counts for the one who starts the servers. Raises LocalError.
    """
    data = data_dir()
    added = {"DATA_DIR": str(data)}
    wanted = [name for name in ("DATABASE_URL", "REDIS_URL") if not environment.get(name)]
    turn, use = _Lock(data / "start.lock"), _Lock(data / "in-use.lock")
    try:
        turn.take(fcntl.LOCK_EX)
        added |= local_secrets(data, environment)
        servers = _servers(data, throwaway=throwaway) if wanted else {}
        use.take(fcntl.LOCK_SH)
        try:
            for name in wanted:
                if not servers[name].answers():
                    servers[name].start()
                added[name] = servers[name].url
            turn.take(fcntl.LOCK_UN)
            yield added
        finally:
            turn.take(fcntl.LOCK_EX)
            _stop_if_last(use, servers)
    finally:
        use.close()
        turn.close()


def _servers(data: Path, *, throwaway: bool) -> dict[str, Postgres | Valkey]:
    (data / "log").mkdir(mode=0o711, exist_ok=True)
    cluster = cluster_folder(data)
    owner = owner_for(cluster)
    found = programs(owner)
    sockets = socket_folder(cluster, data, owner)
    log = _log_file(data / "log" / "postgresql.log")
    return {
        "DATABASE_URL": Postgres(found.postgres_bin, cluster, sockets, log, owner, throwaway),
        "REDIS_URL": Valkey(
            found.valkey, data / "valkey.json", _log_file(data / "log" / "valkey.log"), owner
        ),
    }


def _log_file(path: Path) -> Path:
    """An empty log that can be opened; kept from growing without end by keeping one older one."""
    if path.exists() and path.stat().st_size > 20_000_000:
        path.replace(path.with_suffix(".log.1"))
    path.touch()
    return path


def _stop_if_last(use: _Lock, servers: Mapping[str, Postgres | Valkey]) -> None:
    use.take(fcntl.LOCK_UN)
    if not use.take(fcntl.LOCK_EX | fcntl.LOCK_NB):
        return
    problems = []
    for server in servers.values():
        try:
            server.stop()
        except LocalError as error:
            problems.append(str(error))
    use.take(fcntl.LOCK_UN)
    if problems:
        raise LocalError("\n".join(problems))


def drop(data: Path) -> None:
    """Remove a `DATA_DIR` with its database, wherever that lies. Raises LocalError while it is in use."""
    if not data.exists():
        return
    use = _Lock(data / "in-use.lock")
    try:
        if not use.take(fcntl.LOCK_EX | fcntl.LOCK_NB):
            raise LocalError(f"{data} 正在使用，请先停止。")
        # Servers may have outlived a command that was killed.
        for server in _servers(data, throwaway=True).values():
            server.stop()
        for pointer in ("postgres-place", "socket-place"):
            if (data / pointer).is_file():
                outside = Path((data / pointer).read_text().strip())
                shutil.rmtree(outside, ignore_errors=True)
                shutil.rmtree(outside.with_name(f"{outside.name}-socket"), ignore_errors=True)
        shutil.rmtree(data)
    finally:
        use.close()
