"""Deciding what is public, and taking it away again. Nothing is published before its class is decided."""

from datetime import datetime

from django.db import transaction

from commitments.models import Commitment, CommitmentEvent
from commitments.publicity_columns import set_publicity, set_withdrawn
from credit_portal.audit import events
from credit_portal.outbox import changes
from credit_portal.outbox.models import PublicChange
from credit_portal.registry.models import CreditSubject, PublicityClass, User
from credit_portal.registry.visibility import group_names, limit_to_visible

from . import breach_publishing, rules
from .exchange import noting
from .gate import listed_commitments, shown_status
from .models import PublicityDecision
from .rules import PublicityRefused, Reason

ERROR_VOIDED = "该承诺已作废，不能再变更公开类型。"
ERROR_CORRECTED = "该承诺已由新承诺更正，不能再公示。"
ERROR_OUT_OF_REACH = "该承诺不在您的管理范围内。"
ERROR_WITHDRAWAL = "请从不予公开的情形、作废和更正中选择停止公示的理由。"


@transaction.atomic
def decide_initial(*, commitment: Commitment, now: datetime) -> PublicityDecision:
    """Class of a commitment just signed, by rule (R92); a public one is public from `now`.

    Runs in the transaction of the signing. Asked again, it changes nothing and gives the first decision.
    """
    locked = _lock(commitment)
    first = locked.publicity_decisions.order_by("id").first()
    if first is not None:
        return first
    item_class = locked.item_version.publicity_class if locked.item_version else None
    publicity_class, reason = rules.initial_class(
        locked.subject_kind, item_class, commitment_type=locked.commitment_type
    )
    decision = _decide(locked, publicity_class, reason, None, None, "", now)
    _refresh(commitment)
    return decision


@transaction.atomic
def decide_publicity(
    *,
    commitment: Commitment,
    publicity_class: str,
    reason: str,
    decided_by: User,
    second: User | None,
    now: datetime,
    note: str = "",
) -> PublicityDecision:
    """People of the credit office give a commitment another class; effective at the next request.

    A natural person's becomes public only by two different people. Raises PublicityRefused (field, Chinese message).
    """
    locked = _lock(commitment)
    rules.check_decision(
        subject_kind=locked.subject_kind,
        publicity_class=publicity_class,
        reason=reason,
        first_id=decided_by.pk,
        first_groups=group_names(decided_by),
        second_id=second.pk if second else None,
        second_groups=group_names(second) if second else frozenset(),
    )
    for field, person in (("decided_by", decided_by), ("second", second)):
        if person and not limit_to_visible(Commitment.objects.filter(pk=locked.pk), person).exists():
            raise PublicityRefused(ERROR_OUT_OF_REACH, field=field)
    if locked.voided_at is not None:
        raise PublicityRefused(ERROR_VOIDED, field="publicity_class")
    if publicity_class == PublicityClass.PUBLIC and hasattr(locked, "corrected_by"):
        raise PublicityRefused(ERROR_CORRECTED, field="publicity_class")
    decision = _decide(locked, PublicityClass(publicity_class), Reason(reason), decided_by, second, note, now)
    _refresh(commitment)
    return decision


@transaction.atomic
def withdraw(
    *, commitment: Commitment, reason: str, actor: User | None, now: datetime, note: str = ""
) -> PublicityDecision | None:
    """Take a commitment off every public surface from the next request on; its class stays what it was.

    None when it is not public anyway. Raises PublicityRefused for a reason that does not end a publication.
    """
    if reason not in rules.EXCEPTIONS | rules.ENDINGS:
        raise PublicityRefused(ERROR_WITHDRAWAL, field="reason")
    locked = _lock(commitment)
    if locked.public_from is None or locked.withdrawn_at is not None:
        return None
    decision = PublicityDecision.objects.create(
        commitment=locked,
        publicity_class=locked.publicity_class,
        reason=reason,
        note=note,
        decided_at=now,
        decided_by=actor,
    )
    set_withdrawn(commitment=locked, withdrawn_at=now)
    events.publicity_withdrawn(
        now=now,
        actor_id=actor.pk if actor else None,
        department_id=actor.department_id if actor else locked.department_id,
        commitment_id=locked.pk,
        reason=reason,
    )
    _tell(locked, CommitmentEvent.Kind.WITHDRAWN, decision, now)
    breach_publishing.on_commitment_withdrawn(commitment=locked, actor=actor, now=now)
    noting.note(commitment_id=locked.pk, now=now)
    _refresh(commitment)
    return decision


def on_fulfilment(*, commitment: Commitment, before: str, now: datetime) -> None:
    """After a change of status: told where it can be seen, and only then. A determination is told by its publication."""
    if shown_status(before) == shown_status(commitment.fulfilment):
        return
    if listed_commitments(now).filter(pk=commitment.pk).exists():
        changes.record_change(
            kind=PublicChange.Kind.CHANGED,
            resource="commitment",
            reference=commitment.code,
            key=f"commitment:{commitment.code}:status:{now.isoformat()}",
            now=now,
        )


def on_voided(*, commitment: Commitment, actor: User | None, now: datetime) -> None:
    """After voiding: nothing of it stays public."""
    withdraw(commitment=commitment, reason=Reason.VOIDED, actor=actor, now=now)
    breach_publishing.on_commitment_withdrawn(commitment=commitment, actor=actor, now=now)


def on_corrected(*, commitment: Commitment, actor: User | None, now: datetime) -> None:
    """After a correction: the old document makes room for the new one."""
    withdraw(commitment=commitment, reason=Reason.CORRECTED, actor=actor, now=now)


def _lock(commitment: Commitment) -> Commitment:
    return (
        Commitment.objects.select_for_update(of=("self",))
        .select_related("item_version")
        .get(pk=commitment.pk)
    )


def _refresh(commitment: Commitment) -> None:
    commitment.refresh_from_db(fields=["publicity_class", "public_from", "withdrawn_at"])


def _decide(
    commitment: Commitment,
    publicity_class: PublicityClass,
    reason: PublicityDecision.Reason,
    decided_by: User | None,
    second: User | None,
    note: str,
    now: datetime,
) -> PublicityDecision:
    was_public = commitment.public_from is not None and commitment.withdrawn_at is None
    is_public = publicity_class == PublicityClass.PUBLIC
    decision = PublicityDecision.objects.create(
        commitment=commitment,
        publicity_class=publicity_class,
        reason=reason,
        note=note,
        decided_at=now,
        decided_by=decided_by,
        second=second,
    )
    # What is public already keeps the day from which it was.
    public_from = (commitment.public_from if was_public else now) if is_public else None
    set_publicity(commitment=commitment, publicity_class=publicity_class, public_from=public_from)
    events.publicity_decided(
        now=now,
        actor_id=decided_by.pk if decided_by else None,
        department_id=decided_by.department_id if decided_by else commitment.department_id,
        commitment_id=commitment.pk,
        publicity_class=publicity_class,
        reason=reason,
        second_id=second.pk if second else None,
    )
    if is_public and not was_public:
        _tell(commitment, CommitmentEvent.Kind.PUBLISHED, decision, now)
    elif was_public and not is_public:
        _tell(commitment, CommitmentEvent.Kind.WITHDRAWN, decision, now)
    noting.note(commitment_id=commitment.pk, now=now)
    return decision


def _tell(
    commitment: Commitment, kind: CommitmentEvent.Kind, decision: PublicityDecision, now: datetime
) -> None:
    CommitmentEvent.objects.create(
        commitment=commitment,
        kind=kind,
        at=now,
        actor=decision.decided_by,
        reason=decision.get_reason_display(),
        note=decision.note,
    )
    if commitment.subject_kind == CreditSubject.Kind.PERSON:
        # A natural person's is shown to whoever holds its code, and listed nowhere: not in the feed either.
        return
    public = kind == CommitmentEvent.Kind.PUBLISHED
    changes.record_change(
        kind=PublicChange.Kind.PUBLISHED if public else PublicChange.Kind.WITHDRAWN,
        resource="commitment",
        reference=commitment.code,
        key=f"commitment:{commitment.code}:{decision.pk}",
        now=now,
    )
