"""Applied measures in figures: by unit and by month, rewards and sanctions by effect, ended by reason, exceptions allowed
and declined (S3 一（三）「及时记录和统计奖惩结果」, R86). In sets: as many queries for a region as for a unit."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncMonth

from credit_portal.audit.clock import SHANGHAI
from credit_portal.registry.models import Department, User
from verification.checking.overriding import overrides_visible_to
from verification.models import CheckOverride
from verification.vocabulary import SUPPORTS, Effect

from .lifting import applied_visible_to

MOST_MONTHS = 36


@dataclass
class Tally:
    """The figures of one unit, of one month, or of one unit in one month."""

    label: str
    effects: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    allowed: int = 0
    declined: int = 0

    @property
    def rewards(self) -> int:
        return sum(number for effect, number in self.effects.items() if Effect(effect) in SUPPORTS)

    @property
    def sanctions(self) -> int:
        return self.effects.total() - self.rewards

    @property
    def ended(self) -> int:
        return self.reasons.total()

    def __bool__(self) -> bool:
        return bool(self.effects or self.reasons or self.allowed or self.declined)

    def add(self, other: "Tally") -> None:
        self.effects += other.effects
        self.reasons += other.reasons
        self.allowed += other.allowed
        self.declined += other.declined


@dataclass(frozen=True)
class Figures:
    """`lines`: one for each unit and month of which there is something, in this order; `months` without a gap."""

    total: Tally
    units: list[Tally]
    months: list[Tally]
    lines: list[tuple[str, str, Tally]]


def count(*, user: User, first: date, last: date, department_id: int | None = None) -> Figures:
    """What the user may see of the months from `first` to `last`, both days included; of one unit where it is named."""
    applied, overrides = applied_visible_to(user), overrides_visible_to(user)
    if department_id is not None:
        applied, overrides = (
            applied.filter(department=department_id),
            overrides.filter(department=department_id),
        )
    found: dict[tuple[int, date], Tally] = {}

    def tally(row: dict[str, Any]) -> Tally:
        month = row["month"].date() if hasattr(row["month"], "date") else row["month"]
        return found.setdefault((row["department"], month), Tally(""))

    for row in _grouped(applied.filter(applied_on__range=(first, last)), "applied_on", "effect"):
        tally(row).effects[row["effect"]] += row["number"]
    for row in _grouped(applied.filter(ended_on__range=(first, last)), "ended_on", "end_reason"):
        tally(row).reasons[row["end_reason"]] += row["number"]
    decided = overrides.filter(
        decided_at__date__range=(first, last),
        state__in=[CheckOverride.State.ALLOWED, CheckOverride.State.DECLINED],
    )
    for row in _grouped(decided, "decided_at", "state"):
        one = tally(row)
        if row["state"] == CheckOverride.State.ALLOWED:
            one.allowed += row["number"]
        else:
            one.declined += row["number"]
    return _put_together(found, first, last)


def _grouped(rows: QuerySet[Any], day: str, what: str) -> Iterable[dict[str, Any]]:
    month = TruncMonth(day, tzinfo=SHANGHAI) if day == "decided_at" else TruncMonth(day)
    return (
        rows.order_by().annotate(month=month).values("department", "month", what).annotate(number=Count("pk"))
    )


def _put_together(found: dict[tuple[int, date], Tally], first: date, last: date) -> Figures:
    names = {
        unit.pk: unit
        for unit in Department.objects.filter(pk__in={unit for unit, _ in found}).select_related("region")
    }
    order = sorted(names.values(), key=lambda unit: (unit.region.path, unit.name))
    total = Tally("合计")
    units = {unit.pk: Tally(unit.name) for unit in order}
    months = {month: Tally(f"{month:%Y-%m}") for month in months_between(first, last)}
    for (unit_id, month), one in found.items():
        total.add(one)
        units[unit_id].add(one)
        months[month].add(one)
    lines = [
        (unit.name, f"{month:%Y-%m}", found[unit.pk, month])
        for unit in order
        for month in months
        if (unit.pk, month) in found
    ]
    return Figures(total, list(units.values()), list(months.values()), lines)


def months_between(first: date, last: date) -> list[date]:
    """The first days of the months that the days from `first` to `last` touch."""
    found, month = [], first.replace(day=1)
    while month <= last:
        found.append(month)
        month = (month + timedelta(days=32)).replace(day=1)
    return found
