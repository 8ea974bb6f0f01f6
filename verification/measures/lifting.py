"""A measure lifted before its cause has ended: a reward by one with a reason, a sanction only when another person of the
unit has agreed. (S3 一（三）, S1 十三, R86.)"""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from credit_portal.audit import events
from credit_portal.outbox import notices
from credit_portal.registry.models import User
from credit_portal.registry.visibility import group_names, limit_to_visible
from verification.checking.handling import DECIDES, CheckError, text
from verification.models import AppliedMeasure, MeasureLifting

from .ending import end_lifted

State = MeasureLifting.State
MAY = DECIDES
OVER = "这项措施已于 {day} 结束（{reason}），不用再解除。"


def applied_visible_to(user: User) -> QuerySet[AppliedMeasure]:
    """The applied measures that a member of staff may read: of the own unit, or of the own region and below."""
    return limit_to_visible(AppliedMeasure.objects.all(), user)


def may_lift(measure: AppliedMeasure, actor: User) -> bool:
    return measure.department_id == actor.department_id and bool(group_names(actor) & MAY)


@transaction.atomic
def ask(*, measure_id: int, reason: str, actor: User, now: datetime) -> MeasureLifting:
    """Lift a reward at once; ask for a sanction to be lifted, and tell those who can agree. Raises CheckError."""
    measure = _running(measure_id, actor)
    said = text(reason, "reason", "解除理由")
    if measure.liftings.filter(state=State.ASKED).exists():
        raise CheckError("这项措施已申请提前解除，等待另一人决定。")
    row = MeasureLifting.objects.create(
        measure=measure,
        reason=said,
        asked_at=now,
        asked_by=actor,
        state=State.ALONE if measure.supports else State.ASKED,
    )
    _tell(row, actor, now)
    if measure.supports:
        end_lifted(measure=measure, actor=actor, now=now)
        return row
    others = User.objects.filter(
        department=measure.department_id, groups__name__in=list(MAY), is_active=True
    ).exclude(pk=actor.pk)
    _notice(row, list(others.distinct()), "申请提前解除惩戒措施，请决定", now)
    return row


@transaction.atomic
def decide(*, measure_id: int, allow: bool, answer: str, actor: User, now: datetime) -> MeasureLifting:
    """Another person agrees, and the measure ends today; or does not, and it runs on. Raises CheckError."""
    measure = _running(measure_id, actor)
    row = measure.liftings.select_for_update(of=("self",)).filter(state=State.ASKED).first()
    if row is None:
        raise CheckError("没有待决定的申请。")
    if row.asked_by_id == actor.pk:
        raise CheckError("惩戒措施的提前解除须由申请人以外的另一人决定。")
    row.state = State.ALLOWED if allow else State.DECLINED
    row.answer = text(answer, "answer", "决定理由")
    row.decided_at, row.decided_by = now, actor
    row.save()
    _tell(row, actor, now)
    if allow:
        end_lifted(measure=measure, actor=actor, now=now)
    _notice(row, [row.asked_by], f"提前解除惩戒措施的申请：{row.get_state_display()}", now)
    return row


def _running(measure_id: int, actor: User) -> AppliedMeasure:
    measure = AppliedMeasure.objects.select_for_update(of=("self",)).filter(pk=measure_id).first()
    if measure is None or not may_lift(measure, actor):
        raise CheckError("措施由实施单位的经办人或者负责人提前解除。")
    if measure.ended_on is not None:
        raise CheckError(OVER.format(day=measure.ended_on, reason=measure.get_end_reason_display()))
    return measure


def _tell(row: MeasureLifting, actor: User, now: datetime) -> None:
    events.measure_lifting(
        now=now,
        actor_id=actor.pk,
        department_id=row.measure.department_id,
        measure_id=row.measure_id,
        deed=row.state,
    )


def _notice(row: MeasureLifting, people: list[User], title: str, now: datetime) -> None:
    notices.notify_many(
        [
            notices.Told(
                people,
                f"lifting:{row.pk}:{row.state}",
                "check",
                title,
                "",
                f"/desk/measures/{row.measure.uuid}/",
            )
        ],
        now=now,
    )
