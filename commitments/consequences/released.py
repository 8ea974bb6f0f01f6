"""Letters that tell others of a breach, counted as the releases without consent that they are (S1 十一, S4 12; R113)."""

from collections.abc import Mapping
from datetime import date

from commitments.models import Letter
from credit_portal.registry.models import User
from credit_portal.registry.visibility import departments_visible_to
from verification.consent.counting import by_day


def count(user: User, first: date, last: date) -> Mapping[date, int]:
    """By month, those that have gone out and told something; not those that take something back."""
    rows = Letter.objects.filter(
        department__in=departments_visible_to(user), sent_on__isnull=False, withdraws__isnull=True
    )
    return by_day(rows, "sent_on", first, last)
