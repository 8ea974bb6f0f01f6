"""Packages for the platform above: files, going on where one stopped, handed over by a folder."""
# ruff: noqa: F811 - fixtures of the module beside these

import csv
import hashlib
import io
import json
from typing import Any

import pytest
from openpyxl import load_workbook

from credit_portal.audit.models import AuditEvent
from disclosure import services
from disclosure.exchange import (
    batches,
    packages,
)  # fmt: skip
from disclosure.exchange import folder as exchange_folder
from disclosure.exchange.batches import ExchangeError
from disclosure.exchange.receipts import Answer
from tests import factories, listed, tables
from tests.breach_stage import Stage
from tests.exchanging import State, answer, folder, noted, opened, packed, stage, the_platform  # noqa: F401 (fixtures)
from tests.factories import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("blank_papers")]
EVIL = [
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "＝1+1",
    "https://example.com",
    "007",
    "1E9",
]


@pytest.mark.parametrize("kind", ["xlsx", "csv", "json"])
def test_a_package_holds_the_twenty_fields_as_text(stage: Stage, folder: Any, kind: str) -> None:
    place = the_platform(file_format=kind)
    for text in EVIL:
        noted(listed.commitment(department=stage.department, item_name=text))
    batch = packed(stage, place)
    archive = opened(batch)
    manifest = json.loads(archive.read("清单.json"))
    name = f"承诺信息-001.{kind}"
    content = archive.read(name)
    assert manifest["文件"] == [
        {"名称": name, "条数": len(EVIL), "SHA-256": hashlib.sha256(content).hexdigest()}
    ]
    assert len(manifest["记录号"]) == batch.rows == len(EVIL) and batch.packed == len(EVIL)
    rows = list(tables.read(name, content))
    assert [row["承诺事由"].strip() for row in rows] == [text.strip() for text in EVIL]
    assert [row["承诺编码"] for row in rows] == [key.rsplit("-", 1)[0] for key in manifest["记录号"]]
    if kind == "xlsx":
        sheet = load_workbook(io.BytesIO(content)).worksheets[0]
        cells = [cell for line in sheet.iter_rows() for cell in line if cell.value is not None]
        assert {cell.data_type for cell in cells} == {"s"} and {c.number_format for c in cells} == {"@"}
        assert not any(cell.hyperlink for cell in cells)
    if kind == "csv":
        assert content.startswith("\ufeff".encode())
        lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
        assert not any(cell.startswith(("=", "+", "-", "@", "\t")) for line in lines for cell in line)
    # Where it lies it cannot be read.
    assert all("承诺编码".encode() not in file.read_bytes() for file in folder.rglob("*") if file.is_file())


def test_packing_goes_on_where_it_stopped(stage: Stage, folder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    place = the_platform(file_format="csv")
    for _ in range(7):
        noted(listed.commitment(department=stage.department))
    monkeypatch.setattr(packages, "PIECE_ROWS", 3)
    batch = batches.make_package(platform_id=place.pk, running=True, actor=stage.credit, now=NOW)
    # Killed after the second file was written and before its row was there.
    assert packages._next_piece(batch)
    (folder / batch.number / "002").write_bytes(b"half")
    batch.refresh_from_db()
    assert batch.packed == 3
    first = batch.pieces.get().sha256
    packages.pack({"batch": batch.pk}, key="", now=NOW)
    batch.refresh_from_db()
    assert batch.state == "ready" and [piece.rows for piece in batch.pieces.all()] == [3, 3, 1]
    assert batch.pieces.get(place=1).sha256 == first
    assert len(opened(batch).namelist()) == 4


def test_withdrawals_have_a_file_of_their_own(stage: Stage, folder: Any) -> None:
    place = the_platform()
    record = noted(stage.commitment)
    batch = packed(stage, place)
    packages.download(batch_id=batch.pk, actor=stage.credit, now=NOW)
    answer(stage, batch, [Answer(record.key, True)])
    services.withdraw(commitment=stage.commitment, reason="trade_secret", actor=stage.credit, now=NOW)
    noted(listed.commitment(department=stage.department, fulfilment="fulfilled"))
    archive = opened(packed(stage, place, running=False))
    assert archive.namelist() == ["清单.json", "撤回-001.xlsx", "承诺信息-002.xlsx"]
    assert list(tables.read("撤回.xlsx", archive.read("撤回-001.xlsx"))) == [
        {"承诺编码": record.number, "记录号": f"{record.number}-2", "操作": "撤回"}
    ]


def test_only_the_credit_office_of_the_place_packs_and_fetches(stage: Stage, folder: Any) -> None:
    place = the_platform()
    noted(stage.commitment)
    elsewhere = factories.staff(
        "credit_office", department=factories.department(region="130129", kind="credit_office")
    )
    for person in (stage.officer, elsewhere):
        with pytest.raises(ExchangeError, match="信用办"):
            batches.make_package(platform_id=place.pk, running=True, actor=person, now=NOW)
    batch = packed(stage, place)
    with pytest.raises(ExchangeError, match="信用办"):
        packages.download(batch_id=batch.pk, actor=elsewhere, now=NOW)
    packages.download(batch_id=batch.pk, actor=stage.credit, now=NOW)
    assert AuditEvent.objects.filter(verb="exchange.downloaded", target_id=str(batch.pk)).count() == 1
    with pytest.raises(ExchangeError, match="没有待报送"):
        batches.make_package(platform_id=place.pk, running=True, actor=stage.credit, now=NOW)


def test_packages_and_receipts_by_a_folder(stage: Stage, folder: Any, settings: Any, tmp_path: Any) -> None:
    settings.EXCHANGE_FOLDER = str(tmp_path / "handover")
    place = the_platform()
    record = noted(stage.commitment)
    batch = packed(stage, place)
    handed = tmp_path / "handover" / "out" / f"{batch.number}.zip"
    assert hashlib.sha256(handed.read_bytes()).hexdigest() == batch.sha256 and batch.state == "sent"
    assert handed.stat().st_mode & 0o077 == 0
    arrived = tmp_path / "handover" / "in"
    arrived.mkdir()
    (arrived / f"{batch.number}-1.csv").write_text("记录号,结果\n别的-1,接收\n", encoding="utf-8")
    (arrived / f"{batch.number}-2.csv").write_text(f"记录号,结果\n{record.key},接收\n", encoding="gb18030")
    (arrived / "X9999992026000001.csv").write_text("记录号,结果\n", encoding="utf-8")
    (arrived / "说明.txt").write_text("不是回执")
    assert exchange_folder.take_receipts(now=NOW) == 1
    record.refresh_from_db()
    assert record.state == State.ACCEPTED and batch.receipts.get().source == "folder"
    refused = tmp_path / "handover" / "refused"
    assert "不在批次" in (refused / f"{batch.number}-1.csv.txt").read_text()
    assert "没有这个批次" in (refused / "X9999992026000001.csv.txt").read_text()
    assert [file.name for file in arrived.iterdir()] == ["说明.txt"]
    assert exchange_folder.take_receipts(now=NOW) == 0
