"""The demonstration's methods of lists: two that apply, with what the public said and was answered, and one on which it is
being asked now."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from credit_portal.audit.clock import local_date
from verification.list_methods import keeping
from verification.models import ListMethod

if TYPE_CHECKING:
    from .timeline import Timeline

LC = "130111"
JOINT, WATCH = "食品安全严重违法失信名单（演示）", "食品安全重点关注名单（演示）"
SAFETY = "安全生产失信联合惩戒名单（演示）"
PARTS = {
    "basis": "《市场监督管理严重违法失信名单管理办法》；本区联合惩戒的实施意见（演示）。",
    "standard": "两年内因食品安全违法受到行政处罚，性质恶劣、情节严重、社会危害较大的（演示）。",
    "procedure": "立案；告知拟列入的事实、依据和陈述申辩的权利；负责人批准；送达决定书，自送达之日列入（演示）。",
    "objection": "对列入有异议的，可以向认定部门或者信用办提出，七个工作日内书面答复；也可以申请行政复议、提起行政诉讼（演示）。",
    "exit_rule": "列入期限一年；期满移出；期满前整改到位、消除影响的，可以申请提前移出，由认定部门核查决定（演示）。",
    "measures": "政府采购、资格审查中重点审查；不附没有法律依据的措施（演示）。",
}
WATCHED = PARTS | {
    "standard": "一年内因食品安全违法受到行政处罚，没有达到联合惩戒标准的（演示）。",
    "exit_rule": "列入期限一年；期满移出（演示）。",
}
OPINIONS = (
    (
        "列入前应当给小店一次改正的机会，第一次轻微的不要列。",
        True,
        "采纳：标准限于情节严重的，轻微的不列入（演示）。",
    ),
    ("建议名单公布得越久越好。", False, "不采纳：期限按退出机制执行，过罚相当（演示）。"),
)
ADDRESS = "栾城区市场监督管理局（演示）法规科，惠源路 1 号，0311-80000000"


def plan(timeline: Timeline) -> None:
    """Adopted long before the demonstration's listings begin; the last one is asked about today."""
    for name, kind, parts in ((JOINT, "joint", PARTS), (WATCH, "watch", WATCHED)):
        _later(timeline, timeline.day(-190), name, kind, parts)
    asked = timeline.day(-9)
    timeline.at(timeline.moment(asked), lambda now: _ask(timeline, SAFETY, "joint", PARTS, now, days=30))


def _later(timeline: Timeline, day: date, name: str, kind: str, parts: dict[str, str]) -> None:
    timeline.at(timeline.moment(day), lambda now: _adopted(timeline, name, kind, parts, now))


def _ask(
    timeline: Timeline, name: str, kind: str, parts: dict[str, str], now: datetime, *, days: int
) -> ListMethod:
    officer = timeline.world.user(LC, "officer")
    row = keeping.draft(kind=kind, list_name=name, parts=parts, actor=officer, now=now, is_demo=True)
    first = local_date(now)
    keeping.ask_public(
        method_id=row.pk, first=first, last=first + timedelta(days=days - 1), address=ADDRESS, actor=officer,
        now=now,
    )  # fmt: skip
    for text, _taken, _answer in OPINIONS:
        # On the first day, so that the demonstration that is asked about today has some as well.
        keeping.give_opinion(method_id=row.pk, text=text, now=now, is_demo=True)
    return row


def _adopted(timeline: Timeline, name: str, kind: str, parts: dict[str, str], now: datetime) -> None:
    row = _ask(timeline, name, kind, parts, now, days=30)
    officer, head = (timeline.world.user(LC, role) for role in ("officer", "head"))

    def answer(later: datetime) -> None:
        for opinion, (_text, taken, said) in zip(row.opinions.order_by("pk"), OPINIONS, strict=False):
            keeping.answer(opinion_id=opinion.pk, taken=taken, text=said, actor=officer, now=later)
        keeping.propose(
            method_id=row.pk, considered="收到意见两条：一条采纳，一条不采纳，理由见各条答复（演示）。",
            in_force_from=local_date(later) + timedelta(days=7),
            document_no=f"（演示）栾市监〔{later.year}〕{row.pk % 90 + 10}号", actor=officer, now=later,
        )  # fmt: skip
        timeline.at(timeline.moment(local_date(later) + timedelta(days=2)), adopt)

    def adopt(later: datetime) -> None:
        keeping.adopt(method_id=row.pk, actor=head, now=later)

    timeline.at(timeline.moment(local_date(now) + timedelta(days=33)), answer)
