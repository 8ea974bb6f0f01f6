"""How a commitment is being kept, as the departments record it (R62). A determination of breach has a procedure of its
own; here stands only what it or a plain inspection has found.

Everything is found of obligations, clause by clause; the status of the commitment follows from them
(`obligations/rules.py`) and is set nowhere else.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from django.db import transaction

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.documents.models import EvidenceFile
from credit_portal.outbox.models import PartnerSystem
from credit_portal.registry.models import User

from .models import BreachCase, Commitment, CommitmentEvent, Obligation, ObligationFinding, Recheck
from .obligations import rules, settling
from .obligations.settling import ENDED as ENDED
from .obligations.settling import MAY_RECORD as MAY_RECORD
from .obligations.settling import FulfilmentError as FulfilmentError
from .obligations.settling import Move, Source
from .obligations.settling import commitments_in_reach as commitments_in_reach

Status = Commitment.Fulfilment
State = Obligation.State

# What one status may become by plain record. That something was not kept is for a determination to say, which hears the
# subject first; late performance after it counts. What was recorded by mistake is taken back clause by clause.
MOVES: dict[str, frozenset[str]] = {
    Status.RUNNING: frozenset({Status.FULFILLED}),
    Status.UNFULFILLED: frozenset({Status.PARTIAL, Status.FULFILLED}),
    Status.PARTIAL: frozenset({Status.FULFILLED}),
    Status.FULFILLED: frozenset(),
}
DETERMINED = "违诺认定 {number}"
NEEDS_DETERMINATION = "部分履行和全部未履行须经违诺认定，不能直接登记；请在工作台立案。"


# ---- recorded by people and systems ------------------------------------------------------------------------


@transaction.atomic
def record_fulfilment(
    *, commitment_id: int, status: str, actor: User, now: datetime, note: str = ""
) -> Commitment:
    """Record the status of a commitment as a whole, by its department or the region's credit office, where two have settled
    it already: the written answer to an objection is proposed by one and approved by another.

    `note` says what was found; it is required where something was not kept. Told twice, nothing changes. Kept in full is
    written into the subject's record. Raises FulfilmentError.
    """
    commitment = settling.to_record(commitment_id, actor)
    if status not in Status.values:
        raise FulfilmentError("请选择履行状态。")
    note = note.strip()
    if len(note) > 300:
        raise FulfilmentError(f"说明最多 300 个字，现为 {len(note)} 个字。", field="note")
    if commitment.fulfilment == status:
        return commitment
    settling.check_stands(commitment)
    if status in (Status.PARTIAL, Status.UNFULFILLED) and commitment.fulfilment == Status.RUNNING:
        raise FulfilmentError(NEEDS_DETERMINATION)
    if status not in MOVES[commitment.fulfilment]:
        raise FulfilmentError(
            f"履行状态现为“{commitment.get_fulfilment_display()}”，不能改为“{Status(status).label}”。"
        )
    if status in (Status.PARTIAL, Status.UNFULFILLED) and not note:
        raise FulfilmentError("请写明哪些内容没有履行。", field="note")
    source = Source(now=now, found_on=local_date(now), note=note, actor=actor, by_two=True)
    if status == Status.PARTIAL:
        broken = [row for row in settling.obligations_of(commitment) if row.state == State.NOT_KEPT]
        settling.find(commitment, [Move(row, State.NOT_KEPT, True) for row in broken], source)
    else:
        moves = settling.kept_moves(commitment, source.found_on, field="status")
        settling.find(commitment, moves, source)
        if not moves:
            # All was found before and only waited for another person.
            settling.settle(commitment, source)
    return commitment


@transaction.atomic
def take_over_kept(*, commitment_id: int, actor: User, now: datetime, note: str) -> Commitment:
    """A file of collected commitments now tells that this one was kept in full. Its unit answers for what it tells, so that
    the last day of what has to be kept up does not matter; another person confirms it, as everywhere."""
    commitment = settling.locked(commitment_id)
    settling.check_stands(commitment)
    source = Source(now=now, found_on=local_date(now), note=note, actor=actor)
    settling.find(
        commitment, settling.kept_moves(commitment, source.found_on, field="status", as_told=True), source
    )
    return commitment


@transaction.atomic
def take_back_told(*, commitment_id: int, actor: User, now: datetime, note: str) -> Commitment:
    """The file tells no longer that this one was kept in full, and nobody had confirmed it: what was put down by its word is
    taken back clause by clause."""
    commitment = settling.locked(commitment_id)
    rows = [row for row in settling.obligations_of(commitment) if row.state == State.KEPT]
    last = {
        one.obligation_id: one for one in ObligationFinding.objects.filter(obligation__in=rows).order_by("pk")
    }
    told = [row for row in rows if row.pk in last and last[row.pk].case_id is None]
    settling.find(
        commitment,
        [Move(row, State.OPEN, corrects=last[row.pk]) for row in told],
        Source(now=now, found_on=local_date(now), note=note, actor=actor),
    )
    return commitment


@transaction.atomic
def record_obligations(
    *,
    commitment_id: int,
    found: Iterable[tuple[int, str]],
    found_on: date,
    note: str,
    actor: User,
    now: datetime,
    evidence: Sequence[EvidenceFile] = (),
    recheck: Recheck | None = None,
    done_on: date | None = None,
) -> Commitment:
    """Record of single clauses that they were kept, or, after a determination, kept late: (clause number, state), several
    at once, with what was found and the evidence for it. Told twice, nothing changes. `done_on`: when it was really done,
    which has to be said of what was late. Raises FulfilmentError (`clause-3`, `found_on`, `done_on`, `note`).
    """
    commitment = settling.to_record(commitment_id, actor)
    settling.check_stands(commitment)
    today = local_date(now)
    if found_on > today:
        raise FulfilmentError(f"核实日期不能晚于今天（{today}）。", field="found_on")
    if found_on < commitment.made_on:
        raise FulfilmentError(f"核实日期不能早于承诺作出日期（{commitment.made_on}）。", field="found_on")
    _check_done(commitment, done_on, found_on)
    note = settling.said(note)
    known = {row.clause_no: row for row in settling.obligations_of(commitment)}
    doubts = settling.doubted(commitment)
    moves: list[Move] = []
    for clause_no, state in found:
        row = known.get(clause_no)
        if row is None:
            raise FulfilmentError(f"这份承诺没有第 {clause_no} 条承诺内容。", field=f"clause-{clause_no}")
        if row.state == state:
            continue
        if state not in rules.MOVES[row.state]:
            wanted = State(state).label if state in State.values else state
            raise FulfilmentError(
                f"{row.clause}现为“{row.shown_state}”，不能登记为“{wanted}”。", field=f"clause-{clause_no}"
            )
        if why := settling.why_not_kept_yet(row, found_on, doubts):
            raise FulfilmentError(f"{row.clause}{why}。", field=f"clause-{clause_no}")
        if state == State.KEPT_LATE:
            _check_late(row, done_on)
        moves.append(Move(row, state))
    source = Source(
        now=now, found_on=found_on, note=note, actor=actor, recheck=recheck, evidence=tuple(evidence),
        done_on=done_on,
    )  # fmt: skip
    settling.find(commitment, moves, source)
    return commitment


def _check_done(commitment: Commitment, done_on: date | None, found_on: date) -> None:
    if done_on is None:
        return
    if done_on > found_on:
        raise FulfilmentError(f"实际履行日期不能晚于核实日期（{found_on}）。", field="done_on")
    if done_on < commitment.made_on:
        raise FulfilmentError(f"实际履行日期不能早于承诺作出日期（{commitment.made_on}）。", field="done_on")


def _check_late(row: Obligation, done_on: date | None) -> None:
    """Late is only what a determination, which has heard the subject, found not kept; and it has a day of its own."""
    if done_on is None:
        raise FulfilmentError(f"{row.clause}逾期后履行，请写明实际履行日期。", field="done_on")
    if row.kind == Obligation.Kind.TO_DO and row.due_on is not None and done_on <= row.due_on:
        raise FulfilmentError(
            f"{done_on} 不晚于{row.clause}应当履行之日 {row.due_on}，不是逾期；认定有误的，撤销认定。",
            field="done_on",
        )


@transaction.atomic
def report_kept(
    *, code: str, status: str, note: str, system: PartnerSystem, now: datetime
) -> tuple[Commitment, bool]:
    """A department's own system reports that one of its department's commitments was looked at and kept (R62, R85): all
    its open obligations.

    `note` is the evidence: who looked, when, at what. Gives the commitment and whether that is new: told twice, nothing
    changes. That it was all kept waits for one of the department to confirm it; that something was not kept, or was kept
    late, is for people to say. Raises FulfilmentError
    (`commitment`, `status`, `note`).
    """
    commitment = (
        Commitment.objects.select_for_update(of=("self",))
        .select_related("subject", "region", "department", "item")
        .filter(code=code, department_id=system.department_id)
        .first()
    )
    if commitment is None:
        raise FulfilmentError("本部门没有这份承诺。", field="commitment")
    if status in (Status.PARTIAL, Status.UNFULFILLED):
        raise FulfilmentError("部分履行和全部未履行须经违诺认定，不能直接登记；请提请违诺立案。")
    if status != Status.FULFILLED:
        raise FulfilmentError("只能报告 fulfilled（全部履行）。")
    note = note.strip()
    if not 4 <= len(note) <= 300:
        raise FulfilmentError(f"请写明核实的依据（4 至 300 个字，现为 {len(note)} 个字）。", field="note")
    if commitment.fulfilment == status:
        return commitment, False
    settling.check_stands(commitment)
    if commitment.breach_cases.exclude(state__in=ENDED).exists():
        raise FulfilmentError("这份承诺有未办结或已认定的违诺，由部门人员登记履行状态。", field="commitment")
    source = Source(now=now, found_on=local_date(now), note=note, system=system)
    moves = settling.kept_moves(commitment, source.found_on, field="commitment")
    if not moves:
        return commitment, False
    settling.find(commitment, moves, source)
    events.partner_acted(
        now=now,
        department_id=system.department_id,
        system_id=system.pk,
        deed="报告履行",
        number=commitment.code,
    )
    return commitment, True


# ---- by a determination ------------------------------------------------------------------------------------


def set_by_determination(*, case: BreachCase, actor: User, now: datetime) -> None:
    """What a determination says of the commitment (R62): the clauses that it names were not kept. The caller holds the
    transaction of the determination."""
    commitment = settling.locked(case.commitment_id)
    rows = {row.clause_no: row for row in settling.obligations_of(commitment)}
    named = set(case.clauses.values_list("clause_no", flat=True))
    # A declaration is broken where the determination names it, and only there.
    live = {no for no, row in rows.items() if row.kind != Obligation.Kind.DECLARED or no in named}
    chosen, partly = rules.determined(case.outcome, named=named, live=live or rows.keys())
    settling.find(
        commitment,
        [Move(rows[number], State.NOT_KEPT, partly) for number in sorted(chosen)],
        _of_case(case, DETERMINED.format(number=case.number), actor, now),
    )


def undo_determination(*, case: BreachCase, actor: User, now: datetime) -> None:
    """The determination was revoked: its obligations are again what they were before it, as if it had not been. What was
    kept since then was kept."""
    commitment = settling.locked(case.commitment_id)
    rows = settling.obligations_of(commitment)
    before: dict[int, ObligationFinding | None] = {}
    theirs: set[int] = set()
    for finding in ObligationFinding.objects.filter(obligation__in=rows).order_by("id"):
        if finding.case_id == case.pk:
            theirs.add(finding.obligation_id)
        elif finding.obligation_id not in theirs:
            before[finding.obligation_id] = finding
    moves: list[Move] = []
    for row in rows:
        if row.pk not in theirs:
            continue
        earlier = before.get(row.pk)
        if row.state == State.NOT_KEPT:
            moves.append(
                Move(row, earlier.state, earlier.partly) if earlier is not None else Move(row, State.OPEN)
            )
        elif row.state == State.KEPT_LATE:
            moves.append(Move(row, State.KEPT))
    source = _of_case(
        case, f"撤销违诺认定 {case.number}", actor, now, by_two=_was_fulfilled(commitment, case)
    )
    settling.find(commitment, moves, source)


def _was_fulfilled(commitment: Commitment, case: BreachCase) -> bool:
    """Whether the commitment counted as fulfilled when the case was determined: then it need not be confirmed anew."""
    before = ""
    for reason, note in (
        commitment.events.filter(kind=CommitmentEvent.Kind.FULFILMENT)
        .order_by("id")
        .values_list("reason", "note")
    ):
        if note == DETERMINED.format(number=case.number):
            break
        before = reason
    return before == Status.FULFILLED.label


def _of_case(case: BreachCase, note: str, actor: User, now: datetime, *, by_two: bool = True) -> Source:
    return Source(now=now, found_on=local_date(now), note=note, actor=actor, case=case, by_two=by_two)
