"""Tables for other people's programs: xlsx, csv and json with the same content, every cell text, no formula anywhere."""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

import orjson
import xlsxwriter
from defusedxml import EntitiesForbidden
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

# XlsxWriter would put the hour into the file: the same rows have to give the same bytes.
_BORN = datetime(2000, 1, 1)  # noqa: DTZ001 - the format knows no zone
MOST_BYTES = 20 * 1024 * 1024
MOST_ROWS = 200_000
LISTED_ROWS = 5_000  # rows of a template that offer a choice
BOM = "\ufeff"  # without it, Excel reads UTF-8 as something else


class SheetError(ValueError):
    """A table that cannot be read; the message names file, row or place in Chinese."""


def text_cell(value: object) -> str:
    """A cell as text: what a spreadsheet would take for a formula gets an apostrophe before it."""
    text = "" if value is None else str(value)
    return (
        f"'{text}"
        if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))
        else text
    )


def write(
    kind: str,
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    title: str = "信用承诺",
    lists: Mapping[int, Sequence[str]] | None = None,
) -> bytes:
    """A table as `xlsx`, `csv` or `json` (a list of objects); the same input gives the same bytes. `title` names the
    sheet, `lists` the words to choose from, by column: of an xlsx only."""
    if kind == "xlsx":
        return _xlsx(head, rows, title, lists or {})
    return {"csv": _csv, "json": _json}[kind](head, rows)


def _xlsx(
    head: Sequence[str], rows: Iterable[Sequence[str]], title: str, lists: Mapping[int, Sequence[str]]
) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_numbers": False,
            "strings_to_urls": False,
        },
    )
    book.set_properties({"created": _BORN})
    sheet = book.add_worksheet(title)
    bold = book.add_format({"bold": True, "num_format": "@", "text_wrap": True, "valign": "top"})
    text = book.add_format({"num_format": "@", "valign": "top"})
    for column, label in enumerate(head):
        sheet.write_string(0, column, label, bold)
    sheet.freeze_panes(1, 1)
    sheet.set_column(0, len(head) - 1, 22, text)
    for column, words in lists.items():
        sheet.data_validation(
            1,
            column,
            LISTED_ROWS,
            column,
            {"validate": "list", "source": list(words), "error_type": "warning"},
        )
    for line, row in enumerate(rows, start=1):
        for column, value in enumerate(row):
            sheet.write_string(line, column, value, text)
    book.close()
    return out.getvalue()


def _csv(head: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO()
    out.write(BOM)
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows([text_cell(value) for value in row] for row in rows)
    return out.getvalue().encode()


def _json(head: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    return orjson.dumps([dict(zip(head, row, strict=True)) for row in rows], option=orjson.OPT_INDENT_2)


def read(name: str, content: bytes) -> Iterator[dict[str, str]]:
    """Rows of a table that somebody else wrote, by the words of its head. Raises SheetError naming the row."""
    if len(content) > MOST_BYTES:
        raise SheetError(f"文件超过 {MOST_BYTES // 1024 // 1024} MB。")
    ending = name.rsplit(".", 1)[-1].lower()
    readers = {"xlsx": _read_xlsx, "csv": _read_csv, "json": _read_json}
    if ending not in readers:
        raise SheetError("文件应为 xlsx、csv 或 json。")
    return readers[ending](content)


def _read_xlsx(content: bytes) -> Iterator[dict[str, str]]:
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        rows = book.worksheets[0].iter_rows(values_only=True)
        yield from _by_head(["" if cell is None else str(cell) for cell in row] for row in rows)
    except (
        InvalidFileException,
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        OSError,
        EntitiesForbidden,
    ) as error:
        if isinstance(error, SheetError):
            raise
        raise SheetError("文件不是可以读取的 Excel 文件。") from error


def _read_csv(content: bytes) -> Iterator[dict[str, str]]:
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
    yield from _by_head(csv.reader(io.StringIO(text, newline="")))


def _read_json(content: bytes) -> Iterator[dict[str, str]]:
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise SheetError(f"第 {error.lineno} 行第 {error.colno} 列不是合规的 JSON。") from error
    if not isinstance(found, list):
        raise SheetError("JSON 应为一个列表，每条一个对象。")
    for place, row in enumerate(found, start=1):
        if not isinstance(row, dict):
            raise SheetError(f"第 {place} 条不是对象。")
        yield {str(key): "" if value is None else str(value) for key, value in row.items()}


def _by_head(rows: Iterable[Sequence[str]]) -> Iterator[dict[str, str]]:
    head: list[str] = []
    for line, row in enumerate(rows, start=1):
        if line > MOST_ROWS:
            raise SheetError(f"文件超过 {MOST_ROWS} 行。")
        cells = [cell.strip().removeprefix("'") for cell in row]
        if not head:
            if any(cells):
                head = cells
            continue
        if any(cells):
            yield dict(zip(head, cells, strict=False))
