"""The columns of the catalogue's workbook: what each is called and means, a version's field as a cell, and a cell as the
field. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from credit_portal.registry.models import (
    CommitmentType,
    CreditSubject,
    Domain,
    OccupationGroup,
    PublicityClass,
    ServiceItemVersion,
)
from credit_portal.registry.version_models import stage_of

ITEMS, MATERIALS, LEGEND = "事项", "申请材料", "说明"
CODE, DEPARTMENT, FAULT, LINE, VERSION = "事项编码", "主管部门代码", "问题", "行号", "版本"
MATERIALS_CELL = "申请材料"
YES, NO, NOTHING = "是", "否", ""
# More is no number of days, months or pieces.
MOST_NUMBER = 1_200
Groups = Mapping[str, OccupationGroup]


class CellError(ValueError):
    """A cell that is not what its column takes; the message says in Chinese what it should be."""


@dataclass(frozen=True)
class Column:
    """`key`: the field of a version; `read` None: only shown, not read back."""

    label: str
    about: str
    show: Callable[[ServiceItemVersion], str]
    key: str = ""
    read: Callable[[str, Groups], Any] | None = None


def plain(text: str) -> str:
    """A cell as it counts: runs of blanks and line ends are one blank."""
    return re.sub(r"\s+", " ", text).strip()


def _choice(choices: type) -> tuple[Callable[[str, Groups], str], str]:
    by_label = {str(label): str(value) for value, label in choices.choices}  # type: ignore[attr-defined]

    def read(cell: str, groups: Groups) -> str:
        if (found := by_label.get(plain(cell))) is None:
            raise CellError(f"应为{'、'.join(by_label)}之一，现为“{plain(cell)[:40]}”。")
        return found

    return read, "、".join(by_label)


def _several(choices: Any) -> Callable[[str, Groups], list[str]]:
    by_label = {str(label): str(value) for value, label in choices.choices}

    def read(cell: str, groups: Groups) -> list[str]:
        words = [word for word in re.split(r"[、,，;；\s]+", plain(cell)) if word]
        if unknown := [word for word in words if word not in by_label]:
            raise CellError(f"没有“{unknown[0][:40]}”；应为{'、'.join(by_label)}，用顿号分开。")
        return [by_label[word] for word in words]

    return read


def _yes_no(cell: str, groups: Groups) -> bool:
    if plain(cell) not in (YES, NO):
        raise CellError(f"应为“是”或者“否”，现为“{plain(cell)[:40]}”。")
    return plain(cell) == YES


def _number(cell: str, groups: Groups) -> int | None:
    text = plain(cell)
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,4}", text, re.ASCII) or int(text) > MOST_NUMBER:
        raise CellError(f"应为不超过 {MOST_NUMBER} 的整数，现为“{text[:40]}”。")
    return int(text)


def _positive(cell: str, groups: Groups) -> int | None:
    number = _number(cell, groups)
    if number == 0:
        raise CellError("应为 1 以上的整数；没有的留空。")
    return number


def _text(cell: str, groups: Groups) -> str:
    text = plain(cell)
    if any(ord(char) < 32 or 0xD800 <= ord(char) <= 0xDFFF for char in text):
        raise CellError("含有无法识别的字符。")
    return text


def _occupation(cell: str, groups: Groups) -> OccupationGroup | None:
    text = plain(cell)
    if not text:
        return None
    if text not in groups:
        raise CellError(f"没有“{text[:40]}”这个人群；应为{'、'.join(groups)}之一，不限的留空。")
    return groups[text]


def _field(label: str, about: str, key: str, read: Callable[[str, Groups], Any]) -> Column:
    def show(version: ServiceItemVersion) -> str:
        return in_words(key, getattr(version, key))

    return Column(label, about, show, key, read)


def _among(label: str, about: str, key: str, choices: type) -> Column:
    read, words = _choice(choices)
    return _field(label, f"{about}：{words}", key, read)


SEVERAL: dict[str, Any] = {"allowed_types": CommitmentType, "subject_kinds": CreditSubject.Kind}
CHOICES: dict[str, Any] = {
    "domain": Domain,
    "scope": ServiceItemVersion.Scope,
    "checkpoint": ServiceItemVersion.Checkpoint,
    "publicity_class": PublicityClass,
}


def in_words(key: str, value: Any) -> str:
    """A field's value as a cell and on a page."""
    if key in SEVERAL:
        labels = dict(SEVERAL[key].choices)
        return "、".join(str(labels.get(one, one)) for one in value or ())
    if key == "materials":
        return "\n".join(material_line(one) for one in value or ())
    if isinstance(value, bool):
        return YES if value else NO
    if value is None:
        return NOTHING
    if key in CHOICES:
        return str(dict(CHOICES[key].choices).get(value, value))
    return str(value)


def material_line(one: Mapping[str, Any]) -> str:
    """One material on a line: name｜source｜可以后补, the sign itself with a backslash before it."""
    parts = [re.sub(r"([\\｜])", r"\\\1", str(one[key])) for key in ("name", "source")]
    return "｜".join([*parts, "可以后补"] if one["late"] else parts if parts[1] else parts[:1])


def read_materials(cell: str, groups: Groups) -> list[dict[str, Any]]:
    rows = []
    for number, line in enumerate((line for line in cell.splitlines() if line.strip()), 1):
        parts = _split(line)
        if len(parts) > 3 or (len(parts) == 3 and parts[2] != "可以后补"):
            raise CellError(f"第 {number} 项应写作“名称｜来源｜可以后补”，来源和可以后补可以不写。")
        name, source = parts[0], parts[1] if len(parts) > 1 else ""
        rows.append({"name": name, "source": source, "late": len(parts) == 3})
    return rows


def _split(line: str) -> list[str]:
    parts, escaped = [""], False
    for char in line:
        if escaped or char not in "\\｜":
            parts[-1] += char
            escaped = False
        elif char == "\\":
            escaped = True
        else:
            parts.append("")
    return [plain(part) for part in parts]


COLUMNS: tuple[Column, ...] = (
    Column(CODE, "事项的编码，凭它认事项；新事项填新编码", lambda one: one.item.code),
    Column("行政区划", "只供查看，导入时不读取", lambda one: str(one.item.region_id)),
    Column(DEPARTMENT, "主管部门的统一社会信用代码；只在新事项时读取", lambda one: one.item.department.uscc),
    Column("主管部门", "只供查看，导入时不读取", lambda one: one.item.department.name),
    Column(VERSION, "导出时是哪一版，请不要改：导入时与这一版比，认出改了什么", lambda one: str(one.number)),
    Column("生效日期", "只供查看，导入时不读取；发布时确定", lambda one: _day(one.valid_from)),
    Column("失效日期", "只供查看，导入时不读取", lambda one: _day(one.valid_to)),
    _field("事项名称", "最多 200 个字", "name", _text),
    _field("简拼", "窗口快速选择用，最多 60 个字，可以留空", "pinyin", _text),
    _among("领域", "选一", "domain", Domain),
    _field(
        "可用承诺类型", f"一个或者几个，用顿号分开：{'、'.join(map(str, CommitmentType.labels))}",
        "allowed_types", _several(CommitmentType),
    ),
    _among("适用要求", "选一", "scope", ServiceItemVersion.Scope),
    _field("政务服务大厅办理", "是或者否", "in_hall", _yes_no),
    _among("信用审查环节", "选一", "checkpoint", ServiceItemVersion.Checkpoint),
    _field("须留存查询截屏", "是或者否", "evidence_required", _yes_no),
    _field("可容缺受理", "是或者否；是的，须有可以后补的材料", "allows_late_materials", _yes_no),
    _field("即时办理", "是或者否", "handled_at_once", _yes_no),
    _field("可网上承诺", "是或者否", "online", _yes_no),
    _field("每个年度一份", "是或者否", "once_a_year", _yes_no),
    _field("重点职业人群", "人群的名称；不限的留空", "occupation", _occupation),
    _field(
        "谁可以承诺",
        f"一个或者几个，用顿号分开：{'、'.join(map(str, CreditSubject.Kind.labels))}；不限的留空",
        "subject_kinds",
        _several(CreditSubject.Kind),
    ),
    _field("承诺办结时限（工作日）", "整数，没有的留空", "promised_working_days", _positive),
    _field("承诺有效期（月）", "整数，没有的留空", "validity_months", _positive),
    _field("承诺可少交的材料（件）", "整数，不知道的留空", "materials_spared", _number),
    _field("承诺可少等的时间（工作日）", "整数，不知道的留空", "days_spared", _number),
    _among("默认公开类型", "选一", "publicity_class", PublicityClass),
    _field("依据", "最多 300 个字，发布前须写明", "legal_basis", _text),
)  # fmt: skip
STATE = Column("状态", "只供查看，导入时不读取", lambda one: "")
READ = {column.label: column for column in COLUMNS if column.key}
IN_CSV = _field(
    MATERIALS_CELL, "只在 csv 中：一行一项，写作“名称｜来源｜可以后补”", "materials", read_materials
)
LABELS = {column.key: column.label for column in COLUMNS if column.key} | {"materials": MATERIALS_CELL}
MATERIAL_HEADS = (CODE, "序号", "材料名称", "来源", "可以后补")
# What a sheet may have beside the columns themselves: whoever mends the faults sends the sheet back as it is.
EXTRA = {"状态", LINE, FAULT}


def _day(value: date | None) -> str:
    return value.isoformat() if value else NOTHING


def item_lines(versions: Sequence[ServiceItemVersion], today: date, *, csv: bool) -> list[list[str]]:
    """The sheet of items, its heads first."""
    columns = [*COLUMNS, *([IN_CSV] if csv else [])]
    head = [*(column.label for column in columns), STATE.label]
    return [
        head,
        *([*(column.show(one) for column in columns), stage_of(one, today)[0]] for one in versions),
    ]


def material_lines(versions: Sequence[ServiceItemVersion]) -> list[list[str]]:
    return [
        list(MATERIAL_HEADS),
        *(
            [one.item.code, str(place), row["name"], row["source"], YES if row["late"] else NO]
            for one in versions
            for place, row in enumerate(one.materials, 1)
        ),
    ]


def legend_lines() -> list[list[str]]:
    """What each column means, for the sheet that explains the others."""
    lines = [["工作表", "列", "怎样填写", "导入时是否读取"]]
    for column in (*COLUMNS, STATE):
        read = bool(column.key) or column.label in (CODE, DEPARTMENT, VERSION)
        lines.append([ITEMS, column.label, column.about, YES if read else NO])
    about = ("与“事项”中的编码相同", "这项材料的先后", "最多 80 个字", "最多 120 个字，可以留空", "是或者否")
    lines += [[MATERIALS, head, text, YES] for head, text in zip(MATERIAL_HEADS, about, strict=True)]
    return [*lines, [IN_CSV.label, IN_CSV.label, IN_CSV.about, YES]]
