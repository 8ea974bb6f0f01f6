"""The days are over: the sweep ends the procedure and puts the matter to the department. Nothing is determined by a
machine; the department opens a case or closes the matter with a reason (S4 1「视情节实施惩戒」)."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef

from commitments import hooks
from commitments.models import BreachCase, Commitment, PromisedMaterial, Supplement, SupplementExtension
from credit_portal.audit.clock import local_date
from credit_portal.audit.recording import together
from credit_portal.deadlines import duties
from credit_portal.deadlines.calendar import Calendar
from credit_portal.deadlines.calendars import current_calendar
from credit_portal.outbox import notices, sweeping
from credit_portal.registry.models import User

from . import course, reminding, rules
from .course import MaterialState, State, SupplementError

BATCH = 200
OVERDUE = "late_materials_overdue"
ENDED = "逾期未补交 {missing} 项，终止办理，转部门处理"
# The subject hears of a case by its notice: until then its own page leaves this line out (`mine/showing.course_of`).
CASE_OPENED = "已立案 {number}"
CASE_SOURCE = BreachCase.Source.LATE_MATERIALS


# ---- the sweep ---------------------------------------------------------------------------------------------


def end_overdue(*, now: datetime) -> int:
    """Step of the sweep: the day after the last day. Gives how many procedures it ended; again at once it is none."""
    calendar = current_calendar()
    day = _last_working_day_before(calendar, local_date(now))
    return sweeping.in_batches(lambda: _end_some(calendar, day, now=now), full=BATCH)


def _last_working_day_before(calendar: Calendar, today: date) -> date:
    """What was promised for this day or an earlier one can no longer come in time: a day runs on to the next working day
    (art. 203), and that one has passed."""
    day = today - timedelta(days=1)
    while not calendar.is_working_day(day):
        day -= timedelta(days=1)
    return day


def _end_some(calendar: Calendar, day: date, *, now: datetime) -> int:
    sent = PromisedMaterial.objects.filter(supplement=OuterRef("pk"), state=MaterialState.SENT)
    asked = SupplementExtension.objects.filter(
        supplement=OuterRef("pk"), state=SupplementExtension.State.ASKED
    )
    rows = list(
        Supplement.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("commitment__clerk", "commitment__subject", "department", "region")
        .prefetch_related("materials")
        # What was sent in time and waits for the house, or an extension that waits for it, ends nobody's procedure.
        .filter(~Exists(sent), ~Exists(asked), state=State.OPEN, last_on__lte=day)
        .order_by("last_on", "pk")[:BATCH]
    )
    if not rows:
        return 0
    today = local_date(now)
    with together():
        for row in rows:
            missing = sum(one.state != MaterialState.RECEIVED for one in row.materials.all())
            row.state, row.ended_on = State.OVERDUE, rules.ends_on(calendar, row.last_on)
            course.tell(row, ENDED.format(missing=missing), actor=None, now=now)
            duties.cancel_duties(
                matter=course.matter_of(row), now=now, actor=None, reason="逾期未补交，终止办理",
                rule_keys=[course.PROMISE],
            )  # fmt: skip
        Supplement.objects.bulk_update(rows, ["state", "ended_on"])
        duties.open_duties(
            rule_key=OVERDUE,
            openings=[
                duties.Opening(course.matter_of(row), row.department, row.region, today, is_demo=row.is_demo)
                for row in rows
            ],
            now=now,
        )
        told = course.people_of(rows, desk=True)
        notices.notify_many(
            [
                notices.Told(
                    told[row.pk],
                    key=f"supplement:{row.pk}:overdue",
                    kind="supplement",
                    title=f"承诺 {row.commitment.code} 的容缺材料逾期未补，请处理",
                    body="办理程序已经终止。是否立案由部门决定；不立案的，写明理由了结。",
                    link=f"/desk/supplements/{row.uuid}/",
                )
                for row in rows
            ],
            now=now,
        )
        reminding.message_subjects(rows, what="overdue", now=now)
    return len(rows)


# ---- what the department does with it ----------------------------------------------------------------------


@transaction.atomic
def close(*, supplement_id: int, reason: str, note: str, actor: User, now: datetime) -> Supplement:
    """No case is opened: why, and what was found. By an officer of the department. Raises SupplementError by field."""
    supplement = course.taken(supplement_id, actor, by=course.AT_THE_DESK)
    course.refuse_moved(supplement, State.OVERDUE)
    if reason not in Supplement.Reason.values:
        raise SupplementError("请选择了结的理由。", field="close_reason")
    missing = supplement.materials.exclude(state=MaterialState.RECEIVED).count()
    if reason == Supplement.Reason.CAME_LATE and missing:
        raise SupplementError(f"还有 {missing} 项没有收到，不能以“事后补齐”了结。", field="close_reason")
    said = course.reason_of(note, field="close_note", label="了结的情况")
    supplement.state, supplement.close_reason, supplement.close_note = State.CLOSED, reason, said
    supplement.closed_at, supplement.closed_by = now, actor
    supplement.save()
    duties.meet_duty(
        rule_key=OVERDUE, matter=course.matter_of(supplement), on=local_date(now), now=now, actor=actor
    )
    word = Supplement.Reason(reason).label
    course.tell(supplement, f"逾期未补已了结：{word}", actor=actor, now=now, reason=said)
    hooks.run_after_late_materials(supplement=supplement, actor=actor, now=now)
    return supplement


def on_case(*, case: BreachCase, actor: User | None, now: datetime) -> None:
    """A case was opened because of it: the department has dealt with the matter. In the transaction of the opening."""
    if case.source != CASE_SOURCE:
        return
    supplement = (
        Supplement.objects.select_for_update(of=("self",))
        .select_related("commitment", "department", "region")
        .filter(commitment=case.commitment_id, state=State.OVERDUE)
        .first()
    )
    if supplement is None:
        return
    supplement.state, supplement.case = State.CASE, case
    supplement.save(update_fields=["state", "case"])
    duties.meet_duty(
        rule_key=OVERDUE, matter=course.matter_of(supplement), on=local_date(now), now=now, actor=actor
    )
    course.tell(supplement, CASE_OPENED.format(number=case.number), actor=actor, now=now)


def on_commitment_gone(*, commitment: Commitment, actor: User | None, now: datetime) -> None:
    """The commitment was voided or another one stands in its place: nothing is to be brought to this one any more."""
    supplement = (
        Supplement.objects.select_for_update(of=("self",))
        .select_related("commitment", "department", "region")
        # What was overdue already stays with the department.
        .filter(commitment=commitment, state=State.OPEN)
        .first()
    )
    if supplement is None:
        return
    supplement.state = State.CANCELLED
    supplement.ended_on = local_date(now)
    supplement.save(update_fields=["state", "ended_on"])
    duties.cancel_duties(matter=course.matter_of(supplement), now=now, actor=actor, reason="承诺作废或者更正")
    course.tell(supplement, "承诺作废或者更正，不再补交", actor=actor, now=now)
