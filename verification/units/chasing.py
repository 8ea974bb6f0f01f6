"""The credit office asks units for what is missing: somebody who answers for it (R117), training in the year (R118)."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.outbox import notices
from credit_portal.registry import contacts, groups
from credit_portal.registry.models import Department, User
from credit_portal.registry.visibility import departments_visible_to, group_names
from verification import training

CONTACT, TRAINING = "contact", "training"
TITLES = {
    CONTACT: "请登记本单位信用工作的分管领导和联络员",
    TRAINING: "请开展并登记 {year} 年信用工作培训",
}
LINKS = {CONTACT: "/desk/unit/", TRAINING: "/desk/training/"}


class ChaseError(ValueError):
    """It is not this account's to do; the message says it in Chinese."""


def units_lacking(user: User, *, what: str, year: int) -> QuerySet[Department]:
    """The units of the user's reach that lack it."""
    reach = departments_visible_to(user)
    return contacts.lacking(reach) if what == CONTACT else training.without_training(reach, year=year)


@transaction.atomic
def chase(*, what: str, unit_ids: Sequence[int], actor: User, now: datetime) -> tuple[int, int]:
    """Ask the units that lack it; one notice a person, matter and day. Gives how many units, and how many of them have
    nobody with an account to ask. Raises ChaseError."""
    if groups.CREDIT_OFFICE not in group_names(actor):
        raise ChaseError("催办由信用办办理。")
    today = local_date(now)
    lacking = units_lacking(actor, what=what, year=today.year)
    units = list(lacking.filter(pk__in=unit_ids).order_by("pk").values_list("pk", flat=True))
    people = contacts.people_to_ask(units)
    notices.notify_many(
        [
            notices.Told(
                people[unit], f"unit:{unit}:{what}:{today}", "unit", TITLES[what].format(year=today.year),
                "", LINKS[what],
            )
            for unit in units
            if unit in people
        ],
        now=now,
    )  # fmt: skip
    if units:
        events.unit_chased(
            now=now, actor_id=actor.pk, department_id=actor.department_id, what=what, units=units
        )
    return len(units), sum(1 for unit in units if not people.get(unit))
