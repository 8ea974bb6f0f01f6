"""Applied measures end of themselves when their cause ends: in the transaction that ends a record, and by the day."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime

from django.db import transaction
from django.db.models import F, Q

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.registry.models import User
from verification.models import AppliedMeasure

Reason = AppliedMeasure.EndReason
AT_ONCE = 1_000


def end_for_entries(
    *, entry_ids: Collection[int], reason: Reason, on: date, now: datetime, actor_id: int | None = None
) -> int:
    """The measures of records that have ended; gives how many. For use within the transaction that ends them."""
    running = AppliedMeasure.objects.filter(entry__in=entry_ids, ended_on=None)
    return _end(running.values_list("pk", flat=True), reason, on=on, now=now, actor_id=actor_id)


def end_lifted(*, measure: AppliedMeasure, actor: User, now: datetime) -> None:
    """One that is lifted before its cause has ended. For use within the transaction that decides so."""
    _end([measure.pk], Reason.LIFTED, on=local_date(now), now=now, actor_id=actor.pk,
         department_id=measure.department_id)  # fmt: skip


@transaction.atomic
def follow_the_days(*, now: datetime) -> int:
    """Step of the sweep: what was over yesterday, because the record's term was or the measure has left the list."""
    today = local_date(now)
    running = AppliedMeasure.objects.select_for_update(of=("self",), skip_locked=True).filter(ended_on=None)
    done = 0
    by_day: dict[tuple[Reason, date], list[int]] = defaultdict(list)
    term = Q(entry__until_on__lt=today) | Q(entry__until_on=None, entry__public_until__lt=today)
    for pk, until, public in running.filter(term).values_list(
        "pk", F("entry__until_on"), F("entry__public_until")
    )[:AT_ONCE]:
        by_day[Reason.TERM, until or public].append(pk)
    listed = running.filter(listed__effective_to__lt=today).exclude(term)
    for pk, last in listed.values_list("pk", F("listed__effective_to"))[:AT_ONCE]:
        by_day[Reason.UNLISTED, last].append(pk)
    for (reason, last), found in by_day.items():
        done += _end(found, reason, on=last, now=now, actor_id=None)
    return done


def _end(
    found: Collection[int],
    reason: Reason,
    *,
    on: date,
    now: datetime,
    actor_id: int | None,
    department_id: int | None = None,
) -> int:
    wanted = list(found)
    if not wanted:
        return 0
    AppliedMeasure.objects.filter(pk__in=wanted, ended_on=None).update(ended_on=on, end_reason=reason)
    events.measures_ended(
        now=now, actor_id=actor_id, department_id=department_id, reason=reason, measures=wanted
    )
    return len(wanted)
