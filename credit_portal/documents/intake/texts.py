"""Tables whose cells are read as the text that a person sees in them: a day as a day, a number as a number. The lists that
offices hand in are such tables, and the sheets of the catalogue."""

import io
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from .archives import Archive
from .cells import Broken, Day, Formula, Number, shown_day, shown_number
from .kinds import kind_of
from .lines import Lines
from .objects import Objects
from .refusing import MOST_BYTES, IntakeRefused
from .tables import HEAD_WITHIN, bare_label, check_merged, plain_label
from .workbooks import LAST_ROW, Row, Workbook

LIST_BYTES = 20 * 1024 * 1024
# What a list may unpack to: two hundred thousand rows of five texts, or five thousand of a hundred.
MOST_UNPACKED = 100 * 1024 * 1024
# Rows are counted so far, so that a room can say how many there are; more is refused unseen.
MOST_COUNTED = 100_000
# All the text of a table together: what is looked through as a whole must fit into memory several times.
MOST_TEXTS = 20_000_000
_HALF = re.compile("[\ud800-\udfff]")


class _Source(Protocol):
    def rows(self) -> Iterator[Row]: ...


@dataclass(frozen=True)
class _Sheet:
    """One sheet of a workbook."""

    book: Workbook
    part: str

    def rows(self, merged: list[str] | None = None, upto: int = LAST_ROW) -> Iterator[Row]:
        return self.book.rows(self.part, merged=merged, days=self.book.days, upto=upto)


class TextTable:
    """`title` is the sheet's name where there are several, `heads` the labels in their order, each in the room's own words
    where the room knows it, `count` the rows below them that hold something. `apostrophes`: a first one is no text."""

    def __init__(
        self,
        source: _Source,
        *,
        known: Collection[str],
        most_rows: int,
        title: str = "",
        from_1904: bool = False,
        apostrophes: bool = False,
        head: Row | None = None,
    ) -> None:
        self.title, self._source = title, source
        self._from_1904, self._apostrophes = from_1904, apostrophes
        self._where = f"工作表“{title[:31]}”" if title else ""
        known_as = _known_as(known)
        self._head_row, cells = head or _find_head(source, known_as) or (HEAD_WITHIN, {})
        self._labels = {column: _label(self._text(0, "", text), known_as) for column, text in cells.items()}
        self.heads = [label for _, label in sorted(self._labels.items()) if label]
        if twice := next((one for one in self.heads if one in known and self.heads.count(one) > 1), ""):
            raise IntakeRefused(f"{self._where}表头“{twice[:40]}”出现两次，请只留一列。")
        self.count = self._survey(most_rows)

    def _survey(self, most: int) -> int:
        """All of it once, so that what cannot be read to its end is refused before anything of it is taken."""
        count, merged = 0, list[str]()
        rows = self._source.rows(merged) if isinstance(self._source, _Sheet) else self._source.rows()
        for number, _ in rows:
            count += number > self._head_row
            if count > most:
                raise IntakeRefused(f"{self._where or '文件'}超过 {most:,} 行，请分成几个文件。")
        check_merged(merged, self._head_row)
        return count

    def rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        """The rows below the head: number, and what stands under which label; what is empty is not there. Raises
        IntakeRefused, naming row and column, for what is no text."""
        length = 0
        for number, cells in self._source.rows():
            if number <= self._head_row:
                continue
            found = {}
            for column, cell in cells.items():
                label = self._labels.get(column, "")
                if label and (text := self._text(number, label, cell)):
                    found[label] = text
                    length += len(text)
            if length > MOST_TEXTS:
                raise IntakeRefused("文件里的文字太多，请分成几个文件。")
            yield number, found

    def _text(self, row: int, label: str, cell: str) -> str:
        if isinstance(cell, Number):
            if isinstance(cell, Day):
                return shown_day(cell, from_1904=self._from_1904)
            return shown_number(cell)
        where = f"{self._where}第 {row} 行“{label[:40]}”" if row else f"{self._where}表头"
        if isinstance(cell, Formula) and not cell.strip():
            raise IntakeRefused(f"{where}是没有结果的公式，请复制后只粘贴数值。")
        if cell.startswith("#") and isinstance(cell, Broken | Formula):
            raise IntakeRefused(f"{where}是错误值 {cell[:20]}，请改正后再上传。")
        if isinstance(cell, Broken):
            return "TRUE" if cell in ("1", "true") else "FALSE"
        # Half a character can be neither stored nor shown.
        if half := _HALF.search(cell):
            raise IntakeRefused(f"{where}里有无法识别的字符（U+{ord(half[0]):04X}），请删去。")
        return cell.removeprefix("'") if self._apostrophes else str(cell)


def _known_as(known: Collection[str]) -> dict[str, str]:
    return {plain_label(label, None): label for label in known}


def _label(text: str, known_as: Mapping[str, str]) -> str:
    plain = plain_label(text, None)
    return known_as.get(plain) or known_as.get(bare_label(plain)) or text.strip().removeprefix("'")


def _is_head(cells: Mapping[int, str], known_as: Mapping[str, str]) -> bool:
    return sum(1 for text in cells.values() if _label(text, known_as) in known_as.values()) > 1


def _find_head(source: _Source, known_as: Mapping[str, str]) -> Row | None:
    """The first row with two labels that are known; titles may stand above it. Where there is none, the first row is what
    its writer took for a head: the room can say what is missing in it."""
    first: Row | None = None
    for row in source.rows(upto=HEAD_WITHIN) if isinstance(source, _Sheet) else source.rows():
        if row[0] > HEAD_WITHIN:
            break
        if _is_head(row[1], known_as):
            return row
        first = first or row
    return first


def open_texts(
    file: BinaryIO,
    *,
    name: str,
    known: Collection[str],
    most_rows: int = MOST_COUNTED,
    most_bytes: int = LIST_BYTES,
) -> TextTable:
    """A list as xlsx, csv or json: of a workbook the one sheet that is shown and has such a head. Raises IntakeRefused."""
    kind = kind_of(file, name, most_bytes=most_bytes, json=True)
    if kind == "json":
        objects = Objects(file, most_rows=most_rows)
        return TextTable(
            objects, known=known, most_rows=most_rows, apostrophes=True, head=(1, objects.labels)
        )
    if kind == "csv":
        return TextTable(Lines(file), known=known, most_rows=most_rows, apostrophes=True)
    book = Workbook(Archive(file, most_unpacked=MOST_UNPACKED))
    sheet, head = _choose(book, _known_as(known))
    return TextTable(
        sheet, known=known, most_rows=most_rows, from_1904=book.from_1904, apostrophes=True, head=head
    )


def _choose(book: Workbook, known_as: Mapping[str, str]) -> tuple[_Sheet, Row | None]:
    """The sheet with the head, and its head; the first one where none has it."""
    found = [
        (name, visible, sheet, _find_head(sheet, known_as))
        for name, part, visible in book.sheets
        for sheet in (_Sheet(book, part),)
    ]
    with_head = [one for one in found if one[3] and _is_head(one[3][1], known_as)]
    shown = [one for one in with_head if one[1]]
    if len(shown) > 1:
        names = "、".join(f"“{name[:31]}”" for name, *_ in shown[:5])
        raise IntakeRefused(f"有 {len(shown)} 张工作表都有这样的表头：{names}。请只留一张，或者分开上传。")
    if with_head and not shown:
        raise IntakeRefused(f"数据在隐藏的工作表“{with_head[0][0][:31]}”里，请取消隐藏后再上传。")
    _, _, sheet, head = (shown or [one for one in found if one[1]] or found)[0]
    return sheet, head


def open_sheets(
    file: BinaryIO,
    *,
    name: str,
    wanted: Mapping[str, Collection[str]],
    most_rows: int = MOST_COUNTED,
    most_bytes: int = MOST_BYTES,
) -> dict[str, TextTable]:
    """The sheets of these names with what they have, each known by its labels; of a csv the first of them. Raises
    IntakeRefused."""
    first = next(iter(wanted))
    if kind_of(file, name, most_bytes=most_bytes) == "csv":
        return {first: TextTable(Lines(file), known=wanted[first], most_rows=most_rows, apostrophes=True)}
    book = Workbook(Archive(file, most_unpacked=MOST_UNPACKED))
    found: dict[str, TextTable] = {}
    for title, part, _ in book.sheets:
        if title in found:
            raise IntakeRefused(f"有两张工作表都叫“{title[:31]}”，请只留一张。")
        if title in wanted:
            found[title] = TextTable(
                _Sheet(book, part), known=wanted[title], most_rows=most_rows, title=title, from_1904=book.from_1904
            )  # fmt: skip
    if first not in found:
        raise IntakeRefused(f"文件里没有名为“{first}”的工作表。请用本页导出的文件。")
    return found


@dataclass(frozen=True)
class List:
    """What a room's list looks like: the keys of its labels, which of them must be there, how many rows it may have, and
    what may stand beside (None: whatever there is)."""

    by_head: Mapping[str, str]
    needed: Sequence[str]
    most_rows: int
    beside: Collection[str] | None = ()

    def read(self, name: str, content: bytes) -> list[tuple[int, dict[str, str]]]:
        """The rows of a file by number and key, each text without blanks around it. Raises IntakeRefused, nothing read."""
        known = {*self.by_head, *(self.beside or ())}
        table = open_texts(io.BytesIO(content), name=name, known=known)
        if not table.count:
            raise IntakeRefused("文件里没有数据。")
        if table.count > self.most_rows:
            raise IntakeRefused(f"一个文件最多 {self.most_rows} 行，现为 {table.count} 行，请分开上传。")
        if missing := [label for label in self.needed if label not in table.heads]:
            raise IntakeRefused(f"表头缺少：{'、'.join(missing)}。请用本页的模板。")
        unknown = [label for label in table.heads if label not in known]
        if unknown and self.beside is not None:
            raise IntakeRefused(f"表头没有“{unknown[0][:40]}”这一列。请用本页的模板。")
        told = [(label, self.by_head[label]) for label in table.heads if label in self.by_head]
        return [
            (place, {key: cells.get(label, "").strip() for label, key in told})
            for place, cells in table.rows()
        ]
