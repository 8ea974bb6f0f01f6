"""Publishing the breach of a natural person: one of the credit office proposes, another agrees (R92)."""

from datetime import datetime

from django.db import IntegrityError, transaction

from commitments.models import BreachCase
from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.registry.models import CreditSubject, PublicityClass, User
from credit_portal.registry.visibility import group_names

from . import breach_publishing
from . import publication_rules as pure
from .models import BreachPublication, BreachPublicationProposal
from .rules import PublicityRefused

Proposal = BreachPublicationProposal
PERSON = CreditSubject.Kind.PERSON


@transaction.atomic
def propose(*, case_id: int, reason: str, actor: User, now: datetime) -> Proposal:
    """The first person's proposal to publish a natural person's breach; it changes nothing. Raises PublicityRefused."""
    case = breach_publishing.locked_case(case_id)
    breach_publishing.check_running(case)
    if pure.CREDIT_OFFICE not in group_names(actor):
        raise PublicityRefused(pure.ERROR_OFFICE, field="decided_by")
    if not breach_publishing.in_reach(case, actor):
        raise PublicityRefused(breach_publishing.ERROR_REACH, field="decided_by")
    if case.commitment.subject_kind != PERSON:
        raise PublicityRefused("只有自然人的违诺需要两人决定。", field="publicity_class")
    if not reason.strip():
        raise PublicityRefused("请写明公示的理由。", field="note")
    if len(reason.strip()) > 300:
        raise PublicityRefused("理由最多 300 个字。", field="note")
    breach_publishing.period_for(case, decided_on=local_date(now))
    try:
        with transaction.atomic():
            proposal = Proposal.objects.create(
                case=case, note=reason.strip(), proposed_at=now, proposed_by=actor
            )
    except IntegrityError as error:
        raise PublicityRefused("这件违诺已有待决定的公示提议。", field="publicity_class") from error
    _tell(proposal, "proposed", actor, now)
    return proposal


@transaction.atomic
def confirm(*, proposal_id: int, actor: User, now: datetime, closing_note: str = "") -> BreachPublication:
    """The second person agrees: the breach is public, masked. Raises PublicityRefused."""
    proposal = _open_proposal(proposal_id)
    if proposal.proposed_by_id == actor.pk:
        raise PublicityRefused(pure.ERROR_SAME, field="second")
    publication = breach_publishing.decide_publication(
        case_id=proposal.case_id,
        publicity_class=PublicityClass.PUBLIC,
        reason=BreachPublication.Reason.PERSON_BY_TWO,
        actor=proposal.proposed_by,
        second=actor,
        note_text=proposal.note,
        now=now,
    )
    _close(proposal, Proposal.State.CONFIRMED, actor, closing_note, now)
    return publication


@transaction.atomic
def reject(*, proposal_id: int, actor: User, closing_note: str, now: datetime) -> Proposal:
    """The second person does not agree, and says why. Nothing becomes public."""
    proposal = _open_proposal(proposal_id)
    if proposal.proposed_by_id == actor.pk:
        raise PublicityRefused(pure.ERROR_SAME, field="second")
    if pure.CREDIT_OFFICE not in group_names(actor) or not breach_publishing.in_reach(proposal.case, actor):
        raise PublicityRefused(breach_publishing.ERROR_REACH, field="second")
    if not closing_note.strip():
        raise PublicityRefused("请写明不同意的理由。", field="note")
    return _close(proposal, Proposal.State.REJECTED, actor, closing_note, now)


@transaction.atomic
def cancel(*, proposal_id: int, actor: User, now: datetime) -> Proposal:
    """The first person takes the proposal back."""
    proposal = _open_proposal(proposal_id)
    if proposal.proposed_by_id != actor.pk:
        raise PublicityRefused("只有提议人可以撤回提议。", field="second")
    return _close(proposal, Proposal.State.CANCELLED, actor, "", now)


def _open_proposal(proposal_id: int) -> Proposal:
    proposal = (
        Proposal.objects.select_for_update(of=("self",))
        .select_related("case__commitment", "proposed_by")
        .get(pk=proposal_id)
    )
    if proposal.state != Proposal.State.OPEN:
        raise PublicityRefused("这项提议已经办结。", field="state")
    return proposal


def _close(proposal: Proposal, state: str, actor: User, closing_note: str, now: datetime) -> Proposal:
    proposal.state, proposal.closed_by, proposal.closed_at = state, actor, now
    proposal.closing_note = closing_note.strip()[:300]
    proposal.save()
    _tell(proposal, str(state), actor, now)
    return proposal


def _tell(proposal: Proposal, deed: str, actor: User, now: datetime) -> None:
    events.breach_publication_proposal(
        now=now,
        actor_id=actor.pk,
        department_id=actor.department_id,
        proposal_id=proposal.pk,
        case_id=proposal.case_id,
        deed=deed,
    )


def on_revoked(*, case: BreachCase, actor: User | None, now: datetime) -> None:
    """After revocation: no proposal of it goes on."""
    for proposal in case.publication_proposals.filter(state=Proposal.State.OPEN):
        if actor is not None:
            _close(proposal, Proposal.State.CANCELLED, actor, "认定已撤销", now)
