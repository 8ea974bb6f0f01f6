"""What a commitment text has to contain, its fingerprint, and how its blanks are filled. Pure.

Sources: S2 三（一）–（八）, S2 四（二）, S0 一（一）, S4 1; R22, R24, R25, R27–R31, R37.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from credit_portal.registry import personal_numbers
from credit_portal.registry.legible import illegible

PLEDGE, LIABILITY = "pledge", "liability"
TEXT, DATE, NUMBER, CHOICE = "text", "date", "number", "choice"
PROVINCIAL, OWN, ASSOCIATION = "provincial", "own", "association"
BLANKS_KINDS = {TEXT: "文字", DATE: "日期", NUMBER: "数字", CHOICE: "选项"}

CONTENT_LABELS = {
    "obey_law": "遵守法律法规规章、履行法定义务",
    "no_dishonesty": "无失信记录或已完成修复",
    "true_materials": "材料合法真实准确完整有效",
    "lawful_business": "依法经营、履行约定、提供合格产品或服务",
    "agree_publication": "同意记入信用记录并公示",
    "accept_supervision": "接受各方监督",
    "accept_consequences": "接受违诺的处罚与惩戒并担责",
    "other": "其他承诺",
}
# Fields 7 and 8 of the uniform collection format hold so many characters.
COLLECTED_LENGTH = 4000
DATE_LENGTH = len("2026年12月31日")
EMPTY_LINE = "＿" * 6
# A blank that asks for a number of a person itself.
_ASKED = re.compile("电话|手机|联系方式|身份证|证件号")

_BLANK = re.compile(r"\{([^{}]*)\}")
_KEY = re.compile(r"[^\W]{1,30}")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


@dataclass(frozen=True)
class ClauseData:
    number: int
    kind: str
    body: str
    covers: tuple[str, ...] = ()
    id: int | None = None
    keeping: str = ""


@dataclass(frozen=True)
class BlankData:
    key: str
    label: str
    kind: str = TEXT
    choices: tuple[str, ...] = ()
    required: bool = True
    max_length: int = 100
    help_text: str = ""


@dataclass(frozen=True)
class TextData:
    """One version of a text, as far as it is content."""

    code: str
    number: int
    region: str
    commitment_type: str
    late_materials: bool
    item: str
    origin: str
    title: str
    scope: str
    notice: str
    privacy_notice: str
    clauses: tuple[ClauseData, ...]
    blanks: tuple[BlankData, ...] = ()


@dataclass(frozen=True)
class RequiredContents:
    """The contents that a region's rule asks of a text of one type, with the article; unconfirmed it only reminds."""

    contents: tuple[str, ...] = ()
    basis: str = ""
    confirmed: bool = False


@dataclass(frozen=True)
class Problem:
    """What is wrong with a text. `blocks` False is a reminder: the rule behind it is not confirmed."""

    code: str
    message: str
    blocks: bool = True


def missing_contents(text: TextData, *, required: RequiredContents) -> list[Problem]:
    """Everything that keeps a text from being published, in the order in which one reads it; reminders last.

    Provincial model texts are taken as issued (S2 四（二）): of them only liability and working blanks are asked.
    """
    problems = _heads(text) + _clauses(text) + _blanks(text) + _late_materials(text)
    covered = {content for clause in text.clauses for content in clause.covers}
    if text.origin != PROVINCIAL:
        article = f"（{required.basis}）" if required.basis else ""
        for content in required.contents:
            if content not in covered:
                label = CONTENT_LABELS.get(content, content)
                problems.append(
                    Problem(f"content.{content}", f"缺少“{label}”的条款{article}。", required.confirmed)
                )
    return sorted(problems, key=lambda problem: not problem.blocks)


def _heads(text: TextData) -> list[Problem]:
    asked = [
        ("title", text.title, "缺少标题。"),
        ("scope", text.scope, "缺少适用范围：须写明在什么情形下使用。"),
        ("notice", text.notice, "缺少告知书。"),
        ("privacy_notice", text.privacy_notice, "缺少个人信息处理告知。"),
    ]
    return [Problem(code, message) for code, value, message in asked if not value.strip()]


def _clauses(text: TextData) -> list[Problem]:
    problems: list[Problem] = []
    if not any(clause.kind == PLEDGE for clause in text.clauses):
        problems.append(Problem("pledge", "缺少承诺内容。"))
    if not any(clause.kind == LIABILITY for clause in text.clauses):
        problems.append(Problem("liability", "缺少违诺责任：每份承诺书都须写明违背承诺的责任。"))
    for clause in text.clauses:
        if not clause.body.strip():
            problems.append(Problem("clause.empty", f"第 {clause.number} 条没有条文。"))
        problems += [
            Problem("clause.covers", f"第 {clause.number} 条对应的一般承诺内容“{content}”不存在。")
            for content in clause.covers
            if content not in CONTENT_LABELS
        ]
    numbers = [clause.number for clause in text.clauses]
    if numbers != list(range(1, len(numbers) + 1)):
        problems.append(Problem("clause.numbers", "条款序号须从 1 起连续。"))
    kinds = [clause.kind for clause in text.clauses]
    if LIABILITY in kinds and PLEDGE in kinds[kinds.index(LIABILITY) :]:
        problems.append(Problem("clause.order", "违诺责任须排在全部承诺内容之后。"))
    room = {blank.key: _length(blank) for blank in text.blanks}
    for kind, name in ((PLEDGE, "承诺内容"), (LIABILITY, "违诺责任")):
        length = sum(_longest(clause.body, room) for clause in text.clauses if clause.kind == kind)
        if length > COLLECTED_LENGTH:
            problems.append(
                Problem(
                    f"length.{kind}",
                    f"{name}填满后达 {length} 字，信息归集格式最多 {COLLECTED_LENGTH} 字。",
                )
            )
    return problems


def _length(blank: BlankData) -> int:
    if blank.kind == DATE:
        return DATE_LENGTH
    if blank.kind == CHOICE:
        return max((len(choice) for choice in blank.choices), default=0)
    return blank.max_length


def _longest(body: str, room: Mapping[str, int]) -> int:
    used = sum(room.get(key, 0) for key in _BLANK.findall(body))
    return len(_BLANK.sub("", body)) + used


def _blanks(text: TextData) -> list[Problem]:
    problems: list[Problem] = []
    declared = {blank.key: blank for blank in text.blanks}
    used: dict[str, int] = {}
    for clause in text.clauses:
        if re.search(r"[{}]", _BLANK.sub("", clause.body)):
            problems.append(Problem("blank.braces", f"第 {clause.number} 条的花括号不成对。"))
        for key in _BLANK.findall(clause.body):
            used.setdefault(key, clause.number)
            if key not in declared:
                problems.append(
                    Problem("blank.undeclared", f"第 {clause.number} 条用到填写项“{key}”，但没有登记这一项。")
                )
    if len(declared) != len(text.blanks):
        problems.append(Problem("blank.twice", "有填写项登记了两次。"))
    for blank in text.blanks:
        if not _KEY.fullmatch(blank.key):
            problems.append(
                Problem("blank.key", f"填写项的键“{blank.key}”只能用文字、数字和下划线，最多 30 字。")
            )
        if blank.key not in used:
            problems.append(Problem("blank.unused", f"填写项“{blank.label}”已登记，但没有条款用到它。"))
        if blank.kind == CHOICE and len(set(blank.choices)) < 2:
            problems.append(Problem("blank.choices", f"填写项“{blank.label}”须至少有两个不同的选项。"))
        if blank.kind not in (TEXT, DATE, NUMBER, CHOICE):
            problems.append(Problem("blank.kind", f"填写项“{blank.label}”的类型“{blank.kind}”不存在。"))
        if blank.max_length < 1:
            problems.append(Problem("blank.length", f"填写项“{blank.label}”的最多字数须大于 0。"))
    return problems


def _late_materials(text: TextData) -> list[Problem]:
    if not text.late_materials:
        return []
    dated = {blank.key for blank in text.blanks if blank.kind == DATE and blank.required}
    promised = {
        key for clause in text.clauses if clause.kind == PLEDGE for key in _BLANK.findall(clause.body)
    }
    if dated & promised:
        return []
    # S4 1: accepted first because a date is promised in writing; without a date nothing was promised.
    return [
        Problem("late_materials.date", "容缺受理文本的承诺内容须有必填的日期填写项，写明何时补交（S4 1）。")
    ]


def canonical_bytes(text: TextData) -> bytes:
    """The bytes of a version: JSON, keys sorted, no spaces, UTF-8. Row ids, hints beside blanks and
    dates of validity are not content."""
    body = {
        "v": 1,
        "code": text.code,
        "number": text.number,
        "region": text.region,
        "type": text.commitment_type,
        "late_materials": text.late_materials,
        "item": text.item,
        "origin": text.origin,
        "title": text.title,
        "scope": text.scope,
        "notice": text.notice,
        "privacy_notice": text.privacy_notice,
        # A clause whose author has not said how it is kept has the hash that it had before that could be said.
        "clauses": [
            [c.number, c.kind, c.body, sorted(c.covers), *([c.keeping] if c.keeping else [])]
            for c in text.clauses
        ],
        "blanks": [[b.key, b.label, b.kind, list(b.choices), b.required, b.max_length] for b in text.blanks],
    }
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def fingerprint(text: TextData) -> str:
    """SHA-256 (hex, 64 characters) of the canonical bytes."""
    return hashlib.sha256(canonical_bytes(text)).hexdigest()


@dataclass(frozen=True)
class FilledClause:
    """A clause as it will be signed."""

    number: int
    kind: str
    text: str
    id: int | None = None

    def as_json(self) -> dict[str, object]:
        """The form in which a commitment keeps it."""
        return {"no": self.number, "kind": self.kind, "clause": self.id, "text": self.text}


@dataclass(frozen=True)
class FillProblem:
    key: str
    message: str


@dataclass
class FillError(ValueError):
    """Values do not fit the blanks. `problems` has one entry a blank; the message names item and row where given."""

    problems: list[FillProblem] = field(default_factory=list)
    item_name: str = ""
    row: int | None = None

    def __str__(self) -> str:
        where = f"第 {self.row} 行，" if self.row is not None else ""
        where += f"事项“{self.item_name}”，" if self.item_name else ""
        return where + "".join(problem.message for problem in self.problems)


class ClauseLike(Protocol):
    """A clause, stored or not: `ClauseData` and the model's rows both fit."""

    @property
    def id(self) -> int | None: ...
    @property
    def number(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def body(self) -> str: ...


class BlankLike(Protocol):
    """A blank, stored or not: `BlankData` and the model's rows both fit."""

    @property
    def key(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def choices(self) -> Sequence[str]: ...
    @property
    def required(self) -> bool: ...
    @property
    def max_length(self) -> int: ...


def _read(blanks: Sequence[BlankLike], values: Mapping[str, object]) -> tuple[dict[str, str], dict[str, str]]:
    """What each blank shows, and the Chinese error of each that cannot be shown; by key."""
    shown: dict[str, str] = {}
    errors: dict[str, str] = {}
    for blank in blanks:
        try:
            shown[blank.key] = _shown(blank, values.get(blank.key))
        except ValueError as error:
            errors[blank.key] = f"“{blank.label}”{error}。"
    return shown, errors


def _put_in(clauses: Sequence[ClauseLike], shown: Mapping[str, str]) -> list[FilledClause]:
    # One pass: braces inside a value stay what they are.
    return [
        FilledClause(c.number, c.kind, _BLANK.sub(lambda found: shown.get(found[1], found[0]), c.body), c.id)
        for c in clauses
    ]


def blank_errors(blanks: Sequence[BlankLike], values: Mapping[str, object]) -> dict[str, str]:
    """What is wrong with the values filled in, by the blank's key, in the order of the blanks; empty: nothing."""
    return _read(blanks, values)[1]


def fill(
    clauses: Sequence[ClauseLike],
    blanks: Sequence[BlankLike],
    values: Mapping[str, object],
    *,
    item_name: str = "",
    row: int | None = None,
) -> list[FilledClause]:
    """Put what was filled in into the clauses. Dates are given as YYYY-MM-DD and printed in Chinese; a blank that may
    stay empty is printed as 无. Raises FillError with every problem at once; `row` counts from 1, for bulk files."""
    shown, errors = _read(blanks, values)
    problems = [FillProblem(key, message) for key, message in errors.items()]
    known = {blank.key for blank in blanks}
    problems += [FillProblem(key, f"没有填写项“{key}”。") for key in values if key not in known]
    if problems:
        raise FillError(problems, item_name, row)
    return _put_in(clauses, shown)


def fill_for_display(
    clauses: Sequence[ClauseLike], blanks: Sequence[BlankLike], values: Mapping[str, object]
) -> list[dict[str, object]]:
    """The clauses as they stand while blanks are being filled: a line where nothing is yet, and what was typed where
    it does not fit. Without errors the same words as `fill`, in the form that a commitment keeps."""
    shown, errors = _read(blanks, values)
    for key in errors:
        typed = re.sub(r"\s+", " ", str(values.get(key) or "")).strip()
        shown[key] = typed or EMPTY_LINE
    return [clause.as_json() for clause in _put_in(clauses, shown)]


def show_blanks(body: str, labels: Mapping[str, str]) -> str:
    """A clause as it is published, nothing filled in: each blank is a line with its label in brackets."""
    return _BLANK.sub(lambda found: f"{EMPTY_LINE}（{labels.get(found[1], found[1])}）", body)


def _shown(blank: BlankLike, raw: object) -> str:
    if isinstance(raw, bool) or not isinstance(raw, str | int | float | date | None):
        raise ValueError("填写的内容无法识别")
    value = unicodedata.normalize("NFC", "" if raw is None else str(raw))
    if found := illegible(value):
        raise ValueError(f"含有无法识别的字符（{found[1]}）")
    value = re.sub(r"\s+", " ", value).strip()
    if not value:
        if blank.required:
            raise ValueError("没有填写")
        return "无"
    if blank.kind == DATE:
        return _shown_date(value)
    if blank.kind == CHOICE:
        if value not in blank.choices:
            raise ValueError(f"应为{'、'.join(blank.choices)}之一，现为“{value}”")
        return value
    if blank.kind == NUMBER:
        value = unicodedata.normalize("NFKC", value).replace(",", "")
        if not _NUMBER.fullmatch(value) or not value.isascii():
            raise ValueError(f"应为数字，现为“{value}”")
    elif not _ASKED.search(blank.label) and (personal := personal_numbers.passages(value)):
        # What is filled in stands in the text, and the text may be public.
        raise ValueError(f"里的“{personal[0]}”像手机号码或者身份证号码，不能写进承诺书")
    if len(value) > blank.max_length:
        raise ValueError(f"最多 {blank.max_length} 字，现为 {len(value)} 字")
    return value


def _shown_date(value: str) -> str:
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
            raise ValueError
        day = date.fromisoformat(value)
    except ValueError:
        raise ValueError(f"应为日期（如 2026-03-05），现为“{value}”") from None
    return f"{day.year}年{day.month}月{day.day}日"
