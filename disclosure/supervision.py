"""How departments keep their time limits: figures for the public where there are ten cases and more, from duties whose
rule is confirmed. (Single duties are for staff.)"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.db.models import Case, Count, F, Q, Subquery, When

from commitments.associations import coverage
from credit_portal.deadlines.models import Duty
from credit_portal.deadlines.wording import key_in_words
from credit_portal.registry.models import Region

from .kept import kept

LEAST_CASES = 10
SECONDS_KEPT = 60
YEAR = timedelta(days=365)


@dataclass(frozen=True)
class Rate:
    """Of the duties that fell due in the last twelve months: how many were met on time. `percent` None: too few."""

    label: str
    code: str
    due: int
    on_time: int

    @property
    def enough(self) -> bool:
        return self.due >= LEAST_CASES

    @property
    def percent(self) -> int | None:
        # Rounded down: a rate with one late case never reads as a hundred.
        return self.on_time * 100 // self.due if self.enough else None


@dataclass(frozen=True)
class Figures:
    """`withheld`: how many departments have too few cases. Where it is one, the figures by rule leave its cases out:
    what is published could otherwise be taken from the sum, and its own figure would be what remains."""

    since: date
    until: date
    departments: list[Rate]
    rules: list[Rate]
    withheld: int

    @property
    def one_left_out(self) -> bool:
        return self.withheld == 1


def figures(today: date) -> Figures:
    """On-time rates by department and by rule; kept for a minute, one query."""
    return kept(f"supervision:{settings.REGION_CODE}:{today}", SECONDS_KEPT, lambda: _count(today))


def _count(today: date) -> Figures:
    """What has fallen due: met, or open and overdue. Met early counts from its due date on; suspended does not count."""
    since = today - YEAR
    here = Region.objects.filter(code=settings.REGION_CODE)
    groups = list(
        Duty.objects.filter(
            Q(state=Duty.State.MET) | Q(state=Duty.State.OPEN, due_on__lt=today),
            confirmed=True,
            due_on__gte=since,
            due_on__lte=today,
            region__path__startswith=Subquery(here.values("path")),
        )
        .order_by()
        .values_list("department__name", "department__uscc", "rule_key")
        .annotate(
            due=Count("id"), good=Count(Case(When(state=Duty.State.MET, met_on__lte=F("due_on"), then=1)))
        )
    )
    by_department = _rates((name, uscc, due, good) for name, uscc, _, due, good in groups)
    enough = [rate for rate in by_department if rate.enough]
    withheld = len(by_department) - len(enough)
    if withheld == 1:
        shown = {rate.code for rate in enough}
        groups = [group for group in groups if group[1] in shown]
    by_rule = _rates((key_in_words(rule), rule, due, good) for _, _, rule, due, good in groups)
    return Figures(since, today, enough, [rate for rate in by_rule if rate.enough], withheld)


@dataclass(frozen=True)
class Memberships:
    """Associations with enough members and how many of them have a running commitment; `few`: how many are left out."""

    lines: list[coverage.PublicLine]
    few: int


def memberships(today: date) -> Memberships:
    """The coverage of associations here and below (S4 1, R47); kept for a minute."""
    return kept(f"memberships:{settings.REGION_CODE}:{today}", SECONDS_KEPT, lambda: _memberships(today))


def _memberships(today: date) -> Memberships:
    here = Region.objects.filter(code=settings.REGION_CODE).first()
    lines, few = coverage.public_lines(here, today) if here is not None else ([], 0)
    return Memberships(lines, few)


def _rates(groups: Iterable[tuple[str, str, int, int]]) -> list[Rate]:
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for label, code, due, good in groups:
        sums[label, code][0] += due
        sums[label, code][1] += good
    return sorted(
        (Rate(label, code, due, good) for (label, code), (due, good) in sums.items()),
        key=lambda rate: (rate.label, rate.code),
    )
