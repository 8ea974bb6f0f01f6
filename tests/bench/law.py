"""A change of law before 100,000 open records: what would move, exactly, in seconds; then carried out in batches.

The floor is reading the same rows as plain values. The preview reads them by key in pages and keeps none; its queries
follow the pages, not the rows.
"""

import time
import tracemalloc
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext

from credit_portal.audit.clock import SHANGHAI
from credit_portal.deadlines.models import Duty, PolicyRule, SwitchLine
from credit_portal.deadlines.switching import carrying_out, kinds, orders, showing
from credit_portal.deadlines.switching.changes import of_rule
from credit_portal.registry.models import Region
from tests import factories as make

from .duties import _departments

OPEN, MOST_SECONDS, MOST_PAGE_MS = 100_000, 10.0, 500.0
MOST_MB = 60.0
NOW = datetime(2026, 9, 16, 9, tzinfo=SHANGHAI)
KEY = "report_acceptance"

_FILL = """
INSERT INTO deadlines_duty (rule_key, matter_type, matter_id, number, department_id, region_id, domain,
    commitment_type, grade, triggered_on, length, unit, counted, due_on, provisional, calendar_version, basis,
    confirmed, state, stage, suspension_basis, opened_at, closed_reason, is_demo)
SELECT %(key)s, 'bench_law', n, 'W' || n, (%(departments)s::bigint[])[1 + n %% %(several)s], '130111', '', '', '',
    %(today)s::date - n %% 200, 2, 'working_days', '{}', %(today)s::date + 30, false, 'bench', 'bench', true,
    'open', 0, '', now(), '', false
FROM generate_series(1, %(last)s) AS n
"""


def run(say: Callable[[str], None]) -> bool:
    """Fill, measure, judge. True where the goals are met."""
    departments = _departments() if not Duty.objects.exists() else list(
        Duty.objects.values_list("department_id", flat=True).distinct()
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            _FILL,
            {
                "key": KEY,
                "departments": departments,
                "several": len(departments),
                "today": NOW.date(),
                "last": OPEN,
            },
        )
        cursor.execute("ANALYZE deadlines_duty")
    region = Region.objects.get(code="130111")
    rule = PolicyRule.objects.create(
        region=region, key=KEY, value=5, unit="working_days", basis="bench", confirmed=True,
        effective_from=NOW.date() - timedelta(days=400),
    )  # fmt: skip
    change = of_rule(rule, scope=region, day=NOW.date())
    floor = _timed(lambda: list(Duty.objects.filter(rule_key=KEY).values_list()))
    tracemalloc.start()
    with CaptureQueriesContext(connection) as asked:
        kinds.sums(change)
    peak = tracemalloc.get_traced_memory()[1] / 1024**2
    tracemalloc.stop()
    found: list[kinds.Sum] = []
    preview = _timed(lambda: found.extend(kinds.sums(of_rule(rule, scope=region, day=NOW.date()))))
    moved = next(one.moved for one in found if one.kind.name == "duties")
    last = Duty.objects.filter(rule_key=KEY).order_by("-pk").values_list("pk", flat=True)[1_000]
    page = _timed(lambda: showing.page_of(kinds.known()["duties"], change, after=last, only="", path=None))
    say(
        f"未结 {OPEN:,} 项：预览 {preview:.1f} 秒（读出这些行 {floor:.1f} 秒），改变 {moved:,} 项，查询 {len(asked)} 次，"
        f"最多占用 {peak:.0f} MB；往后翻一页 {page * 1000:.0f} 毫秒"
    )
    office = make.department(kind="credit_office", region=region)
    first, second = (
        make.staff("credit_office", department=office),
        make.staff("credit_office", department=office),
    )
    began = time.perf_counter()
    order = orders.propose(
        source=rule, region=region, kinds_chosen=["duties"], effective_on=NOW.date(), reason="bench",
        actor=first, now=NOW,
    )  # fmt: skip
    orders.approve(order=order, actor=second, now=NOW)
    kept = time.perf_counter() - began
    began = time.perf_counter()
    while carrying_out.follow_the_days(now=NOW):
        pass
    carried = time.perf_counter() - began
    done = SwitchLine.objects.filter(order=order, state="moved").count()
    say(f"提出调整令并保存预览 {kept:.1f} 秒；分批施行 {carried:.1f} 秒，{done:,} 项各有日志和经过")
    met = done == moved
    for what, value, most, unit in (
        ("预览", preview, MOST_SECONDS, "秒"),
        ("翻页", page * 1000, MOST_PAGE_MS, "毫秒"),
        ("预览占用", peak, MOST_MB, "MB"),
    ):
        met = met and value <= most
        say(f"{'达到' if value <= most else '未达到'}：{what} {value:.1f} {unit}（目标 ≤ {most:g}）")
    return met


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
