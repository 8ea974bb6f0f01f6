"""Checks at the desk in the demonstration: one that refuses, one with points, one that is disputed, one excepted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from credit_portal.audit.clock import local_date
from credit_portal.registry import catalogue
from credit_portal.registry.models import ServiceItemVersion
from verification import services
from verification.checking import deciding, looking, objecting, overriding
from verification.models import Check, CheckSource
from verification.vocabulary import Route

from .days import open_day

if TYPE_CHECKING:
    from .timeline import Timeline

ZH = "130129"
DEFAULTER, EXEMPLARY, DISPUTED = 5, 0, 7
BUYING, LICENCE = "政府采购供应商资格声明", "食品经营许可"


def plan(timeline: Timeline) -> None:
    """On four working days of the last fortnight, after the lists have come in."""
    for day, act in ((-9, _refused), (-8, _with_points), (-5, _disputed), (-4, _excepted)):
        timeline.at(timeline.moment(open_day(timeline.day(day))), act(timeline))


def _item(timeline: Timeline, name: str, now: datetime) -> ServiceItemVersion:
    region = timeline.world.user(ZH, "officer").department.region
    found = catalogue.current_items(lineage=region.lineage, on=local_date(now)).filter(name__startswith=name)
    return found.order_by("pk")[0]


def _check(timeline: Timeline, place: int, name: str, case_ref: str, now: datetime, step: str = "") -> Check:
    officer, item = timeline.world.user(ZH, "officer"), _item(timeline, name, now)
    return services.check_subject(
        subject=timeline.registered(ZH, place, officer, now), item_version=item,
        commitment_type=item.allowed_types[0], case_ref=case_ref, purpose=Check.Purpose.OTHER, operator=officer,
        step=step, now=now,
    )  # fmt: skip


def _refused(timeline: Timeline) -> Callable[[datetime], None]:
    def act(now: datetime) -> None:
        officer = timeline.world.user(ZH, "officer")
        check = _check(timeline, DEFAULTER, BUYING, "赞采2026-演示1", now, step="qualification")
        sources = list(CheckSource.objects.filter(region="000000").order_by("order")[:2])
        looking.look(
            check_id=check.pk,
            looked=[
                looking.Looked(
                    "found", source.pk, note="查到一条失信被执行人信息（演示）",
                    screenshot=looking.File(timeline.page, "image/png", "查询截屏（演示）.png"),
                )
                for source in sources
            ],
            actor=officer, now=now,
        )  # fmt: skip
        objecting.tell(check_id=check.pk, acknowledged_by="投标人代表（演示）", actor=officer, now=now)
        later = now + timedelta(minutes=40)
        result = "refused" if check.route == Route.REFUSED else "ordinary"
        deciding.decide(check_id=check.pk, result=result, measures=None, actor=officer, now=later)

    return act


def _with_points(timeline: Timeline) -> Callable[[datetime], None]:
    def act(now: datetime) -> None:
        officer = timeline.world.user(ZH, "officer")
        check = _check(timeline, EXEMPLARY, BUYING, "赞采2026-演示2", now)
        looking.take_report(
            check_id=check.pk, number="XYBG-演示-2026-18", issuer="某信用服务机构（演示）", issued_on=local_date(now),
            summary="没有不良信息", actor=officer, now=now,
        )  # fmt: skip
        if check.route == Route.COMMITMENT:
            deciding.decide(
                check_id=check.pk,
                result="granted",
                measures=None,
                actor=officer,
                now=now + timedelta(minutes=9),
            )

    return act


def _disputed(timeline: Timeline) -> Callable[[datetime], None]:
    def act(now: datetime) -> None:
        officer = timeline.world.user(ZH, "officer")
        check = _check(timeline, DISPUTED, BUYING, "赞采2026-演示3", now)
        for entry_id in objecting.disputable(check)[:1]:
            objecting.file(
                check_id=check.pk, entry_id=entry_id, proof="repair", document_no="（演示）财采解1号",
                issuer="赞皇县财政局（演示）", issued_on=local_date(now),
                document=looking.File(timeline.page, "image/png", "移出通知（演示）.png"), actor=officer, now=now,
            )  # fmt: skip

    return act


def _excepted(timeline: Timeline) -> Callable[[datetime], None]:
    def act(now: datetime) -> None:
        officer, head = timeline.world.user(ZH, "officer"), timeline.world.user(ZH, "head")
        check = _check(timeline, DEFAULTER, LICENCE, "赞审2026-演示4", now)
        if check.route == Route.ORDINARY:
            overriding.ask(
                check_id=check.pk, reason="已与法院达成执行和解并按期履行（演示）", actor=officer, now=now
            )
            overriding.decide(
                check_id=check.pk, allow=True, answer="和解协议和履行凭证齐全（演示）", actor=head,
                now=now + timedelta(minutes=25),
            )  # fmt: skip

    return act
