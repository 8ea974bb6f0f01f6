"""How a commitment is being kept, as the departments record it (R62). A determination of breach has a procedure of its
own; here stands only what it or a plain inspection has found.

Everything is found of obligations, clause by clause; the status of the commitment follows from them
(`obligations/rules.py`) and is set nowhere else.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.documents.models import EvidenceFile
from credit_portal.outbox.models import PartnerSystem
from credit_portal.registry import groups
from credit_portal.registry.models import User
from credit_portal.registry.visibility import has_role, limit_to_visible
from verification import services as verification
from verification.vocabulary import Kind

from . import hooks
from .case_opening import answered_for_by
from .models import BreachCase, Commitment, CommitmentEvent, Obligation, ObligationFinding, Recheck
from .obligations import rules

Status = Commitment.Fulfilment
State = Obligation.State

# What one status may become by plain record. That something was not kept is for a determination to say, which hears the
# subject first; late performance after it counts. What was kept in full is not taken back here.
MOVES: dict[str, frozenset[str]] = {
    Status.RUNNING: frozenset({Status.FULFILLED}),
    Status.UNFULFILLED: frozenset({Status.PARTIAL, Status.FULFILLED}),
    Status.PARTIAL: frozenset({Status.FULFILLED}),
    Status.FULFILLED: frozenset(),
}
ENDED = ("dropped", "revoked")  # cases that say nothing of the commitment any more
NEEDS_DETERMINATION = "部分履行和全部未履行须经违诺认定，不能直接登记；请在工作台立案。"
MAY_RECORD = (groups.OFFICER, groups.HEAD, groups.APPROVAL_BUREAU, groups.CREDIT_OFFICE)


class FulfilmentError(ValueError):
    """The status cannot be recorded so; `field` names what is wrong, the message says it in Chinese."""

    def __init__(self, message: str, *, field: str = "status") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Source:
    """Who found it, when, on what: goes into each finding as it is."""

    now: datetime
    found_on: date
    note: str
    actor: User | None = None
    system: PartnerSystem | None = None
    case: BreachCase | None = None
    recheck: Recheck | None = None
    evidence: Sequence[EvidenceFile] = field(default=())


# ---- recorded by people and systems ------------------------------------------------------------------------


@transaction.atomic
def record_fulfilment(
    *, commitment_id: int, status: str, actor: User, now: datetime, note: str = ""
) -> Commitment:
    """Record the status of a commitment as a whole, by its department or the region's credit office.

    `note` says what was found; it is required where something was not kept. Told twice, nothing changes. Kept in full
    is written into the subject's record. Raises FulfilmentError.
    """
    commitment = _to_record(commitment_id, actor)
    if status not in Status.values:
        raise FulfilmentError("请选择履行状态。")
    note = note.strip()
    if len(note) > 300:
        raise FulfilmentError(f"说明最多 300 个字，现为 {len(note)} 个字。", field="note")
    if commitment.fulfilment == status:
        return commitment
    _check_stands(commitment)
    if status in (Status.PARTIAL, Status.UNFULFILLED) and commitment.fulfilment == Status.RUNNING:
        raise FulfilmentError(NEEDS_DETERMINATION)
    if status not in MOVES[commitment.fulfilment]:
        raise FulfilmentError(
            f"履行状态现为“{commitment.get_fulfilment_display()}”，不能改为“{Status(status).label}”。"
        )
    if status in (Status.PARTIAL, Status.UNFULFILLED) and not note:
        raise FulfilmentError("请写明哪些内容没有履行。", field="note")
    source = Source(now=now, found_on=local_date(now), note=note, actor=actor)
    if status == Status.PARTIAL:
        broken = [row for row in _obligations(commitment) if row.state == State.NOT_KEPT]
        _find(commitment, [(row, State.NOT_KEPT, True) for row in broken], source)
    else:
        _find_kept(commitment, source)
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
) -> Commitment:
    """Record of single clauses that they were kept, or kept late: (clause number, state), several at once, with what was
    found and the evidence for it. Told twice, nothing changes. Raises FulfilmentError (`clause-3`, `found_on`, `note`).
    """
    commitment = _to_record(commitment_id, actor)
    _check_stands(commitment)
    today = local_date(now)
    if found_on > today:
        raise FulfilmentError(f"核实日期不能晚于今天（{today}）。", field="found_on")
    if found_on < commitment.made_on:
        raise FulfilmentError(f"核实日期不能早于承诺作出日期（{commitment.made_on}）。", field="found_on")
    note = note.strip()
    if not 4 <= len(note) <= 300:
        raise FulfilmentError(f"请写明核实的情况（4 至 300 个字，现为 {len(note)} 个字）。", field="note")
    known = {row.clause_no: row for row in _obligations(commitment)}
    moves: list[tuple[Obligation, str, bool]] = []
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
        moves.append((row, state, False))
    source = Source(
        now=now, found_on=found_on, note=note, actor=actor, recheck=recheck, evidence=tuple(evidence)
    )
    _find(commitment, moves, source)
    return commitment


@transaction.atomic
def report_kept(
    *, code: str, status: str, note: str, system: PartnerSystem, now: datetime
) -> tuple[Commitment, bool]:
    """A department's own system reports that one of its department's commitments was looked at and kept (R62, R85): all
    its open obligations.

    `note` is the evidence: who looked, when, at what. Gives the commitment and whether that is new: told twice, nothing
    changes. That something was not kept, or was kept late, is for people to say. Raises FulfilmentError
    (`commitment`, `status`, `note`).
    """
    commitment = (
        Commitment.objects.select_for_update(of=("self",))
        .select_related("subject", "region", "department")
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
    _check_stands(commitment)
    if commitment.breach_cases.exclude(state__in=ENDED).exists():
        raise FulfilmentError("这份承诺有未办结或已认定的违诺，由部门人员登记履行状态。", field="commitment")
    _find_kept(commitment, Source(now=now, found_on=local_date(now), note=note, system=system))
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
    commitment = _locked(case.commitment_id)
    live = {row.clause_no: row for row in _obligations(commitment)}
    named = set(case.clauses.values_list("clause_no", flat=True))
    chosen, partly = rules.determined(case.outcome, named=named, live=live.keys())
    _find(
        commitment,
        [(live[number], State.NOT_KEPT, partly) for number in sorted(chosen)],
        Source(now=now, found_on=local_date(now), note=f"违诺认定 {case.number}", actor=actor, case=case),
    )


def undo_determination(*, case: BreachCase, actor: User, now: datetime) -> None:
    """The determination was revoked: its obligations are again what they were before it, as if it had not been. What was
    kept since then was kept."""
    commitment = _locked(case.commitment_id)
    rows = _obligations(commitment)
    before: dict[int, ObligationFinding | None] = {}
    theirs: set[int] = set()
    for finding in ObligationFinding.objects.filter(obligation__in=rows).order_by("id"):
        if finding.case_id == case.pk:
            theirs.add(finding.obligation_id)
        elif finding.obligation_id not in theirs:
            before[finding.obligation_id] = finding
    moves: list[tuple[Obligation, str, bool]] = []
    for row in rows:
        if row.pk not in theirs:
            continue
        earlier = before.get(row.pk)
        if row.state == State.NOT_KEPT:
            moves.append(
                (row, earlier.state, earlier.partly) if earlier is not None else (row, State.OPEN, False)
            )
        elif row.state == State.KEPT_LATE:
            moves.append((row, State.KEPT, False))
    _find(
        commitment,
        moves,
        Source(now=now, found_on=local_date(now), note=f"撤销违诺认定 {case.number}", actor=actor, case=case),
    )


# ---- parts -------------------------------------------------------------------------------------------------


def commitments_in_reach(user: User) -> QuerySet[Commitment]:
    """The commitments whose keeping a member of staff may look at: those that the own department took or answers for (the
    items are its own), or those of the own region and below."""
    reach = limit_to_visible(Commitment.objects.all(), user)
    if user.department is not None and has_role(user, *MAY_RECORD):
        reach = reach | Commitment.objects.filter(answered_for_by(user.department))
    return reach


def _to_record(commitment_id: int, actor: User) -> Commitment:
    if not has_role(actor, *MAY_RECORD) or not commitments_in_reach(actor).filter(pk=commitment_id).exists():
        raise FulfilmentError("该承诺不在您的管理范围内。")
    return _locked(commitment_id)


def _locked(commitment_id: int) -> Commitment:
    return (
        Commitment.objects.select_for_update(of=("self",))
        .select_related("subject", "region", "department")
        .get(pk=commitment_id)
    )


def _check_stands(commitment: Commitment) -> None:
    if commitment.voided_at is not None or hasattr(commitment, "corrected_by"):
        raise FulfilmentError("这份承诺已作废或已被更正，不再记录履行状态。", field="commitment")


def _obligations(commitment: Commitment) -> list[Obligation]:
    """Those that still say something, in the order of the text. Whoever changes them holds the lock of the commitment."""
    return list(
        Obligation.objects.filter(commitment=commitment).exclude(state=State.ENDED).order_by("clause_no")
    )


def _find_kept(commitment: Commitment, source: Source) -> None:
    """All that is open was kept; what a determination had found not to be kept was kept late."""
    kept = {State.OPEN: State.KEPT, State.NOT_KEPT: State.KEPT_LATE}
    _find(
        commitment,
        [(row, kept[State(row.state)], False) for row in _obligations(commitment) if row.state in kept],
        source,
    )


def _find(commitment: Commitment, moves: Sequence[tuple[Obligation, str, bool]], source: Source) -> None:
    """The findings, what their obligations become by them, and what follows for the commitment."""
    if not moves:
        return
    for row, state, partly in moves:
        row.state, row.partly = state, partly
        row.found_on = None if state == State.OPEN else source.found_on
    Obligation.objects.bulk_update([row for row, _, _ in moves], ["state", "partly", "found_on"])
    findings = ObligationFinding.objects.bulk_create(
        ObligationFinding(
            obligation=row,
            state=state,
            partly=partly,
            found_on=source.found_on,
            at=source.now,
            finder=source.actor,
            partner=source.system,
            case=source.case,
            recheck=source.recheck,
            note=source.note[:300],
        )
        for row, state, partly in moves
    )
    attached = ObligationFinding.evidence.through
    attached.objects.bulk_create(
        attached(obligationfinding_id=finding.pk, evidencefile_id=file.pk)
        for finding in findings
        for file in source.evidence
    )
    by_state: dict[str, list[int]] = {}
    for row, state, _ in moves:
        by_state.setdefault(state, []).append(row.clause_no)
    for state, clauses in by_state.items():
        events.obligations_found(
            now=source.now,
            actor_id=source.actor.pk if source.actor else None,
            department_id=commitment.department_id,
            commitment_id=commitment.pk,
            code=commitment.code,
            clauses=clauses,
            state=state,
        )
    _settle(commitment, source)


def _settle(commitment: Commitment, source: Source) -> None:
    """Status, course, the subject's record where all was kept, and what follows, where the status has become another."""
    standing = Obligation.objects.filter(commitment=commitment).values_list("state", "partly")
    status = rules.fulfilment_of(standing)
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
    if status == Status.FULFILLED and source.case is None:
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
    events.commitment_fulfilment(
        now=source.now,
        actor_id=source.actor.pk if source.actor else None,
        department_id=commitment.department_id,
        commitment_id=commitment.pk,
        code=commitment.code,
        status=Status(status).label,
    )
    hooks.run_after_fulfilment(commitment=commitment, before=before, now=source.now)
