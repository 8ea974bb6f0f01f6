"""The catalogue of credit information (R96): kept by the credit office, and how far departments really collect what it
names (R121)."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Max, Q, QuerySet, Subquery

from commitments.models import BreachCase, Commitment
from credit_portal.audit import events
from credit_portal.audit.history import note
from credit_portal.registry import groups
from credit_portal.registry.models import Department, Region, User
from credit_portal.registry.reach import check_reach

from .models import AdministrativeAct, InformationItem, LaunchDate

Collected = InformationItem.Collected


@transaction.atomic
def save_item(
    *,
    item: InformationItem | None,
    code: str,
    region: Region,
    department: Department,
    name: str,
    collected: str,
    publicity_class: str,
    cycle: str,
    actor: User | None,
    now: datetime,
    basis: str = "",
    collected_from: date | None = None,
    retired_on: date | None = None,
    is_demo: bool = False,
) -> InformationItem:
    """Enter a line of the catalogue, or (`item` given) change it. Raises ValidationError (Chinese, by field)."""
    row = (
        InformationItem(is_demo=is_demo)
        if item is None
        else InformationItem.objects.select_for_update(of=("self",)).get(pk=item.pk)
    )
    if item is not None:
        check_reach(actor, row.region, groups.CREDIT_OFFICE)
    check_reach(actor, region, groups.CREDIT_OFFICE)
    row.code, row.region, row.department, row.name = code.strip(), region, department, name.strip()
    row.collected, row.publicity_class, row.cycle = collected, publicity_class, cycle.strip()
    row.basis, row.collected_from, row.retired_on = basis.strip(), collected_from, retired_on
    row.full_clean()
    note(row, actor=actor, now=now)
    row.save()
    events.information_item_saved(
        now=now,
        actor_id=actor.pk if actor else None,
        department_id=department.pk,
        item_id=row.pk,
        code=row.code,
    )
    return row


@transaction.atomic
def save_launch(
    *,
    launch: LaunchDate | None,
    region: Region,
    what: str,
    actor: User | None,
    now: datetime,
    due_on: date | None = None,
    basis: str = "",
    launched_on: date | None = None,
) -> LaunchDate:
    """Since when catalogue or column are there, and by when they had to be (R120). Raises ValidationError."""
    row = (
        LaunchDate()
        if launch is None
        else LaunchDate.objects.select_for_update(of=("self",)).get(pk=launch.pk)
    )
    check_reach(actor, region, groups.CREDIT_OFFICE)
    row.region, row.what, row.due_on = region, what, due_on
    row.basis, row.launched_on = basis.strip(), launched_on
    row.full_clean()
    note(row, actor=actor, now=now)
    row.save()
    events.launch_saved(
        now=now,
        actor_id=actor.pk if actor else None,
        launch_id=row.pk,
        what=row.what,
        launched_on=launched_on,
    )
    return row


def items_in_force(today: date) -> QuerySet[InformationItem]:
    """The catalogue on a day, of the deployment's region and those below."""
    here = Region.objects.filter(code=settings.REGION_CODE)
    return (
        InformationItem.objects.filter(
            Q(retired_on__isnull=True) | Q(retired_on__gte=today),
            region__path__startswith=Subquery(here.values("path")),
        )
        .select_related("department", "region")
        .order_by("department__name", "code")
    )


def launches() -> QuerySet[LaunchDate]:
    """The launch dates of the deployment's region, of those above and below it."""
    from .column import served_regions

    return (
        LaunchDate.objects.filter(region__in=served_regions())
        .select_related("region")
        .order_by("region__path", "what")
    )


@dataclass(frozen=True)
class Line:
    """What has come of one line of the catalogue: `number` since the first day of the period, `latest` ever. None where
    it is collected elsewhere."""

    item: InformationItem
    number: int | None
    latest: date | None

    @property
    def state(self) -> str:
        if self.number is None:
            return "elsewhere"
        if self.number:
            return "collected"
        return "quiet" if self.latest else "never"


@dataclass(frozen=True)
class Coverage:
    """Lines by department; `without`: departments of whose information the catalogue names nothing."""

    since: date
    departments: list[tuple[Department, list[Line], int, int]]
    without: list[Department]


def coverage(*, departments: QuerySet[Department], since: date, today: date) -> Coverage:
    """Of these departments: what the catalogue names, and how much of it has come since a day. Six queries."""
    named: dict[int, list[InformationItem]] = defaultdict(list)
    for item in items_in_force(today).filter(department__in=departments):
        named[item.department_id].append(item)
    counted = _counted(departments, since)
    found, without = [], []
    for department in departments.filter(is_active=True).order_by("region_id", "name"):
        lines = [
            Line(item, *counted.get((department.pk, item.collected), (0, None)))
            if item.collected != Collected.OTHER
            else Line(item, None, None)
            for item in named.get(department.pk, ())
        ]
        if not lines:
            if department.kind not in (Department.Kind.ASSOCIATION, Department.Kind.CREDIT_OFFICE):
                without.append(department)
            continue
        counts = [line for line in lines if line.number is not None]
        found.append((department, lines, sum(bool(line.latest) for line in counts), len(counts)))
    return Coverage(since, found, without)


def _counted(departments: QuerySet[Department], since: date) -> dict[tuple[int, str], tuple[int, date]]:
    counted: dict[tuple[int, str], tuple[int, date]] = {}
    for row in (
        AdministrativeAct.objects.filter(department__in=departments)
        .exclude(ending__in=[AdministrativeAct.Ending.MISTAKE, AdministrativeAct.Ending.CORRECTED])
        .order_by()
        .values("department", "kind")
        .annotate(number=Count("pk", filter=Q(decided_on__gte=since)), latest=Max("decided_on"))
    ):
        counted[row["department"], row["kind"]] = (row["number"], row["latest"])
    dated = (
        (Collected.COMMITMENT, Commitment.objects.filter(department__in=departments), "made_on"),
        (
            Collected.BREACH,
            BreachCase.objects.filter(department__in=departments, determined_on__isnull=False),
            "determined_on",
        ),
    )
    for collected, rows, day in dated:
        for department, number, latest in (
            rows.order_by()
            .values_list("department")
            .annotate(number=Count("pk", filter=Q(**{f"{day}__gte": since})), latest=Max(day))
        ):
            counted[department, collected] = (number, latest)
    return counted
