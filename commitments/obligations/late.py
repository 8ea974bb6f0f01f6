"""The clause that promises late materials follows what came of them (S4 1): its day is the last one that is still open,
and it is kept when everything has come. Nothing of it is recorded by hand."""

from datetime import datetime

from commitments.models import Obligation, Supplement
from credit_portal.audit.clock import local_date
from credit_portal.registry.models import User

from . import settling
from .settling import Move, Source, State

COMPLETE = "容缺材料全部收到"


def follow(*, supplement: Supplement, actor: User | None, now: datetime) -> None:
    """After a step with late materials. In its transaction."""
    rows = list(
        Obligation.objects.filter(
            commitment=supplement.commitment_id, kind=Obligation.Kind.LATE, state=State.OPEN
        )
    )
    if not rows:
        return
    commitment = settling.locked(supplement.commitment_id)
    rows = [one for one in settling.obligations_of(commitment) if one.pk in {row.pk for row in rows}]
    for row in rows:
        if row.due_on != supplement.last_on:
            row.due_on = supplement.last_on
            row.save(update_fields=["due_on"])
    came = max(
        (one.received_on for one in supplement.materials.all() if one.received_on is not None), default=None
    )
    source = Source(now=now, found_on=local_date(now), note=COMPLETE, actor=actor, done_on=came)
    match supplement.state:
        case Supplement.State.DONE:
            settling.find(commitment, [Move(row, State.KEPT) for row in rows], source)
        case Supplement.State.CLOSED if supplement.close_reason == Supplement.Reason.CAME_LATE:
            # That it came late is said by the day; to hold it against anybody takes a determination.
            settling.find(commitment, [Move(row, State.KEPT) for row in rows], source)
        case Supplement.State.CLOSED:
            why = f"容缺受理已了结：{supplement.get_close_reason_display()}"
            ended = Source(now=now, found_on=local_date(now), note=why, actor=actor)
            settling.find(commitment, [Move(row, State.ENDED) for row in rows], ended)
