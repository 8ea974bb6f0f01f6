"""How often records went out, by consent and by each exception, month by month. Ways out that have rows of their own are
counted there and not written twice; rooms above register theirs. A constant number of queries."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Aggregate, Count, F, QuerySet, Sum
from django.db.models.expressions import Combinable
from django.db.models.functions import TruncMonth

from credit_portal.audit.clock import SHANGHAI
from credit_portal.registry.below import within
from credit_portal.registry.models import User
from credit_portal.registry.visibility import departments_visible_to
from verification.models import Check, EvaluationPassing, OwnRecordRequest, Release

from .exceptions import CHECK, EVALUATION, EXCEPTIONS, SUBJECT

CONSENT = "consent"
# `count(user, first, last)`: how many by first days of months, of what the user's region answers for.
Count_ = Callable[[User, date, date], Mapping[date, int]]
_counters: dict[str, Count_] = {}


def register_counter(exception: str, count: Count_) -> None:
    """Who counts the releases of an exception that this room does not know itself."""
    _counters[exception] = count


@dataclass(frozen=True)
class Row:
    label: str
    articles: tuple[str, ...]
    counts: tuple[int, ...]

    @property
    def total(self) -> int:
        return sum(self.counts)


def months_before(today: date, number: int = 6) -> list[date]:
    """The first days of the last months, the newest last."""
    found = [today.replace(day=1)]
    while len(found) < number:
        found.insert(0, (found[0] - timedelta(days=1)).replace(day=1))
    return found


def figures(user: User, *, months: list[date], today: date) -> list[Row]:
    """A row for consents and one for each exception."""
    first = months[0]
    path = user.department.region.path if user.department else "-"
    passings = EvaluationPassing.objects.filter(within(path))
    by_month = _releases(user, first, today)
    for month, number in by_day(_checks(user), "on_day", first, today).items():
        by_month[CHECK][month] += number
    for month, number in by_moment(_own(user), "at", first, today).items():
        by_month[SUBJECT][month] += number
    for month, number in by_moment(
        passings, "passed_at", first, today, of=F("rows") - F("by_consent")
    ).items():
        by_month[EVALUATION][month] += number
    for exception, count in _counters.items():
        for month, number in count(user, first, today).items():
            by_month[exception][month] += number
    rows = [Row("主体同意", (), tuple(by_month[CONSENT][month] for month in months))]
    lineage = user.department.region.lineage if user.department else []
    for one in EXCEPTIONS.values():
        articles = tuple(basis.article for basis in one.bases if basis.region in lineage)
        rows.append(Row(one.label, articles, tuple(by_month[one.code][month] for month in months)))
    return rows


def _checks(user: User) -> QuerySet[Check]:
    return Check.objects.filter(department__in=departments_visible_to(user))


def _own(user: User) -> QuerySet[OwnRecordRequest]:
    path = user.department.region.path if user.department else "-"
    return OwnRecordRequest.objects.filter(within(path, "subject__region"))


def _releases(user: User, first: date, last: date) -> dict[str, dict[date, int]]:
    path = user.department.region.path if user.department else "-"
    rows = Release.objects.filter(within(path), **_span("at", first, last))
    found: dict[str, dict[date, int]] = defaultdict(lambda: defaultdict(int))
    for row in (
        rows.order_by()
        .annotate(month=TruncMonth("at", tzinfo=SHANGHAI))
        .values("month", "exception")
        .annotate(number=Count("pk"))
    ):
        found[row["exception"] or CONSENT][row["month"].date()] += row["number"]
    return found


def by_day(rows: QuerySet, column: str, first: date, last: date) -> dict[date, int]:
    """Rows by the month of a day."""
    span = {f"{column}__gte": first, f"{column}__lte": last}
    return _counted(
        rows.filter(**span).order_by().annotate(month=TruncMonth(column)).values("month"), Count("pk")
    )


def by_moment(
    rows: QuerySet, column: str, first: date, last: date, *, of: Combinable | None = None
) -> dict[date, int]:
    """Rows, or the sum of something of theirs, by the month of a moment, as the day is here."""
    month = TruncMonth(column, tzinfo=SHANGHAI)
    found = rows.filter(**_span(column, first, last)).order_by().annotate(month=month).values("month")
    return _counted(found, Count("pk") if of is None else Sum(of))


def _counted(rows: Iterable, number: Aggregate) -> dict[date, int]:
    found = {}
    for row in rows.annotate(number=number):  # type: ignore[attr-defined]
        month = row["month"]
        found[month.date() if isinstance(month, datetime) else month] = row["number"]
    return found


def _span(column: str, first: date, last: date) -> dict[str, datetime]:
    begin = datetime.combine(first, datetime.min.time(), SHANGHAI)
    end = datetime.combine(last + timedelta(days=1), datetime.min.time(), SHANGHAI)
    return {f"{column}__gte": begin, f"{column}__lt": end}
