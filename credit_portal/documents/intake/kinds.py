"""What a file is: told by its name, seen in its first bytes, and refused by its right name where it is something else."""

import codecs
import io
import re
import unicodedata
from typing import BinaryIO

from .refusing import MOST_BYTES, IntakeRefused, check_size

PIECE = 1 << 18

NO_TABLE = "只接受 Excel 工作簿（xlsx）或 csv。"
NO_TABLE_NOR_JSON = "文件应为 xlsx、csv 或 json。"
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


def kind_of(file: BinaryIO, name: str, *, most_bytes: int = MOST_BYTES, json: bool = False) -> str:
    """xlsx, csv or, where that is taken, json: by name and content. Raises IntakeRefused for everything else, saying what
    it is."""
    ending = name.rsplit(".", 1)[-1].lower() if "." in name else ""
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    if not size:
        raise IntakeRefused("文件是空的，请重新选择。")
    check_size(size, most_bytes)
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
        raise IntakeRefused(NO_TABLE_NOR_JSON if json else NO_TABLE)
    if ending == "xlsx":
        raise IntakeRefused("文件名是 xlsx，内容却不是，请用 Excel 或 WPS 另存为 xlsx 后再上传。")
    if ending != "csv" and not (json and ending == "json"):
        raise IntakeRefused(NO_TABLE_NOR_JSON if json else NO_TABLE)
    if _MARKUP.match(begin.removeprefix(codecs.BOM_UTF8)):
        raise IntakeRefused(f"文件名是 {ending}，内容却是网页或标记语言，不能接受。")
    return ending


def encoding_of(file: BinaryIO, *, among: tuple[str, ...] = ("utf-8-sig", "gb18030")) -> str:
    """UTF-8 with or without its mark, or GB 18030: read to the end, so that nothing fails halfway."""
    begin = file.read(4)
    file.seek(0)
    if begin.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise IntakeRefused("文件是 UTF-16 编码，请另存为“CSV UTF-8”后再上传。")
    for encoding in among:
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
    raise IntakeRefused(
        "文件既不是 UTF-8 也不是 GB 18030 编码。" if len(among) > 1 else "文件不是 UTF-8 编码。"
    )
