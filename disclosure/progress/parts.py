"""What reports, summaries and assessments have in common: the refusal by field, text by its length, figures as data."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from django.db.models import Model, QuerySet

from credit_portal.registry import groups
from credit_portal.registry.below import within
from credit_portal.registry.models import Department, User
from credit_portal.registry.visibility import group_names

MOST_TEXT, MOST_REASON, MOST_NAME = 5_000, 300, 60
MOST_TO = 200


class ProgressError(ValueError):
    """It cannot be done so; `field` names what is wrong, the message says it in Chinese."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Figure:
    """One number with the words that stood beside it. `key` leads to its cases; an `amount` is what they add up to, not how
    many they are."""

    key: str
    group: str
    label: str
    number: int
    amount: bool = False


def as_data(figures: Iterable[Figure]) -> list[dict[str, Any]]:
    return [
        {name: value for name, value in asdict(one).items() if name != "amount" or value} for one in figures
    ]


def from_data(data: Iterable[dict[str, Any]]) -> list[Figure]:
    return [Figure(**one) for one in data]


def fingerprint(content: dict[str, Any]) -> str:
    """SHA-256 of a content in its one canonical form."""
    return hashlib.sha256(
        json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    ).hexdigest()


def text(value: str, field: str, label: str, most: int = MOST_TEXT) -> str:
    value = value.replace("\r\n", "\n").strip()
    if not value:
        raise ProgressError(f"请填写{label}。", field=field)
    if len(value) > most:
        raise ProgressError(f"{label}最多 {most} 个字，现为 {len(value)} 个字。", field=field)
    return value


def sections(values: Sequence[tuple[str, str, str]]) -> dict[str, str]:
    """The free text of a report by field: `(field, label, text)`. Raises ProgressError for the first that is missing."""
    return {field: text(value, field, label) for field, label, value in values}


def office_of(actor: User, what: str) -> Department:
    if groups.CREDIT_OFFICE not in group_names(actor) or actor.department is None:
        raise ProgressError(f"{what}由信用办办理。")
    return actor.department


def regional(rows: QuerySet[Any], user: User) -> QuerySet[Any]:
    """Rows of the own region and below, for the office and the auditor only."""
    if user.department is None or not group_names(user) & groups.REGIONAL:
        return rows.none()
    path = user.department.region.path
    return rows.filter(within(path))


def taken(rows: QuerySet[Any], pk: int, actor: User, what: str) -> Any:
    """An office's own row, locked."""
    row: Model = rows.select_for_update(of=("self",)).select_related("office", "region").get(pk=pk)
    if office_of(actor, what).pk != row.office_id:  # type: ignore[attr-defined]
        raise ProgressError(f"{what}由原来的信用办办理。")
    return row


def sent_up(on: date, to: str, *, issued_on: date | None, today: date) -> tuple[date, str]:
    """The day and the recipient of what goes up, checked. Raises ProgressError by field."""
    if issued_on is None or not issued_on <= on <= today:
        raise ProgressError(f"上报日期应在签发之日 {issued_on} 与今天之间。", field="on")
    return on, text(to, "to", "上报对象", MOST_TO)
