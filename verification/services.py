"""The record of a subject and the checks made of it: the only place where either changes, and the one gate by
which staff read it.

Rooms above write what they know into the record here (a breach, its publicity, a repair, a lock-out), so that a
check reads one table and needs nobody above.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.audit.history import note
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.registry import groups
from credit_portal.registry.below import within
from credit_portal.registry.models import (
    CreditSubject,
    Department,
    Region,
    User,
)
from credit_portal.registry.visibility import departments_visible_to, group_names, limit_to_visible

from . import arrivals, listing_grounds
from .checking.making import check_subject as check_subject
from .checking.making import offer_of_text as offer_of_text
from .checking.making import still_holds as still_holds
from .facts import as_entry as as_entry
from .facts import entries_that_count as entries_that_count
from .measures.ending import end_for_entries
from .models import AppliedMeasure, Check, CreditEntry, CreditList, EntryMeasure
from .rules import Measure
from .switches import NotCheckable as NotCheckable
from .vocabulary import (
    KIND_LABELS,
    STATE_LABELS,
    Kind,
    State,
)

# What a state may become. Nothing comes back from revoked: a wrong revocation is a new entry.
MOVES: dict[State, frozenset[State]] = {
    State.EFFECTIVE: frozenset({State.REPAIRED, State.ENDED, State.REVOKED}),
    State.REPAIRED: frozenset({State.REVOKED}),
    State.ENDED: frozenset({State.REVOKED}),
    State.REVOKED: frozenset(),
}

MEASURES_END = {
    State.REPAIRED: AppliedMeasure.EndReason.REPAIRED,
    State.ENDED: AppliedMeasure.EndReason.ENDED,
    State.REVOKED: AppliedMeasure.EndReason.REVOKED,
}

BAD_MOVE = "记录现为“{before}”，不能改为“{after}”。"
ENDED_OUTSIDE = "终止日期应在 {first} 至 {last} 之间。"
REPAIRED_IN_FUTURE = "修复日期不能晚于今天。"
MEASURE_NEEDS_BASIS = "措施须写明依据。"
MAY_NOT_READ = "无权查阅信用记录。"


class MoveRefused(ValueError):
    """The entry is no longer (or never was) in a state from which it may go there; the other officer has won."""


# ---- reading -----------------------------------------------------------------------------------------------


def entries_visible_to(user: User) -> QuerySet[CreditEntry]:
    """The rows that a member of staff may read: of the own department; for the credit office and auditors also
    every row of the own region and below, and of subjects registered there."""
    names = group_names(user)
    everything = CreditEntry.objects.all()
    own = limit_to_visible(everything, user)
    if user.department is None or not names & groups.REGIONAL:
        return own
    path = user.department.region.path
    below = Region.objects.filter(within(path, ""))
    return everything.filter(
        Q(region__in=below) | Q(subject__region__in=below) | Q(pk__in=own.values("pk").order_by())
    )


def may_change(user: User, entry: CreditEntry) -> bool:
    """Whether this office may move an entry by hand: one of the own region and below, one made by a department there,
    or one that such a department has entered. Reading reaches further: all that is on record of a local subject."""
    if user.department is None:
        return False
    path = user.department.region.path
    if entry.region.path == path or entry.region.path.startswith(f"{path}/"):
        return True
    entered_in = entry.entered_by.department_id if entry.entered_by else None
    return departments_visible_to(user).filter(pk__in=[entry.department_id, entered_in]).exists()


def checks_visible_to(user: User) -> QuerySet[Check]:
    """The checks that a member of staff may read: of the own department, or of the own region and below."""
    return limit_to_visible(Check.objects.all(), user)


@transaction.atomic
def record_for(*, user: User, subject: CreditSubject, purpose: str, now: datetime) -> list[CreditEntry]:
    """A subject's record as this member of staff may see it, newest first; the reading is logged with its purpose.

    ``purpose`` is one of ``ReadLog.Purpose``. Raises PermissionDenied for whoever has no business with records and
    ValueError for a purpose that the log does not know.
    """
    reads = groups.BUSINESS | {groups.AUDITOR}
    if user.department_id is None or not group_names(user) & reads:
        raise PermissionDenied(MAY_NOT_READ)
    rows = list(
        entries_visible_to(user)
        .filter(subject=subject)
        .select_related("department", "region")
        .prefetch_related("measures")
        .order_by("-from_on", "-pk")
    )
    log_record_read(
        user=user,
        target_type="subject",
        target_id=subject.pk,
        subject_id=subject.pk,
        purpose=purpose,
        now=now,
    )
    return rows


def log_record_read(
    *, user: User, target_type: str, target_id: int | str, subject_id: int | None, purpose: str, now: datetime
) -> None:
    """Log that a record was read. ``purpose`` is one of ``ReadLog.Purpose``; ValueError for any other."""
    log_read(
        now=now,
        actor_id=user.pk,
        what="信用记录",
        target_type=target_type,
        target_id=target_id,
        subject_id=subject_id,
        purpose=ReadLog.Purpose(purpose),
    )


# ---- writing into the record -------------------------------------------------------------------------------


@transaction.atomic
def add_entry(
    *,
    subject: CreditSubject,
    kind: str,
    title: str,
    source: str,
    region: Region,
    from_on: date,
    operator: User | None,
    now: datetime,
    department: Department | None = None,
    document_no: str = "",
    basis: str = "",
    grade: str = "",
    until_on: date | None = None,
    served_on: date | None = None,
    public_from: date | None = None,
    public_until: date | None = None,
    repairable_from: date | None = None,
    verified: bool = True,
    measures: Iterable[Measure] = (),
    credit_list: CreditList | None = None,
    corrects: CreditEntry | None = None,
    is_demo: bool = False,
) -> CreditEntry:
    """Add one row to a subject's record, effective, with its measures; history and audit event with it. `corrects`: the entry
    in whose place it comes (`correcting.take_over`).

    All dates are inclusive days. Raises ValidationError (Chinese, by field) for dates out of order, a measure or a
    lock-out without basis, a breach published before service.
    """
    entry = CreditEntry(
        subject=subject,
        kind=str(kind),
        credit_list=credit_list,
        title=title.strip(),
        source=source.strip(),
        department=department,
        region=region,
        document_no=document_no.strip(),
        basis=basis.strip(),
        grade=grade,
        from_on=from_on,
        until_on=until_on,
        served_on=served_on,
        public_from=public_from,
        public_until=public_until,
        repairable_from=repairable_from,
        verified=verified,
        corrects=corrects,
        entered_by=operator,
        entered_at=now,
        is_demo=is_demo,
    )
    # `entered_by` may be unknown: what the system itself writes has no officer.
    entry.full_clean(exclude=["entered_by"] if operator is None else [])
    _save(entry, operator, now)
    for measure in measures:
        row = EntryMeasure(
            entry=entry, domain=measure.domain or "", effect=str(measure.effect), basis=measure.basis.strip()
        )
        if not row.basis:
            raise ValidationError(MEASURE_NEEDS_BASIS, code="measure_without_basis")
        row.full_clean()
        row.save()
    events.entry_added(
        now=now,
        actor_id=operator.pk if operator else None,
        department_id=_department_of(operator, entry),
        subject_id=subject.pk,
        entry_id=entry.pk,
        kind=KIND_LABELS[Kind(entry.kind)],
    )
    arrivals.run_after_entries(entries=[entry], now=now)
    return entry


def mark_repaired(*, entry_id: int, repaired_on: date, operator: User | None, now: datetime) -> CreditEntry:
    """The entry is repaired as of that day. Raises MoveRefused when it is not in effect, ValidationError when the
    day lies ahead or before its beginning, or when its kind cannot be repaired."""
    if repaired_on > local_date(now):
        raise ValidationError({"repaired_on": REPAIRED_IN_FUTURE})
    return _move(entry_id, State.REPAIRED, operator=operator, now=now, repaired_on=repaired_on)


def end_entry(
    *,
    entry_id: int,
    operator: User | None,
    now: datetime,
    ended_on: date | None = None,
    reason: str = "",
) -> CreditEntry:
    """The entry is over by the decision of whoever made it (left the list, measure lifted): a factor no more, nor are the
    measures that followed. `ended_on`: the day of that decision, today where nobody says. Raises MoveRefused, and
    ValidationError for a day that lies ahead or before the entry's beginning. Many at once: `in_sets.end_entries`."""
    return _move(entry_id, State.ENDED, operator=operator, now=now, ended_on=ended_on, reason=reason)


def check_ended_on(entry: CreditEntry, ended_on: date, today: date) -> None:
    """Raise ValidationError where an entry cannot have been ended on that day."""
    if not entry.from_on <= ended_on <= today:
        raise ValidationError({"ended_on": ENDED_OUTSIDE.format(first=entry.from_on, last=today)})


def revoke_entry(*, entry_id: int, operator: User | None, now: datetime) -> CreditEntry:
    """The entry should never have been: objection upheld, review, court. A factor no more, whatever it was."""
    return _move(entry_id, State.REVOKED, operator=operator, now=now)


@transaction.atomic
def mark_served(*, entry_id: int, served_on: date, actor: User | None, now: datetime) -> CreditEntry:
    """A breach's determination has been served: from that day on it is a factor. Told twice, the first day stays."""
    entry = _written(entry_id)
    if entry.served_on is not None:
        return entry
    entry.served_on = served_on
    return _write(entry, "served", actor=actor, now=now)


@transaction.atomic
def set_entry_publicity(
    *,
    entry_id: int,
    public_from: date,
    public_until: date,
    repairable_from: date | None,
    actor: User | None,
    now: datetime,
) -> CreditEntry:
    """The days of an entry's publicity, both included, and the day from which it can be repaired. Raises
    ValidationError for a breach that would be public before service."""
    entry = _written(entry_id)
    entry.public_from, entry.public_until = public_from, public_until
    entry.repairable_from = repairable_from
    return _write(entry, "publicity", actor=actor, now=now)


@transaction.atomic
def end_entry_publicity(*, entry_id: int, on: date, actor: User | None, now: datetime) -> CreditEntry:
    """Its publicity ends with the entry itself: the day `on` is not public any more. What was public stays on record."""
    entry = _written(entry_id)
    if entry.public_from is None or (entry.public_until is not None and entry.public_until < on):
        return entry
    if entry.public_from >= on:
        entry.public_from = entry.public_until = None
    else:
        entry.public_until = on - timedelta(days=1)
    return _write(entry, "publicity_ended", actor=actor, now=now)


@transaction.atomic
def take_back_entry_publicity(*, entry_id: int, actor: User | None, now: datetime) -> CreditEntry:
    """Its publicity is taken back while the entry stands: it is as if nobody had decided, so it neither runs out with those
    days nor holds up a repair. What was public is in the history."""
    entry = _written(entry_id)
    if entry.public_from is None and entry.repairable_from is None:
        return entry
    entry.public_from = entry.public_until = entry.repairable_from = None
    return _write(entry, "publicity_ended", actor=actor, now=now)


@transaction.atomic
def mark_objection(*, entry_id: int, under_way: bool, actor: User | None, now: datetime) -> CreditEntry:
    """Set or take away the mark that an objection is under way. What was revoked carries none."""
    entry = _written(entry_id)
    under_way = under_way and entry.state != State.REVOKED
    if entry.objection_under_way == under_way:
        return entry
    entry.objection_under_way = under_way
    return _write(entry, "objection_on" if under_way else "objection_off", actor=actor, now=now)


# What a correction may put right of an entry (`correcting`); its kind, state and publicity have procedures of their own.
CORRECTABLE = ("title", "source", "document_no", "basis", "from_on", "until_on")


def _written(entry_id: int) -> CreditEntry:
    return CreditEntry.objects.select_for_update(of=("self",)).get(pk=entry_id)


def _write(entry: CreditEntry, deed: str, *, actor: User | None, now: datetime) -> CreditEntry:
    entry.validate_constraints()
    note(entry, actor=actor, now=now)
    entry.save()
    events.entry_publicity(
        now=now,
        actor_id=actor.pk if actor else None,
        department_id=_department_of(actor, entry),
        entry_id=entry.pk,
        subject_id=entry.subject_id,
        deed=deed,
    )
    return entry


@transaction.atomic
def _move(
    entry_id: int,
    after: State,
    *,
    operator: User | None,
    now: datetime,
    repaired_on: date | None = None,
    ended_on: date | None = None,
    reason: str = "",
) -> CreditEntry:
    # Without the lock two officers could both read "effective" and both be told that they succeeded.
    entry = CreditEntry.objects.select_for_update(of=("self",)).get(pk=entry_id)
    before = State(entry.state)
    if after not in MOVES[before]:
        raise MoveRefused(BAD_MOVE.format(before=STATE_LABELS[before], after=STATE_LABELS[after]))
    entry.state = str(after)
    entry.repaired_on = repaired_on
    if after is State.REVOKED:
        # What is gone is under no objection any more; the objection itself goes on.
        entry.objection_under_way = False
    if after is State.ENDED:
        if ended_on is not None:
            check_ended_on(entry, ended_on, local_date(now))
        entry.ended_on, entry.end_reason = ended_on or local_date(now), reason.strip()[:500]
    entry.validate_constraints()
    _save(entry, operator, now)
    end_for_entries(
        entry_ids=[entry.pk],
        reason=MEASURES_END[after],
        on=local_date(now),
        now=now,
        actor_id=operator.pk if operator else None,
    )
    events.entry_changed(
        now=now,
        actor_id=operator.pk if operator else None,
        department_id=_department_of(operator, entry),
        subject_id=entry.subject_id,
        entry_id=entry.pk,
        before=STATE_LABELS[before],
        after=STATE_LABELS[after],
        on=entry.ended_on if after is State.ENDED else None,
    )
    listing_grounds.tell([entry], now=now)
    return entry


def _save(entry: CreditEntry, operator: User | None, now: datetime) -> None:
    # Without this a task's change would have no author, a request's the wrong one, and both the moment of another clock.
    note(entry, actor=operator, now=now)
    entry.save()


def _department_of(operator: User | None, entry: CreditEntry) -> int | None:
    return operator.department_id if operator else entry.department_id
