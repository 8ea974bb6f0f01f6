"""Acts for tests: what is told of one of each kind, and short ways to enter and publish it."""

from datetime import date, datetime
from typing import Any

from credit_portal.audit.clock import local_date
from credit_portal.registry.models import Department, User
from disclosure.acts import entering, publishing
from disclosure.acts.fields import read
from disclosure.models import AdministrativeAct
from tests.factories import organisation_code

COMMON = {
    "subject_name": "演示鲜果商贸有限公司",
    "subject_kind": "法人及非法人组织",
    "subject_code": organisation_code(8_000_901),
    "document_name": "决定书",
    "document_no": "栾决〔2026〕1号",
    "content": "准予从事所申请的活动",
    "basis": "《行政处罚法》第三十三条",
    "decided_on": "2026-09-07",
}
LICENCE = COMMON | {
    "document_name": "食品经营许可决定书",
    "category": "普通",
    "certificate_name": "食品经营许可证",
    "certificate_no": "JY11301110000001",
    "valid_from": "2026-09-07",
    "valid_until": "2031-11-01",
}
PENALTY = COMMON | {
    "document_name": "行政处罚决定书",
    "document_no": "栾罚〔2026〕7号",
    "category": "警告；罚款",
    "violation": "未按规定公示证照",
    "facts": "检查时没有在经营场所公示许可证。",
    "content": "警告，并处罚款",
    "fine": "2000",
    "grade": "一般",
    "domain": "食品药品安全",
}
OTHER = COMMON | {"document_no": "栾奖〔2026〕3号", "valid_until": "2027-11-01"}


def values(kind: str, **changes: str) -> dict[str, str]:
    """What is told of an act of a kind, with changes."""
    start = {"licence": LICENCE, "penalty": PENALTY}.get(kind, OTHER)
    if kind == "judicial":
        start = start | {"category": "失信被执行人"}
    return start | changes


def entered(
    kind: str, *, department: Department, now: datetime, actor: User | None, **changes: str
) -> AdministrativeAct:
    act, _ = entering.enter(
        data=read(kind, values(kind, **changes), today=local_date(now)),
        department=department,
        source="form",
        now=now,
        actor=actor,
    )
    return act


def published(act: AdministrativeAct, *, actor: User, now: datetime, **more: Any) -> AdministrativeAct:
    return publishing.decide(
        act_ids=[act.pk], publicity_class="public", reason="", actor=actor, now=now, **more
    )[0]


def day(text: str) -> date:
    return date.fromisoformat(text)
