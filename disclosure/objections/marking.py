"""「异议处理中」 beside a record: on page, search, interface, feed and in the record itself, in one transaction. Only an
objector whose identity has been seen brings it about (docs/objections.md)."""

from datetime import datetime

from django.db import IntegrityError, transaction

from credit_portal.outbox import changes
from credit_portal.outbox.models import PublicChange
from credit_portal.registry.models import User
from disclosure import breach_publishing
from disclosure.act_gate import listed_acts
from disclosure.gate import listed_commitments
from disclosure.models import Objection
from verification import services as verification

from .rules import ObjectionError, wants_mark

Of = Objection.Of
ERROR_OTHER = "这条记录已有正在办理的异议（{number}），不能同时办理两件；请并入该件，作为补充材料。"


def set_mark(objection: Objection, *, actor: User | None, now: datetime) -> None:
    """Bring the mark into line with the state of a locked objection, which the caller saves. Raises ObjectionError where
    another objection to the same record is under way."""
    wanted = wants_mark(objection.state, known=bool(objection.identity))
    if objection.marked == wanted:
        return
    objection.marked = wanted
    try:
        with transaction.atomic():
            # With whose identity it is: without one the database refuses the mark.
            Objection.objects.filter(pk=objection.pk).update(
                marked=wanted,
                identity=objection.identity,
                identity_at=objection.identity_at,
                identity_by=objection.identity_by,
            )
    except IntegrityError as error:
        column = next(name for name in COLUMNS if getattr(objection, f"{name}_id") is not None)
        other = Objection.objects.filter(marked=True, **{column: getattr(objection, f"{column}_id")}).first()
        raise ObjectionError(ERROR_OTHER.format(number=other.number if other else "")) from error
    _show(objection, wanted, actor=actor, now=now)


COLUMNS = ("publication", "commitment", "act", "entry", "typical_case")


def _show(objection: Objection, wanted: bool, *, actor: User | None, now: datetime) -> None:
    entry_id = None
    if objection.publication is not None:
        publication = objection.publication
        publication.refresh_from_db(fields=["ended_at"])
        if publication.ended_at is None:
            breach_publishing.set_objection_mark(
                publication_id=publication.pk, under_way=wanted, actor=actor, now=now
            )
        else:
            entry_id = publication.case.entry_id
    elif objection.act is not None:
        entry_id = objection.act.entry_id
        if listed_acts(now).filter(pk=objection.act_id).exists():
            _tell("act", str(objection.act.uuid), objection, wanted, now=now)
    elif objection.commitment is not None:
        if listed_commitments(now).filter(pk=objection.commitment_id).exists():
            _tell("commitment", objection.commitment.code, objection, wanted, now=now)
    else:
        entry_id = objection.entry_id
    if entry_id is not None:
        verification.mark_objection(entry_id=entry_id, under_way=wanted, actor=actor, now=now)


def _tell(resource: str, reference: str, objection: Objection, wanted: bool, *, now: datetime) -> None:
    changes.record_change(
        kind=PublicChange.Kind.CHANGED,
        resource=resource,
        reference=reference,
        key=f"{resource}:objection:{objection.pk}:{wanted}",
        now=now,
    )
