"""Two people for a natural person: one proposes, another decides, and only then anything becomes public."""

from datetime import datetime

from django.db import IntegrityError, transaction

from commitments.models import Commitment
from credit_portal.audit import events
from credit_portal.registry.models import CreditSubject, PublicityClass, User
from credit_portal.registry.visibility import group_names, limit_to_visible

from . import rules
from .models import PublicityDecision, PublicityProposal
from .rules import PublicityRefused
from .services import ERROR_OUT_OF_REACH, ERROR_VOIDED, decide_publicity

State = PublicityProposal.State
ERROR_ONLY_PERSONS = "只有自然人的承诺需要两人决定；其他承诺可直接决定公开类型。"
ERROR_REASON_MISSING = "请写明公开的理由。"
ERROR_OPEN_ALREADY = "这份承诺已有待决定的公开提议。"
ERROR_PUBLIC_ALREADY = "这份承诺已经公开。"
ERROR_CLOSED = "这项提议已经办结。"
ERROR_OWN = "不能决定自己的提议，须由信用办另一人办理。"
ERROR_NOT_OWN = "只有提议人可以撤回提议。"


@transaction.atomic
def propose(*, commitment: Commitment, note: str, actor: User, now: datetime) -> PublicityProposal:
    """The first person's proposal to make a natural person's commitment public. Raises PublicityRefused."""
    locked = Commitment.objects.select_for_update(of=("self",)).get(pk=commitment.pk)
    _check_office(actor, locked)
    if locked.subject_kind != CreditSubject.Kind.PERSON:
        raise PublicityRefused(ERROR_ONLY_PERSONS, field="publicity_class")
    if locked.voided_at is not None:
        raise PublicityRefused(ERROR_VOIDED, field="publicity_class")
    if locked.publicity_class == PublicityClass.PUBLIC and locked.withdrawn_at is None:
        raise PublicityRefused(ERROR_PUBLIC_ALREADY, field="publicity_class")
    if not note.strip():
        raise PublicityRefused(ERROR_REASON_MISSING, field="note")
    try:
        with transaction.atomic():
            proposal = PublicityProposal.objects.create(
                commitment=locked, note=note.strip(), proposed_at=now, proposed_by=actor
            )
    except IntegrityError as error:
        raise PublicityRefused(ERROR_OPEN_ALREADY, field="publicity_class") from error
    _tell("proposed", proposal, actor, now)
    return proposal


@transaction.atomic
def confirm(*, proposal: PublicityProposal, actor: User, now: datetime, note: str = "") -> PublicityDecision:
    """The second person agrees: the commitment is public from `now`. Raises PublicityRefused."""
    locked = _open(proposal)
    if locked.proposed_by_id == actor.pk:
        raise PublicityRefused(ERROR_OWN, field="second")
    decision = decide_publicity(
        commitment=locked.commitment,
        publicity_class=PublicityClass.PUBLIC,
        reason=PublicityDecision.Reason.PERSON_BY_TWO,
        decided_by=locked.proposed_by,
        second=actor,
        note=locked.note,
        now=now,
    )
    locked.decision = decision
    _close(locked, State.CONFIRMED, actor, note, now)
    return decision


@transaction.atomic
def reject(*, proposal: PublicityProposal, actor: User, note: str, now: datetime) -> PublicityProposal:
    """The second person does not agree, and says why. Nothing becomes public. Raises PublicityRefused."""
    locked = _open(proposal)
    _check_office(actor, locked.commitment)
    if locked.proposed_by_id == actor.pk:
        raise PublicityRefused(ERROR_OWN, field="second")
    if not note.strip():
        raise PublicityRefused("请写明不同意的理由。", field="note")
    return _close(locked, State.REJECTED, actor, note, now)


@transaction.atomic
def cancel(*, proposal: PublicityProposal, actor: User, now: datetime, note: str = "") -> PublicityProposal:
    """The first person takes the proposal back. Raises PublicityRefused."""
    locked = _open(proposal)
    if locked.proposed_by_id != actor.pk:
        raise PublicityRefused(ERROR_NOT_OWN, field="second")
    return _close(locked, State.CANCELLED, actor, note, now)


def _check_office(actor: User, commitment: Commitment) -> None:
    if rules.CREDIT_OFFICE not in group_names(actor):
        raise PublicityRefused(rules.ERROR_OFFICE, field="decided_by")
    if not limit_to_visible(Commitment.objects.filter(pk=commitment.pk), actor).exists():
        raise PublicityRefused(ERROR_OUT_OF_REACH, field="decided_by")


def _open(proposal: PublicityProposal) -> PublicityProposal:
    locked = (
        PublicityProposal.objects.select_for_update(of=("self",))
        .select_related("commitment", "proposed_by")
        .get(pk=proposal.pk)
    )
    if locked.state != State.OPEN:
        raise PublicityRefused(ERROR_CLOSED, field="state")
    return locked


def _close(
    proposal: PublicityProposal, state: State, actor: User, note: str, now: datetime
) -> PublicityProposal:
    proposal.state, proposal.closed_by, proposal.closed_at = state, actor, now
    proposal.closing_note = note.strip()
    proposal.save()
    _tell(state.value, proposal, actor, now)
    return proposal


def _tell(deed: str, proposal: PublicityProposal, actor: User, now: datetime) -> None:
    events.publicity_proposal(
        now=now,
        actor_id=actor.pk,
        department_id=actor.department_id,
        commitment_id=proposal.commitment_id,
        proposal_id=proposal.pk,
        deed=deed,
    )
