"""Workbooks that people hand in: several named sheets, or one table as CSV, read into rows of text with their line numbers.
The one place where such a file is opened; what stands in it is for the rooms to judge."""

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from defusedxml.common import DefusedXmlException
from openpyxl import load_workbook

from .sheets import BOM, SheetError

MOST_BYTES = 5 * 1024 * 1024
# What a packed file may become: honest catalogues stay far below it.
MOST_UNPACKED, MOST_PARTS = 60 * 1024 * 1024, 500
MOST_COLUMNS, MOST_CELL = 80, 8_000
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'")


@dataclass
class Table:
    """One sheet: its heads in their order, and its rows by line number of the file."""

    heads: list[str] = field(default_factory=list)
    rows: list[tuple[int, dict[str, str]]] = field(default_factory=list)


def guarded(value: str) -> str:
    """A cell of a CSV: an apostrophe before what a spreadsheet would take for a formula, and before an apostrophe, so that
    `read_book` gives back exactly what was written."""
    return f"'{value}" if value.startswith(FORMULA) else value


def write_csv(lines: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO()
    out.write(BOM)
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows([guarded(cell) for cell in line] for line in lines)
    return out.getvalue().encode()


def read_book(name: str, content: bytes, *, wanted: Sequence[str], most_rows: int) -> dict[str, Table]:
    """The sheets of these names (of a CSV the first of them). Raises SheetError saying what is wrong with the file."""
    if not content:
        raise SheetError("文件是空的。")
    if len(content) > MOST_BYTES:
        raise SheetError(f"文件超过 {MOST_BYTES // 1024 // 1024} MB。")
    ending = name.rsplit(".", 1)[-1].lower()
    if ending == "csv":
        return {wanted[0]: _table(_csv_rows(content), wanted[0], most_rows)}
    if ending == "xlsx":
        return _xlsx(content, wanted, most_rows)
    raise SheetError("文件应为 xlsx 或者 csv。")


def _xlsx(content: bytes, wanted: Sequence[str], most_rows: int) -> dict[str, Table]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            parts = packed.infolist()
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
                raise SheetError("文件解开后过大，不能读取。")
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        tables = {}
        for sheet in book.worksheets:
            if sheet.title in wanted:
                # A sheet's own word for its size may be a lie: it is read as far as there are rows.
                sheet.reset_dimensions()
                rows = (
                    ["" if cell is None else str(cell) for cell in row[: MOST_COLUMNS + 1]]
                    for row in sheet.iter_rows(values_only=True)
                )
                tables[sheet.title] = _table(rows, sheet.title, most_rows)
    except SheetError:
        raise
    except (
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        OSError,
        EOFError,
        DefusedXmlException,
        AttributeError,
        TypeError,
        IndexError,
        NotImplementedError,
        RuntimeError,
        SyntaxError,
    ) as error:
        # Whatever a broken workbook makes the reader stumble over, it is one answer.
        raise SheetError("文件不是可以读取的 Excel 文件（xlsx）。") from error
    if wanted[0] not in tables:
        raise SheetError(f"文件里没有名为“{wanted[0]}”的工作表。请用本页导出的文件。")
    return tables


def _csv_rows(content: bytes) -> Iterable[list[str]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise SheetError("文件既不是 UTF-8 也不是 GB 18030 编码。")
    if "\0" in text:
        raise SheetError("文件不是文本文件。")
    try:
        for row in csv.reader(io.StringIO(text, newline="")):
            yield [cell.removeprefix("'") for cell in row]
    except csv.Error as error:
        raise SheetError("文件不是合规的 CSV。") from error


def _table(rows: Iterable[Sequence[str]], title: str, most_rows: int) -> Table:
    table = Table()
    for line, cells in enumerate(rows, start=1):
        if len(cells) > MOST_COLUMNS and any(cell.strip() for cell in cells[MOST_COLUMNS:]):
            raise SheetError(f"工作表“{title}”超过 {MOST_COLUMNS} 列。")
        if any(len(cell) > MOST_CELL for cell in cells):
            raise SheetError(f"工作表“{title}”第 {line} 行有一格超过 {MOST_CELL} 个字。")
        if not any(cell.strip() for cell in cells):
            continue
        if not table.heads:
            table.heads = [cell.strip() for cell in cells[:MOST_COLUMNS]]
            while table.heads and not table.heads[-1]:
                table.heads.pop()
            named = [head for head in table.heads if head]
            if twice := next((head for head in named if named.count(head) > 1), ""):
                raise SheetError(f"工作表“{title}”的表头“{twice[:40]}”出现两次。")
            continue
        if len(table.rows) >= most_rows:
            raise SheetError(f"工作表“{title}”超过 {most_rows} 行，请分开导入。")
        table.rows.append(
            (line, {head: cell for head, cell in zip(table.heads, cells, strict=False) if head})
        )
    return table
