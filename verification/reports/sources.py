"""What rooms above have to say in a report. They register by part in their `AppConfig.ready()`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from credit_portal.registry.models import CreditSubject


@dataclass(frozen=True)
class Line:
    """One entry of a report: what it is, and where it comes from."""

    title: str
    more: str = ""


# `tell(subject, own=…, since=…, on=…, most=…)`: lines, the newest first, at most so many.
Tell = Callable[..., list[Line]]

_sources: dict[str, Tell] = {}


def register_part(part: str, tell: Tell) -> None:
    """Who tells the lines of a part that this room does not know itself."""
    _sources[part] = tell


def lines_of(part: str, subject: CreditSubject, *, own: bool, since: date, on: date, most: int) -> list[Line]:
    tell = _sources.get(part)
    return tell(subject, own=own, since=since, on=on, most=most) if tell else []
