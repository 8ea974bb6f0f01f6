"""Objections of the demonstration, one in each state; complaints, and errors that people have pointed out."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from commitments.models import Commitment
from credit_portal.audit.clock import SHANGHAI, local_date
from credit_portal.registry.models import User
from disclosure.act_gate import listed_acts
from disclosure.gate import listed_commitments
from disclosure.models import BreachPublication, ErrorTip, Objection
from disclosure.objections import complaints, filing, handling, tips
from disclosure.objections.records import Target, public_target

from .days import open_day

if TYPE_CHECKING:
    from .timeline import Timeline

LC = "130111"
NAME, PHONE = "演示经办人", "00000000000"
# What each state comes from: a word of `_go`, the kind of the market office's act it is to («commitment»: any public one),
# and days before the demonstration's today.
STORIES = (
    ("closed", "confirmation", -9),
    ("answered", "inspection", -7),
    ("approved", "penalty", -6),
    ("proposed", "penalty", -5),
    ("refused", "commitment", -5),
    ("withdrawn", "commitment", -4),
    ("asked", "commitment", -3),
    ("received", "commitment", -1),
)


def plan(timeline: Timeline) -> None:
    """File each objection on its day; what anybody says beside them."""
    for fate, kind, ago in STORIES:
        timeline.at(
            _at(open_day(timeline.day(ago)), 14),
            lambda now, fate=fate, kind=kind: _object(timeline, fate, kind, now),  # type: ignore[misc]
        )
    timeline.at(_at(open_day(timeline.day(-8)), 15), lambda now: _voices(timeline, now))


def _at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), SHANGHAI)


def _object(timeline: Timeline, fate: str, kind: str, now: datetime) -> None:
    unit = timeline.world.user(LC, "officer").department_id
    if kind == "commitment":
        mine = listed_commitments(now).filter(pk__in=[one.pk for one in timeline.signed], is_demo=True)
        free: Commitment | None = mine.filter(objections__isnull=True, region_id=LC).order_by("pk").first()
        of = f"commitment:{free.code}" if free else ""
    else:
        act = (
            listed_acts(now)
            .filter(kind=kind, department=unit, objections__isnull=True)
            .order_by("pk")
            .first()
        )
        of = f"act:{act.uuid}" if act else ""
    target = public_target(of, now=now) if of else None
    if target is not None:
        _go(timeline, fate, _file(timeline, target, now, known=fate not in ("received", "asked")), now)


def on_breach(timeline: Timeline, publication: BreachPublication, now: datetime) -> None:
    """An objection to a published breach that its unit is looking into."""
    target = public_target(f"breach:{publication.uuid}", now=now)
    if target is not None:
        _go(timeline, "checking", _file(timeline, target, now, known=True), now)


def _file(timeline: Timeline, target: Target, now: datetime, *, known: bool) -> Objection:
    clerk: User | None = timeline.world.user(LC, "clerk") if known else None
    key = next((one.key for one in target.points if one.changes), target.points[0].key)
    return filing.file_objection(
        target=target,
        by=filing.Objector(
            NAME, PHONE, code=(target.subject.uscc or "") if target.subject else "",
            identity=Objection.Identity.DOCUMENT if known else "",
        ),
        said=filing.Said([key], "change", f"{target.number} 与我单位掌握的情况不符（演示）。"),
        way=Objection.Way.DESK if known else Objection.Way.ONLINE,
        actor=clerk, now=now, is_demo=True,
    )  # fmt: skip


def _go(timeline: Timeline, fate: str, row: Objection, now: datetime) -> None:
    """Take an objection as far as its fate."""
    world, pk = timeline.world, row.pk
    credit, officer, head = (world.user(LC, role) for role in ("credit", "officer", "head"))

    def later(minutes: int) -> datetime:
        return now + timedelta(minutes=minutes)

    if fate == "asked":
        handling.ask(objection_id=pk, what="请补交营业执照复印件（演示）。", actor=credit, now=later(20))
    elif fate == "refused":
        handling.refuse(
            objection_id=pk,
            reason="签署的承诺由本人作出，内容有变化的，请到窗口办理更正（演示）。",
            actor=credit,
            now=later(20),
        )
    elif fate == "withdrawn":
        filing.take_back(objection_id=pk, now=later(20))
    if fate not in ("checking", "proposed", "approved", "answered", "closed"):
        return
    handling.accept(objection_id=pk, actor=credit, now=later(30))
    if fate == "checking":
        return
    change = fate == "answered"
    handling.propose(
        objection_id=pk, outcome="change" if change else "keep",
        changes={"content": "抽查结果为合格，无需整改（演示）"} if change else {},
        answer="已调阅案卷核对，情况如上（演示）。", actor=officer, now=later(60),
    )  # fmt: skip
    if fate == "proposed":
        return
    handling.approve(objection_id=pk, actor=head, now=later(90))
    if fate == "approved":
        return
    handling.carry_out(objection_id=pk, actor=credit, now=later(120))
    if fate == "closed":
        handling.deliver(objection_id=pk, on=local_date(now), how="in_person", actor=credit, now=later(150))


def _voices(timeline: Timeline, now: datetime) -> None:
    world = timeline.world
    credit, unit = world.user(LC, "credit"), world.user(LC, "officer").department
    for at, (kind, text, fate) in enumerate(
        (
            ("late", "提出异议十天没有答复（演示）。", "answered"),
            ("manner", "窗口午间提前下班（演示）。", "looking"),
            ("charged", "有中介冒用单位名义收费办理修复（演示）。", "received"),
        )
    ):
        row = complaints.file_complaint(
            said=complaints.Said(kind, text, unit.pk), now=now + timedelta(minutes=at), is_demo=True
        )
        if fate != "received":
            complaints.take(complaint_id=row.pk, actor=credit, now=now + timedelta(minutes=30 + at))
        if fate == "answered":
            complaints.answer(
                complaint_id=row.pk,
                text="已督促当日答复，并改进提醒（演示）。",
                actor=credit,
                now=now + timedelta(hours=1),
            )
    for at, (page, text, fate) in enumerate(
        (
            ("/rules/", "第二份文件的标题有错字（演示）", "corrected"),
            ("/catalogue/", "事项名称太长看不全（演示）", "not_taken"),
            ("/acts/", "一条许可的有效期看上去不对（演示）", "open"),
        )
    ):
        tip = tips.file_tip(said=tips.Said(page, text), now=now + timedelta(minutes=at), is_demo=True)
        if fate != "open":
            taken = fate == "corrected"
            tips.answer(
                tip_id=tip.pk, taken=taken, text="已处理（演示）。",
                became=ErrorTip.Became.CORRECTED if taken else "", actor=credit, now=now + timedelta(hours=1),
            )  # fmt: skip
