"""How a due date came about, day by day, for whoever has to keep it or answers for it."""

from dataclasses import dataclass
from datetime import date, timedelta

from .calendar import BY_ENDS, FIXED_HOLIDAYS
from .models import CalendarDay, Duty

UNITS = {"working_days": "个工作日", "days": "日", "months": "个月"}
LONGEST_LISTED = 120


@dataclass(frozen=True)
class DayLine:
    """One day on the way: its number where it was counted, else why it was not."""

    day: date
    number: int | None
    why: str
    due: bool


@dataclass(frozen=True)
class Progress:
    """Where a duty stands on a day: the counted day that today is or follows, how many are left, or how late it is."""

    passed: int
    left: int
    late_days: int
    text: str
    tone: str


def length_in_words(duty: Duty) -> str:
    if duty.unit == "day_of_month":
        return f"每月 {duty.length} 日，休息日的提前到之前最后一个工作日"
    if duty.unit == "day_of_year":
        return f"每年 {duty.length // 100} 月 {duty.length % 100} 日，休息日的提前到之前最后一个工作日"
    return f"{duty.length} {UNITS.get(duty.unit, duty.unit)}"


def day_lines(duty: Duty) -> list[DayLine]:
    """Every day from the one after the trigger to the due date; empty where days are not counted. One query."""
    if duty.unit in BY_ENDS or (duty.due_on - duty.triggered_on).days > LONGEST_LISTED:
        return []
    marked = {
        row.day: row for row in CalendarDay.objects.filter(day__gt=duty.triggered_on, day__lte=duty.due_on)
    }
    numbers = {day: number for number, day in enumerate(duty.counted, 1)}
    lines = []
    day = duty.triggered_on + timedelta(days=1)
    while day <= duty.due_on:
        number = numbers.get(day)
        lines.append(
            DayLine(day, number, _why(day, marked.get(day), counted=number is not None), day == duty.due_on)
        )
        day += timedelta(days=1)
    return lines


def _why(day: date, row: CalendarDay | None, *, counted: bool) -> str:
    if row is not None:
        name = f"{row.name}" if row.name else ""
        return f"{name}{'放假' if row.kind == CalendarDay.Kind.REST else '调休上班'}"
    if day.weekday() >= 5:
        return "周末"
    if not counted:
        return FIXED_HOLIDAYS.get((day.month, day.day), "中止期间")
    return ""


def progress(duty: Duty, today: date) -> Progress:
    """Where an open duty stands today, in words with the date and what is left."""
    passed = sum(1 for day in duty.counted if day <= today)
    left = len(duty.counted) - passed
    late = (today - duty.due_on).days
    unit = UNITS.get(duty.unit, "")
    if duty.state == Duty.State.SUSPENDED:
        return Progress(passed, left, 0, f"自 {duty.suspended_on} 中止", "waiting")
    if late > 0:
        return Progress(passed, 0, late, f"逾期 {late} 天", "broken")
    if late == 0:
        return Progress(passed, left, 0, "今日到期", "waiting")
    if duty.unit in BY_ENDS:
        return Progress(passed, left, 0, f"还有 {-late} 天", "running")
    # Rest days at the end of a period in days are not counted ones: something may be left of the days, not of the period.
    words = f"第 {passed} {unit}，还剩 {left} 个" if duty.unit == "working_days" else f"还有 {-late} 天"
    if passed == 0 and duty.unit == "working_days":
        words = f"还剩 {left} {unit}"
    return Progress(passed, left, 0, words, "waiting" if left <= 3 else "running")
