"""What a register's column may become: the twenty fields, the own number, and four that tell of history. Pure."""

from commitments.bulk.columns import LABELS, OWN, REQUIRED
from commitments.bulk.reading import CLASSES, KINDS, OUTCOMES, TYPES
from commitments.collection_format import FIELDS

# Not in the collection format; they go into the history and nowhere else.
DOCUMENT, PUBLISHED, UNTIL, REPAIRED = 101, 102, 103, 104
HISTORY: dict[int, str] = {
    DOCUMENT: "原认定文书号",
    PUBLISHED: "原公示开始日期",
    UNTIL: "原公示结束日期",
    REPAIRED: "原修复日期",
}
NUMBER = "原编号"
NAMES: dict[int, str] = LABELS | {OWN: f"{NUMBER}（办件编号）"} | HISTORY
DAYS = frozenset({9, 10, 14, PUBLISHED, UNTIL, REPAIRED})

ENDED, RUNNING = "已终止", "履行中"
# The fields that have a list, and the words that we have for them. 其他（…） is taken as it stands.
WORDS: dict[int, tuple[str, ...]] = {
    3: tuple(KINDS),
    5: (*TYPES, "其他（监管辅助型）"),
    11: (RUNNING, *OUTCOMES, ENDED),
    19: tuple(CLASSES),
}
# What may be filled in where the register has no column; what tells one commitment from another may not.
CONSTANTS = (3, 5, 6, 7, 8, 12, 13, 15, 16, 17, 18, 19, 20)
# Filled in only where a state is told, or a breach.
OF_STATE, OF_BREACH = (15, 16), (12, 13)
WANTED: tuple[int, ...] = tuple(
    field.number for field in FIELDS if field.label in REQUIRED and field.number not in (1, 11, 12, 13)
)

# Other names that registers have for our fields, for the suggestion.
ALSO: dict[str, int] = {
    "编码": 1, "承诺书编码": 1, "承诺书编号": OWN, "编号": OWN, "序号": OWN, "登记号": OWN, "流水号": OWN, "业务编号": OWN, "办件号": OWN,
    "台账编号": OWN, "承诺主体": 2, "主体名称": 2, "企业名称": 2, "单位名称": 2, "承诺单位": 2, "名称": 2, "姓名": 2, "主体类型": 3,
    "主体类别": 3, "类别": 3, "统一社会信用代码": 4, "社会信用代码": 4, "信用代码": 4, "证件号码": 4, "主体代码": 4, "类型": 5,
    "承诺类别": 5, "承诺书类型": 5, "事由": 6, "事项": 6, "事项名称": 6, "承诺事项": 6, "办理事项": 6, "内容": 7, "承诺书内容": 7,
    "违约责任": 8, "承诺责任": 8, "日期": 9, "承诺日期": 9, "签署日期": 9, "承诺时间": 9, "签订日期": 9, "有效期": 10, "有效期至": 10,
    "截止日期": 10, "到期日": 10, "状态": 11, "履行状态": 11, "履约状态": 11, "履行情况": 11, "未履行内容": 12, "处理措施": 13,
    "处理结果": 13, "认定日期": 14, "认定时间": 14, "认定单位": 15, "认定单位代码": 16, "受理单位": 17, "受理部门": 17, "受理单位代码": 18,
    "公开属性": 19, "是否公开": 19, "说明": 20, "认定文号": DOCUMENT, "文书号": DOCUMENT, "决定书文号": DOCUMENT, "公示日期": PUBLISHED,
    "公示开始日期": PUBLISHED, "公示截止日期": UNTIL, "公示结束日期": UNTIL, "修复日期": REPAIRED, "修复时间": REPAIRED,
}  # fmt: skip
