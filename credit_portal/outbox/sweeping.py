"""One pass over everything that is due. Any number of schedulers may ask for it; one at a time does it.

Rooms register their steps by name. A step is safe to repeat: what it has done it does not do again, and what it
could not do the next pass does.
"""

import logging
from collections.abc import Callable
from datetime import datetime

from django.core.cache import cache
from django.db import connection, transaction

log = logging.getLogger(__name__)

Step = Callable[..., int]
LOCK = 715_003_001
LAST_PASS = "outbox.last_pass"  # noqa: S105 - the name of a cache entry

_steps: dict[str, Step] = {}


def register_step(name: str, step: Step) -> None:
    """`step(*, now)` does what is due and gives how much that was."""
    _steps[name] = step


def steps() -> dict[str, Step]:
    return dict(_steps)


def sweep(*, now: datetime) -> dict[str, int]:
    """One pass: each step with how much it did, -1 for one that failed. Empty where another pass is under way.

    A failing step does not keep the others from their work.
    """
    with connection.cursor() as cursor:
        # Held by the session, not by a transaction: each step commits what it has done. A process that dies lets go.
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return {}
    done: dict[str, int] = {}
    try:
        for name, step in _steps.items():
            try:
                done[name] = step(now=now)
            except Exception:
                log.exception("step of the sweep failed", extra={"step": name})
                done[name] = -1
                if connection.in_atomic_block:
                    raise
    finally:
        _let_go()
    _remember(now, done)
    return done


def _let_go() -> None:
    # A connection that has died has let go by itself.
    if connection.is_usable():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def _remember(now: datetime, done: dict[str, int]) -> None:
    """For the first page of the back office. The cache may be away: then it says that it does not know."""
    try:
        cache.set(LAST_PASS, {"at": now, "done": done}, timeout=None)
    except Exception as error:
        log.warning("cache is away: %s", error)


def last_pass() -> dict | None:
    """When the last pass ended and what it did; None where nobody knows."""
    try:
        return cache.get(LAST_PASS)
    except Exception:
        return None


def in_batches(step: Callable[[], int], *, full: int) -> int:
    """Repeat a step that does up to `full` rows, each time in a transaction of its own, until there are no more."""
    total = 0
    while True:
        with transaction.atomic():
            done = step()
        total += done
        if done < full:
            return total
