"""A small taste of `make drill` in the suite: a queue emptied and killed under a real worker, every message ten times,
repairs before readers. The other faults, a worker killed at random among them, are the drill's alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import migrated, paper_fonts

ROOT = Path(__file__).resolve().parent.parent


FAULTS = {"broker_emptied_and_killed": 1, "delivered_ten_times": 60}
RACE = {"unpublication": 2}


# With its protection off a fault shows itself by chance only; what is wrong with the product fails twice.
@pytest.mark.req("R99")
@pytest.mark.django_db
@pytest.mark.flaky(reruns=1)
def test_faults_lose_and_double_nothing_and_are_seen_without_their_protection(
    tmp_path: Path,
) -> None:
    # The migrated database that the drill copies is there by now, whichever file comes first.
    paper_fonts.take_over(tmp_path)
    only = ",".join(f"{name}:{times}" for name, times in (FAULTS | RACE).items())
    done = subprocess.run(
        [sys.executable, "-m", "tests.drill", "--queue", "--only", only],
        cwd=ROOT, env=os.environ | {"DATA_DIR": str(tmp_path), "DRILL_TEMPLATE": migrated.template()},
        capture_output=True, text=True, timeout=500, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert done.stdout.count("'lost': 0, 'doubled': 0") == len(FAULTS)
    assert "'late': 0" in done.stdout and "'proved': 1" in done.stdout
    assert done.stdout.count("保护关闭后发现") == len(FAULTS) + len(RACE)
