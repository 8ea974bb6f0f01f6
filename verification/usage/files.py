"""The list as a file: the annex's shape in xlsx, every cell text; a county's lists in one workbook; and the PDF."""

from collections.abc import Iterable, Sequence
from datetime import date

from django.template.loader import render_to_string

from credit_portal.documents.pdf import render_pdf
from credit_portal.documents.workbook import Book, Worksheet

from .rows import COLUMNS, TITLE, Row

WIDTHS = (30, 30, 14, 46, 30)


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
    book = Book()
    if overview:
        page = book.page("总表")
        page.set_column(0, len(overview[0]) - 1, 26)
        book.write(page, overview)
    for sheet in sheets:
        _write(book.page(sheet.short), sheet, book.formats)
    return book.content()


def _write(page: Worksheet, sheet: Sheet, formats: dict[str, object]) -> None:
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
