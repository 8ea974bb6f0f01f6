"""What some of the demonstration's breaches brought with them: rectification, interviews, a revoked licence, letters; and
a listing of joint sanctions with the procedure against its responsible person begun."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from commitments.consequences import handing_over, interviewing, letters, rectifying
from commitments.models import BreachCase, RevocationHandoff
from credit_portal.audit.clock import SHANGHAI, local_date
from credit_portal.deadlines.calendars import current_calendar
from credit_portal.registry.models import User
from verification import listing, listing_grounds, listing_opening
from verification.models import Listing

from . import list_methods, people, subjects
from .days import working_days_from

if TYPE_CHECKING:
    from .timeline import Timeline

LC = "130111"
WANTED = "三十日内建立进货台账，补交检测报告（演示）。\n整改情况书面报告本单位。"
REASON = "整改期满仍没有按承诺补交检测报告（演示）。"


def follow(timeline: Timeline, case: BreachCase, which: str, officer: User, served: date) -> None:
    """Begin what a served case brings with it, one of WAYS, some working days after service."""
    way, wait = WAYS[which]
    first = working_days_from(current_calendar(), served, wait)
    timeline.at(timeline.moment(first), way(timeline, case, officer))


Act = Callable[[datetime], None]


def _later(timeline: Timeline, day: date, act: Act) -> None:
    timeline.at(timeline.moment(day), act)


def _put_right(timeline: Timeline, case: BreachCase, officer: User) -> Act:
    """Ordered, reported, found right."""

    def order(now: datetime) -> None:
        row = rectifying.order(case_id=case.pk, requirements=WANTED, actor=officer, now=now)

        def report(later: datetime) -> None:
            rectifying.record_report(
                row_id=row.pk, expect="running", report="台账已经建立，报告已经取得（演示）。",
                reported_on=local_date(later), actor=officer, now=later,
            )  # fmt: skip
            _later(timeline, local_date(later) + timedelta(days=3), judge)

        def judge(later: datetime) -> None:
            rectifying.judge(
                row_id=row.pk, expect="reported", passed=True, judgement="现场核查，整改到位（演示）。",
                actor=officer, now=later,
            )  # fmt: skip

        _later(timeline, local_date(now) + timedelta(days=16), report)

    return order


def _not_put_right(timeline: Timeline, case: BreachCase, officer: User) -> Act:
    """Ordered, not put right, warned in an interview, and the licence revoked by the bureau."""

    def order(now: datetime) -> None:
        row = rectifying.order(case_id=case.pk, requirements=WANTED, actor=officer, now=now)

        def judge(later: datetime) -> None:
            rectifying.judge(
                row_id=row.pk, expect="running", passed=False, judgement=f"现场核查：{REASON}",
                actor=officer, now=later,
            )  # fmt: skip
            _invite(timeline, case, officer, later, kind="warning", then=_revoke(timeline, case, officer))

        _later(timeline, row.due_on + timedelta(days=2), judge)

    return order


def _reminded(timeline: Timeline, case: BreachCase, officer: User) -> Act:
    """Reminded in an interview at once."""
    return lambda now: _invite(timeline, case, officer, now, kind="reminder")


def _runs(timeline: Timeline, case: BreachCase, officer: User) -> Act:
    """Ordered lately: the limit is near."""
    day = timeline.today - timedelta(days=27)
    return lambda _: _later(
        timeline,
        day,
        lambda now: _none(rectifying.order(case_id=case.pk, requirements=WANTED, actor=officer, now=now)),
    )


def _told(timeline: Timeline, case: BreachCase, officer: User) -> Act:
    """A state firm's superior and auditor are told; one of the letters has its receipt."""

    def write(now: datetime) -> None:
        for role in letters.missing(case):
            recipient = f"{case.region.name}{role.label}（演示）"
            row = letters.write(
                case_id=case.pk,
                role=role,
                recipient=recipient,
                address="",
                content=REASON,
                actor=officer,
                now=now,
            )
            letters.send(
                row_id=row.pk,
                expect="written",
                method="exchange",
                sent_on=local_date(now),
                actor=officer,
                now=now,
            )
            if role == letters.Role.SUPERIOR:
                letters.receive(
                    row_id=row.pk, expect="sent", received_on=local_date(now), receipt="（演示）回函 3 号",
                    actor=officer, now=now,
                )  # fmt: skip

    return write


def _invite(
    timeline: Timeline, case: BreachCase, officer: User, now: datetime, *, kind: str, then: Act | None = None
) -> None:
    day = working_days_from(current_calendar(), local_date(now), 4)
    row = interviewing.invite(
        case_id=case.pk,
        kind=kind,
        invited="主要负责人（演示）",
        reasons=REASON,
        scheduled_at=datetime.combine(day, time(10), SHANGHAI),
        place="二楼会议室（演示）",
        actor=officer,
        now=now,
    )

    def record(later: datetime) -> None:
        interviewing.record(
            row_id=row.pk, expect="invited", came=True, held_on=local_date(later), attendees="主要负责人、经办人（演示）",
            minutes="说明了没有补交的原因，表示立即改正（演示）。", undertakings="十日内补交检测报告（演示）。",
            actor=officer, now=later,
        )  # fmt: skip
        if then is not None:
            then(later)

    timeline.at(datetime.combine(day, time(11), SHANGHAI), record)


def _revoke(timeline: Timeline, case: BreachCase, officer: User) -> Act:
    """Handed over, taken in and decided by the approval bureau."""
    bureau = timeline.world.user(case.region_id, "bureau")

    def hand(now: datetime) -> None:
        row = handing_over.hand_over(
            case_id=case.pk, licence_name=case.commitment.item_version.name,
            licence_no=f"（演示）许字〔{now.year}〕77号", reasons=REASON, actor=officer, now=now,
        )  # fmt: skip
        _later(timeline, working_days_from(current_calendar(), local_date(now), 2), take(row))

    def take(row: RevocationHandoff) -> Act:
        def act(now: datetime) -> None:
            handing_over.acknowledge(row_id=row.pk, expect="sent", actor=bureau, now=now)
            _later(timeline, working_days_from(current_calendar(), local_date(now), 9), decide(row))

        return act

    def decide(row: RevocationHandoff) -> Act:
        return lambda now: _none(
            handing_over.decide(
                row_id=row.pk, expect="acknowledged", revoked=True, decision="撤销许可（演示）。",
                decision_no=f"（演示）撤字〔{now.year}〕2号", decided_on=local_date(now), actor=bureau, now=now,
            )
        )  # fmt: skip

    return hand


# How many working days after service each begins.
WAYS: dict[str, tuple[Callable[[Timeline, BreachCase, User], Act], int]] = {
    "put_right": (_put_right, 3),
    "not_put_right": (_not_put_right, 3),
    "reminded": (_reminded, 5),
    "runs": (_runs, 3),
    "told": (_told, 4),
}


# ---- a listing of joint sanctions --------------------------------------------------------------------------


def plan(timeline: Timeline) -> None:
    """One firm is put on a list; the procedure against its legal representative has begun. Another is watched."""
    _later(timeline, timeline.day(-58), lambda now: _list(timeline, now))
    _later(timeline, timeline.day(-52), lambda now: _list(timeline, now, watch=True))


def _list(timeline: Timeline, now: datetime, *, watch: bool = False) -> None:
    officer, head = (timeline.world.user(LC, role) for role in ("officer", "head"))
    firm = timeline.registered(LC, 4 if watch else 0, officer, now)
    grounds = listing_grounds.grounds_of(firm, on=local_date(now))
    row = listing_opening.open_listing(
        subject=firm,
        kind=Listing.Kind.WATCH if watch else Listing.Kind.JOINT,
        list_name=list_methods.WATCH if watch else list_methods.JOINT,
        basis="《市场监督管理严重违法失信名单管理办法》",
        standard="经营超过保质期的食品，情节严重",
        facts="查获超过保质期的食品三批（演示）。",
        grounds=[row.pk for row in grounds if row.kind == "penalty"],
        measures=[{"domain": "procurement", "effect": "key", "basis": "演示"}],
        actor=officer,
        now=now,
        is_demo=True,
    )
    step = {"listing_id": row.pk, "actor": officer}

    def notice(later: datetime) -> None:
        day = local_date(later)
        listing.give_notice(
            **step, expect="opened", noticed_on=day, noticed_until=day + timedelta(days=400), now=later
        )
        _later(timeline, local_date(later) + timedelta(days=14), propose)

    def propose(later: datetime) -> None:
        listing.propose(
            **step, expect="noticed", term_until=local_date(later) + timedelta(days=365),
            exit_rule="期满，或者期满一年后申请并经核查（演示）", statement_considered="", now=later,
        )  # fmt: skip
        _later(timeline, local_date(later) + timedelta(days=1), decide)

    def decide(later: datetime) -> None:
        listing.decide(
            listing_id=row.pk, expect="proposed", document_no="（演示）列字1号", actor=head, now=later
        )
        _later(timeline, local_date(later) + timedelta(days=3), serve)

    def serve(later: datetime) -> None:
        served: Listing = listing.serve(
            **step, expect="decided", served_on=local_date(later), service="当面送达（演示）", now=later
        )
        if not watch:
            _later(timeline, local_date(later) + timedelta(days=9), lambda at: _person(served, officer, at))

    _later(timeline, local_date(now) + timedelta(days=1), notice)


def _person(parent: Listing, officer: User, now: datetime) -> None:
    responsible = parent.subject.responsible.filter(until_on__isnull=True).first()
    if responsible is None:
        return
    row = listing_opening.open_person(
        parent_id=parent.pk,
        responsible_id=responsible.pk,
        facts="作为法定代表人，对查获的事实负责（演示）。",
        measures=[],
        id_number=people.identity_number(date(1975, 3, 1), 90),
        actor=officer,
        now=now,
    )
    listing.give_notice(
        listing_id=row.pk, expect="opened", noticed_on=local_date(now), noticed_until=parent.term_until, actor=officer,
        now=now,
    )  # fmt: skip


def lay(timeline: Timeline, *, now: datetime) -> None:
    """The subject with a public breach has been told today that it may be watched: its pages ask for what it has to say."""
    officer = timeline.world.user(LC, "officer")
    breach = subjects.repairable(now=now)
    if breach is None:
        return
    grounds = listing_grounds.grounds_of(breach.subject, on=local_date(now))
    # Where every such subject is watched already, one of them has nothing new to be told.
    if not grounds or breach.subject.listings.filter(kind=Listing.Kind.WATCH).exists():
        return
    row = listing_opening.open_listing(
        subject=breach.subject,
        kind=Listing.Kind.WATCH,
        list_name=list_methods.WATCH,
        basis="《市场监督管理严重违法失信名单管理办法》；本区重点关注对象管理的规定（演示）",
        standard="一年内没有履行信用承诺，没有达到联合惩戒标准的（演示）",
        facts="没有按承诺的期限完成，经认定为承诺违约，认定书已经送达（演示）。",
        grounds=[one.pk for one in grounds],
        measures=[{"domain": "procurement", "effect": "key", "basis": "本区重点关注对象管理的规定（演示）"}],
        actor=officer,
        now=now,
        is_demo=True,
    )
    listing.give_notice(
        listing_id=row.pk, expect="opened", noticed_on=local_date(now),
        noticed_until=local_date(now) + timedelta(days=365), actor=officer, now=now,
    )  # fmt: skip


def _none(_result: object) -> None:
    """An event gives nothing back."""
