"""Notices of one year's holidays: out of a readable file or a form into rows.

A notice file (TOML): `year`, `number`, `source`, perhaps `issued_on`; then `[[rest]]` with `name`, `from`, `to` (or
`day`) for holidays, and `[[work]]` with `day`, perhaps `name`, for weekend days that are worked.
"""

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction

from credit_portal.audit import events
from credit_portal.audit.history import note
from credit_portal.registry import groups
from credit_portal.registry.models import User
from credit_portal.registry.visibility import has_role

from .models import CalendarDay, CalendarNotice

SHIPPED = Path(__file__).parent / "notices"
Kind = CalendarDay.Kind
# No holiday of the State Council is longer; a slip in a date would make a year of rest.
LONGEST_HOLIDAY = 12
FIELDS = {"year", "number", "issued_on", "source", "rest", "work"}


class CalendarError(ValueError):
    """A notice cannot be loaded; `problems` are Chinese sentences naming the field or line."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True)
class Day:
    day: date
    kind: str
    name: str = ""


@dataclass(frozen=True)
class Notice:
    """A year's notice, checked: its days in order, each once."""

    year: int
    number: str
    source: str
    days: tuple[Day, ...]
    issued_on: date | None = None


# ---- reading -----------------------------------------------------------------------------------------------


def read_notice(path: Path) -> Notice:
    """A notice out of a file. Raises CalendarError with every problem of it."""
    name = f"文件 {path.name}"
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CalendarError([f"没有放假安排文件 {path}。"]) from error
    except UnicodeDecodeError as error:
        raise CalendarError([f"{name}：不是 UTF-8 文字。"]) from error
    except tomllib.TOMLDecodeError as error:
        raise CalendarError([f"{name}：不是有效的 TOML 写法。"]) from error
    problems = [f"{name}，字段 {field}：没有这个字段。" for field in sorted(set(content) - FIELDS)]
    days: list[Day] = []
    for kind, table in ((Kind.REST, "rest"), (Kind.WORK, "work")):
        entries = content.get(table, [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            problems.append(f"{name}，字段 {table}：应写作 [[{table}]]。")
            continue
        for position, entry in enumerate(entries, 1):
            where = f"{name}，第 {position} 个 [[{table}]]"
            first, last = entry.get("from", entry.get("day")), entry.get("to", entry.get("day"))
            if type(first) is not date or type(last) is not date:
                problems.append(f"{where}：应有 day，或 from 和 to（日期，如 2027-01-01）。")
                continue
            try:
                days += spread(first, last, kind=kind, name=str(entry.get("name", "")))
            except CalendarError as error:
                problems += [f"{where}：{problem}" for problem in error.problems]
    issued_on = content.get("issued_on")
    if issued_on is not None and type(issued_on) is not date:
        problems.append(f"{name}，字段 issued_on：应为日期（如 2026-11-04）。")
        issued_on = None
    try:
        checked = check_notice(
            year=content.get("year"),
            number=content.get("number", ""),
            source=content.get("source", ""),
            days=days,
            issued_on=issued_on,
        )
    except CalendarError as error:
        raise CalendarError([*problems, *(f"{name}：{problem}" for problem in error.problems)]) from error
    if problems:
        raise CalendarError(problems)
    return checked


def spread(first: date, last: date, *, kind: str, name: str) -> list[Day]:
    """Each day of a stretch, both ends included. Raises CalendarError."""
    length = (last - first).days + 1
    if length < 1:
        raise CalendarError([f"止日 {last} 早于起日 {first}。"])
    if length > LONGEST_HOLIDAY:
        raise CalendarError([f"{first} 至 {last} 共 {length} 天，超过 {LONGEST_HOLIDAY} 天，请核对。"])
    return [Day(first + timedelta(days=offset), kind, name) for offset in range(length)]


def check_notice(
    *, year: Any, number: str, source: str, days: Iterable[Day], issued_on: date | None = None
) -> Notice:
    """A year's notice, checked as a whole. Raises CalendarError with every problem.

    Days belong to the year itself; the last days of the December before may be moved too.
    """
    problems: list[str] = []
    if type(year) is not int or not 2000 <= year <= 2100:
        raise CalendarError(["年份应为 2000 至 2100 的整数。"])
    if not isinstance(number, str) or not number.strip():
        problems.append("请填写文号。")
    elif len(number.strip()) > 60:
        problems.append("文号最多 60 个字。")
    if not isinstance(source, str) or not source.strip():
        problems.append("请填写来源。")
    elif len(source.strip()) > 200:
        problems.append("来源最多 200 个字。")
    seen: dict[date, Day] = {}
    for day in days:
        if day.day in seen:
            problems.append(f"{day.day} 出现了两次。")
        if day.day.year != year and not (day.day.year == year - 1 and day.day.month == 12):
            problems.append(f"{day.day} 不在 {year} 年（或上年 12 月）内。")
        if day.kind == Kind.WORK and day.day.weekday() < 5:
            problems.append(f"{day.day} 不是周末，不能作为调休上班日。")
        if len(day.name) > 40:
            problems.append(f"{day.day} 的节日名称最多 40 个字。")
        seen[day.day] = day
    if not any(day.kind == Kind.REST for day in seen.values()):
        problems.append("没有任何放假日。")
    if problems:
        raise CalendarError(problems)
    return Notice(year, number.strip(), source.strip(), tuple(seen[day] for day in sorted(seen)), issued_on)


# ---- storing -----------------------------------------------------------------------------------------------


def shipped_notices() -> list[Notice]:
    """The notices that come with the system, one a year."""
    return [read_notice(path) for path in sorted(SHIPPED.glob("*.toml"))]


@dataclass(frozen=True)
class Change:
    """What storing a notice did: the days whose meaning has changed, none where it was stored like this before."""

    notice: CalendarNotice
    days: frozenset[date]
    replaced: bool


def may_load(user: User) -> bool:
    """The credit office keeps the calendar."""
    return has_role(user, groups.CREDIT_OFFICE)


@transaction.atomic
def store_notice(notice: Notice, *, actor: User | None, now: datetime) -> Change:
    """Store a year's notice in place of the one before; the same again changes nothing. Raises CalendarError.

    The duties that it touches are counted anew by `recounting.load_notice`, which calls this.
    """
    if actor is not None and not may_load(actor):
        raise CalendarError(["工作日历由信用办维护。"])
    known = CalendarNotice.objects.select_for_update().filter(year=notice.year).first()
    before = {row.day: Day(row.day, row.kind, row.name) for row in known.days.all()} if known else {}
    after = {day.day: day for day in notice.days}
    facts = (notice.number, notice.source, notice.issued_on)
    if known and before == after and facts == (known.number, known.source, known.issued_on):
        return Change(known, frozenset(), True)
    elsewhere = CalendarDay.objects.filter(day__in=after).exclude(notice_id=notice.year)
    if wrong := [
        f"{day} 已在 {other} 年的放假安排中。" for day, other in elsewhere.values_list("day", "notice")
    ]:
        raise CalendarError(wrong)
    row = known or CalendarNotice(year=notice.year)
    row.number, row.source, row.issued_on = facts
    row.loaded_at, row.loaded_by = now, actor
    note(row, actor=actor, now=now)
    row.save()
    row.days.all().delete()
    CalendarDay.objects.bulk_create(
        CalendarDay(day=day.day, notice=row, kind=day.kind, name=day.name) for day in notice.days
    )
    events.calendar_loaded(
        now=now,
        actor_id=actor.pk if actor else None,
        department_id=actor.department_id if actor else None,
        year=notice.year,
        number=notice.number,
        days=len(notice.days),
        replaced=known is not None,
    )
    changed = {day for day in before.keys() | after.keys() if _meaning(before, day) != _meaning(after, day)}
    return Change(row, frozenset(changed), known is not None)


def _meaning(days: dict[date, Day], day: date) -> str:
    found = days.get(day)
    return found.kind if found else ""
