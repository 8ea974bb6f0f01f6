"""The sweep of duties at size: what it costs follows what is due, not what is open.

Duties of 200 departments, 80,000 of them due today, among 500,000 and then a million open ones. The floor is one UPDATE …
RETURNING of the same rows, measured in turn with the sweep; the table is brought back and cleaned between them.
"""

import statistics
import time
from collections.abc import Callable
from datetime import datetime

from django.db import connection

from credit_portal.audit.clock import SHANGHAI
from credit_portal.deadlines import reminders
from credit_portal.deadlines.models import Duty
from credit_portal.registry.models import Department, Region

DUE, ROUNDS = 80_000, 3
SIZES = (500_000, 1_000_000)
MOST, GROWTH = 1.5, 1.4
NOW = datetime(2026, 9, 16, 9, tzinfo=SHANGHAI)
DEPARTMENTS = 200

_FILL = """
INSERT INTO deadlines_duty (rule_key, matter_type, matter_id, number, department_id, region_id, domain,
    commitment_type, grade, triggered_on, length, unit, counted, due_on, provisional, calendar_version, basis,
    confirmed, state, stage, suspension_basis, opened_at, closed_reason, is_demo)
SELECT 'breach_report', 'bench', n, 'W' || n, (%(departments)s::bigint[])[1 + n %% %(several)s], '130111', '', '', '',
    %(due)s::date - 10, 7, 'working_days', '{}', CASE WHEN n <= %(last_due)s THEN %(due)s::date
    ELSE %(due)s::date + 30 + n %% 300 END, false, 'bench', 'bench', true, 'open', 0, '', now(), '', false
FROM generate_series(%(first)s, %(last)s) AS n
"""
_FLOOR = """
UPDATE deadlines_duty SET stage = 3 WHERE state = 'open' AND due_on <= %s AND stage < 3 RETURNING id, department_id, region_id
"""


def run(say: Callable[[str], None]) -> bool:
    """Fill, measure, judge. True where the goals are met."""
    departments = _departments()
    ratios, sweeps = {}, {}
    filled = 0
    for size in SIZES:
        with connection.cursor() as cursor:
            cursor.execute(
                _FILL,
                {
                    "departments": departments, "several": len(departments), "due": NOW.date(),
                    "last_due": DUE, "first": filled + 1, "last": size,
                },
            )  # fmt: skip
        filled = size
        _clean("ANALYZE deadlines_duty")
        floors, times = [], []
        for _ in range(ROUNDS):
            floors.append(_timed(_floor))
            _reset()
            times.append(_timed(lambda: reminders.remind(now=NOW)))
            assert Duty.objects.filter(stage=Duty.Stage.TODAY).count() == DUE
            again = time.perf_counter()
            assert reminders.remind(now=NOW) == 0
            idle = time.perf_counter() - again
            _reset()
        floor, sweep = statistics.median(floors), statistics.median(times)
        ratios[size], sweeps[size] = sweep / floor, sweep
        say(
            f"待办期限 {size:,} 项，到期 {DUE:,} 项：一条 UPDATE … RETURNING {floor:.2f} 秒，扫描 {sweep:.2f} 秒"
            f"（{sweep / floor:.2f} 倍），紧接着再扫一遍 {idle * 1000:.0f} 毫秒，标记 0 项"
        )
    met = True
    for what, value, most in (
        (f"{SIZES[1]:,} 项时扫描与一条 UPDATE 之比", ratios[SIZES[1]], MOST),
        ("待办翻倍时扫描的时间之比", sweeps[SIZES[1]] / sweeps[SIZES[0]], GROWTH),
    ):
        met = met and value <= most
        say(f"{'达到' if value <= most else '未达到'}：{what} {value:.2f} 倍（目标 ≤ {most:g}）")
    return met


def _departments() -> list[int]:
    region = Region.objects.get(code="130111")
    Department.objects.bulk_create(
        Department(uscc=f"bench{number:013d}", name=f"部门{number}", short_name=f"部门{number}",
                   kind="competent", region=region)
        for number in range(DEPARTMENTS)
    )  # fmt: skip
    return list(Department.objects.filter(uscc__startswith="bench").values_list("pk", flat=True))


def _floor() -> None:
    with connection.cursor() as cursor:
        cursor.execute(_FLOOR, [NOW.date()])
        assert len(cursor.fetchall()) == DUE


def _reset() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE deadlines_duty SET stage = 0 WHERE stage <> 0")
    _clean("VACUUM deadlines_duty")


def _clean(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
