"""A table that somebody else wrote: where its head is, and its rows one after the other, as often as they are asked for."""

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, cast

from .archives import Archive
from .refusing import MOST_BYTES, IntakeRefused
from .workbooks import MOST_COLUMNS, MOST_TEXT, Row, Workbook, corners

HEAD_WITHIN = 20  # rows in which the head is sought
LEAST_LABELS = 3  # of a head that nobody knows
PIECE = 1 << 18

NO_TABLE = "只接受 Excel 工作簿（xlsx）或 csv。"
NO_HEAD_AT_ALL = "没有找到表头：前 {rows} 行里没有一行有三个以上的列名。"
NO_HEAD = "没有找到表头：前 {rows} 行里没有“{label}”这一列。请用本页的模板。"
_OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OTHERS = (
    (b"%PDF-", "这是 PDF 文件，请上传 Excel 工作簿（xlsx）或 csv。"),
    (b"\x89PNG", "这是图片，请上传 Excel 工作簿（xlsx）或 csv。"),
    (b"\xff\xd8\xff", "这是图片，请上传 Excel 工作簿（xlsx）或 csv。"),
    (b"GIF8", "这是图片，请上传 Excel 工作簿（xlsx）或 csv。"),
    (b"Rar!", "这是压缩包，请上传其中的 Excel 工作簿（xlsx）或 csv。"),
    (b"7z\xbc\xaf", "这是压缩包，请上传其中的 Excel 工作簿（xlsx）或 csv。"),
    (b"\x1f\x8b", "这是压缩包，请上传其中的 Excel 工作簿（xlsx）或 csv。"),
    (b"MZ", "这是程序，不能接受。"),
    (b"\x7fELF", "这是程序，不能接受。"),
)
_MARKUP = re.compile(rb"^\s*(<!doctype|<html|<svg|<\?xml|<script|<!--|<\w+[\s>])", re.IGNORECASE)
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
            self._check_merged(merged)
        else:
            self._file, self._encoding = file, _encoding(file)
            self.head, self.count = self._survey(self._lines(), most_rows)
        if not self.count:
            raise IntakeRefused("文件里只有表头，没有数据。")

    def rows(self) -> Iterator[Row]:
        """The rows below the head: number, and text by column."""
        for row in self._all():
            if row[0] > self.head.row:
                yield row

    def _all(self) -> Iterator[Row]:
        return self._book.rows(self._part) if self.kind == "xlsx" else self._lines()

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
        for number, cells in self._book.rows(part):
            if number > HEAD_WITHIN:
                return False
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

    def _check_merged(self, merged: list[str]) -> None:
        for ref in merged:
            found = corners(ref)
            if found is None:
                continue
            left, top, right, bottom = found
            if bottom < self.head.row or (left, top) == (right, bottom):
                continue
            where = "表头" if top <= self.head.row else f"第 {top} 行"
            raise IntakeRefused(f"{where}有合并的单元格（{ref}），请取消合并、逐格填写。")

    def _lines(self) -> Iterator[Row]:
        self._file.seek(0)
        text = io.TextIOWrapper(cast(BinaryIO, _Unclosed(self._file)), encoding=self._encoding, newline="")
        first = text.readline()
        delimiter = max(",\t;", key=first.count)
        self._file.seek(0)
        text = io.TextIOWrapper(cast(BinaryIO, _Unclosed(self._file)), encoding=self._encoding, newline="")
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


def plain_label(text: str, known: Collection[str] | None) -> str:
    """A label of the head without what people put around it: stars, spaces, line breaks, a remark in brackets. `known` None:
    with its remark, for nobody knows what belongs to it."""
    label = re.sub(r"[\s*＊]", "", unicodedata.normalize("NFKC", text))
    label = label.removeprefix("'").rstrip(":：")
    return label if known is None or label in known else _SUFFIX.sub("", label)


def kind_of(file: BinaryIO, name: str) -> str:
    """xlsx or csv, by name and content. Raises IntakeRefused for everything else, saying what it is."""
    ending = name.rsplit(".", 1)[-1].lower() if "." in name else ""
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    if not size:
        raise IntakeRefused("文件是空的，请重新选择。")
    if size > MOST_BYTES:
        raise IntakeRefused(
            f"文件大小 {size / 1024 / 1024:.1f} MB，超过 {MOST_BYTES // 1024 // 1024} MB，请分成几个文件。"
        )
    begin = file.read(1024)
    file.seek(0)
    if any(unicodedata.category(char) in ("Cc", "Cf") for char in name):
        raise IntakeRefused("文件名含有不可见或改变文字方向的字符，请改名后再上传。")
    if begin.startswith(_OLD):
        raise IntakeRefused("这是旧格式（xls）或加了密码的工作簿，请去掉密码、另存为 xlsx 后再上传。")
    for mark, told in _OTHERS:
        if begin.startswith(mark):
            raise IntakeRefused(told)
    if ending == "xlsm":
        raise IntakeRefused("不接受含宏的工作簿（xlsm），请另存为 xlsx 后再上传。")
    if ending == "xls":
        raise IntakeRefused("不接受旧格式的工作簿（xls），请另存为 xlsx 后再上传。")
    packed = begin.startswith(b"PK\x03\x04")
    if packed and ending == "xlsx":
        return "xlsx"
    if packed:
        raise IntakeRefused(NO_TABLE)
    if ending == "xlsx":
        raise IntakeRefused("文件名是 xlsx，内容却不是，请用 Excel 或 WPS 另存为 xlsx 后再上传。")
    if ending != "csv":
        raise IntakeRefused(NO_TABLE)
    if _MARKUP.match(begin.removeprefix(codecs.BOM_UTF8)):
        raise IntakeRefused("文件名是 csv，内容却是网页或标记语言，不能接受。")
    return "csv"


def _encoding(file: BinaryIO) -> str:
    """UTF-8 with or without its mark, or GB 18030: read to the end, so that nothing fails halfway."""
    begin = file.read(4)
    file.seek(0)
    if begin.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise IntakeRefused("csv 是 UTF-16 编码，请另存为“CSV UTF-8”后再上传。")
    for encoding in ("utf-8-sig", "gb18030"):
        decoder = codecs.getincrementaldecoder(encoding)()
        file.seek(0)
        try:
            while piece := file.read(PIECE):
                if b"\0" in piece:
                    raise IntakeRefused("文件不是文本文件。")
                decoder.decode(piece)
            decoder.decode(b"", True)
        except UnicodeDecodeError:
            continue
        file.seek(0)
        return encoding
    raise IntakeRefused("文件既不是 UTF-8 也不是 GB 18030 编码。")


def open_table(file: BinaryIO, *, name: str, known: Collection[str], key: str, most_rows: int) -> Table:
    """A spreadsheet or csv of others: looked at, read through once, its head found by the label `key`. `known`: the labels
    that the room knows. An empty `key`: nothing is known of it, the first row with labels is the head. Raises IntakeRefused."""
    return Table(file, name=name, known=known, key=key, most_rows=most_rows)
