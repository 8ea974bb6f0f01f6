"""Notices of one year's holidays: out of a readable file or a form into rows.

A file (TOML): `year`, `number`, `source`, perhaps `issued_on`; then `[[rest]]` with `name` and `from`, `to` (or `day`) for
holidays, and `[[work]]` with `day`, perhaps `name`, for weekend days that are worked (调休).
"""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction

from credit_portal.audit import events, history
from credit_portal.registry import groups
from credit_portal.registry.models import User
from credit_portal.registry.visibility import has_role

from .calendar import SATURDAY
from .models import CalendarDay, CalendarNotice

Kind = CalendarDay.Kind
SHIPPED = Path(__file__).parent / "notices"
YEARS = range(2000, 2100)
# No holiday has ever been longer; a longer range is a slip.
LONGEST_HOLIDAY = 20
# What every notice since 1999 has had as holidays: one that lacks them was copied wrongly.
ALWAYS = ((1, 1, "元旦"), (5, 1, "劳动节"), (10, 1, "国庆节"), (10, 2, "国庆节"), (10, 3, "国庆节"))
WEEKDAYS = "一二三四五六日"


class CalendarError(ValueError):
    """A notice cannot be taken; `problems` are Chinese sentences, each naming its place."""

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
    """A year's notice, checked. `issued_on` is None only where it is not known (the years that are shipped)."""

    year: int
    number: str
    issued_on: date | None
    source: str
    days: tuple[Day, ...]


@dataclass(frozen=True)
class Entry:
    """A line of a notice as it was written: one day or a range, and where it stands."""

    kind: str
    start: date
    end: date
    name: str
    where: str


@dataclass(frozen=True)
class Change:
    """What storing a notice did. `days`: those that are now worked or rested otherwise; `same`: nothing was written."""

    notice: CalendarNotice
    replaced: bool
    same: bool
    days: frozenset[date] = field(default_factory=frozenset)


# ---- reading a notice --------------------------------------------------------------------------------------


def shipped_notices() -> list[Notice]:
    """The years that the system comes with, the earliest first."""
    return [read_notice(file) for file in sorted(SHIPPED.glob("*.toml"))]


def read_notice(file: Path) -> Notice:
    """A notice out of a file. Raises CalendarError with every problem found."""
    where = f"文件 {file.name}"
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise CalendarError([f"{where}：没有这个文件，或不能读取。"]) from error
    except UnicodeDecodeError as error:
        raise CalendarError([f"{where}：不是 UTF-8 文字。"]) from error
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"line (\d+), column (\d+)", str(error))
        place = f"第 {at[1]} 行第 {at[2]} 列" if at else "文件末尾"
        raise CalendarError([f"{where}：{place}不是有效的 TOML 写法。"]) from error
    fields = {"year", "number", "issued_on", "source", Kind.REST, Kind.WORK}
    problems = [f"{where}，字段 {name}：没有这个字段。" for name in sorted(set(content) - fields)]
    entries: list[Entry] = []
    for kind in (Kind.REST, Kind.WORK):
        tables = content.get(kind, [])
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            problems.append(f"{where}，{kind}：应写作 [[{kind}]]。")
            continue
        for position, table in enumerate(tables, 1):
            read = _entry(kind, table, f"{where}，第 {position} 个 [[{kind}]]")
            if isinstance(read, Entry):
                entries.append(read)
            else:
                problems += read
    if problems:
        raise CalendarError(problems)
    return check_notice(
        year=content.get("year"),
        number=content.get("number"),
        issued_on=content.get("issued_on"),
        source=content.get("source"),
        entries=entries,
        where=f"{where}，字段 ",
    )


def _entry(kind: str, table: dict[str, Any], where: str) -> Entry | list[str]:
    fields = {"name", "day", "from", "to"} if kind == Kind.REST else {"name", "day"}
    problems = [f"{where}，字段 {name}：没有这个字段。" for name in sorted(set(table) - fields)]
    if "day" in table and ("from" in table or "to" in table):
        problems.append(f"{where}：写 day，或写 from 和 to，不能都写。")
    start = table.get("day", table.get("from"))
    end = table.get("day", table.get("to", start))
    for name, value in (("day" if kind == Kind.WORK or "day" in table else "from", start), ("to", end)):
        if type(value) is not date:
            problems.append(f"{where}，字段 {name}：应为日期（如 2027-01-01）。")
            break
    if not isinstance(table.get("name", ""), str):
        problems.append(f"{where}，字段 name：应为文字。")
    if problems or start is None or end is None:
        return problems
    return Entry(kind, start, end, table.get("name", "").strip(), where)


def check_notice(
    *,
    year: Any,
    number: Any,
    issued_on: Any,
    source: Any,
    entries: Sequence[Entry],
    where: str = "",
    names: Mapping[str, str] | None = None,
) -> Notice:
    """The notice that these lines make. Raises CalendarError naming field or line of everything that is wrong.

    `names`: what the fields are called where they were typed, if not as in a file.
    """
    problems: list[str] = []
    called = {
        name: where + (names or {}).get(name, name) for name in ("year", "number", "issued_on", "source")
    }
    if type(year) is not int or year not in YEARS:
        raise CalendarError([f"{called['year']}：应为 {YEARS.start} 至 {YEARS.stop - 1} 的年份。"])
    for name, text, longest in (("number", number, 60), ("source", source, 200)):
        if not isinstance(text, str) or not text.strip():
            problems.append(f"{called[name]}：须写明。")
        elif len(text.strip()) > longest:
            problems.append(f"{called[name]}：最多 {longest} 个字，现为 {len(text.strip())} 个字。")
    if issued_on is not None and (type(issued_on) is not date or issued_on.year not in (year - 1, year)):
        problems.append(f"{called['issued_on']}：应为 {year - 1} 或 {year} 年的日期。")
    days: dict[date, tuple[Day, str]] = {}
    for entry in entries:
        problems += _wrong_entry(entry, year) or _take(entry, days)
    if not problems:
        rested = {day for day, (one, _) in days.items() if one.kind == Kind.REST}
        problems += [
            f"{name}（{year}-{month:02}-{day:02}）没有列入放假，请对照通知原文。"
            for month, day, name in ALWAYS
            if date(year, month, day) not in rested
        ]
    if problems:
        raise CalendarError(problems)
    return Notice(
        year, number.strip(), issued_on, source.strip(), tuple(days[day][0] for day in sorted(days))
    )


def _wrong_entry(entry: Entry, year: int) -> list[str]:
    if entry.end < entry.start:
        return [f"{entry.where}：{entry.end} 早于 {entry.start}。"]
    if (entry.end - entry.start).days >= LONGEST_HOLIDAY:
        return [f"{entry.where}：{entry.start} 至 {entry.end} 超过 {LONGEST_HOLIDAY} 天，请核对。"]
    if entry.start < date(year - 1, 12, 20) or entry.end > date(year, 12, 31):
        return [f"{entry.where}：{entry.start} 不在 {year} 年（或上年 12 月下旬）。"]
    if entry.kind == Kind.WORK and entry.start.weekday() < SATURDAY:
        return [f"{entry.where}：{entry.start} 是星期{WEEKDAYS[entry.start.weekday()]}，不是调休上班日。"]
    if entry.kind == Kind.REST and not entry.name:
        return [f"{entry.where}：须写明节日名称。"]
    if len(entry.name) > 40:
        return [f"{entry.where}：节日名称最多 40 个字。"]
    return []


def _take(entry: Entry, days: dict[date, tuple[Day, str]]) -> list[str]:
    problems = []
    for offset in range((entry.end - entry.start).days + 1):
        day = entry.start + timedelta(days=offset)
        if day in days:
            problems.append(f"{entry.where}：{day} 已在{days[day][1]}列出。")
        else:
            days[day] = (Day(day, entry.kind, entry.name), entry.where)
    return problems


# ---- keeping it --------------------------------------------------------------------------------------------


def may_load(user: User) -> bool:
    """The credit office keeps the calendar."""
    return has_role(user, groups.CREDIT_OFFICE)


@transaction.atomic
def store_notice(notice: Notice, *, actor: User | None, now: datetime) -> Change:
    """Keep a year's notice in place of the one that was there; the same again writes nothing. Raises CalendarError.

    Open duties are not counted anew here: `recounting.load_notice` does both in one transaction.
    """
    if actor is not None and not may_load(actor):
        raise CalendarError(["工作日历由信用办维护。"])
    # One at a time: of two people entering a year at once, the second sees what the first has done.
    list(CalendarNotice.objects.select_for_update().order_by("year").values_list("year"))
    row = CalendarNotice.objects.filter(year=notice.year).first()
    old = {day.day: Day(day.day, day.kind, day.name) for day in row.days.all()} if row else {}
    new = {day.day: day for day in notice.days}
    taken = CalendarDay.objects.filter(day__in=new).exclude(notice_id=notice.year).order_by("day")
    if problems := [
        f"{day.day} 已由 {day.notice_id} 年放假安排列明（{day.get_kind_display()}），请先更正那一年的。"
        for day in taken
    ]:
        raise CalendarError(problems)
    replaced = row is not None
    if row is None:
        row = CalendarNotice(year=notice.year)
    elif (row.number, row.issued_on, row.source) == (
        notice.number,
        notice.issued_on,
        notice.source,
    ) and old == new:
        return Change(row, replaced=True, same=True)
    row.number, row.issued_on, row.source = notice.number, notice.issued_on, notice.source
    row.loaded_at, row.loaded_by = now, actor
    history.note(row, actor=actor, now=now)
    try:
        with transaction.atomic():
            row.save(force_insert=not replaced)
    except IntegrityError as error:
        raise CalendarError([f"{notice.year} 年放假安排刚由他人录入，请刷新后核对。"]) from error
    row.days.all().delete()
    CalendarDay.objects.bulk_create(
        CalendarDay(day=day.day, notice=row, kind=day.kind, name=day.name) for day in notice.days
    )
    changed = {day for day in old.keys() | new.keys() if _kind(old.get(day)) != _kind(new.get(day))}
    events.calendar_loaded(
        now=now,
        actor_id=actor.pk if actor else None,
        department_id=actor.department_id if actor else None,
        year=notice.year,
        number=notice.number,
        days=len(notice.days),
        replaced=replaced,
        put=_codes(new, changed),
        taken_out=_codes(old, changed),
    )
    return Change(row, replaced=replaced, same=False, days=frozenset(changed))


def _kind(day: Day | None) -> str:
    return day.kind if day else ""


def _codes(days: dict[date, Day], changed: Iterable[date]) -> list[str]:
    return [f"{day} {days[day].kind}" for day in sorted(changed) if day in days]


def year_missing(today: date) -> int | None:
    """The next year, when in December its notice is still not there: periods begun now already reach into it."""
    year = today.year + 1
    if today.month < 12 or CalendarNotice.objects.filter(year=year).exists():
        return None
    return year
