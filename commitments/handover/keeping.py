"""Beside the commitments that a part of a register has brought: where they come from, and what was before. Added only; nothing
is determined, published or due by it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from commitments.bulk.planning import New
from commitments.models import BulkJob, Commitment, HandedHistory, HandedOver, Obligation
from credit_portal.audit.clock import local_date
from credit_portal.audit.copying import copy_models
from credit_portal.registry.models import PublicityClass

from .translating import HandedLine


def keep(new: Sequence[New], rows: Sequence[Commitment], *, job: BulkJob, now: datetime) -> None:
    """In the transaction that has written the commitments."""
    pairs = [(one.line, row) for one, row in zip(new, rows, strict=True) if isinstance(one.line, HandedLine)]
    mapping = job.mapping
    if mapping is None or not pairs:
        return
    copy_models(
        [
            HandedOver(
                commitment_id=row.pk, owner_id=mapping.department_id, register=mapping.name, number=line.number,
                mapping=mapping, job=job, row=line.row, handed_on=local_date(now), state_word=line.word,
                own_code=line.codeless,
            )
            for line, row in pairs
        ]
    )  # fmt: skip
    copy_models([_history(line, row, job) for line, row in pairs if line.past is not None])
    over = [row.pk for line, row in pairs if line.history_only]
    if over:
        # Nobody is to look after what was over before it came; it has no findings of this portal either.
        Obligation.objects.filter(commitment__in=over, state=Obligation.State.OPEN).update(
            state=Obligation.State.ENDED
        )


def narrowed(line: HandedLine) -> HandedLine:
    """What is history alone is not public, whatever the register asks: a page would call it running."""
    if not line.history_only or line.asked_class != PublicityClass.PUBLIC:
        return line
    return replace(line, asked_class=PublicityClass.LIMITED)


def _history(line: HandedLine, row: Commitment, job: BulkJob) -> HandedHistory:
    past = line.past
    if past is None:
        raise ValueError("没有历史。")
    told = "；".join(part for part in (line.word, line.values["12"], line.values["13"]) if part)
    return HandedHistory(
        commitment_id=row.pk, job=job, row=line.row, kind=past.kind, what=told[:300], settled=past.settled,
        document_no=past.document_no, found_on=past.found_on, found_by=line.values["15"],
        from_on=past.from_on, until_on=past.until_on, repaired_on=past.repaired_on,
    )  # fmt: skip
