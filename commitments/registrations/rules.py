"""What may become of a registration, by whom; what is asked of what it says. Pure."""

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from commitments.registration_models import Registration, RegistrationKind

State = Registration.State
# What each may do, from which states. A row not named stands still.
BY_SUBJECT: dict[str, frozenset[str]] = {
    State.WITHDRAWN: frozenset({State.DRAFT, State.SUBMITTED, State.ASKED, State.VERIFIED}),
    State.SUBMITTED: frozenset({State.DRAFT, State.ASKED}),
}
BY_DEPARTMENT: dict[str, frozenset[str]] = {
    State.ASKED: frozenset({State.SUBMITTED}),
    State.VERIFIED: frozenset({State.SUBMITTED}),
    State.REFUSED: frozenset({State.SUBMITTED, State.ASKED}),
    State.FALSE: frozenset({State.VERIFIED}),
}
BY_TIME: dict[str, frozenset[str]] = {State.EXPIRED: frozenset({State.VERIFIED})}
# Expired by a last day that an answer to an objection has put right.
BY_ANSWER: dict[str, frozenset[str]] = {State.VERIFIED: frozenset({State.EXPIRED})}
# Those that wait at a department, and those that are known to be registered.
WAITING = (State.SUBMITTED, State.ASKED)
REGISTERED = (*WAITING, State.VERIFIED)
FROZEN = (
    "kind", "title", "facts", "issuer", "document_no", "issued_on", "valid_until",
)  # fmt: skip
LABELS = {
    "kind": "信息种类",
    "title": "名称",
    "facts": "内容",
    "issuer": "出具单位",
    "document_no": "证明编号",
    "issued_on": "出具日期",
    "valid_until": "有效期至",
}
MOST = {"title": 100, "facts": 500, "issuer": 100, "document_no": 100}
HELP = {
    RegistrationKind.QUALIFICATION: "营业执照以外的许可、资质、认证、职称等，写证书上的名称。",
    RegistrationKind.PRODUCTION: "产能、标准化、安全生产、环保等情况，以第三方或者主管部门的文书为证。",
    RegistrationKind.MARKET: "纳税、社保、用工、知识产权、守合同重信用等经营情况。",
    RegistrationKind.CONTRACT: "已经履行完毕的合同，以验收书、结算单或者对方出具的证明为证。",
    RegistrationKind.WELFARE: "捐赠、志愿服务、助残助学等，以接收单位的证明为证。",
}


class RegistrationError(ValueError):
    """It cannot be done so; `field` names the input, the message says it in Chinese."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class FieldErrors(RegistrationError):
    """Everything that is wrong with what was told, by field."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("".join(errors.values()))
        self.errors = dict(errors)


@dataclass(frozen=True)
class Told:
    """What a subject tells, as it was typed."""

    kind: str
    title: str
    issuer: str
    issued_on: date | None
    facts: str = ""
    document_no: str = ""
    valid_until: date | None = None


def checked(told: Told, *, today: date) -> Told:
    """The same, each word cleaned. Raises FieldErrors."""
    errors: dict[str, str] = {}
    if told.kind not in RegistrationKind.values:
        errors["kind"] = "请选择信息种类。"
    words = {name: _text(getattr(told, name)) for name in MOST}
    for name, least in (("title", 2), ("issuer", 2), ("facts", 0), ("document_no", 0)):
        size, most = len(words[name]), MOST[name]
        if not least <= size <= most:
            asked = f"{least} 至 {most}" if least else f"最多 {most}"
            errors[name] = f"{LABELS[name]}{asked} 个字，现为 {size} 个字。"
    if told.issued_on is None:
        errors["issued_on"] = "请填写出具日期。"
    elif not date(1949, 10, 1) <= told.issued_on <= today:
        errors["issued_on"] = "出具日期应在 1949 年以后、今天以前。"
    if told.valid_until is not None and told.issued_on is not None and told.valid_until < told.issued_on:
        errors["valid_until"] = "有效期不能早于出具日期。"
    elif told.valid_until is not None and told.valid_until < today:
        errors["valid_until"] = "证明已经到期，不能登记。"
    elif told.valid_until is not None and told.valid_until.year > 2200:
        errors["valid_until"] = "有效期不能晚于 2200 年；长期有效的不填。"
    if errors:
        raise FieldErrors(errors)
    return Told(told.kind, words["title"], words["issuer"], told.issued_on, words["facts"], words["document_no"], told.valid_until)  # fmt: skip


def _text(typed: str) -> str:
    return "".join(
        char
        for char in unicodedata.normalize("NFC", typed).strip()
        if char in "\n" or unicodedata.category(char) not in ("Cc", "Cs", "Co", "Cn")
    )


def digest(entries: Iterable[Registration]) -> str:
    """SHA-256 (hex) over every word of what is signed for and the hashes of the proofs, in the order of the rows."""
    body = [
        [str(row.uuid), *(_plain(getattr(row, name)) for name in FROZEN), row.proof.sha256]
        for row in sorted(entries, key=lambda row: row.pk)
    ]
    packed = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
    return hashlib.sha256(packed).hexdigest()


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else "" if value is None else str(value)


def list_line(number: str, rows: int, sha256: str) -> str:
    """What the signed text says of the list: its number, how many, and the first half of its hash. In groups of four: a
    hash may hold eleven digits in a row, and what reads as somebody's telephone is not let into a text."""
    groups = [sha256[at : at + 4] for at in range(0, 32, 4)]
    return f"{number}，共 {rows} 条，校验值 {'/'.join(groups)}"
