"""One page of the timeline: the arms that the rooms have registered, as one UNION. Two queries, however long the record."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q, QuerySet
from django.db.models.functions import ExtractYear

from credit_portal.registry import timeline
from credit_portal.registry.timeline import Arm, Look, Row
from verification.knowing import end_of

PER_PAGE = 30


@dataclass(frozen=True)
class Asked:
    """What is asked for: kind, source, year; what counts on a day (`valid_on`), as known on a day (`known_on`); and the row
    after which the page begins."""

    kind: str = ""
    by: str = ""
    year: int | None = None
    valid_on: date | None = None
    known_on: date | None = None
    after: str = ""


@dataclass(frozen=True)
class Line:
    """A row in words."""

    row: Row
    kind: str
    deed: str
    state: str
    tone: str
    seen: str
    url: str
    struck: bool
    # What has taken its place, where the reader may go there.
    following: str
    # Whether what it says is still to come on the day that is looked at.
    ahead: bool


@dataclass(frozen=True)
class Found:
    lines: list[Line]
    after: str


class BadEdge(ValueError):
    """The mark where a page begins is none of ours."""


def find(look: Look, asked: Asked, *, size: int = PER_PAGE) -> Found:
    """A page, the latest day first. Raises BadEdge."""
    arms = timeline.arms()
    edge = _edge(asked.after, arms) if asked.after else None
    parts = []
    for number, arm in enumerate(arms):
        if asked.kind and arm.kind != asked.kind:
            continue
        rows = _narrowed(arm.rows(look), asked)
        if edge is not None:
            rows = rows.filter(_after(edge, number))
        parts.append(timeline.columns(rows, number))
    if not parts:
        return Found([], "")
    first, *others = parts
    union = first.union(*others, all=True).order_by("-t_day", "-t_at", "-t_arm", "-t_pk")
    told = [Row._make(values) for values in union[: size + 1]]
    shown = told[:size]
    after = _mark(shown[-1], arms) if len(told) > size else ""
    return Found([_line(row, arms[row.arm], look, asked) for row in shown], after)


@dataclass(frozen=True)
class Choice:
    """What there is to choose from."""

    kinds: list[tuple[str, str]]
    sources: list[str]
    years: list[int]


def choices(look: Look) -> Choice:
    """The kinds, sources and years that the reader would find; one query."""
    first, *others = [
        arm.rows(look)
        .annotate(t_kind=timeline.word(arm.kind), t_year=ExtractYear("t_day"))
        .values_list("t_kind", "t_by", "t_year")
        for arm in timeline.arms()
    ]
    found = set(first.union(*others))
    have = {kind for kind, _, _ in found}
    return Choice(
        kinds=[(code, label) for code, label in timeline.KINDS.items() if code in have],
        sources=sorted({by for _, by, _ in found if by}),
        years=sorted({year for _, _, year in found}, reverse=True),
    )


def _narrowed(rows: QuerySet, asked: Asked) -> QuerySet:
    if asked.by:
        rows = rows.filter(t_by=asked.by)
    if asked.year is not None:
        rows = rows.filter(t_day__range=(date(asked.year, 1, 1), date(asked.year, 12, 31)))
    if asked.valid_on is not None:
        rows = rows.filter(t_day__lte=asked.valid_on)
    if asked.known_on is not None:
        rows = rows.filter(t_at__lte=end_of(asked.known_on))
    return rows


# ---- where a page begins -----------------------------------------------------------------------------------

Edge = tuple[date, datetime, int, int]


def _mark(row: Row, arms: list[Arm]) -> str:
    return f"{row.day.isoformat()}~{row.at.isoformat()}~{arms[row.arm].name}~{row.pk}"


def _edge(mark: str, arms: list[Arm]) -> Edge:
    numbers = {arm.name: number for number, arm in enumerate(arms)}
    try:
        day, at, name, pk = mark.split("~")
        moment = datetime.fromisoformat(at)
        key = int(pk) if pk.isascii() and pk.isdigit() and len(pk) < 19 else -1
        if moment.tzinfo is None or key < 0:
            raise BadEdge(mark)
        return date.fromisoformat(day), moment, numbers[name], key
    except (ValueError, KeyError, OverflowError) as error:
        raise BadEdge(mark) from error


def _after(edge: Edge, number: int) -> Q:
    """What of the arm with this number comes after the edge, in the order of the page."""
    day, at, edge_number, pk = edge
    later = Q(t_day__lt=day) | Q(t_day=day, t_at__lt=at)
    if number < edge_number:
        return later | Q(t_day=day, t_at=at)
    if number == edge_number:
        return later | Q(t_day=day, t_at=at, t_pk__lt=pk)
    return later


def _line(row: Row, arm: Arm, look: Look, asked: Asked) -> Line:
    shown = arm.shown(row, look) if arm.shown else row
    on = asked.valid_on or look.today
    known = end_of(asked.known_on or look.today)
    return Line(
        row=shown,
        kind=timeline.KINDS[arm.kind],
        deed=arm.deeds.get(row.what, row.what),
        state=arm.states.get(row.state, row.state),
        tone=arm.tones.get(row.state, ""),
        seen=timeline.SEEN[row.seen],
        url=arm.address(row, look),
        struck=row.gone_at is not None and row.gone_at <= known,
        following=arm.address(row._replace(ref=row.following), look),
        ahead=row.day > on,
    )
