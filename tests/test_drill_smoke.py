"""A small taste of `make drill` in the suite: real workers killed, a queue emptied, three schedulers at once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize(
    ("fault", "times"),
    [("worker_killed_at_random", 2), ("broker_emptied_and_killed", 1), ("delivered_ten_times", 200)],
)
def test_a_fault_loses_and_doubles_nothing_and_is_seen_without_its_protection(
    fault: str, times: int, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.drill", "--queue", "--only", fault, "--times", str(times)],
        cwd=ROOT, env=os.environ | {"DATA_DIR": str(tmp_path)}, capture_output=True, text=True, timeout=300,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert "'lost': 0, 'doubled': 0" in done.stdout and "保护关闭后发现" in done.stdout
