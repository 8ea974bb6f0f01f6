"""How an applied measure goes to the platform, and its end (S3 一（三）, R86). Pure. No document names its fields: they follow
the format of commitments, and number 4 is the code there, too."""

from collections.abc import Mapping

from commitments.collection_format import CLASSES, KINDS, Field
from credit_portal.registry.models import Domain
from verification.models import AppliedMeasure, ListedMeasure
from verification.vocabulary import EFFECT_LABELS

from .interview_format import problems_of

SORTS = ("激励", "惩戒")
ENDED_ON, END_REASON = "17", "18"

FIELDS: tuple[Field, ...] = (
    Field(1, "措施编号", 20),
    Field(2, "主体名称", 200),
    Field(3, "主体类别", kind="list", among=KINDS),
    Field(4, "主体代码", 18),
    Field(5, "奖惩类型", kind="list", among=SORTS),
    Field(6, "措施类别", kind="list", among=tuple(map(str, ListedMeasure.Nature.labels)), required=False),
    Field(7, "措施", 600),
    Field(8, "作用", kind="list", among=tuple(EFFECT_LABELS.values())),
    Field(9, "依据", 300),
    Field(10, "领域", kind="list", among=tuple(map(str, Domain.labels))),
    Field(11, "办理事项", 200),
    Field(12, "信用核查编号", 30),
    Field(13, "所依据的名单或者记录", 400, required=False),
    Field(14, "实施单位", 200),
    Field(15, "实施单位代码", 18),
    Field(16, "实施日期", kind="date"),
    Field(17, "结束日期", kind="date", required=False),
    Field(
        18, "结束原因", kind="list", among=tuple(map(str, AppliedMeasure.EndReason.labels)), required=False
    ),
    Field(19, "公开类型", kind="list", among=CLASSES),
)
# Wording only: who, when and why are facts of the check.
MAY_CORRECT = ("7", "9", "11", "13")


def problems(values: Mapping[str, str], *, running: bool = False) -> list[tuple[int, str]]:
    """What of the values does not fit, as (field number, Chinese). `running` has no meaning here."""
    return problems_of(FIELDS, values)
