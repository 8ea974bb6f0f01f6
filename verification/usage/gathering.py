"""Lists as files are asked for: one unit's month, or a county's whole month in one workbook."""

from collections.abc import Sequence
from datetime import date, datetime

from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.registry.models import User
from verification.models import UsageList, UsageSubmission

from . import lists
from .files import Sheet
from .rows import Row

STATES = {"sent": "已报送", "late": "逾期报送", "missing": "逾期未报", "open": "待报送"}
OVERVIEW = ("单位", "状态", "报送人", "报送日期", "条数")


def state_of(row: UsageList, today: date) -> str:
    """Where a list stands on a day: a key of STATES."""
    if row.submitted_on is not None:
        return "late" if row.submitted_on >= row.late_from else "sent"
    return "missing" if today >= row.late_from else "open"


def sheet_of(row: UsageList) -> Sheet:
    """A list as it was sent last; as it stands now, without a reporter, where it has not been."""
    sent = lists.last_submission(row)
    return _sheet(row, sent, lists.sent_rows(sent) if sent else lists.live_rows(row))


def _sheet(row: UsageList, sent: UsageSubmission | None, rows: list[Row]) -> Sheet:
    return Sheet(
        unit=row.department.name,
        short=row.department.short_name or row.department.name,
        reporter=sent.reporter if sent else "",
        reported_on=sent.submitted_on if sent else None,
        rows=rows,
    )


def county_of(rows: Sequence[UsageList], *, today: date) -> tuple[list[Sheet], list[tuple[str, ...]]]:
    """The sheets of what has been sent, and an overview of all units, those without a list named. Two queries."""
    sheets: list[Sheet] = []
    overview: list[tuple[str, ...]] = [OVERVIEW]
    last = lists.last_submissions(rows)
    for row in rows:
        state = STATES[state_of(row, today)]
        if row.pk not in last:
            overview.append((row.department.name, state, "", "", ""))
            continue
        sent, lines = last[row.pk]
        sheets.append(_sheet(row, sent, lines))
        overview.append(
            (row.department.name, state, sent.reporter, sent.submitted_on.isoformat(), str(sent.rows))
        )
    return sheets, overview


def note_read(*, user: User, target_id: str, now: datetime) -> None:
    """Lists name natural persons: whoever opens or downloads one is written down."""
    log_read(
        now=now,
        actor_id=user.pk,
        what="使用情况月报",
        target_type="usage_list",
        target_id=target_id,
        purpose=ReadLog.Purpose.SUPERVISION,
    )
