"""Looking through the commitments that were there before a platform, or before it was set otherwise: a part at a time, in
sets. What has no record yet and no breach, nearly all, is written so; the others one by one, as at a fact of their own.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from commitments.models import Commitment
from credit_portal.deadlines import duties
from credit_portal.registry.models import Department, Region
from disclosure.models import BreachReport, ExchangePlatform, ExchangeRecord
from disclosure.offices import NoOffice, nearest_office

from . import noting

# Commitments that one step of the sweep looks through, those of a transaction, and how many of the quick kind one costs
# that is looked at by itself.
SCAN, PART, BY_ITSELF = 5_000, 1_000, 20


def scan(*, now: datetime) -> int:
    """Step of the sweep: go on where the last one stopped. Gives how many records are new."""
    new = 0
    active = list(ExchangePlatform.objects.filter(is_active=True).order_by("id"))
    for platform in active:
        left = SCAN
        while left > 0:
            part = _part(platform, active, now=now)
            if part is None:
                break
            new, left = new + part.new, left - part.cost
    return new


@dataclass(frozen=True)
class Part:
    """`cost` in commitments of the quick kind."""

    new: int
    cost: int


@transaction.atomic
def _part(platform: ExchangePlatform, active: list[ExchangePlatform], *, now: datetime) -> Part | None:
    """The next commitments of a platform; None where there are none any more."""
    locked = ExchangePlatform.objects.select_for_update().get(pk=platform.pk)
    breached = BreachReport.objects.filter(case__commitment=OuterRef("pk"), state=BreachReport.State.ACCEPTED)
    told = ExchangeRecord.objects.filter(commitment=OuterRef("pk"), platform=platform, dataset=noting.DATASET)
    rows = list(
        Commitment.objects.filter(Q(made_on__gte=locked.since) | Exists(breached), pk__gt=locked.scanned_to)
        .annotate(by_itself=Exists(told) | Exists(breached))
        .select_related("region", "department")
        .order_by("pk")[:PART]
    )
    if not rows:
        return None
    # A region below may have one of its own.
    mine = [row for row in rows if noting.nearest(row.region, active) == platform]
    by_itself = [row for row in mine if row.by_itself]
    new = sum(noting.note_one(row, locked, now=now) is not None for row in by_itself)
    new += _first([row for row in mine if not row.by_itself], locked, now=now)
    locked.scanned_to = rows[-1].pk
    locked.save(update_fields=["scanned_to"])
    return Part(new, len(rows) + len(by_itself) * BY_ITSELF)


def _first(rows: list[Commitment], platform: ExchangePlatform, *, now: datetime) -> int:
    """Their first records, with their duties. One that an act of the same moment has written stays as that wrote it."""
    records, openings = [], []
    offices: dict[str, Department | None] = {}
    for row in rows:
        want = noting.wanted_of(row, platform)
        if want is None:
            continue
        records.append(noting.put(row, platform, dict(want.values), running=want.running, version=1, now=now))
        office = _office(row.region, offices)
        if office is not None:
            openings.append(noting.upload_due(row, want, office, now=now))
    ExchangeRecord.objects.bulk_create(records, ignore_conflicts=True, batch_size=PART)
    duties.open_duties(rule_key=noting.UPLOAD, openings=openings, now=now)
    return len(records)


def _office(region: Region, known: dict[str, Department | None]) -> Department | None:
    if region.code not in known:
        try:
            known[region.code] = nearest_office(region)
        except NoOffice:
            known[region.code] = None
    return known[region.code]
