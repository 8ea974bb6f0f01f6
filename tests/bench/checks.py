"""A check of a long record: a thousand entries, some on lists with listed measures. The floor is reading the same rows as
plain values; the goal in milliseconds is the product's own (50 ms on this machine), beside the ratio."""

import statistics
import time
from collections.abc import Callable
from datetime import date, datetime

from django.db import connection
from django.test.utils import CaptureQueriesContext

from credit_portal.audit.clock import SHANGHAI
from credit_portal.deadlines import loading as policies
from credit_portal.local.steps import POLICY
from credit_portal.registry.models import Region
from tests import factories as make
from verification import services
from verification.measures import loading as measures
from verification.models import CreditEntry, CreditList

ENTRIES, ROUNDS = 1_000, 40
MOST_MS = 50.0
NOW = datetime(2026, 9, 16, 9, tzinfo=SHANGHAI)


def run(say: Callable[[str], None]) -> bool:
    """Fill, measure, judge. True where the goals are met."""
    policies.store_rules(policies.read_rules(POLICY), now=NOW)
    measures.load(measures.SHIPPED, now=NOW)
    department = make.department(region=Region.objects.get(code="130129"))
    clerk, subject = make.staff(department=department), make.subject(region=department.region)
    item = make.item_version(department=department, domain="procurement")
    lists = list(CreditList.objects.order_by("pk"))

    def check() -> None:
        services.check_subject(
            subject=subject, item_version=item, commitment_type="approval", operator=clerk, now=NOW
        )

    check()
    with CaptureQueriesContext(connection) as few:
        _fill(subject, lists, 3)
        began = len(few)
        check()
        asked_few = len(few) - began
    _fill(subject, lists, ENTRIES)
    with CaptureQueriesContext(connection) as many:
        check()
    floors, times = [], []
    for _ in range(ROUNDS):
        floors.append(_timed(lambda: list(CreditEntry.objects.filter(subject=subject).values_list())))
        times.append(_timed(check))
    floor, median = statistics.median(floors) * 1000, statistics.median(times) * 1000
    worst = sorted(times)[int(ROUNDS * 0.95) - 1] * 1000
    say(
        f"核查一个有 {ENTRIES + 3:,} 条记录的主体：p50 {median:.1f} 毫秒，p95 {worst:.1f} 毫秒（读出这些行 {floor:.1f} 毫秒，"
        f"{median / floor:.1f} 倍）；查询 {len(many)} 次，3 条记录时 {asked_few} 次"
    )
    met = median <= MOST_MS and len(many) == asked_few
    say(f"{'达到' if met else '未达到'}：核查不超过 {MOST_MS:g} 毫秒，查询次数不变")
    return met


def _fill(subject, lists: list[CreditList], number: int) -> None:  # type: ignore[no-untyped-def]
    CreditEntry.objects.bulk_create(
        CreditEntry(
            subject=subject, kind=str(lists[one % len(lists)].entry_kind), credit_list=lists[one % len(lists)],
            title=f"记录{one}", source="测试", region=subject.region, from_on=date(2026, 1, 1), entered_at=NOW,
        )
        for one in range(number)
    )  # fmt: skip


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
