"""Which styles of a workbook show a number as a day: there is no other sign of it in the file."""

import re

from .archives import Archive
from .markup import BROKEN, MOST_DEPTH, parse
from .refusing import IntakeRefused

MOST_PART = 20 * 1024 * 1024
MOST_STYLES = 66_000  # Excel itself takes 65,490
# The formats that every workbook has without saying so; from 27 and from 50 on those of Chinese Excel.
BUILT_IN = frozenset((*range(14, 18), 22, *range(27, 32), 36, *range(50, 59)))
# What is shown as it is stands in quotes, behind a backslash, or in brackets.
_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')


def shows_a_day(code: str) -> bool:
    """Whether a format shows a year or a day: `yyyy"年"m"月"`, `m/d`; hours and minutes alone are none."""
    plain = _LITERAL.sub("", code.split(";", 1)[0]).lower()
    return "y" in plain or "d" in plain


def days_of(archive: Archive, part: str) -> frozenset[str]:
    """The numbers of these styles, as cells name them. Raises IntakeRefused."""
    if archive.size(part) > MOST_PART:
        raise IntakeRefused("工作簿的单元格样式太多，请复制到新的工作簿，只粘贴文字，再上传。")
    formats: dict[str, bool] = {str(number): True for number in BUILT_IN}
    styles: list[str] = []
    within: list[str] = []

    def start(name: str, told: dict[str, str]) -> None:
        if len(within) > MOST_DEPTH or len(styles) > MOST_STYLES or len(formats) > MOST_STYLES:
            raise IntakeRefused(BROKEN)
        if name == "numFmt":
            formats[told.get("numFmtId", "")] = shows_a_day(told.get("formatCode", "")[:500])
        elif name == "xf" and within and within[-1] == "cellXfs":
            styles.append(told.get("numFmtId", ""))
        within.append(name)

    def end(name: str) -> None:
        within.pop()

    parse(archive.pieces(part), start=start, end=end)
    return frozenset(str(place) for place, number in enumerate(styles) if formats.get(number))
