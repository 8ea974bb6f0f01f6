"""A part of the file put into the tables in sets: what signing does for one, in a fixed number of statements."""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time

from django.db import connection

from commitments import hooks
from commitments.models import (
    BulkJob,
    Commitment,
    CommitmentEvent,
    FulfilmentReview,
    ImportedCommitment,
    Obligation,
    ObligationFinding,
)
from commitments.obligations import making
from credit_portal.audit import events
from credit_portal.audit.clock import SHANGHAI, local_date
from credit_portal.audit.copying import copy_models
from credit_portal.audit.recording import together
from credit_portal.deadlines import duties
from credit_portal.documents.models import EvidenceFile
from credit_portal.registry.in_sets import Named, register_subjects
from credit_portal.registry.models import CreditSubject, Department

from . import rules, stored
from .planning import New

Breach = ImportedCommitment.Breach
TITLE = "信用承诺书"
RULE, MATTER = "bulk_breach", "imported_breach"
TOLD = "{unit}归集，文件“{name}”第 {row} 行"
# Serial numbers that the portal itself would never reach on one day; higher ones do not use up the day's.
OWN_SERIALS = 900_000

# Numbers that a file has used are not given out again.
COUNTERS = """
INSERT INTO registry_numbercounter (series, last)
SELECT 'commitment:' || left(code, 6) || ':' || substr(code, 7, 8), max(right(code, 6)::int)
FROM unnest(%s::text[]) AS code WHERE right(code, 6)::int < %s GROUP BY 1 ORDER BY 1
ON CONFLICT (series) DO UPDATE SET last = greatest(registry_numbercounter.last, excluded.last)
"""


def write(
    new: Sequence[New], *, job: BulkJob, scans: Mapping[int, EvidenceFile], now: datetime
) -> list[Commitment]:
    """Store new commitments, in the caller's transaction. Raises IntegrityError where somebody else has been quicker with a
    code or a subject: planned again, it is known."""
    if not new:
        return []
    subjects = _subjects(new, job=job, now=now)
    rows = [
        _commitment(one, subjects[one.line.values["4"]], scans.get(one.line.row), job, now) for one in new
    ]
    by_rule = {}
    for row in rows:
        key = (row.subject_kind, row.commitment_type)
        if key not in by_rule:
            by_rule[key] = hooks.class_by_rule(*key)
    reasons = []
    for row, one in zip(rows, new, strict=True):
        ruled, reason = by_rule[row.subject_kind, row.commitment_type]
        row.publicity_class, decided = rules.publicity_class(ruled, one.line.asked_class)
        row.public_from = now if decided and row.publicity_class == "public" else None
        reasons.append(reason if decided else "")
    with together():
        copy_models(rows)
        copy_models([_imported(one, row, job) for one, row in zip(new, rows, strict=True)])
        _course(new, rows, job, now)
        with connection.cursor() as cursor:
            cursor.execute(COUNTERS, [[row.code for row in rows], OWN_SERIALS])
        making.make([row.pk for row in rows])
        _told_kept(new, rows, job, now)
        _to_determine(new, rows, now)
        for one, row in zip(new, rows, strict=True):
            events.commitment_imported(
                now=now,
                actor_id=job.owner_id,
                department_id=row.department_id,
                commitment_id=row.pk,
                code=row.code,
                subject_id=row.subject_id,
                text_sha256=row.text_sha256,
                publicity_class=row.publicity_class,
                job_id=job.pk,
                row=one.line.row,
            )
        hooks.run_after_import(
            rows=[
                hooks.Imported(row.pk, row.code, row.subject_kind, row.publicity_class, reason)
                for row, reason in zip(rows, reasons, strict=True)
            ],
            actor=job.owner,
            now=now,
        )
    return rows


def _subjects(new: Sequence[New], *, job: BulkJob, now: datetime) -> dict[str, CreditSubject]:
    """The subjects by their codes, those of nobody registered by the word of the unit."""
    found = {one.line.values["4"]: one.subject for one in new if one.subject is not None}
    unknown: dict[int, tuple[Department, list[Named]]] = {}
    for one in new:
        if one.subject is None:
            _, named = unknown.setdefault(one.department.pk, (one.department, []))
            named.append(Named(one.line.kind, one.line.values["4"], one.line.values["2"]))
    for department, named in unknown.values():
        # A subject of two units in one part belongs to the first.
        fresh = [one for one in named if one.code not in found]
        found |= register_subjects(
            fresh, department=department, actor=job.owner, now=now, is_demo=job.is_demo
        )
    return found


def _commitment(
    one: New, subject: CreditSubject, scan: EvidenceFile | None, job: BulkJob, now: datetime
) -> Commitment:
    line, department = one.line, one.department
    content = stored.content_of(line.values)
    return Commitment(
        code=line.code,
        region_id=department.region_id,
        made_on=line.made_on,
        signed_at=datetime.combine(line.made_on, time.min, SHANGHAI),
        commitment_type=line.commitment_type,
        late_materials=line.late_materials,
        channel=Commitment.Channel.BULK,
        subject=subject,
        subject_kind=subject.kind,
        # As the paper has it: a subject may have borne another name then.
        subject_name=line.values["2"],
        subject_code=subject.uscc or "",
        item_name=line.values["6"],
        department=department,
        department_name=department.name,
        department_uscc=department.uscc,
        case_ref=line.own_number,
        title=TITLE,
        content=content,
        text_sha256=text_hash(line.values),
        valid_until=line.valid_until,
        signed_by=Commitment.SignedBy.PAPER if scan else "",
        signature=scan,
        verify_token=secrets.token_urlsafe(18),
        is_demo=job.is_demo or subject.is_demo,
    )


def text_hash(values: Mapping[str, str]) -> str:
    """SHA-256 over what binds: to whom, who, about what, what was promised and the liability, as the file has them."""
    body = {"v": 1, "bulk": [values[number] for number in ("17", "2", "6", "7", "8")]}
    packed = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(packed.encode()).hexdigest()


def _imported(one: New, row: Commitment, job: BulkJob) -> ImportedCommitment:
    return ImportedCommitment(
        commitment_id=row.pk,
        department_id=row.department_id,
        job=job,
        row=one.line.row,
        breach=Breach.WAITING if one.line.carries_breach else Breach.NONE,
        **told_fields(one),
    )


def told_fields(one: New) -> dict[str, object]:
    """What is kept of a row beside its commitment."""
    line = one.line
    return {
        "fingerprint": one.fingerprint,
        "type_word": line.values["5"],
        "outcome": line.outcome,
        "not_kept": line.values["12"],
        "liability": line.values["13"],
        "found_on": line.found_on,
        "found_by": line.values["15"],
        "found_by_uscc": line.values["16"],
        "asked_class": line.asked_class,
        "remark": line.values["20"],
    }


def _source(row: Commitment, job: BulkJob, line: int) -> str:
    return TOLD.format(unit=row.department_name, name=job.name, row=line)[:300]


def _course(new: Sequence[New], rows: Sequence[Commitment], job: BulkJob, now: datetime) -> None:
    found: list[CommitmentEvent] = []
    for one, row in zip(new, rows, strict=True):
        found.append(
            CommitmentEvent(
                commitment_id=row.pk,
                kind=CommitmentEvent.Kind.IMPORTED,
                at=now,
                actor=job.owner,
                note=_source(row, job, one.line.row),
            )
        )
    copy_models(found)


def _told_kept(new: Sequence[New], rows: Sequence[Commitment], job: BulkJob, now: datetime) -> None:
    """R62: what the file tells of as kept in full is put down as found, and waits for another person: `keeping.py`."""
    told = [(one, row) for one, row in zip(new, rows, strict=True) if one.line.outcome == "fulfilled"]
    if not told:
        return
    known = {row.pk: row for _, row in told}
    lines = {row.pk: one.line.row for one, row in told}
    kept = list(
        Obligation.objects.filter(commitment__in=list(known), state=Obligation.State.OPEN)
        .exclude(kind=Obligation.Kind.DECLARED)
        .order_by("commitment_id", "clause_no")
    )
    Obligation.objects.filter(pk__in=[one.pk for one in kept]).update(
        state=Obligation.State.KEPT, found_on=local_date(now)
    )
    copy_models(
        [
            ObligationFinding(
                obligation_id=one.pk,
                state=Obligation.State.KEPT,
                found_on=local_date(now),
                at=now,
                finder=job.owner,
                note=_source(known[one.commitment_id], job, lines[one.commitment_id]),
            )
            for one in kept
        ]
    )
    # Of one that only declares something, nothing is there to be kept.
    waiting = [known[pk] for pk in dict.fromkeys(one.commitment_id for one in kept)]
    copy_models(
        [
            FulfilmentReview(
                commitment_id=row.pk, department_id=row.department_id, asked_at=now, asked_by=job.owner
            )
            for row in waiting
        ]
    )
    for row in waiting:
        events.fulfilment_review(
            now=now, actor_id=job.owner_id, department_id=row.department_id, commitment_id=row.pk, code=row.code,
            step="等待另一人确认",
        )  # fmt: skip


def _to_determine(new: Sequence[New], rows: Sequence[Commitment], now: datetime) -> None:
    """A breach that the file tells of is the department's to look into, within the rule's time. Nothing says more yet."""
    waiting = [(one, row) for one, row in zip(new, rows, strict=True) if one.line.carries_breach]
    if not waiting:
        return
    open_duties([(row, one.department) for one, row in waiting], today=local_date(now), now=now)
    for _, row in waiting:
        events.imported_breach(
            now=now, actor_id=None, department_id=row.department_id, commitment_id=row.pk, code=row.code,
            step="待认定",
        )  # fmt: skip


def matter_of(row: Commitment) -> duties.Matter:
    return duties.Matter(MATTER, row.pk, row.code)


def open_duties(rows: Sequence[tuple[Commitment, Department]], *, today: date, now: datetime) -> None:
    duties.open_duties(
        rule_key=RULE,
        openings=[
            duties.Opening(
                matter_of(row), department, department.region, today, commitment_type=row.commitment_type,
                is_demo=row.is_demo,
            )
            for row, department in rows
        ],
        now=now,
    )  # fmt: skip
