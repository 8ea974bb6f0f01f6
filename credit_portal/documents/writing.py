"""Tables for other people's programs: xlsx, csv and json with the same content, every cell text, no formula anywhere. What
others hand in is read by `documents/intake`."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import orjson
import xlsxwriter

# XlsxWriter would put the hour into the file: the same rows have to give the same bytes.
_BORN = datetime(2000, 1, 1)  # noqa: DTZ001 - the format knows no zone
LISTED_ROWS = 5_000  # rows of a template that offer a choice
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
BOM = "\ufeff"  # without it, Excel reads UTF-8 as something else


def text_cell(value: object) -> str:
    """A cell as text: what a spreadsheet would take for a formula gets an apostrophe before it."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def exact_csv(lines: Iterable[Sequence[str]]) -> bytes:
    """A csv that gives back exactly what was written: an apostrophe, too, gets one before it, for one is taken off again."""
    out = io.StringIO()
    out.write(BOM)
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows(
        [f"'{cell}" if cell.startswith((*FORMULA, "'")) else cell for cell in line] for line in lines
    )
    return out.getvalue().encode()


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
