"""How many members have signed, against the imported list on a day (S4 1「信用承诺 100%覆盖」, R47). Whoever has signed counts
once, by whatever way and however often. One query an answer, however many members."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery

from commitments.models import Campaign, Commitment, RosterEntry
from commitments.rosters.taking import on_day
from credit_portal.audit.clock import SHANGHAI
from credit_portal.registry.below import within
from credit_portal.registry.models import CommitmentType, Department, Region

from .membership import MEMBERS, members_of

RUNNING, ENDED, MISSING = "running", "ended", "missing"
STATES = {RUNNING: "承诺有效", ENDED: "承诺已到期", MISSING: "没有签署"}
# Of a campaign: who has not signed in its days, and is bound by the same text from before.
SIGNED, COVERED = "signed", "covered"
OF_CAMPAIGN = {SIGNED: "已签署", COVERED: "已有有效承诺", MISSING: "没有签署"}
# The public is told of an association only where nobody can be picked out.
LEAST_PUBLIC = 10


@dataclass(frozen=True)
class Figures:
    """Of the members on a day: whose commitment runs, whose has ended, who has none. Of a campaign, `covered`: who has not
    signed for it and need not."""

    members: int = 0
    running: int = 0
    ended: int = 0
    covered: int = 0

    @property
    def signed(self) -> int:
        return self.running + self.ended

    @property
    def missing(self) -> int:
        return self.members - self.signed - self.covered

    @property
    def percent(self) -> int | None:
        # Rounded down: a list with one gap never reads as a hundred.
        return self.running * 100 // self.members if self.members else None


def standing(day: date, campaign: Campaign | None = None) -> QuerySet[Commitment]:
    """The commitments of the member in the outer query (`subject`, `department`) that stand on a day: signed by then,
    neither voided nor replaced by then. Of a campaign: within its days, for its text."""
    midnight = datetime.combine(day + timedelta(days=1), time(), SHANGHAI)
    rows = Commitment.objects.filter(
        Q(voided_at=None) | Q(voided_at__gte=midnight),
        Q(corrected_by=None) | Q(corrected_by__made_on__gt=day),
        commitment_type=CommitmentType.INDUSTRY,
        subject=OuterRef("subject"),
        item__department=OuterRef("department"),
        made_on__lte=day,
    )
    if campaign is None:
        return rows
    return rows.filter(
        text_version__text=campaign.text_version.text_id,
        made_on__range=(campaign.from_on, last_day(campaign)),
    )


def last_day(campaign: Campaign) -> date:
    """The last day that counts: that of the campaign, or of its early end."""
    return min(campaign.until_on, campaign.ended_on) if campaign.ended_on else campaign.until_on


def with_state(
    rows: QuerySet[RosterEntry], day: date, campaign: Campaign | None = None
) -> QuerySet[RosterEntry]:
    """Members with `signed` and `runs`; of a campaign with `bound`, too: a commitment to the same text runs."""
    found, valid = standing(day, campaign), Q(valid_until=None) | Q(valid_until__gte=day)
    rows = rows.annotate(signed=Exists(found), runs=Exists(found.filter(valid)))
    if campaign is None:
        return rows
    same = standing(day).filter(valid, text_version__text=campaign.text_version.text_id)
    return rows.annotate(bound=Exists(same))


def of_state(
    rows: QuerySet[RosterEntry], state: str, campaign: Campaign | None = None
) -> QuerySet[RosterEntry]:
    """Those of one state; `rows` have gone through `with_state`, of the same campaign."""
    if campaign is not None:
        wanted = {
            SIGNED: Q(signed=True),
            COVERED: Q(signed=False, bound=True),
            MISSING: Q(signed=False, bound=False),
        }
        return rows.filter(wanted[state])
    wanted = {
        RUNNING: Q(runs=True),
        ENDED: Q(signed=True, runs=False),
        MISSING: Q(signed=False),
    }
    return rows.filter(wanted[state]) if state in wanted else rows


def state_of(entry: RosterEntry) -> str:
    """Of a member that has gone through `with_state`."""
    if entry.runs:  # type: ignore[attr-defined]
        return RUNNING
    return ENDED if entry.signed else MISSING  # type: ignore[attr-defined]


def words_of(entry: RosterEntry, campaign: Campaign | None = None) -> str:
    """How a member stands, in all or for a campaign; it has gone through `with_state`."""
    if campaign is None:
        return STATES[state_of(entry)]
    signed, bound = entry.signed, entry.bound  # type: ignore[attr-defined]
    return OF_CAMPAIGN[SIGNED if signed else COVERED if bound else MISSING]


_COUNTS: dict[str, Any] = {
    "members": Count("pk"),
    "running": Count("pk", filter=Q(runs=True)),
    "ended": Count("pk", filter=Q(signed=True, runs=False)),
}
_COVERED: dict[str, Any] = {"covered": Count("pk", filter=Q(signed=False, bound=True))}


def figures(association: Department, day: date, campaign: Campaign | None = None) -> Figures:
    """An association's figures on a day, in all or of a campaign."""
    rows = with_state(members_of(association, day), day, campaign).order_by()
    return Figures(**rows.aggregate(**_COUNTS, **(_COVERED if campaign else {})))


def figures_of_all(associations: Sequence[Department], day: date) -> dict[int, Figures]:
    """The figures of many associations by their ids. One query."""
    rows = with_state(on_day(MEMBERS.filter(department__in=[one.pk for one in associations]), day), day)
    found = rows.order_by().values("department_id").annotate(**_COUNTS)
    by_id = {row["department_id"]: Figures(row["members"], row["running"], row["ended"]) for row in found}
    return {one.pk: by_id.get(one.pk, Figures()) for one in associations}


def by_week(
    association: Department, day: date, *, weeks: int = 12, campaign: Campaign | None = None
) -> list[tuple[date, int]]:
    """How many of the members of the day had signed by the end of each week (its Sunday, the last one the day itself),
    each counted from its first signature. One query."""
    first = standing(day, campaign).order_by("made_on").values("made_on")[:1]
    signed = Counter(
        members_of(association, day)
        .annotate(first=Subquery(first))
        .exclude(first=None)
        .values_list("first", flat=True)
    )
    sunday = day + timedelta(days=6 - day.weekday())
    ends = [min(day, sunday - timedelta(weeks=back)) for back in range(weeks - 1, -1, -1)]
    return [(end, sum(count for on, count in signed.items() if on <= end)) for end in ends]


@dataclass(frozen=True)
class PublicLine:
    name: str
    figures: Figures


def public_lines(region: Region, day: date) -> tuple[list[PublicLine], int]:
    """What the public is told: associations of a region and below with ten members and more, and how many are left out."""
    associations = list(
        Department.objects.filter(
            within(region.path),
            kind=Department.Kind.ASSOCIATION,
            is_active=True,
        ).order_by("region_id", "name")
    )
    found = figures_of_all(associations, day)
    told = [
        PublicLine(one.name, found[one.pk]) for one in associations if found[one.pk].members >= LEAST_PUBLIC
    ]
    few = sum(1 for one in associations if 0 < found[one.pk].members < LEAST_PUBLIC)
    return told, few
