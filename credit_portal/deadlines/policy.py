"""Which rule holds: dated policy, inherited down the regions. A rule of the region itself goes before its parent's;
among a region's rules the one that names more (field, type, grade) goes first; dates decide the rest."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from .models import PolicyRule


class NoRule(LookupError):
    """No region on the way up has a rule of this key on this day."""


@dataclass(frozen=True)
class Value:
    """A rule's value as used, with where it comes from; `confirmed` False may remind and never harm."""

    key: str
    value: Any
    unit: str
    basis: str
    region: str
    confirmed: bool
    rule_id: int | None
    # Of dates in the year, the one that comes next after the day asked for: month × 100 + day.
    next_date: int | None = None

    @property
    def counts(self) -> bool:
        """Whether it says a length at all: one that only switches something off does not."""
        return (
            self.next_date is not None
            or not isinstance(self.value, dict)
            or bool({"due_day", "days"} & self.value.keys())
        )

    @property
    def length(self) -> int:
        """The number of days or months: of a rule with a switch, its `days`; of a date in the month or the year, its
        number."""
        if self.next_date is not None:
            return self.next_date
        if isinstance(self.value, dict):
            return int(self.value["due_day" if "due_day" in self.value else "days"])
        return int(self.value)

    @property
    def on(self) -> bool:
        """Whether the thing is done here at all: a rule without a switch is on."""
        return bool(self.value["on"]) if isinstance(self.value, dict) and "on" in self.value else True


def choose(
    rules: Iterable[PolicyRule],
    *,
    lineage: Sequence[str],
    on: date,
    domain: str = "",
    commitment_type: str = "",
    grade: str = "",
) -> PolicyRule | None:
    """The rule in force. Pure: rules of one key, region codes from the own one up to the nation."""
    asked = {"domain": domain, "commitment_type": commitment_type, "grade": grade}
    best: tuple[tuple[int, int, date], PolicyRule] | None = None
    for rule in rules:
        if rule.region_id not in lineage or rule.effective_from > on:
            continue
        if rule.effective_to is not None and rule.effective_to < on:
            continue
        named = {field: getattr(rule, field) for field in asked if getattr(rule, field)}
        if any(asked[field] != wanted for field, wanted in named.items()):
            continue
        rank = (-lineage.index(rule.region_id), len(named), rule.effective_from)
        if best is None or rank > best[0]:
            best = (rank, rule)
    return best[1] if best else None


class Finder:
    """Looks one key up again and again: its rules are read once, each question is answered once."""

    def __init__(self, key: str) -> None:
        self.key = key
        self._rules = list(PolicyRule.objects.filter(key=key))
        self._known: dict[tuple[object, ...], Value | None] = {}

    def value(self, *, lineage: Sequence[str], on: date, **narrowing: str) -> Value | None:
        """The rule's value; None where no region on the way up has one on this day."""
        asked = (tuple(lineage), on, tuple(sorted(narrowing.items())))
        if asked not in self._known:
            used = choose(self._rules, lineage=lineage, on=on, **narrowing)
            self._known[asked] = value_of(used, on) if used else None
        return self._known[asked]


def value_of(rule: PolicyRule, on: date) -> Value:
    """A rule's value as it is used on a day."""
    # Dates in the month or the year have no unit of their own in the rule: they are known by `due_day` and `due`.
    parts = rule.value if isinstance(rule.value, dict) else {}
    next_date = _next_date(parts["due"], on) if parts.get("due") else None
    unit = "day_of_month" if "due_day" in parts else "day_of_year" if next_date is not None else rule.unit
    return Value(rule.key, rule.value, unit, rule.basis, rule.region_id, rule.confirmed, rule.pk, next_date)


def _next_date(month_days: Iterable[str], on: date) -> int:
    """The first of these days of the year («06-24») after a day, as a number; after the last of them the first again."""
    numbers = sorted(int(one.replace("-", "")) for one in month_days)
    return next((one for one in numbers if one > on.month * 100 + on.day), numbers[0])


def values(
    keys: Sequence[str],
    *,
    lineage: Sequence[str],
    on: date,
    domain: str = "",
    commitment_type: str = "",
    grade: str = "",
) -> dict[str, Value]:
    """Several rules in one query. Keys without a rule are absent from the answer."""
    by_key: dict[str, list[PolicyRule]] = {key: [] for key in keys}
    for rule in PolicyRule.objects.filter(key__in=keys, region_id__in=lineage):
        by_key[rule.key].append(rule)
    found: dict[str, Value] = {}
    for key, rules in by_key.items():
        used = choose(
            rules, lineage=lineage, on=on, domain=domain, commitment_type=commitment_type, grade=grade
        )
        if used is not None:
            found[key] = value_of(used, on)
    return found


def value(key: str, *, lineage: Sequence[str], on: date, **narrowing: str) -> Value:
    """One rule's value, or NoRule with a Chinese message saying which rule the office must set."""
    found = values([key], lineage=lineage, on=on, **narrowing)
    if key not in found:
        raise NoRule(f"{lineage[0]} 在 {on} 没有规则“{key}”，请信用办先设定。")
    return found[key]
