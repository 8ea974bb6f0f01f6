"""The uniform collection format of a commitment: twenty fields, in one place. Pure.

A natural person's ID number is not among the stored values: field 4 then holds `SEALED`, and is filled in from the
sealed number at the moment of transmission only.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from credit_portal.registry import codes

SEALED = "（身份证号码，报送时填入）"


@dataclass(frozen=True)
class Field:
    """`length` counts characters. `among`: the list of allowed values. `kind`: text, list or date."""

    number: int
    label: str
    length: int = 0
    required: bool = True
    kind: str = "text"
    among: tuple[str, ...] = ()


KINDS = ("法人及非法人组织", "自然人", "个体工商户")
TYPES = ("审批替代型", "容缺受理型", "证明事项型", "信用修复型", "行业自律型", "主动型", "其他")
OUTCOMES = ("全部履行", "部分履行", "全部未履行")
CLASSES = ("可向社会公开", "特定范围内公开", "不可公开")
FULFILLED = OUTCOMES[0]

FIELDS: tuple[Field, ...] = (
    Field(1, "承诺编码", 20),
    Field(2, "承诺人名称", 200),
    Field(3, "承诺人类别", kind="list", among=KINDS),
    Field(4, "承诺人代码", 18),
    Field(5, "承诺类型", 64, kind="list", among=TYPES),
    Field(6, "承诺事由", 512),
    Field(7, "承诺内容", 4000),
    Field(8, "违诺责任", 4000),
    Field(9, "承诺作出日期", kind="date"),
    Field(10, "承诺有效期", required=False, kind="date"),
    Field(11, "承诺履行状态", kind="list", among=OUTCOMES),
    Field(12, "未履行的承诺内容", 4000, required=False),
    Field(13, "违诺责任追究内容", 4000, required=False),
    Field(14, "承诺履行状态认定日期", required=False, kind="date"),
    Field(15, "承诺履行状态认定单位", 200, required=False),
    Field(16, "承诺履行状态认定单位代码", 18, required=False),
    Field(17, "承诺受理单位", 200),
    Field(18, "承诺受理单位代码", 18),
    Field(19, "公开类型", kind="list", among=CLASSES),
    Field(20, "备注", 512, required=False),
)
BY_NUMBER = {field.number: field for field in FIELDS}
# Our types in the words of the format (a platform's setting may have 监管辅助型 sent as 证明事项型 instead).
TYPE_WORDS: Mapping[str, str] = {
    "voluntary": "主动型",
    "approval": "审批替代型",
    "supervisory": "其他（监管辅助型）",
    "industry": "行业自律型",
    "repair": "信用修复型",
}
SUPERVISORY_AS_PROOF = "证明事项型"
LATE_MATERIALS = "容缺受理型"
_OTHER = "其他"


def type_in_words(commitment_type: str, *, late_materials: bool, supervisory_as_proof: bool = False) -> str:
    """Field 5 of one of our five types; an approval with late materials has a type of its own there."""
    if late_materials and commitment_type == "approval":
        return LATE_MATERIALS
    if supervisory_as_proof and commitment_type == "supervisory":
        return SUPERVISORY_AS_PROOF
    return TYPE_WORDS[commitment_type]


def problems(values: Mapping[str, str], *, running: bool = False) -> list[tuple[int, str]]:
    """What is wrong with twenty values (by field number as text), field by field, in Chinese; empty where nothing is.

    Field 11 has no value for a commitment still `running`: there it has to be empty.
    """
    found: list[tuple[int, str]] = []
    for field in FIELDS:
        value = values.get(str(field.number), "")
        if running and field.number == 11:
            if value:
                found.append((11, "履行中的承诺没有履行状态，应为空。"))
            continue
        if not value:
            if field.required:
                found.append((field.number, f"{field.label}不能为空。"))
            continue
        if message := _wrong(field, value, values):
            found.append((field.number, message))
    found += _conditional(values)
    return sorted(found)


def _wrong(field: Field, value: str, values: Mapping[str, str]) -> str | None:
    if field.length and len(value) > field.length:
        return f"{field.label}最多 {field.length} 个字，现为 {len(value)} 个字。"
    if field.kind == "date" and not _is_date(value):
        return f"{field.label}应为日期（如 2026-11-24），现为“{value}”。"
    if field.number == 5:
        if value == _OTHER:
            return "承诺类型为“其他”时须写明类型名称。"
        if value not in TYPES and not (value.startswith(f"{_OTHER}（") and value.endswith("）")):
            return f"承诺类型“{value}”不在规定的类型中。"
        return None
    if field.among and value not in field.among:
        return f"{field.label}“{value}”不在规定的取值中（{'、'.join(field.among)}）。"
    if field.number == 1 and not (len(value) == 20 and value.isascii() and value.isdigit()):
        return "承诺编码应为 20 位数字。"
    if field.number == 4:
        return _wrong_code(value, person=values.get("3") == KINDS[1])
    if field.number in (16, 18):
        return _wrong_code(value, person=False)
    return None


def _wrong_code(value: str, *, person: bool) -> str | None:
    if value == SEALED:
        return None if person else "统一社会信用代码未填写。"
    try:
        codes.check_id_number(value) if person else codes.check_uscc(value)
    except codes.CodeError as error:
        return str(error)
    return None


def _conditional(values: Mapping[str, str]) -> list[tuple[int, str]]:
    """12 and 13 are for what was not kept only, and then both are wanted; the determination's day lies after the
    commitment's."""
    found = []
    kept = values.get("11") == FULFILLED
    for number in (12, 13):
        label, value = BY_NUMBER[number].label, values.get(str(number), "")
        if kept and value:
            found.append((number, f"承诺履行状态为“全部履行”时，{label}应为空。"))
        if not kept and values.get("11") and not value:
            found.append((number, f"承诺履行状态不是“全部履行”时，{label}不能为空。"))
    made, ends, determined = (values.get(number, "") for number in ("9", "10", "14"))
    if _is_date(made) and _is_date(ends) and ends < made:
        found.append((10, "承诺有效期不能早于承诺作出日期。"))
    if _is_date(made) and _is_date(determined) and determined < made:
        found.append((14, "认定日期不能早于承诺作出日期。"))
    return found


def _is_date(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def fingerprint(values: Mapping[str, str]) -> str:
    """SHA-256 over the twenty values as canonical JSON."""
    body = {str(field.number): values.get(str(field.number), "") for field in FIELDS}
    packed = json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(packed.encode()).hexdigest()
