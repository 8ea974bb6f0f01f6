"""One gate to the record for staff: what a user may see, by role, department and region."""

from django.db.models import QuerySet

from . import groups
from .below import within
from .models import Department, User


def group_names(user: User) -> frozenset[str]:
    """The user's groups, read once a request (kept on the user object)."""
    if not user.is_authenticated or not user.is_active:
        return frozenset()
    names = getattr(user, "_group_names", None)
    if names is None:
        names = frozenset(user.groups.values_list("name", flat=True))
        user._group_names = names
    return names


def has_role(user: User, *roles: str) -> bool:
    return bool(group_names(user) & set(roles))


def departments_visible_to(user: User) -> QuerySet[Department]:
    """Departments whose business the user may read: the own one, or the own region and below for regional roles."""
    names = group_names(user)
    if user.department_id is None or not names & (groups.BUSINESS | {groups.AUDITOR}):
        return Department.objects.none()
    if names & groups.REGIONAL:
        path = user.department.region.path
        return Department.objects.filter(within(path))
    return Department.objects.filter(pk=user.department_id)


def limit_to_visible(queryset: QuerySet, user: User, *, department_field: str = "department") -> QuerySet:
    """A queryset narrowed to rows of departments that the user may read. Everything staff see passes here."""
    names = group_names(user)
    if user.department_id is None or not names & (groups.BUSINESS | {groups.AUDITOR}):
        return queryset.none()
    if names & groups.REGIONAL:
        return queryset.filter(**{f"{department_field}__in": departments_visible_to(user)})
    return queryset.filter(**{f"{department_field}_id": user.department_id})
