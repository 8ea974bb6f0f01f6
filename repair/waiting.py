"""What waits for whom: applications that a user may take a step with now, and signs that a department has to answer."""

from django.db.models import Q, QuerySet

from credit_portal.registry.models import User
from credit_portal.registry.visibility import group_names

from .models import BrokenPledge, RepairApplication
from .rules import ACTS, APPROVES, CONFIRMS, DOES, OPEN

State = RepairApplication.State


def waiting_for(user: User) -> QuerySet[RepairApplication]:
    """Applications whose next step is this user's: to accept, to examine, to approve what another proposed, to confirm."""
    roles = group_names(user)
    wanted = Q(pk__in=[])
    if roles & DOES:
        wanted |= Q(department=user.department_id, state__in=[State.APPLIED, State.ACCEPTED])
    if roles & APPROVES:
        wanted |= Q(department=user.department_id, state__in=ACTS["grant"].before) & ~Q(proposed_by=user.pk)
    if roles & CONFIRMS:
        wanted |= Q(office=user.department_id, state__in=ACTS["confirm"].before)
    if user.department_id is None:
        return RepairApplication.objects.none()
    return RepairApplication.objects.filter(wanted)


def with_others(rows: QuerySet[RepairApplication], user: User) -> QuerySet[RepairApplication]:
    """Of these, the open ones whose next step is somebody else's."""
    return rows.filter(state__in=OPEN).exclude(pk__in=waiting_for(user).values("pk").order_by())


def signs_waiting_for(user: User) -> QuerySet[BrokenPledge]:
    """Signs of a broken repair commitment that this user's department has not answered yet."""
    if user.department_id is None or not group_names(user) & DOES:
        return BrokenPledge.objects.none()
    return BrokenPledge.objects.filter(state=BrokenPledge.State.OPEN, pledge__department=user.department_id)
