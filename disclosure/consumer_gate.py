"""The public gate for consumers' complaints (S1, S4「消费投诉公示」, R69): of businesses, with a result, where the region's rule is on
and confirmed, for as long as it says. Nothing of the consumer is there to be shown; numbers of persons in a text are hidden."""

import uuid
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Q, QuerySet

from credit_portal.audit.clock import local_date
from credit_portal.deadlines import policy
from credit_portal.deadlines.periods import last_day_after_months
from credit_portal.registry.models import Domain, Region
from verification.models import ConsumerComplaint

from .gate import PERSON, Hider

RULE = "complaint_publication"
# What was looked into and found to be a dispute. Of what was untrue, taken back or sent on to others, no name is shown.
PUBLIC_RESULTS = (ConsumerComplaint.Result.SETTLED, ConsumerComplaint.Result.UNSETTLED)
LISTED_COLUMNS = (
    "uuid", "subject_kind", "subject_name", "subject_code", "domain", "result", "received_on", "handled_on",
    "department__name", "department__uscc", "region__name", "region_id",
)  # fmt: skip
RECORD_COLUMNS = (*LISTED_COLUMNS, "about", "result_text", "department__phone")
LISTED_FIELDS = (
    "id",
    "subject",
    "domain",
    "domain_label",
    "result_label",
    "received_on",
    "handled_on",
    "department",
    "region",
)
PUBLIC_FIELDS = (*LISTED_FIELDS, "about", "result_text", "contact", "public_until")
_DOMAINS = dict(Domain.choices)
_RESULTS = dict(ConsumerComplaint.Result.choices)


def months_public(on: date) -> dict[str, int]:
    """For how many months complaints are public, by region; regions in which they are not are absent. An unconfirmed rule
    publishes nothing. Two queries."""
    finder = policy.Finder(RULE)
    found = {}
    for region in Region.objects.all():
        value = finder.value(lineage=region.lineage, on=on)
        if value is not None and value.on and value.confirmed and value.value.get("months"):
            found[region.code] = int(value.value["months"])
    return found


def _first_handled(on: date, months: int) -> date:
    """The earliest day of handling whose months have not gone by."""
    day = date(on.year - months // 12 - 1, on.month, 1)
    # The corresponding day of a shorter month is its last, so the edge is looked for, not reckoned back.
    low, high = day.toordinal(), on.toordinal()
    while low < high:
        middle = (low + high) // 2
        if last_day_after_months(date.fromordinal(middle), months) >= on:
            high = middle
        else:
            low = middle + 1
    return date.fromordinal(low)


def public_complaints(now: datetime) -> QuerySet[ConsumerComplaint]:
    """What may be shown now, the newest first."""
    today = local_date(now)
    running = Q(pk__in=[])
    for region, months in months_public(today).items():
        running |= Q(region=region, handled_on__gte=_first_handled(today, months))
    return (
        ConsumerComplaint.objects.filter(
            running,
            ended_at__isnull=True,
            handled_on__lte=today,
            entry__state="effective",
            result__in=PUBLIC_RESULTS,
        )
        .exclude(subject_kind=PERSON)
        .order_by("-handled_on", "-pk")
    )


def by_domain(now: datetime) -> list[tuple[str, int]]:
    """How many public complaints there are by field, the most first."""
    rows = public_complaints(now).order_by().values("domain").annotate(n=Count("pk")).order_by("-n", "domain")
    return [(str(_DOMAINS[row["domain"]]), row["n"]) for row in rows]


def find_complaint(public_id: uuid.UUID, *, now: datetime) -> dict[str, Any] | None:
    """The public record, or None: the same whether there is nothing, nothing public, or no longer."""
    row = public_complaints(now).filter(uuid=public_id).values(*RECORD_COLUMNS).first()
    if row is None:
        return None
    months = months_public(local_date(now))[row["region_id"]]
    return record_row(row) | {"public_until": last_day_after_months(row["handled_on"], months)}


def listed_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """One line of the list: exactly LISTED_FIELDS."""
    return {
        "id": str(row["uuid"]),
        "subject": {"name": row["subject_name"], "code": row["subject_code"]},
        "domain": row["domain"],
        "domain_label": str(_DOMAINS[row["domain"]]),
        "result_label": str(_RESULTS[row["result"]]),
        "received_on": row["received_on"],
        "handled_on": row["handled_on"],
        "department": row["department__name"],
        "region": row["region__name"],
    }


def record_row(row: Mapping[str, Any]) -> dict[str, Any]:
    hide = Hider(
        kind=row["subject_kind"],
        name=row["subject_name"],
        kept=(row["subject_code"], row["department__uscc"]),
    )
    return listed_row(row) | {
        "about": hide(row["about"]),
        "result_text": hide(row["result_text"]),
        "contact": row["department__phone"],
    }
