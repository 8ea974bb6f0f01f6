"""The days of late materials, as a promise may name them and as they end. Pure: calendar and rules are handed in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from commitments.text_rules import EMPTY_LINE
from credit_portal.deadlines.calendar import Calendar, count_days, count_working_days

NONE_CHOSEN = "容缺受理须至少选一项暂缺的材料；材料齐全的，请重新选择承诺类型，不勾“容缺受理”。"
NOT_LATE = "“{name}”不在可以后补的材料之内，须当场交齐。"
NO_DATE = "“{name}”没有写明补交日期。"
BAD_DATE = "“{name}”的补交日期应为日期（如 2026-03-05），现为“{typed}”。"
TOO_EARLY = "“{name}”的补交日期不能早于签署当日 {day}。"
TOO_LATE = "“{name}”的补交日期 {typed} 太晚，最迟 {day}（{why}）。"
REST_DAY = "“{name}”的补交日期 {typed} 是休息日，请改为工作日，例如 {day}。"
TWICE = "“{name}”重复。"


@dataclass(frozen=True)
class Limits:
    """What a promise made on a day may name: `default_on` is offered, `last_on` is the latest, `why` says so."""

    signed_on: date
    default_on: date
    last_on: date
    why: str
    provisional: bool


def limits(
    calendar: Calendar,
    *,
    signed_on: date,
    rule_days: int | None,
    confirmed: bool,
    item_days: int,
    begun_on: date | None = None,
) -> Limits:
    """`rule_days`: the working days of the rule `late_materials`, None where there is none; `item_days`: the working days
    in which the item itself is promised; `begun_on`: the day from which both are counted, where a correction takes the
    place of a promise made before. A rule that nobody has confirmed offers its day and refuses no other."""
    begun = begun_on or signed_on
    by_item = count_working_days(calendar, begun, item_days)
    own = f"事项承诺 {item_days} 个工作日办结"
    if rule_days is None or rule_days >= item_days:
        return Limits(signed_on, by_item.due, by_item.due, own, by_item.provisional)
    by_rule = count_working_days(calendar, begun, rule_days)
    if confirmed:
        return Limits(
            signed_on,
            by_rule.due,
            by_rule.due,
            f"规定补交不超过 {rule_days} 个工作日",
            by_rule.provisional,
        )
    return Limits(signed_on, by_rule.due, by_item.due, own, by_item.provisional)


def parse_day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed) if len(typed) == 10 else None
    except ValueError:
        return None


def problem_with_day(calendar: Calendar, bounds: Limits, *, name: str, typed: str) -> str:
    """What is wrong with the day promised for a material, naming it; empty: nothing."""
    if not typed.strip():
        return NO_DATE.format(name=name)
    day = parse_day(typed)
    if day is None:
        return BAD_DATE.format(name=name, typed=typed[:20])
    if day < bounds.signed_on:
        return TOO_EARLY.format(name=name, day=bounds.signed_on)
    if day > bounds.last_on:
        return TOO_LATE.format(name=name, typed=day, day=bounds.last_on, why=bounds.why)
    if not calendar.is_working_day(day):
        return REST_DAY.format(name=name, typed=day, day=last_day(calendar, day))
    return ""


def problems(
    calendar: Calendar, bounds: Limits, *, allowed: Sequence[str], promised: Sequence[Mapping[str, str]]
) -> dict[str, str]:
    """Everything that is wrong with a promise, by the material's name; under the empty name what concerns the whole.
    `promised`: rows with `name` and `on`."""
    if not promised:
        return {"": NONE_CHOSEN}
    found: dict[str, str] = {}
    seen: set[str] = set()
    for row in promised:
        name = row["name"]
        if name not in allowed:
            found[name] = NOT_LATE.format(name=name)
        elif name in seen:
            found[name] = TWICE.format(name=name)
        elif wrong := problem_with_day(calendar, bounds, name=name, typed=row["on"]):
            found[name] = wrong
        seen.add(name)
    return found


def last_day(calendar: Calendar, due_on: date) -> date:
    """The last day on which a material can still come in time: the promised one, or the next working day where a later
    notice has made it a rest day (Civil Code art. 203)."""
    return count_days(calendar, due_on, 0, to_act=True).due


def ends_on(calendar: Calendar, due_on: date) -> date:
    """The first day on which the procedure is over: the day after the last one."""
    return last_day(calendar, due_on) + timedelta(days=1)


def after_return(calendar: Calendar, *, due_on: date, sent_on: date, returned_on: date) -> date:
    """Till when a returned material may come again: what was left of its time when it was sent runs from the return, at
    least a working day; never less than was promised. So a slow clerk costs the subject nothing."""
    day, left = sent_on, 0
    while day < due_on:
        day += timedelta(days=1)
        left += calendar.is_working_day(day)
    return max(due_on, count_working_days(calendar, returned_on, max(left, 1)).due)


def extended(calendar: Calendar, due_on: date, working_days: int, *, decided_on: date) -> date:
    """A material's new day after force majeure: so many working days after the old one, and after a slow decision at least
    the next working day."""
    return max(
        count_working_days(calendar, due_on, working_days).due,
        count_working_days(calendar, decided_on, 1).due,
    )


def clause(promised: Sequence[Mapping[str, str]]) -> str:
    """The clause that stands in the signed text: every material with its day, as far as they are known."""
    parts = []
    for number, row in enumerate(promised, 1):
        day = parse_day(row["on"])
        shown = f"{day.year}年{day.month}月{day.day}日" if day else row["on"].strip() or EMPTY_LINE
        parts.append(f"（{number}）{row['name']}，{shown}以前补交")
    return f"容缺材料：{'；'.join(parts)}。日期均含当日。"
