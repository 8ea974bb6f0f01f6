"""What a file tells of as kept in full counts once another person of the unit has looked, and says so for the whole file
(R62). One by one it is confirmed, or taken back, on the commitment's own page; what has a warning or a case is left there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet

from commitments import hooks
from commitments.models import (
    BreachCase,
    BulkJob,
    ClauseWarning,
    Commitment,
    CommitmentEvent,
    FulfilmentReview,
    Obligation,
)
from commitments.obligations import rules
from commitments.obligations.confirming import ANOTHER
from commitments.obligations.settling import DECIDED, FulfilmentError, said
from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.audit.copying import copy_models
from credit_portal.audit.recording import together
from credit_portal.registry.models import User
from verification.in_sets import add_entries
from verification.models import CreditEntry
from verification.vocabulary import Kind

from .jobs import BulkRefused, ask, in_parts, own, tell

State, Review, Status = BulkJob.State, FulfilmentReview.State, Commitment.Fulfilment
PART = 500
RUN_ON = "等待确认的期限都还没有届满。承诺的事已经办结、以后没有要继续做到的，请勾选后确认；仍要做到的，届满以后再确认。"


def waiting_of(job: BulkJob) -> QuerySet[FulfilmentReview]:
    """What this file told of as kept in full and nobody else has confirmed yet."""
    return FulfilmentReview.objects.filter(state=Review.WAITING, commitment__imported__job=job)


def _runs_on(on: date) -> Exists:
    """Whether something of it may have to be kept beyond a day: `rules.runs_on` in SQL."""
    return Exists(
        Obligation.objects.filter(
            commitment=OuterRef("commitment"),
            kind__in=rules.MAY_RUN_ON,
            state=Obligation.State.KEPT,
            due_on__gt=on,
        )
    )


def _may_be_confirmed(job: BulkJob, actor: User, *, early: bool, on: date) -> QuerySet[FulfilmentReview]:
    """Without those of the actor's own, of commitments that do not stand, of those about which something is open, and, if not
    `early`, of those whose last day is still to come."""
    of_it = {"commitment": OuterRef("commitment")}
    found = waiting_of(job) if early else waiting_of(job).exclude(_runs_on(on))
    return (
        found.exclude(asked_by=actor)
        .filter(commitment__voided_at=None, commitment__corrected_by=None)
        .exclude(Exists(ClauseWarning.objects.filter(state=ClauseWarning.State.OPEN, **of_it)))
        .exclude(Exists(BreachCase.objects.filter(**of_it).exclude(state__in=DECIDED)))
    )


@dataclass(frozen=True)
class Asked:
    """What has become of the file's word: how many wait (of them `running`: until a day to come), were confirmed on their own page, or need it no more; when the file was confirmed as a whole; and whether it is for this user to confirm what waits."""

    waiting: int = 0
    running: int = 0
    singly: int = 0
    taken_back: int = 0
    at: datetime | None = None
    another: bool = False


def asked(job: BulkJob, user: User, today: date) -> Asked:
    """While a job goes on its page asks every two seconds, and nobody may confirm: nothing is counted."""
    if job.dry_run or job.unfinished or not job.kept:
        return Asked()
    own = job.department_id == user.department_id
    told = FulfilmentReview.objects.filter(commitment__imported__job=job).aggregate(
        waiting=Count("pk", filter=Q(state=Review.WAITING)),
        others=Count("pk", filter=Q(state=Review.WAITING) & ~Q(asked_by=user)),
        confirmed=Count("pk", filter=Q(state=Review.CONFIRMED)),
        void=Count("pk", filter=Q(state=Review.VOID)),
        at=Max("decided_at", filter=Q(state=Review.CONFIRMED, decided_by=job.kept_by_id)),
    )
    return Asked(
        told["waiting"],
        waiting_of(job).filter(_runs_on(today)).count() if told["waiting"] else 0,
        max(told["confirmed"] - job.kept_confirmed, 0),
        told["void"],
        told["at"] if job.kept_by_id else None,
        own and told["others"] > 0,
    )


@transaction.atomic
def confirm(*, job_id: int, note: str, actor: User, now: datetime, early: bool = False) -> BulkJob:
    """Another person has looked at what the file tells of as kept in full: it counts, in the background, part by part. What is
    to be kept up beyond today waits on, unless the matter is said to be done with (`early`). Told twice, nothing changes.
    Raises BulkRefused (`note`, `early`)."""
    job = own(job_id, actor)
    if job.state == State.KEEPING:
        return job
    if job.state not in (State.DONE, State.CANCELLED):
        raise BulkRefused("导入完成以后再确认履行。")
    if not waiting_of(job).exists():
        raise BulkRefused("没有等待确认的全部履行。")
    if not waiting_of(job).exclude(asked_by=actor).exists():
        raise BulkRefused(ANOTHER.replace("登记人", "接收人" if job.mapping_id else "上传人"))
    today = local_date(now)
    if not _may_be_confirmed(job, actor, early=True, on=today).exists():
        raise BulkRefused("等待确认的都有未答复的预警或者在办的违诺案件，请先办结，再逐份确认。")
    if not early and not _may_be_confirmed(job, actor, early=False, on=today).exists():
        raise BulkRefused(RUN_ON, field="early")
    try:
        text = said(note, "怎样看的、是否属实")
    except FulfilmentError as error:
        raise BulkRefused(str(error), field="note") from error
    job.state, job.kept_by, job.kept_note, job.beat_at, job.kept_upto = State.KEEPING, actor, text, now, 0
    job.kept_early = early
    job.save(update_fields=["state", "kept_by", "kept_note", "kept_early", "beat_at", "kept_upto"])
    tell(job, "确认全部履行", actor=actor, now=now)
    ask(job, now=now)
    return job


def run(payload: dict[str, Any], *, key: str, now: datetime) -> None:
    """External effect."""
    carry_on(job_id=payload["job"], now=now)


def carry_on(*, job_id: int, now: datetime) -> None:
    """Go on where the confirmation stands. Safe at any time, by any number of processes at once."""
    in_parts(_part, job_id, now=now)


@transaction.atomic
def _part(job_id: int, *, now: datetime) -> bool:
    """The next commitments; False where there are no more."""
    job = BulkJob.objects.select_for_update(of=("self",)).select_related("owner", "kept_by").get(pk=job_id)
    if job.state != State.KEEPING or job.kept_by is None:
        return False
    today = local_date(now)
    confirmable = _may_be_confirmed(job, job.kept_by, early=job.kept_early, on=today)
    found = list(
        confirmable.filter(pk__gt=job.kept_upto).order_by("pk").values_list("pk", "commitment_id")[:PART]
    )
    # The commitment first, as everywhere where it is settled; then what has become of its review is looked at again.
    rows = {
        row.pk: row
        for row in Commitment.objects.select_for_update()
        .filter(pk__in=[pk for _, pk in found])
        .order_by("pk")
    }
    reviews = list(
        confirmable.annotate(running=_runs_on(today))
        .filter(pk__in=[pk for pk, _ in found])
        .select_for_update(of=("self",))
    )
    _settle(job, job.kept_by, _fulfilled([(one, rows[one.commitment_id]) for one in reviews]), now)
    job.beat_at = now
    if found:
        job.kept_upto = found[-1][0]
    if len(found) < PART:
        job.state = State.DONE
        tell(job, f"已确认全部履行 {job.kept_confirmed} 份", actor=job.kept_by, now=now)
    job.save(update_fields=["kept_confirmed", "kept_upto", "beat_at", "state"])
    return job.state == State.KEEPING


Pairs = Sequence[tuple[FulfilmentReview, Commitment]]


def _fulfilled(pairs: Pairs) -> Pairs:
    """Those whose obligations still say so."""
    standing: dict[int, list[tuple[str, str, bool]]] = {}
    for pk, *one in Obligation.objects.filter(commitment__in=[row.pk for _, row in pairs]).values_list(
        "commitment_id", "kind", "state", "partly"
    ):
        standing.setdefault(pk, []).append((one[0], one[1], one[2]))
    return [
        (review, row)
        for review, row in pairs
        if rules.fulfilment_of(rules.counted(standing.get(row.pk, []))) == Status.FULFILLED != row.fulfilment
    ]


def _settle(job: BulkJob, actor: User, pairs: Pairs, now: datetime) -> None:
    """What `settling.settle` does for one: status, course, the subject's record, and what follows, in a fixed number of
    statements."""
    if not pairs:
        return
    rows = [row for _, row in pairs]
    for early in (False, True):
        FulfilmentReview.objects.filter(
            pk__in=[review.pk for review, _ in pairs if review.running == early]  # type: ignore[attr-defined]
        ).update(state=Review.CONFIRMED, decided_at=now, decided_by=actor, note=job.kept_note, early=early)
    Commitment.objects.filter(pk__in=[row.pk for row in rows]).update(fulfilment=Status.FULFILLED)
    with together():
        copy_models(
            [
                CommitmentEvent(
                    commitment_id=row.pk, kind=CommitmentEvent.Kind.FULFILMENT, at=now, actor=actor,
                    reason=Status.FULFILLED.label, note=job.kept_note,
                )
                for row in rows
            ]
        )  # fmt: skip
        add_entries(
            entries=[
                CreditEntry(
                    subject_id=row.subject_id,
                    kind=str(Kind.FULFILMENT),
                    title=f"履行承诺：{row.item_name}"[:300],
                    source=row.department_name,
                    department_id=row.department_id,
                    region_id=row.region_id,
                    document_no=row.code,
                    from_on=local_date(now),
                    is_demo=row.is_demo,
                )
                for row in rows
            ],
            operator=actor,
            now=now,
        )
        for row in rows:
            told = {"now": now, "actor_id": actor.pk, "department_id": row.department_id, "code": row.code}
            events.fulfilment_review(commitment_id=row.pk, step="确认全部履行", **told)
            events.commitment_fulfilment(commitment_id=row.pk, status=Status.FULFILLED.label, **told)
        hooks.run_after_kept(rows=[(row.pk, row.code) for row in rows], now=now)
    job.kept_confirmed += len(rows)
