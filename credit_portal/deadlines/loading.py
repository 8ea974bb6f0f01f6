"""Dated policy rules from readable files (TOML, one a region) into the database.

A file: `region`, `title`, `effective_from`, then `[[rule]]` tables with `key`, `value`, `unit`, `basis`, `confirmed`,
and where needed `domain`, `commitment_type`, `grade`, `effective_from`, `effective_to`.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from credit_portal.audit import events
from credit_portal.registry.models import CommitmentType, Domain, Region, User

from .calendar import LONGEST
from .models import PolicyRule

HEAD = {"region", "title", "effective_from", "rule"}
FIELDS = {
    "key",
    "value",
    "unit",
    "basis",
    "confirmed",
    "domain",
    "commitment_type",
    "grade",
    "effective_from",
    "effective_to",
}
GRADES = ("minor", "general", "serious")
METHODS = (
    "commitment",
    "rectification",
    "training",
    "report",
    "check",
    "public_service",
    "performance",
)
CONTENTS = (
    "obey_law",
    "no_dishonesty",
    "true_materials",
    "lawful_business",
    "agree_publication",
    "accept_supervision",
    "accept_consequences",
)


class PolicyError(ValueError):
    """Rules cannot be loaded; `problems` are Chinese sentences naming file, rule and field."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True)
class Shape:
    """What the value of a key looks like. `parts`: the entries of a table, by name, with their own kind."""

    label: str
    kind: str
    unit: str = ""
    among: tuple[str, ...] = ()
    parts: dict[str, str] = field(default_factory=dict)
    optional: tuple[str, ...] = ()


WORKING_DAYS, DAYS, MONTHS, PERCENT = "working_days", "days", "months", "percent"
SHAPES: dict[str, Shape] = {
    "breach_report": Shape("违诺认定后上报信用办", "number", WORKING_DAYS),
    "commitment_upload": Shape("签署后上传市平台", "number", WORKING_DAYS),
    "platform_collection": Shape("受理上报后归集至市平台", "number", WORKING_DAYS),
    "report_acceptance": Shape("信用办受理或退回上报", "number", WORKING_DAYS),
    "breach_publication": Shape("受理后公示违诺信息", "number", WORKING_DAYS),
    "act_publication.licence": Shape("行政许可公示", "number", WORKING_DAYS),
    "act_publication.penalty": Shape("行政处罚公示", "number", WORKING_DAYS),
    "act_publication.other": Shape(
        "其他行政行为公示", "table", WORKING_DAYS, parts={"on": "switch", "days": "number"}
    ),
    "act_publication.judicial": Shape(
        "司法信息公示", "table", WORKING_DAYS, parts={"on": "switch", "days": "number"}
    ),
    "arrears_accountability": Shape("国有企业拖欠账款责任追究", "switch"),
    "publicity": Shape(
        "违诺信息公示期",
        "table",
        MONTHS,
        parts={"min": "number", "max": "number", "published": "switch"},
        optional=("published",),
    ),
    "route.unrepaired": Shape(
        "有未修复失信记录时的办理方式", "choice", among=("ordinary", "late_materials_only", "no_effect")
    ),
    "scrutiny.in_publicity": Shape("违诺公示期内重点审查", "switch"),
    "expired_counts_as_repaired": Shape("期满视同修复", "switch"),
    "advance_notice": Shape("陈述申辩", "number", WORKING_DAYS),
    "statement_review": Shape("审查主体说明", "number", WORKING_DAYS),
    "service": Shape("送达认定书", "number", DAYS),
    "rectification": Shape("限期整改", "number", DAYS),
    "interview": Shape("整改不到位后约谈", "number", WORKING_DAYS),
    "revocation_handoff": Shape("移交撤销后的签收", "number", WORKING_DAYS),
    "repair_methods": Shape(
        "信用修复方式",
        "table",
        parts={"methods": "set", "open": "switch", "required": "set"},
        among=METHODS,
        optional=("required",),
    ),
    "repair_decision": Shape("修复申请的决定", "number", WORKING_DAYS),
    "repair_confirmation": Shape("修复决定的确认", "number", WORKING_DAYS),
    "unpublication": Shape("停止公示的处理", "number", WORKING_DAYS),
    "repair_commitment_term": Shape("修复承诺期", "number", MONTHS),
    "repair_lockout": Shape("违反修复承诺后的限制期", "number", MONTHS),
    "repair_announced": Shape("修复结果向社会公示", "switch"),
    "late_materials": Shape("容缺材料补交", "number", WORKING_DAYS),
    "late_materials_overdue": Shape("容缺材料逾期未补的处理", "number", WORKING_DAYS),
    "handled_at_once": Shape("即时办理的出具结果", "number", WORKING_DAYS),
    "recheck_interval": Shape("承诺复核间隔", "number", MONTHS),
    "recheck_share": Shape("每轮复核比例", "number", PERCENT),
    "recheck_tiers": Shape(
        "按信用等级的每轮复核比例", "table", PERCENT, parts={"higher": "number", "lower": "number"}
    ),
    "objection_acceptance": Shape("异议受理", "number", WORKING_DAYS),
    "objection_answer": Shape("异议答复", "number", WORKING_DAYS),
    "monthly_list": Shape(
        "信用记录使用情况月报",
        "table",
        parts={"on": "switch", "due_day": "number", "late_from_day": "number"},
        optional=("due_day", "late_from_day"),
    ),
    "monthly_list_period": Shape("月报所含期间", "table", parts={"from_day": "number", "to_day": "number"}),
    "half_year_report": Shape(
        "半年进展报告",
        "table",
        parts={"on": "switch", "due": "month_days", "late_from": "month_days"},
        optional=("due", "late_from"),
    ),
    "field_use": Shape("信用记录在本领域的作用", "choice", among=("important", "reference", "encouraged")),
    "market_ban_for_good": Shape("市场和行业禁入可以没有期限", "switch"),
    "check_dispute": Shape("对核查的异议在事项决定前提出", "switch"),
    "warning_answer": Shape("核实预警", "number", WORKING_DAYS),
    "registration_verification": Shape("核实自愿注册信息", "number", WORKING_DAYS),
    "bulk_breach": Shape("核实归集文件载有的违诺", "number", WORKING_DAYS),
    "complaint_publication": Shape(
        "消费投诉公示", "table", MONTHS, parts={"on": "switch", "months": "number"}, optional=("months",)
    ),
    "complaint_risk": Shape(
        "消费投诉集中的预警", "table", parts={"on": "switch", "number": "number", "months": "number"}
    ),
    "tax_credit_use": Shape("自然人纳税信用信息在核查中的作用", "choice", among=("reference", "none")),
    "text_contents": Shape("承诺书必备内容", "set", among=CONTENTS),
    "own_item_papers": Shape("自行确定的事项须有实施细则和专用文本", "switch"),
}


@dataclass(frozen=True)
class RuleData:
    """One rule out of a file, checked."""

    region: str
    key: str
    value: Any
    unit: str
    basis: str
    confirmed: bool
    effective_from: date
    effective_to: date | None = None
    domain: str = ""
    commitment_type: str = ""
    grade: str = ""
    where: str = ""

    @property
    def identity(self) -> tuple[str, str, str, str, str, date]:
        """What makes it the same rule as one already stored."""
        return (self.region, self.key, self.domain, self.commitment_type, self.grade, self.effective_from)


@dataclass
class Loaded:
    """What loading did: rules added, found as they are, and left as the office has set them."""

    added: list[PolicyRule] = field(default_factory=list)
    unchanged: int = 0
    kept: list[str] = field(default_factory=list)


def read_rules(path: Path) -> list[RuleData]:
    """The rules of a file, or of every `*.toml` of a folder. Raises PolicyError with every problem of every file."""
    if path.is_dir():
        files = sorted(path.glob("*.toml"))
        if not files:
            raise PolicyError([f"文件夹 {path} 中没有规则文件（*.toml）。"])
    elif path.is_file():
        files = [path]
    else:
        raise PolicyError([f"没有规则文件或文件夹 {path}。"])
    rules: list[RuleData] = []
    problems: list[str] = []
    for file in files:
        found, wrong = _read_file(file)
        rules += found
        problems += wrong
    seen: dict[tuple[str, str, str, str, str, date], str] = {}
    for rule in rules:
        if first := seen.get(rule.identity):
            problems.append(f"{rule.where}：与{first}是同一条规则（地区、规则、范围和生效日期都相同）。")
        seen.setdefault(rule.identity, rule.where)
    if problems:
        raise PolicyError(problems)
    return rules


def _read_file(file: Path) -> tuple[list[RuleData], list[str]]:
    name = f"文件 {file.name}"
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        return [], [f"{name}：不是 UTF-8 文字。"]
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"line (\d+), column (\d+)", str(error))
        place = f"第 {at[1]} 行第 {at[2]} 列" if at else "文件末尾"
        return [], [f"{name}：{place}不是有效的 TOML 写法。"]
    problems = [f"{name}，字段 {unknown}：没有这个字段。" for unknown in sorted(set(content) - HEAD)]
    region = content.get("region")
    if not isinstance(region, str) or not re.fullmatch(r"\d{6}", region):
        problems.append(f"{name}，字段 region：应为 6 位行政区划代码。")
        region = ""
    since = content.get("effective_from")
    if since is not None and type(since) is not date:
        problems.append(f"{name}，字段 effective_from：应为日期（如 2020-09-12）。")
        since = None
    tables = content.get("rule", [])
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        return [], [*problems, f"{name}：没有规则（[[rule]]）。"]
    rules = []
    for position, table in enumerate(tables, 1):
        key = table.get("key")
        where = f"{name}，第 {position} 条规则（{key if isinstance(key, str) else '未命名'}）"
        wrong = rule_problems(table, since=since)
        if wrong:
            problems += [f"{where}，字段 {at}：{what}" for at, what in wrong]
            continue
        rules.append(
            RuleData(
                region=region,
                key=table["key"],
                value=table["value"],
                unit=SHAPES[table["key"]].unit,
                basis=table["basis"].strip(),
                confirmed=table["confirmed"],
                effective_from=table.get("effective_from", since),
                effective_to=table.get("effective_to"),
                domain=table.get("domain", ""),
                commitment_type=table.get("commitment_type", ""),
                grade=table.get("grade", ""),
                where=where,
            )
        )
    return rules, problems


def rule_problems(
    table: Mapping[str, Any], *, since: date | None = None, words: Mapping[str, str] | None = None
) -> list[tuple[str, str]]:
    """What is wrong with a rule, by field. `words`: what the parts of a value are called, where not as in a file."""
    found = [(name, "没有这个字段。") for name in sorted(set(table) - FIELDS)]
    shape = SHAPES.get(table["key"]) if isinstance(table.get("key"), str) else None
    if shape is None:
        return [*found, ("key", f"没有名为“{table.get('key', '')}”的规则。")]
    if "value" not in table:
        found.append(("value", "没有写取值。"))
    else:
        found += [("value", what) for what in _value_problems(shape, table["value"], words or {})]
    if table.get("unit", "") != shape.unit:
        found.append(("unit", f"应为“{shape.unit}”。" if shape.unit else "这条规则没有单位，请去掉。"))
    if not isinstance(table.get("basis"), str) or not table["basis"].strip():
        found.append(("basis", "须写明依据；没有依据的写明“本地区文件未规定”。"))
    elif len(table["basis"]) > 300:
        found.append(("basis", f"最多 300 字，现为 {len(table['basis'])} 字。"))
    if not isinstance(table.get("confirmed"), bool):
        found.append(("confirmed", "应为 true 或 false。"))
    for name, allowed in (
        ("domain", Domain.values),
        ("commitment_type", CommitmentType.values),
        ("grade", GRADES),
    ):
        if name in table and table[name] not in allowed:
            found.append((name, f"没有这个取值“{table[name]}”。"))
    start, end = table.get("effective_from", since), table.get("effective_to")
    if type(start) is not date:
        found.append(("effective_from", "应为日期（如 2020-09-12）。"))
    if end is not None and type(end) is not date:
        found.append(("effective_to", "应为日期（如 2026-03-31）。"))
    elif end is not None and type(start) is date and end < start:
        found.append(("effective_to", f"早于生效日期 {start}。"))
    return found


def _value_problems(shape: Shape, value: Any, words: Mapping[str, str]) -> list[str]:
    if shape.kind != "table":
        wrong = _wrong(shape.kind, value, shape.among)
        if not wrong and shape.unit == PERCENT and value > 100:
            wrong = "不能大于 100。"
        return [wrong] if wrong else []
    if not isinstance(value, dict):
        return [f"应为表，含 {'、'.join(shape.parts)}。"]
    problems = [f"没有 {part} 这一项。" for part in sorted(set(value) - set(shape.parts))]
    for part, kind in shape.parts.items():
        name = words.get(part, part)
        if part not in value:
            if part not in shape.optional:
                problems.append(f"缺少 {name}。")
        elif wrong := _wrong(kind, value[part], shape.among):
            problems.append(f"{name} {wrong}")
        elif part.endswith("_day") and not 1 <= value[part] <= 31:
            problems.append(f"{name} 应为 1 至 31。")
        elif shape.unit == PERCENT and not 1 <= value[part] <= 100:
            problems.append(f"{name} 应为 1 至 100。")
    if not problems and "min" in value and value["min"] > value["max"]:
        problems.append(f"{words.get('min', 'min')} 不能大于 {words.get('max', 'max')}。")
    return problems


def _wrong(kind: str, value: Any, among: Sequence[str]) -> str:
    """What is wrong with a simple value, or nothing."""
    match kind:
        case "number" if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            return "应为不小于 0 的整数。"
        case "number" if value > LONGEST:
            return f"不能大于 {LONGEST}。"
        case "switch" if not isinstance(value, bool):
            return "应为 true 或 false。"
        case "choice" if value not in among:
            return f"应为 {'、'.join(among)} 之一。"
        case "set":
            if not isinstance(value, list) or len(set(map(str, value))) != len(value):
                return "应为不重复的列表。"
            if unknown := [str(one) for one in value if one not in among]:
                return f"不认识 {'、'.join(unknown)}，可用的有 {'、'.join(among)}。"
        case "month_days":
            if not isinstance(value, list) or not all(_is_month_day(one) for one in value):
                return "应为月日的列表（如 06-24）。"
    return ""


def _is_month_day(value: Any) -> bool:
    if not isinstance(value, str) or not re.fullmatch(r"\d{2}-\d{2}", value):
        return False
    try:
        date.fromisoformat(f"2024-{value}")
    except ValueError:
        return False
    return True


@transaction.atomic
def store_rules(
    rules: Iterable[RuleData],
    *,
    now: datetime,
    entered_by: User | None = None,
    approved_by: User | None = None,
) -> Loaded:
    """Store rules that are not there yet, with an audit event each; all or none.

    A stored rule is the office's: where it differs from the file it stays, and is named in `kept`. Raises PolicyError
    for regions that do not exist.
    """
    wanted = list(rules)
    known = set(
        Region.objects.filter(code__in={rule.region for rule in wanted}).values_list("code", flat=True)
    )
    problems = [
        f"{rule.where or rule.key}，字段 region：没有行政区划 {rule.region}。"
        for rule in wanted
        if rule.region not in known
    ]
    if problems:
        raise PolicyError(list(dict.fromkeys(problems)))
    stored = {
        (row.region_id, row.key, row.domain, row.commitment_type, row.grade, row.effective_from): row
        for row in PolicyRule.objects.filter(region_id__in=known).select_for_update()
    }
    loaded = Loaded()
    for rule in wanted:
        row = stored.get(rule.identity)
        if row is None:
            loaded.added.append(_add(rule, now=now, entered_by=entered_by, approved_by=approved_by))
        elif (row.value, row.unit, row.basis, row.confirmed, row.effective_to) == (
            rule.value,
            rule.unit,
            rule.basis,
            rule.confirmed,
            rule.effective_to,
        ):
            loaded.unchanged += 1
        else:
            loaded.kept.append(f"{rule.where or rule.key}：库中已有不同的取值，未改动。")
    return loaded


def _add(rule: RuleData, *, now: datetime, entered_by: User | None, approved_by: User | None) -> PolicyRule:
    row = PolicyRule.objects.create(
        region_id=rule.region,
        key=rule.key,
        domain=rule.domain,
        commitment_type=rule.commitment_type,
        grade=rule.grade,
        value=rule.value,
        unit=rule.unit,
        basis=rule.basis,
        confirmed=rule.confirmed,
        effective_from=rule.effective_from,
        effective_to=rule.effective_to,
        entered_by=entered_by,
        approved_by=approved_by,
    )
    events.policy_loaded(
        now=now,
        actor_id=entered_by.pk if entered_by else None,
        rule_id=row.pk,
        region=rule.region,
        key=rule.key,
        effective_from=rule.effective_from.isoformat(),
    )
    return row
