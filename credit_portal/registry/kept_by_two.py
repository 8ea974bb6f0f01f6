"""Rows that two people of the credit office keep for their region: one enters, another approves, and only then it holds.
Such a model has `region`, `entered_by`, `approved_at`, `effective_from` and `effective_to`."""

from datetime import date
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet

from . import groups
from .below import within
from .models import Region, User
from .visibility import has_role

Row = TypeVar("Row", bound=Model)
STATES = {"draft": "草稿，待批准", "ahead": "已批准，未生效", "in_force": "有效", "over": "已失效"}


def regions_of(user: User) -> QuerySet[Region]:
    """The regions whose rows this user keeps: the own one and those below, for the credit office."""
    if not has_role(user, groups.CREDIT_OFFICE) or user.department is None:
        return Region.objects.none()
    path = user.department.region.path
    return Region.objects.filter(within(path, ""))


def visible_to(rows: QuerySet[Row], user: User) -> QuerySet[Row]:
    """Rows of the own region and below, drafts included, and what holds there from the regions above."""
    if not has_role(user, groups.CREDIT_OFFICE, groups.AUDITOR) or user.department is None:
        return rows.none()
    here = user.department.region
    return rows.filter(within(here.path) | Q(region__in=here.lineage, approved_at__isnull=False))


def waiting_for(rows: QuerySet[Row], user: User) -> QuerySet[Row]:
    """Drafts of others that this user may approve."""
    return rows.filter(approved_at=None, region__in=regions_of(user)).exclude(entered_by_id=user.pk)


def in_state(rows: QuerySet[Row], state: str, *, today: date) -> QuerySet[Row]:
    """Those rows that are drafts (`draft`), in force (`in_force`), approved and not begun (`ahead`) or over (`over`)."""
    approved = rows.filter(approved_at__isnull=False)
    if state == "draft":
        return rows.filter(approved_at=None)
    if state == "ahead":
        return approved.filter(effective_from__gt=today)
    if state == "over":
        return approved.filter(effective_to__lt=today)
    holds = Q(effective_to=None) | Q(effective_to__gte=today)
    return approved.filter(holds, effective_from__lte=today)


def standing(row: Any, *, today: date) -> tuple[str, str]:
    """Where a row stands on a day: the word, and the name of its colour."""
    if row.approved_at is None:
        return STATES["draft"], "waiting"
    if row.effective_from > today:
        return STATES["ahead"], "waiting"
    if row.effective_to is not None and row.effective_to < today:
        return STATES["over"], "running"
    return STATES["in_force"], "kept"


def one_at_a_time(region: Region) -> None:
    """Locks the region's row: two people entering the same row at once would otherwise not see each other's."""
    Region.objects.select_for_update(no_key=True).get(pk=region.pk)
