"""The one clock. Views, tasks and commands read it here and pass the time on; nothing else reads a clock."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """The present moment, aware, in Asia/Shanghai."""
    return datetime.now(SHANGHAI)


def today() -> date:
    """Today's date in Asia/Shanghai."""
    return now().date()


def local_date(moment: datetime) -> date:
    """The date in Asia/Shanghai of an aware moment: the date that documents carry."""
    return moment.astimezone(SHANGHAI).date()
