"""A table that somebody else wrote: where its head is, and its rows one after the other, as often as they are asked for."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from .archives import Archive
from .kinds import kind_of
from .lines import Lines
from .refusing import IntakeRefused
from .workbooks import Row, Workbook, corners

HEAD_WITHIN = 20  # rows in which the head is sought
LEAST_LABELS = 3  # of a head that nobody knows
NO_HEAD_AT_ALL = "没有找到表头：前 {rows} 行里没有一行有三个以上的列名。"
NO_HEAD = "没有找到表头：前 {rows} 行里没有“{label}”这一列。请用本页的模板。"
_SUFFIX = re.compile(r"[（(][^（）()]*[）)]$")


@dataclass(frozen=True)
class Head:
    """The row of the head, and each label's column."""

    row: int
    columns: dict[str, int]
    # As the file has them, by column: what is not known of them, too.
    labels: dict[int, str]


class Table:
    """`kind` is xlsx or csv, `sheet` the sheet's name (empty for csv), `count` its rows below the head that hold something."""

    def __init__(
        self, file: BinaryIO, *, name: str, known: Collection[str], key: str, most_rows: int
    ) -> None:
        self.kind = kind_of(file, name)
        self.sheet, self.from_1904 = "", False
        self._known, self._key = frozenset(known), key
        if self.kind == "xlsx":
            self._book = Workbook(Archive(file))
            self.from_1904 = self._book.from_1904
            self.sheet, self._part = self._choose()
            merged: list[str] = []
            self.head, self.count = self._survey(self._book.rows(self._part, merged=merged), most_rows)
            check_merged(merged, self.head.row)
        else:
            self._lines = Lines(file)
            self.head, self.count = self._survey(self._lines.rows(), most_rows)
        if not self.count:
            raise IntakeRefused("文件里只有表头，没有数据。")

    def rows(self) -> Iterator[Row]:
        """The rows below the head: number, and text by column."""
        for row in self._all():
            if row[0] > self.head.row:
                yield row

    def _all(self) -> Iterator[Row]:
        return self._book.rows(self._part) if self.kind == "xlsx" else self._lines.rows()

    def _survey(self, rows: Iterator[Row], most: int) -> tuple[Head, int]:
        """All of it once: the head, and how much there is below it. What cannot be read to its end is refused here."""
        head, count = None, 0
        for number, cells in rows:
            if head is None:
                if number > HEAD_WITHIN:
                    raise IntakeRefused(self._no_head())
                head = self._as_head(number, cells)
                continue
            count += 1
            if count > most:
                raise IntakeRefused(f"文件超过 {most:,} 行，请分成几个文件。")
        if head is None:
            raise IntakeRefused(self._no_head())
        return head, count

    def _as_head(self, number: int, cells: dict[int, str]) -> Head | None:
        labels = {column: self._label(text) for column, text in cells.items()}
        if not self._is_head(labels.values()):
            return None
        columns: dict[str, int] = {}
        for column, label in labels.items():
            if label and label in columns and (label in self._known or not self._key):
                raise IntakeRefused(f"表头有两列“{label}”，请只留一列。")
            columns.setdefault(label, column)
        return Head(number, columns, dict(labels))

    def _choose(self) -> tuple[str, str]:
        """The sheet with the head. Hidden ones do not count, but are named where they are all that there is."""
        with_head = [
            (name, part, visible) for name, part, visible in self._book.sheets if self._has_head(part)
        ]
        shown = [(name, part) for name, part, visible in with_head if visible]
        if len(shown) > 1:
            names = "、".join(f"“{name[:31]}”" for name, _ in shown[:5])
            what = f"有“{self._key}”列" if self._key else "像是登记簿"
            raise IntakeRefused(f"有 {len(shown)} 张工作表都{what}：{names}。请只留一张，或者分开上传。")
        if shown:
            return shown[0]
        if with_head:
            raise IntakeRefused(f"数据在隐藏的工作表“{with_head[0][0][:31]}”里，请取消隐藏后再上传。")
        raise IntakeRefused(self._no_head())

    def _has_head(self, part: str) -> bool:
        for _, cells in self._book.rows(part, upto=HEAD_WITHIN):
            if self._is_head(self._label(text) for text in cells.values()):
                return True
        return False

    def _no_head(self) -> str:
        return (NO_HEAD if self._key else NO_HEAD_AT_ALL).format(rows=HEAD_WITHIN, label=self._key)

    def _label(self, text: str) -> str:
        return plain_label(text, self._known if self._key else None)

    def _is_head(self, labels: Iterable[str]) -> bool:
        """A row with the key's label and another one; a sheet that only speaks of a field has no such row. Where no label is
        known: the first row that has some."""
        if not self._key:
            return sum(1 for label in labels if label) >= LEAST_LABELS
        found = self._known.intersection(labels)
        return self._key in found and len(found) > 1


def check_merged(merged: list[str], head: int) -> None:
    """No cells may be merged in the head or below it: which row such a text belongs to, nobody knows. Raises IntakeRefused."""
    for ref in merged:
        found = corners(ref)
        if found is None:
            continue
        left, top, right, bottom = found
        if bottom < head or (left, top) == (right, bottom):
            continue
        where = "表头" if top <= head else f"第 {top} 行"
        raise IntakeRefused(f"{where}有合并的单元格（{ref}），请取消合并、逐格填写。")


def plain_label(text: str, known: Collection[str] | None) -> str:
    """A label of the head without what people put around it: stars, spaces, line breaks, a remark in brackets. `known` None:
    with its remark, for nobody knows what belongs to it."""
    label = re.sub(r"[\s*＊]", "", unicodedata.normalize("NFKC", text))
    label = label.removeprefix("'").rstrip(":：")
    return label if known is None or label in known else bare_label(label)


def bare_label(label: str) -> str:
    """A label without its remark in brackets."""
    return _SUFFIX.sub("", label)


def open_table(file: BinaryIO, *, name: str, known: Collection[str], key: str, most_rows: int) -> Table:
    """A spreadsheet or csv of others: looked at, read through once, its head found by the label `key`. `known`: the labels
    that the room knows. An empty `key`: nothing is known of it, the first row with labels is the head. Raises IntakeRefused."""
    return Table(file, name=name, known=known, key=key, most_rows=most_rows)
