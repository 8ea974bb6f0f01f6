"""The figures of applied measures as a workbook: by unit and month, every cell text."""

import io
from collections.abc import Sequence
from datetime import date, datetime

import xlsxwriter

from verification.models import AppliedMeasure
from verification.vocabulary import EFFECT_LABELS, Effect

from .counting import Figures, Tally

TITLE = "激励惩戒措施实施情况统计"
# The same figures give the same bytes: XlsxWriter would put the hour into the file.
_BORN = datetime(2000, 1, 1)  # noqa: DTZ001 - the format knows no zone
_EFFECTS = [(str(code), label) for code, label in EFFECT_LABELS.items() if code is not Effect.EXIT_RULE]
_REASONS = [(str(code), str(label)) for code, label in AppliedMeasure.EndReason.choices]
HEAD = (
    "激励合计", "惩戒合计", *(f"实施：{label}" for _, label in _EFFECTS),
    "结束合计", *(f"结束：{label}" for _, label in _REASONS), "例外：同意", "例外：未同意",
)  # fmt: skip


def workbook(found: Figures, *, first: date, last: date) -> bytes:
    """Three sheets: by unit, by month, by unit and month; the last line of each is the sum."""
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
    formats = {
        "title": book.add_format({"bold": True, "font_size": 14}),
        "column": book.add_format({"bold": True, "border": 1, "valign": "vcenter", "text_wrap": True}),
        "cell": book.add_format({"num_format": "@", "border": 1}),
    }
    span = f"{first:%Y-%m} 至 {last:%Y-%m}"
    sheets: list[tuple[str, tuple[str, ...], list[tuple[tuple[str, ...], Tally]]]] = [
        ("按单位", ("单位",), [((one.label,), one) for one in [*found.units, found.total]]),
        ("按月份", ("月份",), [((one.label,), one) for one in [*found.months, found.total]]),
        (
            "按单位和月份",
            ("单位", "月份"),
            [*(((unit, month), one) for unit, month, one in found.lines), (("合计", ""), found.total)],
        ),
    ]
    for name, keys, lines in sheets:
        page = book.add_worksheet(name)
        page.set_column(0, 0, 34)
        page.set_column(1, len(keys) + len(HEAD) - 1, 12)
        page.write_string(0, 0, f"{TITLE}（{span}）", formats["title"])
        _row(page, 1, [*keys, *HEAD], formats["column"])
        for place, (words, one) in enumerate(lines, start=2):
            _row(page, place, [*words, *cells(one)], formats["cell"])
        page.freeze_panes(2, len(keys))
        page.set_landscape()
        page.fit_to_pages(1, 0)
    book.close()
    return out.getvalue()


def cells(one: Tally) -> list[str]:
    """A tally in the order of HEAD."""
    numbers = [
        one.rewards, one.sanctions, *(one.effects[code] for code, _ in _EFFECTS),
        one.ended, *(one.reasons[code] for code, _ in _REASONS), one.allowed, one.declined,
    ]  # fmt: skip
    return [str(number) for number in numbers]


def _row(page: "xlsxwriter.worksheet.Worksheet", line: int, texts: Sequence[str], style: object) -> None:
    for column, text in enumerate(texts):
        page.write_string(line, column, text, style)
