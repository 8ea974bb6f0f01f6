"""How repair is done in a region, in the words of its rules (R127); and which repairs were announced (S4 13)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.db.models import Q, QuerySet

from commitments import way_back
from commitments.models import BreachCase
from commitments.way_back import WayBack
from credit_portal.deadlines import policy
from credit_portal.deadlines.articles import article_text
from credit_portal.registry.below import within
from credit_portal.registry.models import CreditSubject, Department, Region
from disclosure.terms import Cursor, read_cursor, write_cursor
from repair.models import HelpService, RepairApplication

MOST_DEPARTMENTS = 200
PER_PAGE = 50


@dataclass(frozen=True)
class Opening:
    """From when a breach of a grade can be repaired; `confirmed` False: a suggestion that holds nobody up."""

    grade: str
    text: str
    article: str
    confirmed: bool


@dataclass(frozen=True)
class Guide:
    region: Region
    way: WayBack
    openings: list[Opening]
    announced: bool
    departments: list[Department]
    services: list[HelpService]


def regions_here() -> list[Region]:
    """The deployment's region and those below it, the own one first."""
    own = Region.objects.filter(code=settings.REGION_CODE).first()
    if own is None:
        return []
    return list(Region.objects.filter(within(own.path, "")).order_by("path"))


def guide_of(region: Region, *, on: date) -> Guide:
    """The rules of a region on a day. A constant number of queries."""
    rules = way_back.rules_of(region.lineage, on)
    finder = policy.Finder("publicity")
    openings = [
        _opening(label, finder.value(lineage=region.lineage, on=on, grade=grade))
        for grade, label in BreachCase.Grade.choices
    ]
    departments = Department.objects.filter(within(region.path), is_active=True).order_by(
        "region__path", "name"
    )
    return Guide(
        region,
        way_back.way_back(rules, from_on=None, from_text=""),
        openings,
        is_announced(rules.get(way_back.ANNOUNCED_KEY)),
        list(departments[:MOST_DEPARTMENTS]),
        list(HelpService.objects.filter(region__in=region.lineage, is_active=True)),
    )


def _opening(grade: str, rule: policy.Value | None) -> Opening:
    if rule is None:
        return Opening(grade, "本地区没有规定最短公示期；自认定书送达之日起可以申请", "", False)
    if rule.value.get("published") is False:
        text = "原则上不公示，认定书送达以后随时可以申请"
    else:
        text = (
            f"公示的，自认定之日起满 {rule.value['min']} 个月的次日起可以申请，最长公示 {rule.value['max']} 个月；"
            "不公示的，认定书送达以后随时可以申请"
        )
    return Opening(grade, text, article_text(rule.basis), rule.confirmed)


def is_announced(rule: policy.Value | None) -> bool:
    return rule is not None and rule.confirmed and bool(rule.value)


# ---- announcements -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Announcements:
    """`told`: the regions served here that announce repairs; `region`: the one that was asked for, if any."""

    told: list[Region]
    region: str
    rows: list[RepairApplication]
    older: str


def announced(*, on: date, cursor: str = "", region: str = "") -> Announcements:
    """Repairs that were announced in regions whose rule says so today (of one, where `region` is its code), the newest
    first; never a natural person's, and nothing of what was repaired. Raises ValueError for a cursor that was not
    handed out and for a region that announces nothing."""
    finder = policy.Finder(way_back.ANNOUNCED_KEY)
    told = [one for one in regions_here() if is_announced(finder.value(lineage=one.lineage, on=on))]
    if region and region not in {one.code for one in told}:
        raise ValueError(f"No repairs are announced in {region!r}.")
    rows = _announced([region] if region else [one.code for one in told])
    if cursor:
        edge = _announced(told).filter(pk=read_cursor(cursor).edge).first()
        if edge is not None:
            rows = rows.filter(
                Q(announced_on__lt=edge.announced_on) | Q(announced_on=edge.announced_on, pk__lt=edge.pk)
            )
    found = list(rows[: PER_PAGE + 1])
    shown = found[:PER_PAGE]
    older = write_cursor(Cursor(shown[-1].pk)) if len(found) > PER_PAGE else ""
    return Announcements(told, region, shown, older)


def _announced(regions: list[str]) -> QuerySet[RepairApplication]:
    return (
        RepairApplication.objects.filter(
            region__in=regions, state=RepairApplication.State.EFFECTIVE, announced_on__isnull=False
        )
        .exclude(subject__kind=CreditSubject.Kind.PERSON)
        .select_related("subject", "department")
        .order_by("-announced_on", "-pk")
    )
