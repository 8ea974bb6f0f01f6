"""How common the characters and pairs of a name are: counted by the database, kept in the process. Search chooses its
way by it; an old or empty table makes a search slower, never wrong."""

import threading
import time
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from .models import FragmentFrequency

SAMPLE = 120_000  # names that a count looks at
COMMON = 0.0003  # a share of names below which a fragment is not kept
KEPT_SECONDS = 600  # how long a process goes by what it has read

_COUNT = """
INSERT INTO disclosure_fragmentfrequency (fragment, share, counted_at)
WITH sampled AS MATERIALIZED (
    SELECT fragments FROM registry_subjectname TABLESAMPLE SYSTEM (%(percent)s) WHERE fragments IS NOT NULL
), total AS (SELECT count(*)::float AS names FROM sampled)
SELECT part, count(*) / names, %(now)s
FROM sampled, unnest(fragments) AS part, total
GROUP BY part, names HAVING count(*) / names >= %(common)s
"""


@dataclass(frozen=True)
class _Read:
    shares: dict[str, float]
    until: float


_lock = threading.Lock()
_read: _Read | None = None


def parts_of(text: str) -> list[str]:
    """The fragments that every name holding `text` has: its pairs of neighbours, or the one character it is."""
    return [text] if len(text) == 1 else list(dict.fromkeys(text[i : i + 2] for i in range(len(text) - 1)))


def shares() -> dict[str, float]:
    """Fragment → share of names, for the common ones; read again every few minutes."""
    global _read
    seen = _read
    if seen is None or time.monotonic() > seen.until:
        with _lock:
            seen = _read
            if seen is None or time.monotonic() > seen.until:
                rows = dict(FragmentFrequency.objects.values_list("fragment", "share"))
                seen = _read = _Read(rows, time.monotonic() + KEPT_SECONDS)
    return seen.shares


def forget() -> None:
    """Read the table again at the next search of this process."""
    global _read
    _read = None


@transaction.atomic
def refresh(*, now: datetime) -> int:
    """Count anew, over a sample of the names where there are many. Returns how many fragments are common."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = 'registry_subjectname'::regclass")
        names = max(cursor.fetchone()[0], 0)
        percent = min(100.0, 100.0 * SAMPLE / names) if names > SAMPLE else 100.0
        # Whoever counts at the same time waits; readers go on with what was there.
        cursor.execute("LOCK TABLE disclosure_fragmentfrequency IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute("DELETE FROM disclosure_fragmentfrequency")
        cursor.execute(_COUNT, {"percent": percent, "now": now, "common": COMMON})
        kept = cursor.rowcount
    forget()
    return kept
