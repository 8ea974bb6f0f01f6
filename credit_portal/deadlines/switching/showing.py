"""A change's effects as people read them: figures by kind, and records a page at a time."""

from collections.abc import Iterable, Iterator
from itertools import islice

from credit_portal.audit.admin_base import Cell, Section
from credit_portal.registry.models import User

from . import kinds
from .changes import Change
from .kinds import Day, Kind, Moved, Sum

# What a page shows of a kind; the number of all stands above, the rest is a page further or in the file.
SHOWN = 50
HEAD = ("编号", "责任部门", "日期", "原", "现", "变化", "说明")
ONLY = {"worse": "只看对当事人不利的", "ends": "只看施行当日届满的"}


def sums_section(sums: Iterable[Sum]) -> Section:
    return Section(
        "受影响的事项",
        head=("事项", "日期改变", "推后", "提前", "当日届满", "对当事人不利"),
        table=[
            [
                one.kind.label,
                f"{one.moved}（另有 {one.settled} 项日期不变）" if one.settled else one.moved,
                one.later,
                one.earlier,
                Cell(one.ends, state="waiting") if one.ends else 0,
                Cell(one.worse, state="broken") if one.worse else 0,
            ]
            for one in sums
        ],
        empty="没有登记受这项变更影响的事项。",
        note="推后、提前按每项第一个改变的日期计；一项有两个日期的只计一次。",
    )


def records(
    kind: Kind, change: Change, *, after: int = 0, only: str = "", path: str | None = None
) -> Iterator[Moved]:
    """Records of a kind that would move, by key: filtered, and those below a region only."""
    for moved in kinds.touched(kind, change, after=after):
        if path is not None and not f"{moved.region}/".startswith(f"{path}/"):
            continue
        if (only == "worse" and not moved.worse) or (only == "ends" and not moved.ends):
            continue
        yield moved


def page_of(
    kind: Kind, change: Change, *, after: int, only: str, path: str | None
) -> tuple[list[Moved], int | None]:
    """A page of records, and the key after which the next one begins."""
    found = list(islice(records(kind, change, after=after, only=only, path=path), SHOWN + 1))
    shown = found[:SHOWN]
    return shown, shown[-1].pk if len(found) > SHOWN else None


def records_section(kind: Kind, shown: Iterable[Moved], *, note: str = "") -> Section:
    return Section(
        kind.label,
        head=HEAD,
        table=[line for moved in shown for line in _lines(kind, moved)],
        note=note,
        empty="没有未办结的事项因此改变。",
    )


def sections_of(change: Change, user: User) -> list[Section]:
    """A holiday notice before it is loaded: figures of all, and the first records of the user's own region."""
    path = user.department.region.path if user.department else ""
    sums, parts = [], []
    for kind in kinds.concerned(change):
        total, elsewhere = Sum(kind), 0
        own: list[Moved] = []
        for moved in kinds.touched(kind, change):
            total.take(moved)
            if not f"{moved.region}/".startswith(f"{path}/"):
                elsewhere += 1
            elif len(own) <= SHOWN:
                own.append(moved)
        if not total.moved and not total.settled:
            continue
        sums.append(total)
        notes = [f"共 {total.moved + total.settled} 项，其中 {total.moved} 项日期改变。"]
        if len(own) > SHOWN:
            notes.append(f"只列出前 {SHOWN} 项，全部见下载的文件。")
        if elsewhere:
            notes.append(f"另有 {elsewhere} 项属于其他地区。")
        parts.append(records_section(kind, own[:SHOWN], note="".join(notes)))
    if not sums:
        return [Section("受影响的事项", empty="没有未办结的期限因此改变。")]
    return [sums_section(sums), *parts]


def _lines(kind: Kind, moved: Moved) -> Iterator[list[object]]:
    changed = [day for day in moved.days if day.old != day.new] or list(moved.days[:1])
    url = kind.url_of(moved.pk)
    for position, day in enumerate(changed):
        yield [
            Cell(moved.matter or f"编号 {moved.pk}", url=url, mono=True),
            moved.department,
            day.label,
            in_words(day.old, day.old_open),
            Cell(in_words(day.new, day.new_open), state="waiting" if day.old != day.new else "kept"),
            meaning(moved, day),
            moved.why if position == 0 else "—",
        ]


def in_words(day: object, is_open: bool) -> str:
    return f"{day}（暂定）" if is_open else str(day)


def meaning(moved: Moved, day: Day) -> str:
    """«推后 4 天», and whether that is worse for a subject or ends something."""
    days = (day.new - day.old).days
    said = f"{'推后' if days > 0 else '提前'} {abs(days)} 天" if days else "日期不变"
    if moved.worse:
        said += "，对当事人不利"
    if moved.ends:
        said += "，当日届满"
    return said
