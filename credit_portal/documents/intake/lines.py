"""A csv, line by line."""

import csv
import io
from collections.abc import Iterator
from typing import BinaryIO, cast

from .kinds import encoding_of
from .refusing import IntakeRefused
from .workbooks import MOST_COLUMNS, MOST_TEXT, Row


class Lines:
    """A csv that is text to its end. Raises IntakeRefused."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._encoding = file, encoding_of(file)

    def rows(self) -> Iterator[Row]:
        """Lines that hold something: number, and text by column."""
        self._file.seek(0)
        text = self._text()
        first = text.readline()
        delimiter = max(",\t;", key=first.count)
        self._file.seek(0)
        text = self._text()
        csv.field_size_limit(MOST_TEXT * 4)
        try:
            for number, cells in enumerate(csv.reader(text, delimiter=delimiter), start=1):
                held = {column: cell for column, cell in enumerate(cells) if cell.strip()}
                if not held:
                    continue
                if max(held) >= MOST_COLUMNS:
                    raise IntakeRefused(f"第 {number} 行有 {max(held) + 1} 列，最多 {MOST_COLUMNS} 列。")
                if max(map(len, held.values())) > MOST_TEXT:
                    raise IntakeRefused(f"第 {number} 行有超长的单元格，不能接受。")
                yield number, held
        except csv.Error as error:
            raise IntakeRefused("csv 文件的引号不成对，或者有超长的单元格，请检查。") from error
        finally:
            text.detach()

    def _text(self) -> io.TextIOWrapper:
        return io.TextIOWrapper(cast(BinaryIO, _Unclosed(self._file)), encoding=self._encoding, newline="")


class _Unclosed(io.BufferedIOBase):
    """The file behind a text reader that is done before the file is."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        return self._file.read(-1 if size is None else size)

    def read1(self, size: int = -1, /) -> bytes:
        return self._file.read(size)
