"""How the record of an interview goes to the platform (S1 十二, S4 9). Pure. No document names its fields: they follow the
format of commitments, and number 4 is the code there, too."""

from collections.abc import Iterable, Mapping
from datetime import date

from commitments.collection_format import CLASSES, KINDS, Field

CAME = ("已到场", "未到场")
INTERVIEW_KINDS = ("提示约谈", "警示约谈")

FIELDS: tuple[Field, ...] = (
    Field(1, "约谈编号", 20),
    Field(2, "主体名称", 200),
    Field(3, "主体类别", kind="list", among=KINDS),
    Field(4, "主体代码", 18),
    Field(5, "约谈种类", kind="list", among=INTERVIEW_KINDS),
    Field(6, "约谈事由", 2000),
    Field(7, "约谈日期", kind="date"),
    Field(8, "到场情况", kind="list", among=CAME),
    Field(9, "约谈记录", 4000),
    Field(10, "主体表示的整改措施", 2000, required=False),
    Field(11, "承诺编码", 20),
    Field(12, "违诺认定书文号", 100),
    Field(13, "约谈单位", 200),
    Field(14, "约谈单位代码", 18),
    Field(15, "公开类型", kind="list", among=CLASSES),
)
MAY_CORRECT = ("6", "9", "10", "13", "14")


def problems(values: Mapping[str, str], *, running: bool = False) -> list[tuple[int, str]]:
    """What of the values does not fit, as (field number, Chinese). `running` has no meaning here."""
    return problems_of(FIELDS, values)


def problems_of(fields: Iterable[Field], values: Mapping[str, str]) -> list[tuple[int, str]]:
    """What of the values does not fit these fields, each judged by itself."""
    found = []
    for one in fields:
        text = values.get(str(one.number), "")
        if not text:
            if one.required:
                found.append((one.number, f"{one.label}不能为空。"))
        elif one.length and len(text) > one.length:
            found.append((one.number, f"{one.label}最多 {one.length} 个字，现为 {len(text)} 个字。"))
        elif one.kind == "list" and text not in one.among:
            found.append((one.number, f"{one.label}应为以下之一：{'、'.join(one.among)}。"))
        elif one.kind == "date" and not _is_day(text):
            found.append((one.number, f"{one.label}不是日期。"))
    return found


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
