"""Commitments that a department of the demonstration has collected on paper and handed in as a file: right rows, one that is
wrong and has come back, one that carries a breach and waits."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from stdnum.cn import uscc

from commitments.bulk import jobs
from commitments.collection_format import FIELDS
from credit_portal.audit.clock import local_date
from credit_portal.documents import writing
from credit_portal.registry.models import Department

from .places import MARK

if TYPE_CHECKING:
    from .timeline import Timeline

REGION, ROLE = "130111", "officer"
NAMES = (
    "兴达百货商行",
    "好邻居超市",
    "鲜又多果品店",
    "老城粮油店",
    "顺心文具店",
    "新禾种子站",
    "明亮眼镜店",
    "利民五金店",
)
BREACH = {11: "部分履行", 12: "第 1 条：没有按期公示价格（演示）。", 13: "责令改正（演示）。"}


def lay(timeline: Timeline, *, now: datetime) -> None:
    """The file comes in on the demonstration's today."""
    officer = timeline.world.user(REGION, ROLE)
    unit = officer.department
    if unit is None:
        raise LookupError(ROLE)
    rows = [_row(unit, number, local_date(now) - timedelta(days=60)) for number in range(len(NAMES))]
    for number, value in BREACH.items():
        rows[2][number - 1] = value
    # One whose term is over, and one whose matter was done with before.
    rows[3][9] = (local_date(now) - timedelta(days=1)).isoformat()
    rows[3][10] = rows[4][10] = "全部履行"
    rows[5][3] = rows[5][3][:-1]
    content = writing.write("xlsx", [field.label for field in FIELDS], rows, title="承诺信息")
    job = jobs.start(
        file=jobs.Upload("纸质承诺归集（演示）.xlsx", content), department=unit, actor=officer, now=now, queue=False,
        is_demo=True,
    )  # fmt: skip
    jobs.carry_on(job_id=job.pk, now=now)


def _row(unit: Department, number: int, made: date) -> list[str]:
    body = f"92130111YY9{number:06d}"
    return [
        f"{unit.region_id}{made:%Y%m%d}{700_001 + number:06d}", f"栾城区{NAMES[number]}{MARK}", "个体工商户",
        body + uscc.calc_check_digit(body), "主动型", "明码标价、诚信经营主动承诺（演示）",
        "明码标价，不缺斤短两，不销售过期商品，接受消费者监督。", "违反承诺的，自愿接受公示和行业惩戒，并承担相应责任。",
        made.isoformat(), (made + timedelta(days=365)).isoformat(), "", "", "", "", "", "", unit.name, unit.uscc,
        "可向社会公开", "",
    ]  # fmt: skip
