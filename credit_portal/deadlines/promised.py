"""Duties whose day was promised in writing instead of being counted from a rule. A changed rule does not touch them; a day
that becomes a rest day runs on to the next working day (Civil Code art. 203), as it does for every period in days."""

from datetime import date, datetime

from django.db import transaction

from credit_portal.audit import events
from credit_portal.registry.models import Department, Region, User

from .calendar import Counted, count_days
from .calendars import current_calendar
from .duties import OPEN_STATES, Matter
from .models import Duty, DutyEvent

Kind = DutyEvent.Kind


@transaction.atomic
def promise_duty(
    *,
    rule_key: str,
    matter: Matter,
    department: Department,
    region: Region,
    made_on: date,
    until: date,
    basis: str,
    now: datetime,
    actor: User | None = None,
    is_demo: bool = False,
) -> Duty:
    """Store the duty that a promise of the day `made_on` brings to a department: due on the day `until`. Opened once:
    asked again, the first one is given back. No rule of policy may have this key."""
    calendar = current_calendar()
    counted = count_days(calendar, made_on, (until - made_on).days, to_act=True)
    duty, created = Duty.objects.get_or_create(
        rule_key=rule_key,
        matter_type=matter.type,
        matter_id=matter.id,
        defaults={
            "number": matter.number,
            "department": department,
            "region": region,
            "triggered_on": made_on,
            "length": (until - made_on).days,
            "unit": "days",
            "counted": list(counted.days),
            "due_on": counted.due,
            "provisional": counted.provisional,
            "calendar_version": calendar.version,
            "basis": basis[:300],
            "confirmed": True,
            "opened_at": now,
            "is_demo": is_demo,
        },
    )
    if created:
        _note(duty, Kind.OPENED, before=None, actor=actor, now=now)
        events.duty_opened(
            now=now,
            actor_id=actor.pk if actor else None,
            department_id=department.pk,
            duty_id=duty.pk,
            rule=rule_key,
            matter=f"{matter.type}:{matter.id}",
            due_on=duty.due_on,
            provisional=duty.provisional,
        )
    return duty


@transaction.atomic
def promise_again(
    *, rule_key: str, matter: Matter, until: date, note: str, actor: User | None, now: datetime
) -> Duty | None:
    """Another last day was promised, or what was promised for the last one has come already: the open duty moves there.
    None where no duty is open or the day is the same."""
    duty = (
        Duty.objects.select_for_update()
        .filter(rule_key=rule_key, matter_type=matter.type, matter_id=matter.id, state__in=OPEN_STATES)
        .first()
    )
    if duty is None or duty.length == (until - duty.triggered_on).days:
        return None
    calendar, before = current_calendar(), duty.due_on
    counted: Counted = count_days(calendar, duty.triggered_on, (until - duty.triggered_on).days, to_act=True)
    duty.length = (until - duty.triggered_on).days
    duty.counted, duty.due_on = list(counted.days), counted.due
    duty.provisional, duty.calendar_version = counted.provisional, calendar.version
    if duty.due_on > before:
        # More time: reminding begins anew with the new day.
        duty.stage = Duty.Stage.NONE
    duty.save(update_fields=["length", "counted", "due_on", "provisional", "calendar_version", "stage"])
    _note(duty, Kind.MOVED, before=before, actor=actor, now=now, note=note)
    events.duty_moved(
        now=now,
        actor_id=actor.pk if actor else None,
        department_id=duty.department_id,
        duty_id=duty.pk,
        before=before,
        after=duty.due_on,
        provisional=duty.provisional,
        cause="书面承诺",
    )
    return duty


def _note(
    duty: Duty, kind: str, *, before: date | None, actor: User | None, now: datetime, note: str = ""
) -> None:
    DutyEvent.objects.create(
        duty=duty,
        kind=kind,
        at=now,
        actor=actor,
        due_before=before,
        due_after=duty.due_on,
        provisional=duty.provisional,
        calendar_version=duty.calendar_version,
        note=note[:300],
    )
