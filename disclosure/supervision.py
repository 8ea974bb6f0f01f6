"""How departments keep their time limits: figures for the public where there are ten cases and more, from duties whose
rule is confirmed. (Single duties are for staff.)"""

from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.core.cache import cache
from django.db.models import Case, Count, F, Q, Subquery, When

from credit_portal.deadlines.models import Duty
from credit_portal.deadlines.wording import key_in_words
from credit_portal.registry.models import Region

LEAST_CASES = 10
SECONDS_KEPT = 60
MONTHS = timedelta(days=365)


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
    since: date
    until: date
    departments: list[Rate]
    rules: list[Rate]
    withheld: int


def figures(today: date) -> Figures:
    """On-time rates by department and by rule; kept for a minute, two queries."""
    key = f"supervision:{settings.REGION_CODE}:{today}"
    kept = cache.get(key)
    if kept is None:
        kept = _count(today)
        cache.set(key, kept, SECONDS_KEPT)
    return kept


def _count(today: date) -> Figures:
    since = today - MONTHS
    here = Region.objects.filter(code=settings.REGION_CODE)
    fallen_due = Duty.objects.filter(
        Q(state=Duty.State.MET) | Q(state=Duty.State.OPEN, due_on__lt=today),
        confirmed=True,
        due_on__gte=since,
        due_on__lte=today,
        region__path__startswith=Subquery(here.values("path")),
    ).order_by()
    on_time = Count(Case(When(state=Duty.State.MET, met_on__lte=F("due_on"), then=1)))
    by_department = [
        Rate(name, uscc, due, kept)
        for name, uscc, due, kept in fallen_due.values_list("department__name", "department__uscc").annotate(
            due=Count("id"), kept=on_time
        )
    ]
    by_rule = [
        Rate(key_in_words(rule), rule, due, kept)
        for rule, due, kept in fallen_due.values_list("rule_key").annotate(due=Count("id"), kept=on_time)
    ]
    enough = sorted((rate for rate in by_department if rate.enough), key=lambda rate: rate.label)
    return Figures(
        since,
        today,
        enough,
        sorted((rate for rate in by_rule if rate.enough), key=lambda rate: rate.label),
        len(by_department) - len(enough),
    )
