"""The public gate for responsible persons: only those pursued for a state firm's arrears, where the region publishes them
and two people decided so; never by a search, only beside their firm, masked. (S4 12, R82, R92.)"""

from datetime import datetime
from typing import Any

from django.db.models import F, QuerySet

from credit_portal.audit.clock import local_date
from credit_portal.registry.models import ResponsiblePerson
from verification.models import Listing
from verification.vocabulary import State

from .gate import Hider, shown_name

PERSON = "person"
COLUMNS = (
    "uuid",
    "subject__name",
    "responsible__capacity",
    "facts",
    "basis",
    "document_no",
    "decided_on",
    "public_from",
    "term_until",
    "department__name",
    "department__uscc",
    "firm__uscc",
)
PUBLIC_FIELDS = (
    "id", "name", "capacity", "facts", "basis", "document_no", "decided_on", "published_on", "public_until", "department",
)  # fmt: skip
_CAPACITIES = dict(ResponsiblePerson.Capacity.choices)


def public_persons(now: datetime) -> QuerySet[Listing]:
    """Those that may be shown at `now`, within their term."""
    today = local_date(now)
    return Listing.objects.filter(
        kind=Listing.Kind.ARREARS,
        state=Listing.State.IN_FORCE,
        public_from__lte=today,
        term_until__gte=today,
        public_proposed_by__isnull=False,
        public_second__isnull=False,
        entry__state=State.EFFECTIVE,
    ).exclude(public_second=F("public_proposed_by"))


def persons_of_firm(code: str, *, now: datetime) -> list[dict[str, Any]]:
    """Lines of exactly PUBLIC_FIELDS for the firm's own page: surname and ＊, no number."""
    rows = public_persons(now).filter(firm__uscc=code).order_by("-public_from", "-id").values(*COLUMNS)
    found = []
    for row in rows[:20]:
        hide = Hider(
            kind=PERSON, name=row["subject__name"], kept=(row["firm__uscc"], row["department__uscc"])
        )
        found.append(
            {
                "id": str(row["uuid"]),
                "name": shown_name(PERSON, row["subject__name"]),
                "capacity": str(_CAPACITIES[row["responsible__capacity"]]),
                "facts": hide(row["facts"]),
                "basis": hide(row["basis"]),
                "document_no": hide(row["document_no"]),
                "decided_on": row["decided_on"],
                "published_on": row["public_from"],
                "public_until": row["term_until"],
                "department": row["department__name"],
            }
        )
    return found
