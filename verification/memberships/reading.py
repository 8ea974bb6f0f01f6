"""What a row of a list says, field by field: one table for the form, the file and the interface. Pure.

A row puts a subject on a list, with its term, or takes it off, with day and reason (S1 八, S3 二（一）, S4 8).
"""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from credit_portal.registry import codes
from credit_portal.registry.in_sets import Named
from credit_portal.registry.legible import illegible
from credit_portal.registry.models import CreditSubject

ADD, REMOVE = "add", "remove"
ACTION_WORDS = {"列入": ADD, "移出": REMOVE}
KIND_WORDS = {str(label): str(code) for code, label in CreditSubject.Kind.choices}
NO_END = "无期限"
# The list whose measure bans from a market: for good only where the region's own rule says so (S1 十, S3 二（四）, S4 11).
MARKET_BAN = "market_ban"
ERROR_FOR_GOOD = (
    "{list}须写明期限：本地区的规则“市场和行业禁入可以没有期限”没有开通或者没有确认，禁入不能没有期限。"
)
OF_ADD, OF_REMOVE = frozenset({ADD}), frozenset({REMOVE})
BOTH = OF_ADD | OF_REMOVE


@dataclass(frozen=True)
class Field:
    """`key` in the interface, `head` in a file and on the form. `asked`, `must`: of which rows. `sort`: text, long, date,
    term (a date or «无期限»), one (of `among`), list."""

    key: str
    head: str
    most: int = 0
    sort: str = "text"
    asked: frozenset[str] = BOTH
    must: frozenset[str] = BOTH
    among: tuple[str, ...] = ()
    help: str = ""


NEVER: frozenset[str] = frozenset()
FIELDS: tuple[Field, ...] = (
    Field("action", "操作", sort="one", must=NEVER, among=tuple(ACTION_WORDS), help="列入或者移出；空白的为列入"),
    Field("list", "名单", 100, sort="list", help="名单的名称或者代码"),
    Field("subject_kind", "主体类别", sort="one", among=tuple(KIND_WORDS)),
    Field("subject_name", "主体名称", 200),
    Field("subject_code", "主体代码", 40, help="统一社会信用代码；自然人为身份证号码"),
    Field("document_no", "文书号", 100, must=NEVER, help="决定书文号或者案号；失信名单必填"),
    Field("source", "列入机关", 200, must=NEVER, help="作出列入决定的机关；部门报送的，空白的为本部门"),
    Field("from_on", "列入日期", sort="date", asked=OF_ADD, must=OF_ADD),
    Field("until_on", "期限至", sort="term", asked=OF_ADD, must=OF_ADD, help="最后一日；没有期限的写“无期限”"),
    Field("basis", "依据", 300, asked=OF_ADD, must=NEVER, help="法律依据；失信名单必填"),
    Field("remark", "备注", 500, sort="long", asked=OF_ADD, must=NEVER),
    Field("exit_on", "移出日期", sort="date", asked=OF_REMOVE, must=OF_REMOVE, help="只填移出的"),
    Field("exit_reason", "移出原因", 500, sort="long", asked=OF_REMOVE, must=OF_REMOVE, help="只填移出的"),
)  # fmt: skip
HEADS = {one.key: one.head for one in FIELDS}
BY_HEAD = {one.head: one.key for one in FIELDS}


class FieldErrors(ValueError):
    """What is wrong, by the key of the field, in Chinese."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(" ".join(errors.values()))
        self.errors = dict(errors)


@dataclass(frozen=True)
class KnownList:
    """A list as the reader needs it. `refusal`: why whoever tells may not keep it; `closed`: why nobody is added."""

    code: str
    name: str
    adverse: bool
    refusal: str = ""
    closed: str = ""


@dataclass(frozen=True)
class ListRow:
    """A checked row. Without `until_on` there is no end."""

    action: str
    list: str
    subject_kind: str
    subject_name: str
    subject_code: str
    document_no: str = ""
    source: str = ""
    from_on: date | None = None
    until_on: date | None = None
    basis: str = ""
    remark: str = ""
    exit_on: date | None = None
    exit_reason: str = ""

    @property
    def named(self) -> Named:
        return Named(self.subject_kind, self.subject_code, self.subject_name)

    @property
    def key(self) -> tuple[str, str, str]:
        """One subject stands on a list once by the same document."""
        return (self.list, self.subject_code, self.document_no)


def read(
    values: Mapping[str, str],
    *,
    lists: Mapping[str, KnownList],
    today: date,
    for_good: Callable[[date], bool],
    source: str = "",
) -> ListRow:
    """Read what was typed, uploaded or pushed, by key. `lists`: by code and by name; `for_good`: whether the region's rule
    lets a ban of that day be without end; `source`: the authority where none is told. Raises FieldErrors with every field
    that is wrong."""
    errors: dict[str, str] = {}
    action = ACTION_WORDS.get(values.get("action", "").strip() or "列入", "")
    if not action:
        errors["action"] = f"操作应为以下之一：{'、'.join(ACTION_WORDS)}。"
    found: dict[str, Any] = {}
    for one in FIELDS[1:]:
        raw = values.get(one.key, "")
        if action and action not in one.asked:
            if raw.strip():
                errors[one.key] = f"{'列入' if action == ADD else '移出'}的不填{one.head}。"
            continue
        try:
            value = value_of(one, raw, needed=action in one.must)
        except ValueError as error:
            errors[one.key] = str(error)
        else:
            if value not in (None, ""):
                found[one.key] = value
    errors |= {key: "没有这个字段。" for key in set(values) - set(HEADS) if values[key].strip()}
    check_subject(found, errors, today)
    known = _check_list(found, errors, lists, action)
    if action == ADD:
        found.setdefault("source", source)
        if not found["source"] and "source" not in errors:
            errors["source"] = "请填写列入机关。"
        _check_needed(found, errors, known)
        _check_term(found, errors, known, today, for_good)
    if (left := found.get("exit_on")) is not None and left > today:
        errors["exit_on"] = "移出日期不能晚于今天。"
    if errors:
        raise FieldErrors(errors)
    if found.get("until_on") == NO_END:
        del found["until_on"]
    return ListRow(action=action, **found)


def value_of(one: Field, raw: str, *, needed: bool) -> Any:
    text = _clean(one, raw)
    if not text:
        if needed:
            hint = f"，没有期限的写“{NO_END}”" if one.sort == "term" else ""
            head = f" {one.head}" if one.head[0].isascii() else one.head
            raise ValueError(f"请{'选择' if one.sort == 'one' else '填写'}{head}{hint}。")
        return ""
    if one.sort == "date":
        return _day(one.head, text)
    if one.sort == "term":
        return NO_END if text == NO_END else _day(one.head, text)
    if one.sort == "one" and text not in one.among:
        raise ValueError(f"{one.head}应为以下之一：{'、'.join(one.among)}。")
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


def check_subject(found: dict[str, Any], errors: dict[str, str], today: date) -> None:
    if "subject_name" in found:
        try:
            found["subject_name"] = codes.normalise_name(found["subject_name"])
        except codes.CodeError as error:
            errors["subject_name"] = str(error)
    words = found.get("subject_kind")
    if words is None:
        return
    kind = found["subject_kind"] = KIND_WORDS[words]
    if "subject_code" not in found:
        return
    try:
        code = found["subject_code"] = (
            codes.check_id_number(found["subject_code"], today=today)
            if kind == codes.PERSON
            else codes.check_uscc(found["subject_code"])
        )
    except codes.CodeError as error:
        errors["subject_code"] = str(error)
        return
    if kind != codes.PERSON and (kind == codes.SOLE_TRADER) != code.startswith("92"):
        errors["subject_kind"] = "统一社会信用代码以 92 开头的是个体工商户，其他的不是。"


def _check_list(
    found: dict[str, Any], errors: dict[str, str], lists: Mapping[str, KnownList], action: str
) -> KnownList | None:
    if "list" not in found:
        return None
    known = lists.get(found["list"])
    if known is None:
        errors["list"] = f"没有名单“{found['list'][:40]}”，请写名单的名称或者代码。"
        return None
    found["list"] = known.code
    if refusal := known.refusal or (known.closed if action == ADD else ""):
        errors["list"] = refusal
    return known


def _check_needed(found: dict[str, Any], errors: dict[str, str], known: KnownList | None) -> None:
    # What harms has to say by which document and by which law.
    if known is None or not known.adverse:
        return
    for key in ("document_no", "basis"):
        if key not in found and key not in errors:
            errors[key] = f"列入{known.name}的，请填写{HEADS[key]}。"


def _check_term(
    found: dict[str, Any],
    errors: dict[str, str],
    known: KnownList | None,
    today: date,
    for_good: Callable[[date], bool],
) -> None:
    first, last = found.get("from_on"), found.get("until_on")
    if first is None:
        return
    if first > today:
        errors["from_on"] = "列入日期不能晚于今天。"
    elif first.year < 1949:
        errors["from_on"] = "列入日期不能早于 1949 年。"
    if isinstance(last, date) and last < first:
        errors["until_on"] = "期限至不能早于列入日期。"
    if last == NO_END and known is not None and known.code == MARKET_BAN and not for_good(first):
        errors["until_on"] = ERROR_FOR_GOOD.format(list=known.name)
