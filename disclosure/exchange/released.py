"""What went up to the platform, counted as the releases without consent that it is (S0 一（三）, S3 一（一）; R113)."""

from collections.abc import Mapping
from datetime import date

from credit_portal.registry.models import User
from credit_portal.registry.visibility import departments_visible_to
from disclosure.models import ExchangeRecord
from verification.consent.counting import by_moment


def count(user: User, first: date, last: date) -> Mapping[date, int]:
    """By month, what the platform was sent and has not been asked to take off."""
    rows = ExchangeRecord.objects.filter(
        department__in=departments_visible_to(user),
        operation=ExchangeRecord.Operation.PUT,
        batch__sent_at__isnull=False,
    )
    return by_moment(rows, "batch__sent_at", first, last)
