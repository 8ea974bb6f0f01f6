"""What a visitor or a program asks of the public lists, read and checked. Everything wrong is named in Chinese, with
its field; nothing is guessed and nothing is silently left out."""

import base64
import hmac
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import Q
from django.utils.crypto import salted_hmac

from commitments.models import Commitment
from credit_portal.registry import codes
from credit_portal.registry.models import CommitmentType, Department, Region, ServiceItem

from .gate import of_shown_status

NAME_LENGTH = 50
PAGE_SIZE, PAGE_SIZE_MOST = 20, 100
FILTERS = ("name", "code", "department", "item", "type", "status", "region", "made_from", "made_to")
PAGING = ("cursor", "page_size")

ERROR_LONG = f"名称最多输入 {NAME_LENGTH} 个字。"
ERROR_PERSON = "自然人信息不提供公开查询；本人可登录后查看。"
ERROR_DEPARTMENT = "没有这个受理单位，请填受理单位的统一社会信用代码。"
ERROR_ITEM = "没有这个事项编码，请从事项目录中查找。"
ERROR_TYPE = "没有这种承诺类型，可用：{}。"
ERROR_STATUS = "没有这种履行状态，可用：{}。"
ERROR_REGION = "没有这个行政区划代码。"
ERROR_DATE = "日期应写作 2026-01-31 的形式。"
ERROR_DATES = "结束日期不能早于开始日期。"
ERROR_CURSOR = "翻页标记无效，请从第一页重新查询。"
ERROR_SIZE = f"每页条数应为 1 至 {PAGE_SIZE_MOST} 的整数。"
ERROR_UNKNOWN = "没有这个参数。可用的参数：{}。"
ERROR_TWICE = "这个参数只能写一次。"

_HAN = "\u2e80-\u2fdf\u3005-\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_INTERPUNCT = re.compile(f"(?<=[{_HAN}])[•・‧∙⋅．]|[•・‧∙⋅．](?=[{_HAN}])")


class TermsError(ValueError):
    """The question cannot be answered so. `errors`: field → what is wrong with it, in Chinese."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        self.errors = dict(errors)
        super().__init__(" ".join(self.errors.values()))


@dataclass(frozen=True)
class Cursor:
    """A place in the order of the list, newest first: rows older than `edge`, or newer than it."""

    edge: int
    newer: bool = False


@dataclass(frozen=True)
class Terms:
    """A checked question. Department and item are rows' ids, regions the codes of a region and those below it."""

    name: str = ""
    code: str = ""
    department_id: int | None = None
    item_id: int | None = None
    commitment_type: str = ""
    status: str = ""
    regions: tuple[str, ...] = ()
    made_from: date | None = None
    made_to: date | None = None
    cursor: Cursor | None = None
    page_size: int = PAGE_SIZE

    @property
    def narrowing(self) -> Q:
        """Everything but the name and the place, as a condition on commitments."""
        wanted = {
            "department_id": self.department_id,
            "item_id": self.item_id,
            "commitment_type": self.commitment_type or None,
            "region_id__in": self.regions or None,
            "made_on__gte": self.made_from,
            "made_on__lte": self.made_to,
        }
        narrowed = Q(**{field: value for field, value in wanted.items() if value is not None})
        return narrowed & of_shown_status(self.status) if self.status else narrowed


def read_terms(given: Mapping[str, str]) -> Terms:
    """Read a query string's parameters (FILTERS and PAGING; others are not looked at). Raises TermsError."""
    values = {key: given.get(key, "").strip() for key in (*FILTERS, *PAGING)}
    errors: dict[str, str] = {}
    found: dict[str, object] = {}

    def take(field: str, target: str, read: object) -> None:
        # A word left empty asks for nothing; a number has to be one.
        if values[field] or (read is read_size and field in given):
            try:
                found[target] = read(values[field])  # type: ignore[operator]
            except ValueError as error:
                errors[field] = str(error)

    take("name", "name", read_name)
    take("code", "code", read_code)
    take("department", "department_id", _department)
    take("item", "item_id", _item)
    take("type", "commitment_type", _type)
    take("status", "status", _status)
    take("region", "regions", _regions)
    take("made_from", "made_from", read_day)
    take("made_to", "made_to", read_day)
    take("cursor", "cursor", read_cursor)
    take("page_size", "page_size", read_size)
    terms = Terms(**found) if not errors else None  # type: ignore[arg-type]
    if terms and terms.made_from and terms.made_to and terms.made_to < terms.made_from:
        errors["made_to"] = ERROR_DATES
    if errors or terms is None:
        raise TermsError(errors)
    return terms


def read_box(text: str) -> dict[str, str]:
    """What the one search box holds, as parameters: a whole code of 18 characters is `code`, anything else `name`."""
    cleaned = codes.clean(text)
    if re.fullmatch(r"[0-9A-Z]{18}", cleaned):
        return {"code": cleaned}
    return {"name": text}


def read_name(text: str) -> str:
    """A part of a name, in the form in which names are stored (NFC, one space, ·). Raises ValueError.

    At an edge of a fragment the character beside an interpunct is not there to see, so one side is enough.
    """
    if len(text) > 4 * NAME_LENGTH:
        raise ValueError(ERROR_LONG)
    name = codes.normalise_name(_INTERPUNCT.sub("·", unicodedata.normalize("NFC", text)))
    if len(name) > NAME_LENGTH:
        raise ValueError(ERROR_LONG)
    return name


def read_code(text: str) -> str:
    """A 统一社会信用代码. Raises ValueError saying which part is wrong; a person's number is refused unread."""
    try:
        return codes.check_uscc(text)
    except codes.CodeError:
        if re.fullmatch(r"[1-9]\d{5}(18|19|20)\d{9}[\dX]", codes.clean(text)):
            raise ValueError(ERROR_PERSON) from None
        raise


def write_cursor(cursor: Cursor) -> str:
    """A cursor as text: signed, so that only places that were handed out come back."""
    body = (b"n" if cursor.newer else b"o") + cursor.edge.to_bytes(8, "big")
    return base64.urlsafe_b64encode(body + _seal(body)).decode()


def read_cursor(text: str) -> Cursor:
    """The place that `write_cursor` wrote. Raises ValueError."""
    try:
        raw = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
    except ValueError:
        raise ValueError(ERROR_CURSOR) from None
    body, seal = raw[:9], raw[9:]
    if len(raw) != 18 or not hmac.compare_digest(seal, _seal(body)):
        raise ValueError(ERROR_CURSOR)
    return Cursor(int.from_bytes(body[1:], "big"), newer=body[:1] == b"n")


def _seal(body: bytes) -> bytes:
    return salted_hmac("disclosure.cursor", body, algorithm="sha256").digest()[:9]


def _department(text: str) -> int:
    found = Department.objects.filter(uscc=codes.clean(text)).values_list("pk", flat=True).first()
    if found is None:
        raise ValueError(ERROR_DEPARTMENT)
    return found


def _item(text: str) -> int:
    if (
        "\0" in text
        or (found := ServiceItem.objects.filter(code=text).values_list("pk", flat=True).first()) is None
    ):
        raise ValueError(ERROR_ITEM)
    return found


def _type(text: str) -> str:
    if text not in CommitmentType.values:
        raise ValueError(ERROR_TYPE.format("、".join(CommitmentType.values)))
    return text


def _status(text: str) -> str:
    if text not in Commitment.Fulfilment.values:
        raise ValueError(ERROR_STATUS.format("、".join(Commitment.Fulfilment.values)))
    return text


def _regions(text: str) -> tuple[str, ...]:
    if not re.fullmatch(r"[0-9]{6}", text):
        raise ValueError(ERROR_REGION)
    below = Region.objects.filter(Q(path__endswith=text) | Q(path__contains=f"{text}/"))
    found = tuple(below.order_by("path").values_list("code", flat=True))
    if text not in found:
        raise ValueError(ERROR_REGION)
    return found


def read_day(text: str) -> date:
    """A day as an address writes it. Raises ValueError."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text, re.ASCII):
        raise ValueError(ERROR_DATE)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(ERROR_DATE) from None


def read_size(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,3}", text) or not 1 <= int(text) <= PAGE_SIZE_MOST:
        raise ValueError(ERROR_SIZE)
    return int(text)
