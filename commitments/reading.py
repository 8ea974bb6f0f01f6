"""Reading material of a sector (R15): written, replaced, withdrawn. What was shown to somebody stays as it was."""

from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet

from credit_portal.audit import events
from credit_portal.registry.models import Department, OccupationGroup, User
from credit_portal.registry.reach import KEEPERS, check_reach

from .models import ReadingMaterial


@transaction.atomic
def publish_reading(
    *,
    domain: str,
    title: str,
    body: str,
    department: Department,
    published_on: date,
    actor: User | None,
    now: datetime,
    occupation: OccupationGroup | None = None,
) -> ReadingMaterial:
    """Put a reading of a sector, or of an occupational group (R19), in use; the one before it stays on record, out of use. Raises ValidationError."""
    check_reach(actor, department.region, *KEEPERS)
    row = ReadingMaterial(
        domain=domain,
        occupation=occupation,
        title=title.strip(),
        body=body.strip(),
        department=department,
        published_on=published_on,
    )
    row.full_clean(validate_constraints=False)
    for before in _in_use(domain, occupation):
        check_reach(actor, before.department.region, *KEEPERS)
        _set_current(before, False, actor, now)
    row._history_user, row._history_date = actor, now
    row.save()
    events.reading_saved(
        now=now, actor_id=actor.pk if actor else None, reading_id=row.pk, domain=row.domain, deed="published"
    )
    return row


def _in_use(domain: str, occupation: OccupationGroup | None) -> QuerySet[ReadingMaterial]:
    """What the new one replaces: the one for the same group, or the one of the field that is for everybody."""
    rows = ReadingMaterial.objects.select_for_update(of=("self",)).filter(is_current=True)
    return rows.filter(occupation=occupation) if occupation else rows.filter(domain=domain, occupation=None)


@transaction.atomic
def withdraw_reading(*, reading: ReadingMaterial, actor: User | None, now: datetime) -> ReadingMaterial:
    """Take a reading out of use. Raises ValidationError where it is out already."""
    row = ReadingMaterial.objects.select_for_update().get(pk=reading.pk)
    check_reach(actor, row.department.region, *KEEPERS)
    if not row.is_current:
        raise ValidationError("这份读本已经停用。")
    _set_current(row, False, actor, now)
    events.reading_saved(
        now=now, actor_id=actor.pk if actor else None, reading_id=row.pk, domain=row.domain, deed="withdrawn"
    )
    return row


def _set_current(row: ReadingMaterial, value: bool, actor: User | None, now: datetime) -> None:
    row.is_current = value
    row._history_user, row._history_date = actor, now
    row.save()
