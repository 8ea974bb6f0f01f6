"""How commitments stood when they were re-checked: for everybody as counts and rates, where there are ten cases and more;
what single subjects were drawn is for staff. (R64; S4「信用承诺问效机制，定期…复核」)"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.db.models import Count, Q, QuerySet, Subquery

from commitments.models import BreachCase, Recheck, RecheckRound
from commitments.rechecks import rules
from credit_portal.registry.models import Region

from .kept import kept
from .supervision import LEAST_CASES, YEAR

SECONDS_KEPT = 60
State = BreachCase.State
# A doubt says nothing until it is cleared up: either no breach was found, or one has been determined and served.
_KEPT = Q(finding="kept") | Q(finding="doubt", case__state__in=[State.DROPPED, State.REVOKED])
_SETTLED = _KEPT | Q(finding="doubt", case__state=State.SERVED)


@dataclass(frozen=True)
class Share:
    """`drawn` in the rounds of the last twelve months, `looked` at, `settled` with a result, `kept` as far as was seen."""

    label: str
    code: str
    drawn: int
    looked: int
    settled: int
    kept: int

    @property
    def enough(self) -> bool:
        return self.settled >= LEAST_CASES

    @property
    def percent_looked(self) -> int | None:
        return rules.percent_of(self.looked, self.drawn)

    @property
    def percent(self) -> int | None:
        # Rounded down: a rate with one that was not kept never reads as a hundred.
        return rules.percent_of(self.kept, self.settled) if self.enough else None


@dataclass(frozen=True)
class Figures:
    """`withheld`: how many departments have too few cases. Where that is one department, or one region, all sums leave
    its cases out: its own figures would be what remains."""

    since: date
    until: date
    all: Share
    regions: list[Share]
    departments: list[Share]
    withheld: int
    one_left_out: bool


def figures(today: date) -> Figures:
    """Counts and rates of the last twelve months; kept for a minute, one query."""
    return kept(f"rechecks:{settings.REGION_CODE}:{today}", SECONDS_KEPT, lambda: _count(today))


def _count(today: date) -> Figures:
    since = today - YEAR
    groups: list[tuple[str, str, str, str, int, int, int, int]] = list(
        Recheck.objects.filter(round__on__gte=since, round__on__lte=today, round__in=_here())
        .exclude(finding=Recheck.Finding.ENDED)
        .order_by()
        .values_list("department__name", "department__uscc", "region__name", "region_id")
        .annotate(
            drawn=Count("pk"),
            looked=Count("pk", filter=Q(finding__in=["kept", "doubt"])),
            settled=Count("pk", filter=_SETTLED),
            good=Count("pk", filter=_KEPT),
        )
    )
    departments = _shares((name, code, *numbers) for name, code, _, _, *numbers in groups)
    shown = {share.code for share in departments if share.enough}
    withheld = len(departments) - len(shown)
    left_out = withheld == 1
    if left_out:
        groups = [group for group in groups if group[1] in shown]
    regions = _shares((name, code, *numbers) for _, _, name, code, *numbers in groups)
    enough = {share.code for share in regions if share.enough}
    if len(regions) - len(enough) == 1:
        left_out = True
        groups = [group for group in groups if group[3] in enough]
    sums = [sum(column) for column in zip(*(group[4:] for group in groups), strict=True)] or [0, 0, 0, 0]
    return Figures(
        since,
        today,
        Share("合计", "", *sums),
        [share for share in regions if share.enough],
        [share for share in departments if share.enough],
        withheld,
        left_out,
    )


def _here() -> QuerySet[RecheckRound]:
    here = Region.objects.filter(code=settings.REGION_CODE)
    return RecheckRound.objects.filter(plan__region__path__startswith=Subquery(here.values("path")))


def _shares(groups: Iterable[tuple[Any, ...]]) -> list[Share]:
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for label, code, *numbers in groups:
        of_it = sums[label, code]
        for place, number in enumerate(numbers):
            of_it[place] += number
    return sorted(
        (Share(label, code, *numbers) for (label, code), numbers in sums.items()),
        key=lambda share: (share.label, share.code),
    )


def rounds() -> QuerySet[RecheckRound]:
    """The rounds as the public sees them: how many of how many, and what shows that nothing was changed afterwards."""
    return (
        _here()
        .select_related("plan__region", "plan__department")
        .annotate(
            left=Count("rechecks", filter=Q(rechecks__finding="")),
            seen=Count("rechecks", filter=Q(rechecks__finding__in=["kept", "doubt"])),
            unable=Count("rechecks", filter=Q(rechecks__finding="unable")),
        )
    )


def shown_round(row: RecheckRound, today: date) -> dict[str, Any]:
    """One round for the public. Its seed would tell beforehand who is going to be looked at: until all have been, or the
    next round is due, its hash stands for it."""
    over = row.left == 0 or rules.next_round(row.on, row.on, row.interval) <= today  # type: ignore[attr-defined]
    return {
        "name": row.plan.name,
        "scope": row.plan.department.name if row.plan.department else f"{row.plan.region.name}及以下",
        "number": row.number,
        "on": row.on,
        "interval": row.interval,
        "percent": row.percent,
        "higher": row.higher_percent,
        "lower": row.lower_percent,
        "confirmed": row.confirmed,
        "population": row.population,
        "drawn": row.drawn,
        "looked": row.seen,  # type: ignore[attr-defined]
        "unable": row.unable,  # type: ignore[attr-defined]
        "sha256": row.population_sha256,
        "seed": row.seed if over else "",
        "seed_sha256": hashlib.sha256(row.seed.encode()).hexdigest(),
    }
