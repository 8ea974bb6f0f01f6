"""Reminding of late materials before their last day: the clerk in the inbox, the subject by SMS where it has left a
mobile number. As with duties, raising the stage and telling are one transaction: nobody is told twice."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from commitments.models import Supplement
from credit_portal.audit.clock import local_date
from credit_portal.deadlines.calendar import count_working_days
from credit_portal.deadlines.calendars import current_calendar
from credit_portal.outbox import notices, sweeping
from credit_portal.outbox.models import Message
from credit_portal.outbox.services import enqueue_many
from credit_portal.registry import codes

from . import course
from .course import MaterialState, State

BATCH = 500
SMS = "supplement.sms"
Stage = Supplement.Stage
DAYS = {Stage.LAST_DAY: 1, Stage.THREE_DAYS: 3}
WORDS = {
    "three_days": "您承诺补交的容缺材料还有 {missing} 项没有收到，最迟 {day} 补交，可以网上提交或者送到窗口。",
    "last_day": "您承诺补交的容缺材料还有 {missing} 项没有收到，{day} 为最后一日，逾期终止办理。",
    "overdue": "您承诺补交的容缺材料有 {missing} 项逾期没有收到，办理已经终止，请与受理单位联系。",
}


def remind(*, now: datetime) -> int:
    """Step of the sweep. Gives how many promises were brought to a further stage."""
    today, calendar, done = local_date(now), current_calendar(), 0
    # The nearest first: a promise for which a pass was missed goes straight to the stage of the day.
    for stage, ahead in DAYS.items():
        until = count_working_days(calendar, today, ahead).due
        done += sweeping.in_batches(lambda: _raise(stage, until, now=now), full=BATCH)  # noqa: B023
    return done


def _raise(stage: Stage, until: Any, *, now: datetime) -> int:
    rows = list(
        Supplement.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("commitment__clerk", "commitment__subject")
        .filter(state=State.OPEN, last_on__lte=until, last_on__gte=local_date(now), stage__lt=stage)
        .order_by("last_on", "pk")[:BATCH]
    )
    if not rows:
        return 0
    Supplement.objects.filter(pk__in=[row.pk for row in rows]).update(stage=stage)
    told = course.people_of(rows, desk=False)
    notices.notify_many(
        [
            notices.Told(
                told[row.pk],
                key=f"supplement:{row.pk}:{int(stage)}:{row.last_on}",
                kind="supplement",
                title=f"承诺 {row.commitment.code} 的容缺材料 {row.last_on} 为最后一日",
                link=f"/window/supplements/{row.uuid}/",
            )
            for row in rows
        ],
        now=now,
    )
    message_subjects(rows, what="last_day" if stage == Stage.LAST_DAY else "three_days", now=now)
    return len(rows)


def message_subjects(rows: Sequence[Supplement], *, what: str, now: datetime) -> None:
    """An SMS to each subject that has left a number; written as outbox rows, in the caller's transaction."""
    enqueue_many(
        [
            Message(
                key=f"{SMS}:{row.pk}:{what}:{row.last_on}",
                effect=SMS,
                payload={"supplement": row.pk, "what": what},
                created_at=now,
                due_at=now,
            )
            for row in rows
            if row.commitment.subject.phone_sealed
        ]
    )


def send_sms(payload: dict[str, Any], *, key: str, now: datetime) -> None:
    """External effect. What has come meanwhile, or was put off, is not reminded of any more."""
    supplement = Supplement.objects.select_related("commitment__subject").get(pk=payload["supplement"])
    wanted = State.OVERDUE if payload["what"] == "overdue" else State.OPEN
    missing = supplement.materials.exclude(state=MaterialState.RECEIVED).count()
    if supplement.state != wanted or not missing or not key.endswith(str(supplement.last_on)):
        return
    try:
        number = codes.check_mobile(supplement.commitment.subject.phone)
    except codes.CodeError:
        return
    if number:
        text = WORDS[payload["what"]].format(missing=missing, day=supplement.last_on)
        notices.text_message(number=number, text=text, key=key)
