"""What a report says: a constant number of queries, whatever the record's length. (R60, R113, R114.)

Told of its own, a subject is told what its own record tells it, but for what has been repaired or revoked: it hands the paper
on. Told to another, nothing is
there that is not (or no longer) a matter of record: unverified, ended, revoked, repaired or expired entries, determinations not
yet served, warnings, complaints and other notes of supervision; and no number of a person or telephone, wherever it was typed.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from credit_portal.registry import personal_numbers
from credit_portal.registry.codes import PERSON
from credit_portal.registry.models import CreditSubject
from verification.checking.handling import CheckError
from verification.checking.own_record import entries_told
from verification.consent_models import Part
from verification.facts import as_entry
from verification.models import CreditEntry
from verification.record import standing
from verification.tax_credit import keeping as tax_credit
from verification.vocabulary import Kind, Standing, State, day_text

from .sources import Line, lines_of

MOST = 2_000
# The longest publicity is of 36 months: what was over before that is no longer told.
YEARS = 3
KINDS = {
    Kind.LICENCE: Part.ACTS,
    Kind.OTHER_ACT: Part.ACTS,
    Kind.PENALTY: Part.ADVERSE,
    Kind.LIST: Part.ADVERSE,
    Kind.BREACH: Part.ADVERSE,
    Kind.AWARD: Part.GOOD,
    Kind.EXEMPLARY: Part.GOOD,
    Kind.GOOD_STANDING: Part.GOOD,
    Kind.FULFILMENT: Part.GOOD,
    Kind.REGISTRATION: Part.REGISTERED,
}
_ADVERSE_SHOWN = frozenset({Standing.UNREPAIRED, Standing.IN_PUBLICITY})
TOO_LONG = f"记录超过 {MOST} 条，请联系信用办出具。"
HIDDEN = "＊"


@dataclass(frozen=True)
class Section:
    """A part of the report with its lines; without any it says so."""

    title: str
    lines: tuple[Line, ...]


def since(on: date) -> date:
    """The first day of the period of a report made on a day."""
    try:
        return on.replace(year=on.year - YEARS)
    except ValueError:
        return on.replace(year=on.year - YEARS, day=28)


def gather(
    subject: CreditSubject, *, parts: Collection[str], own: bool, on: date, begin: date
) -> list[Section]:
    """The sections in their order. `begin`: the first day of the period. Raises CheckError where it would be too long."""
    by_part = _entries(subject, own=own, on=on, begin=begin)
    found = []
    for part in Part:
        if part in parts:
            told = lines_of(part, subject, own=own, since=begin, on=on, most=MOST + 1) + by_part[part]
            found.append(Section(str(part.label), tuple(_clean(told, own))))
    if own:
        rest = by_part[""]
        if rest:
            found.append(Section("其他记录", tuple(rest)))
        if subject.kind == PERSON:
            tax = [
                Line(
                    f"{row.tax_year} 年度，{row.get_kind_display()}：{row.facts}",
                    f"{row.department.name}；{day_text(row.found_on)}认定；{row.get_state_display()}",
                )
                for row in tax_credit.told_to(subject)[: MOST + 1]
            ]
            if tax:
                found.append(Section("纳税信用信息（只供本人）", tuple(tax)))
    if any(len(section.lines) > MOST for section in found):
        raise CheckError(TOO_LONG)
    return found


def _entries(subject: CreditSubject, *, own: bool, on: date, begin: date) -> dict[str, list[Line]]:
    """Lines by part; of its own what belongs to none, too, under an empty key."""
    rows = entries_told(subject).exclude(state__in=(State.REPAIRED, State.REVOKED))
    if not own:
        rows = rows.filter(state=State.EFFECTIVE, verified=True, kind__in=list(KINDS))
    found: dict[str, list[Line]] = defaultdict(list)
    read = list(rows.select_related("credit_list").order_by("-from_on", "-pk")[: MOST + 1])
    if len(read) > MOST:
        raise CheckError(TOO_LONG)
    for row in read:
        if own or _shown(row, on, begin):
            found[KINDS.get(Kind(row.kind), "")].append(_line(row, own, on))
    return found


def _shown(row: CreditEntry, on: date, begin: date) -> bool:
    """Whether an effective entry is told to another on a day."""
    if row.from_on > on:
        return False
    if KINDS[Kind(row.kind)] == Part.ADVERSE:
        return standing(as_entry(row), on) in _ADVERSE_SHOWN
    if row.until_on is not None:
        return row.until_on >= on
    # An award or an act without a last day is of its own day.
    return row.from_on >= begin or row.kind in (Kind.LICENCE, Kind.EXEMPLARY, Kind.GOOD_STANDING)


def _over(row: CreditEntry, on: date) -> bool:
    """Whether an effective entry is past its last day."""
    if KINDS.get(Kind(row.kind)) == Part.ADVERSE:
        return standing(as_entry(row), on) is Standing.EXPIRED
    return row.until_on is not None and row.until_on < on


def _line(row: CreditEntry, own: bool, on: date) -> Line:
    title = f"{row.get_kind_display()}：{row.title}"
    if row.document_no:
        title += f"（{row.document_no}）"
    more = [f"来源：{row.source}"]
    if row.credit_list is not None:
        more.append(f"名单：{row.credit_list.name}")
    more.append(f"自{day_text(row.from_on)}{f'至{day_text(row.until_on)}' if row.until_on else ''}")
    if row.public_from is not None:
        more.append(
            f"公示自{day_text(row.public_from)}{f'至{day_text(row.public_until)}' if row.public_until else ''}"
        )
    if row.objection_under_way:
        more.append("异议处理中")
    if own and row.state != State.EFFECTIVE:
        more.append(str(row.get_state_display()))
    elif own and _over(row, on):
        more.append("期限已满")
    if own and not row.verified:
        more.append("未核实")
    return Line(title, "；".join(more))


def _clean(lines: Iterable[Line], own: bool) -> list[Line]:
    return (
        list(lines) if own else [Line(without_numbers(one.title), without_numbers(one.more)) for one in lines]
    )


def without_numbers(text: str) -> str:
    """A text without the numbers of persons and telephones that somebody has typed into it."""
    for passage in personal_numbers.passages(text):
        text = text.replace(passage, HIDDEN * 6)
    return text


def fingerprint(subject: CreditSubject, sections: Iterable[Section]) -> str:
    """SHA-256 of what a report says, so that whoever checks it later learns that it would read otherwise now."""
    said = [subject.name, *[[one.title, [[line.title, line.more] for line in one.lines]] for one in sections]]
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()
