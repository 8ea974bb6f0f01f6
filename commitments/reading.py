"""Reading material of a sector (R15): written, replaced, withdrawn. What was shown to somebody stays as it was."""

from collections.abc import Sequence
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, Q, QuerySet

from credit_portal.audit import events
from credit_portal.registry.models import Department, OccupationGroup, Region, User
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
    return put_in_use(
        domain=domain, occupation=occupation, title=title, body=body, department=department,
        published_on=published_on, actor=actor, now=now,
    )  # fmt: skip


@transaction.atomic
def put_in_use(
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
    """The next version of a region's reading of a sector, or of an occupational group; whether the actor may, the caller has seen to."""
    # Two published at once would each take the other for none: one region at a time.
    Region.objects.select_for_update(no_key=True).get(pk=department.region_id)
    same = ReadingMaterial.objects.filter(region=department.region_id, occupation=occupation)
    if occupation is None:
        same = same.filter(domain=domain)
    before = list(same.select_for_update().filter(is_current=True))
    row = ReadingMaterial(
        domain=domain,
        occupation=occupation,
        title=title.strip(),
        body=body.strip(),
        department=department,
        region=department.region,
        version=(same.aggregate(last=Max("version"))["last"] or 0) + 1,
        published_on=published_on,
    )
    row.full_clean(validate_constraints=False)
    for one in before:
        _set_current(one, False, actor, now)
    row._history_user, row._history_date = actor, now
    row.save()
    events.reading_saved(
        now=now, actor_id=actor.pk if actor else None, reading_id=row.pk, domain=row.domain, deed="published"
    )
    return row


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


def in_use(lineage: Sequence[str]) -> QuerySet[ReadingMaterial]:
    """The readings in use in a region and above it."""
    return ReadingMaterial.objects.filter(is_current=True, region__in=list(lineage))


def reading_in_use(
    *, domain: str, lineage: Sequence[str], occupation_id: int | None = None
) -> ReadingMaterial | None:
    """The reading of a sector that a region offers: its own, else the nearest above. What is written for the positions of
    an occupational group goes before what is written for the sector (R19)."""
    rows = list(in_use(lineage).filter(Q(domain=domain, occupation=None) | Q(occupation__isnull=False)))
    for fitting in (
        {row.region_id: row for row in rows if occupation_id and row.occupation_id == occupation_id},
        {row.region_id: row for row in rows if row.occupation_id is None},
    ):
        found = next((fitting[code] for code in lineage if code in fitting), None)
        if found is not None:
            return found
    return None
