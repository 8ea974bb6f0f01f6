"""What is told of an act, field by field: one table for the form, the file and the interface. Pure.

The fields are those by which licences and penalties are commonly shown to the public (双公示); an act of another kind
has the common ones and the last day on which it is to be shown.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from credit_portal.registry import codes
from credit_portal.registry.legible import illegible
from credit_portal.registry.models import CreditSubject, Domain
from disclosure.act_models import ActKind

LICENCE_CATEGORIES = ("普通", "特许", "认可", "核准", "登记", "其他")
# 行政处罚法 (2021) art. 9, one by one.
PENALTY_CATEGORIES = (
    "警告", "通报批评", "罚款", "没收违法所得", "没收非法财物", "暂扣许可证件", "降低资质等级", "吊销许可证件",
    "限制开展生产经营活动", "责令停产停业", "责令关闭", "限制从业", "行政拘留", "其他",
)  # fmt: skip
JUDICIAL_CATEGORIES = ("失信被执行人", "虚假诉讼失信人", "其他")
GRADES = {"轻微": "minor", "一般": "general", "严重": "serious"}
KIND_WORDS = {str(label): str(code) for code, label in CreditSubject.Kind.choices}
DOMAIN_WORDS = {str(label): str(code) for code, label in Domain.choices}
SEPARATOR = "；"
# Commas stand before each three digits, or nowhere: “0,00” is no amount.
_AMOUNT = re.compile(r"([0-9]{1,13}|[0-9]{1,3}(,[0-9]{3}){1,3})(\.[0-9]{1,2})?")

OTHERS = frozenset(ActKind.values) - {ActKind.LICENCE, ActKind.PENALTY}
OF_LICENCE, OF_PENALTY, OF_JUDICIAL = (
    frozenset({ActKind.LICENCE}),
    frozenset({ActKind.PENALTY}),
    frozenset({ActKind.JUDICIAL}),
)
EVERY = frozenset(ActKind.values)


@dataclass(frozen=True)
class Field:
    """`key` in the interface, `head` in a file and on the form. `kinds`: where it is asked; `must`: where it has to be
    filled. `sort`: text, long, date, amount, one (of `among`), some (of `among`)."""

    key: str
    head: str
    most: int = 0
    sort: str = "text"
    kinds: frozenset[str] = EVERY
    must: frozenset[str] = EVERY
    among: tuple[str, ...] = ()
    help: str = ""
    detail: bool = False


NEVER: frozenset[str] = frozenset()
FIELDS: tuple[Field, ...] = (
    Field("subject_name", "主体名称", 200),
    Field("subject_kind", "主体类别", sort="one", among=tuple(KIND_WORDS)),
    Field("subject_code", "主体代码", 40, help="统一社会信用代码；自然人为身份证号码"),
    Field("document_name", "文书名称", 200),
    Field("document_no", "文书号", 100),
    Field("category", "许可类别", sort="one", among=LICENCE_CATEGORIES, kinds=OF_LICENCE, must=OF_LICENCE),
    Field(
        "category", "处罚种类", sort="some", among=PENALTY_CATEGORIES, kinds=OF_PENALTY, must=OF_PENALTY,
        help="有几种的，用分号隔开",
    ),
    Field(
        "category", "司法信息种类", sort="one", among=JUDICIAL_CATEGORIES, kinds=OF_JUDICIAL, must=OF_JUDICIAL
    ),
    Field("category", "种类", 200, kinds=OTHERS - OF_JUDICIAL, must=NEVER),
    Field("certificate_name", "许可证书名称", 200, kinds=OF_LICENCE, must=NEVER, detail=True),
    Field("certificate_no", "许可证书编号", 100, kinds=OF_LICENCE, must=NEVER, detail=True),
    Field("violation", "违法行为类型", 500, kinds=OF_PENALTY, must=OF_PENALTY, detail=True),
    Field("facts", "违法事实", 4000, sort="long", kinds=OF_PENALTY, must=OF_PENALTY, detail=True),
    Field("content", "内容", 4000, sort="long", help="许可、处罚或者其他决定的内容"),
    Field("basis", "依据", 500, must=EVERY - OF_LICENCE),
    Field("fine", "罚款金额（元）", sort="amount", kinds=OF_PENALTY, must=NEVER, detail=True),
    Field("confiscated", "没收金额（元）", sort="amount", kinds=OF_PENALTY, must=NEVER, detail=True),
    Field("grade", "程度", sort="one", among=tuple(GRADES), kinds=OF_PENALTY, must=OF_PENALTY),
    Field(
        "domain", "领域", sort="one", among=tuple(DOMAIN_WORDS), kinds=OF_PENALTY, must=OF_PENALTY,
        help="公示期按领域和程度确定",
    ),
    Field("decided_on", "决定日期", sort="date"),
    Field("valid_from", "有效期自", sort="date", kinds=OF_LICENCE, must=OF_LICENCE),
    Field(
        "valid_until", "有效期至", sort="date", kinds=OF_LICENCE, must=NEVER, help="长期有效的留空；期满自行停止公示"
    ),
    Field("valid_until", "公示截止日期", sort="date", kinds=OTHERS, must=OTHERS, help="公示的最后一日"),
    Field("remarks", "备注", 500, must=NEVER, help="随公示一起公开"),
)  # fmt: skip


def fields_of(kind: str) -> list[Field]:
    """The fields of a kind, in order; each key once."""
    return [one for one in FIELDS if kind in one.kinds]


def head_of(kind: str) -> list[str]:
    """The first row of the file of a kind."""
    return [one.head for one in fields_of(kind)]


class FieldErrors(ValueError):
    """What is wrong, by the key of the field, in Chinese."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(" ".join(errors.values()))
        self.errors = dict(errors)


@dataclass(frozen=True)
class ActData:
    """A checked act. Amounts are 元 with at most two decimals, written as they are shown."""

    kind: str
    subject_name: str
    subject_kind: str
    subject_code: str
    document_name: str
    document_no: str
    content: str
    decided_on: date
    category: str = ""
    basis: str = ""
    grade: str = ""
    domain: str = ""
    valid_from: date | None = None
    valid_until: date | None = None
    remarks: str = ""
    details: dict[str, str] = field(default_factory=dict)

    @property
    def sha256(self) -> str:
        """Of everything that it says: the same act told twice is known by it."""
        told = {
            key: value.isoformat() if isinstance(value, date) else value for key, value in vars(self).items()
        }
        return hashlib.sha256(
            json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        ).hexdigest()


def read(kind: str, values: Mapping[str, str], *, today: date) -> ActData:
    """Read what was typed, uploaded or pushed, by key. Raises FieldErrors naming every field that is wrong."""
    if kind not in ActKind.values:
        raise FieldErrors({"kind": f"没有这个类别，可用：{'、'.join(ActKind.values)}。"})
    errors: dict[str, str] = {}
    found: dict[str, Any] = {}
    details: dict[str, str] = {}
    for one in fields_of(kind):
        raw = values.get(one.key, "")
        try:
            value = _value(one, raw, needed=kind in one.must)
        except ValueError as error:
            errors[one.key] = str(error)
            continue
        if one.detail:
            if value:
                details[one.key] = value
        elif value not in (None, ""):
            found[one.key] = value
    if unknown := set(values) - {one.key for one in fields_of(kind)}:
        errors |= {key: "这一类别没有这个字段。" for key in unknown if values[key].strip()}
    _check_subject(found, errors, today)
    _check_days(kind, found, errors, today)
    if errors:
        raise FieldErrors(errors)
    found["grade"] = GRADES.get(found.get("grade", ""), "")
    found["domain"] = DOMAIN_WORDS.get(found.get("domain", ""), "")
    return ActData(kind=kind, details=details, **found)


def _value(one: Field, raw: str, *, needed: bool) -> Any:
    text = _clean(one, raw)
    if not text:
        if needed:
            raise ValueError(f"请填写{one.head}。")
        return None if one.sort == "date" else ""
    if one.sort == "date":
        return _day(one.head, text)
    if one.sort == "amount":
        return _amount(one.head, text)
    if one.sort == "one" and text not in one.among:
        raise ValueError(f"{one.head}应为以下之一：{'、'.join(one.among)}。")
    if one.sort == "some":
        parts = [part.strip() for part in text.replace(";", SEPARATOR).split(SEPARATOR) if part.strip()]
        if wrong := [part for part in parts if part not in one.among]:
            raise ValueError(f"{one.head}没有“{wrong[0]}”，可用：{'、'.join(one.among)}。")
        return SEPARATOR.join(dict.fromkeys(parts))
    if one.most and len(text) > one.most:
        raise ValueError(f"{one.head}最多 {one.most} 个字，现为 {len(text)} 个字。")
    return text


def _clean(one: Field, raw: str) -> str:
    text = unicodedata.normalize("NFC", raw).replace("\r\n", "\n").replace("\r", "\n").strip()
    if found := illegible(text, spared="\n\t" if one.sort == "long" else ""):
        raise ValueError(f"{one.head}第 {found[0]} 个字符无法识别（{found[1]}），请核对。")
    return text


def _day(head: str, text: str) -> date:
    # A spreadsheet's own date arrives with an hour.
    text = text.removesuffix(" 00:00:00").replace("/", "-")
    if len(text) == 8 and text.isascii() and text.isdigit():
        text = f"{text[:4]}-{text[4:6]}-{text[6:]}"
    parts = text.split("-")
    if len(parts) == 3 and all(part.isascii() and part.isdigit() for part in parts) and len(parts[0]) == 4:
        try:
            return date(int(parts[0]), int(parts[1]), int(parts[2]))
        except ValueError:
            pass
    raise ValueError(f"{head}“{text[:20]}”不是有效的日期，应写作 2026-01-31 的形式。")


def _amount(head: str, text: str) -> str:
    if not _AMOUNT.fullmatch(text):
        raise ValueError(f"{head}“{text[:20]}”应为不带单位的数字，最多两位小数。")
    return f"{Decimal(text.replace(',', '')):.2f}"


def _check_subject(found: dict[str, Any], errors: dict[str, str], today: date) -> None:
    if "subject_name" in found:
        try:
            found["subject_name"] = codes.normalise_name(found["subject_name"])
        except codes.CodeError as error:
            errors["subject_name"] = str(error)
    words = found.get("subject_kind")
    if words is None:
        return
    kind = KIND_WORDS[words]
    found["subject_kind"] = kind
    if "subject_code" not in found:
        return
    try:
        found["subject_code"] = (
            codes.check_id_number(found["subject_code"], today=today)
            if kind == codes.PERSON
            else codes.check_uscc(found["subject_code"])
        )
    except codes.CodeError as error:
        errors["subject_code"] = str(error)
        return
    if kind != codes.PERSON and (kind == codes.SOLE_TRADER) != found["subject_code"].startswith("92"):
        errors["subject_kind"] = "统一社会信用代码以 92 开头的是个体工商户，其他的不是。"


def _check_days(kind: str, found: dict[str, Any], errors: dict[str, str], today: date) -> None:
    decided, starts, ends = found.get("decided_on"), found.get("valid_from"), found.get("valid_until")
    if decided is not None and decided > today:
        errors["decided_on"] = "决定日期不能晚于今天。"
    if decided is not None and decided.year < 1949:
        errors["decided_on"] = "决定日期不能早于 1949 年。"
    if starts and ends and ends < starts:
        errors["valid_until"] = "有效期至不能早于有效期自。"
    if kind in OTHERS and decided and ends and ends < decided:
        errors["valid_until"] = "公示截止日期不能早于决定日期。"
