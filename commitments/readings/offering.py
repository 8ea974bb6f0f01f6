"""Where a reading is offered, and whether it was read (S1, S4: 「不得收费」「不得作为市场准入的必要条件」, R16, R17). These rows are counted,
nobody decides by them."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Count, Q

from commitments.models import Draft, Presentation, ReadingMaterial, ReadingOffer
from credit_portal.audit.clock import SHANGHAI
from credit_portal.registry.models import CreditSubject, Department, Region, SubjectAccess

Place = ReadingOffer.Place


def offered_at_window(draft: Draft, reading: ReadingMaterial | None, *, now: datetime) -> None:
    """The turned screen has offered it after the text; in the caller's transaction, when reading is finished."""
    if reading is None:
        return
    read = draft.presentations.filter(part=Presentation.Part.EDUCATION, reading=reading).exists()
    offer, new = ReadingOffer.objects.get_or_create(
        key=f"window:{draft.pk}:{reading.pk}",
        defaults={
            "reading": reading,
            "place": Place.ONLINE if draft.clerk_id is None else Place.WINDOW,
            "subject": draft.subject,
            "department": draft.department,
            "offered_at": now,
            "read_at": now if read else None,
            "is_demo": draft.department.is_demo,
        },
    )
    if not new and read and offer.read_at is None:
        offer.read_at = now
        offer.save(update_fields=["read_at"])


def offered_at_registration(held: SubjectAccess, *, now: datetime) -> None:
    """Whoever is registered for the own pages gets the address of the readings on the slip."""
    department = held.department
    if department is None:
        return
    rows = ReadingMaterial.objects.filter(is_current=True, region__in=department.region.lineage)
    ReadingOffer.objects.bulk_create(
        [
            ReadingOffer(
                key=f"access:{held.pk}:{row.pk}", reading=row, place=Place.REGISTRATION, subject=held.subject,
                department=department, offered_at=now, is_demo=department.is_demo,
            )
            for row in rows
        ],
        ignore_conflicts=True,
    )  # fmt: skip


def read_on_own_pages(
    *, subject: CreditSubject, reading: ReadingMaterial, held: SubjectAccess, now: datetime
) -> None:
    """A subject says that it has read; what the slip offered counts as read, too."""
    ReadingOffer.objects.filter(key=f"access:{held.pk}:{reading.pk}", read_at__isnull=True).update(
        read_at=now
    )
    ReadingOffer.objects.get_or_create(
        key=f"own:{subject.pk}:{reading.pk}",
        defaults={
            "reading": reading, "place": Place.OWN, "subject": subject, "department": None, "offered_at": now,
            "read_at": now, "is_demo": subject.is_demo,
        },
    )  # fmt: skip


@dataclass(frozen=True)
class Figures:
    """How often a reading was offered and read, and by place."""

    reading: ReadingMaterial
    offered: int
    read: int
    places: list[tuple[str, int, int]]


def figures(
    region: Region, *, since: date, until: date, department: Department | None = None
) -> list[Figures]:
    """The readings of a region (or of one department of it) with their offers of some days. Two queries."""
    readings = ReadingMaterial.objects.filter(region=region).select_related("department")
    if department is not None:
        readings = readings.filter(department=department)
    first = datetime.combine(since, time(0), SHANGHAI)
    end = datetime.combine(until + timedelta(days=1), time(0), SHANGHAI)
    counted: dict[int, list[tuple[str, int, int]]] = {}
    labels = dict(Place.choices)
    rows = (
        ReadingOffer.objects.filter(reading__in=readings, offered_at__gte=first, offered_at__lt=end)
        .order_by()
        .values("reading_id", "place")
        .annotate(n=Count("pk"), read=Count("pk", filter=Q(read_at__isnull=False)))
    )
    for row in rows:
        counted.setdefault(row["reading_id"], []).append((str(labels[row["place"]]), row["n"], row["read"]))
    return [
        Figures(
            one,
            sum(n for _, n, _ in counted.get(one.pk, ())),
            sum(read for _, _, read in counted.get(one.pk, ())),
            sorted(counted.get(one.pk, [])),
        )
        for one in readings.order_by("domain", "-version")
    ]
