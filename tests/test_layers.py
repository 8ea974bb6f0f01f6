"""The import contracts hold, and each sees its violation: tried in a copy of the code."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = {
    "credit_portal.overview": 0,
    "repair": 1,
    "disclosure": 2,
    "commitments": 3,
    "verification": 4,
    "credit_portal.deadlines": 5,
    "credit_portal.outbox": 6,
    "credit_portal.documents": 6,
    "credit_portal.registry": 7,
    "credit_portal.audit": 8,
}
WIRING = ("settings", "urls", "celery", "wsgi", "checks", "health")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("code")
    for top in ("credit_portal", "commitments", "verification", "disclosure", "repair"):
        shutil.copytree(
            ROOT / top,
            target / top,
            ignore=lambda _, names: [n for n in names if "." in n and not n.endswith(".py")],
        )
    shutil.copy(ROOT / "pyproject.toml", target)
    return target


def lint(copy: Path) -> "subprocess.CompletedProcess[str]":
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run([program, "--no-cache"], cwd=copy, capture_output=True, text=True, check=False)


def violations() -> list[tuple[str, str, str]]:
    """Every forbidden pair once: who imports, what, and the contract that has to see it."""
    found = [
        (lower, upper, "rooms look downward only")
        for lower, low in ROOMS.items()
        for upper, high in ROOMS.items()
        if low >= high and lower != upper
    ]
    found += [
        (room, f"credit_portal.{name}", "nobody imports the wiring") for room in ROOMS for name in WIRING
    ]
    found += [("credit_portal.local", room, "the local servers know no room") for room in ROOMS]
    found += [("credit_portal.local", "credit_portal.settings", "nobody imports the wiring")]
    found += [(room, "credit_portal.local", "no room knows the local servers") for room in ROOMS]
    return found


def test_the_code_keeps_its_contracts(copy: Path) -> None:
    answer = lint(copy)
    assert answer.returncode == 0, answer.stdout
    assert "0 broken" in answer.stdout


IMPORTERS = sorted({importer for importer, _, _ in violations()})


@pytest.mark.parametrize("importer", IMPORTERS)
def test_every_import_that_a_room_may_not_make_is_seen(copy: Path, importer: str) -> None:
    wanted: dict[str, set[str]] = {}
    for who, imported, contract in violations():
        if who == importer:
            wanted.setdefault(contract, set()).add(imported)
    file = copy.joinpath(*importer.split("."), "violation.py")
    names = sorted(set().union(*wanted.values()))
    file.write_text("".join(f"import {name}\n" for name in names))
    try:
        answer = lint(copy)
    finally:
        file.unlink()
    assert answer.returncode == 1
    for contract, imported in wanted.items():
        assert f"{contract} BROKEN" in answer.stdout
        # The report has a part for each broken contract, under its name and a line of dashes.
        part = answer.stdout.partition(f"\n{contract}\n-")[2]
        unseen = {name for name in imported if f"{importer}.violation -> {name} (l." not in part}
        assert unseen == set(), part
