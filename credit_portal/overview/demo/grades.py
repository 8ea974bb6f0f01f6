"""Grades of the demonstration: a standard in force by which all are graded, the draft of the next; evaluations from above,
given to a department, an association and, of one who agreed, a bank; two visits that bundle what was drawn, one announced."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import Count, Q, QuerySet

from commitments.models import Commitment, RosterEntry, Visit
from commitments.rechecks import drawing, planning
from commitments.visits import arranging
from credit_portal.audit.clock import local_date
from credit_portal.documents import writing
from credit_portal.registry.models import CreditSubject, User
from verification import services as record
from verification.checking.looking import File
from verification.consent import keeping as consents
from verification.grades import grading, keeping, passing, receiving
from verification.grades.keeping import Line, Told

from .people import business_code
from .places import MARK

if TYPE_CHECKING:
    from .timeline import Timeline

LC = "130111"
BANK = "演示农村商业银行"
EVALUATED = 24
LINES = (
    Line("breach", "in_publicity", -50, grade="serious"),
    Line("breach", "in_publicity", -30),
    Line("breach", "unrepaired", -15, months=36),
    Line("list", "unrepaired", -60),
    Line("penalty", "unrepaired", -20, months=36, most=3),
    Line("exemplary", "valid", 20, most=1),
    Line("good_standing", "valid", 10, most=1),
    Line("fulfilment", "valid", 2, months=24, most=5),
)


def lay(timeline: Timeline, *, now: datetime) -> None:
    """All of it, after the year has run."""
    _standard(timeline, now)
    _evaluations(timeline, now)
    _visits(timeline, now)


def _standard(timeline: Timeline, now: datetime) -> None:
    first, second = timeline.world.user(LC, "credit"), timeline.world.user(LC, "credit2")
    region, begun = timeline.world.regions[LC], now - timedelta(days=30)
    told = Told(
        "栾城区主体信用分级标准（演示）", "S1 三（七）", True, 100, 110, 85, 60, "lower", "ordinary", "ordinary", "higher",
        local_date(begun), None, LINES,
    )  # fmt: skip
    draft = keeping.save_draft(region=region, told=told, actor=first, now=begun, is_demo=True)
    keeping.approve(standard_id=draft.pk, actor=second, now=begun + timedelta(hours=3))
    grading.grade_all(standard_id=draft.pk, now=now - timedelta(days=1))
    keeping.save_draft(
        region=region, actor=second, now=now - timedelta(days=2), is_demo=True,
        told=replace(told, effective_from=local_date(now) + timedelta(days=45), b_from=90),
    )  # fmt: skip


def _evaluations(timeline: Timeline, now: datetime) -> None:
    credit, at = timeline.world.user(LC, "credit"), now - timedelta(days=5)
    month = (local_date(at).replace(day=1) - timedelta(days=1)).strftime("%Y-%m")
    businesses = CreditSubject.objects.filter(is_demo=True, region=LC).exclude(kind="person").order_by("pk")
    guild = timeline.world.departments[LC, "caterers"]
    members = RosterEntry.objects.filter(department=guild, sort="members", left_on=None)
    chosen = [*businesses.filter(pk__in=members.values("subject"))[:8], *businesses[:EVALUATED]]
    content = writing.write(
        "xlsx",
        list(receiving.HEADS.values()),
        [
            (
                str(one.get_kind_display()), one.name, str(one.uscc), ("优", "良", "良", "中", "差")[place % 5],
                month, "省公共信用信息中心（演示）",
            )
            for place, one in enumerate(dict.fromkeys(chosen))
        ],
    )  # fmt: skip
    receiving.take(name=f"综合评价{month}.xlsx", content=content, actor=credit, now=at, is_demo=True)
    market = timeline.world.departments[LC, "market"]
    code = business_code("91", LC, 9_002)
    for kind, unit, name in (
        ("department", market, ""),
        ("association", guild, ""),
        ("bank", None, BANK),
    ):
        made = passing.add_recipient(
            kind=kind, name=name, code=code if kind == "bank" else "", department=unit, basis="S1 三（六）",
            actor=credit, now=at, is_demo=True,
        )  # fmt: skip
        if kind == "bank":
            _agreed(timeline, chosen[0], code, at)
        try:
            # The association's list of members is of today.
            passing.pass_on(recipient_id=made.pk, period=month, actor=credit, now=now, is_demo=True)
        except receiving.EvaluationRefused:
            # An association none of whose members was evaluated.
            continue


def _agreed(timeline: Timeline, subject: CreditSubject, code: str, at: datetime) -> None:
    """One of those who were evaluated lets the bank know, for a loan; of the others it learns nothing."""
    told = consents.Told(
        purpose="loan", recipient="body", scope="record", parts=["evaluations"], body_name=BANK, body_code=code,
        expires_on=local_date(at) + timedelta(days=90),
    )  # fmt: skip
    consents.give_at_window(
        subject=subject, told=told, asked_by=f"代办人{MARK}", capacity="agent", identity_seen=True,
        paper=File(timeline.page, "image/png", "同意书（演示）.png"),
        authorisation=File(timeline.page, "image/png", "授权委托书（演示）.png"),
        actor=timeline.world.user(LC, "clerk"), now=at,
    )  # fmt: skip


def _visits(timeline: Timeline, now: datetime) -> None:
    """All that subjects with something adverse on record have promised is drawn, of the others some, and bundled."""
    world, at = timeline.world, now - timedelta(days=2)
    _fined(timeline, at)
    plan = planning.propose(
        told=planning.Told(
            "有信用记录的主体复核（演示）", local_date(at), by_risk=True, higher_percent=100, lower_percent=10
        ),
        actor=world.user(LC, "credit"), now=at, is_demo=True,
    )  # fmt: skip
    planning.approve(plan_id=plan.pk, actor=world.user(LC, "credit2"), now=at)
    drawing.draw_due(plan_id=plan.pk, now=at)
    drawing.open_duties(now=at)
    arranging.bundle(actor=world.user(LC, "credit"), now=at, is_demo=True)
    led = {user.department_id: user for user in _leaders()[::-1]}
    ready = [visit for visit in Visit.objects.order_by("pk") if visit.lead_id in led]
    for place, visit in enumerate(ready[:2]):
        arranging.plan(
            visit_id=visit.pk, day=min(local_date(now) + timedelta(days=6), visit.until_on), announced=not place,
            note="上午九点半到场，请备好证照和台账（演示）。", actor=led[visit.lead_id], now=now - timedelta(days=1),
        )  # fmt: skip


def _fined(timeline: Timeline, at: datetime) -> None:
    """Of whom most departments hold a running promise, has been fined since: all of it is looked at, in one visit."""
    running = Commitment.objects.filter(
        is_demo=True,
        region=LC,
        fulfilment="running",
        voided_at=None,
        made_on__lt=local_date(at),
        breach_cases=None,
    ).exclude(Q(subject__kind="person") | Q(item__department__kind="association"))
    most = (
        running.values("subject")
        .annotate(units=Count("item__department", distinct=True), number=Count("pk"))
        .order_by("-units", "-number", "subject")
        .first()
    )
    if most is None:
        return
    market = timeline.world.departments[LC, "market"]
    record.add_entry(
        subject=CreditSubject.objects.get(pk=most["subject"]), kind="penalty", title="未按规定明码标价（演示）",
        source=market.name, department=market, region=market.region, document_no="栾市监罚〔演示〕21号",
        basis="价格法第四十二条", from_on=local_date(at), operator=None, now=at, is_demo=True,
    )  # fmt: skip


def _leaders() -> QuerySet[User]:
    return User.objects.filter(groups__name__in=arranging.ARRANGES, is_active=True).order_by("pk")
