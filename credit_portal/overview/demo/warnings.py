"""Consumers' complaints of the demonstration, what warnings they and penalties have brought and how they were answered; a
reading that waits for its second person, and pilots: one summed up, one running."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from commitments.models import ClauseWarning, Commitment, WarningRule
from commitments.readings import writing
from commitments.warnings import answering, finding, keeping
from credit_portal.audit.clock import SHANGHAI, local_date
from credit_portal.registry.codes import PERSON
from credit_portal.registry.models import Department, User
from disclosure.pilots import keeping as pilots
from verification import services as verification
from verification.complaints import taking
from verification.complaints.reading import Told

from .days import open_day

if TYPE_CHECKING:
    from .timeline import Timeline

REGION = "130111"
RULES, ANSWERED = -110, -4
# Days ago, whom (the commitments of the region's windows from the last), field, what about, result, what was done.
COMPLAINTS = (
    (-96, 0, "product_quality", "（演示）买的电水壶用两天就漏水，商家拒绝退换", "settled", "经调解，商家退货退款。"),
    (-74, 0, "product_quality", "（演示）网上标价与店内不一致", "settled", "商家按标价结算并改正价签。"),
    (-52, 1, "food_drug", "（演示）面包发霉，索要小票被拒", "unfounded", "现场检查，商品在保质期内，没有发现问题。"),
    (-33, 0, "product_quality", "（演示）承诺三天送货，十天没有送到", "unsettled", "双方没有达成一致，告知可以起诉。"),
    (-20, 2, "food_drug", "（演示）餐具不干净，投诉后没有整改", "settled", "责令整改并复查合格。"),
    (-8, 3, "environment", "（演示）夜间施工噪声扰民", "", ""),
)  # fmt: skip


def plan(timeline: Timeline) -> None:
    """Without chance: the rest of the year is the same with it and without."""
    timeline.at(_at(timeline, RULES, 9), lambda now: _rules(timeline, now))
    for number, (ago, *told) in enumerate(COMPLAINTS):
        timeline.at(_at(timeline, ago, 16), _complaint(timeline, number, ago, tuple(told)))
    timeline.at(_at(timeline, -15, 15), lambda now: _inspection(timeline, now))
    timeline.at(_at(timeline, ANSWERED, 14), lambda now: _answer(timeline, now))
    timeline.at(_at(timeline, -6, 14), lambda now: _draft(timeline, now))
    timeline.at(_at(timeline, -150, 14), lambda now: _pilot(timeline, now, ends=-30))
    timeline.at(_at(timeline, -28, 14), lambda now: _sum_up(timeline, now))
    timeline.at(_at(timeline, -45, 14), lambda now: _pilot(timeline, now, ends=90))


def _at(timeline: Timeline, ago: int, hour: int) -> datetime:
    return datetime.combine(open_day(timeline.day(ago)), time(hour, 37), SHANGHAI)


def _rules(timeline: Timeline, now: datetime) -> None:
    credit, second = timeline.world.user(REGION, "credit"), timeline.world.user(REGION, "credit2")
    keeping.adopt_shipped(region=credit.department.region, actor=credit, now=now, is_demo=True)
    for row in WarningRule.objects.filter(region=REGION, approved_at=None):
        keeping.approve(rule_id=row.pk, actor=second, now=now + timedelta(hours=1))


def _promised(number: int, before: date, *, answers: Department | None = None) -> Commitment | None:
    """A business that has a running promise of before a day, for which `answers` answers; of each business its first."""
    rows = Commitment.objects.filter(finding.running(), region=REGION, made_on__lt=before)
    if answers is not None:
        rows = rows.filter(item__department=answers)
    seen: dict[int, Commitment] = {}
    for row in rows.exclude(subject_kind=PERSON).select_related("subject").order_by("-made_on", "pk"):
        seen.setdefault(row.subject_id, row)
    found = list(seen.values())
    return found[number % len(found)] if found else None


def _complaint(
    timeline: Timeline, number: int, ago: int, told: tuple[int, str, str, str, str]
) -> Callable[[datetime], None]:
    whom, domain, about, result, text = told

    def act(now: datetime) -> None:
        # The same business for the same number: the first of the promises of before the first complaint.
        actor = timeline.world.user(REGION, "officer")
        row = _promised(whom, timeline.day(COMPLAINTS[0][0] - 5), answers=actor.department)
        if row is None:
            return
        today = local_date(now)
        taking.take(
            {1: Told(
                f"1{REGION}00{today:%Y%m%d}{number + 1:04d}", row.subject_kind, row.subject.name, str(row.subject.uscc),
                today - timedelta(days=4 if result else 2), domain, about, result, text, today if result else None,
            )},
            by=taking.by_person(actor), now=now,
        )  # fmt: skip

    return act


def _inspection(timeline: Timeline, now: datetime) -> None:
    """What an inspection has found after a promise. No penalty: that would change the answers of later checks."""
    row = _promised(2, timeline.day(-40), answers=timeline.world.user(REGION, "officer").department)
    if row is None:
        return
    credit = timeline.world.user(REGION, "credit")
    verification.add_entry(
        subject=row.subject, kind="other_act", title="（演示）监督检查发现隐瞒真实情况", source="信用中国（演示）",
        region=credit.department.region, from_on=local_date(now) - timedelta(days=3), operator=credit,
        document_no="栾市监查〔演示〕41号", now=now, is_demo=True,
    )  # fmt: skip


def _answer(timeline: Timeline, now: datetime) -> None:
    """The first two warnings of whoever has staff to answer: one a false alarm, one true; the others wait."""
    by_department = {
        user.department_id: user
        for user in User.objects.filter(department__region=REGION, groups__name__in=finding.ANSWERS).order_by(
            "-pk"
        )
    }
    waiting = ClauseWarning.objects.filter(department__in=list(by_department), state="open")
    # Two warnings by one entry are answered alike: of each entry the first.
    by_entry: dict[int, ClauseWarning] = {}
    for row in waiting.leading().order_by("pk"):
        by_entry.setdefault(row.entry_id, row)
    for true, row in zip((False, True), by_entry.values(), strict=False):
        text = (
            "（演示）现场查看，投诉的事情属实，商家正在整改。"
            if true
            else "（演示）经核实，商品与承诺的事项无关，不违反承诺。"
        )
        answering.answer(
            warning_id=row.pk, true=true, text=text, actor=by_department[row.department_id], now=now
        )


def _draft(timeline: Timeline, now: datetime) -> None:
    writing.write(
        draft_id=None, domain="food_drug", title="食品经营者诚信读本（修订稿，演示）",
        body="（演示）进货查验要留票。\n（演示）过期食品当日下架，不得改换标签。\n（演示）消费者投诉二十四小时内答复。",
        actor=timeline.world.user(REGION, "officer"), now=now,
    )  # fmt: skip


def _pilot(timeline: Timeline, now: datetime, *, ends: int) -> None:
    credit = timeline.world.user(REGION, "credit")
    over = ends < 0
    title, domain = ("容缺受理试点（演示）", "") if over else ("食品经营告知承诺试点（演示）", "food_drug")
    row = pilots.begin(
        plan=pilots.Plan(
            title, local_date(now), timeline.day(ends),
            "（演示）申请人少交材料、少跑一趟。\n（演示）承诺全部公开，到期复核。", "赵主任（演示）", domain=domain,
        ),
        actor=credit, now=now,
    )  # fmt: skip
    pilots.show(pilot_id=row.pk, public=True, actor=credit, now=now + timedelta(minutes=5))
    pilots.add_note(
        pilot_id=row.pk, on=local_date(now), text="（演示）启动会，明确分工和事项清单。", actor=credit,
        now=now + timedelta(minutes=10),
    )  # fmt: skip


def _sum_up(timeline: Timeline, now: datetime) -> None:
    credit = timeline.world.user(REGION, "credit")
    row = pilots.pilots_visible_to(credit).filter(title__startswith="容缺受理试点").first()
    if row is not None:
        pilots.close(
            pilot_id=row.pk, verdict="spread",
            summary="（演示）先核查后承诺，材料逐项收齐，没有出现虚假承诺。\n（演示）建议在其他窗口推开。",
            actor=credit, now=now,
        )  # fmt: skip
