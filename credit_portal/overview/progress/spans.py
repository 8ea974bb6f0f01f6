"""The days that figures are of. Pure."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Q

from credit_portal.audit.clock import SHANGHAI
from disclosure.progress.periods import Half


@dataclass(frozen=True)
class Span:
    """A half-year as far as it has come: from its first day to the day asked on or its last, both included."""

    first: date
    until: date
    as_of: date

    def days(self, field: str) -> Q:
        """Rows whose date lies in it."""
        return Q(**{f"{field}__gte": self.first, f"{field}__lte": self.until})

    def moments(self, field: str) -> Q:
        """Rows whose moment lies in it, by Chinese time."""
        return Q(
            **{
                f"{field}__gte": datetime.combine(self.first, time(0), SHANGHAI),
                f"{field}__lt": datetime.combine(self.until + timedelta(days=1), time(0), SHANGHAI),
            }
        )


def span_of(half: Half, today: date) -> Span:
    """What of a half-year can be counted on a day."""
    return Span(half.first, max(half.first, min(half.last, today)), today)
