"""A row of the file as it was told: read cell by cell, put right where there is no doubt, refused by name where there is. Pure."""

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from commitments import collection_format as form
from credit_portal.documents.intake import Broken, Cell, Formula, Number
from credit_portal.documents.intake.cells import serial_day
from credit_portal.registry import codes
from credit_portal.registry.in_sets import Named
from credit_portal.registry.models import CommitmentType, CreditSubject, PublicityClass

from .columns import BY_LABEL, LABELS, OWN, RUNNING

Faults = list[tuple[int, str]]

CODES = (1, 4, 16, 18)
DATES = (9, 10, 14)
LONG = (7, 8, 12, 13)
OF_BREACH = (12, 13, 14, 15, 16)
MOST_OWN = 60

FORMULA = "单元格是公式，请复制后“选择性粘贴→数值”。"
BROKEN = "单元格是错误值或真假值“{value}”，请填写文字。"
AS_NUMBER = "编码被 Excel 变成了数字（{value}），末尾几位已经不可靠；请把这一列设为文本，再重新填写。"
HIDDEN = "第 {place} 个字符不可见（U+{code:04X}），请删去。"

_DAY = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
)
_PLAIN_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})")
_WHOLE = re.compile(r"(-?\d+)\.0+")
# Control characters, direction marks, halves of characters, and what a font alone gives a meaning.
_HIDDEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ue000-\uf8ff]"
)
_OTHER = re.compile(r"其他（(.+)）")

KINDS = dict(zip(form.KINDS, (CreditSubject.Kind.ORGANISATION, CreditSubject.Kind.PERSON, CreditSubject.Kind.SOLE_TRADER), strict=True))  # fmt: skip
CLASSES = dict(zip(form.CLASSES, (PublicityClass.PUBLIC, PublicityClass.LIMITED, PublicityClass.CLOSED), strict=True))  # fmt: skip
OUTCOMES = dict(zip(form.OUTCOMES, ("fulfilled", "partial", "unfulfilled"), strict=True))
# What comes in under which of our types (data-standards, Coming in); 其他 asks.
TYPES: dict[str, tuple[str, bool]] = {
    "审批替代型": (CommitmentType.APPROVAL, False),
    "容缺受理型": (CommitmentType.APPROVAL, True),
    "证明事项型": (CommitmentType.SUPERVISORY, False),
    "信用修复型": (CommitmentType.REPAIR, False),
    "行业自律型": (CommitmentType.INDUSTRY, False),
    "主动型": (CommitmentType.VOLUNTARY, False),
}
_OWN_TYPES = {str(label): str(code) for code, label in CommitmentType.choices}

# Second place of a 统一社会信用代码, by its first (GB 32100): which kinds of bodies an authority registers.
_BODIES = {"1": "1239", "5": "1239", "9": "123", "Y": "1"}
_PROVINCES = frozenset(
    [
        "10",
        "11",
        "12",
        "13",
        "14",
        "15",
        "21",
        "22",
        "23",
        "31",
        "32",
        "33",
        "34",
        "35",
        "36",
        "37",
        "41",
        "42",
        "43",
        "44",
        "45",
        "46",
        "50",
        "51",
        "52",
        "53",
        "54",
        "61",
        "62",
        "63",
        "64",
        "65",
        "71",
        "81",
        "82",
    ]
)


@dataclass(frozen=True)
class Line:
    """A row that is right in itself. `values`: the twenty as text, as the format has them; `outcome` empty: running."""

    row: int
    values: dict[str, str]
    own_number: str
    commitment_type: str
    late_materials: bool
    kind: str
    made_on: date
    valid_until: date | None
    outcome: str
    found_on: date | None
    asked_class: str

    @property
    def code(self) -> str:
        return self.values["1"]

    @property
    def carries_breach(self) -> bool:
        return self.outcome in ("partial", "unfulfilled")


def read(
    row: int,
    cells: Mapping[int, str],
    columns: Mapping[str, int],
    *,
    today: date,
    other_as: str = "",
    from_1904: bool = False,
) -> tuple[Line | None, Faults]:
    """A row of the file, or what is wrong with it by field number."""
    faults: Faults = []
    values: dict[int, str] = {}
    for label, number in BY_LABEL.items():
        column = columns.get(label)
        cell = cells.get(column, "") if column is not None else ""
        value, problem = read_cell(number, cell, from_1904=from_1904)
        values[number] = value
        if problem:
            faults.append((number, problem))
    said = {number for number, _ in faults}
    if values[11] == RUNNING:
        values[11] = ""
    told = {str(number): values[number] for number in LABELS if number != OWN}
    _check_own(values, said, faults, today)
    known_type, type_problem = type_of(values[5], other_as)
    for number, problem in form.problems(told, running=not values[11]):
        # Of a cell that could not be read, or that is told of more exactly here, once is enough.
        if number not in {number for number, _ in faults}:
            faults.append((number, problem))
    if type_problem and 5 not in {number for number, _ in faults}:
        faults.append((5, type_problem))
    if faults:
        return None, sorted(faults, key=lambda one: (one[0] or 99, one[1]))
    return (
        Line(
            row=row,
            values=told,
            own_number=values[OWN],
            commitment_type=known_type[0],
            late_materials=known_type[1],
            kind=KINDS[values[3]],
            made_on=date.fromisoformat(values[9]),
            valid_until=date.fromisoformat(values[10]) if values[10] else None,
            outcome=OUTCOMES[values[11]] if values[11] else "",
            found_on=date.fromisoformat(values[14]) if values[14] else None,
            asked_class=CLASSES[values[19]],
        ),
        [],
    )


def named_in(cells: Mapping[int, str], columns: Mapping[str, int], said: Collection[int]) -> Named | None:
    """Whom a row names, where nothing is wrong with the name, the category and the code. `said`: the fields that are wrong."""
    if {2, 3, 4} & set(said):
        return None
    at = {number: columns.get(label) for label, number in BY_LABEL.items() if number in (2, 3, 4)}
    name, kind, code = (
        read_cell(number, cells.get(place, "") if (place := at[number]) is not None else "")[0]
        for number in (2, 3, 4)
    )
    return Named(KINDS[kind], code, name) if name and code and kind in KINDS else None


def read_cell(number: int, cell: str, *, from_1904: bool = False) -> tuple[str, str]:
    """What a cell says as the value of a field, and what is wrong with it."""
    if isinstance(cell, Formula):
        return "", FORMULA
    if isinstance(cell, Broken):
        return "", BROKEN.format(value=str(cell)[:20])
    if number in CODES:
        if isinstance(cell, Number):
            return "", AS_NUMBER.format(value=cell[:24])
        return _code(number, cell)
    if number in DATES:
        return _day(cell, from_1904)
    if isinstance(cell, Number):
        found = _WHOLE.fullmatch(cell)
        return (found[1] if found else str(cell)), ""
    return _text(number, cell)


def _code(number: int, cell: str) -> tuple[str, str]:
    text = cell.strip().removeprefix("'")
    if re.fullmatch(r"[0-9]+(?:\.[0-9]+)?[Ee]\+?[0-9]+", text):
        return "", AS_NUMBER.format(value=text[:24])
    if number == 1:
        return re.sub(r"\s", "", unicodedata.normalize("NFKC", text)), ""
    return (codes.clean(text) if text else ""), ""


def _day(cell: str, from_1904: bool) -> tuple[str, str]:
    """A day as a serial number or in the forms that people write."""
    if not cell:
        return "", ""
    text = unicodedata.normalize("NFKC", cell).strip().removeprefix("'")
    found = _PLAIN_DAY.fullmatch(text.removesuffix(".0")) or _DAY.fullmatch(text)
    if found is None and isinstance(cell, Cell):
        day = serial_day(text, from_1904=from_1904)
        if day is not None:
            return day.isoformat(), ""
    if found is not None:
        try:
            return date(int(found[1]), int(found[2]), int(found[3])).isoformat(), ""
        except ValueError:
            return "", f"没有“{text[:30]}”这一天。"
    return "", f"应为日期（如 2026-11-24），现为“{text[:30]}”。"


def _text(number: int, cell: str) -> tuple[str, str]:
    text = unicodedata.normalize("NFC", cell).removeprefix("'")
    if number == 2 and text.strip():
        try:
            return codes.normalise_name(text), ""
        except codes.CodeError as error:
            return "", str(error)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if found := _HIDDEN.search(text):
        return "", HIDDEN.format(place=found.start() + 1, code=ord(found[0]))
    if number in LONG:
        return "\n".join(line.rstrip() for line in text.split("\n")).strip(), ""
    text = re.sub(r"\s+", " ", text).strip()
    if number in (3, 11, 19):
        text = text.replace(" ", "")
    if number == 5:
        text = text.replace(" ", "").replace("(", "（").replace(")", "）")
    return text, ""


def _check_own(values: dict[int, str], said: set[int], faults: Faults, today: date) -> None:
    """What the format does not say: the parts of codes, days that lie ahead, the fields of a running commitment."""
    if values[1] and 1 not in said:
        problem = code_problem(values[1], values[9], today)
        if problem:
            faults.append((1, problem))
    if values[9] and 9 not in said and values[9] > today.isoformat():
        faults.append((9, f"承诺作出日期不能晚于今天（{today}）。"))
    if values[14] and 14 not in said and values[14] > today.isoformat():
        faults.append((14, f"认定日期不能晚于今天（{today}）。"))
    for number, kind in ((4, values[3]), (16, ""), (18, "")):
        if values[number] and number not in said and kind != form.KINDS[1]:
            problem = uscc_problem(values[number], kind)
            if problem:
                faults.append((number, problem))
    if not values[11] and 11 not in said:
        for number in OF_BREACH:
            if values[number]:
                faults.append((number, f"履行状态没有填写（履行中）时，{LABELS[number]}应为空。"))
    if len(values[OWN]) > MOST_OWN:
        faults.append((OWN, f"办件编号最多 {MOST_OWN} 个字，现为 {len(values[OWN])} 个字。"))


def code_problem(code: str, made_on: str, today: date) -> str:
    """Which part of a commitment code is wrong: length, characters, region, date, serial. Empty where none is."""
    if len(code) != 20:
        return f"承诺编码应为 20 位，现为 {len(code)} 位。"
    for place, char in enumerate(code, 1):
        if not (char.isascii() and char.isdigit()):
            return f"承诺编码第 {place} 位“{char}”应为数字。"
    if code[:2] not in _PROVINCES:
        return f"承诺编码第 1 至 6 位“{code[:6]}”不是行政区划代码。"
    try:
        day = datetime.strptime(code[6:14], "%Y%m%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return f"承诺编码第 7 至 14 位“{code[6:14]}”不是有效的日期。"
    if made_on and day.isoformat() != made_on:
        return f"承诺编码第 7 至 14 位“{code[6:14]}”与承诺作出日期 {made_on} 不同。"
    if code[14:] == "000000":
        return "承诺编码第 15 至 20 位（顺序号）应从 000001 开始。"
    return ""


@lru_cache(maxsize=512)
def uscc_problem(code: str, kind: str) -> str:
    """Which part of a 统一社会信用代码 is wrong, the kind of body and the region included. Empty where none is."""
    try:
        codes.check_uscc(code)
    except codes.CodeError as error:
        return str(error)
    bodies = _BODIES.get(code[0])
    if bodies is not None and code[1] not in bodies:
        return f"统一社会信用代码第 2 位“{code[1]}”不是登记管理部门“{code[0]}”的机构类别代码。"
    if code[2:4] not in _PROVINCES:
        return f"统一社会信用代码第 3 至 8 位“{code[2:8]}”不是行政区划代码。"
    if kind == form.KINDS[2] and not code.startswith("92"):
        return f"个体工商户的统一社会信用代码以 92 开头，现为“{code[:2]}”。"
    if kind == form.KINDS[0] and code.startswith("92"):
        return "以 92 开头的是个体工商户的代码，与承诺人类别不符。"
    return ""


def type_of(word: str, other_as: str) -> tuple[tuple[str, bool], str]:
    """Our type of a type's word, and whether with late materials; or what is to be asked."""
    if word in TYPES:
        return TYPES[word], ""
    other = _OTHER.fullmatch(word)
    if other and other[1] in _OWN_TYPES:
        return (_OWN_TYPES[other[1]], False), ""
    if other and other_as:
        return (other_as, False), ""
    if other:
        return (
            "",
            False,
        ), f"“{word[:40]}”归入哪一类没有说明：请在上传时选择“其他”类型归入哪一类，或者改成规定的类型。"
    return ("", False), ""
