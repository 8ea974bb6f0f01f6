"""Re-checks of the demonstration: a department's plan with two rounds, the first looked at, the second under way; and the
credit office's plan for its region, which awaits its second person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from commitments.models import RecheckPlan, RecheckRound
from commitments.rechecks import answering, drawing, planning
from credit_portal.audit.clock import SHANGHAI, local_date

if TYPE_CHECKING:
    from .timeline import Timeline

LC = "130111"
BEGUN = 205  # days ago: the second round fell due within the last weeks
LOOKED_AT = "现场核查台账和证照，承诺的事项都在做（演示）。"
SHUT = "三次上门，经营场所关闭，电话无人接听（演示）。"


def _morning(day: date) -> datetime:
    # Not one of the timeline's chances: the rest of the demonstration stays as it was.
    return datetime.combine(day, time(9, 30), SHANGHAI)


def plan(timeline: Timeline) -> None:
    timeline.at(_morning(timeline.day(-BEGUN)), _propose(timeline))
    timeline.at(_morning(timeline.day(-3)), _propose_for_all(timeline))


def _propose(timeline: Timeline) -> Callable[[datetime], None]:
    def act(now: datetime) -> None:
        made = planning.propose(
            told=planning.Told("承诺定期复核（演示）", local_date(now) + timedelta(days=7)),
            actor=timeline.world.user(LC, "officer"),
            now=now,
            is_demo=True,
        )
        timeline.at(now + timedelta(days=1), _approve(timeline, made))

    return act


def _approve(timeline: Timeline, made: RecheckPlan) -> Callable[[datetime], None]:
    def act(now: datetime) -> None:
        planning.approve(plan_id=made.pk, actor=timeline.world.user(LC, "head"), now=now)
        timeline.at(_morning(made.starts_on), _draw(timeline, made))

    return act


def _draw(timeline: Timeline, made: RecheckPlan) -> Callable[[datetime], None]:
    def act(now: datetime) -> None:
        drawn = drawing.draw_due(plan_id=made.pk, now=now)
        drawing.open_duties(now=now)
        if drawn is None:
            return
        if drawn.number == 1:
            timeline.at(now + timedelta(days=12), _answer(timeline, drawn))
        made.refresh_from_db()
        if made.next_on is not None:
            timeline.at(_morning(made.next_on), _draw(timeline, made))

    return act


def _answer(timeline: Timeline, drawn: RecheckRound) -> Callable[[datetime], None]:
    """All of the first round: kept, but for the last, which could not be looked at where there are several."""

    def act(now: datetime) -> None:
        officer = timeline.world.user(LC, "officer")
        rows = list(drawn.rechecks.filter(finding="").order_by("pk"))
        for place, row in enumerate(rows):
            shut = place == len(rows) - 1 and len(rows) > 1
            answering.answer(
                recheck_id=row.pk,
                finding="unable" if shut else "kept",
                obstacle="no_access" if shut else "",
                found_on=local_date(now),
                note=SHUT if shut else LOOKED_AT,
                actor=officer,
                now=now,
            )

    return act


def _propose_for_all(timeline: Timeline) -> Callable[[datetime], None]:
    def act(now: datetime) -> None:
        planning.propose(
            told=planning.Told(
                "全区承诺复核（演示）",
                local_date(now) + timedelta(days=30),
                types=("approval", "supervisory"),
                by_grade=True,
            ),
            actor=timeline.world.user(LC, "credit"),
            now=now,
            is_demo=True,
        )

    return act
