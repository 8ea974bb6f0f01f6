"""The figures of a pilot: its days so far, and as many days before it began, counted by the very same conditions (R112)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from commitments.models import BreachCase, ClauseWarning, Commitment
from disclosure.models import Pilot
from verification.models import Check

_DAY = timedelta(days=1)
EVERY = Q()


@dataclass(frozen=True)
class Days:
    """From a first day to a last, both included."""

    first: date
    last: date

    def of(self, field: str) -> Q:
        return Q(**{f"{field}__gte": self.first, f"{field}__lte": self.last})


@dataclass(frozen=True)
class Measured:
    """One figure before and during. `opens`: it has a list of cases behind it."""

    key: str
    label: str
    before: int
    during: int


@dataclass(frozen=True)
class Kind:
    """`day`: the field by which a row lies in the days; `amount`: what is added up, where rows are not counted; `item`: the
    way to the item, `domain` to its field, `unit` to the department, from the row."""

    key: str
    label: str
    rows: Callable[[], QuerySet[Any]]
    day: str
    when: Q = EVERY
    amount: str = ""
    unit: str = "department"
    item: str = "item"
    domain: str = "item_version__domain"


def _kept() -> QuerySet[Commitment]:
    return Commitment.objects.filter(voided_at__isnull=True, corrected_by__isnull=True)


KINDS: tuple[Kind, ...] = (
    Kind("signed", "签署承诺", _kept, "made_on"),
    Kind("late_materials", "其中容缺受理", _kept, "made_on", Q(late_materials=True)),
    # Late materials come later, but they come: none is spared.
    Kind(
        "materials", "少交材料（件）", _kept, "made_on", Q(late_materials=False),
        amount="item_version__materials_spared",
    ),
    Kind("days", "少等时间（工作日）", _kept, "made_on", amount="item_version__days_spared"),
    Kind("fulfilled", "其中已全部履行", _kept, "made_on", Q(fulfilment=Commitment.Fulfilment.FULFILLED)),
    Kind("checks", "信用核查", Check.objects.all, "on_day", item="item_version__item"),
    Kind(
        "breaches", "认定违诺", BreachCase.objects.all, "determined_on", item="commitment__item",
        domain="commitment__item_version__domain",
    ),
    Kind(
        "warnings", "预警", lambda: ClauseWarning.objects.leading(), "found_at__date", item="commitment__item",
        domain="commitment__item_version__domain",
    ),
)  # fmt: skip
BY_KEY = {one.key: one for one in KINDS}


def days_of(pilot: Pilot, today: date) -> tuple[Days, Days]:
    """Before and during: the days of the pilot up to today (or to its end), and as many before it."""
    last = max(pilot.from_on, min(pilot.until_on, pilot.closed_on or today, today))
    length = last - pilot.from_on
    return Days(pilot.from_on - length - _DAY, pilot.from_on - _DAY), Days(pilot.from_on, last)


def rows_of(kind: Kind, pilot: Pilot, days: Days) -> QuerySet[Any]:
    """The rows behind a figure."""
    rows = kind.rows().filter(kind.when, days.of(kind.day))
    if pilot.unit_id is not None:
        rows = rows.filter(**{f"{kind.unit}_id": pilot.unit_id})
    else:
        rows = rows.filter(**{f"{kind.unit}__region": pilot.region_id})
    if pilot.item_id is not None:
        rows = rows.filter(**{f"{kind.item}_id": pilot.item_id})
    elif pilot.domain:
        field = "domain" if kind.key == "checks" else kind.domain
        rows = rows.filter(**{field: pilot.domain})
    return rows


def measured(pilot: Pilot, today: date) -> list[Measured]:
    """Every figure before and during. Two queries a kind."""
    before, during = days_of(pilot, today)
    return [
        Measured(one.key, one.label, _number(one, pilot, before), _number(one, pilot, during))
        for one in KINDS
    ]


def _number(kind: Kind, pilot: Pilot, days: Days) -> int:
    rows = rows_of(kind, pilot, days).order_by()
    if kind.amount:
        return int(rows.aggregate(n=Coalesce(Sum(F(kind.amount)), 0))["n"])
    return int(rows.aggregate(n=Count("pk"))["n"])


def as_data(figures: list[Measured]) -> list[dict[str, Any]]:
    return [
        {"key": one.key, "label": one.label, "before": one.before, "during": one.during} for one in figures
    ]


def from_data(data: list[dict[str, Any]]) -> list[Measured]:
    return [Measured(one["key"], one["label"], one["before"], one["during"]) for one in data]
