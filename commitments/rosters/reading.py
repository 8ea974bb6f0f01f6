"""What a row of a roster says, and everything that is wrong with it, cell by cell. Pure; the one place that knows how such a
file looks."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from credit_portal.registry import codes
from credit_portal.registry.in_sets import Named
from credit_portal.registry.models import CreditSubject

KIND_WORDS = {str(label): str(code) for code, label in CreditSubject.Kind.choices}
HEADS = {
    "kind": "主体类别",
    "name": "主体名称",
    "code": "主体代码",
    "from_on": "列入日期",
    "number": "编号",
    "phone": "联系电话",
}
BY_HEAD = {head: key for key, head in HEADS.items()}
NEEDED = ("kind", "name", "code")
MOST_NUMBER = 40
FIRST_YEAR = 1949


@dataclass(frozen=True)
class Row:
    """A checked row. Without `from_on` the day of the list stands for it."""

    named: Named
    from_on: date | None = None
    number: str = ""
    phone: str = ""


class RowErrors(ValueError):
    """What is wrong, by the key of the column, in Chinese."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("".join(errors.values()))
        self.errors = dict(errors)


def read(values: Mapping[str, str], *, as_of: date, today: date) -> Row:
    """Read a row by key. `as_of`: the day that the list is of. Raises RowErrors with every cell that is wrong."""
    errors: dict[str, str] = {}
    cells: dict[str, str] = {}
    for key, head in HEADS.items():
        try:
            cells[key] = _clean(head, values.get(key, ""))
        except ValueError as error:
            errors[key] = str(error)
            cells[key] = ""
    for key in NEEDED:
        if not cells[key] and key not in errors:
            errors[key] = f"没有填写{HEADS[key]}。"
    kind = KIND_WORDS.get(cells["kind"], "")
    if cells["kind"] and not kind:
        errors["kind"] = f"应为{'、'.join(KIND_WORDS)}之一，现为“{cells['kind'][:20]}”。"
    name = _name(cells["name"], errors)
    code = _code(cells["code"], kind, errors, today)
    from_on = _day(cells["from_on"], errors, as_of)
    if len(cells["number"]) > MOST_NUMBER:
        errors["number"] = f"最多 {MOST_NUMBER} 个字，现为 {len(cells['number'])} 个字。"
    phone = ""
    if cells["phone"]:
        try:
            phone = codes.check_phone(cells["phone"])
        except codes.CodeError as error:
            errors["phone"] = str(error)
    if errors:
        raise RowErrors(errors)
    return Row(Named(kind, code, name), from_on, cells["number"], phone)


def _clean(head: str, raw: str) -> str:
    text = unicodedata.normalize("NFC", raw).strip()
    for place, char in enumerate(text, 1):
        if unicodedata.category(char) in ("Cc", "Cs", "Co", "Cn"):
            raise ValueError(f"{head}第 {place} 个字符无法识别（U+{ord(char):04X}）。")
    return text


def _name(typed: str, errors: dict[str, str]) -> str:
    if not typed:
        return ""
    try:
        return codes.normalise_name(typed)
    except codes.CodeError as error:
        errors["name"] = str(error)
        return ""


def _code(typed: str, kind: str, errors: dict[str, str], today: date) -> str:
    if not typed or not kind:
        return ""
    try:
        code = codes.check_id_number(typed, today=today) if kind == codes.PERSON else codes.check_uscc(typed)
    except codes.CodeError as error:
        errors["code"] = str(error)
        return ""
    if kind != codes.PERSON and (kind == codes.SOLE_TRADER) != code.startswith("92"):
        errors["kind"] = "统一社会信用代码以 92 开头的是个体工商户，其他的不是。"
    return code


def _day(typed: str, errors: dict[str, str], as_of: date) -> date | None:
    # A spreadsheet's own date arrives with an hour.
    text = typed.removesuffix(" 00:00:00").replace("/", "-").replace(".", "-")
    if not text:
        return None
    parts = text.split("-")
    try:
        if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts):
            raise ValueError
        day = date(int(parts[0]), int(parts[1]), int(parts[2]))
    except (ValueError, OverflowError):
        errors["from_on"] = f"“{typed[:20]}”不是有效的日期，应写作 2026-01-31 的形式。"
        return None
    if not date(FIRST_YEAR, 1, 1) <= day <= as_of:
        errors["from_on"] = f"应在 {FIRST_YEAR} 年以后、名单日期 {as_of} 以前。"
        return None
    return day
