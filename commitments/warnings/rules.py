"""When an entry of the record is a hint that a promise is not kept. Pure: rule, entry and promise in, clauses out.

S2 四（四）2: 「数据比对、分析和校验……对违反承诺内容的市场主体予以识别和预警」. Only what came after the promise, while it ran, can be against it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from credit_portal.deadlines.periods import last_day_after_months

PLEDGE = "pledge"


@dataclass(frozen=True)
class Clause:
    """A clause as it was signed, with the required contents that it covers."""

    no: int
    text: str
    covers: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Promise:
    """A commitment that runs. `until`: its last day, None where it has none."""

    made_on: date
    until: date | None
    type: str
    domain: str
    clauses: tuple[Clause, ...]


@dataclass(frozen=True)
class Found:
    """An entry as far as rules look at it; `on`: the day of the act."""

    kind: str
    on: date
    words: str
    grade: str = ""
    list_code: str = ""


@dataclass(frozen=True)
class Hint:
    """A rule as far as it compares. Empty narrowings let everything through."""

    kinds: frozenset[str]
    contents: frozenset[str] = frozenset()
    grades: frozenset[str] = frozenset()
    list_codes: frozenset[str] = frozenset()
    keywords: tuple[str, ...] = ()
    domains: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()


def looks_at(hint: Hint, found: Found) -> bool:
    """Whether a rule is about such an entry at all."""
    return (
        found.kind in hint.kinds
        and (not hint.grades or found.grade in hint.grades)
        and (not hint.list_codes or found.list_code in hint.list_codes)
        and (not hint.keywords or any(word in found.words for word in hint.keywords))
    )


def in_time(found: Found, promise: Promise) -> bool:
    """Whether the entry is of a day on which the promise ran: after the day of signing, up to its last day. What is of the
    day of signing may have come before it, and the check before signing has seen it."""
    return promise.made_on < found.on and (promise.until is None or found.on <= promise.until)


def clauses_against(hint: Hint, found: Found, promise: Promise) -> list[Clause]:
    """The clauses that the entry may be against, in their order; none where the rule does not warn."""
    if not looks_at(hint, found) or not in_time(found, promise):
        return []
    if hint.domains and promise.domain not in hint.domains:
        return []
    if hint.types and promise.type not in hint.types:
        return []
    return [one for one in promise.clauses if one.covers & hint.contents]


def promised(
    content: Iterable[Mapping[str, object]], covers: Mapping[int, Sequence[str]]
) -> tuple[Clause, ...]:
    """The pledges of a commitment as it was signed; `covers`: the required contents by the id of a text's clause."""
    return tuple(
        Clause(
            int(str(one["no"])), str(one["text"]), frozenset(covers.get(int(str(one.get("clause") or 0)), ()))
        )
        for one in content
        if one.get("kind") == PLEDGE
    )


def many_complaints(days: Iterable[date], *, on: date, number: int, months: int) -> int | None:
    """How many complaints there are up to a day (itself included) of which `months` months have not gone by; None below
    `number`."""
    count = sum(1 for day in days if day <= on <= last_day_after_months(day, months))
    return count if count >= number else None
