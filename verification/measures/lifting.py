"""A measure lifted before its cause has ended: a reward by one with a reason, a sanction only when another person of the
unit has agreed. (S3 一（三）, S1 十三, R86.)"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from credit_portal.audit import events
from credit_portal.audit.recording import together
from credit_portal.outbox import notices
from credit_portal.registry.models import User
from credit_portal.registry.visibility import group_names, limit_to_visible
from verification.checking.handling import DECIDES, CheckError, text
from verification.models import AppliedMeasure, MeasureLifting

from .ending import end_lifted

State = MeasureLifting.State
MAY = DECIDES
ASKED = "申请提前解除惩戒措施，请决定"
ASKED_ON = "提前解除惩戒措施的申请随更正后的记录接续，请决定"
OVER = "这项措施已于 {day} 结束（{reason}），不用再解除。"
GOES_ON = "这项措施所依据的记录已更正，措施和没有决定的申请由更正后的记录接续，请打开接续的措施办理。"


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
    _tell(row, row.state, actor, now)
    if measure.supports:
        end_lifted(measure=measure, actor=actor, now=now)
        return row
    others = _deciders([measure.department_id])[measure.department_id]
    notices.notify_many([_told(row, [one for one in others if one != actor], ASKED)], now=now)
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
    _tell(row, row.state, actor, now)
    if allow:
        end_lifted(measure=measure, actor=actor, now=now)
    told = _told(row, [row.asked_by], f"提前解除惩戒措施的申请：{row.get_state_display()}")
    notices.notify_many([told], now=now)
    return row


def following(measure: AppliedMeasure) -> AppliedMeasure | None:
    """What goes on in the place of a measure whose record was corrected."""
    if measure.end_reason != AppliedMeasure.EndReason.CORRECTED:
        return None
    return AppliedMeasure.objects.filter(
        entry__corrects=measure.entry_id,
        check_made=measure.check_made_id,
        effect=measure.effect,
        text=measure.text,
    ).first()


def go_on(*, measures: Mapping[int, AppliedMeasure], actor: User | None, now: datetime) -> None:
    """Measures that go on with a corrected record, by the old one: what was asked of the old is decided of the new, and those
    who can are told where. For use within the transaction that corrects; a fixed number of queries."""
    waiting = list(
        MeasureLifting.objects.select_for_update(of=("self",))
        .filter(measure__in=list(measures), state=State.ASKED)
        .select_related("asked_by")
    )
    if not waiting:
        return
    for row in waiting:
        row.measure = measures[row.measure_id]
    MeasureLifting.objects.bulk_update(waiting, ["measure"])
    with together():
        for row in waiting:
            _tell(row, "moved", actor, now)
    deciders = _deciders({row.measure.department_id for row in waiting})
    notices.notify_many(
        [
            _told(row, [one for one in deciders[row.measure.department_id] if one != row.asked_by], ASKED_ON)
            for row in waiting
        ],
        now=now,
    )


def _deciders(departments: Iterable[int]) -> dict[int | None, list[User]]:
    """Who can agree, by department."""
    found: dict[int | None, list[User]] = defaultdict(list)
    for user in User.objects.filter(
        department__in=departments, groups__name__in=list(MAY), is_active=True
    ).distinct():
        found[user.department_id].append(user)
    return found


def _running(measure_id: int, actor: User) -> AppliedMeasure:
    measure = AppliedMeasure.objects.select_for_update(of=("self",)).filter(pk=measure_id).first()
    if measure is None or not may_lift(measure, actor):
        raise CheckError("措施由实施单位的经办人或者负责人提前解除。")
    if measure.end_reason == AppliedMeasure.EndReason.CORRECTED:
        raise CheckError(GOES_ON)
    if measure.ended_on is not None:
        raise CheckError(OVER.format(day=measure.ended_on, reason=measure.get_end_reason_display()))
    return measure


def _tell(row: MeasureLifting, deed: str, actor: User | None, now: datetime) -> None:
    events.measure_lifting(
        now=now,
        actor_id=actor.pk if actor else None,
        department_id=row.measure.department_id,
        measure_id=row.measure_id,
        deed=deed,
    )


def _told(row: MeasureLifting, people: list[User], title: str) -> notices.Told:
    key = f"lifting:{row.pk}:{row.measure_id}:{row.state}"
    return notices.Told(people, key, "check", title, "", f"/desk/measures/{row.measure.uuid}/")
