"""Web server, worker and scheduler together: one falls, all stop; Ctrl-C stops them all."""

import ctypes
import os
import re
import shlex
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import honcho.manager
import honcho.process
from honcho.printer import Message, Printer

from .errors import LocalError

NAMES = {"web": "网页服务", "worker": "任务进程", "scheduler": "定时进程"}

# A page being printed or a task under way is given the time to end.
honcho.manager.KILL_WAIT = 15


def _die_with_parent(number: int) -> None:
    """Have the kernel send us a signal when the process that started us is gone, even by a hard kill."""
    ctypes.CDLL(None).prctl(1, number)  # PR_SET_PDEATHSIG


class _Process(honcho.process.Process):
    """honcho's process, started through one of its own: neither outlives the one above it."""

    def run(self, *args: Any, **kwargs: Any) -> None:
        _die_with_parent(signal.SIGKILL)
        self._child_ctor = partial(honcho.process.Popen, preexec_fn=partial(_die_with_parent, signal.SIGTERM))
        super().run(*args, **kwargs)


class Portal(honcho.manager.Manager):
    """honcho's manager, which says what it does in Chinese and remembers which process ended first, and how."""

    def __init__(self) -> None:
        super().__init__(_Printer(sys.stdout))
        self._process_ctor = _Process
        self.first_end: tuple[str, int] | None = None
        self._told_to_stop = False

    def terminate(self) -> None:
        """Stop all, but not before all are started: honcho cannot end a process whose pid it does not know yet."""
        self._told_to_stop = True
        if self._all_started():
            super().terminate()

    def end_what_is_left(self) -> None:
        """After an error of our own: nothing that we started may go on without us."""
        for process in self._processes.values():
            if "pid" in process and "returncode" not in process:
                with suppress(ProcessLookupError):
                    os.killpg(process["pid"], signal.SIGKILL)

    def _system_print(self, data: str) -> None:
        if ended := re.match(r"(\S+) stopped \(rc=(-?\d+)\)", data):
            if self.first_end is None:
                self.first_end = (ended[1], int(ended[2]))
            super()._system_print(f"{NAMES.get(ended[1], ended[1])}已停止\n")
        if self._told_to_stop and self._all_started():
            super().terminate()


class _Printer(Printer):
    def write(self, message: Message) -> None:
        # The terminal may be gone; the processes have to be stopped in order all the same.
        with suppress(OSError):
            super().write(message)


def commands(host: str, port: int, data: Path) -> dict[str, list[str]]:
    """The command of each process, by name."""
    cores = min(max(os.cpu_count() or 1, 1), 4)
    # Whoever tries the portal as root has chosen so; Celery's page of warning would bury the address.
    celery = [sys.executable, "-W", "ignore:You're running the worker", "-m", "celery", "--quiet"]
    return {
        "web": [
            sys.executable, "-m", "granian", "--interface=wsgi", f"--host={host}", f"--port={port}",
            f"--workers={cores}", "--blocking-threads=4", "--log-level=warning",
            "--respawn-failed-workers", "credit_portal.wsgi:application",
        ],
        "worker": [
            *celery, "--app=credit_portal.celery", "worker", f"--concurrency={cores}", "--loglevel=warning",
            "--without-mingle", "--without-gossip",
        ],
        "scheduler": [
            *celery, "--app=credit_portal.celery", "beat", "--loglevel=warning",
            f"--schedule={data / f'beat-schedule-{port}'}", "--pidfile=",
        ],
    }  # fmt: skip


def address_is_free(host: str, port: int) -> bool:
    """Whether the web server could listen there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def supervise(
    wanted: Mapping[str, Sequence[str]], environment: Mapping[str, str], *, when_started: Callable[[], None]
) -> int:
    """Run the processes until one ends or we are told to stop. 0 after Ctrl-C or SIGTERM.

    `when_started` is called in a thread of its own. Raises LocalError when a process ended by itself.
    """
    manager = Portal()
    for name, command in wanted.items():
        # `exec`, so that the signal reaches the process and not a shell around it.
        manager.add_process(name, f"exec {shlex.join(command)}", env=dict(environment))
    signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    threading.Thread(target=when_started, daemon=True).start()
    try:
        manager.loop()
    except BaseException:
        manager.end_what_is_left()
        raise
    # Told to stop, honcho keeps the signal's code before any process has ended.
    if manager.returncode in (130, 143):
        return 0
    name, code = manager.first_end or ("", 1)
    raise LocalError(
        f"{NAMES.get(name, name)}意外退出（{code}），其余进程已一并停止。原因见上面 {name} 的输出。"
    )


def wait_for_page(url: str, *, seconds: float) -> str:
    """Empty as soon as `url` answers 200; otherwise, after `seconds`, what it said last."""
    until = time.monotonic() + seconds
    # A proxy set for the outside must not be asked for a page of this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    said = ""
    while time.monotonic() < until:
        try:
            with opener.open(url, timeout=5):
                return ""
        except urllib.error.HTTPError as error:
            # It answers, though not to this name: ALLOWED_HOSTS is set to another.
            if error.code == 400:
                return ""
            said = f"{error.code} {error.read(500).decode(errors='replace')}"
        except OSError as error:
            said = str(error)
        time.sleep(0.2)
    return said
