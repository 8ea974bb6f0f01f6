"""Which department verifies which kind, named by the credit office."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from commitments.models import RegistrationKind, RegistrationVerifier
from credit_portal.audit import events
from credit_portal.audit.history import note
from credit_portal.registry import groups
from credit_portal.registry.models import Department, Region, User
from credit_portal.registry.reach import check_reach


@transaction.atomic
def save_verifier(
    *,
    verifier: RegistrationVerifier | None,
    region: Region,
    kind: str,
    department: Department,
    actor: User,
    now: datetime,
) -> RegistrationVerifier:
    """Name the department that verifies a kind in a region, or another in its place: for what is submitted from now on.
    Raises ValidationError by field."""
    check_reach(actor, region, groups.CREDIT_OFFICE)
    row = (
        RegistrationVerifier.objects.select_for_update().get(pk=verifier.pk)
        if verifier is not None
        else RegistrationVerifier(region=region, kind=kind)
    )
    if department.kind == Department.Kind.ASSOCIATION or not department.is_active:
        raise ValidationError({"department": "请选择在用的行政部门。"})
    row.department = department
    row.full_clean()
    note(row, actor=actor, now=now)
    row.save()
    events.registration_verifier(
        now=now,
        actor_id=actor.pk,
        department_id=actor.department_id,
        verifier_id=row.pk,
        kind=str(RegistrationKind(row.kind).label),
    )
    return row
