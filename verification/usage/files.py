"""The list as a file: the annex's shape in xlsx, every cell text; a county's lists in one workbook; and the PDF."""

import io
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

import xlsxwriter
from django.template.loader import render_to_string

from credit_portal.documents.pdf import render_pdf

from .rows import COLUMNS, TITLE, Row

# XlsxWriter would put the hour into the file: the same list has to give the same bytes.
_BORN = datetime(2000, 1, 1)  # noqa: DTZ001 - the format knows no zone
WIDTHS = (30, 30, 14, 46, 30)
# What a sheet's name may not hold, and how long it may be.
_NOT_IN_NAME = re.compile(r"[\[\]:*?/\\']")
MOST_NAME = 31


class Sheet:
    """One unit's list. `reporter` and `reported_on` are empty where it has not been sent."""

    def __init__(
        self, *, unit: str, short: str, reporter: str, reported_on: date | None, rows: Iterable[Row]
    ) -> None:
        self.unit, self.short, self.reporter, self.reported_on = unit, short, reporter, reported_on
        self.rows = rows

    @property
    def head(self) -> tuple[str, str, str]:
        day = self.reported_on.isoformat() if self.reported_on else ""
        return (f"单位：{self.unit}", f"报送人：{self.reporter}", f"报送日期：{day}")


def workbook(sheets: Sequence[Sheet], *, overview: Sequence[Sequence[str]] = ()) -> bytes:
    """An xlsx with a sheet for each unit in the shape of the annex; before them, where there are several, an overview
    whose first line is its head."""
    out = io.BytesIO()
    book, formats = _book(out)
    taken: set[str] = set()
    if overview:
        page = book.add_worksheet(_name("总表", taken))
        page.set_column(0, len(overview[0]) - 1, 26)
        for line, cells in enumerate(overview):
            for column, text in enumerate(cells):
                page.write_string(line, column, text, formats["cell" if line else "column"])
    for sheet in sheets:
        _write(book.add_worksheet(_name(sheet.short, taken)), sheet, formats)
    book.close()
    return out.getvalue()


def tables(pages: Sequence[tuple[str, Sequence[Sequence[str]]]]) -> bytes:
    """An xlsx of plain tables, each with its name and a head as its first line. Every cell is text."""
    out = io.BytesIO()
    book, formats = _book(out)
    taken: set[str] = set()
    for name, lines in pages:
        page = book.add_worksheet(_name(name, taken))
        page.set_column(0, len(lines[0]) - 1, 26)
        page.freeze_panes(1, 0)
        for line, cells in enumerate(lines):
            for column, text in enumerate(cells):
                page.write_string(line, column, text, formats["cell" if line else "column"])
    book.close()
    return out.getvalue()


def _book(out: io.BytesIO) -> "tuple[xlsxwriter.Workbook, dict[str, Any]]":
    """A workbook in which text stays text, and its formats."""
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
    formats = {
        "title": book.add_format({"bold": True, "font_size": 16, "align": "center", "valign": "vcenter"}),
        "head": book.add_format({"num_format": "@"}),
        "column": book.add_format(
            {"bold": True, "border": 1, "align": "center", "valign": "vcenter", "text_wrap": True}
        ),
        "cell": book.add_format({"num_format": "@", "border": 1, "valign": "top", "text_wrap": True}),
    }
    return book, formats


def _write(page: "xlsxwriter.worksheet.Worksheet", sheet: Sheet, formats: dict[str, object]) -> None:
    for column, width in enumerate(WIDTHS):
        page.set_column(column, column, width)
    page.merge_range(0, 0, 0, len(COLUMNS) - 1, TITLE, formats["title"])
    page.set_row(0, 30)
    for column, text in zip((0, 2, 4), sheet.head, strict=True):
        page.write_string(1, column, text, formats["head"])
    for column, text in enumerate(COLUMNS):
        page.write_string(2, column, text, formats["column"])
    page.freeze_panes(3, 0)
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    page.repeat_rows(2)
    for line, row in enumerate(sheet.rows, start=3):
        for column, text in enumerate(row.cells):
            page.write_string(line, column, text, formats["cell"])


def _name(wanted: str, taken: set[str]) -> str:
    """A name for a sheet that nobody has yet."""
    plain = _NOT_IN_NAME.sub("", wanted).strip()[:MOST_NAME] or "单位"
    name, number = plain, 2
    while name in taken:
        tail = f"（{number}）"
        name, number = plain[: MOST_NAME - len(tail)] + tail, number + 1
    taken.add(name)
    return name


def as_pdf(sheet: Sheet, *, number: str, demonstration: bool) -> bytes:
    """The list on paper, for signing and sealing by the unit."""
    html = render_to_string(
        "verification/paper/usage_list.html",
        {
            "title": TITLE,
            "number": number,
            "head": sheet.head,
            "columns": COLUMNS,
            "rows": [row.cells for row in sheet.rows],
            "demonstration": demonstration,
        },
    )
    return render_pdf(html, identifier=number.encode(), title=f"{TITLE} {number}")
