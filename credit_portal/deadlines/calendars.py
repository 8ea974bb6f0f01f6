"""The working calendar as it is stored: the rows of the notices."""

import hashlib
from datetime import date
from functools import lru_cache

from django.contrib.postgres.aggregates import StringAgg
from django.db.models import CharField, F, Func, Value
from django.db.models.functions import Concat

from .calendar import Calendar
from .models import CalendarDay, CalendarNotice

Kind = CalendarDay.Kind
_DAY_AND_KIND = Concat(
    Func(F("days__day"), Value("YYYY-MM-DD"), function="to_char", output_field=CharField()),
    F("days__kind"),
    output_field=CharField(),
)


def current_calendar() -> Calendar:
    """The calendar as the rows have it now, so that what another process loaded counts at once.

    One query of some 12 kB; only its reading is kept, by its content.
    """
    notices = (
        CalendarNotice.objects.order_by("year")
        .annotate(content=StringAgg(_DAY_AND_KIND, ",", order_by="days__day"))
        .values_list("year", "content")
    )
    return _calendar(tuple((year, content or "") for year, content in notices))


@lru_cache(maxsize=8)
def _calendar(notices: tuple[tuple[int, str], ...]) -> Calendar:
    days: dict[str, set[date]] = {Kind.REST: set(), Kind.WORK: set()}
    digest = hashlib.sha256()
    for year, content in notices:
        digest.update(f"{year}:{content};".encode())
        for entry in content.split(",") if content else ():
            days[entry[10:]].add(date.fromisoformat(entry[:10]))
    years = [year for year, _ in notices]
    span = f"{years[0]}-{years[-1]}" if years else "none"
    return Calendar(
        frozenset(years),
        rest=frozenset(days[Kind.REST]),
        work=frozenset(days[Kind.WORK]),
        version=f"{span} {digest.hexdigest()[:12]}",
    )
