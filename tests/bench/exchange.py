"""A package of 100,000 records: its time against a single writing of the same table, its memory bounded, and going on
where it was interrupted."""

import resource
import time
from collections.abc import Callable
from datetime import date, datetime

from django.core.management import call_command
from django.db import connection, transaction

from commitments.models import Commitment
from credit_portal.audit.clock import SHANGHAI
from credit_portal.documents import writing
from credit_portal.registry.models import Region
from disclosure.exchange import batches, packages, scanning
from disclosure.exchange.formats import FORMATS
from disclosure.models import ExchangeBatch, ExchangePlatform, ExchangeRecord

ROWS = 100_000
# Writing once in memory is the floor; sealing, hashing and zipping are beside it. Memory in MB above the start.
MOST, MOST_MB = 3.0, 400
NOW = datetime(2026, 11, 24, 9, tzinfo=SHANGHAI)
SCANNED = 2_000

_FILL = """
INSERT INTO disclosure_exchangerecord (platform_id, commitment_id, department_id, region_id, dataset, number, version, operation,
    running, fields, overrides, override_reason, sha256, state, reasons, reference, created_at, is_demo)
SELECT %s, c.id, c.department_id, c.region_id, 'commitment', c.code, 1, 'put', true,
    (SELECT fields FROM disclosure_exchangerecord ORDER BY id LIMIT 1) || jsonb_build_object('1', c.code, '2', c.subject_name),
    '{}', '', md5(c.code) || md5(c.code), 'waiting', '[]', '', now(), true
FROM commitments_commitment AS c
WHERE NOT EXISTS (SELECT 1 FROM disclosure_exchangerecord AS r WHERE r.commitment_id = c.id)
ORDER BY c.id LIMIT %s
"""


def run(say: Callable[[str], None]) -> bool:
    """Fill, pack, judge. True where the goals are met."""
    call_command("seed_scale", commitments=ROWS, seed=3)
    platform = ExchangePlatform.objects.create(
        region=Region.objects.get(code=Commitment.objects.earliest("pk").region_id), name="平台", running="apart",
        since=date(2000, 1, 1),
    )  # fmt: skip
    began = time.monotonic()
    new = 0
    while new < SCANNED and (found := scanning.scan(now=NOW)):
        new += found
    say(f"核对并形成记录：{new:,} 条，每条 {(time.monotonic() - began) * 1000 / max(new, 1):.1f} 毫秒")
    with connection.cursor() as cursor:
        cursor.execute(_FILL, [platform.pk, ROWS])
        cursor.execute("ANALYZE disclosure_exchangerecord")
    with transaction.atomic():
        batch = batches._batch(platform, running=True, most=ROWS, actor=None, now=NOW)
    assert batch is not None
    floor = _floor(batch)
    before = _megabytes()
    began = time.monotonic()
    # Interrupted after the third file: the other effect of this batch goes on with the fourth.
    for _ in range(3):
        assert packages._next_piece(batch)
    packages.pack({"batch": batch.pk}, key="", now=NOW)
    took, grown = time.monotonic() - began, _megabytes() - before
    batch.refresh_from_db()
    assert (batch.state, batch.packed) == ("ready", batch.rows)
    say(
        f"{batch.rows:,} 条打包：{took:.1f} 秒，同样的表一次写成 {floor:.1f} 秒，{took / floor:.2f} 倍（目标 ≤ {MOST:g}）；"
        f"内存增加 {grown:.0f} MB（目标 ≤ {MOST_MB}），文件 {batch.pieces.count()} 个"
    )
    return took / floor <= MOST and grown <= MOST_MB


def _floor(batch: ExchangeBatch) -> float:
    """One piece written once, times the number of pieces: a whole table at once would have the memory for a floor."""
    rows = list(
        ExchangeRecord.objects.filter(batch=batch)
        .order_by("place")
        .values_list("fields", flat=True)[: packages.PIECE_ROWS]
    )
    format = FORMATS[ExchangeRecord.Dataset.COMMITMENT]
    cells = [format.cells(row) for row in rows]
    began = time.monotonic()
    writing.write("xlsx", format.head, cells)
    return (time.monotonic() - began) * batch.rows / len(rows)


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
