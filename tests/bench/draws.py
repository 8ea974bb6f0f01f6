"""A round of re-checks drawn from all running commitments, in two strata and without; drawn again, it is the same.

The floor puts the same commitments in the order of their hashes, in one statement: less no draw can do.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection, transaction

from commitments.models import Commitment, RecheckPlan
from commitments.rechecks import drawing, rules
from credit_portal.audit.clock import SHANGHAI
from credit_portal.deadlines.models import PolicyRule
from credit_portal.registry.models import Region
from tests import factories as make

MOST_RATIO = 8.0
NOW = datetime(2026, 11, 16, 9, tzinfo=SHANGHAI)
SEED = "5d2c1f70a9"

_FLOOR = """
CREATE TEMPORARY TABLE bench_draw ON COMMIT DROP AS
SELECT id, row_number() OVER (ORDER BY encode(sha256(convert_to('seed:1:' || code, 'UTF8')), 'hex')) AS place
FROM commitments_commitment WHERE fulfilment = 'running' AND voided_at IS NULL AND made_on < %s
"""


def run(say: Callable[[str], None]) -> bool:
    """Measure on the commitments at hand, judge. True where the goals are met; nothing of it stays."""
    with transaction.atomic():
        met = _run(say)
        transaction.set_rollback(True)
    return met


def _run(say: Callable[[str], None]) -> bool:
    nation = Region.objects.get(code="000000")
    for key, value, unit in (("recheck_interval", 6, "months"), ("recheck_share", 10, "percent")):
        PolicyRule.objects.filter(region=nation, key=key).delete()
        PolicyRule.objects.create(
            region=nation, key=key, value=value, unit=unit, basis="bench", confirmed=True,
            effective_from=NOW.date() - timedelta(days=400),
        )  # fmt: skip
    office = make.department(kind="credit_office", region=nation)
    first, second = (make.staff("credit_office", department=office) for _ in range(2))

    def plan(by_risk: bool) -> RecheckPlan:
        return RecheckPlan.objects.create(
            number=f"S-bench-{by_risk}-{time.monotonic_ns()}", name="bench", region=nation, office=office, seed=SEED,
            starts_on=NOW.date(), next_on=NOW.date(), state=RecheckPlan.State.APPROVED, by_risk=by_risk,
            higher_percent=20 if by_risk else None, lower_percent=5 if by_risk else None,
            proposed_by=first, proposed_at=NOW, decided_by=second, decided_at=NOW,
        )  # fmt: skip

    with connection.cursor() as cursor:
        began = time.perf_counter()
        cursor.execute(_FLOOR, [NOW.date()])
        floor = time.perf_counter() - began
    met = True
    for by_risk in (False, True):
        seconds, found = [], []
        for _ in range(2):
            with transaction.atomic():
                began = time.perf_counter()
                made = drawing.draw_due(plan_id=plan(by_risk).pk, now=NOW)
                seconds.append(time.perf_counter() - began)
                members = list(made.members.values_list("commitment__code", "stratum", "drawn"))
                found.append(
                    (made.population, made.population_sha256, sorted(one[0] for one in members if one[2]))
                )
                if len(found) == 1:
                    percents = rules.percents_of(
                        made.percent, higher=made.higher_percent, lower=made.lower_percent
                    )
                    pure = rules.draw(
                        [one[:2] for one in members], seed=made.seed, number=made.number, percents=percents
                    )
                transaction.set_rollback(True)
        same = found[0] == found[1] and pure == found[0][2]
        ratio = min(seconds) / floor
        met = met and same and ratio <= MOST_RATIO
        say(
            f"{'达到' if same and ratio <= MOST_RATIO else '未达到'}：从 {found[0][0]:,} 件中抽取 {len(found[0][2]):,} 件复核"
            f"（{'分层' if by_risk else '不分层'}）{min(seconds):.1f} 秒，为排序底数 {floor:.1f} 秒的 {ratio:.1f} 倍"
            f"（目标 ≤ {MOST_RATIO:g}）；同一种子再抽一次、按纯函数抽{'都相同' if same else '不相同'}"
        )
    return met and Commitment.objects.exists()
