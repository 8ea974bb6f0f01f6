"""Files that mean harm, or are not what they say: refused by a Chinese word, quickly, in little memory, nothing kept.

`tests/hostile.py` makes them; the intake is pure, so hundreds of them take seconds. The bombs run in a process of
their own that may not take more than 512 MB."""

import io
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import pytest

from credit_portal.documents.inspection import EvidenceRefused, inspect
from credit_portal.documents.intake import IntakeRefused, List, open_scans, open_table

from .hostile import (
    BOMBS,
    CHINESE,
    GOOD,
    HEAD,
    HOSTILE,
    KNOWN,
    MEMORY,
    NAMES,
    PARTS,
    SECONDS,
    bomb,
    flagged,
    hostile_lists,
    packed,
    real,
    sheet,
    xlsx,
)

LISTS = [*HOSTILE, *hostile_lists()]


def _table(name: str, content: bytes) -> None:
    table = open_table(io.BytesIO(content), name=name, known=KNOWN, key=NAMES[0], most_rows=1_000)
    list(table.rows())


def _list(name: str, content: bytes) -> None:
    List({label: label for label in KNOWN}, needed=NAMES, most_rows=1_000).read(name, content)


def test_there_are_three_hundred_of_them() -> None:
    assert len(HOSTILE) >= 300 and len({name for name, _, _ in LISTS}) == len(LISTS), len(HOSTILE)


@pytest.mark.req("R35", "R116")
@pytest.mark.parametrize("chosen", range(12))
@pytest.mark.parametrize(("read", "files"), [(_table, HOSTILE), (_list, LISTS)])
def test_a_hostile_file_is_refused_by_name(chosen: int, read, files) -> None:
    for name, file_name, content in files[chosen::12]:
        began = time.monotonic()
        try:
            read(file_name, content)
        except IntakeRefused as refused:
            assert CHINESE.search(str(refused)) and len(str(refused)) < 200, name
            assert "\u202e" not in str(refused) and "\x01" not in str(refused), name
        else:
            raise AssertionError(f"not refused: {name}")
        assert time.monotonic() - began < SECONDS, name


def test_the_ordinary_file_beside_them_is_read() -> None:
    for content in (
        real(),
        xlsx(),
        xlsx(
            **{
                PARTS[3]: sheet(HEAD + GOOD, after="").replace(
                    "<sheetData>", '<dimension ref="A1:XFD1048576"/><sheetData>'
                )
            }
        ),
    ):
        table = open_table(io.BytesIO(content), name="a.xlsx", known=KNOWN, key=NAMES[0], most_rows=10)
        assert [row for row, _ in table.rows()] == [2] and table.count == 1


# ---- scans -----------------------------------------------------------------------------------------------------


@pytest.mark.req("R35")
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.rar", packed({"a.png": b"x"})),
        ("a.zip", b"x"),
        ("a.zip", packed({})),
        ("a.zip", packed({"b.zip": packed({"c.png": b"x"})})),
        ("a.zip", packed({"b.rar": b"x"})),
        ("a.zip", packed({"../b.png": b"x"})),
        ("a.zip", packed({"a/1.png": b"x", "b/1.png": b"y"})),
        ("a.zip", packed({"1.png": b"x", "1.pdf": b"y"})),
        ("a.zip", packed({"a\u202egnp.exe": b"x"})),
        ("a.zip", flagged(packed({"a.png": b"x"}), 1)),
        ("a.zip", packed({"bomb.png": b"\0" * 40_000_000})),
        ("a.zip", real() + b"x"),
    ],
)
def test_a_hostile_archive_of_scans_is_refused(name: str, content: bytes) -> None:
    with pytest.raises(IntakeRefused) as refused:
        open_scans(io.BytesIO(content), name=name)
    assert CHINESE.search(str(refused.value))


def huge_png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(b"\0" * 1_000)) + chunk(b"IEND", b"")
    )  # fmt: skip


@pytest.mark.req("R35")
@pytest.mark.parametrize(
    ("width", "height"), [(60_000, 60_000), (1_000_000, 1_000), (2**31 - 1, 1), (8_000, 8_000)]
)
def test_a_scan_of_huge_pixels_is_refused(width: int, height: int) -> None:
    with pytest.raises(EvidenceRefused, match=r"太大|打不开"):
        inspect(huge_png(width, height), field="扫描件", allowed=frozenset({"image/png"}))


# ---- bombs, in a process of their own --------------------------------------------------------------------------

_CHILD = """
import resource, sys, time
resource.setrlimit(resource.RLIMIT_AS, ({memory}, {memory}))
sys.path.insert(0, {root!r})
from credit_portal.documents.intake import IntakeRefused, List, open_table
plain = List({{label: label for label in {known!r}}}, needed={names!r}, most_rows=5_000)
def tables(path):
    with open(path, "rb") as file:
        open_table(file, name=path, known={known!r}, key={names!r}[0], most_rows=100_000)
def lists(path):
    with open(path, "rb") as file:
        plain.read(path, file.read())
for path in {paths!r}:
    for read in (tables, lists):
        began = time.process_time()
        try:
            read(path)
        except IntakeRefused as refused:
            print("refused" if time.process_time() - began < {seconds} else "slow", refused)
        else:
            print("read")
"""


@pytest.mark.req("R35", "R116")
def test_a_bomb_is_refused_in_five_seconds_and_512_megabytes(tmp_path) -> None:
    root, paths = str(Path(__file__).parent.parent), []
    for number, kind in enumerate(BOMBS):
        path = tmp_path / f"{number}.{'json' if kind.startswith('json') else 'xlsx'}"
        path.write_bytes(bomb(kind))
        paths.append(str(path))
    program = _CHILD.format(memory=MEMORY, root=root, paths=paths, known=KNOWN, names=NAMES, seconds=SECONDS)
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=300, check=False
    )
    assert said.returncode == 0, said.stderr[-2_000:]
    both = [f"{kind}, {way}" for kind in BOMBS for way in ("table", "list")]
    told = dict(zip(both, said.stdout.splitlines(), strict=True))
    # Rows without anything in them are no rows; the file is read, and has none.
    assert all(line.startswith("refused ") for line in told.values()), told
