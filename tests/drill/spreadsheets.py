"""Our tables as another program opens them: LibreOffice, headless, told nothing but the file."""

import csv
import io
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

# What spreadsheets take for a formula, a link, a number or a date where a cell is not text.
PAYLOADS = [
    *(f"{sign}{body}" for sign in "=+-@" for body in ("1+1", "SUM(A1:A9)", "cmd|' /C calc'!A0", "A1", "2")),
    "=HYPERLINK(\"http://127.0.0.1/\",\"点\")", "=WEBSERVICE(\"http://127.0.0.1/\")", "=IMPORTXML(\"x\",\"y\")",
    "\t=1+1", "\n=1+1", " =1+1", "＝1+1", "=1+1\n=2+2", "'=1+1", "\"=1+1",
    "=10+20+cmd|' /C calc'!A0", "@SUM(1+1)*cmd|' /C calc'!A0", "-2+3", "+86 10000000000",
    "000123", "91130111MA0004628N", "130111199001011234", "1E5", "2026-01-31", "1/2",
]  # fmt: skip
FORMULA = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}formula"
CELL = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}table-cell"
KIND = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}value-type"


def spreadsheets_opened() -> None:
    """报送表格由 LibreOffice 打开：全部是文本，没有公式，中文表头，往返相同。"""
    program = shutil.which("soffice")
    if program is None:
        raise AssertionError(
            "没有 LibreOffice：apt-get install --no-install-recommends libreoffice-calc-nogui"
        )
    from credit_portal.documents import writing
    from disclosure.exchange.formats import FORMATS

    assert len(PAYLOADS) == 40, len(PAYLOADS)
    for form in FORMATS.values():
        rows = [[payload] * len(form.head) for payload in PAYLOADS]
        for kind in ("xlsx", "csv"):
            with tempfile.TemporaryDirectory() as place:
                file = Path(place) / f"表.{kind}"
                file.write_bytes(writing.write(kind, form.head, rows))
                found = _opened(program, file)
                assert found["formulas"] == 0, (kind, found)
                assert found["head"] == list(form.head), kind
                if kind == "xlsx":
                    # Of a table made by us each cell says that it is text; a file of plain text says nothing.
                    assert found["kinds"] == {"string"}, found["kinds"]
                    assert found["rows"] == rows
    _monthly_list(program)
    if not _opened_carelessly(program)["formulas"]:
        raise AssertionError("保护关闭后没有发现问题")


def _monthly_list(program: str) -> None:
    """The monthly list in the shape of the annex: title, head, five columns, text cells."""
    from datetime import date

    from verification.usage import files, rows

    lines = [rows.Row(1, payload, payload, date(2026, 11, 24), payload, payload) for payload in PAYLOADS]
    sheet = files.Sheet(
        unit="演练单位", short="演练单位", reporter="演练", reported_on=date(2026, 11, 24), rows=lines
    )
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "表.xlsx"
        file.write_bytes(files.workbook([sheet]))
        found = _opened(program, file)
    head, columns, *shown = found["rows"]
    assert (found["formulas"], found["kinds"]) == (0, {"string"}), found
    assert found["head"][0] == rows.TITLE and [cell for cell in head if cell] == list(sheet.head)
    assert tuple(columns) == rows.COLUMNS and shown == [list(line.cells) for line in lines]


def _opened_carelessly(program: str) -> dict[str, Any]:
    """The control: the same content written as a library does it by itself."""
    from openpyxl import Workbook

    with tempfile.TemporaryDirectory() as place:
        file, book = Path(place) / "表.xlsx", Workbook()
        book.active.append(["名称"])
        book.active.append(["=1+1"])
        book.save(file)
        return _opened(program, file)


def _opened(program: str, file: Path) -> dict[str, Any]:
    """What LibreOffice has in its cells: as its own document for kinds and formulas, as CSV for the text."""
    for target in ("fods", "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true"):
        subprocess.run(
            [program, "--headless", f"-env:UserInstallation=file://{file.parent}/profile",
             *(["--infilter=CSV:44,34,76,1"] if file.suffix == ".csv" else []),
             "--convert-to", target, "--outdir", str(file.parent / "out"), str(file)],
            check=True, capture_output=True, timeout=180,
        )  # fmt: skip
    tree = ElementTree.parse(file.parent / "out" / f"{file.stem}.fods")
    cells = [cell for cell in tree.iter(CELL) if cell.get(KIND)]
    text = (file.parent / "out" / f"{file.stem}.csv").read_text(encoding="utf-8-sig")
    head, *rows = csv.reader(io.StringIO(text, newline=""))
    return {
        "formulas": sum(1 for cell in tree.iter(CELL) if cell.get(FORMULA)),
        "kinds": {cell.get(KIND) for cell in cells},
        "head": head,
        "rows": rows,
    }
