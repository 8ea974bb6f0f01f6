"""The list of key occupational groups: kept by the credit office, dated, never shortened (R9, R19)."""

from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet

from credit_portal.audit import events
from credit_portal.audit.history import note

from . import groups
from .models import OccupationGroup, User
from .visibility import has_role


class OccupationError(ValueError):
    """A group cannot be saved so; `field` names the input."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def current_groups(on: date) -> QuerySet[OccupationGroup]:
    """The groups in use on a day."""
    return OccupationGroup.objects.filter(Q(valid_to__isnull=True) | Q(valid_to__gte=on), valid_from__lte=on)


@transaction.atomic
def save_group(
    *,
    group: OccupationGroup | None,
    name: str,
    positions: str,
    basis: str,
    valid_from: date,
    actor: User | None,
    now: datetime,
    code: str = "",
    valid_to: date | None = None,
    order: int = 0,
) -> OccupationGroup:
    """Enter a group, or change one. `code` is given once. Raises OccupationError naming the field."""
    if actor is not None and not has_role(actor, groups.CREDIT_OFFICE):
        raise OccupationError("职业人群由信用办维护。")
    row = (
        OccupationGroup.objects.select_for_update().get(pk=group.pk)
        if group is not None
        else OccupationGroup(code=code.strip())
    )
    row.name, row.positions, row.basis = name.strip(), positions.strip(), basis.strip()
    row.valid_from, row.valid_to, row.order = valid_from, valid_to, order
    try:
        row.full_clean()
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        label = OccupationGroup._meta.get_field(field).verbose_name if field != "__all__" else ""
        raise OccupationError(f"“{label}”：{messages[0]}" if label else messages[0], field=field) from error
    note(row, actor=actor, now=now)
    row.save()
    events.occupation_saved(
        now=now,
        actor_id=actor.pk if actor else None,
        department_id=actor.department_id if actor else None,
        group_id=row.pk,
        code=row.code,
    )
    return row
