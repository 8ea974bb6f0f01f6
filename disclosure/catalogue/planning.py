"""What a file of the catalogue would do, item by item, before anything is stored: new, changed field by field, the same, or
refused with row, column and reason."""

import hashlib
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from credit_portal.audit.models import AuditEvent
from credit_portal.documents.intake import IntakeRefused, TextTable, open_sheets
from credit_portal.registry.catalogue import FIELDS, base_of, code_problem, problems_of
from credit_portal.registry.catalogue_in_sets import KNOWN
from credit_portal.registry.models import (
    Department,
    OccupationGroup,
    ServiceItem,
    ServiceItemVersion,
    User,
)

from . import columns
from .columns import CODE, COLUMNS, DEPARTMENT, EXTRA, ITEMS, LABELS, MATERIALS, CellError, plain

MOST_BYTES = 5 * 1024 * 1024
MOST_ROWS, MOST_MATERIAL_ROWS, MOST_CELL = 2_000, 20_000, 8_000
# The labels of each sheet that is read: of a csv, the first.
SHEETS = {
    ITEMS: {column.label for column in COLUMNS} | {columns.MATERIALS_CELL} | EXTRA,
    MATERIALS: set(columns.MATERIAL_HEADS),
}
NEW, CHANGED, SAME, REFUSED = "new", "changed", "same", "refused"
VERDICTS = {NEW: "新增", CHANGED: "有变化", SAME: "没有变化", REFUSED: "不能导入"}


@dataclass(frozen=True)
class Change:
    """One field, in words: what is in force today (else the newest version) says and what the file says. `later`: what the
    open draft or the version scheduled says, where that is something else."""

    label: str
    old: str
    new: str
    later: str = ""


@dataclass
class Line:
    """One item of the file. `others_draft`: who has its open draft, where that is somebody else. `scheduled`: the number and
    the day of a version that is published and not in force yet."""

    row: int
    code: str
    name: str = ""
    verdict: str = SAME
    changes: list[Change] = field(default_factory=list)
    faults: list[tuple[str, str]] = field(default_factory=list)
    others_draft: str = ""
    scheduled: tuple[int, date] | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    department: Department | None = None
    cells: dict[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        return VERDICTS[self.verdict]

    @property
    def asks(self) -> bool:
        """Whether a draft of it is written only where a person says so for this item."""
        return self.verdict == CHANGED and bool(self.others_draft or self.scheduled)

    def refuse(self, label: str, message: str) -> None:
        self.verdict = REFUSED
        self.faults.append((label, message))


@dataclass
class Table:
    """A sheet as it is read: its heads in their order, and its rows by line number of the file."""

    heads: list[str]
    rows: list[tuple[int, dict[str, str]]]


@dataclass
class Plan:
    """Everything that a file says. `digest` is what a person has seen and agrees to."""

    lines: list[Line]
    heads: list[str]
    materials: Table | None

    def of(self, verdict: str) -> list[Line]:
        return [line for line in self.lines if line.verdict == verdict]

    @property
    def counts(self) -> dict[str, int]:
        return {verdict: len(self.of(verdict)) for verdict in VERDICTS}

    @property
    def digest(self) -> str:
        told = [
            [
                line.row,
                line.code,
                line.verdict,
                [[c.label, c.old, c.new, c.later] for c in line.changes],
                line.faults,
                line.others_draft,
                str(line.scheduled or ""),
            ]
            for line in self.lines
        ]
        return hashlib.sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()


def plan(*, name: str, content: bytes, actor: User, today: date) -> Plan:
    """Look a file through on a day. Raises IntakeRefused where it cannot be read as a whole. As many queries for one row as for
    two thousand."""
    tables = tables_of(name, content)
    table = tables[ITEMS]
    if len(table.rows) > MOST_ROWS:
        raise IntakeRefused(f"一次最多导入 {MOST_ROWS} 项，现为 {len(table.rows)} 项，请分开导入。")
    if not table.rows:
        raise IntakeRefused("文件里没有事项。")
    _check_heads(table)
    groups = {one.name: one for one in OccupationGroup.objects.all()}
    lines = [Line(row, plain(cells.get(CODE, "")), cells=cells) for row, cells in table.rows]
    codes = [line.code for line in lines]
    items = {
        item.code: item
        for item in ServiceItem.objects.filter(code__in=codes)
        .select_related("region", "department")
        .prefetch_related("versions__occupation")
    }
    departments = {
        one.uscc: one
        for one in Department.objects.filter(
            uscc__in={plain(line.cells.get(DEPARTMENT, "")).upper() for line in lines}, is_active=True
        ).select_related("region")
    }
    materials = _materials(tables.get(MATERIALS), lines)
    authors = _authors(items, actor)
    first: dict[str, int] = {}
    for line in lines:
        if line.code in first:
            line.refuse(CODE, f"与第 {first[line.code]} 行重复。")
            continue
        first[line.code] = line.row
        _judge(line, items.get(line.code), departments, groups, materials, authors, actor, today)
    return Plan(lines, table.heads, tables.get(MATERIALS))


def tables_of(name: str, content: bytes) -> dict[str, Table]:
    """The sheets of a file, as they stand in it. Raises IntakeRefused."""
    found = open_sheets(
        io.BytesIO(content), name=name, wanted=SHEETS, most_rows=MOST_MATERIAL_ROWS, most_bytes=MOST_BYTES
    )
    return {title: Table(sheet.heads, _rows(title, sheet)) for title, sheet in found.items()}


def _rows(title: str, sheet: TextTable) -> list[tuple[int, dict[str, str]]]:
    rows = []
    for line, cells in sheet.rows():
        if any(len(cell) > MOST_CELL for cell in cells.values()):
            raise IntakeRefused(f"工作表“{title}”第 {line} 行有一格超过 {MOST_CELL} 个字。")
        rows.append((line, dict.fromkeys(sheet.heads, "") | cells))
    return rows


def _check_heads(table: Table) -> None:
    known = SHEETS[ITEMS]
    if CODE not in table.heads:
        raise IntakeRefused(f"表头缺少“{CODE}”。请用本页导出的文件。")
    if unknown := [head for head in table.heads if head and head not in known]:
        raise IntakeRefused(f"表头没有“{unknown[0][:40]}”这一列。请用本页导出的文件。")


def _authors(items: dict[str, ServiceItem], actor: User) -> dict[int, str]:
    """Who wrote last at the open drafts, where that is somebody else; by item."""
    open_drafts = [item.pk for item in items.values() for one in item.versions.all() if one.status == "draft"]
    written = (
        AuditEvent.objects.filter(
            target_type="item", target_id__in=[str(pk) for pk in open_drafts], verb="item.drafted"
        )
        .order_by("target_id", "-id")
        .distinct("target_id")
        .values_list("target_id", "actor_id")
    )
    who = {int(target): actor_id for target, actor_id in written if actor_id != actor.pk}
    names = {
        user.pk: user.display_name or user.username
        for user in User.objects.filter(pk__in=[pk for pk in who.values() if pk])
    }
    told = {int(target) for target, _ in written}
    # One that the log does not speak of is somebody's, too.
    return {item: names.get(pk, "系统") for item, pk in who.items()} | {
        pk: "他人" for pk in open_drafts if pk not in told
    }


def _materials(table: Table | None, lines: Sequence[Line]) -> dict[str, list[dict[str, Any]]] | None:
    """The materials by item; faults go to the item's line, those of no item to the first line. None: the file has no such
    sheet."""
    if table is None:
        return None
    by_code = {line.code: line for line in reversed(lines)}
    missing = [head for head in (CODE, "材料名称", "可以后补") if table.heads and head not in table.heads]
    if missing:
        raise IntakeRefused(f"工作表“{MATERIALS}”的表头缺少“{missing[0]}”。")
    found: dict[str, list[tuple[int, int, dict[str, Any]]]] = {}
    for row, cells in table.rows:
        code = plain(cells.get(CODE, ""))
        line = by_code.get(code)
        if line is None:
            raise IntakeRefused(f"工作表“{MATERIALS}”第 {row} 行的事项编码“{code[:40]}”不在“{ITEMS}”中。")
        late, place = plain(cells.get("可以后补", "")), plain(cells.get("序号", ""))
        if late not in (columns.YES, columns.NO):
            line.refuse(MATERIALS, f"“{MATERIALS}”第 {row} 行：可以后补应为“是”或者“否”。")
        if place and not re.fullmatch(r"[0-9]{1,4}", place, re.ASCII):
            line.refuse(MATERIALS, f"“{MATERIALS}”第 {row} 行：序号应为整数。")
            place = ""
        one = {
            "name": plain(cells.get("材料名称", "")), "source": plain(cells.get("来源", "")),
            "late": late == columns.YES,
        }  # fmt: skip
        found.setdefault(code, []).append((int(place) if place else row, row, one))
    return {code: [one for *_, one in sorted(rows, key=lambda r: r[:2])] for code, rows in found.items()}


def _judge(
    line: Line,
    item: ServiceItem | None,
    departments: dict[str, Department],
    groups: columns.Groups,
    materials: dict[str, list[dict[str, Any]]] | None,
    authors: dict[int, str],
    actor: User,
    today: date,
) -> None:
    own = actor.department.region.path if actor.department else "/"
    line.name = plain(line.cells.get(LABELS["name"], ""))
    versions: list[ServiceItemVersion] = []
    if item is None:
        if said := code_problem(line.code):
            line.refuse(CODE, said)
        unit = departments.get(plain(line.cells.get(DEPARTMENT, "")).upper())
        if unit is None:
            line.refuse(DEPARTMENT, "新事项须写明主管部门的统一社会信用代码，该部门须已登记并在用。")
        elif not _within(unit.region.path, own):
            line.refuse(DEPARTMENT, "这个部门不在您的管理范围内。")
        line.department = unit
    else:
        versions = list(item.versions.all())
        if not _within(item.region.path, own):
            line.refuse(CODE, f"这个事项属于{item.region}，不在您的管理范围内。")
            return
        if item.retired_on is not None:
            line.refuse(CODE, f"这个事项已于 {item.retired_on} 停用。")
            return
    base = base_of(versions) or ServiceItemVersion()
    running, coming = _in_force(versions, today), _coming(versions, today)
    line.scheduled = (coming.number, coming.valid_from) if coming and coming.valid_from else None
    line.name = line.name or base.name
    source = _exported_from(line, versions)
    told = _told(line, source or base, groups, materials)
    # A file that does not say what it was exported from, and says what is in force or coming, asks for nothing.
    if source is None and line.verdict != REFUSED:
        for one in (running, coming):
            if one is not None and not _told(line, one, groups, materials):
                told = {}
    # What its draft says already is no change, whatever the file was exported from.
    line.fields = {key: value for key, value in told.items() if not _says(base, key, value)}
    line.changes = [_change(key, value, running or base, base) for key, value in line.fields.items()]
    if line.verdict == REFUSED or (item is not None and not line.changes):
        return
    trial = ServiceItemVersion(item=item, number=1)
    for name in FIELDS if base.pk else ():
        setattr(trial, name, getattr(base, name))
    for name, value in line.fields.items():
        setattr(trial, name, value)
    for sentence in problems_of(trial, exclude=KNOWN):
        label, _, text = sentence.removeprefix("“").partition("”")
        line.refuse(label, text.removeprefix("：") or sentence)
    if line.verdict != REFUSED:
        line.verdict = NEW if item is None else CHANGED
        if item is not None and base.status == ServiceItemVersion.Status.DRAFT:
            line.others_draft = authors.get(item.pk, "")


def _within(path: str, own: str) -> bool:
    return path == own or path.startswith(f"{own}/")


def _in_force(versions: Sequence[ServiceItemVersion], today: date) -> ServiceItemVersion | None:
    status = ServiceItemVersion.Status
    for one in versions:
        begun = one.status in (status.PUBLISHED, status.FROZEN) and one.valid_from and one.valid_from <= today
        if begun and (one.valid_to is None or one.valid_to >= today):
            return one
    return None


def _coming(versions: Sequence[ServiceItemVersion], today: date) -> ServiceItemVersion | None:
    """The version that is published ahead of its day."""
    for one in versions:
        if one.status == ServiceItemVersion.Status.PUBLISHED and one.valid_from and one.valid_from > today:
            return one
    return None


def _exported_from(line: Line, versions: Sequence[ServiceItemVersion]) -> ServiceItemVersion | None:
    """The version that a row was exported from, by the number that stands in it: only what differs from that one did somebody
    change. Against a newer version an untouched row would look like the wish to undo it."""
    told = plain(line.cells.get(columns.VERSION, ""))
    return next((one for one in versions if str(one.number) == told), None)


def _told(
    line: Line,
    against: ServiceItemVersion,
    groups: columns.Groups,
    materials: dict[str, list[dict[str, Any]]] | None,
) -> dict[str, Any]:
    """What the file says otherwise than a version, as fields. Cells that cannot be read are faults."""
    fields: dict[str, Any] = {}
    for label, column in columns.READ.items():
        if label not in line.cells or plain(line.cells[label]) == plain(column.show(against)):
            continue
        try:
            value = column.read(line.cells[label], groups)  # type: ignore[misc]
        except CellError as error:
            line.refuse(label, str(error))
            continue
        if not _says(against, column.key, value):
            fields[column.key] = value
    told = _told_materials(line, materials, groups)
    if told is not None and not _says(against, "materials", told):
        fields["materials"] = told
    return fields


def _says(version: ServiceItemVersion, key: str, value: Any) -> bool:
    """Whether a version says this, blanks and line ends aside."""
    own = getattr(version, key)
    if key == "materials":
        return value == [{**one, "name": plain(one["name"]), "source": plain(one["source"])} for one in own]
    return plain(columns.in_words(key, value)) == plain(columns.in_words(key, own))


def _change(key: str, value: Any, shown: ServiceItemVersion, base: ServiceItemVersion) -> Change:
    old, last = (columns.in_words(key, getattr(one, key)) for one in (shown, base))
    later = ""
    if plain(old) != plain(last):
        draft = base.status == ServiceItemVersion.Status.DRAFT
        later = f"{'草稿' if draft else f'自 {base.valid_from} 起'}：{last or '空'}"
    return Change(columns.LABELS[key], old, columns.in_words(key, value), later)


def _told_materials(
    line: Line, materials: dict[str, list[dict[str, Any]]] | None, groups: columns.Groups
) -> list[dict[str, Any]] | None:
    if materials is not None:
        return materials.get(line.code, [])
    if columns.MATERIALS_CELL not in line.cells:
        return None
    try:
        return columns.read_materials(line.cells[columns.MATERIALS_CELL], groups)
    except CellError as error:
        line.refuse(columns.MATERIALS_CELL, str(error))
        return None
