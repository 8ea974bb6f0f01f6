"""Who can ask for repair and how, as two tables in Chinese that an official can read and sign: by the rules as they ship,
region by region, and by the state of the record, day by day. (S0 一（一）（四）, S1 十三, S2 四（四）4, S4 13)"""

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commitments import way_back
from credit_portal.deadlines import loading, policy
from credit_portal.deadlines.models import PolicyRule
from repair import rules
from repair.models import RepairApplication
from tests import factories as make
from verification.record import Entry, Measure
from verification.vocabulary import Effect, Kind, State

GOLDEN = Path(__file__).parent / "golden"
DETERMINED, SERVED = date(2026, 4, 15), date(2026, 4, 20)
GRADES = {"轻微": "minor", "一般": "general", "严重": "serious"}
CONFIRMED = "演示确认后"

BREACH = Entry(id=1, kind=Kind.BREACH, title="未履行承诺", from_on=DETERMINED, served_on=SERVED)
PUBLIC = Entry(**BREACH._asdict() | {
    "public_from": SERVED, "public_until": date(2027, 4, 15), "repairable_from": date(2026, 7, 16),
})  # fmt: skip
LOCK = Entry(
    id=9, kind=Kind.LOCKOUT, basis="S0 一（一）", from_on=date(2026, 1, 1), until_on=date(2026, 12, 31)
)
WITHOUT = {"competent": True, "lockouts": ()}
RECORDS: dict[str, tuple[Entry, dict]] = {
    "公示中的违诺，最短公示期至7月15日": (PUBLIC, {}),
    "未公示的轻微违诺": (BREACH, {}),
    "未送达的违诺": (Entry(**BREACH._asdict() | {"served_on": None}), {}),
    "定于次日送达的违诺": (Entry(**BREACH._asdict() | {"served_on": date(2026, 4, 17)}), {}),
    "行政处罚": (Entry(id=2, kind=Kind.PENALTY, from_on=DETERMINED), {}),
    "其他单位作出的行政处罚": (
        Entry(id=2, kind=Kind.PENALTY, source="某省税务局", from_on=DETERMINED), {"competent": False},
    ),
    "按自己的规定退出的名单": (
        Entry(id=3, kind=Kind.LIST, from_on=DETERMINED, measures=(Measure(None, Effect.EXIT_RULE, "退出规定"),)),
        {},
    ),
    "重点关注对象": (Entry(id=4, kind=Kind.WATCH, from_on=DETERMINED), {}),
    "诚信典型": (Entry(id=5, kind=Kind.EXEMPLARY, from_on=DETERMINED), {}),
    "已经修复的违诺": (Entry(**PUBLIC._asdict() | {"state": State.REPAIRED, "repaired_on": date(2026, 7, 16)}), {}),
    "已撤销的违诺": (Entry(**PUBLIC._asdict() | {"state": State.REVOKED}), {}),
    "违诺，限制期至12月31日": (BREACH, {"lockouts": (LOCK,)}),
    "违诺，限制期没有依据": (BREACH, {"lockouts": (Entry(**LOCK._asdict() | {"basis": ""}),)}),
    "违诺，限制期没有截止日": (BREACH, {"lockouts": (Entry(**LOCK._asdict() | {"until_on": None}),)}),
    "公示中的违诺，限制期至12月31日": (PUBLIC, {"lockouts": (LOCK,)}),
}  # fmt: skip


def lines(name: str) -> list[dict[str, str]]:
    with (GOLDEN / name).open(encoding="utf-8") as signed:
        return list(csv.DictReader(signed))


@pytest.mark.req("R26", "R45", "R46", "R98", "R103")
def test_whether_repair_is_open_is_as_the_signed_table_says():
    table = lines("repair_eligibility.csv")
    assert {line["记录"] for line in table} == set(RECORDS)
    for line in table:
        entry, more = RECORDS[line["记录"]]
        answer = rules.eligibility(entry, on=date.fromisoformat(line["当日"]), **(WITHOUT | more))
        got = (
            "可以" if answer.open else "不可以",
            answer.from_on.isoformat() if answer.from_on else "",
            "；".join(one.text for one in answer.missing),
        )
        assert got == (line["可否申请"], line["首日"], line["缺什么"]), line


@pytest.mark.django_db
@pytest.mark.req("R45", "R46", "R98", "R100", "R101", "R127")
def test_the_way_back_in_each_region_is_as_the_signed_table_says():
    for code in make.REGIONS:
        make.region(code)
    loading.store_rules(loading.read_rules(Path(loading.__file__).parent / "rules"), now=make.NOW)
    for line in lines("repair_by_region.csv"):
        code = "130111" if line["地区"] == CONFIRMED else line["地区"]
        if line["地区"] == CONFIRMED:
            # As the demonstration's office does, or any other that has decided.
            PolicyRule.objects.filter(key__in=[*way_back.KEYS, way_back.PUBLICITY_KEY]).update(confirmed=True)
            PolicyRule.objects.filter(key=way_back.METHODS_KEY, region="130111").update(basis="演示")
        lineage = make.region(code).lineage
        way = way_back.way_back(way_back.rules_of(lineage, DETERMINED), from_on=None, from_text="")
        got = {
            "地区": line["地区"],
            "必须": "、".join(one.label for one in way.required) or "无",
            "可选方式": "、".join(one.label for one in way.at_least_one_of),
            "依据": way.article,
            "决定": str(way.decision_days),
            "确认": str(way.confirmation_days),
            "承诺期": str(way.term_months or "待确认"),
            "限制期": str(way.lockout_months or "待确认"),
            "公告": "是" if way.announced else "否",
        } | {label: first_day(lineage, grade) for label, grade in GRADES.items()}
        assert got == line


def first_day(lineage, grade: str) -> str:  # type: ignore[no-untyped-def]
    rule = policy.value(way_back.PUBLICITY_KEY, lineage=lineage, on=DETERMINED, grade=grade)
    day, _ = way_back.first_day_told(determined_on=DETERMINED, served_on=SERVED, publicity=rule)
    unsure = not rule.confirmed and rule.value.get("published") is not False
    return f"{day}（公示期待确认）" if unsure else str(day)


days = st.dates(date(2026, 1, 1), date(2027, 12, 31))
entries = st.builds(
    Entry,
    id=st.just(1),
    kind=st.sampled_from([Kind.BREACH, Kind.PENALTY, Kind.LIST]),
    state=st.sampled_from(list(State)),
    from_on=days,
    until_on=st.none() | days,
    served_on=st.none() | days,
    public_until=st.none() | days,
    repairable_from=st.none() | days,
)


@pytest.mark.req("R98")
@given(entry=entries, on=days, wait=st.integers(0, 400))
def test_the_day_that_is_told_is_the_day_on_which_it_is_open(entry, on, wait):
    answer = rules.eligibility(entry, on=on)
    assert answer.open == (answer.from_on == on)
    if answer.from_on is not None and not answer.open:
        assert answer.from_on > on
        then = rules.eligibility(entry, on=answer.from_on)
        before = rules.eligibility(entry, on=answer.from_on - timedelta(days=1))
        assert then.open and not before.open


@pytest.mark.req("R46")
@given(entry=entries, on=days, until=st.none() | days, basis=st.sampled_from(["", "S0 一（一）"]))
def test_a_lock_out_never_opens_repair_and_one_without_basis_changes_nothing(entry, on, until, basis):
    lock = Entry(id=2, kind=Kind.LOCKOUT, basis=basis, from_on=date(2026, 1, 1), until_on=until)
    free, locked = rules.eligibility(entry, on=on), rules.eligibility(entry, on=on, lockouts=[lock])
    assert free.open or not locked.open
    if not basis:
        assert locked.missing == free.missing


def test_the_table_of_moves_leads_nowhere_without_the_competent_department_and_the_office():
    state = RepairApplication.State
    assert set(rules.ACTS["grant"].before) == {state.PROPOSED} and rules.ACTS["grant"].after == state.DECIDED
    ways_to_effect = [name for name, act in rules.ACTS.items() if act.after == state.EFFECTIVE]
    assert ways_to_effect == ["confirm"] and rules.ACTS["confirm"].roles == {"credit_office"}
    ended = {state.EFFECTIVE, state.REFUSED, state.WITHDRAWN, state.CLOSED, state.DRAFT}
    assert not any(act.before & ended for act in rules.ACTS.values())
