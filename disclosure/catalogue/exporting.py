"""The catalogue of a region and a day as a workbook or a CSV; drafts instead of what is in force where the keeper asks."""

from collections.abc import Iterable, Sequence
from datetime import date

from django.db.models import Q, QuerySet

from credit_portal.documents import workbook
from credit_portal.documents.writing import exact_csv
from credit_portal.registry.below import within
from credit_portal.registry.models import Region, ServiceItemVersion, User

from .columns import ITEMS, LEGEND, MATERIALS, item_lines, legend_lines, material_lines

Status = ServiceItemVersion.Status
MOST = 5_000


class TooMany(ValueError):
    """More items than one file holds."""


def regions_of(user: User) -> QuerySet[Region]:
    """The own region and those below it: whose catalogue a keeper keeps."""
    path = user.department.region.path if user.department else "/"
    return Region.objects.filter(within(path, "")).order_by("path")


def versions_of(
    regions: Iterable[str] | QuerySet[Region], *, on: date, drafts: bool = False
) -> list[ServiceItemVersion]:
    """One version an item: the one in force on a day, or the open draft where drafts are asked for. Raises TooMany."""
    common = ServiceItemVersion.objects.filter(item__region__in=regions).select_related(
        "item__department", "item__region", "occupation"
    )
    found = {
        one.item_id: one
        for one in common.filter(
            Q(valid_to__isnull=True) | Q(valid_to__gte=on),
            Q(item__retired_on__isnull=True) | Q(item__retired_on__gt=on),
            status__in=[Status.PUBLISHED, Status.FROZEN],
            valid_from__lte=on,
        )[: MOST + 1]
    }
    if drafts:
        found |= {
            one.item_id: one
            for one in common.filter(status=Status.DRAFT, item__retired_on__isnull=True)[: MOST + 1]
        }
    if len(found) > MOST:
        raise TooMany(f"超过 {MOST} 项，请按地区分开导出。")
    return sorted(found.values(), key=lambda one: (one.item.region_id, one.item.code))


def as_xlsx(versions: Sequence[ServiceItemVersion], *, today: date) -> bytes:
    """Items, their materials, and what each column means; text cells only."""
    return workbook.tables(
        [
            (ITEMS, item_lines(versions, today, csv=False)),
            (MATERIALS, material_lines(versions)),
            (LEGEND, legend_lines()),
        ]
    )


def as_csv(versions: Sequence[ServiceItemVersion], *, today: date) -> bytes:
    return exact_csv(item_lines(versions, today, csv=True))
