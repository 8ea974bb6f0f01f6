"""An upload from beginning to end. All of its state is its row: each part of the file is one transaction with the row's own
progress, so whoever goes on after a process that has died goes on exactly there, and two at once are one."""

import gc
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from tempfile import TemporaryFile
from typing import Any, BinaryIO, cast

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from commitments.handover import coding, keeping
from commitments.handover.layout import head_problem_of, reading_of, sum_up
from commitments.handover.mapping import Reading
from commitments.handover.translating import HandedLine, read_row
from commitments.models import BulkFault, BulkJob, HandoverMapping
from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.audit.copying import copy_models
from credit_portal.documents.intake import IntakeRefused, Scans, Table, open_scans, open_table
from credit_portal.documents.services import EvidenceDamaged, read_evidence, store_looked_at
from credit_portal.outbox import services as outbox
from credit_portal.registry import crypto
from credit_portal.registry.desk_access import AT_THE_DESK
from credit_portal.registry.models import CommitmentType, Department, User
from credit_portal.registry.visibility import has_role, limit_to_visible

from . import planning, results, scanning, writing
from .columns import KEY, KNOWN, LABELS, REQUIRED
from .reading import Faults, Line, read
from .telling import notify

State, FaultKind = BulkJob.State, BulkFault.Kind
# Who carries a job on, by its state.
EFFECT, TAKE, KEEP = "bulk.run", "bulk.take", "bulk.keep"
CARRIED_BY = {State.WAITING: EFFECT, State.RUNNING: EFFECT, State.TAKING: TAKE, State.KEEPING: KEEP}
DOES = AT_THE_DESK
MOST_ROWS = 100_000
PART = 500
COLLECTED = 10 * PART
TRIES = 3
# A run lets go after so long and asks to be taken up again: shorter than the claim on its message.
LONGEST_RUN = 240.0
# Without progress for so long, nobody is at it any more.
STALLED = timedelta(minutes=3)
# How they are named in storage (a field of sixty characters).
TYPES = {
    "xlsx": "application/xlsx",
    "csv": "text/csv",
    "zip": "application/zip",
}


class BulkRefused(ValueError):
    """It cannot be done so; `field` names what is wrong, the message says it in Chinese."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def jobs_visible_to(user: User) -> QuerySet[BulkJob]:
    """Of the own unit, or of the own region and below."""
    return limit_to_visible(BulkJob.objects.all(), user)


# ---- begun, cancelled --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Upload:
    """A file as it came."""

    name: str
    content: bytes


def start(
    *,
    file: Upload,
    department: Department,
    actor: User | None,
    now: datetime,
    scans: Upload | None = None,
    other_as: str = "",
    dry_run: bool = False,
    queue: bool = True,
    is_demo: bool = False,
    mapping: HandoverMapping | None = None,
) -> BulkJob:
    """Take a file in: it is looked at as a whole, then its rows are dealt with in the background. `actor` None: by the
    command. `queue` False: the caller carries it out. Raises BulkRefused (`file`, `scans`, `other_as`); nothing is kept then.
    """
    if actor is not None and (actor.department_id != department.pk or not has_role(actor, *DOES)):
        raise BulkRefused("批量上传由单位的经办人、负责人或者信用办办理。")
    if other_as and other_as not in CommitmentType.values:
        raise BulkRefused("请选择归入的类型。", field="other_as")
    reading = reading_of(mapping)
    with _table_of(file.name, file.content, reading) as table:
        kind, sheet, total = table.kind, table.sheet, table.count
    found = _look_at_scans(scans) if scans is not None else 0
    with transaction.atomic():
        kept = store_looked_at(
            content=file.content, content_type=TYPES[kind], original_name=file.name, actor=actor,
            department=department, now=now,
        )  # fmt: skip
        kept_scans = None
        if scans is not None:
            kept_scans = store_looked_at(
                content=scans.content, content_type=TYPES["zip"], original_name=scans.name, actor=actor,
                department=department, now=now,
            )  # fmt: skip
        job = BulkJob.objects.create(
            department=department,
            owner=actor,
            kind=kind,
            name=kept.original_name,
            sheet=sheet[:60],
            file=kept,
            scans=kept_scans,
            scans_total=found,
            dry_run=dry_run,
            other_as=other_as,
            total=total,
            created_at=now,
            beat_at=now,
            is_demo=is_demo or department.is_demo,
            mapping=mapping,
        )
        tell(job, "试运行" if dry_run else "上传", actor=actor, now=now)
        if queue:
            ask(job, now=now)
    return job


def ask(job: BulkJob, *, now: datetime) -> None:
    """Have the job taken up in the background."""
    beat = job.beat_at.isoformat() if job.beat_at else ""
    effect = CARRIED_BY[State(job.state)]
    outbox.enqueue(
        effect=effect, key=f"{effect}:{job.pk}:{job.state}:{job.done}:{job.taken}:{job.kept_upto}:{beat}",
        payload={"job": job.pk}, now=now,
    )  # fmt: skip


@contextmanager
def _table_of(name: str, content: bytes, reading: Reading | None) -> Iterator[Table]:
    with TemporaryFile() as held:
        held.write(content)
        try:
            table = _open(cast(BinaryIO, held), name, reading)
        except IntakeRefused as error:
            raise BulkRefused(str(error), field="file") from error
        if reading is not None:
            if problem := head_problem_of(reading, table):
                raise BulkRefused(problem, field="file")
            yield table
            return
        missing = [label for label in REQUIRED if label not in table.head.columns]
        if missing:
            raise BulkRefused(f"表头缺少：{'、'.join(missing)}。请用本页的模板。", field="file")
        yield table


def _open(file: BinaryIO, name: str, reading: Reading | None) -> Table:
    """The table by the labels of the collection format, or of a register's own."""
    known, key = (KNOWN, KEY) if reading is None else (reading.known, reading.key)
    return open_table(file, name=name, known=known, key=key, most_rows=MOST_ROWS)


def _look_at_scans(scans: Upload) -> int:
    with TemporaryFile() as held:
        held.write(scans.content)
        try:
            return len(open_scans(cast(BinaryIO, held), name=scans.name).by_stem)
        except IntakeRefused as error:
            raise BulkRefused(str(error), field="scans") from error


@transaction.atomic
def cancel(*, job_id: int, actor: User, now: datetime) -> BulkJob:
    """Stop an upload. What has gone in stays; the same file again goes on from there. Raises BulkRefused."""
    job = own(job_id, actor)
    if job.state == State.WAITING:
        _end(job, State.CANCELLED, now=now)
        tell(job, "取消", actor=actor, now=now)
    elif job.state == State.RUNNING:
        # Whoever is at it stops after its part.
        job.cancel_asked = True
        job.save(update_fields=["cancel_asked"])
    else:
        raise BulkRefused(f"这次上传{job.get_state_display()}，不能取消。")
    return job


def own(job_id: int, actor: User) -> BulkJob:
    """A job of the actor's unit, locked. Raises BulkRefused."""
    job = (
        BulkJob.objects.select_for_update(of=("self",))
        .select_related("department__region", "owner")
        .get(pk=job_id)
    )
    if job.department_id != actor.department_id or not has_role(actor, *DOES):
        raise BulkRefused("批量上传由上传的单位办理。")
    return job


# ---- carried out -------------------------------------------------------------------------------------------


class _Moved(Exception):
    """Somebody else is at it, or it has been ended."""


@dataclass
class _Course:
    """What a process holds of the file that it is at."""

    table: Table
    scans: Scans | None
    scope: dict[str, Department]
    seen: planning.Seen = field(default_factory=planning.Seen)
    reading: Reading | None = None
    given: coding.Given = field(default_factory=coding.Given)


def run(payload: dict[str, Any], *, key: str, now: datetime) -> None:
    """External effect: carry a job on, to its end or for as long as one run may take."""
    carry_on(job_id=payload["job"], now=now, longest=LONGEST_RUN)


def carry_on(*, job_id: int, now: datetime, longest: float | None = None) -> BulkJob:
    """Go on where the job stands. Safe at any time, by any number of processes at once."""
    began = time.monotonic()

    def moment() -> datetime:
        return now + timedelta(seconds=time.monotonic() - began)

    job = _begin(job_id, now)
    if job.state != State.RUNNING:
        return job
    try:
        with _opened(job) as course:
            _work(job, course, moment, longest)
    except _Moved:
        pass
    except (BulkRefused, EvidenceDamaged, IntakeRefused) as error:
        _fail(job_id, str(error), now=moment())
    return BulkJob.objects.get(pk=job_id)


def in_parts(part: Callable[..., bool], job_id: int, *, now: datetime) -> None:
    """Call `part(job_id, now=…)`, each with its own commit, until it says that there is no more; what is left after a run
    of LONGEST_RUN is asked for again."""
    began = time.monotonic()
    while part(job_id, now=(moment := now + timedelta(seconds=time.monotonic() - began))):
        if time.monotonic() - began > LONGEST_RUN:
            with transaction.atomic():
                ask(BulkJob.objects.select_for_update().get(pk=job_id), now=moment)
            return


@transaction.atomic
def _begin(job_id: int, now: datetime) -> BulkJob:
    job = BulkJob.objects.select_for_update().get(pk=job_id)
    if job.state not in (State.WAITING, State.RUNNING):
        return job
    job.state, job.beat_at = State.RUNNING, now
    if job.dry_run and job.done:
        # Nothing of it is in the tables: what its rows would have brought is counted anew.
        BulkFault.objects.filter(job=job).delete()
        job.done = job.good = job.same = job.different = job.bad = job.new_subjects = job.breaches = (
            job.kept
        ) = 0
        job.scans_used = 0
    job.save()
    return job


@contextmanager
def _opened(job: BulkJob) -> Iterator[_Course]:
    with TemporaryFile() as file, TemporaryFile() as packed:
        file.write(read_evidence(job.file))
        scans = None
        if job.scans is not None:
            packed.write(read_evidence(job.scans))
            scans = open_scans(cast(BinaryIO, packed), name=job.scans.original_name)
        reading = reading_of(job.mapping)
        table = _open(cast(BinaryIO, file), job.file.original_name, reading)
        yield _Course(table, scans, planning.scope_of(job.department), reading=reading)


def _work(job: BulkJob, course: _Course, moment: Any, longest: float | None) -> None:
    began, rows = time.monotonic(), course.table.rows()
    today = local_date(job.created_at)
    # What the earlier rows said, as the process knew that was at them.
    for number, cells in islice(rows, job.done):
        line, _, _ = _read(job, course, number, cells, today)
        if isinstance(line, HandedLine):
            course.given.first(line.number, line.row)
        if line is not None and not (isinstance(line, HandedLine) and line.codeless):
            course.seen.rows.first(line.code, line.row)
    done = job.done
    while part := list(islice(rows, PART)):
        read_rows = [_read(job, course, number, cells, today) for number, cells in part]
        lines = [line for line, _, _ in read_rows if line is not None]
        faults = [
            (number, found, "", own)
            for (number, _), (line, found, own) in zip(part, read_rows, strict=True)
            if line is None
        ]
        if course.reading is None:
            faults = planning.with_names(faults, dict(part), course.table.head.columns)
        _part(job, course, done, len(part), lines, faults, moment)
        done += len(part)
        if done % COLLECTED == 0:
            # Rows that know each other are freed by the collector alone, which takes its time beside what Django holds.
            gc.collect()
        if longest is not None and time.monotonic() - began > longest:
            with transaction.atomic():
                ask(BulkJob.objects.select_for_update().get(pk=job.pk), now=moment())
            return
    _finish(job.pk, course, State.DONE, moment())


def _read(
    job: BulkJob, course: _Course, number: int, cells: dict[int, str], today: Any
) -> tuple[Line | None, Faults, str]:
    """The row, what is wrong with it, and the number that it has in a register."""
    columns, from_1904 = course.table.head.columns, course.table.from_1904
    if course.reading is not None:
        return read_row(
            number, cells, columns, course.reading, today=today, region=job.department.region_id,
            other_as=job.other_as, from_1904=from_1904,
        )  # fmt: skip
    line, faults = read(
        number, cells, columns, today=today, other_as=job.other_as, from_1904=from_1904,
    )  # fmt: skip
    return line, faults, ""


def _part(
    job: BulkJob, course: _Course, done: int, count: int, lines: list[Line],
    faults: list[coding.Wrong], moment: Any,
) -> None:  # fmt: skip
    """One part of the file, with the progress of the job: there together or not at all."""
    for tried in range(1, TRIES + 1):
        try:
            with transaction.atomic():
                locked = (
                    BulkJob.objects.select_for_update(of=("self",))
                    .select_related("owner", "mapping__department")
                    .get(pk=job.pk)
                )
                if locked.state != State.RUNNING or locked.done != done:
                    raise _Moved
                if not locked.cancel_asked:
                    _apply(locked, course, count, lines, faults, moment())
                    return
            _finish(job.pk, course, State.CANCELLED, moment())
            raise _Moved
        except IntegrityError:
            # Somebody else has been quicker with a code or a subject; looked at again, it is known.
            if tried == TRIES:
                raise


def _apply(
    job: BulkJob, course: _Course, count: int, lines: list[Line],
    faults: Sequence[coding.Wrong], now: datetime,
) -> None:  # fmt: skip
    wrong = list(faults)
    if job.mapping is not None:
        handed = [keeping.narrowed(line) for line in lines if isinstance(line, HandedLine)]
        coded, without = coding.assign(
            handed, mapping=job.mapping, scope=course.scope, given=course.given, issue=not job.dry_run
        )
        lines, wrong = list(coded), [*wrong, *without]
    found = planning.plan(lines, scope=course.scope, seen=course.seen)
    papers = scanning.match(found, course.scans)
    job.new_subjects += found.new_subjects
    if not job.dry_run:
        kept = scanning.keep(papers, found, actor=job.owner, now=now)
        written = writing.write(found.new, job=job, scans=kept, now=now)
        keeping.keep(found.new, written, job=job, now=now)
        # They are known now.
        course.seen.names.clear()
    own = {line.row: line.number for line in lines if isinstance(line, HandedLine)}
    wrong += [(*one, own.get(one[0], "")) for one in found.faults]
    labels = LABELS if course.reading is None else course.reading.labels
    copy_models(
        [_bad(job, labels, *one) for one in wrong]
        + [_different(job, one, own.get(one.line.row, "")) for one in found.different]
    )
    job.done += count
    job.good += len(found.new)
    job.same += found.same
    job.bad += len(wrong)
    job.different += len(found.different)
    job.breaches += sum(1 for one in found.new if one.line.carries_breach)
    job.kept += sum(1 for one in found.new if one.line.outcome == "fulfilled")
    job.scans_used += len(papers)
    job.beat_at = now
    job.save()


def _bad(
    job: BulkJob, labels: Mapping[int, str], row: int, faults: Faults, code: str, number: str
) -> BulkFault:
    told = planning.in_words(faults, labels)
    return BulkFault(job=job, row=row, kind=FaultKind.BAD, faults=told, code=code, number=number)


def _different(job: BulkJob, one: planning.Different, number: str) -> BulkFault:
    told = one.line.values | {"0": one.line.own_number}
    return BulkFault(
        job=job,
        row=one.line.row,
        kind=FaultKind.DIFFERENT,
        changes=one.changes,
        code=one.line.code,
        number=number,
        sealed=crypto.seal(json.dumps(told, ensure_ascii=False), aad=sealed_for(job, one.line.row)),
    )


def sealed_for(job: BulkJob, row: int) -> str:
    return f"bulk:{job.uuid}:{row}"


# ---- ended -------------------------------------------------------------------------------------------------


def _finish(job_id: int, course: _Course, state: str, now: datetime) -> None:
    """The file of what did not go in, then the end. Made again by whoever comes after a process that died in between."""
    job = BulkJob.objects.get(pk=job_id)
    if job.bad or job.different:
        results.write(job, course.table, now=now)
    with transaction.atomic():
        locked = (
            BulkJob.objects.select_for_update(of=("self",))
            .select_related("owner", "department")
            .get(pk=job_id)
        )
        if locked.state != State.RUNNING:
            return
        locked.result_name, locked.result_sha256 = job.result_name, job.result_sha256
        locked.expires_at = job.expires_at
        locked.summary = sum_up(job) if job.mapping_id else {}
        _end(locked, state, now=now)
        tell(locked, "完成" if state == State.DONE else "取消", actor=locked.owner, now=now)
        notify(locked, now=now)


def _end(job: BulkJob, state: str, *, now: datetime, failure: str = "") -> None:
    job.state, job.finished_at, job.failure = state, now, failure[:500]
    job.save()


@transaction.atomic
def _fail(job_id: int, reason: str, *, now: datetime) -> None:
    job = BulkJob.objects.select_for_update(of=("self",)).select_related("owner", "department").get(pk=job_id)
    if job.state != State.RUNNING:
        return
    _end(job, State.FAILED, now=now, failure=reason)
    tell(job, "未能办理", actor=job.owner, now=now)
    notify(job, now=now)


def tell(job: BulkJob, deed: str, *, actor: User | None, now: datetime) -> None:
    events.bulk_job(
        now=now, actor_id=actor.pk if actor else None, department_id=job.department_id, job_id=job.pk, deed=deed,
        sha256=job.file.sha256, rows=job.total, good=job.good,
    )  # fmt: skip


# ---- the sweep's part --------------------------------------------------------------------------------------


def follow(*, now: datetime) -> int:
    """Step of the sweep: jobs that nobody is at any more are taken up again, results whose time is over removed."""
    stalled = BulkJob.objects.filter(state__in=list(CARRIED_BY), beat_at__lt=now - STALLED)
    number = 0
    for job in stalled.order_by("pk"):
        with transaction.atomic():
            ask(job, now=now)
            BulkJob.objects.filter(pk=job.pk, beat_at=job.beat_at).update(beat_at=now)
        number += 1
    return number + results.remove_expired(now=now)
