"""A policy rule's key and value as people read them."""

from typing import Any

from credit_portal.registry.models import CommitmentType, Domain

from .loading import SHAPES

UNCONFIRMED = "本地区文件未规定；参照其他地区的建议值，待确认"
UNITS = {"working_days": "个工作日", "days": "日", "months": "个月", "percent": "%"}
GRADES = {"minor": "轻微", "general": "一般", "serious": "严重"}
WORDS = {
    # route.unrepaired
    "ordinary": "按一般程序办理",
    "late_materials_only": "只限制容缺受理",
    "no_effect": "不影响",
    # field_use
    "important": "重要依据之一",
    "reference": "参考依据之一",
    "encouraged": "鼓励核查，供参考",
    # repair_methods
    "commitment": "作出信用修复承诺",
    "rectification": "完成信用整改",
    "training": "接受专题培训",
    "report": "提交信用报告",
    "check": "通过信用核查",
    "public_service": "参加公益慈善活动",
    "performance": "履行原承诺",
    # text_contents
    "obey_law": "遵守法律法规规章、履行法定义务",
    "no_dishonesty": "无失信记录或已完成修复",
    "true_materials": "材料合法真实准确完整有效",
    "lawful_business": "依法经营、履行约定、提供合格产品或服务",
    "agree_publication": "同意记入信用记录并公示",
    "accept_supervision": "接受各方监督",
    "accept_consequences": "接受违诺的处罚与惩戒并担责",
}
PARTS = {
    "on": "启用",
    "days": "期限",
    "min": "最短",
    "max": "最长",
    "published": "公示",
    "methods": "方式",
    "open": "可采用其他方式",
    "required": "必须采用",
    "due_day": "每月应报日",
    "late_from_day": "逾期起算日",
    "from_day": "自上月",
    "to_day": "至当月",
    "number": "件数",
    "months": "月数",
    "due": "应报日",
    "late_from": "逾期起算日",
    "higher": "提高抽查的等级",
    "lower": "降低抽查的等级",
}


# Duties that no rule counts: somebody promised the day.
PROMISED = {"late_materials_promise": "容缺材料补交（书面承诺）"}


def key_in_words(key: str) -> str:
    shape = SHAPES.get(key)
    return shape.label if shape else PROMISED.get(key, key)


def scope_in_words(rule: Any) -> str:
    """What a rule or a proposal of one is limited to."""
    parts = [
        dict(Domain.choices).get(rule.domain, rule.domain),
        dict(CommitmentType.choices).get(rule.commitment_type, rule.commitment_type),
        GRADES.get(rule.grade, rule.grade),
    ]
    return "、".join(part for part in parts if part) or "全部"


def value_in_words(value: Any, unit: str = "") -> str:
    """A value out of JSON: numbers with their unit, switches as 是 and 否, codes by their names."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, int | float):
        return f"{value} {UNITS.get(unit, unit)}".strip()
    if isinstance(value, list):
        return "、".join(value_in_words(part) for part in value) or "无"
    if isinstance(value, dict):
        # The database keeps no order of a table's parts; people read them in one.
        order = list(PARTS)
        parts = sorted(
            value.items(), key=lambda item: order.index(item[0]) if item[0] in PARTS else len(order)
        )
        return "；".join(f"{PARTS.get(name, name)}：{_part(name, part, unit)}" for name, part in parts)
    text = str(value)
    if len(text) == 5 and text[2] == "-" and text.replace("-", "").isdigit():
        return f"{int(text[:2])}月{int(text[3:])}日"
    return WORDS.get(text, text)


def _part(name: str, value: Any, unit: str) -> str:
    if name.endswith("_day") and isinstance(value, int) and not isinstance(value, bool):
        return f"{value} 日"
    return value_in_words(value, unit)
