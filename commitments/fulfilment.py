"""How a commitment is being kept, as the departments record it (R62). A determination of breach has a procedure of its
own; here stands only what it or a plain inspection has found."""

from datetime import datetime

from django.db import transaction

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.outbox.models import PartnerSystem
from credit_portal.registry import groups
from credit_portal.registry.models import User
from credit_portal.registry.visibility import has_role, limit_to_visible
from verification import services as verification
from verification.vocabulary import Kind

from . import hooks
from .models import Commitment, CommitmentEvent

Status = Commitment.Fulfilment

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


@transaction.atomic
def record_fulfilment(
    *, commitment_id: int, status: str, actor: User, now: datetime, note: str = ""
) -> Commitment:
    """Record the status of a commitment, by its department or the region's credit office.

    `note` says what was found; it is required where something was not kept. Told twice, nothing changes. Kept in full
    is written into the subject's record. Raises FulfilmentError.
    """
    reach = Commitment.objects.filter(pk=commitment_id)
    if not has_role(actor, *MAY_RECORD) or not limit_to_visible(reach, actor).exists():
        raise FulfilmentError("该承诺不在您的管理范围内。")
    commitment = (
        Commitment.objects.select_for_update(of=("self",))
        .select_related("subject", "region", "department")
        .get(pk=commitment_id)
    )
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
    _enter(commitment, status, actor=actor, now=now, note=note)
    return commitment


@transaction.atomic
def report_kept(
    *, code: str, status: str, note: str, system: PartnerSystem, now: datetime
) -> tuple[Commitment, bool]:
    """A department's own system reports that one of its department's commitments was looked at and kept (R62, R85).

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
    _enter(commitment, status, actor=None, now=now, note=note, system=system)
    events.partner_acted(
        now=now,
        department_id=system.department_id,
        system_id=system.pk,
        deed="报告履行",
        number=commitment.code,
    )
    return commitment, True


def _check_stands(commitment: Commitment) -> None:
    if commitment.voided_at is not None or hasattr(commitment, "corrected_by"):
        raise FulfilmentError("这份承诺已作废或已被更正，不再记录履行状态。", field="commitment")


def _enter(
    commitment: Commitment,
    status: str,
    *,
    actor: User | None,
    now: datetime,
    note: str,
    system: PartnerSystem | None = None,
) -> None:
    """Status, course, the subject's record where all was kept, and what follows."""
    before, commitment.fulfilment = commitment.fulfilment, status
    commitment.save(update_fields=["fulfilment"])
    CommitmentEvent.objects.create(
        commitment=commitment,
        kind=CommitmentEvent.Kind.FULFILMENT,
        at=now,
        actor=actor,
        partner=system,
        reason=Status(status).label,
        note=note,
    )
    if status == Status.FULFILLED:
        verification.add_entry(
            subject=commitment.subject,
            kind=Kind.FULFILMENT,
            title=f"履行承诺：{commitment.item_name}"[:300],
            source=commitment.department_name,
            department=commitment.department,
            region=commitment.region,
            document_no=commitment.code,
            from_on=local_date(now),
            operator=actor,
            now=now,
            is_demo=commitment.is_demo,
        )
    events.commitment_fulfilment(
        now=now,
        actor_id=actor.pk if actor else None,
        department_id=commitment.department_id,
        commitment_id=commitment.pk,
        code=commitment.code,
        status=Status(status).label,
    )
    hooks.run_after_fulfilment(commitment=commitment, before=before, now=now)


def set_by_determination(
    *, commitment: Commitment, status: str, actor: User, now: datetime, number: str
) -> None:
    """What a determination says of the commitment (R62). The caller holds the transaction of the determination."""
    _set(commitment.pk, status, actor=actor, now=now, note=f"违诺认定 {number}")


def undo_determination(*, commitment: Commitment, actor: User, now: datetime, number: str) -> None:
    """The determination was revoked: the commitment is running again, as if it had not been."""
    _set(commitment.pk, Status.RUNNING, actor=actor, now=now, note=f"撤销违诺认定 {number}")


def _set(commitment_id: int, status: str, *, actor: User, now: datetime, note: str) -> None:
    commitment = Commitment.objects.select_for_update(of=("self",)).get(pk=commitment_id)
    before, commitment.fulfilment = commitment.fulfilment, status
    commitment.save(update_fields=["fulfilment"])
    CommitmentEvent.objects.create(
        commitment=commitment,
        kind=CommitmentEvent.Kind.FULFILMENT,
        at=now,
        actor=actor,
        reason=Status(status).label,
        note=note,
    )
    events.commitment_fulfilment(
        now=now,
        actor_id=actor.pk,
        department_id=commitment.department_id,
        commitment_id=commitment.pk,
        code=commitment.code,
        status=Status(status).label,
    )
    hooks.run_after_fulfilment(commitment=commitment, before=before, now=now)
