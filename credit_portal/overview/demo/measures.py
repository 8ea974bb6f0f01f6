"""The list of measures as the demonstration's district keeps it, and what was applied by it: decided with the checks, ended
with their records and with the days, lifted by two, fed back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from credit_portal.audit.clock import SHANGHAI, local_date
from credit_portal.registry import catalogue
from disclosure.exchange import measures as going_up
from verification import services as verification
from verification.checking import deciding
from verification.checking.handling import evidence_missing
from verification.measures import ending, keeping, lifting
from verification.models import AppliedMeasure, Check, CreditList, ListedMeasure
from verification.vocabulary import Route

from .days import open_day

if TYPE_CHECKING:
    from .timeline import Timeline

LC, EQ = "130111", "410103"
BASIS = "演示"
ENTERED, CHANGED, DRAFTED = -130, -40, -2
# When the units decide what was checked since they last did.
DECIDING = (-120, -70, -44, -28, -9, -3, -1)
# Subjects of the district by their places, known there from before: on which list, on which day, until when; when checked.
MEMBERS = (
    (1, "exemplary", -125, None, (-90, -25)),
    (11, "watch", -100, -15, (-60,)),
    (6, "watch", -95, 200, (-35, -12)),
    (3, "watch", -90, 150, (-33,)),
)
WORDS = {"exemplary": "区级诚信经营示范单位", "watch": "列入重点关注名单"}


def plan(timeline: Timeline) -> None:
    """Let the office keep its list and the market office check, decide and lift."""
    at = _on(timeline)
    at(ENTERED, lambda now: _keep(timeline, now))
    for place, code, since, until, checked in MEMBERS:
        at(since, lambda now, one=(place, code, until): _put_on_list(timeline, *one, now=now))  # type: ignore[misc]
        for day in checked:
            at(day, lambda now, place=place: _check(timeline, place, now))  # type: ignore[misc]
    for day in DECIDING:
        at(day, lambda now: _decide(now))
    at(CHANGED, lambda now: _change(timeline, now))
    at(-8, lambda now: _lift(timeline, now))
    at(DRAFTED, lambda now: _draft(timeline, now))


def _on(timeline: Timeline) -> Callable[[int, Callable[[datetime], None]], None]:
    def at(offset: int, act: Callable[[datetime], None]) -> None:
        # A fixed hour: what the demonstration draws by chance for its visits stays as it was.
        timeline.at(datetime.combine(open_day(timeline.day(offset)), time(10, 20), SHANGHAI), act)

    return at


def _enter(timeline: Timeline, code: str, now: datetime, **fields: object) -> ListedMeasure:
    values = {
        "region": timeline.world.regions[LC], "whom": CreditList.objects.get(code=code),
        "nature": ListedMeasure.Nature.ADMINISTRATIVE, "basis": BASIS, "effective_from": local_date(now),
        "actor": timeline.world.user(LC, "credit"), "now": now, "is_demo": True,
    }  # fmt: skip
    return keeping.enter(**(values | fields))  # type: ignore[arg-type]


def _keep(timeline: Timeline, now: datetime) -> None:
    second, later = timeline.world.user(LC, "credit2"), now + timedelta(hours=1)
    for code, fields in (
        ("exemplary", {"effect": "convenience", "text": "优化抽查检查频次，办理时走绿色通道"}),
        ("watch", {"effect": "key", "text": "增加抽查检查频次", "domain": "food_drug"}),
        ("watch", {"effect": "elsewhere", "text": "行业协会提醒约谈", "nature": ListedMeasure.Nature.INDUSTRY}),
        ("joint_sanction", {
            "effect": "elsewhere", "text": "金融机构审慎授信", "nature": ListedMeasure.Nature.MARKET, "domain": "finance",
        }),
    ):  # fmt: skip
        row = _enter(timeline, code, now, **fields)
        keeping.approve(measure_id=row.pk, actor=second, now=later)


def _change(timeline: Timeline, now: datetime) -> None:
    """One row is changed, one ends."""
    second, later = timeline.world.user(LC, "credit2"), now + timedelta(hours=1)
    old = ListedMeasure.objects.get(region=LC, whom__code="watch", effect="key")
    fresh = _enter(
        timeline,
        "watch",
        now,
        effect="key",
        text="每季度抽查检查不少于一次",
        domain="food_drug",
        replaces=old,
    )
    keeping.approve(measure_id=fresh.pk, actor=second, now=later)
    over = ListedMeasure.objects.get(region=LC, whom__code="watch", effect="elsewhere")
    keeping.end(
        measure_id=over.pk, last_day=local_date(now), actor=timeline.world.user(LC, "credit"), now=later
    )


def _draft(timeline: Timeline, now: datetime) -> None:
    """One waits for the second person."""
    _enter(timeline, "exemplary", now, effect="points", text="评审环节给予加分", domain="procurement")


def _put_on_list(timeline: Timeline, place: int, code: str, until: int | None, *, now: datetime) -> None:
    office = timeline.world.user(LC, "credit")
    known = CreditList.objects.get(code=code)
    verification.add_entry(
        subject=timeline.registered(LC, place, office, now),
        kind=known.entry_kind,
        credit_list=known,
        title=f"{WORDS[code]}（演示）",
        source="栾城区信用办（演示）",
        region=timeline.world.regions[LC],
        from_on=local_date(now),
        until_on=timeline.day(until) if until is not None else None,
        document_no=f"栾信（演示）{code}{place}号",
        operator=office,
        now=now,
        is_demo=True,
    )


def _check(timeline: Timeline, place: int, now: datetime) -> None:
    officer = timeline.world.user(LC, "officer")
    lineage = timeline.world.regions[LC].lineage
    item = catalogue.current_items(lineage=lineage, on=local_date(now)).get(item__code=f"{LC}-YS001")
    verification.check_subject(
        subject=timeline.registered(LC, place, officer, now),
        item_version=item,
        commitment_type="supervisory",
        purpose=Check.Purpose.OTHER,
        case_ref=f"检{now:%m%d}-{place}",
        operator=officer,
        now=now,
    )


def _decide(now: datetime) -> None:
    """Whoever has checked in the two districts decides, and applies what the answer brings; it goes to the platform where there is one."""
    ending.follow_the_days(now=now)
    rows = Check.objects.filter(
        outcome__isnull=True, operator__isnull=False, checked_at__lt=now, region__in=[LC, EQ]
    )
    for check in rows.select_related("operator").order_by("pk"):
        if check.operator is not None and any(one.ticked for one in deciding.offered(check)):
            result = deciding.RESULTS[Route(check.route)][0]
            if evidence_missing(check):
                continue
            deciding.decide(check_id=check.pk, result=result, measures=None, actor=check.operator, now=now)
    going_up.scan(now=now)


def _lift(timeline: Timeline, now: datetime) -> None:
    """One sanction is lifted by two of the market office; of another it has been asked and is not decided."""
    officer, head = timeline.world.user(LC, "officer"), timeline.world.user(LC, "head")
    running = AppliedMeasure.objects.filter(
        department=officer.department_id, effect="key", ended_on=None
    ).order_by("pk")
    for place, measure in enumerate(running[:2]):
        lifting.ask(measure_id=measure.pk, reason="复查合格，问题已整改（演示）", actor=officer, now=now)
        if place == 0:
            lifting.decide(
                measure_id=measure.pk, allow=True, answer="情况属实（演示）", actor=head,
                now=now + timedelta(hours=2),
            )  # fmt: skip
