"""What the pages of late materials show: who may see which procedure, the countdown of each, page by page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.core.exceptions import BadRequest
from django.db.models import Count, Prefetch, Q, QuerySet

from commitments.models import MaterialFile, PromisedMaterial, Supplement
from credit_portal.deadlines.calendar import Calendar
from credit_portal.deadlines.calendars import current_calendar
from credit_portal.registry.models import CreditSubject, User
from credit_portal.registry.visibility import limit_to_visible

from . import rules

State, MaterialState = Supplement.State, PromisedMaterial.State
PER_PAGE = 50
# Of each tab the states, and whether the first to end stands first (else the newest).
TABS: dict[str, tuple[str, tuple[str, ...], bool]] = {
    "open": ("补交中", (State.OPEN,), True),
    "overdue": ("逾期待处理", (State.OVERDUE,), True),
    "ended": ("已办结", (State.DONE, State.CASE, State.CLOSED, State.CANCELLED), False),
}


@dataclass(frozen=True)
class Countdown:
    """Till when something can come in time, in words with a tone for the badge."""

    last: date
    text: str
    tone: str


@dataclass(frozen=True)
class Line:
    supplement: Supplement
    total: int
    received: int
    sent: int
    # Sent in, returned, and not sent anew.
    returned: int
    countdown: Countdown | None


@dataclass(frozen=True)
class Material:
    row: PromisedMaterial
    countdown: Countdown | None
    files: list[MaterialFile] = field(default_factory=list)
    returned: list[MaterialFile] = field(default_factory=list)


def countdown(calendar: Calendar, due_on: date, today: date) -> Countdown:
    last = rules.last_day(calendar, due_on)
    if today > last:
        return Countdown(last, f"已过 {(today - last).days} 天", "broken")
    if today == last:
        return Countdown(last, "今天为最后一日", "waiting")
    left, day = 0, today
    while day < last:
        day += timedelta(days=1)
        left += calendar.is_working_day(day)
    # The days, too: duties of a promise are told in days, and the two are to be recognised as one.
    return Countdown(
        last, f"还剩 {left} 个工作日（{(last - today).days} 天）", "waiting" if left <= 3 else "running"
    )


def visible_to(user: User) -> QuerySet[Supplement]:
    return limit_to_visible(Supplement.objects.all(), user)


def counted(rows: QuerySet[Supplement]) -> QuerySet[Supplement]:
    """With how many materials were promised, have come, wait to be looked at, and were returned."""
    return rows.select_related("commitment", "department").annotate(
        total=Count("materials"),
        received=Count("materials", filter=Q(materials__state=MaterialState.RECEIVED)),
        sent=Count("materials", filter=Q(materials__state=MaterialState.SENT)),
        returned=Count(
            "materials",
            filter=Q(materials__state=MaterialState.WAITING, materials__returned_on__isnull=False),
        ),
    )


def lines(rows: Iterable[Supplement], today: date) -> list[Line]:
    calendar = current_calendar()
    return [
        Line(
            row,
            row.total,  # type: ignore[attr-defined]
            row.received,  # type: ignore[attr-defined]
            row.sent,  # type: ignore[attr-defined]
            row.returned,  # type: ignore[attr-defined]
            countdown(calendar, row.last_on, today) if row.state == State.OPEN else None,
        )
        for row in rows
    ]


def page(rows: QuerySet[Supplement], tab: str, after: str) -> tuple[list[Supplement], str]:
    """A keyset page of a tab, and the mark of the next one (empty on the last)."""
    _label, states, by_day = TABS[tab]
    rows = counted(rows.filter(state__in=states))
    if after:
        day, _, number = after.partition(".")
        try:
            edge, last = date.fromisoformat(day), int(number)
        except ValueError as error:
            raise BadRequest("翻页标记无效，请从第一页看起。") from error
        if not 0 < last < 2**63:
            raise BadRequest("翻页标记无效，请从第一页看起。")
        rows = (
            rows.filter(Q(last_on__gt=edge) | Q(last_on=edge, pk__gt=last))
            if by_day
            else rows.filter(pk__lt=last)
        )
    order = ("last_on", "pk") if by_day else ("-pk",)
    found = list(rows.order_by(*order)[: PER_PAGE + 1])
    shown = found[:PER_PAGE]
    mark = f"{shown[-1].last_on}.{shown[-1].pk}" if len(found) > PER_PAGE else ""
    return shown, mark


def materials_of(supplement: Supplement, today: date) -> list[Material]:
    calendar = current_calendar()
    rows: Sequence[PromisedMaterial] = list(
        supplement.materials.select_related("received_by", "returned_by", "sent_by").prefetch_related(
            Prefetch("files", MaterialFile.objects.select_related("file"))
        )
    )
    return [
        Material(
            row,
            None if row.state == MaterialState.RECEIVED else countdown(calendar, row.due_on, today),
            [one for one in row.files.all() if not one.ending],
            [one for one in row.files.all() if one.ending == MaterialFile.Ending.RETURNED],
        )
        for row in rows
    ]


def of_subject(subject: CreditSubject) -> QuerySet[Supplement]:
    return Supplement.objects.filter(commitment__subject=subject)


def waiting_of(subject: CreditSubject) -> QuerySet[Supplement]:
    """What a subject still has to bring, the first day first."""
    return of_subject(subject).filter(state=State.OPEN).select_related("commitment").order_by("last_on")
