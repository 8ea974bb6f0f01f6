"""An embedded Redis-protocol server on the loopback address, with a password and nothing kept on disk."""

import json
import os
import secrets
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import redis

from .errors import LocalError
from .places import Owner


@dataclass(frozen=True)
class Valkey:
    """One server. Port and password are chosen at each start and kept in `state`, which only we can read.

    It keeps nothing: every obligation is a row in the database, the queue is only a hint.
    """

    program: Path
    state: Path
    log: Path
    owner: Owner

    @property
    def url(self) -> str:
        """`REDIS_URL` of the running server. Raises LocalError when there is none."""
        known = self._known()
        if known is None:
            raise LocalError("内置队列服务没有运行。")
        return f"redis://:{known['password']}@127.0.0.1:{known['port']}/0"

    def answers(self) -> bool:
        """Whether the server that `state` describes takes commands with our password."""
        if self._known() is None:
            return False
        try:
            with self._client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def start(self) -> None:
        """Start on a free port. Raises LocalError when none of five attempts answers."""
        for _ in range(5):
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
            if self._start_on(port):
                return
        raise LocalError(f"内置队列服务启动失败，请看日志 {self.log}。")

    def stop(self) -> None:
        """Stop the server. Nothing happens if it does not run."""
        if self.answers():
            try:
                with self._client() as client:
                    client.shutdown(nosave=True)
            except redis.RedisError as error:
                raise LocalError(f"内置队列服务没有停下：{error}") from error
        self.state.unlink(missing_ok=True)

    def _start_on(self, port: int) -> bool:
        password = secrets.token_urlsafe(24)
        # By standard input, so that no list of processes shows the password.
        configuration = "\n".join(
            [
                f"port {port}",
                "bind 127.0.0.1",
                "protected-mode yes",
                f"requirepass {password}",
                'save ""',
                "appendonly no",
                "daemonize no",
                "maxmemory-policy noeviction",
                "maxmemory 256mb",
                "",
            ]
        )
        with self.log.open("ab") as output:
            process = subprocess.Popen(
                [str(self.program), "-"],
                cwd="/", env={"PATH": "/usr/bin:/bin"}, stdin=subprocess.PIPE, stdout=output, stderr=output,
                # Ctrl-C at the terminal is for the portal; the queue stops after it.
                start_new_session=True, **self.owner.popen_options(),
            )  # type: ignore[call-overload]  # fmt: skip
        process.stdin.write(configuration.encode())
        process.stdin.close()
        descriptor = os.open(self.state, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump({"port": port, "password": password, "pid": process.pid}, file)
        for _ in range(100):
            if self.answers():
                return True
            if process.poll() is not None:
                return False
            time.sleep(0.05)
        process.kill()
        process.wait()
        return False

    def _known(self) -> dict[str, str] | None:
        try:
            found = json.loads(self.state.read_text())
        except (OSError, ValueError):
            return None
        return found if {"port", "password"} <= set(found) else None

    def _client(self) -> "redis.Redis":
        return redis.Redis.from_url(self.url, socket_connect_timeout=5, socket_timeout=5)
