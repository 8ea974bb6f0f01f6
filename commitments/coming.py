"""What changes when: versions of items and of texts that are published ahead of their day, and items that go out of use."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet

from credit_portal.registry.models import Region, ServiceItem, ServiceItemVersion

from .models import TextVersion

MOST = 300
ITEM, TEXT = "item", "text"


@dataclass(frozen=True)
class Coming:
    """One change. `after` is in force from `on`; `before`, where there is one, up to the day before."""

    on: date
    kind: str
    deed: str
    code: str
    name: str
    region: str
    after: Any = None
    before: Any = None


def coming(*, regions: Iterable[str] | QuerySet[Region], today: date, days: int) -> list[Coming]:
    """Changes after today and within so many days, the first to come first. Five queries."""
    last = today + timedelta(days=days)
    ahead = {"status__in": ["published", "frozen"], "valid_from__gt": today, "valid_from__lte": last}
    items = list(
        ServiceItemVersion.objects.filter(**ahead, item__region__in=regions, item__retired_on__isnull=True)
        .select_related("item__region")
        .order_by("valid_from", "item__code")[:MOST]
    )
    texts = list(
        TextVersion.objects.filter(**ahead, text__region__in=regions)
        .select_related("text__region")
        .order_by("valid_from", "text__code")[:MOST]
    )
    before_items = _before(
        ServiceItemVersion.objects.filter(item__in=[one.item_id for one in items]), "item_id"
    )
    before_texts = _before(TextVersion.objects.filter(text__in=[one.text_id for one in texts]), "text_id")
    found = [
        _change(
            ITEM,
            one,
            one.item.code,
            one.name,
            one.item.region.name,
            before_items.get((one.item_id, one.valid_from)),
        )
        for one in items
    ]
    found += [
        _change(
            TEXT,
            one,
            one.text.code,
            one.title,
            one.text.region.name,
            before_texts.get((one.text_id, one.valid_from)),
        )
        for one in texts
    ]
    for item in (
        ServiceItem.objects.filter(retired_on__gt=today, retired_on__lte=last, region__in=regions)
        .select_related("region")
        .prefetch_related("versions")
        .order_by("retired_on", "code")[:MOST]
    ):
        used = [one for one in item.versions.all() if one.status in ("published", "frozen")]
        newest = max(used, key=lambda one: one.number, default=None)
        if newest is not None and item.retired_on is not None:
            found.append(
                Coming(item.retired_on, ITEM, "停用", item.code, newest.name, item.region.name, before=newest)
            )
    return sorted(found, key=lambda one: (one.on, one.kind, one.code))[:MOST]


def _before(rows: Any, parent: str) -> dict[tuple[int, date], Any]:
    """The versions that end, by their parent and the day on which the next one begins."""
    return {
        (getattr(row, parent), row.valid_to + timedelta(days=1)): row
        for row in rows.filter(status="frozen", valid_to__isnull=False)
    }


def _change(kind: str, after: Any, code: str, name: str, region: str, before: Any) -> Coming:
    return Coming(after.valid_from, kind, "换版" if before else "新增", code, name, region, after, before)
