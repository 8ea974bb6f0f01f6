"""Corrections that a later file brings to what an earlier one brought: shown old beside new, confirmed by an officer for the
file, taken over one by one, each with what was there and what is there now. What was signed in the portal is never among
them, and what has changed since the officer looked is left as it is."""

import json
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from commitments import fulfilment, hooks
from commitments.models import (
    BreachCase,
    BulkFault,
    BulkJob,
    Commitment,
    CommitmentEvent,
    ImportedCommitment,
    ImportedRevision,
    Obligation,
)
from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.audit.hashing import keyed_hash
from credit_portal.registry import crypto
from credit_portal.registry.in_sets import Named, find_subjects, register_subjects
from credit_portal.registry.models import CommitmentType, CreditSubject, PublicityClass

from . import planning, settling, stored, writing
from .columns import LABELS
from .jobs import BulkRefused, ask, in_parts, own, sealed_for, tell
from .reading import Line, read
from .results import label_of

State, Kind, FaultState = BulkJob.State, BulkFault.Kind, BulkFault.State
Breach = ImportedCommitment.Breach
PART = 100

MOVED = "上传以后又有变化，请重新上传文件核对。"
KIND = "承诺人类别不能由文件更改；请作废后重新归集。"
PUBLIC_REPAIR = "已公示的承诺不能由文件改为信用修复型，请先由信用办停止公示。"


@transaction.atomic
def confirm(*, job_id: int, actor: Any, now: datetime) -> BulkJob:
    """The officer has looked at old and new, and wants the corrections of this file taken over. Raises BulkRefused."""
    job = own(job_id, actor)
    if job.state == State.TAKING:
        return job
    if job.dry_run:
        raise BulkRefused("这是试运行，不能采用更正；请正式导入后再确认。")
    if job.mapping_id:
        raise BulkRefused("移交不覆盖原已接收的内容；确有更正的，用批量上传的模板按承诺编码更正。")
    if job.state not in (State.DONE, State.CANCELLED):
        raise BulkRefused("导入完成以后再确认更正。")
    if not job.faults.filter(kind=Kind.DIFFERENT, state=FaultState.OPEN).exists():
        raise BulkRefused("没有待确认的更正。")
    job.state, job.confirmed_by, job.beat_at = State.TAKING, actor, now
    job.save(update_fields=["state", "confirmed_by", "beat_at"])
    tell(job, "确认采用更正", actor=actor, now=now)
    ask(job, now=now)
    return job


def run(payload: dict[str, Any], *, key: str, now: datetime) -> None:
    """External effect: part after part, each with its own commit."""
    carry_on(job_id=payload["job"], now=now)


def carry_on(*, job_id: int, now: datetime) -> None:
    in_parts(_part, job_id, now=now)


@transaction.atomic
def _part(job_id: int, *, now: datetime) -> bool:
    """The next corrections; False where there are no more."""
    job = (
        BulkJob.objects.select_for_update(of=("self",)).select_related("owner", "confirmed_by").get(pk=job_id)
    )
    if job.state != State.TAKING:
        return False
    rows = list(job.faults.filter(kind=Kind.DIFFERENT, state=FaultState.OPEN).order_by("row")[:PART])
    for fault in rows:
        problem = _take(job, fault, now=now)
        fault.state = FaultState.REFUSED if problem else FaultState.TAKEN
        fault.faults = [list(problem)] if problem else []
        fault.sealed = ""
        fault.save(update_fields=["state", "faults", "sealed"])
        job.taken += not problem
    job.beat_at = now
    if len(rows) < PART:
        job.state = State.DONE
        tell(job, f"采用更正 {job.taken} 行", actor=job.confirmed_by, now=now)
    job.save(update_fields=["taken", "beat_at", "state"])
    return job.state == State.TAKING


def _take(job: BulkJob, fault: BulkFault, *, now: datetime) -> tuple[str, str] | None:
    """Take one correction over; or (label, why not)."""
    line = _line(job, fault)
    row = (
        Commitment.objects.select_for_update(of=("self",))
        .select_related("subject", "department__region", "region")
        .filter(code=fault.code, channel=Commitment.Channel.BULK)
        .first()
    )
    if row is None or line is None:
        return "", MOVED
    told = ImportedCommitment.objects.select_for_update().get(pk=row.pk)
    row.imported = told
    if planning.changes_of(row, line) != fault.changes:
        return "", MOVED
    case = BreachCase.objects.filter(commitment=row).exclude(state__in=["dropped", "revoked"]).first()
    problem = planning.takeover_problem(row, line, case.number if case else "")
    if problem is not None:
        return LABELS[problem[0]], problem[1]
    if line.kind != row.subject_kind:
        return LABELS[3], KIND
    if (
        line.commitment_type == CommitmentType.REPAIR != row.commitment_type
        and row.publicity_class == PublicityClass.PUBLIC
    ):
        return LABELS[5], PUBLIC_REPAIR
    subject, wrong = _subject(job, row, line, now)
    if subject is None:
        return LABELS[2], wrong
    _write(job, fault, row, line, subject, now=now)
    return None


def _line(job: BulkJob, fault: BulkFault) -> Line | None:
    """The row of the file again, from what was sealed of it."""
    values = json.loads(crypto.open_sealed(fault.sealed, aad=sealed_for(job, fault.row)))
    columns = {label: number for number, label in LABELS.items()}
    cells = {int(number): value for number, value in values.items()}
    line, _ = read(fault.row, cells, columns, today=local_date(job.created_at), other_as=job.other_as)
    return line


def _subject(job: BulkJob, row: Commitment, line: Line, now: datetime) -> tuple[CreditSubject | None, str]:
    named = Named(line.kind, line.values["4"], line.values["2"])
    known = find_subjects([named])
    wrong = known.name_problem(named)
    if wrong:
        return None, wrong
    subject = known.by_code.get(named.code)
    if subject is None:
        made = register_subjects(
            [named], department=row.department, actor=job.confirmed_by, now=now, is_demo=job.is_demo
        )
        subject = made[named.code]
    return subject, ""


def _write(
    job: BulkJob, fault: BulkFault, row: Commitment, line: Line, subject: CreditSubject, *, now: datetime
) -> None:
    changes, actor = fault.changes, job.confirmed_by
    if actor is None:
        raise RuntimeError("更正没有确认人。")
    with connection.cursor() as cursor:
        cursor.execute("SELECT txid_current()")
        current = cursor.fetchone()[0]
    ImportedRevision.objects.create(
        commitment=row, job=job, at=now, actor=actor, changes=changes, transaction=current
    )
    # Update, not save: whatever else may have moved is not put back.
    Commitment.objects.filter(pk=row.pk).update(
        subject=subject,
        subject_name=line.values["2"],
        subject_code=subject.uscc or "",
        commitment_type=line.commitment_type,
        late_materials=line.late_materials,
        item_name=line.values["6"],
        content=stored.content_of(line.values),
        text_sha256=writing.text_hash(line.values),
        valid_until=line.valid_until,
        case_ref=line.own_number,
    )
    mark = stored.keyed_fingerprint(line.values, line.own_number)
    new = planning.New(line, row.department, subject, mark)
    was_kept = row.imported.outcome == Commitment.Fulfilment.FULFILLED
    ImportedCommitment.objects.filter(pk=row.pk).update(**writing.told_fields(new))
    Obligation.objects.filter(commitment=row, state=Obligation.State.OPEN).update(due_on=line.valid_until)
    names = "、".join(label_of(number) for number, _, _ in changes)
    CommitmentEvent.objects.create(
        commitment=row, kind=CommitmentEvent.Kind.REVISED, at=now, actor=actor, reason=names[:300],
        note=writing.TOLD.format(unit=row.department_name, name=job.name, row=fault.row)[:300],
    )  # fmt: skip
    events.commitment_revised(
        now=now,
        actor_id=actor.pk,
        department_id=row.department_id,
        commitment_id=row.pk,
        code=row.code,
        job_id=job.pk,
        fields=[number for number, _, _ in changes],
        old_hash=keyed_hash(
            json.dumps([old for _, old, _ in changes], ensure_ascii=False), purpose="revision"
        ),
        new_hash=keyed_hash(
            json.dumps([new for _, _, new in changes], ensure_ascii=False), purpose="revision"
        ),
    )
    _follow_outcome(job, row, line, was_kept, now=now)
    fresh = Commitment.objects.get(pk=row.pk)
    hooks.run_after_revision(commitment=fresh, now=now)


def _follow_outcome(job: BulkJob, row: Commitment, line: Line, was_kept: bool, *, now: datetime) -> None:
    """A told breach begins or ceases to wait; what is told of as kept in full now waits for another person, and what is
    told of so no longer waits no more."""
    told = ImportedCommitment.objects.select_related("commitment").get(pk=row.pk)
    if line.carries_breach and told.breach == Breach.NONE:
        told.breach = Breach.WAITING
        told.save(update_fields=["breach"])
        writing.open_duties([(row, row.department)], today=local_date(now), now=now)
    elif not line.carries_breach and told.breach == Breach.WAITING:
        settling.stop_waiting(told, reason="归集文件已更正", actor=job.confirmed_by, now=now)
    kept = line.outcome == "fulfilled"
    if kept != was_kept and row.fulfilment == Commitment.Fulfilment.RUNNING:
        follow = fulfilment.take_over_kept if kept else fulfilment.take_back_told
        follow(
            commitment_id=row.pk,
            actor=job.confirmed_by,
            now=now,
            note=writing.TOLD.format(unit=row.department_name, name=job.name, row=line.row)[:300],
        )
