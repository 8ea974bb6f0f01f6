"""A half-year as a workbook: an overview of the units, the figures of the region, and a sheet for each unit."""

from collections.abc import Sequence
from dataclasses import dataclass

from credit_portal.documents.workbook import Book, Worksheet

from .papers import TITLE
from .parts import Figure

FIGURE_COLUMNS = ("类别", "指标", "数量")
WIDTHS = (24, 60, 14)


@dataclass(frozen=True)
class Sheet:
    """One unit's report or the region's. `head`: lines under the title; `words`: `(heading, text)` after the figures."""

    name: str
    head: Sequence[str]
    figures: Sequence[Figure]
    words: Sequence[tuple[str, str]] = ()


def workbook(sheets: Sequence[Sheet], *, overview: Sequence[Sequence[str]] = ()) -> bytes:
    """An xlsx, every cell text; `overview`: a table whose first line is its head."""
    book = Book()
    if overview:
        page = book.page("总表")
        page.set_column(0, len(overview[0]) - 1, 22)
        page.freeze_panes(1, 0)
        book.write(page, overview)
    for sheet in sheets:
        _write(book, book.page(sheet.name), sheet)
    return book.content()


def _write(book: Book, page: Worksheet, sheet: Sheet) -> None:
    for column, width in enumerate(WIDTHS):
        page.set_column(column, column, width)
    page.merge_range(0, 0, 0, len(FIGURE_COLUMNS) - 1, TITLE, book.formats["title"])
    page.set_row(0, 30)
    for line, text in enumerate(sheet.head, 1):
        page.write_string(line, 0, text, book.formats["head"])
    line = book.write(
        page,
        [FIGURE_COLUMNS, *((one.group, one.label, str(one.number)) for one in sheet.figures)],
        start=len(sheet.head) + 1,
    )
    for heading, text in sheet.words:
        page.write_string(line, 0, heading, book.formats["cell"])
        page.merge_range(line, 1, line, len(FIGURE_COLUMNS) - 1, "", book.formats["cell"])
        page.write_string(line, 1, text, book.formats["cell"])
        line += 1
    page.set_paper(9)
    page.fit_to_pages(1, 0)
