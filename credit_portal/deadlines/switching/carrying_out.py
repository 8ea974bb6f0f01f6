"""Carrying an order out on its day: in batches, each a transaction that also says how far it has come. Killed between two
of them, the next pass goes on; a record is moved once (unique line, and a record that has moved has nothing to move)."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Q

from credit_portal.audit.clock import local_date
from credit_portal.audit.recording import together
from credit_portal.deadlines.models import SwitchLine, SwitchOrder

from . import kinds
from .kinds import Kind, Moved, Writing
from .notices import tell_moved
from .orders import State, change_of, line_of, stored_days, tell

BATCH = 500
# Of one pass, so that what else is due does not wait for long; the next pass goes on.
MOST_A_PASS = 50_000

GONE = "施行时已不是待调整的事项（已办结、已停止或已变更）"
SAME = "施行时重新计算，日期不再改变"
SPARED = "对当事人不利，按本令不作调整"
UNKNOWN = "系统中没有这类事项"


def follow_the_days(*, now: datetime) -> int:
    """Step of the sweep: the approved orders whose day has come. Gives how many records were looked at."""
    due = SwitchOrder.objects.filter(
        state__in=[State.APPROVED, State.RUNNING], effective_on__lte=local_date(now)
    )
    total = 0
    for pk in list(due.order_by("effective_on", "pk").values_list("pk", flat=True)):
        while total < MOST_A_PASS:
            done = carry_on(pk, now=now)
            if done is None:
                break
            total += done
    return total


def carry_on(order_id: int, *, now: datetime) -> int | None:
    """One batch of an order. Gives how many records it looked at; None when the order is done (or another does it)."""
    with transaction.atomic(), together():
        order = (
            SwitchOrder.objects.select_for_update(of=("self",), skip_locked=True)
            .select_related("region", "proposal__rule", "proposal__region", "rule__region")
            .filter(pk=order_id, state__in=[State.APPROVED, State.RUNNING])
            .first()
        )
        if order is None:
            return None
        if order.state == State.APPROVED:
            order.state, order.started_at = State.RUNNING, now
            tell(order, "started", None, now)
        left = [name for name in order.kinds if order.progress.get(name, 0) is not None]
        looked = _batch(order, left[0], now=now) if left else 0
        if all(order.progress.get(name, 0) is None for name in order.kinds):
            _finish(order, now)
        order.save()
        return looked


def _batch(order: SwitchOrder, name: str, *, now: datetime) -> int:
    kind = kinds.known().get(name)
    after = order.progress.get(name, 0)
    planned = order.lines.filter(kind=name, state=SwitchLine.State.PLANNED, record_id__gt=after)
    if kind is None:
        _skip(list(planned), UNKNOWN, now)
        order.progress[name] = None
        return 0
    change = change_of(order, day=local_date(now))
    rows = list(
        kind.candidates(change).filter(pk__gt=after).order_by("pk").select_for_update(of=("self",))[:BATCH]
    )
    full = len(rows) == BATCH
    if full:
        planned = planned.filter(record_id__lte=rows[-1].pk)
    lines = {line.record_id: line for line in planned}
    chosen: list[tuple[Any, Moved]] = []
    for row in rows:
        moved = kind.move(row, change)
        line = lines.get(row.pk)
        if moved is None or not moved.moves:
            if line is not None:
                _settle(line, SwitchLine.State.SKIPPED, SAME, now)
        elif moved.worse and order.spare_worse:
            line = lines.setdefault(row.pk, line_of(order, kind, moved, previewed=[]))
            line.differs = line.previewed != stored_days(moved)
            _settle(line, SwitchLine.State.SKIPPED, SPARED, now)
        else:
            chosen.append((row, moved))
    _write(order, kind, chosen, lines, now=now)
    for line in lines.values():
        if line.state == SwitchLine.State.PLANNED:
            _settle(line, SwitchLine.State.SKIPPED, GONE, now)
    _keep(lines)
    order.progress[name] = rows[-1].pk if full else None
    return len(rows)


def _write(
    order: SwitchOrder,
    kind: Kind,
    chosen: list[tuple[Any, Moved]],
    lines: dict[int, SwitchLine],
    *,
    now: datetime,
) -> None:
    writing = Writing(now=now, cause=f"order:{order.pk}", note=f"第 {order.pk} 号调整令：{order.reason}")
    refused = kind.write(chosen, writing) if chosen else {}
    for _row, moved in chosen:
        line = lines.setdefault(moved.pk, line_of(order, kind, moved, previewed=[]))
        line.days = stored_days(moved)
        line.worse, line.ends = moved.worse, moved.ends
        line.differs = line.previewed != line.days
        if moved.pk in refused:
            line.days = []
            _settle(line, SwitchLine.State.SKIPPED, refused[moved.pk], now)
            continue
        _settle(line, SwitchLine.State.MOVED, moved.why, now)
        if not kind.tells:
            tell_moved(kind, moved, order_id=order.pk, now=now, cause=writing.cause)


def _settle(line: SwitchLine, state: SwitchLine.State, why: str, now: datetime) -> None:
    line.state, line.at, line.note = state, now, why[:300]
    if state == SwitchLine.State.SKIPPED and why in (GONE, SAME):
        line.differs = True


def _skip(lines: list[SwitchLine], why: str, now: datetime) -> None:
    for line in lines:
        _settle(line, SwitchLine.State.SKIPPED, why, now)
    _keep({line.record_id: line for line in lines})


def _keep(lines: dict[int, SwitchLine]) -> None:
    # Apart before the new ones get their keys.
    new = [line for line in lines.values() if line.pk is None]
    old = [line for line in lines.values() if line.pk is not None]
    SwitchLine.objects.bulk_create(new)
    SwitchLine.objects.bulk_update(old, ["days", "state", "differs", "worse", "ends", "note", "at"])


def _finish(order: SwitchOrder, now: datetime) -> None:
    order.state, order.finished_at = State.DONE, now
    counted = counts(order)
    tell(order, "done", None, now, moved=counted["moved"], skipped=counted["skipped"])


def counts(order: SwitchOrder) -> dict[str, int]:
    """The protocol in figures."""
    return order.lines.aggregate(
        planned=Count("pk", filter=Q(state=SwitchLine.State.PLANNED)),
        moved=Count("pk", filter=Q(state=SwitchLine.State.MOVED)),
        skipped=Count("pk", filter=Q(state=SwitchLine.State.SKIPPED)),
        differs=Count("pk", filter=Q(differs=True)),
        worse=Count("pk", filter=Q(worse=True)),
        ends=Count("pk", filter=Q(ends=True)),
    )
