"""The record of a subject and the checks made of it: the only place where either changes, and the one gate by
which staff read it.

Rooms above write what they know into the record here (a breach, its publicity, a repair, a lock-out), so that a
check reads one table and needs nobody above.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.audit.history import note
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.outbox.models import PartnerSystem
from credit_portal.registry import groups, numbering
from credit_portal.registry.models import (
    CreditSubject,
    Department,
    Domain,
    Region,
    ServiceItemVersion,
    User,
)
from credit_portal.registry.visibility import departments_visible_to, group_names, limit_to_visible

from .facts import Asked, entries_that_count
from .facts import as_entry as as_entry
from .measures.ending import end_for_entries
from .models import AppliedMeasure, Check, CreditEntry, CreditList, EntryMeasure
from .offering import Offer, truthful_clause_conflicts
from .remedies import remedies
from .rules import Decision, Entry, Measure, Switches, decide, one_line, standing
from .switches import NotCheckable as NotCheckable
from .switches import rules_in_force
from .vocabulary import (
    KIND_LABELS,
    STATE_LABELS,
    STEP_LABELS,
    CommitmentType,
    Kind,
    Standing,
    State,
    Step,
    day_text,
)

OWN_RECORD = "本门户信用记录"

# What a state may become. Nothing comes back from revoked: a wrong revocation is a new entry.
MOVES: dict[State, frozenset[State]] = {
    State.EFFECTIVE: frozenset({State.REPAIRED, State.ENDED, State.REVOKED}),
    State.REPAIRED: frozenset({State.REVOKED}),
    State.ENDED: frozenset({State.REVOKED}),
    State.REVOKED: frozenset(),
}
# Tenders go by steps, and a subject may be limited at one of them (S3 二（二）).
TENDERS = frozenset({Domain.BIDDING, Domain.PUBLIC_WORKS, Domain.LAND, Domain.PROCUREMENT})

MEASURES_END = {
    State.REPAIRED: AppliedMeasure.EndReason.REPAIRED,
    State.ENDED: AppliedMeasure.EndReason.ENDED,
    State.REVOKED: AppliedMeasure.EndReason.REVOKED,
}

NEEDS_DEPARTMENT = "账号没有所属部门，不能进行信用核查。"
TYPE_NOT_ALLOWED = "事项“{item}”不使用{type}承诺。"
LATE_NOT_ALLOWED = "事项“{item}”不可容缺受理。"
ITEM_NOT_CURRENT = "事项“{item}”在 {day} 不是现行事项。"
NO_STEPS = "事项“{item}”不分资格审查、投标、中标环节。"
BAD_STEP = "没有环节“{step}”，可选：{known}。"
BAD_MOVE = "记录现为“{before}”，不能改为“{after}”。"
ENDED_OUTSIDE = "终止日期应在 {first} 至 {last} 之间。"
REPAIRED_IN_FUTURE = "修复日期不能晚于今天。"
MEASURE_NEEDS_BASIS = "措施须写明依据。"
MAY_NOT_READ = "无权查阅信用记录。"


class MoveRefused(ValueError):
    """The entry is no longer (or never was) in a state from which it may go there; the other officer has won."""


# ---- checking ----------------------------------------------------------------------------------------------


def still_holds(check: Check, *, on: date) -> bool:
    """Whether the record gives the same route and scrutiny on the day ``on`` as when the check was made."""
    in_force = rules_in_force(
        region=check.region, on=on, domain=check.domain, commitment_type=check.commitment_type
    )
    decision = decide(
        entries_that_count(
            check.subject,
            Asked(
                check.region.lineage,
                check.domain,
                check.item_version.item_id,
                on,
                check.follows_id or check.pk,
            ),
        ),
        commitment_type=CommitmentType(check.commitment_type),
        late_materials=check.late_materials,
        domain=check.domain,
        on=on,
        switches=in_force.switches,
        step=Step(check.step) if check.step else None,
    )
    return (decision.route, decision.scrutiny) == (check.route, check.scrutiny)


@transaction.atomic
def check_subject(
    *,
    subject: CreditSubject,
    item_version: ServiceItemVersion,
    commitment_type: str,
    late_materials: bool = False,
    case_ref: str = "",
    purpose: str = Check.Purpose.COMMITMENT,
    operator: User | None,
    now: datetime,
    sources: Sequence[str] = (OWN_RECORD,),
    partner: PartnerSystem | None = None,
    step: str = "",
    follows: Check | None = None,
    key: UUID | None = None,
) -> Check:
    """Check a subject's record for an item and keep the answer as it was seen (R38–R41, R50, R52).

    By a person, or by the system of a department (`partner`, R85): then nobody is the operator. The rules are those of
    the operator's region on the day of ``now``. `step`: of a tender. `follows`: an earlier check of the same procedure,
    whose believed objections count. `key`: of the asking, so that one sent twice is one check. The reading of the record is logged. Raises
    NotCheckable (Chinese message) where the item does not use this type, allows no late materials, has no steps or is
    not in force, or where the operator belongs to no department.
    """
    on = local_date(now)
    who = operator or partner
    department = who.department if who is not None else None
    if department is None:
        raise NotCheckable(NEEDS_DEPARTMENT)
    if key is not None and (known := Check.objects.filter(uuid=key, department=department).first()):
        return known
    asked = _allowed(item_version, commitment_type, late_materials, on)
    at = _step_of(item_version, step)
    first = (follows.follows or follows) if follows is not None else None
    in_force = rules_in_force(
        region=department.region, on=on, domain=item_version.domain, commitment_type=commitment_type
    )
    entries = entries_that_count(
        subject,
        Asked(
            department.region.lineage,
            item_version.domain,
            item_version.item_id,
            on,
            first.pk if first else None,
        ),
    )
    decision = decide(
        entries,
        commitment_type=asked,
        late_materials=late_materials,
        domain=item_version.domain,
        on=on,
        switches=in_force.switches,
        step=at,
    )
    check = Check.objects.create(
        uuid=key or uuid4(),
        number=numbering.document_number("H", department.region_id, on.year),
        subject=subject,
        subject_name=subject.name,
        # A person's number stays sealed with the subject.
        subject_code=subject.uscc or "",
        item_version=item_version,
        commitment_type=commitment_type,
        late_materials=late_materials,
        domain=item_version.domain,
        step=step,
        follows=first,
        region_id=department.region_id,
        department=department,
        operator=operator,
        partner=partner,
        on_day=on,
        checked_at=now,
        purpose=purpose,
        case_ref=case_ref.strip(),
        sources=list(sources),
        route=decision.route,
        scrutiny=decision.scrutiny,
        one_line=one_line(decision),
        reasons=frozen_reasons(decision),
        remedies=frozen_remedies(decision, entries, in_force.switches),
        entries_seen=sorted(
            entry.id
            for entry in entries
            if standing(entry, on) not in (Standing.NO_FACTOR, Standing.UNSERVED)
        ),
        switches=in_force.frozen(),
    )
    log_read(
        now=now,
        actor_id=operator.pk if operator else None,
        what="信用记录",
        target_type="check",
        target_id=check.pk,
        subject_id=subject.pk,
        purpose=ReadLog.Purpose.CHECK,
    )
    events.check_made(
        now=now,
        actor_id=operator.pk if operator else None,
        department_id=department.pk,
        subject_id=subject.pk,
        check_id=check.pk,
        number=check.number,
        route=check.get_route_display(),
        scrutiny=check.get_scrutiny_display(),
        entries=check.entries_seen,
    )
    return check


def _step_of(version: ServiceItemVersion, step: str) -> Step | None:
    if not step:
        return None
    if version.domain not in TENDERS:
        raise NotCheckable(NO_STEPS.format(item=version.name))
    if step not in STEP_LABELS:
        raise NotCheckable(BAD_STEP.format(step=step, known="、".join(STEP_LABELS.values())))
    return Step(step)


def _allowed(version: ServiceItemVersion, commitment_type: str, late: bool, on: date) -> CommitmentType:
    known = {kind.value: kind for kind in CommitmentType}
    asked = known.get(commitment_type)
    if asked is None or commitment_type not in version.allowed_types:
        labels = dict(Check._meta.get_field("commitment_type").flatchoices)
        shown = labels.get(commitment_type, f"“{commitment_type}”")
        raise NotCheckable(TYPE_NOT_ALLOWED.format(item=version.name, type=shown))
    if late and not version.allows_late_materials:
        raise NotCheckable(LATE_NOT_ALLOWED.format(item=version.name))
    retired = version.item.retired_on is not None and version.item.retired_on <= on
    early = version.valid_from is None or on < version.valid_from
    late_day = version.valid_to is not None and version.valid_to < on
    if version.status == ServiceItemVersion.Status.DRAFT or retired or early or late_day:
        raise NotCheckable(ITEM_NOT_CURRENT.format(item=version.name, day=day_text(on)))
    return asked


def frozen_reasons(decision: Decision) -> list[dict[str, Any]]:
    """The reasons as a check keeps them, most restrictive first; what the record is in this field stands last."""
    told = [*decision.reasons, *([decision.field_note] if decision.field_note else [])]
    return [
        {
            "code": reason.code,
            "text": reason.text,
            "article": reason.article,
            "article_code": reason.article_code,
            "entry_id": reason.entry_id,
            "route": str(reason.route),
            "scrutiny": str(reason.scrutiny),
            "harmful": reason.harmful,
            "effect": str(reason.effect or ""),
            "listed_id": reason.listed_id,
            "done": reason.done,
        }
        for reason in told
    ]


def frozen_remedies(decision: Decision, entries: Iterable[Entry], switches: Switches) -> list[dict[str, Any]]:
    """What can be done, as a check keeps it and the ordinary-route notice prints it."""
    return [
        {
            "code": way.code,
            "text": way.text,
            "article": way.article,
            "entry_id": way.entry_id,
            "from_on": way.from_on.isoformat() if way.from_on else None,
        }
        for way in remedies(decision, entries, on=decision.on, switches=switches)
    ]


def offer_of_text(*, subject: CreditSubject, region: Region, contents: Iterable[str], on: date) -> Offer:
    """Whether a text with these required contents may be put before the subject on that day (S2 三（二）).

    For use within a handling whose check has already been made and logged.
    """
    in_force = rules_in_force(region=region, on=on)
    return truthful_clause_conflicts(
        entries_that_count(subject), contents=contents, on=on, switches=in_force.switches
    )


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
    below = Region.objects.filter(Q(path=path) | Q(path__startswith=f"{path}/"))
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
    is_demo: bool = False,
) -> CreditEntry:
    """Add one row to a subject's record, effective, with its measures; history and audit event with it.

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
        entered_by=operator,
        entered_at=now,
        is_demo=is_demo,
    )
    # `entered_by` may be unknown: what the system itself writes has no officer.
    entry.full_clean(exclude=["entered_by"] if operator is None else [])
    _save(entry, operator)
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
    """Its publicity ends before its time: the day `on` is not public any more. What was public stays on record."""
    entry = _written(entry_id)
    if entry.public_from is None or (entry.public_until is not None and entry.public_until < on):
        return entry
    if entry.public_from >= on:
        entry.public_from = entry.public_until = None
    else:
        entry.public_until = on - timedelta(days=1)
    return _write(entry, "publicity_ended", actor=actor, now=now)


@transaction.atomic
def mark_objection(*, entry_id: int, under_way: bool, actor: User | None, now: datetime) -> CreditEntry:
    """Set or take away the mark that an objection is under way."""
    entry = _written(entry_id)
    if entry.objection_under_way == under_way:
        return entry
    entry.objection_under_way = under_way
    return _write(entry, "objection_on" if under_way else "objection_off", actor=actor, now=now)


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
    if after is State.ENDED:
        if ended_on is not None:
            check_ended_on(entry, ended_on, local_date(now))
        entry.ended_on, entry.end_reason = ended_on or local_date(now), reason.strip()[:500]
    entry.validate_constraints()
    _save(entry, operator)
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
    return entry


def _save(entry: CreditEntry, operator: User | None) -> None:
    # simple-history reads this name; without it a task's change would have no author and a request's the wrong one.
    setattr(entry, "_history_user", operator)  # noqa: B010  (not declared on the model)
    entry.save()


def _department_of(operator: User | None, entry: CreditEntry) -> int | None:
    return operator.department_id if operator else entry.department_id
