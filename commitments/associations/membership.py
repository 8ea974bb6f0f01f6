"""Whose text an association's is: that of the members on its list. An association that has no list yet turns nobody away."""

from datetime import date

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q, QuerySet

from commitments.models import RosterEntry, RosterSort
from commitments.rosters.taking import on_day
from credit_portal.registry import catalogue, groups
from credit_portal.registry.models import (
    CommitmentType,
    CreditSubject,
    Department,
    ServiceItemVersion,
    User,
)
from credit_portal.registry.visibility import group_names, has_role, limit_to_visible

NOT_A_MEMBER = "{association}的自律承诺由会员作出，会员名单中没有这个主体。请先与协会联系。"
NO_ASSOCIATION = "没有这个协会，或者它不在您的管理范围内。"
MEMBERS = RosterEntry.objects.filter(sort=RosterSort.MEMBERS)


class AssociationError(ValueError):
    """It cannot be done so; `field` names the input, the message says it in Chinese."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def associations_visible_to(user: User) -> QuerySet[Department]:
    """An association itself; the credit office and the auditor all of their region and below."""
    rows = Department.objects.filter(kind=Department.Kind.ASSOCIATION, is_active=True)
    if not group_names(user) & {groups.ASSOCIATION, *groups.REGIONAL}:
        return rows.none()
    return (
        limit_to_visible(rows, user, department_field="pk")
        if _regional(user)
        else rows.filter(pk=user.department_id)
    )


def _regional(user: User) -> bool:
    return bool(group_names(user) & groups.REGIONAL)


def works_for(user: User, association: Department) -> bool:
    """Whether a member of staff does the association's business: nobody else does, the office only looks."""
    return (
        user.department_id == association.pk
        and association.kind == Department.Kind.ASSOCIATION
        and has_role(user, groups.ASSOCIATION)
    )


def require_own(user: User, association: Department) -> None:
    """Raises PermissionDenied for whoever does not do this association's business."""
    if not works_for(user, association):
        raise PermissionDenied("由协会自己办理。")


def item_of(association: Department, on: date) -> ServiceItemVersion | None:
    """The catalogue's item under which the association's members sign, as it is in force on a day."""
    found = catalogue.current_items(lineage=[association.region_id], on=on).filter(
        item__department=association, allowed_types__contains=[CommitmentType.INDUSTRY]
    )
    return found.order_by("item_id").first()


def members_of(association: Department, day: date) -> QuerySet[RosterEntry]:
    """Its members on a day."""
    return on_day(MEMBERS.filter(department=association), day)


def is_turned_away(subject: CreditSubject, association: Department, day: date) -> bool:
    """Whether the association keeps a list of its members and this subject is not on it."""
    members = members_of(association, day)
    return members.exists() and not members.filter(subject=subject).exists()


def open_to(
    items: QuerySet[ServiceItemVersion], subject: CreditSubject, day: date
) -> QuerySet[ServiceItemVersion]:
    """Leave out the items of associations that keep a list without this subject."""
    members = on_day(MEMBERS.filter(department=OuterRef("item__department")), day)
    return items.exclude(
        Q(item__department__kind=Department.Kind.ASSOCIATION)
        & Q(Exists(members))
        & ~Q(Exists(members.filter(subject=subject)))
    )
