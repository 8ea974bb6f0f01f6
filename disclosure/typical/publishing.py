"""An accepted case on the public site: proposed by one of the office, decided by another, withdrawn with a reason. (S4 10, R88.)"""

from datetime import datetime

from django.db import IntegrityError, transaction

from credit_portal.audit.history import note
from credit_portal.registry import groups
from credit_portal.registry.models import User
from credit_portal.registry.visibility import group_names
from disclosure.models import TypicalCase, TypicalPublication

from . import writing
from .writing import State, TypicalError, check_tells_nobody, tell

Stage = TypicalPublication.State
OPEN = (Stage.PROPOSED, Stage.PUBLIC)


def open_publication(case: TypicalCase) -> TypicalPublication | None:
    """What is proposed or public of a case."""
    return case.publications.filter(state__in=OPEN).select_related("proposed_by", "decided_by").first()


@transaction.atomic
def propose(*, case_id: int, actor: User, now: datetime) -> TypicalPublication:
    """Propose an accepted case for the site. Raises TellsWho, TypicalError."""
    case = _case(case_id, actor)
    if case.state != State.ACCEPTED:
        raise TypicalError("采用以后才可以提出公开。")
    check_tells_nobody(case)
    row = TypicalPublication(case=case, proposed_at=now, proposed_by=actor)
    note(row, actor=actor, now=now)
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise TypicalError("这个案例已经公开，或者正在等待决定。") from error
    tell(case, "提出公开", actor=actor, now=now)
    return row


@transaction.atomic
def approve(*, case_id: int, actor: User, now: datetime) -> TypicalPublication:
    """Another of the office puts it on the site. Names given since are looked for too. Raises TellsWho, TypicalError."""
    case, row = _decided(case_id, actor, now)
    check_tells_nobody(case)
    row.state = Stage.PUBLIC
    return _store(row, case, "公开", actor=actor, now=now)


@transaction.atomic
def refuse(*, case_id: int, reason: str, actor: User, now: datetime) -> TypicalPublication:
    """Another of the office decides against it. Raises TypicalError by field."""
    case, row = _decided(case_id, actor, now)
    row.state, row.reason = Stage.REFUSED, writing.reason_of(reason)
    return _store(row, case, "不予公开", actor=actor, now=now)


@transaction.atomic
def withdraw(*, case_id: int, reason: str, actor: User, now: datetime) -> TypicalPublication:
    """Take it from the site at once: one person is enough. Raises TypicalError by field."""
    case = _case(case_id, actor)
    row = _open(case, Stage.PUBLIC, "这个案例没有在公开。")
    row.state, row.reason = Stage.WITHDRAWN, writing.reason_of(reason)
    row.withdrawn_at, row.withdrawn_by = now, actor
    return _store(row, case, "撤下", actor=actor, now=now)


def _case(case_id: int, actor: User) -> TypicalCase:
    case = writing.taken(case_id)
    if groups.CREDIT_OFFICE not in group_names(actor) or case.office_id != actor.department_id:
        raise TypicalError("由采用案例的信用办办理。")
    return case


def _open(case: TypicalCase, stage: str, otherwise: str) -> TypicalPublication:
    row = case.publications.filter(state=stage).first()
    if row is None:
        raise TypicalError(otherwise)
    return row


def _decided(case_id: int, actor: User, now: datetime) -> tuple[TypicalCase, TypicalPublication]:
    case = _case(case_id, actor)
    row = _open(case, Stage.PROPOSED, "没有等待决定的公开提议。")
    if row.proposed_by_id == actor.pk:
        raise TypicalError("公开由提出人以外的另一人决定。")
    row.decided_at, row.decided_by = now, actor
    return case, row


def _store(
    row: TypicalPublication, case: TypicalCase, step: str, *, actor: User, now: datetime
) -> TypicalPublication:
    note(row, actor=actor, now=now)
    row.save()
    tell(case, step, actor=actor, now=now)
    return row
