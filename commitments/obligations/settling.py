"""What a finding about obligations does: it is added, the obligation holds it, and the status of the commitment follows
(`rules.py`). Whoever finds anything (`commitments/fulfilment.py`, `confirming.py`, `late.py`) comes through here.

That all was kept makes a good entry in the record; so it is put down by one and confirmed by another (R62). Where it turns
out otherwise, by a correction or a determination, the entry is revoked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import QuerySet

from commitments import hooks
from commitments.case_opening import answered_for_by
from commitments.models import (
    BreachCase,
    BreachedClause,
    ClauseWarning,
    Commitment,
    CommitmentEvent,
    FulfilmentReview,
    Obligation,
    ObligationFinding,
    Recheck,
)
from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.documents.models import EvidenceFile
from credit_portal.outbox import notices
from credit_portal.outbox.models import PartnerSystem
from credit_portal.registry import groups
from credit_portal.registry.models import Department, User
from credit_portal.registry.visibility import has_role, limit_to_visible
from verification import services as verification
from verification.models import CreditEntry
from verification.vocabulary import Kind

from . import rules

Status = Commitment.Fulfilment
State = Obligation.State
Review = FulfilmentReview.State
ENDED = ("dropped", "revoked")  # cases that say nothing of the commitment any more
DECIDED = (*ENDED, "determined", "served")
MAY_RECORD = (groups.OFFICER, groups.HEAD, groups.APPROVAL_BUREAU, groups.CREDIT_OFFICE)
LEAST, MOST = 4, 300


class FulfilmentError(ValueError):
    """The status cannot be recorded so; `field` names what is wrong, the message says it in Chinese."""

    def __init__(self, message: str, *, field: str = "status") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Source:
    """Who found it, when, on what: goes into each finding as it is. `by_two`: two people or a determination have settled
    it, so that nobody need confirm what follows."""

    now: datetime
    found_on: date
    note: str
    actor: User | None = None
    system: PartnerSystem | None = None
    case: BreachCase | None = None
    recheck: Recheck | None = None
    evidence: Sequence[EvidenceFile] = field(default=())
    done_on: date | None = None
    by_two: bool = False


@dataclass(frozen=True)
class Move:
    """What an obligation becomes. `corrects`: the finding that is taken back by it."""

    row: Obligation
    state: str
    partly: bool = False
    corrects: ObligationFinding | None = None


def commitments_in_reach(user: User) -> QuerySet[Commitment]:
    """The commitments whose keeping a member of staff may look at: those that the own department took or answers for (the
    items are its own), or those of the own region and below."""
    reach = limit_to_visible(Commitment.objects.all(), user)
    if user.department is not None and has_role(user, *MAY_RECORD):
        reach = reach | Commitment.objects.filter(answered_for_by(user.department))
    return reach


def to_record(commitment_id: int, actor: User) -> Commitment:
    """The commitment, locked, for somebody who may record. Raises FulfilmentError."""
    if not has_role(actor, *MAY_RECORD) or not commitments_in_reach(actor).filter(pk=commitment_id).exists():
        raise FulfilmentError("该承诺不在您的管理范围内。")
    return locked(commitment_id)


def locked(commitment_id: int) -> Commitment:
    return (
        Commitment.objects.select_for_update(of=("self",))
        .select_related("subject", "region", "department", "item")
        .get(pk=commitment_id)
    )


def check_stands(commitment: Commitment) -> None:
    if commitment.voided_at is not None or hasattr(commitment, "corrected_by"):
        raise FulfilmentError("这份承诺已作废或已被更正，不再记录履行状态。", field="commitment")


def said(note: str, label: str = "核实的情况") -> str:
    """The note as it is kept. Raises FulfilmentError (`note`)."""
    text = note.strip()
    if not LEAST <= len(text) <= MOST:
        raise FulfilmentError(
            f"请写明{label}（{LEAST} 至 {MOST} 个字，现为 {len(text)} 个字）。", field="note"
        )
    return text


def obligations_of(commitment: Commitment) -> list[Obligation]:
    """Those that still say something, in the order of the text. Whoever changes them holds the lock of the commitment."""
    return list(
        Obligation.objects.filter(commitment=commitment).exclude(state=State.ENDED).order_by("clause_no")
    )


def doubted(commitment: Commitment) -> dict[int, str]:
    """The clauses about which a warning waits for an answer or a case runs, with what has to come first: until then nobody
    says that they were kept."""
    running = BreachedClause.objects.filter(case__commitment=commitment).exclude(case__state__in=DECIDED)
    found = {
        number: f"在违诺案件 {case} 中查明，结案以前不登记履行"
        for number, case in running.values_list("clause_no", "case__number")
    }
    waiting = ClauseWarning.objects.filter(commitment=commitment, state=ClauseWarning.State.OPEN)
    for clauses in waiting.values_list("clauses", flat=True):
        found |= {one["no"]: "有预警待核实，先答复预警，再登记履行" for one in clauses}
    return found


def why_not_kept_yet(row: Obligation, found_on: date, doubts: Mapping[int, str]) -> str:
    """Why it cannot be recorded of an obligation, found on a day, that it was kept; empty where it can."""
    return doubts.get(row.clause_no, "") or rules.why_not_kept_yet(
        kind=row.kind, state=row.state, due_on=row.due_on, found_on=found_on
    )


def kept_moves(commitment: Commitment, found_on: date, *, field: str, as_told: bool = False) -> list[Move]:
    """All that is open was kept; what a determination had found not to be kept was kept late. Raises FulfilmentError where
    of one that cannot be said yet, unless it is taken over `as_told`."""
    becomes = {State.OPEN: State.KEPT, State.NOT_KEPT: State.KEPT_LATE}
    doubts = doubted(commitment)
    moves = []
    for row in obligations_of(commitment):
        state = State(row.state)
        if state not in becomes or (row.kind == Obligation.Kind.DECLARED and state == State.OPEN):
            continue
        why = "" if as_told else why_not_kept_yet(row, found_on, doubts)
        if why:
            raise FulfilmentError(f"还不能登记全部履行：{row.clause}{why}。", field=field)
        moves.append(Move(row, becomes[state]))
    return moves


def find(commitment: Commitment, moves: Sequence[Move], source: Source) -> None:
    """The findings, what their obligations become by them, and what follows for the commitment."""
    if not moves:
        return
    for move in moves:
        move.row.state, move.row.partly = move.state, move.partly
        move.row.found_on = None if move.state in (State.OPEN, State.ENDED) else source.found_on
    Obligation.objects.bulk_update([move.row for move in moves], ["state", "partly", "found_on"])
    findings = ObligationFinding.objects.bulk_create(
        ObligationFinding(
            obligation=move.row,
            state=move.state,
            partly=move.partly,
            found_on=source.found_on,
            done_on=source.done_on if move.state in (State.KEPT, State.KEPT_LATE) else None,
            corrects=move.corrects,
            at=source.now,
            finder=source.actor,
            partner=source.system,
            case=source.case,
            recheck=source.recheck,
            note=source.note[:MOST],
        )
        for move in moves
    )
    attached = ObligationFinding.evidence.through
    attached.objects.bulk_create(
        attached(obligationfinding_id=finding.pk, evidencefile_id=file.pk)
        for finding in findings
        for file in source.evidence
    )
    by_state: dict[tuple[str, bool], list[int]] = {}
    for move in moves:
        by_state.setdefault((move.state, move.corrects is not None), []).append(move.row.clause_no)
    for (state, corrected), clauses in by_state.items():
        tell = events.obligations_corrected if corrected else events.obligations_found
        tell(
            now=source.now,
            actor_id=source.actor.pk if source.actor else None,
            department_id=commitment.department_id,
            commitment_id=commitment.pk,
            code=commitment.code,
            clauses=clauses,
            state=state,
        )
    settle(commitment, source)


def settle(commitment: Commitment, source: Source) -> None:
    """Status, course, the subject's record, and what follows, where the status has become another. That all was kept waits
    for another person."""
    standing = Obligation.objects.filter(commitment=commitment).values_list("kind", "state", "partly")
    status = rules.fulfilment_of(rules.counted(standing))
    if status != Status.FULFILLED or source.by_two:
        end_review(commitment, source)
    elif commitment.fulfilment != Status.FULFILLED:
        _ask_for_review(commitment, source)
        status = Status.RUNNING
    if status == commitment.fulfilment:
        return
    before, commitment.fulfilment = commitment.fulfilment, status
    commitment.save(update_fields=["fulfilment"])
    CommitmentEvent.objects.create(
        commitment=commitment,
        kind=CommitmentEvent.Kind.FULFILMENT,
        at=source.now,
        actor=source.actor,
        partner=source.system,
        reason=Status(status).label,
        note=source.note,
    )
    if status == Status.FULFILLED:
        _enter(commitment, source)
    elif before == Status.FULFILLED:
        _revoke_entry(commitment, source)
    events.commitment_fulfilment(
        now=source.now,
        actor_id=source.actor.pk if source.actor else None,
        department_id=commitment.department_id,
        commitment_id=commitment.pk,
        code=commitment.code,
        status=Status(status).label,
    )
    hooks.run_after_fulfilment(commitment=commitment, before=before, now=source.now)


# ---- parts -------------------------------------------------------------------------------------------------


def _enter(commitment: Commitment, source: Source) -> None:
    verification.add_entry(
        subject=commitment.subject,
        kind=Kind.FULFILMENT,
        title=f"履行承诺：{commitment.item_name}"[:300],
        source=commitment.department_name,
        department=commitment.department,
        region=commitment.region,
        document_no=commitment.code,
        from_on=local_date(source.now),
        operator=source.actor,
        now=source.now,
        is_demo=commitment.is_demo,
    )


def _revoke_entry(commitment: Commitment, source: Source) -> None:
    """What was entered as kept was not: the good entry should never have been."""
    for entry in CreditEntry.objects.filter(
        subject=commitment.subject, kind=Kind.FULFILMENT, document_no=commitment.code, state="effective"
    ):
        verification.revoke_entry(entry_id=entry.pk, operator=source.actor, now=source.now)


def _answers(commitment: Commitment) -> Department:
    return commitment.item.department if commitment.item else commitment.department


def _ask_for_review(commitment: Commitment, source: Source) -> None:
    if FulfilmentReview.objects.filter(commitment=commitment, state=Review.WAITING).exists():
        return
    office = _answers(commitment)
    review = FulfilmentReview.objects.create(
        commitment=commitment,
        department=office,
        asked_at=source.now,
        asked_by=source.actor,
        partner=source.system,
    )
    review_told(review, "等待另一人确认", actor=source.actor, now=source.now)
    people = User.objects.filter(
        department=office, groups__name__in=[groups.OFFICER, groups.HEAD], is_active=True
    )
    if source.actor is not None:
        people = people.exclude(pk=source.actor.pk)
    notices.notify(
        users=people.distinct(),
        key=f"fulfilment:{review.pk}",
        kind="fulfilment",
        title=f"承诺 {commitment.code} 各条都已登记履行，请另一人确认",
        body="",
        link=f"/desk/obligations/{commitment.code}/",
        now=source.now,
    )


def end_review(commitment: Commitment, source: Source) -> None:
    """Nothing waits for another person any more."""
    for review in FulfilmentReview.objects.select_for_update().filter(
        commitment=commitment, state=Review.WAITING
    ):
        review.state, review.decided_at, review.decided_by = Review.VOID, source.now, source.actor
        review.note = source.note[:MOST]
        review.save()
        review_told(review, "不再需要确认", actor=source.actor, now=source.now)


def review_told(review: FulfilmentReview, step: str, *, actor: User | None, now: datetime) -> None:
    commitment = review.commitment
    events.fulfilment_review(
        now=now, actor_id=actor.pk if actor else None, department_id=review.department_id,
        commitment_id=commitment.pk, code=commitment.code, step=step,
    )  # fmt: skip
