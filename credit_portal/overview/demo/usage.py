"""Monthly lists of the demonstration's county: one sent late and named, one in time, the running one open."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from credit_portal.audit.clock import local_date
from verification.models import UsageList
from verification.usage import lists, naming
from verification.usage.periods import period_with

from .days import open_day

if TYPE_CHECKING:
    from .timeline import Timeline

ZH = "130129"
BACK = 2


def plan(timeline: Timeline) -> None:
    """Open the lists of the last months on their first days and let the market office send its own."""
    period = period_with(timeline.today, from_day=25, to_day=24)
    for ago in range(BACK + 1):
        if period is None:
            return
        timeline.at(timeline.moment(period.first), lambda now: _none(lists.open_lists(now=now)))
        if ago:
            late = ago == BACK
            timeline.at(
                timeline.moment(open_day(period.last + timedelta(days=4 if late else -1))),
                lambda now, month=period.month, late=late: _send(timeline, month, now, late=late),  # type: ignore[misc]
            )
        period = period_with(period.first - timedelta(days=1), from_day=25, to_day=24)


def _send(timeline: Timeline, month: date, now: datetime, *, late: bool) -> None:
    officer = timeline.world.user(ZH, "officer")
    row = UsageList.objects.get(department=officer.department_id, month=month)
    lists.submit(list_id=row.pk, reporter=officer.display_name, actor=officer, now=now)
    if late and local_date(now) >= row.late_from:
        credit, second = timeline.world.user(ZH, "credit"), timeline.world.user(ZH, "credit2")
        notice = naming.draft(month=month, leave_out=(), actor=credit, now=now)
        naming.issue(notice_id=notice.pk, actor=second, now=now + timedelta(hours=1))
        naming.send_up(
            notice_id=notice.pk, on=local_date(now), to="县委、县政府（演示）", actor=credit,
            now=now + timedelta(hours=2),
        )  # fmt: skip


def _none(_result: object) -> None:
    """An event gives nothing back."""
