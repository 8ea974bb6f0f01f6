"""Workbooks of text cells: nothing in them is a formula, a number or a link, and the same content gives the same bytes."""

import io
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import xlsxwriter
from xlsxwriter.worksheet import Worksheet as Worksheet

# XlsxWriter would put the hour into the file: the same list has to give the same bytes.
BORN = datetime(2000, 1, 1)  # noqa: DTZ001 - the format knows no zone
# What a sheet's name may not hold, and how long it may be.
_NOT_IN_NAME = re.compile(r"[\[\]:*?/\\']")
MOST_NAME = 31


class Book:
    """An xlsx in the making: pages with names of their own, and the four looks of a cell (title, head, column, cell)."""

    def __init__(self) -> None:
        self._out = io.BytesIO()
        self._book = xlsxwriter.Workbook(
            self._out,
            {
                "in_memory": True,
                "strings_to_formulas": False,
                "strings_to_numbers": False,
                "strings_to_urls": False,
            },
        )
        self._book.set_properties({"created": BORN})
        self._taken: set[str] = set()
        self.formats: dict[str, Any] = {
            "title": self._book.add_format(
                {"bold": True, "font_size": 16, "align": "center", "valign": "vcenter"}
            ),
            "head": self._book.add_format({"num_format": "@"}),
            "column": self._book.add_format(
                {"bold": True, "border": 1, "align": "center", "valign": "vcenter", "text_wrap": True}
            ),
            "cell": self._book.add_format(
                {"num_format": "@", "border": 1, "valign": "top", "text_wrap": True}
            ),
        }

    def page(self, wanted: str) -> Worksheet:
        """A new sheet; another of the same name gets a number behind it."""
        return self._book.add_worksheet(self._name(wanted))

    def write(self, page: Worksheet, rows: Sequence[Sequence[str]], *, start: int = 0) -> int:
        """Rows from a line on, the first of them their heads. Gives the line after the last."""
        for line, cells in enumerate(rows, start):
            for column, text in enumerate(cells):
                page.write_string(line, column, text, self.formats["cell" if line > start else "column"])
        return start + len(rows)

    def content(self) -> bytes:
        self._book.close()
        return self._out.getvalue()

    def _name(self, wanted: str) -> str:
        plain = _NOT_IN_NAME.sub("", wanted).strip()[:MOST_NAME] or "单位"
        name, number = plain, 2
        # Excel takes two names for one that differ in their letters' case only.
        while name.casefold() in self._taken:
            tail = f"（{number}）"
            name, number = plain[: MOST_NAME - len(tail)] + tail, number + 1
        self._taken.add(name.casefold())
        return name


def tables(pages: Sequence[tuple[str, Sequence[Sequence[str]]]]) -> bytes:
    """An xlsx of plain tables, each with its name and a head as its first line."""
    book = Book()
    for name, lines in pages:
        page = book.page(name)
        page.set_column(0, len(lines[0]) - 1, 26)
        page.freeze_panes(1, 0)
        book.write(page, lines)
    return book.content()
