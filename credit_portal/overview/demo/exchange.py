"""The platform above one of the demonstration's regions: packages handed over, receipts taken, one record refused."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from credit_portal.audit.clock import local_date
from disclosure.exchange import batches, packages, receipts, scanning, setting_up
from disclosure.exchange.receipts import Answer
from disclosure.models import ExchangeBatch, ExchangePlatform, ExchangeRecord

if TYPE_CHECKING:
    from .timeline import Timeline

EQ = "410103"
# Days before today: set up, each package; the last one has no receipt yet.
SET_UP, PACKED = -75, (-73, -45, -24, -5)


def plan(timeline: Timeline) -> None:
    """Let the office set the platform up and hand over its packages."""
    timeline.at(timeline.moment(timeline.day(SET_UP)), lambda now: _set_up(timeline, now))
    for place, day in enumerate(PACKED):
        timeline.at(
            timeline.moment(timeline.day(day)),
            lambda now, place=place: _hand_over(timeline, place, now),  # type: ignore[misc]
        )


def _set_up(timeline: Timeline, now: datetime) -> None:
    setting_up.save_platform(
        platform_id=None,
        values={
            "name": "郑州市公共信用信息平台（演示）",
            "adapter": ExchangePlatform.Adapter.FILE,
            "address": "",
            "running": ExchangePlatform.Running.APART,
            "supervisory_as": ExchangePlatform.Supervisory.PROOF,
            "file_format": ExchangePlatform.Format.XLSX,
            "batch_rows": 500,
            "since": timeline.day(-365),
            "is_active": True,
        },
        actor=timeline.world.user(EQ, "credit"),
        now=now,
    )
    while scanning.scan(now=now):
        pass


def _hand_over(timeline: Timeline, place: int, now: datetime) -> None:
    office = timeline.world.user(EQ, "credit")
    platform = ExchangePlatform.objects.get(region=EQ)
    for running in (False, True):
        try:
            batch = batches.make_package(platform_id=platform.pk, running=running, actor=office, now=now)
        except batches.ExchangeError:
            # Nothing waits.
            continue
        packages.pack({"batch": batch.pk}, key="", now=now)
        for _part in packages.download(batch_id=batch.pk, actor=office, now=now):
            pass
        if place < len(PACKED) - 1:
            _answer(batch, first=place == 1 and running, on=local_date(now), timeline=timeline, now=now)


def _answer(batch: ExchangeBatch, *, first: bool, on: date, timeline: Timeline, now: datetime) -> None:
    """The platform's receipt; of the second package it refuses one record."""
    office = timeline.world.user(EQ, "credit")
    records = list(ExchangeRecord.objects.filter(batch=batch).order_by("place"))
    answers = [
        Answer(one.key, accepted=False, reasons=(("6", "承诺事由没有写明所申请的事项（演示）"),))
        if first and one is records[0] and one.operation == ExchangeRecord.Operation.PUT
        else Answer(one.key, accepted=True, reference=f"演示{one.pk}")
        for one in records
    ]
    receipts.take_receipt(
        batch_id=batch.pk,
        answers=answers,
        raw=f"演示回执 {batch.number}".encode(),
        source="file",
        actor=office,
        now=now,
    )
    batches.note_forwarded(
        batch_id=batch.pk, on=on, reference=f"（演示）送省 {batch.number}", actor=office, now=now
    )
