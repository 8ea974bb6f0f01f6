"""An xlsx read row by row. The libraries for it hold a whole sheet (python-calamine: 150 MB for a hundred thousand rows) or
follow what a file says of its own size; here a row is held, and the shared texts lie in a file beside."""

import os
import posixpath
import re
import tempfile
from array import array
from collections.abc import Iterator
from functools import cached_property, lru_cache
from typing import Any

from .archives import Archive
from .cells import Broken, Day, Formula, Number
from .markup import BROKEN, MOST_DEPTH, parse, parsing
from .refusing import IntakeRefused
from .styles import days_of

SMALL_PART = 2 * 1024 * 1024
MOST_COLUMNS = 200  # beyond them a cell with something in it is refused
LAST_ROW = 1_048_576
MOST_TEXT = 32_767  # what Excel itself lets into a cell
MOST_SHARED = 1_500_000  # fifteen for each of the rows a file may have, and read in two or three seconds

LONG = "第 {row} 行有超长的单元格，不能接受。"
NOT_XLSX = "文件不是可以读取的 Excel 工作簿（xlsx）。"
_CELL = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_RANGE = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})(?::\$?([A-Z]{1,3})\$?([0-9]{1,7}))?")

Row = tuple[int, dict[int, str]]


@lru_cache(maxsize=1_024)
def column_of(letters: str) -> int:
    """A from 0."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def letters_of(column: int) -> str:
    letters, column = "", column + 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


class _Enough(Exception):
    """What was asked for has been read."""


class SharedTexts:
    """The workbook's texts by number: in a file, with where each begins. What repeats is kept at hand."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the workbook
        self._starts = array("I", [0])
        self.get = lru_cache(maxsize=2_048)(self._get)

    def __len__(self) -> int:
        return len(self._starts) - 1

    def load(self, archive: Archive, part: str) -> None:
        held: list[bytes] = []
        words: list[str] = []
        position = depth = 0
        inside = hidden = False

        def start(name: str, _: dict[str, str]) -> None:
            nonlocal inside, hidden, depth
            depth += 1
            if depth > MOST_DEPTH:
                raise IntakeRefused(BROKEN)
            if name == "si":
                words.clear()
            elif name == "t":
                inside = not hidden
            elif name == "rPh":  # how it is pronounced
                hidden = True

        def end(name: str) -> None:
            nonlocal inside, hidden, position, depth
            depth -= 1
            if name == "t":
                inside = False
            elif name == "rPh":
                hidden = False
            elif name == "si":
                packed = unescaped("".join(words)).encode("utf-8", "surrogatepass")
                held.append(packed)
                position += len(packed)
                self._starts.append(position)
                if len(self._starts) > MOST_SHARED:
                    raise IntakeRefused("工作簿里的文字太多，请分成几个文件。")

        def text(words_: str) -> None:
            if inside:
                words.append(words_)
                if len(words) > MOST_TEXT:
                    raise IntakeRefused("工作簿里有超长的单元格，不能接受。")

        def put() -> None:
            self._file.write(b"".join(held))
            held.clear()

        parse(archive.pieces(part), start=start, end=end, text=text, after_piece=put)
        put()
        self._file.flush()

    def _get(self, number: int) -> str:
        start, end = self._starts[number], self._starts[number + 1]
        return os.pread(self._file.fileno(), end - start, start).decode("utf-8", "replace")


def unescaped(text: str) -> str:
    """`_x000D_` is how a workbook writes a carriage return."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


class Workbook:
    """A workbook that has passed: its sheets, and their rows. Raises IntakeRefused."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        _check_kind(archive)
        self.from_1904 = False
        # Name, part, visible.
        self.sheets: list[tuple[str, str, bool]] = []
        self._texts = SharedTexts()
        self._styles = ""
        self._read_book()

    def _read_book(self) -> None:
        targets: dict[str, str] = {}
        shared = ""

        def relation(name: str, told: dict[str, str]) -> None:
            nonlocal shared
            if name != "Relationship":
                return
            if told.get("TargetMode") == "External":
                raise IntakeRefused("工作簿里有外部链接，请断开链接（数据→编辑链接）后再上传。")
            part = _part(told.get("Target", ""))
            targets[told.get("Id", "")] = part
            if told.get("Type", "").endswith("/sharedStrings"):
                shared = part
            elif told.get("Type", "").endswith("/styles"):
                self._styles = part

        relations = "xl/_rels/workbook.xml.rels"
        if relations not in self._archive:
            raise IntakeRefused(NOT_XLSX)
        parse([self._archive.read(relations, most=SMALL_PART)], start=relation)

        def book(name: str, told: dict[str, str]) -> None:
            if name == "workbookPr":
                self.from_1904 = told.get("date1904", "0") in ("1", "true")
            elif name == "sheet":
                id_ = next((value for key, value in told.items() if key.rpartition(":")[2] == "id"), "")
                part = targets.get(id_, "")
                if part in self._archive and "worksheets/" in part:
                    self.sheets.append(
                        (told.get("name", ""), part, told.get("state", "visible") == "visible")
                    )
            elif name in ("externalReference", "externalBook"):
                raise IntakeRefused("工作簿里有外部链接，请断开链接（数据→编辑链接）后再上传。")

        parse([self._archive.read("xl/workbook.xml", most=SMALL_PART)], start=book)
        if not self.sheets:
            raise IntakeRefused("工作簿里没有工作表。")
        if len(self.sheets) > 100:
            raise IntakeRefused("工作簿里的工作表超过 100 张，请只留要上传的一张。")
        if shared and shared in self._archive:
            self._texts.load(self._archive, shared)

    @cached_property
    def days(self) -> frozenset[str]:
        """The styles that show a number as a day."""
        return days_of(self._archive, self._styles) if self._styles in self._archive else frozenset()

    def rows(
        self,
        part: str,
        *,
        merged: list[str] | None = None,
        days: frozenset[str] = frozenset(),
        upto: int = LAST_ROW,
    ) -> Iterator[Row]:
        """Rows that hold something: number, and text by column. `merged` is given the merged ranges, at the end. Numbers in
        a style of `days` are days. After the row `upto` nothing is read, not even what holds nothing."""
        done: list[Row] = []
        start, end, text = _reader(self._texts, done, merged, days, upto)
        try:
            for _ in parsing(self._archive.pieces(part), start=start, end=end, text=text):
                if done:
                    yield from done
                    done.clear()
        except _Enough:
            yield from done


def _reader(
    texts: SharedTexts, done: list[Row], merged: list[str] | None, days: frozenset[str], upto: int
) -> tuple[Any, Any, Any]:
    """The handlers of a sheet. They are called six million times for a hundred thousand rows: hence no class, no call that
    can be spared."""
    row = depth = 0
    column = -1
    cells: dict[int, str] = {}
    kind = ""
    about: dict[str, str] = {}
    in_cell = listening = formula = hidden = False
    words: list[str] = []
    shared, place = texts.get, _CELL.fullmatch
    amount = len(texts)

    def start(name: str, told: dict[str, str]) -> None:
        nonlocal row, column, cells, kind, about, in_cell, listening, formula, hidden, depth
        depth += 1
        if name == "v":
            listening = in_cell
        elif name == "c":
            if depth > MOST_DEPTH:
                raise IntakeRefused(BROKEN)
            in_cell, formula, kind, about = True, False, told.get("t", "n"), told
            where = told.get("r")
            if where is None:
                column += 1
            elif found := place(where):
                column = column_of(found[1])
            else:
                raise IntakeRefused(NOT_XLSX)
        elif name == "t":
            listening = in_cell and not hidden
        elif name == "f":
            formula = in_cell
        elif name == "row":
            number, last = told.get("r"), row
            if number is None:
                row += 1
            elif number.isascii() and number.isdigit() and len(number) < 8:
                row = int(number)
            if not last < row <= LAST_ROW:
                raise IntakeRefused(NOT_XLSX)
            if row > upto:
                raise _Enough
            cells, column = {}, -1
        elif name == "rPh":
            hidden = True
        elif name == "mergeCell" and merged is not None and len(merged) < 100_000:
            merged.append(told.get("ref", "")[:20])
        elif depth > MOST_DEPTH:
            raise IntakeRefused(BROKEN)

    def text(said: str) -> None:
        if listening:
            words.append(said)
            if len(words) > MOST_TEXT:
                raise IntakeRefused(LONG.format(row=row))

    def end(name: str) -> None:
        nonlocal in_cell, listening, hidden, depth
        depth -= 1
        if name == "v" or name == "t":
            listening = False
        elif name == "c":
            in_cell = False
            if words or formula:
                keep()
                words.clear()
        elif name == "row":
            if cells:
                done.append((row, cells))
        elif name == "rPh":
            hidden = False

    def keep() -> None:
        value = words[0] if len(words) == 1 else "".join(words)
        if kind == "s":
            if not value.isascii() or not value.isdigit() or int(value) >= amount:
                raise IntakeRefused(NOT_XLSX)
            value = shared(int(value))
        elif kind in ("inlineStr", "str"):
            value = unescaped(value)
        if formula:
            value = Formula(value)
        elif kind == "n":
            value = Day(value) if about.get("s", "0") in days else Number(value)
        elif kind in ("e", "b"):
            value = Broken(value)
        if len(value) > MOST_TEXT:
            raise IntakeRefused(LONG.format(row=row))
        if not formula and (not value or value.isspace()):
            return
        if not 0 <= column < MOST_COLUMNS:
            raise IntakeRefused(
                f"第 {row} 行第 {column + 1} 列有内容，最多 {MOST_COLUMNS} 列，请删去右边的内容。"
            )
        cells[column] = value

    return start, end, text


def _part(target: str) -> str:
    return target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join("xl", target))


# By which file in it an archive is something else.
_OTHERS = (
    ("word/document.xml", "这是 Word 文件，请上传 Excel 工作簿（xlsx）或 csv。"),
    ("ppt/presentation.xml", "这是演示文稿，请上传 Excel 工作簿（xlsx）或 csv。"),
    ("xl/workbook.bin", "这是二进制工作簿（xlsb），请另存为 xlsx 后再上传。"),
    ("content.xml", "这是 OpenDocument 表格，请另存为 xlsx 后再上传。"),
)
_FORBIDDEN = (
    (re.compile(r"vbaproject|vbadata|\.bin$(?<!printersettings\d\.bin)(?<!printersettings\d\d\.bin)"), "工作簿里有宏或其他程序，请另存为不含宏的 xlsx 后再上传。"),
    (re.compile(r"^xl/(externallinks|connections|querytables|webextensions|ctrlprops|activex|macrosheets|dialogsheets)"), "工作簿里有外部链接、数据连接或控件，请去掉后再上传。"),
    (re.compile(r"embeddings/|oleobject"), "工作簿里嵌入了别的文件，请删去后再上传。"),
    (re.compile(r"\.(exe|dll|js|vbs|bat|cmd|ps1|html?|svg|jar|lnk|scr|zip|rar|7z|xlsx|xlsm|docx?|pdf)$"), "工作簿里夹带了别的文件，请删去后再上传。"),
)  # fmt: skip


def _check_kind(archive: Archive) -> None:
    for name, told in _OTHERS:
        if name in archive:
            raise IntakeRefused(told)
    for name in archive.entries:
        for pattern, told in _FORBIDDEN:
            if pattern.search(name):
                raise IntakeRefused(told)
    if "[Content_Types].xml" not in archive or "xl/workbook.xml" not in archive:
        raise IntakeRefused(NOT_XLSX)
    kinds: list[Any] = []
    parse(
        [archive.read("[Content_Types].xml", most=SMALL_PART)],
        start=lambda _, told: kinds.append(told.get("ContentType", "")),
    )
    if any("macroEnabled" in kind or "vbaProject" in kind for kind in kinds):
        raise IntakeRefused("工作簿里有宏或其他程序，请另存为不含宏的 xlsx 后再上传。")
    if not any("spreadsheetml.sheet.main" in kind for kind in kinds):
        raise IntakeRefused(NOT_XLSX)


def corners(ref: str) -> tuple[int, int, int, int] | None:
    """First column and row, last column and row of a range such as A1:B2."""
    found = _RANGE.fullmatch(ref)
    if found is None:
        return None
    left, top = column_of(found[1]), int(found[2])
    return left, top, column_of(found[3]) if found[3] else left, int(found[4]) if found[4] else top
