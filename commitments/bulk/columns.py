"""The file: the twenty fields of the collection format by their labels, and one column of the unit's own. Pure."""

from commitments.collection_format import FIELDS, Field
from commitments.collection_format import FULFILLED as FULFILLED
from commitments.collection_format import OUTCOMES as OUTCOMES

KEY = "承诺编码"
# The unit's own number of the business; scans may be named for it. Kept as the commitment's case reference.
OWN_NUMBER = "办件编号"
OWN = 0
RUNNING = "履行中"
# What the error workbook adds; whoever mends it sends it back as it is.
ERROR, ROW = "错误说明", "原表行号"

BY_LABEL: dict[str, int] = {field.label: field.number for field in FIELDS} | {OWN_NUMBER: OWN}
LABELS: dict[int, str] = {number: label for label, number in BY_LABEL.items()}
KNOWN = frozenset(BY_LABEL) | {ERROR, ROW}
REQUIRED = tuple(field.label for field in FIELDS if field.required or field.number in (12, 13))

HELP: dict[int, str] = {
    1: "20 位数字：受理地行政区划代码 6 位 + 作出日期 8 位（如 20260115）+ 顺序号 6 位。同一编码、同一受理单位即同一份承诺。",
    2: "法人、非法人组织、个体工商户填登记的名称，自然人填姓名。",
    3: "从下拉列表中选择。",
    4: "统一社会信用代码；自然人填居民身份证号码。单元格须为文本。",
    5: "从下拉列表中选择；监管辅助型写作“其他（监管辅助型）”或者“证明事项型”，其他类型写作“其他（类型名称）”。",
    6: "申请办理什么、修复什么、参加哪个协会的活动。",
    7: "签署的承诺书的主要内容。",
    8: "承诺书写明的违诺责任。",
    9: "如 2026-01-15；须与承诺编码第 7 至 14 位相同，不晚于今天。",
    10: "最后一日；没有的不填。",
    11: "仍在履行的留空或者填“履行中”。“部分履行”“全部未履行”只作为线索交受理单位认定，不直接成为违诺。",
    12: "第 11 项为“部分履行”“全部未履行”的必填，其余不填。",
    13: "第 11 项为“部分履行”“全部未履行”的必填，其余不填。",
    14: "仍在履行的不填。",
    15: "仍在履行的不填。",
    16: "统一社会信用代码；仍在履行的不填。",
    17: "受理单位在本系统登记的名称。",
    18: "受理单位的统一社会信用代码。",
    19: "自然人的承诺不因本项而向社会公开。",
    20: "不公开。",
    OWN: "可以没有这一列。本单位自己的编号，最多 60 个字；扫描件可以用它命名。",
}


def kind_in_words(field: Field) -> str:
    if field.kind == "list":
        return "列表"
    return "日期" if field.kind == "date" else f"文本，最多 {field.length} 个字"


def must_in_words(field: Field) -> str:
    if field.number in (12, 13):
        return "第 11 项不是“全部履行”的必填"
    if field.number == 11:
        return "仍在履行的不填"
    return "必填" if field.required else "可不填"
