"""The register that a department of the demonstration kept before the portal: its columns mapped, tried by the officer, received
by the head, signed for; with a breach that was over long ago, a commitment that was kept, and a row that could not be taken."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from stdnum.cn import uscc

from commitments.bulk import jobs, keeping
from commitments.handover import protocol, running
from credit_portal.audit.clock import local_date
from credit_portal.documents import writing

from .places import MARK

if TYPE_CHECKING:
    from .timeline import Timeline

REGION = "130111"
HEAD = (
    "台账编号", "企业名称", "统一社会信用代码", "承诺事项", "承诺内容", "签署日期", "有效期至", "状态", "未履行内容", "处理措施",
    "认定日期", "认定文号", "公示开始日期", "公示截止日期", "修复日期", "联系电话",
)  # fmt: skip
NOT_TAKEN = {"联系电话": "电话不归集"}
CONSTANTS = {3: "个体工商户", 5: "主动型", 8: "违反承诺的，自愿接受公示和行业惩戒。", 19: "可向社会公开"}
WORDS = {11: {"正常": "履行中", "已完成": "全部履行", "违约": "部分履行", "注销": "已终止"}}
# (name, state, what is told of a breach: what, measure, days before today of finding, first and last day of publicity, repair)
ROWS = (
    ("福顺面馆", "正常", None),
    ("永盛五金店", "已完成", None),
    ("春晖粮油店", "违约", ("没有按期公示价格（演示）", "责令改正（演示）", 700, 695, 600, 590)),
    ("康宁药店", "注销", None),
    ("锦绣布行", "暂停", None),  # a word that nobody has named: it could not be taken
)


def lay(timeline: Timeline, *, now: datetime) -> None:
    """Tried and received on the demonstration's today."""
    officer, head = (timeline.world.user(REGION, role) for role in ("officer", "head"))
    unit = officer.department
    if unit is None or head.department_id != unit.pk:
        raise LookupError(REGION)
    rows = [_row(number, now) for number in range(len(ROWS))]
    sample, register = (
        jobs.Upload(name, writing.write("xlsx", HEAD, told, title="承诺台账"))
        for name, told in (("台账样表（演示）.xlsx", rows[:1]), ("承诺台账（演示）.xlsx", rows))
    )
    read = running.begin(
        name="承诺台账（演示）", source="workbook", file=sample, actor=officer, now=now, is_demo=True
    )
    saved = running.save(
        mapping_id=read.pk, columns=read.columns | {label: {"reason": why} for label, why in NOT_TAKEN.items()},
        constants=CONSTANTS | {int(number): value for number, value in read.constants.items()},
        words=WORDS, day_order="ymd", actor=officer, now=now,
    )  # fmt: skip
    trial = running.try_out(
        mapping_id=saved.pk, file=register, department=unit, actor=officer, now=now, queue=False
    )
    jobs.carry_on(job_id=trial.pk, now=now)
    job = running.receive(trial_id=trial.pk, actor=head, now=now, queue=False)
    jobs.carry_on(job_id=job.pk, now=now)
    keeping.confirm(
        job_id=job.pk, note="与原台账和纸质承诺书逐份核对，属实（演示）。", actor=officer, now=now
    )
    keeping.carry_on(job_id=job.pk, now=now)
    sides = protocol.Sides(
        officer.get_full_name() or officer.username, unit.name, head.get_full_name() or head.username, local_date(now)
    )  # fmt: skip
    protocol.make(job_id=job.pk, sides=sides, actor=head, now=now)


def _row(number: int, now: datetime) -> list[str]:
    name, state, breach = ROWS[number]
    today = local_date(now)
    body = f"92130111YY8{number:06d}"
    made = today - timedelta(days=900)
    # What was kept in full is over.
    ends = made + timedelta(days=730 if state == "已完成" else 1800)
    told = [""] * 7
    if breach is not None:
        what, measure, *days = breach
        found, first, last, repaired = ((today - timedelta(days=day)).isoformat() for day in days)
        told = [what, measure, found, "演示违〔旧〕1号", first, last, repaired]
    return [
        f"TZ-{number + 1:04d}", f"栾城区{name}{MARK}", body + uscc.calc_check_digit(body), "明码标价、诚信经营承诺（演示）",
        "明码标价，不缺斤短两，接受消费者监督。", made.isoformat(), ends.isoformat(), state, *told,
        "0311-00000000",
    ]  # fmt: skip
