"""A json of rows: a list of objects with texts in them, one after the other. A library would build all of it at once, and
twenty megabytes of brackets are half a gigabyte of lists."""

import re
from collections.abc import Iterator
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import BinaryIO

from .cells import Broken, Number
from .kinds import encoding_of
from .refusing import IntakeRefused
from .workbooks import LONG, MOST_COLUMNS, MOST_TEXT, Row

NO_LIST = "JSON 应为一个列表，每条一个对象。"
_SPACE = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_WORDS = {"null": "", "true": Broken("1"), "false": Broken("0")}
MOST_VALUES = 1_000_000  # read in four seconds
# A table has a head; its first row is the second line. So has a list.
FIRST_ROW = 2


class Objects:
    """A json that is text to its end: `labels` are the keys of all its rows, in their order. Raises IntakeRefused."""

    def __init__(self, file: BinaryIO, *, most_rows: int) -> None:
        encoding = encoding_of(file, among=("utf-8-sig",))
        self._text = file.read().decode(encoding)
        self.labels: dict[int, str] = {}
        self._columns: dict[str, int] = {}
        self._most, self._values = most_rows, 0
        for _ in self.rows():
            pass

    def rows(self) -> Iterator[Row]:
        """Objects that hold something: number, and text by column."""
        at = self._skip(0)
        if self._text[at : at + 1] != "[":
            raise self._wrong(at, NO_LIST)
        at, place, self._values = self._skip(at + 1), 0, 0
        while self._text[at : at + 1] != "]":
            place += 1
            if place > self._most:
                raise IntakeRefused(f"文件超过 {self._most:,} 行，请分成几个文件。")
            cells, at = self._object(at, place)
            if cells:
                yield place + FIRST_ROW - 1, cells
            at = self._next(at, "]")
        if (end := self._skip(at + 1)) != len(self._text):
            raise self._wrong(end)

    def _object(self, at: int, place: int) -> tuple[dict[int, str], int]:
        if self._text[at : at + 1] != "{":
            if at >= len(self._text):
                raise self._wrong(at)
            raise IntakeRefused(f"第 {place} 条不是对象。")
        cells: dict[int, str] = {}
        seen: set[str] = set()
        at = self._skip(at + 1)
        while self._text[at : at + 1] != "}":
            key, at = self._string(at, place)
            at = self._skip(at)
            if self._text[at : at + 1] != ":":
                raise self._wrong(at)
            value, at = self._value(self._skip(at + 1), place, key)
            if key in seen:
                raise IntakeRefused(f"第 {place} 条有两个“{key[:40]}”，请只留一个。")
            seen.add(key)
            column = self._column(key)
            self._values += 1
            if self._values > MOST_VALUES:
                raise IntakeRefused("文件里的内容太多，请分成几个文件。")
            if value and not value.isspace():
                cells[column] = value
            at = self._next(at, "}")
        return cells, at + 1

    def _value(self, at: int, place: int, key: str) -> tuple[str, int]:
        sign = self._text[at : at + 1]
        if sign == '"':
            return self._string(at, place)
        if sign in ("{", "["):
            raise IntakeRefused(f"第 {place} 条的“{key[:40]}”应为文字或者数字。")
        for word, value in _WORDS.items():
            if self._text.startswith(word, at):
                return value, at + len(word)
        found = _NUMBER.match(self._text, at)
        if found is None:
            raise self._wrong(at)
        if len(found[0]) > MOST_TEXT:
            raise IntakeRefused(LONG.format(row=place + FIRST_ROW - 1))
        return Number(found[0]), found.end()

    def _string(self, at: int, place: int) -> tuple[str, int]:
        if self._text[at : at + 1] != '"':
            raise self._wrong(at)
        try:
            said, at = scanstring(self._text, at + 1, True)
        except ValueError as error:
            raise self._wrong(getattr(error, "pos", at)) from error
        if len(said) > MOST_TEXT:
            raise IntakeRefused(LONG.format(row=place + FIRST_ROW - 1))
        return said, at

    def _next(self, at: int, closing: str) -> int:
        """Behind what was read: a comma and something more, or the closing bracket."""
        at = self._skip(at)
        if self._text[at : at + 1] == ",":
            at = self._skip(at + 1)
            if self._text[at : at + 1] != closing:
                return at
        elif self._text[at : at + 1] == closing:
            return at
        raise self._wrong(at)

    def _column(self, key: str) -> int:
        column = self._columns.get(key)
        if column is None:
            column = self._columns[key] = len(self._columns)
            if column >= MOST_COLUMNS:
                raise IntakeRefused(f"文件里的字段超过 {MOST_COLUMNS} 个。")
            self.labels[column] = key
        return column

    def _skip(self, at: int) -> int:
        found = _SPACE.match(self._text, at)
        return found.end() if found else at

    def _wrong(self, at: int, told: str = "") -> IntakeRefused:
        line = self._text.count("\n", 0, at) + 1
        column = at - self._text.rfind("\n", 0, at)
        return IntakeRefused(f"第 {line} 行第 {column} 列不是合规的 JSON。{told}")
