"""One sequence of acts, told side by side; what differs is said with the whole sequence."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Protocol

from .oracle import ACTS, Oracle, Seen

FIRST = date(2026, 9, 21)
Act = tuple[str, int]
# So that a life gets somewhere: the acts of a usual course, in their order, stand among the free ones.
BEGINS = ("determine", "serve", "report", "publish")
USUAL = (
    (*BEGINS, "wait", "apply", "grant", "confirm"),
    (*BEGINS, "object", "answer", "publish", "wait", "apply"),
    (*BEGINS, "new_rule", "order", "wait", "apply", "grant", "confirm"),
)


class Told(Protocol):
    @property
    def today(self) -> date: ...
    def attempt(self, act: str, value: int = 0) -> bool: ...
    def seen_on(self, days: Sequence[date]) -> list[Seen]: ...


def draw(random, length: int) -> list[Act]:  # type: ignore[no-untyped-def]
    """A life: half of its acts the next one of a usual course, the others free."""
    acts, usual = [], 0
    course = random.choice(USUAL)
    for _ in range(length):
        if random.random() < 0.55:
            name, usual = course[usual % len(course)], usual + 1
        else:
            name = random.choice(ACTS)
        value = (
            random.choice((1, 2, 5, 30, 91, 92, 93, 180, 365, 366))
            if name == "wait"
            else random.randrange(60)
        )
        acts.append((name, value))
    return acts


def days_of(oracle: Oracle) -> list[date]:
    """Days on which something could be otherwise: today, tomorrow, and around every day that an oracle knows."""
    found = {oracle.today, oracle.today + timedelta(days=1)}
    for one in oracle.publications:
        for day in (one.first, one.last, one.repair_from):
            if day is not None:
                found |= {day + timedelta(days=shift) for shift in (-1, 0, 1)}
    return sorted(day for day in found if day >= oracle.today)


def tell(told: Told, acts: Sequence[Act], *, after_refusals: bool = True) -> int:
    """Raises AssertionError with the sequence where `told` and the oracle differ. Gives how many days were compared.
    `after_refusals`: whether to look once more after an act that was refused, hence undone, on a day that is the same."""
    oracle = Oracle(told.today)
    compared = 0
    for place, (name, value) in enumerate(acts, 1):
        did = told.attempt(name, value)
        if name == "determine":
            # Hearing the subject takes working days; when it was done, the services say.
            oracle.today = told.today
        want = oracle.attempt(name, value)
        said = f"第 {place} 步 {name}({value})，{oracle.today}：{acts[:place]}"
        assert did == want, f"{said}：应{'可' if want else '不可'}办，实际{'已办' if did else '未办'}"
        assert told.today == oracle.today, said
        if not (did or after_refusals or name == "determine"):
            continue
        days = days_of(oracle)
        for day, seen in zip(days, told.seen_on(days), strict=True):
            for what, got in zip(("is_public", "repair_open", "harms", "marked"), seen, strict=True):
                right = getattr(oracle, what)(day)
                assert got == right, f"{said}：{day} 的 {what} 应为 {right}，实际为 {got}"
        compared += len(days)
    return compared
