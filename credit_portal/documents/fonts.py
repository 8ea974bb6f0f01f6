"""纸面字体：从系统的 Noto CJK 字体一次制成小字库，生僻字由完整字库补上。

The folder `DATA_DIR/fonts/<version>/` holds everything that a page needs, and a fontconfig file that knows
nothing else: what is printed depends on these files alone, not on what else a machine has installed.
"""

import ctypes
import fcntl
import functools
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from django.conf import settings
from fontTools.ttLib import TTFont, TTLibError

from credit_portal.documents.faces import make_full_face, make_small_face, small_repertoire

# Raise this when faces.py makes different files from the same sources.
RECIPE = "3"

SERIF = "Paper Serif"
SERIF_FULL = "Paper Serif Full"
MONO = "Paper Mono"

PACKAGE = "fonts-noto-cjk"
# Without the last one everything is printed, a hundred times slower.
LIBRARIES = {
    "libpango-1.0.so.0": "libpango-1.0-0",
    "libpangoft2-1.0.so.0": "libpangoft2-1.0-0",
    "libharfbuzz-subset.so.0": "libharfbuzz-subset0",
}
SERIF_NAMES = ("Noto Serif CJK SC", "Source Han Serif SC", "Source Han Serif CN")
MONO_NAMES = ("Noto Sans Mono CJK SC", "Source Han Mono SC", "DejaVu Sans Mono")

# fontconfig's numbers for weights: 75 to 100 is regular and medium, 180 and more is bold.
REGULAR_RANGE = range(75, 101)
BOLD_RANGE = range(180, 211)


class FontsMissing(Exception):
    """The fonts that paper is printed with are not on this machine; the text says what to install."""


@dataclass(frozen=True)
class Source:
    """A face of an installed font file: `index` counts the faces within a collection (.ttc), from 0."""

    role: str
    path: str
    index: int
    size: int
    mtime_ns: int

    @property
    def unchanged(self) -> bool:
        try:
            found = os.stat(self.path)
        except OSError:
            return False
        return found.st_size == self.size and found.st_mtime_ns == self.mtime_ns


@dataclass(frozen=True)
class PaperFonts:
    """The prepared folder: where it is, its fontconfig file, and its version (hash of recipe and sources)."""

    folder: Path
    config_file: Path
    version: str


def root_folder() -> Path:
    """`DATA_DIR/fonts`. A deployer's own faces (仿宋, rare characters) go into its folder `extra`."""
    return Path(settings.DATA_DIR) / "fonts"


def _font_folders() -> Iterator[Path]:
    home = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share")
    shared = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    for base in (home, *(Path(part) for part in shared.split(":") if part)):
        yield base / "fonts"


def _listed(family: str) -> Iterator[tuple[str, int, int]]:
    """File, index and weight of each installed face of a family, as fontconfig lists them."""
    program = shutil.which("fc-list")
    if program is None:
        yield from _walked(family)
        return
    answer = subprocess.run(
        [program, f":family={family}", "--format", "%{file}\t%{index}\t%{weight}\t%{variable}\n"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    for line in sorted(answer.stdout.splitlines()):
        path, index, weight, variable = [*line.split("\t"), "", "", ""][:4]
        # A variable face would have to be frozen at each weight first; its file has no fixed outlines.
        if variable == "True" or not index.isdigit():
            continue
        try:
            yield path, int(index), round(float(weight))
        except ValueError:
            continue


def _walked(family: str) -> Iterator[tuple[str, int, int]]:
    """The same without fontconfig's program: looks into the font folders of the XDG standard."""
    for folder in _font_folders():
        for path in sorted(folder.rglob("*.[ot]t[fc]")):
            for index in range(_faces_in(path)):
                try:
                    with TTFont(path, fontNumber=index, lazy=True) as face:
                        if face["name"].getBestFamilyName() == family and "fvar" not in face:
                            weight = face["OS/2"].usWeightClass
                            yield str(path), index, 200 if weight >= 600 else 80 if weight >= 400 else 50
                except (TTLibError, OSError, KeyError):
                    continue


def _faces_in(path: Path) -> int:
    with path.open("rb") as file:
        head = file.read(12)
    return int.from_bytes(head[8:12], "big") if head[:4] == b"ttcf" else 1


def _find(role: str, families: Iterable[str], weights: range) -> Source | None:
    for family in families:
        for path, index, weight in _listed(family):
            if weight in weights:
                found = os.stat(path)
                return Source(role, path, index, found.st_size, found.st_mtime_ns)
    return None


def find_sources() -> tuple[list[Source], list[str]]:
    """The installed faces to print with, and Chinese lines on what is missing (empty when all is well)."""
    regular = _find("regular", SERIF_NAMES, REGULAR_RANGE)
    bold = _find("bold", SERIF_NAMES, BOLD_RANGE)
    mono = _find("mono", MONO_NAMES, REGULAR_RANGE)
    missing = []
    if regular is None:
        missing.append(f"缺少中文宋体常规字重（{SERIF_NAMES[0]}）：请安装系统软件包 {PACKAGE}。")
    if bold is None:
        missing.append(f"缺少中文宋体粗体字重（{SERIF_NAMES[0]} Bold）：请安装系统软件包 {PACKAGE}。")
    if mono is None:
        missing.append(f"缺少等宽字体（{MONO_NAMES[0]}）：请安装系统软件包 {PACKAGE}。")
    return [source for source in (regular, bold, mono) if source is not None], missing


def _version_of(sources: Iterable[Source]) -> str:
    digest = hashlib.sha256(RECIPE.encode())
    files: dict[str, bytes] = {}
    for source in sources:
        if source.path not in files:
            with open(source.path, "rb") as file:
                files[source.path] = hashlib.file_digest(file, "sha256").digest()
        digest.update(f"|{source.role}|{source.index}|".encode() + files[source.path])
    return digest.hexdigest()[:16]


def _config_text(folder: Path) -> str:
    """A whole fontconfig file: our folder, the deployer's own, and no other."""
    folders = "".join(
        f"<dir>{escape(str(path))}</dir>" for path in (folder.resolve(), (root_folder() / "extra").resolve())
    )
    cache = escape(str((root_folder() / "cache").resolve()))
    return (
        '<?xml version="1.0"?>\n<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">\n<fontconfig>'
        f"{folders}<cachedir>{cache}</cachedir>"
        f"<alias><family>serif</family><prefer><family>{SERIF}</family></prefer></alias>"
        f"<alias><family>monospace</family><prefer><family>{MONO}</family></prefer></alias>"
        "</fontconfig>\n"
    )


def _write_atomically(path: Path, text: str) -> None:
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".write-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(name, 0o644)
    os.replace(name, path)


@contextmanager
def _one_builder() -> Iterator[None]:
    """Processes that start together wait for the first to make the fonts instead of making them as well."""
    with open(root_folder() / ".lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _build(sources: list[Source], folder: Path) -> None:
    workplace = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".build-"))
    # mkdtemp's own folder is for its maker alone; the service may run as another user.
    building = workplace / "fonts"
    building.mkdir()
    try:
        by_role = {source.role: source for source in sources}
        for role, weight in (("regular", 400), ("bold", 700)):
            source = by_role[role]
            make_small_face(source.path, source.index, building / f"serif-{role}.otf", SERIF, weight)
            make_full_face(source.path, source.index, building / f"serif-full-{role}.otf", SERIF_FULL, weight)
        mono = by_role["mono"]
        ascii_only = [chr(code) for code in range(0x20, 0x7F)]
        make_small_face(mono.path, mono.index, building / "mono.otf", MONO, 400, ascii_only)
        try:
            os.rename(building, folder)
        except OSError:
            # Somebody on a file system without working locks was quicker: theirs is the same.
            if not folder.is_dir():
                raise
    finally:
        shutil.rmtree(workplace, ignore_errors=True)


def prepare() -> tuple[PaperFonts, bool]:
    """Make the paper fonts unless they are there: (the fonts, whether they were made now).

    Raises FontsMissing when a needed font is not installed. Safe in several processes at once: a folder
    appears whole, under a name that is the hash of what it was made from.
    """
    sources, missing = find_sources()
    if missing:
        raise FontsMissing("".join(missing))
    root = root_folder()
    (root / "extra").mkdir(parents=True, exist_ok=True)
    (root / "cache").mkdir(exist_ok=True)
    with _one_builder():
        version = _version_of(sources)
        folder = root / version
        made = not folder.is_dir()
        if made:
            _build(sources, folder)
        config_file = root / f"{version}.conf"
        _write_atomically(config_file, _config_text(folder))
        note = {"recipe": RECIPE, "version": version, "sources": [asdict(source) for source in sources]}
        _write_atomically(root / "current.json", json.dumps(note, indent=1) + "\n")
    return PaperFonts(folder, config_file, version), made


def current() -> PaperFonts:
    """The fonts to print with: those that were prepared, if their sources are unchanged, else made now."""
    root = root_folder()
    try:
        note = json.loads((root / "current.json").read_text(encoding="utf-8"))
        sources = [Source(**entry) for entry in note["sources"]]
        folder = root / note["version"]
        config_file = root / f"{note['version']}.conf"
        usable = (
            note["recipe"] == RECIPE
            and all(source.unchanged for source in sources)
            and folder.is_dir()
            and config_file.read_text(encoding="utf-8") == _config_text(folder)
        )
    except (OSError, ValueError, TypeError, KeyError):
        usable = False
    if usable:
        return PaperFonts(folder, config_file, note["version"])
    return prepare()[0]


@functools.lru_cache(maxsize=8)
def _covered(folder: Path) -> frozenset[int]:
    with TTFont(folder / "serif-full-regular.otf", lazy=True) as face:
        return frozenset(face.getBestCmap())


def _covered_by_extra() -> set[int]:
    codes: set[int] = set()
    for path in sorted((root_folder() / "extra").glob("*.[ot]t[fc]")):
        for index in range(_faces_in(path)):
            with TTFont(path, fontNumber=index, lazy=True) as face:
                codes.update(face.getBestCmap() or ())
    return codes


def needs_full_face(text: str) -> bool:
    """Whether a text has printing characters that the small face lacks (喆, 堃, 𬭎 …)."""
    return any(not char.isspace() and char not in small_repertoire() for char in text)


def unprintable(text: str) -> list[str]:
    """The characters of a text that no paper font has, each once, in order; spaces and joiners excepted."""
    doubtful = [
        char
        for char in dict.fromkeys(text)
        if char not in small_repertoire() and not char.isspace() and char not in "\u200b\u200c\u200d\ufeff"
    ]
    if not doubtful:
        return []
    covered = _covered(current().folder)
    # U+FE00 to U+FE0F and U+E0100 to U+E01EF choose a variant of the character before them.
    doubtful = [
        char
        for char in doubtful
        if ord(char) not in covered
        and not 0xFE00 <= ord(char) <= 0xFE0F
        and not 0xE0100 <= ord(char) <= 0xE01EF
    ]
    if not doubtful:
        return []
    extra = _covered_by_extra()
    return [char for char in doubtful if ord(char) not in extra]


def font_problems() -> list[str]:
    """For the start-up check: Chinese lines naming each thing without which paper cannot be printed well."""
    problems = find_sources()[1]
    if sys.platform == "linux":
        # Loading WeasyPrint would tell the same, and take a third of a second in every command.
        absent = [package for library, package in LIBRARIES.items() if not _loads(library)]
        if absent:
            problems.append(f"缺少排版所需的系统软件包：{'、'.join(absent)}，请安装。")
    return problems


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
