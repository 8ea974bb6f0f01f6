"""Zip files of others, looked at before anything of them is unpacked, and unpacked piece by piece."""

import io
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from .refusing import IntakeRefused, check_size

# A workbook of a hundred thousand full rows unpacks to 150 MB; beyond this nobody wrote it by hand.
MOST_UNPACKED = 300 * 1024 * 1024
MOST_ENTRIES = 5_000
# Text packs 10 to 40 times; 200 and more is made to burst. Small parts may: a style sheet of one word.
MOST_RATIO, SMALL = 200, 2 * 1024 * 1024
PIECE = 1 << 16

DAMAGED = "文件不完整或已损坏，打不开，请重新保存后再上传。"
_HEAD, _END = b"PK\x03\x04", b"PK\x05\x06"
_DRIVE = re.compile(r"^[A-Za-z]:")
# Characters by which a name shows as another: direction marks, control and format characters.
_HIDING = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


@dataclass(frozen=True)
class Entry:
    """A file in an archive; `name` as people see it."""

    info: zipfile.ZipInfo
    name: str


class Archive:
    """An archive that has passed. Raises IntakeRefused."""

    def __init__(self, file: BinaryIO, *, most_unpacked: int = MOST_UNPACKED) -> None:
        size = file.seek(0, io.SEEK_END)
        check_size(size)
        file.seek(0)
        if file.read(4) != _HEAD:
            raise IntakeRefused(DAMAGED)
        try:
            self._zip = zipfile.ZipFile(file)
            infos = self._zip.infolist()
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, UnicodeDecodeError) as error:
            raise IntakeRefused(DAMAGED) from error
        _check_end(file, size)
        if len(infos) > MOST_ENTRIES:
            raise IntakeRefused(f"压缩包里有 {len(infos)} 个文件，超过 {MOST_ENTRIES} 个。")
        if sum(info.compress_size for info in infos) > size:
            raise IntakeRefused("压缩包里的文件互相重叠，不能接受。")
        unpacked = sum(info.file_size for info in infos)
        if unpacked > most_unpacked:
            raise IntakeRefused(
                f"文件解压后有 {unpacked / 1024 / 1024:.0f} MB，超过 {most_unpacked // 1024 // 1024} MB，不能接受。"
            )
        self.entries: dict[str, Entry] = {}
        for info in infos:
            if info.is_dir() and not info.file_size:
                continue
            entry = Entry(info, _name(info))
            _check(entry)
            key = entry.name.casefold()
            if key in self.entries:
                raise IntakeRefused(f"压缩包里有两个同名的文件“{_shown(entry.name)}”。")
            self.entries[key] = entry

    def __contains__(self, name: str) -> bool:
        return name.casefold() in self.entries

    def size(self, name: str) -> int:
        """What a file of the archive unpacks to."""
        return self.entries[name.casefold()].info.file_size

    def pieces(self, name: str) -> Iterator[bytes]:
        """A file of the archive, piece by piece; never more than it says it is."""
        entry = self.entries[name.casefold()]
        try:
            with self._zip.open(entry.info) as part:
                while piece := part.read(PIECE):
                    yield piece
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            OSError,
            NotImplementedError,
            RuntimeError,
        ) as error:
            raise IntakeRefused(DAMAGED) from error

    def read(self, name: str, *, most: int) -> bytes:
        """A small file of the archive as a whole."""
        if self.size(name) > most:
            shown = _shown(self.entries[name.casefold()].name)
            raise IntakeRefused(f"压缩包里的“{shown}”太大，不能接受。")
        return b"".join(self.pieces(name))


def _check_end(file: BinaryIO, size: int) -> None:
    """Nothing may stand behind the archive: it would be two files in one."""
    file.seek(max(0, size - 22))
    if not file.read(4) == _END:
        raise IntakeRefused("压缩包的结尾之后还有其他内容，不能接受。")


def _name(info: zipfile.ZipInfo) -> str:
    """Archives made on Chinese Windows write names in GBK and do not say so."""
    if info.flag_bits & 0x800:
        return unicodedata.normalize("NFC", info.filename)
    try:
        raw = info.orig_filename.encode("cp437")
    except UnicodeEncodeError:
        return unicodedata.normalize("NFC", info.filename)
    for encoding in ("utf-8", "gb18030"):
        try:
            return unicodedata.normalize("NFC", raw.decode(encoding))
        except UnicodeDecodeError:
            continue
    return info.filename


def _shown(name: str) -> str:
    """A name as a message may show it."""
    plain = "".join("�" if unicodedata.category(char) in _HIDING else char for char in name)
    return plain if len(plain) <= 60 else plain[:57] + "…"


def _check(entry: Entry) -> None:
    info, name = entry.info, entry.name
    if any(unicodedata.category(char) in _HIDING for char in name):
        raise IntakeRefused(f"压缩包里的文件名“{_shown(name)}”含有不可见或改变文字方向的字符，不能接受。")
    parts = re.split(r"[\\/]", name)
    if name.startswith(("/", "\\")) or _DRIVE.match(name) or ".." in parts:
        raise IntakeRefused(f"压缩包里的文件名“{_shown(name)}”指向别的文件夹，不能接受。")
    if info.flag_bits & 0x1:
        raise IntakeRefused("文件加了密码，请去掉密码后再上传。")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise IntakeRefused("压缩包用了不能接受的压缩方式，请用普通的 zip 压缩。")
    if (info.external_attr >> 16) & 0o170000 == 0o120000:
        raise IntakeRefused(f"压缩包里的“{_shown(name)}”是链接，不能接受。")
    if info.file_size > SMALL and info.file_size > MOST_RATIO * max(info.compress_size, 1):
        raise IntakeRefused(f"压缩包里的“{_shown(name)}”解压后异常地大，不能接受。")


class Scans:
    """A zip of scanned papers: one file each, named for its commitment."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self.by_stem: dict[str, Entry] = {}
        for key, entry in archive.entries.items():
            last = re.split(r"[\\/]", entry.name)[-1]
            if last.startswith(("._", ".DS_Store")) or key.startswith("__macosx/"):
                continue  # what a Mac adds of itself
            stem, dot, _ = last.rpartition(".")
            stem = (stem if dot else last).strip()
            if stem in self.by_stem:
                raise IntakeRefused(f"压缩包里有两个文件都叫“{_shown(stem)}”。")
            self.by_stem[stem] = entry

    def content(self, entry: Entry, *, most: int) -> bytes:
        return self._archive.read(entry.name, most=most)


def open_scans(file: BinaryIO, *, name: str) -> Scans:
    """A zip of scans. What each of them is, the intake of evidence says. Raises IntakeRefused."""
    if not name.lower().endswith(".zip"):
        raise IntakeRefused("扫描件应打成一个 zip 压缩包。")
    archive = Archive(file)
    if not archive.entries:
        raise IntakeRefused("压缩包里没有文件。")
    for entry in archive.entries.values():
        last = entry.name.rsplit(".", 1)[-1].lower()
        if last in ("zip", "rar", "7z", "gz", "tar"):
            raise IntakeRefused(f"压缩包里还有压缩包“{_shown(entry.name)}”，请直接放扫描件。")
    return Scans(archive)
