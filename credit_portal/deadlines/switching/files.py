"""The same as a file for other people's programs: a line for each day that moves."""

from collections.abc import Iterable, Iterator
from itertools import islice

from django.http import HttpResponse

from credit_portal.deadlines.models import SwitchLine, SwitchOrder
from credit_portal.documents import answers, writing
from credit_portal.registry.models import User

from . import kinds
from .changes import Change
from .showing import in_words, meaning, records

TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}
HEAD = ("事项", "编号", "责任部门", "日期", "原", "现", "变化", "说明")
PROTOCOL_HEAD = (
    "事项",
    "编号",
    "责任部门",
    "日期",
    "预览时",
    "预览结果",
    "施行结果",
    "结果",
    "与预览不同",
    "说明",
)
# What is more is said in the last line.
MOST = 200_000 - 1


def download(
    change: Change, kind: str, *, name: str, user: User, only: str = "", which: str = ""
) -> HttpResponse:
    """All records of a change within the user's region as xlsx or csv; `which`: of one kind only."""
    path = user.department.region.path if user.department else ""
    return answer(kind, name, HEAD, _rows(change, path, only, which))


def answer(kind: str, name: str, head: Iterable[str], rows: Iterator[list[str]]) -> HttpResponse:
    table = list(islice(rows, MOST))
    if next(rows, None) is not None:
        table.append([f"只列出前 {MOST} 行，请分事项下载。"] + [""] * (len(table[0]) - 1))
    return answers.download(
        writing.write(kind, list(head), table, title="影响预览"), f"{name}.{kind}", TYPES[kind]
    )


def _rows(change: Change, path: str, only: str, which: str) -> Iterator[list[str]]:
    for kind in kinds.concerned(change):
        if which and kind.name != which:
            continue
        for moved in records(kind, change, only=only, path=path):
            for day in [day for day in moved.days if day.old != day.new] or moved.days[:1]:
                yield [
                    kind.label,
                    moved.matter,
                    moved.department,
                    day.label,
                    in_words(day.old, day.old_open),
                    in_words(day.new, day.new_open),
                    meaning(moved, day),
                    moved.why,
                ]


def protocol(order: SwitchOrder, kind: str) -> HttpResponse:
    """What an order did: each record with its preview and its outcome."""
    return answer(kind, f"第{order.pk}号调整令明细", PROTOCOL_HEAD, _protocol_rows(order))


def _protocol_rows(order: SwitchOrder) -> Iterator[list[str]]:
    labels = {name: kind.label for name, kind in kinds.known().items()}
    for line in order.lines.order_by("pk").iterator(chunk_size=kinds.PAGE):
        for label, old, planned, new in days_of(line):
            yield [
                labels.get(line.kind, line.kind), line.matter, line.department, label, old, planned or "—",
                new or "—", line.get_state_display(), "是" if line.differs else "否", line.note,
            ]  # fmt: skip


def days_of(line: SwitchLine) -> list[tuple[str, str, str, str]]:
    """(label, before, as previewed, as carried out) of a line; empty where there is none."""
    planned = {label: (old, new) for label, old, new in line.previewed}
    done = {label: (old, new) for label, old, new in line.days}
    labels = list(planned | done)
    return [
        (
            label,
            done.get(label, planned.get(label, ("", "")))[0],
            planned[label][1] if label in planned else "",
            done[label][1] if label in done else "",
        )
        for label in labels
    ] or [("—", "", "", "")]
