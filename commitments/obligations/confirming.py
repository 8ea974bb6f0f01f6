"""The second person: confirms that all was kept, or takes back what was recorded by mistake. Neither is done by whoever
recorded it; what was recorded stays to be read (R62, R125)."""

from collections.abc import Collection
from datetime import date, datetime

from django.db import transaction

from commitments.models import ClauseWarning, Commitment, FulfilmentReview, Obligation, ObligationFinding
from credit_portal.audit.clock import local_date
from credit_portal.registry.models import User

from . import rules, settling
from .settling import FulfilmentError, Move, Source, State

ANOTHER = "全部履行由登记人以外的另一人确认。"
NOBODY_WAITS = "这份承诺没有等待确认的登记，请看最新情况。"
RUNS_ON = (
    "{clause}的期限是 {day}，还没有届满。承诺的事已经办结、以后没有要继续做到的，请勾选后确认；"
    "仍要持续做到的，先不确认，或者更正登记。"
)
NOT_ONES_OWN = "第 {clause} 条由您自己登记，更正须由另一人办理。"


def waiting(commitment: Commitment) -> FulfilmentReview | None:
    """What waits for another person to confirm."""
    return (
        FulfilmentReview.objects.filter(commitment=commitment, state=FulfilmentReview.State.WAITING)
        .select_related("asked_by", "partner")
        .first()
    )


def runs_on(commitment: Commitment, on: date) -> Obligation | None:
    """Of the clauses that a file told of as kept the one that runs for longest beyond a day."""
    if commitment.channel != Commitment.Channel.BULK:
        return None
    found = [
        row
        for row in settling.obligations_of(commitment)
        if rules.runs_on(kind=row.kind, state=row.state, due_on=row.due_on, on=on)
    ]
    return max(found, key=lambda row: (row.due_on, -row.clause_no), default=None)


@transaction.atomic
def confirm(*, commitment_id: int, note: str, actor: User, now: datetime, early: bool = False) -> Commitment:
    """Another person has looked at what was recorded: all was kept, and the record says so from now on; `early` says of what
    a file told of as kept before its last day that nothing is left to be kept up. Raises FulfilmentError."""
    commitment = settling.to_record(commitment_id, actor)
    settling.check_stands(commitment)
    review = (
        FulfilmentReview.objects.select_for_update()
        .filter(commitment=commitment, state=FulfilmentReview.State.WAITING)
        .first()
    )
    if review is None:
        raise FulfilmentError(NOBODY_WAITS, field="commitment")
    if review.asked_by_id == actor.pk:
        raise FulfilmentError(ANOTHER, field="commitment")
    if ClauseWarning.objects.filter(commitment=commitment, state=ClauseWarning.State.OPEN).exists():
        raise FulfilmentError("这份承诺有预警待核实，先答复预警。", field="commitment")
    if commitment.breach_cases.exclude(state__in=settling.DECIDED).exists():
        raise FulfilmentError("这份承诺有违诺案件在办，结案以前不确认全部履行。", field="commitment")
    running = runs_on(commitment, local_date(now))
    if running is not None and not early:
        raise FulfilmentError(RUNS_ON.format(clause=running.clause, day=running.due_on), field="early")
    text = settling.said(note, "怎样看的、是否属实")
    review.early = running is not None
    review.state, review.decided_at, review.decided_by = FulfilmentReview.State.CONFIRMED, now, actor
    review.note = text
    review.save()
    review.commitment = commitment
    settling.review_told(review, "确认全部履行", actor=actor, now=now)
    settling.settle(
        commitment, Source(now=now, found_on=local_date(now), note=text, actor=actor, by_two=True)
    )
    return commitment


def taken_back(rows: Collection[Obligation], actor: User) -> dict[int, ObligationFinding]:
    """The findings that an actor may take back, by obligation: the last of each, recorded by plain record by somebody else."""
    last: dict[int, ObligationFinding] = {}
    for finding in ObligationFinding.objects.filter(obligation__in=rows).order_by("pk"):
        last[finding.obligation_id] = finding
    return {
        pk: one
        for pk, one in last.items()
        if one.state in (State.KEPT, State.KEPT_LATE) and one.case_id is None and one.finder_id != actor.pk
    }


@transaction.atomic
def take_back(
    *, commitment_id: int, clauses: Collection[int], reason: str, actor: User, now: datetime
) -> Commitment:
    """What was recorded of these clauses was a mistake: each is again what it was before, as a new finding with the reason.
    The status follows at once; the good entry of a commitment that was fulfilled is revoked. Raises FulfilmentError
    (`clauses`, `note`)."""
    commitment = settling.to_record(commitment_id, actor)
    settling.check_stands(commitment)
    text = settling.said(reason, "更正的理由")
    known = {row.clause_no: row for row in settling.obligations_of(commitment)}
    if not clauses:
        raise FulfilmentError("请选择登记有误的条款。", field="clauses")
    if wrong := sorted(set(clauses) - known.keys()):
        raise FulfilmentError(f"这份承诺没有第 {wrong[0]} 条承诺内容。", field="clauses")
    rows = [known[number] for number in sorted(set(clauses))]
    may = taken_back(rows, actor)
    moves = []
    for row in rows:
        finding = may.get(row.pk)
        if finding is None:
            last = row.findings.order_by("pk").last()
            if (
                last is not None
                and last.state in (State.KEPT, State.KEPT_LATE)
                and last.finder_id == actor.pk
            ):
                raise FulfilmentError(NOT_ONES_OWN.format(clause=row.clause_no), field="clauses")
            raise FulfilmentError(
                f"{row.clause}现为“{row.shown_state}”，没有可以更正的登记。", field="clauses"
            )
        if row.kind == Obligation.Kind.LATE and finding.state == State.KEPT:
            raise FulfilmentError(f"{row.clause}随容缺材料的收到登记，不在这里更正。", field="clauses")
        before = row.findings.filter(pk__lt=finding.pk).order_by("pk").last()
        moves.append(
            Move(row, before.state, before.partly, finding)
            if before is not None
            else Move(row, State.OPEN, corrects=finding)
        )
    settling.find(
        commitment,
        moves,
        Source(now=now, found_on=local_date(now), note=f"更正：{text}"[: settling.MOST], actor=actor),
    )
    return commitment
