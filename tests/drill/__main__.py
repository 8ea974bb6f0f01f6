"""`make drill`: faults on purpose, with real processes. Interrupted, it goes on with what is left.

`python -m tests.drill [--only NAME[:TIMES],…]`. Needs nothing that runs; brings its own servers.
"""

import argparse
import json
import logging
import os
import subprocess
import sys
import time
from pathlib import Path

from . import faults, spreadsheets, whole_portal
from .ground import Red, ground

DATA = whole_portal.DATA
PROGRESS = DATA / "drill.json"
LIVES = "lives"


def main() -> int:
    """0 when every drill went as it should."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="")
    parser.add_argument("--queue", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    DATA.mkdir(parents=True, exist_ok=True)
    DATA.chmod(0o711 if os.geteuid() == 0 else 0o700)
    done = json.loads(PROGRESS.read_text()) if PROGRESS.exists() and not chosen.only else []
    if chosen.queue:
        return queue(wanted(chosen.only), done)
    if not chosen.only:
        portal(done)
    if (not chosen.only or LIVES in wanted(chosen.only)) and LIVES not in done:
        if not lives(wanted(chosen.only).get(LIVES, 0) or 1_000):
            return 1
        if not chosen.only:
            note(done, LIVES)
        elif len(wanted(chosen.only)) == 1:
            return 0
    again = [argument for argument in sys.argv[1:] if argument != "--queue"]
    command = [*whole_portal.LOCAL, "exec", "--", sys.executable, "-m", "tests.drill", "--queue", *again]
    code = subprocess.run(command, env=os.environ | {"DATA_DIR": str(DATA)}, check=False).returncode
    if code == 0 and not chosen.only:
        PROGRESS.unlink(missing_ok=True)
        print("演练全部通过。", flush=True)
    return code


def lives(by_services: int) -> bool:
    """Twenty times as many lives of a breach by the pure rules as through the database, and never the suite's own again."""
    counts = {"LIVES_ON_RULES": str(20 * by_services), "LIVES_BY_SERVICES": str(by_services)}
    seed = {"LIVES_SEED": str(time.time_ns() % 1_000_000_000)}
    began = time.monotonic()
    command = [*whole_portal.LOCAL, "exec", "--", sys.executable, "-m", "pytest", "-q", "tests/test_life.py"]
    code = subprocess.run(
        command, env=os.environ | counts | seed | {"DATA_DIR": str(DATA)}, check=False
    ).returncode
    said = f"违诺的一生 ×{20 * by_services:,}（规则）×{by_services:,}（数据库），种子 {seed['LIVES_SEED']}"
    print(f"{'通过' if code == 0 else '未通过'}：{said}（{time.monotonic() - began:.0f} 秒）", flush=True)
    return code == 0


def note(done: list[str], name: str) -> None:
    done.append(name)
    PROGRESS.write_text(json.dumps(done))


def portal(done: list[str]) -> None:
    """The faults against a whole portal."""
    for drill in whole_portal.DRILLS:
        said = str(drill.__doc__).strip()
        if drill.__name__ in done:
            print(f"已做过：{said}", flush=True)
            continue
        began = time.monotonic()
        try:
            drill()
        except Exception:
            print(f"未通过：{said}", flush=True)
            raise
        note(done, drill.__name__)
        print(f"通过：{said}（{time.monotonic() - began:.0f} 秒）", flush=True)


def wanted(only: str) -> dict[str, int]:
    """The faults that were named, each with how often: 0 where nothing is said of it."""
    named = (part.partition(":") for part in only.split(",") if part)
    return {name: int(times or 0) for name, _, times in named}


def queue(only: dict[str, int], done: list[str]) -> int:
    """The faults of queue, scheduler, workers, database and clock; each with its negative control."""
    with ground(Path(DATA) / "queue") as place:
        # One line a request would bury what is found.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        name = spreadsheets.spreadsheets_opened.__name__
        if name not in done and (not only or name in only):
            spreadsheets.spreadsheets_opened()
            print(f"通过：{spreadsheets.spreadsheets_opened.__doc__}", flush=True)
            if not only:
                note(done, name)
        for fault, number, control in faults.FAULTS:
            name, said = fault.__name__, str(fault.__doc__).strip()
            if (only and name not in only) or name in done:
                continue
            times = only.get(name, 0)
            often = times or number
            began = time.monotonic()
            place.clear()
            try:
                found = fault(place, often)
            except Red as red:
                print(f"未通过：{said} ×{often}：{red}", flush=True)
                return 1
            finally:
                place.stop_all()
            took = time.monotonic() - began
            if place.broker.process is None:
                place.broker.start()
            place.clear()
            try:
                # A taste of it is content with fewer.
                fault(place, min(control, 10) if times else control, off=True)
            except Red as red:
                seen = str(red)
            else:
                print(f"未通过：{said}：保护关闭后没有发现问题", flush=True)
                return 1
            finally:
                place.stop_all()
            if place.broker.process is None:
                place.broker.start()
            if not only:
                note(done, name)
            print(f"通过：{said} ×{often}：{found}（{took:.0f} 秒）；保护关闭后发现：{seen}", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
