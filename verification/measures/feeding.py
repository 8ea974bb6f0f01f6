"""Applied measures fed back (S3 一（三）「向市县一体化信用信息平台或县信用办反馈」, R86): the credit office has each of them in its
statistics from the moment of applying; where a platform above takes them too, a measure is fed back with its receipt."""

from collections.abc import Callable, Collection
from datetime import date, datetime

from credit_portal.registry.models import Region
from verification.models import AppliedMeasure

# Rooms above that bring measures further: whether one of a region and a day goes on.
_receivers: list[Callable[[Region, date], bool]] = []


def register_receiver(takes: Callable[[Region, date], bool]) -> None:
    """`takes(region, day)` says whether a measure applied there on that day goes on to somebody who will confirm it."""
    if takes not in _receivers:
        _receivers.append(takes)


def reached_at(region: Region, on: date, *, now: datetime) -> datetime | None:
    """When a measure that is applied now has been fed back: at once, or (None) when the platform has confirmed it."""
    return None if any(takes(region, on) for takes in _receivers) else now


def mark_fed_back(*, measure_ids: Collection[int], now: datetime) -> int:
    """The platform has confirmed them; told twice, the first moment stays."""
    return AppliedMeasure.objects.filter(pk__in=measure_ids, fed_back_at=None).update(fed_back_at=now)
