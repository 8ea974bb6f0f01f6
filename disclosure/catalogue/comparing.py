"""Two versions of an item or of a text side by side: each field or clause old and new, the changed words marked. Pure."""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from commitments.text_rules import BLANKS_KINDS, CONTENT_LABELS, LIABILITY, BlankData, ClauseData, TextData
from credit_portal.registry.catalogue import FIELDS
from credit_portal.registry.models import ServiceItemVersion

from . import columns

SAME, CHANGED, ADDED, REMOVED = "same", "changed", "added", "removed"
WORDS = {SAME: "相同", CHANGED: "有变化", ADDED: "新增", REMOVED: "删去"}
# Longer texts are compared line by line: character by character would take its time.
MOST_TOKENS = 2_500
_TOKEN = re.compile(r"[0-9A-Za-z.]+|\s+|.", re.DOTALL)


@dataclass(frozen=True)
class Piece:
    """A run of words of one side; `marked`: not on the other."""

    text: str
    marked: bool = False


@dataclass(frozen=True)
class Row:
    """One field or clause. A side is None where it is not there at all."""

    label: str
    state: str
    old: Sequence[Piece] | None
    new: Sequence[Piece] | None

    @property
    def word(self) -> str:
        return WORDS[self.state]


def row(label: str, old: str | None, new: str | None) -> Row:
    if old == new:
        side = [Piece(old or "")] if old is not None else None
        return Row(label, SAME, side, side)
    if not old:
        return Row(label, ADDED, None, [Piece(new or "", marked=True)])
    if not new:
        return Row(label, REMOVED, [Piece(old, marked=True)], None)
    before, after = marked(old, new)
    return Row(label, CHANGED, before, after)


def marked(old: str, new: str) -> tuple[list[Piece], list[Piece]]:
    """Both sides in runs: their texts together are exactly `old` and `new`, and what is unmarked is the same on both."""
    a, b = _TOKEN.findall(old), _TOKEN.findall(new)
    if len(a) > MOST_TOKENS or len(b) > MOST_TOKENS:
        a, b = old.splitlines(keepends=True), new.splitlines(keepends=True)
    left: list[Piece] = []
    right: list[Piece] = []
    for kind, i1, i2, j1, j2 in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        _add(left, "".join(a[i1:i2]), kind != "equal")
        _add(right, "".join(b[j1:j2]), kind != "equal")
    return left, right


def _add(side: list[Piece], text: str, mark: bool) -> None:
    if not text:
        return
    if side and side[-1].marked == mark:
        side[-1] = Piece(side[-1].text + text, mark)
    else:
        side.append(Piece(text, mark))


def items(old: ServiceItemVersion, new: ServiceItemVersion) -> list[Row]:
    """Every field of two versions of an item; materials one by one."""
    rows = [
        row(
            columns.LABELS[name],
            columns.in_words(name, getattr(old, name)),
            columns.in_words(name, getattr(new, name)),
        )
        for name in FIELDS
        if name != "materials"
    ]
    return [*rows, *_listed("申请材料", _materials(old), _materials(new))]


def _materials(version: ServiceItemVersion) -> list[str]:
    return [columns.material_line(one) for one in version.materials]


def _listed(label: str, old: Sequence[str], new: Sequence[str]) -> Iterator[Row]:
    for place, (before, after) in enumerate(_aligned(old, new), 1):
        yield row(f"{label} {place}", before, after)


def _aligned(old: Sequence[str], new: Sequence[str]) -> list[tuple[str | None, str | None]]:
    """Lines of both sides beside each other: the same beside the same, between them in their order."""
    pairs: list[tuple[str | None, str | None]] = []
    for _kind, i1, i2, j1, j2 in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        pairs += zip_longest(old[i1:i2], new[j1:j2])
    return pairs


def texts(old: TextData, new: TextData) -> list[Row]:
    """Heads, clauses and blanks of two versions of a text."""
    rows = [
        row("标题", old.title, new.title),
        row("适用范围", old.scope, new.scope),
        *_clauses(old.clauses, new.clauses),
        *_blanks(old.blanks, new.blanks),
    ]
    for label, before, after in (
        ("告知书", old.notice, new.notice),
        ("个人信息处理告知", old.privacy_notice, new.privacy_notice),
    ):
        rows += (
            _listed(f"{label} 第", _paragraphs(before), _paragraphs(after))
            if before != after
            else [row(label, before, after)]
        )
    return rows


def _paragraphs(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _clauses(old: Sequence[ClauseData], new: Sequence[ClauseData]) -> Iterator[Row]:
    before, after = [clause_words(one) for one in old], [clause_words(one) for one in new]
    yield from _listed("条款", before, after)


def clause_words(clause: ClauseData) -> str:
    kind = "违诺责任：" if clause.kind == LIABILITY else ""
    covers = "、".join(CONTENT_LABELS.get(one, one) for one in clause.covers)
    return f"{kind}{clause.body}" + (f"［对应：{covers}］" if covers else "")


def _blanks(old: Sequence[BlankData], new: Sequence[BlankData]) -> Iterator[Row]:
    before, after = _by_key(old), _by_key(new)
    for key in dict.fromkeys([*before, *after]):
        yield row(f"填写项“{key}”", before.get(key), after.get(key))


def _by_key(blanks: Sequence[BlankData]) -> Mapping[str, str]:
    return {
        one.key: "，".join(
            [
                one.label,
                BLANKS_KINDS.get(one.kind, one.kind),
                *(["选项：" + "、".join(one.choices)] if one.choices else []),
                "必填" if one.required else "可以不填",
                f"最多 {one.max_length} 字",
            ]
        )
        for one in blanks
    }
