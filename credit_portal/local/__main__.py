"""`python -m credit_portal.local exec -- COMMAND…` and `python -m credit_portal.local run`."""

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from .errors import LocalError
from .places import place
from .processes import address_is_free, commands, supervise, wait_for_page
from .servers import drop, local_servers
from .steps import CODES, LOGINS, prepare

# Where `run` serves, for commands beside it: they print links, and papers carry the address.
ADDRESS = "address"
EVERYWHERE = "0.0.0.0"  # noqa: S104 - only when HOST asks for it


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one of the commands; the exit code for the shell."""
    parser = argparse.ArgumentParser(prog="python -m credit_portal.local", description="本机试用、开发和测试")
    kinds = parser.add_subparsers(dest="command", required=True)
    execute = kinds.add_parser("exec", help="带着内置数据库和队列运行一条命令")
    execute.add_argument(
        "--throwaway", action="store_true", help="不保证断电后数据完好，换取速度（用于测试）"
    )
    execute.add_argument("argv", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    kinds.add_parser("run", help="准备并启动整个门户")
    removal = kinds.add_parser("drop", help="删除 DATA_DIR 及其数据库")
    removal.add_argument("--yes", action="store_true", help="不再询问")
    chosen = parser.parse_args(arguments)
    # Until a command has its own handling, being ended has to undo what was started.
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGHUP, _leave)
    try:
        if chosen.command == "run":
            return run_portal()
        if chosen.command == "drop":
            return remove(asked=chosen.yes)
        argv = chosen.argv[1:] if chosen.argv[:1] == ["--"] else chosen.argv
        if not argv:
            parser.error("exec 后面要写一条命令")
        return run_command(argv, throwaway=chosen.throwaway)
    except LocalError as error:
        print(error, file=sys.stderr)
        return 1


def run_command(argv: Sequence[str], *, throwaway: bool = False) -> int:
    """Run `argv` with the servers' addresses in its environment; signals go on to it. Its exit code, as a shell's."""
    with local_servers(os.environ, throwaway=throwaway) as added:
        served = Path(added["DATA_DIR"]) / ADDRESS
        if served.is_file() and not os.environ.get("SITE_URL"):
            added["SITE_URL"] = served.read_text().strip()
        try:
            child = subprocess.Popen(argv, env=os.environ | added)
        except OSError as error:
            raise LocalError(f"不能运行 {argv[0]}：{error.strerror}") from error

        def pass_on(number: int, _frame: FrameType | None) -> None:
            # A terminal sends Ctrl-C to the child as well: twice would cut its own tidying short.
            if not (number == signal.SIGINT and _terminal_is_ours()):
                child.send_signal(number)

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, pass_on)
        code = child.wait()
        return code if code >= 0 else 128 - code


def run_portal() -> int:
    """Everything from the database to the first page, until Ctrl-C. Reads PORT, HOST, DEMO and DATA_DIR."""
    host = os.environ.get("HOST") or "127.0.0.1"
    port = _port(os.environ.get("PORT") or "8000")
    demo = os.environ.get("DEMO", "1") not in ("0", "no", "false")
    if not address_is_free(host, port):
        raise LocalError(f"端口 {port} 已被占用。换一个端口启动：make run PORT={port + 1}")
    with local_servers(os.environ) as added:
        environment = os.environ | added
        reached = "127.0.0.1" if host == EVERYWHERE else host
        shown = f"http://{'localhost' if reached == '127.0.0.1' else reached}:{port}"
        # What a printed QR code opens is this address, unless the deployment names its own.
        environment.setdefault("SITE_URL", shown)
        data = Path(environment["DATA_DIR"])
        (data / ADDRESS).write_text(f"{environment['SITE_URL']}\n")
        prepare(environment, demo=demo)

        def announce() -> None:
            trouble = wait_for_page(f"http://{reached}:{port}/readyz", seconds=60)
            if trouble:
                print(f"门户已启动但没有就绪：{shown}/readyz 回答 {trouble}", flush=True)
            else:
                print(_welcome(shown, data if demo else None), flush=True)

        code = supervise(commands(host, port, data), environment, when_started=announce)
    print("已全部停止。", flush=True)
    return code


def remove(*, asked: bool) -> int:
    """Remove `DATA_DIR` and its database, after the question unless `asked`. 1 when the answer is no."""
    data = place()
    if data.exists() and not asked and input(f"将永久删除 {data} 中的全部数据。输入 yes 确认：") != "yes":
        print("没有删除。")
        return 1
    drop(data)
    return 0


def _port(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise LocalError(f"PORT={text} 不是端口号，应为 1 至 65535 的整数。")
    return int(text)


def _welcome(address: str, data: Path | None) -> str:
    lines = ["", f"门户已启动：{address}", "按 Ctrl-C 停止。"]
    if data is not None and (data / LOGINS).is_file():
        lines += ["", (data / LOGINS).read_text().rstrip()]
        if (data / CODES).is_file():
            lines += ["", (data / CODES).read_text().rstrip()]
    else:
        lines += ["没有演示数据。登记部门、开设账号，直到第一份承诺：见 docs/first-commitment.md。"]
    return "\n".join([*lines, ""])


def _terminal_is_ours() -> bool:
    try:
        return sys.stdin.isatty() and os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except (OSError, ValueError):
        return False


def _leave(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


if __name__ == "__main__":
    raise SystemExit(main())
