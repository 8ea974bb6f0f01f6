"""What a check answers, held against a table in Chinese that an official can read and sign."""

import csv
import itertools
from datetime import date, timedelta
from pathlib import Path

import pytest

from verification.rules import Entry, Measure, Rule, Switches, decide, one_line
from verification.vocabulary import CommitmentType, Effect, Kind, Route, Scrutiny, State, UnrepairedRule

pytestmark = [pytest.mark.req("R38"), pytest.mark.req("R39"), pytest.mark.req("R40"), pytest.mark.req("R41")]

FIRST, LAST = date(2026, 3, 2), date(2026, 8, 31)
MIDDLE = date(2026, 5, 20)
EARLIER, LATER = date(2026, 1, 15), date(2027, 8, 31)
DAYS = {
    "前一日": FIRST - timedelta(days=1),
    "首日": FIRST,
    "中间": MIDDLE,
    "末日": LAST,
    "后一日": LAST + timedelta(days=1),
}
ART22 = "《政府采购法》第二十二条"
UNREPAIRED = {
    "一般程序": Rule(UnrepairedRule.ORDINARY, "S2 四（四）1", True),
    "仅容缺": Rule(UnrepairedRule.LATE_MATERIALS_ONLY, "S4 1", True),
    "不影响": Rule(UnrepairedRule.NO_EFFECT, "某地规定", True),
    "未确认": Rule(UnrepairedRule.ORDINARY, "", False),
}
IN_PUBLICITY = {
    "重点审查": Rule(True, "S0 一（三）", True),
    "无此规则": Rule(False, "某地规定", True),
    "未确认": Rule(True, "", False),
}
EXPIRED = {
    "视同修复": Rule(True, "某地规定", True),
    "不视同修复": Rule(False, "某地规定", True),
    "未确认": Rule(False, "", False),
}
OTHERS = [CommitmentType.SUPERVISORY, CommitmentType.VOLUNTARY, CommitmentType.INDUSTRY]
COLUMNS = {
    "审批": [(CommitmentType.APPROVAL, False)],
    "审批容缺": [(CommitmentType.APPROVAL, True)],
    "监管": [(CommitmentType.SUPERVISORY, False)],
    "主动": [(CommitmentType.VOLUNTARY, False)],
    "行业": [(CommitmentType.INDUSTRY, False)],
    "其他容缺": [(kind, True) for kind in OTHERS],
    "修复": [(CommitmentType.REPAIR, False), (CommitmentType.REPAIR, True)],
}
ANSWERS = {
    "承诺": (Route.COMMITMENT, Scrutiny.NORMAL),
    "承诺+重点": (Route.COMMITMENT, Scrutiny.KEY),
    "一般": (Route.ORDINARY, Scrutiny.NORMAL),
    "一般+重点": (Route.ORDINARY, Scrutiny.KEY),
    "拒绝": (Route.REFUSED, Scrutiny.NORMAL),
    "不需要": (Route.NOT_NEEDED, Scrutiny.NORMAL),
}


def listing(*measures: Measure, **more) -> Entry:
    given = {"id": 1, "kind": Kind.LIST, "from_on": FIRST, "until_on": LAST, "measures": measures} | more
    return Entry(**given)


def watched(*measures: Measure, **more) -> Entry:
    return listing(*measures, kind=Kind.WATCH, **more)


def breach(**more) -> Entry:
    given = {
        "id": 1,
        "kind": Kind.BREACH,
        "from_on": EARLIER,
        "served_on": EARLIER + timedelta(days=5),
        "public_from": FIRST,
        "public_until": LAST,
        "repairable_from": FIRST,
    }
    return Entry(**(given | more))


def penalty(**more) -> Entry:
    return Entry(**({"id": 1, "kind": Kind.PENALTY, "from_on": FIRST, "public_until": LAST} | more))


def lockout(**more) -> Entry:
    given = {"id": 9, "kind": Kind.LOCKOUT, "from_on": FIRST, "until_on": LAST, "basis": "S0 一（一）"}
    return Entry(**(given | more))


def good(kind: Kind) -> Entry:
    return Entry(id=8, kind=kind, from_on=EARLIER, until_on=LATER)


REFUSE_HERE = Measure("procurement", Effect.REFUSED, ART22)
CASES: dict[str, list[Entry]] = {
    "无记录": [],
    "处罚已修复": [
        penalty(from_on=EARLIER, public_until=LATER, state=State.REPAIRED, repaired_on=FIRST),
    ],
    "名单已修复": [listing(from_on=EARLIER, until_on=LATER, state=State.REPAIRED, repaired_on=FIRST)],
    "违约公示中途修复": [breach(state=State.REPAIRED, repaired_on=MIDDLE)],
    "处罚未修复": [penalty()],
    "名单未修复无措施": [listing()],
    "违约未送达": [breach(served_on=None)],
    "违约送达未公示": [breach(served_on=FIRST, public_from=None, public_until=None, grade="general")],
    "轻微违约不公示": [
        breach(served_on=FIRST, public_from=None, public_until=None, repairable_from=None, grade="minor")
    ],
    "违约公示": [breach()],
    "违约公示中途可修复": [breach(repairable_from=MIDDLE)],
    "名单拒绝本领域": [listing(REFUSE_HERE)],
    "名单拒绝全部领域": [listing(Measure(None, Effect.REFUSED, ART22))],
    "名单拒绝其他领域": [listing(Measure("bidding", Effect.REFUSED, "S3 二（二）"))],
    "名单一般程序本领域": [listing(Measure("procurement", Effect.ORDINARY, "某办法第三条"))],
    "名单重点审查本领域": [listing(Measure("procurement", Effect.KEY, "S3 二（三）"))],
    "重点关注重点审查本领域": [watched(Measure("procurement", Effect.KEY, "某办法第九条"))],
    "重点关注无措施": [watched()],
    "重点关注误附拒绝": [watched(REFUSE_HERE)],
    "重点关注已移出": [watched(Measure(None, Effect.KEY, "某办法第九条"), state=State.ENDED)],
    "名单自有退出规定": [listing(Measure(None, Effect.EXIT_RULE, "某名单管理办法第八条"))],
    "名单措施无依据": [listing(Measure("procurement", Effect.REFUSED, ""))],
    "名单措施到期仍公示": [listing(REFUSE_HERE, public_until=LATER)],
    "修复限制期": [lockout()],
    "修复限制期无依据": [lockout(basis="")],
    "处罚已终止": [penalty(state=State.ENDED)],
    "违约认定已撤销": [breach(state=State.REVOKED)],
    "名单已终止": [listing(REFUSE_HERE, state=State.ENDED)],
    "注册未经核实": [Entry(id=1, kind=Kind.REGISTRATION, from_on=EARLIER, verified=False)],
    "预警": [Entry(id=1, kind=Kind.WARNING, from_on=EARLIER)],
    "投诉未决": [Entry(id=1, kind=Kind.COMPLAINT, from_on=EARLIER)],
    "许可奖励履约": [
        Entry(id=1, kind=Kind.LICENCE, from_on=EARLIER),
        Entry(id=2, kind=Kind.AWARD, from_on=EARLIER),
        Entry(id=3, kind=Kind.FULFILMENT, from_on=EARLIER),
    ],
    "诚信典型": [good(Kind.EXEMPLARY)],
    "信用状况良好": [good(Kind.GOOD_STANDING)],
    "诚信典型兼处罚未修复": [good(Kind.EXEMPLARY), penalty()],
    "处罚未修复兼修复限制期": [penalty(), lockout()],
    "两项违约一项可修复一项未到期": [breach(), breach(id=2, repairable_from=LATER)],
}

with (Path(__file__).parent / "golden" / "check_decisions.csv").open(encoding="utf-8") as signed:
    TABLE = list(csv.DictReader(signed))


def matches(cell: str, value: str) -> bool:
    return cell == "*" or value in cell.split("/")


def table_lines(
    case: str, day: str, unrepaired: str, in_publicity: str, expired: str
) -> list[dict[str, str]]:
    return [
        line
        for line in TABLE
        if line["情形"] == case
        and matches(line["核查日"], day)
        and matches(line["未修复规则"], unrepaired)
        and matches(line["公示期规则"], in_publicity)
        and matches(line["期满规则"], expired)
    ]


@pytest.mark.parametrize("case", CASES)
def test_every_combination_is_answered_as_the_signed_table_says(case):
    compared = 0
    for day, unrepaired, in_publicity, expired in itertools.product(DAYS, UNREPAIRED, IN_PUBLICITY, EXPIRED):
        lines = table_lines(case, day, unrepaired, in_publicity, expired)
        assert len(lines) == 1, f"{case} {day} {unrepaired} {in_publicity} {expired}: {len(lines)} lines"
        switches = Switches(UNREPAIRED[unrepaired], IN_PUBLICITY[in_publicity], EXPIRED[expired])
        for column, asked in COLUMNS.items():
            for commitment_type, late_materials in asked:
                decision = decide(
                    CASES[case],
                    commitment_type=commitment_type,
                    late_materials=late_materials,
                    domain="procurement",
                    on=DAYS[day],
                    switches=switches,
                )
                assert (decision.route, decision.scrutiny) == ANSWERS[lines[0][column]], (
                    f"{case} {day} {unrepaired} {in_publicity} {expired} {column}: {one_line(decision)}"
                )
                compared += 1
    assert compared == 5 * 4 * 3 * 3 * 10


def test_the_signed_table_and_the_cases_name_each_other():
    assert {line["情形"] for line in TABLE} == set(CASES)
