"""A register as an office kept it under its own names, the people who hand it over, and its way to the reception."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from commitments.bulk import jobs
from commitments.handover import running
from commitments.models import BulkJob, HandoverMapping
from credit_portal.registry.models import User

from . import bulk_stage
from .bulk_stage import NOW

HEAD = ["台账编号", "企业名称", "统一社会信用代码", "承诺事项", "承诺内容", "签署日期", "有效期至", "状态", "未履行内容", "处理措施",
        "认定日期", "认定文号", "公示开始日期", "公示截止日期", "修复日期", "经办电话"]  # fmt: skip
CONSTANTS = {
    3: "法人及非法人组织", 5: "审批替代型", 8: "违反承诺的，自愿接受撤销许可等处理。",
    19: "可向社会公开",
}  # fmt: skip
WORDS = {11: {"正常": "履行中", "已完成": "全部履行", "违约": "部分履行", "到期": "已终止"}}
REASON = "电话不归集"
# A breach that was determined, published and repaired before.
OVER = {"状态": "违约", "认定日期": "2024-03-01", "认定文号": "栾审违〔2024〕3号", "公示开始日期": "2024-03-05",
        "公示截止日期": "2024-06-05", "修复日期": "2024-06-10"}  # fmt: skip


def row(number: int, **changed: str) -> dict[str, str]:
    values = {
        "台账编号": f"LC-{number:04d}",
        "企业名称": f"栾城区移交商贸{number}有限公司",
        "统一社会信用代码": bulk_stage.make.organisation_code(600_000 + number),
        "承诺事项": "食品经营许可新办",
        "承诺内容": "依法经营，接受监督。",
        "签署日期": "2023-05-01",
        "有效期至": "2028-05-01",
        "状态": "正常",
        "经办电话": "0311-00000000",
    }
    if changed.get("状态") == "违约":
        values |= {"未履行内容": "没有按期公示", "处理措施": "责令改正"}
    return values | changed


def xlsx(rows: Iterable[Mapping[str, Any]], head: list[str] | None = None) -> bytes:
    return bulk_stage.xlsx(rows, head or HEAD, sheet="承诺台账", title="栾城区承诺登记台账")


def confirmed(
    saved: HandoverMapping, actor: User, words: Mapping[int, Mapping[str, str]] = WORDS
) -> HandoverMapping:
    """What was suggested, looked at and confirmed."""
    constants = CONSTANTS | {int(number): value for number, value in saved.constants.items()}
    return running.save(
        mapping_id=saved.pk, columns=dict(saved.columns) | {"经办电话": {"reason": REASON}},
        constants=constants, words=words, day_order="ymd", actor=actor, now=NOW,
    )  # fmt: skip


@dataclass
class Handing(bulk_stage.Place):
    saved: HandoverMapping = field(init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        suggested = running.begin(
            name="承诺台账", source="workbook", file=jobs.Upload("样表.xlsx", xlsx([row(1)])),
            actor=self.officer, now=NOW,
        )  # fmt: skip
        self.saved = self.confirm(suggested)

    def confirm(
        self, saved: HandoverMapping, words: Mapping[int, Mapping[str, str]] = WORDS
    ) -> HandoverMapping:
        return confirmed(saved, self.officer, words)

    def tried(self, content: bytes, saved: HandoverMapping | None = None, name: str = "台账.xlsx") -> BulkJob:
        job = running.try_out(
            mapping_id=(saved or self.saved).pk, file=jobs.Upload(name, content), department=self.unit,
            actor=self.officer, now=NOW, queue=False,
        )  # fmt: skip
        return jobs.carry_on(job_id=job.pk, now=NOW)

    def received(self, trial: BulkJob) -> BulkJob:
        job = running.receive(trial_id=trial.pk, actor=self.head, now=NOW, queue=False)
        jobs.carry_on(job_id=job.pk, now=NOW)
        job.refresh_from_db()
        return job
