"""Whether this machine's clock can be trusted: workers decide by it what is due, and a wrong one would be early or late.

The database's clock is the one that everybody shares; a process whose own differs from it does no timed work.
"""

from datetime import datetime, timedelta

from django.db import connection

TOLERATED = timedelta(minutes=5)


class ClockOff(RuntimeError):
    """This process's clock is not the database's."""


def check(now: datetime) -> None:
    """Raise ClockOff (Chinese) where `now`, read from this machine, is more than five minutes from the database's."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        shared: datetime = cursor.fetchone()[0]
    if abs(now - shared) > TOLERATED:
        raise ClockOff(
            f"本机时钟（{now:%Y-%m-%d %H:%M}）与数据库（{shared.astimezone(now.tzinfo):%Y-%m-%d %H:%M}）相差超过"
            " 5 分钟，不做到期的事；请校准时钟。"
        )
