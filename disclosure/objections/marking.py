"""「异议处理中」 beside a record: on page, search, interface, feed and in the record itself, in one transaction. Only an
objector whose identity has been seen brings it about (docs/objections.md)."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q

from credit_portal.outbox import changes
from credit_portal.outbox.models import PublicChange
from credit_portal.registry.models import User
from disclosure import breach_publishing
from disclosure.act_gate import listed_acts
from disclosure.acts.standing import latest_act
from disclosure.gate import listed_commitments
from disclosure.models import AdministrativeAct, Objection
from verification import correcting
from verification import services as verification

from .records import entries_of_matter
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
    same_matter = _under_way(objection)
    if wanted and same_matter is not None:
        raise ObjectionError(ERROR_OTHER.format(number=same_matter.number))
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
    if same_matter is None:
        _show(objection, wanted, actor=actor, now=now)


def _under_way(objection: Objection) -> Objection | None:
    """Another objection to the same matter that is being looked into: to an earlier publication of the determination, to the
    act or the entry before it was put right or after, to the entry of what is public. (Two to the very same row the database
    itself refuses.)"""
    entries = entries_of_matter(objection)
    same = Q(entry__in=entries) | Q(act__entry__in=entries) | Q(publication__case__entry__in=entries)
    if objection.publication is not None:
        same |= Q(publication__case=objection.publication.case)
    elif not entries:
        return None
    return Objection.objects.filter(same, marked=True).exclude(pk=objection.pk).first()


COLUMNS = ("publication", "commitment", "act", "entry", "typical_case")


def _show(objection: Objection, wanted: bool, *, actor: User | None, now: datetime) -> None:
    entry_id = None
    if objection.publication is not None:
        case = objection.publication.case
        # Also one that was published anew since the objection was made.
        running = case.publications.filter(ended_at__isnull=True).first()
        if running is not None:
            breach_publishing.set_objection_mark(
                publication_id=running.pk, under_way=wanted, actor=actor, now=now
            )
        else:
            entry_id = case.entry_id
    elif objection.act is not None:
        # It may have been put right since the objection was made.
        standing = AdministrativeAct.objects.get(pk=latest_act(objection.act.pk))
        entry_id = standing.entry_id
        if listed_acts(now).filter(pk=standing.pk).exists():
            _tell("act", str(standing.uuid), objection, wanted, now=now)
    elif objection.commitment is not None:
        if listed_commitments(now).filter(pk=objection.commitment_id).exists():
            _tell("commitment", objection.commitment.code, objection, wanted, now=now)
    else:
        entry_id = objection.entry_id
    if entry_id is not None:
        entry_id = correcting.latest_of(entry_id)
        verification.mark_objection(entry_id=entry_id, under_way=wanted, actor=actor, now=now)


def _tell(resource: str, reference: str, objection: Objection, wanted: bool, *, now: datetime) -> None:
    changes.record_change(
        kind=PublicChange.Kind.CHANGED,
        resource=resource,
        reference=reference,
        key=f"{resource}:objection:{objection.pk}:{wanted}",
        now=now,
    )
