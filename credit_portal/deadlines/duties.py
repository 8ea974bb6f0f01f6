"""Duties: legal time limits as rows, opened by a fact, met by the act itself, never counted down.

A duty's due date is stored with the days that were counted for it. A changed calendar or rule moves open duties only,
each with an event; a duty that has been met keeps for ever the dates by which it was met.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.audit.recording import together
from credit_portal.registry import groups
from credit_portal.registry.models import Department, Region, User
from credit_portal.registry.visibility import has_role, limit_to_visible

from . import policy
from .calendar import BY_ENDS, Counted, count
from .calendars import current_calendar
from .models import Duty, DutyEvent

Kind = DutyEvent.Kind
State = Duty.State
OPEN_STATES = (State.OPEN, State.SUSPENDED)


class DutyError(ValueError):
    """What was asked of a duty cannot be done; `field` names what is wrong, the message says it in Chinese."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Matter:
    """What a duty is about: the kind and id of a room's row, and its file number as people know it."""

    type: str
    id: int
    number: str = ""


@dataclass(frozen=True)
class MatterKind:
    label: str
    url_of: Callable[[int], str | None]


_matters: dict[str, MatterKind] = {}


def register_matter(type: str, label: str, url_of: Callable[[int], str | None]) -> None:
    """A room says what its matters are called and where their page is; from its `AppConfig.ready()`."""
    _matters[type] = MatterKind(label, url_of)


def matter_label(type: str) -> str:
    known = _matters.get(type)
    return known.label if known else type


def matter_url(duty: Duty) -> str | None:
    """The page of the matter itself, where its room has one."""
    known = _matters.get(duty.matter_type)
    return known.url_of(duty.matter_id) if known else None


# ---- opened, met, taken up again, cancelled ----------------------------------------------------------------


@dataclass(frozen=True)
class Opening:
    """The fact that brings a duty to a department: its day, and what the rule is narrowed by."""

    matter: Matter
    department: Department
    region: Region
    triggered_on: date
    domain: str = ""
    commitment_type: str = ""
    grade: str = ""
    is_demo: bool = False


@transaction.atomic
def open_duty(
    *,
    rule_key: str,
    matter: Matter,
    department: Department,
    region: Region,
    triggered_on: date,
    now: datetime,
    actor: User | None = None,
    domain: str = "",
    commitment_type: str = "",
    grade: str = "",
    is_demo: bool = False,
) -> Duty:
    """Store the duty that a fact of the day `triggered_on` (not counted) brings to a department.

    The rule is that of `region` in force on that day. Opened once: asked again, the first one is given back. Raises
    policy.NoRule where nothing says how long it is.
    """
    known = _find(rule_key, matter)
    if known is not None:
        return known
    rule = policy.value(
        rule_key,
        lineage=region.lineage,
        on=triggered_on,
        domain=domain,
        commitment_type=commitment_type,
        grade=grade,
    )
    opening = Opening(matter, department, region, triggered_on, domain, commitment_type, grade, is_demo)
    calendar = current_calendar()
    counted = count(calendar, triggered_on, rule.length, rule.unit)
    duty = _new(opening, rule, counted, version=calendar.version, now=now)
    try:
        with transaction.atomic():
            duty.save(force_insert=True)
    except IntegrityError:
        # Two at once: the other one has opened it.
        return Duty.objects.get(rule_key=rule_key, matter_type=matter.type, matter_id=matter.id)
    _course(duty, Kind.OPENED, now=now, actor=actor, before=None)
    _tell_opened(duty, now=now, actor=actor)
    return duty


def open_duties(*, rule_key: str, openings: Sequence[Opening], now: datetime) -> int:
    """Many at once, in sets: those that are not there yet and for which a rule says how long. Gives how many."""
    calendar = current_calendar()
    found = policy.Finder(rule_key)
    periods: dict[tuple[date, int, str], Counted] = {}
    fresh: dict[Matter, Duty] = {}
    for opening in openings:
        rule = found.value(
            lineage=opening.region.lineage,
            on=opening.triggered_on,
            domain=opening.domain,
            commitment_type=opening.commitment_type,
            grade=opening.grade,
        )
        if rule is None or not rule.counts:
            continue
        period = (opening.triggered_on, rule.length, rule.unit)
        if period not in periods:
            periods[period] = count(calendar, *period)
        fresh[opening.matter] = _new(opening, rule, periods[period], version=calendar.version, now=now)
    with together():
        wanted = list(fresh.values())
        Duty.objects.bulk_create(wanted, ignore_conflicts=True, batch_size=1_000)
        # Which of them are new: those that nothing has happened to yet.
        new = list(
            Duty.objects.filter(
                rule_key=rule_key,
                matter_type__in={matter.type for matter in fresh},
                matter_id__in=[matter.id for matter in fresh],
                events__isnull=True,
            ).order_by("id")
        )
        DutyEvent.objects.bulk_create(
            [_event(duty, Kind.OPENED, now=now, actor=None, before=None) for duty in new], batch_size=1_000
        )
        for duty in new:
            _tell_opened(duty, now=now, actor=None)
    return len(new)


def _new(opening: Opening, rule: policy.Value, counted: Counted, *, version: str, now: datetime) -> Duty:
    return Duty(
        rule_key=rule.key,
        matter_type=opening.matter.type,
        matter_id=opening.matter.id,
        number=opening.matter.number,
        department=opening.department,
        region=opening.region,
        domain=opening.domain,
        commitment_type=opening.commitment_type,
        grade=opening.grade,
        triggered_on=opening.triggered_on,
        length=rule.length,
        unit=rule.unit,
        counted=list(counted.days),
        due_on=counted.due,
        provisional=counted.provisional,
        calendar_version=version,
        rule_id=rule.rule_id,
        basis=rule.basis,
        confirmed=rule.confirmed,
        opened_at=now,
        is_demo=opening.is_demo,
    )


def _tell_opened(duty: Duty, *, now: datetime, actor: User | None) -> None:
    events.duty_opened(
        now=now,
        actor_id=actor.pk if actor else None,
        department_id=duty.department_id,
        duty_id=duty.pk,
        rule=duty.rule_key,
        matter=f"{duty.matter_type}:{duty.matter_id}",
        due_on=duty.due_on,
        provisional=duty.provisional,
    )


@transaction.atomic
def meet_duty(*, rule_key: str, matter: Matter, on: date, now: datetime, actor: User | None) -> Duty | None:
    """The act has been done on the day `on`: the duty is met by it. None where there is no such duty.

    Asked again, the first act stays the one that counts. Called by the act's own service; there is no ticking off.
    """
    duty = _locked(rule_key, matter)
    if duty is None or duty.state in (State.MET, State.CANCELLED):
        return duty
    duty.state, duty.met_on, duty.met_at, duty.met_by = State.MET, on, now, actor
    duty.suspended_on = None
    duty.save(update_fields=["state", "met_on", "met_at", "met_by", "suspended_on"])
    _course(duty, Kind.MET, now=now, actor=actor, before=duty.due_on)
    events.duty_met(
        now=now,
        actor_id=actor.pk if actor else None,
        department_id=duty.department_id,
        duty_id=duty.pk,
        on=on,
        due_on=duty.due_on,
        on_time=on <= duty.due_on,
    )
    return duty


@transaction.atomic
def reopen_duty(
    *, rule_key: str, matter: Matter, now: datetime, actor: User | None, note: str
) -> Duty | None:
    """What had met the duty was returned. Its due date stays: a return does not stop the clock (S0 一（三）)."""
    duty = _locked(rule_key, matter)
    if duty is None or duty.state != State.MET:
        return duty
    duty.state, duty.met_on, duty.met_at, duty.met_by = State.OPEN, None, None, None
    # Reminding begins anew: whoever has to act again is told again.
    duty.stage = Duty.Stage.NONE
    duty.save(update_fields=["state", "met_on", "met_at", "met_by", "stage"])
    _course(duty, Kind.REOPENED, now=now, actor=actor, before=duty.due_on, note=note)
    events.duty_reopened(
        now=now,
        actor_id=actor.pk if actor else None,
        department_id=duty.department_id,
        duty_id=duty.pk,
        due_on=duty.due_on,
    )
    return duty


@transaction.atomic
def cancel_duties(
    *,
    matter: Matter,
    now: datetime,
    actor: User | None,
    reason: str,
    rule_keys: Sequence[str] | None = None,
) -> int:
    """Nothing is to be done any more: open duties of a matter end without having been met. Gives their number."""
    rows = Duty.objects.select_for_update().filter(
        matter_type=matter.type, matter_id=matter.id, state__in=OPEN_STATES
    )
    if rule_keys is not None:
        rows = rows.filter(rule_key__in=rule_keys)
    cancelled = list(rows.order_by("id"))
    for duty in cancelled:
        duty.state, duty.closed_reason, duty.suspended_on = State.CANCELLED, reason[:200], None
        duty.save(update_fields=["state", "closed_reason", "suspended_on"])
        _course(duty, Kind.CANCELLED, now=now, actor=actor, before=duty.due_on, note=reason)
        events.duty_cancelled(
            now=now,
            actor_id=actor.pk if actor else None,
            department_id=duty.department_id,
            duty_id=duty.pk,
        )
    return len(cancelled)


@transaction.atomic
def hand_over(
    *,
    rule_key: str,
    matter: Matter,
    department: Department,
    now: datetime,
    actor: User | None,
) -> Duty | None:
    """Another department is competent: it owes what is left, the due date stays. None where nothing is open. Who handed it
    over and why stands in the course of the matter itself."""
    duty = _locked(rule_key, matter)
    if duty is None or duty.state not in OPEN_STATES:
        return None
    # The other one has been reminded of nothing yet.
    duty.department, duty.stage = department, Duty.Stage.NONE
    duty.save(update_fields=["department", "stage"])
    _tell_opened(duty, now=now, actor=actor)
    return duty


def duties_of(matter: Matter) -> list[Duty]:
    """Every duty of a matter, the first to be due first."""
    rows = Duty.objects.filter(matter_type=matter.type, matter_id=matter.id)
    return list(rows.select_related("department").order_by("due_on", "id"))


# ---- suspended and resumed ---------------------------------------------------------------------------------


@transaction.atomic
def suspend_duty(*, duty_id: int, on: date, basis: str, actor: User, now: datetime) -> Duty:
    """Stop the clock where law allows it: the days after `on` do not count until it is resumed.

    By the head of the department, naming the article. Raises DutyError.
    """
    return _suspend(_to_change(duty_id, actor), on=on, basis=basis, actor=actor, now=now)


@transaction.atomic
def pause(
    *, rule_key: str, matter: Matter, on: date, basis: str, actor: User | None, now: datetime
) -> Duty | None:
    """A step of the procedure itself stops the clock: others have to bring something first. None where nothing is running
    or the time is over already."""
    duty = _locked(rule_key, matter)
    if duty is None or duty.state != State.OPEN or on > duty.due_on:
        return None
    return _suspend(duty, on=on, basis=basis, actor=actor, now=now)


@transaction.atomic
def go_on(*, rule_key: str, matter: Matter, on: date, actor: User | None, now: datetime) -> Duty | None:
    """What the procedure waited for has come: the clock runs on. None where it was not stopped."""
    duty = _locked(rule_key, matter)
    if duty is None or duty.state != State.SUSPENDED:
        return None
    return _resume(duty, on=on, actor=actor, now=now)


def _suspend(duty: Duty, *, on: date, basis: str, actor: User | None, now: datetime) -> Duty:
    if duty.state != State.OPEN:
        raise DutyError(f"这项期限{duty.get_state_display()}，不能中止。")
    if not basis.strip():
        raise DutyError("请写明中止所依据的规定。", field="basis")
    if len(basis.strip()) > 300:
        raise DutyError(f"依据最多 300 个字，现为 {len(basis.strip())} 个字。", field="basis")
    if not duty.triggered_on <= on <= local_date(now):
        raise DutyError(f"中止日应在起算日 {duty.triggered_on} 与今天之间。", field="on")
    if on > duty.due_on:
        raise DutyError(f"期限已于 {duty.due_on} 届满，不能再中止。", field="on")
    duty.state, duty.suspended_on, duty.suspension_basis = State.SUSPENDED, on, basis.strip()
    duty.save(update_fields=["state", "suspended_on", "suspension_basis"])
    _course(duty, Kind.SUSPENDED, now=now, actor=actor, before=duty.due_on, note=basis.strip())
    events.duty_suspended(
        now=now,
        actor_id=actor.pk if actor else None,
        department_id=duty.department_id,
        duty_id=duty.pk,
        on=on,
    )
    return duty


@transaction.atomic
def resume_duty(*, duty_id: int, on: date, actor: User, now: datetime) -> Duty:
    """Let the clock run on: what was left of the period is counted from `on` (itself not counted). Raises DutyError."""
    return _resume(_to_change(duty_id, actor), on=on, actor=actor, now=now)


def _resume(duty: Duty, *, on: date, actor: User | None, now: datetime) -> Duty:
    if duty.state != State.SUSPENDED or duty.suspended_on is None:
        raise DutyError(f"这项期限{duty.get_state_display()}，不能恢复。")
    if not duty.suspended_on <= on <= local_date(now):
        raise DutyError(f"恢复日应在中止日 {duty.suspended_on} 与今天之间。", field="on")
    before = duty.due_on
    counted = resumed(duty, on=on)
    _set_dates(duty, counted, version=current_calendar().version)
    duty.state, duty.suspended_on, duty.stage = State.OPEN, None, Duty.Stage.NONE
    duty.save(
        update_fields=[
            "state", "suspended_on", "stage", "counted", "due_on", "provisional", "calendar_version"
        ]
    )  # fmt: skip
    _course(duty, Kind.RESUMED, now=now, actor=actor, before=before, note=on.isoformat())
    events.duty_resumed(
        now=now,
        actor_id=actor.pk if actor else None,
        department_id=duty.department_id,
        duty_id=duty.pk,
        on=on,
        before=before,
        after=duty.due_on,
    )
    return duty


def resumed(duty: Duty, *, on: date) -> Counted:
    """What a suspended duty's period becomes when its clock runs on from the day `on`."""
    suspended_on = duty.suspended_on or on
    if duty.unit in BY_ENDS:
        # Months cannot be split: the whole suspension is added in days.
        shift = (on - suspended_on).days
        counted = count(current_calendar(), duty.due_on, shift, "days") if shift else None
        return counted or Counted(duty.due_on, tuple(duty.counted), duty.provisional)
    done = tuple(day for day in duty.counted if day <= suspended_on)
    rest = count(current_calendar(), on, duty.length - len(done), duty.unit)
    return Counted(rest.due, done + rest.days, rest.provisional)


# ---- parts -------------------------------------------------------------------------------------------------


def _find(rule_key: str, matter: Matter) -> Duty | None:
    return Duty.objects.filter(rule_key=rule_key, matter_type=matter.type, matter_id=matter.id).first()


def _locked(rule_key: str, matter: Matter) -> Duty | None:
    rows = Duty.objects.select_for_update()
    return rows.filter(rule_key=rule_key, matter_type=matter.type, matter_id=matter.id).first()


def _to_change(duty_id: int, actor: User) -> Duty:
    if (
        not has_role(actor, groups.HEAD)
        or not limit_to_visible(Duty.objects.filter(pk=duty_id), actor).exists()
    ):
        raise DutyError("期限的中止和恢复由本部门负责人办理。")
    return Duty.objects.select_for_update().get(pk=duty_id)


def _set_dates(duty: Duty, counted: Counted, *, version: str) -> None:
    duty.counted, duty.due_on = list(counted.days), counted.due
    duty.provisional, duty.calendar_version = counted.provisional, version


def _course(
    duty: Duty, kind: str, *, now: datetime, actor: User | None, before: date | None, note: str = ""
) -> None:
    _event(duty, kind, now=now, actor=actor, before=before, note=note).save(force_insert=True)


def _event(
    duty: Duty, kind: str, *, now: datetime, actor: User | None, before: date | None, note: str = ""
) -> DutyEvent:
    return DutyEvent(
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
