"""A small taste of `make drill` in the suite: a queue emptied and killed under a real worker, seen to lose without its
protection. The other faults, a worker killed at random and messages that come ten times among them, are the drill's alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import migrated, paper_fonts

ROOT = Path(__file__).resolve().parent.parent


FAULT = "broker_emptied_and_killed"


# With its protection off a fault shows itself by chance only; what is wrong with the product fails twice.
@pytest.mark.req("R99")
@pytest.mark.django_db
@pytest.mark.flaky(reruns=1)
def test_a_fault_loses_and_doubles_nothing_and_is_seen_without_its_protection(
    tmp_path: Path,
) -> None:
    # The migrated database that the drill copies is there by now, whichever file comes first.
    paper_fonts.take_over(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "tests.drill", "--queue", "--only", f"{FAULT}:1"],
        cwd=ROOT, env=os.environ | {"DATA_DIR": str(tmp_path), "DRILL_TEMPLATE": migrated.template()},
        capture_output=True, text=True, timeout=500, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert done.stdout.count("'lost': 0, 'doubled': 0") == 1
    assert done.stdout.count("保护关闭后发现") == 1
