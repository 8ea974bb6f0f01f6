"""A check as a line of the monthly list: the five columns of the annex, in words. Pure. (S3 annex, R107.)"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from verification.vocabulary import ROUTE_LABELS, Route, Scrutiny

COLUMNS = (
    "市场主体（自然人）名称",
    "行政管理事项名称",
    "日期",
    "使用信用记录或报告情况",
    "使用的激励或惩戒措施",
)
TITLE = "行政管理事项中使用信用记录和信用报告的情况清单"
NONE = "无"


@dataclass(frozen=True)
class Made:
    """What a list needs to know of a check."""

    check_id: int
    subject_name: str
    item_name: str
    on_day: date
    sources: Sequence[str]
    route: str
    scrutiny: str
    number: str
    reasons: Sequence[str]
    # How the matter was decided (a CheckOutcome.Result; empty: not yet), and whether an exception was allowed in it.
    result: str = ""
    excepted: bool = False
    # The same procedure was looked at once more: the line of the newest check tells what came of it.
    superseded: bool = False


@dataclass(frozen=True)
class Row:
    check_id: int
    subject_name: str
    item_name: str
    on_day: date
    usage: str
    measures: str

    @property
    def cells(self) -> tuple[str, str, str, str, str]:
        return (self.subject_name, self.item_name, self.on_day.isoformat(), self.usage, self.measures)


def row_of(
    made: Made,
    *,
    measures: Iterable[str] = (),
    applied: Iterable[str] = (),
    corrections: Iterable[str] = (),
) -> Row:
    """The line of a check. `measures`: those that people have said were used, which go before those applied with the
    decision (`applied`), and these before what the answer itself brought; `corrections`: said of it afterwards, in their
    order."""
    looked = "、".join(dict.fromkeys(made.sources)) or "本门户信用记录"
    usage = f"查询{looked}（核查编号 {made.number}）：{ROUTE_LABELS[Route(made.route)]}"
    if made.reasons:
        usage += f"。{made.reasons[0]}"
    if made.excepted:
        usage += "。例外已经另一人同意，按承诺制办理"
    for text in corrections:
        usage += f"（更正：{text}）"
    said = list(measures) or list(dict.fromkeys(applied)) or list(_came_of(made))
    return Row(
        made.check_id,
        made.subject_name,
        made.item_name,
        made.on_day,
        usage,
        "；".join(said) if said else NONE,
    )


def _came_of(made: Made) -> list[str]:
    """What came of a check with which no measure was applied."""
    if made.superseded:
        return [f"{NONE}（已重新核查）"]
    if made.result == "withdrawn":
        return [f"{NONE}（申请人撤回）"]
    answer = (Route.COMMITMENT, Scrutiny.NORMAL) if made.excepted else (made.route, made.scrutiny)
    found = by_answer(*answer)
    return found if made.result or not found else [*found[:-1], f"{found[-1]}（尚未办结）"]


def by_answer(route: str, scrutiny: str) -> list[str]:
    """What the answer itself has brought to the subject."""
    found = {
        Route.COMMITMENT: ["适用承诺制"],
        Route.ORDINARY: ["不适用承诺制，按一般程序办理"],
        Route.REFUSED: ["依规定拒绝"],
        Route.NOT_NEEDED: [],
    }[Route(route)]
    return [*found, "重点审查"] if scrutiny == Scrutiny.KEY else found
