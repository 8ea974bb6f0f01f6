"""The demonstration as a whole: once, all or nothing, and never beside real data."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction

from commitments.models import Commitment, CommitmentText
from credit_portal.outbox import sweeping
from credit_portal.registry import site
from credit_portal.registry.models import CreditSubject, Department, ServiceItem, User

from . import (
    associations,
    bulk,
    capture,
    catalogue_work,
    consents,
    consequences,
    foundation,
    grades,
    handover,
    logins,
    reading_watch,
    self_service,
    subjects,
    switching,
)
from .timeline import YEAR, Timeline

# The offices began this long before the first visit.
BEGUN = timedelta(days=YEAR + 40)
SEED = 130111


class NotEmpty(Exception):
    """There are data here that are no demonstration; the message says which, in Chinese."""


@dataclass(frozen=True)
class Result:
    """`logins`: the table of accounts; `commitments`: how many were signed, None where all of it was there already."""

    logins: str
    commitments: int | None


def real_data() -> list[str]:
    """What is in the database that no demonstration brought, in Chinese."""
    kinds: list[tuple[str, Callable[[], bool]]] = [
        (str(model._meta.verbose_name), model._default_manager.filter(is_demo=False).exists)
        for model in (Department, User, CreditSubject, ServiceItem, CommitmentText, Commitment)
    ]
    return [name for name, exist in kinds if exist()]


def is_there() -> bool:
    return Department.objects.filter(is_demo=True).exists()


@transaction.atomic
def build(*, now: datetime, share: float = 1) -> Result:
    """Everything, dated up to `now`, with a share of the year's visits. Raises NotEmpty; asked again, it changes nothing and gives the accounts again."""
    with connection.cursor() as cursor:
        # Two installations started at once on one database: the second finds what the first has made.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SEED])
    if found := real_data():
        raise NotEmpty(f"数据库中已有真实数据（{'、'.join(found)}），不能装入演示数据。")
    if is_there():
        return Result(logins.kept(), None)
    chance = random.Random(SEED)  # noqa: S311 - the same demonstration everywhere, nothing secret
    world = foundation.lay(now=now - BEGUN)
    timeline = Timeline(world, until=now, chance=chance, share=share)
    timeline.plan()
    signed = timeline.run()
    timeline.register_the_rest(now)
    subjects.lay(page=timeline.page, now=now)
    self_service.lay(timeline, now=now)
    associations.lay(timeline, now=now)
    catalogue_work.lay_ahead(world, now=now)
    bulk.lay(timeline, now=now)
    handover.lay(timeline, now=now)
    capture.lay(timeline, now=now)
    reading_watch.lay(timeline, now=now)
    consents.lay(timeline, now=now)
    consequences.lay(timeline, now=now)
    grades.lay(timeline, now=now)
    # Reminders, first and last days of publicity: as the scheduler would have them by now.
    sweeping.sweep(now=now)
    switching.announce(world, now=now)
    users = world.users_by_region()
    passwords = logins.set_passwords(users)
    table = logins.table(users, passwords)
    # Kept last, when nothing else can fail any more: a table without its accounts would mislead.
    logins.keep(table)
    site.forget_place()
    return Result(table, len(signed))
