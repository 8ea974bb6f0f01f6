"""A register read by a mapping: the pure functions."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commitments.bulk.columns import BY_LABEL
from commitments.bulk.reading import read
from commitments.handover import mapping as mappings
from commitments.handover import summing
from commitments.handover.fields import NAMES
from commitments.handover.mapping import Reading
from commitments.handover.translating import UNKNOWN, is_over, read_row, translate
from credit_portal.documents.intake import Formula, Number

from . import bulk_stage, handover_stage

TODAY = date(2026, 11, 30)
OURS = Reading(head=tuple(BY_LABEL), columns={number: label for label, number in BY_LABEL.items()})
PLACES = {label: place for place, label in enumerate(BY_LABEL)}
CELL = st.one_of(
    st.sampled_from(
        [
            "",
            "履行中",
            "全部履行",
            "部分履行",
            "法人及非法人组织",
            "其他（本地型）",
            "2026-01-05",
            "130111",
            "可向社会公开",
            " 主动型 ",
        ]
    ),
    st.text(max_size=12),
    st.builds(Number, st.sampled_from(["46026", "1.23E+17", "7"])),
    st.builds(Formula, st.just("3")),
)


class Unit:
    name, uscc, region_id = "栾城区测试审批局", bulk_stage.make.organisation_code(1), "130111"


def cells_of(values: dict[str, str], head: list[str]) -> dict[int, str]:
    return {place: values[label] for place, label in enumerate(head) if values.get(label)}


def reading(**more) -> Reading:
    suggested = mappings.suggest(handover_stage.HEAD)
    return Reading(
        head=tuple(handover_stage.HEAD),
        columns={number: label for label, number in suggested.items()},
        constants=handover_stage.CONSTANTS | {17: Unit.name, 18: Unit.uscc},
        words=handover_stage.WORDS,
        **more,
    )


def read_their(values: dict[str, str], **more):
    head = handover_stage.HEAD
    places = {label: place for place, label in enumerate(head)}
    return read_row(5, cells_of(values, head), places, reading(**more), today=TODAY, region="130111")


@pytest.mark.req("R35")
@given(st.dictionaries(st.sampled_from(list(PLACES.values())), CELL))
def test_a_register_with_our_own_columns_reads_as_it_would_by_itself(cells) -> None:
    told = translate(cells, PLACES, OURS)
    known = {place: cell for place, cell in cells.items() if cell}
    # Only a word that is none of ours is said to be unknown; every other cell is the very same.
    unknown = {number for number, _ in told.faults}
    for label, number in BY_LABEL.items():
        if number not in unknown:
            assert told.cells[number] == known.get(PLACES[label], "")
            assert type(told.cells[number]) is type(known.get(PLACES[label], "")) or not told.cells[number]
    assert unknown <= {3, 5, 11, 19}
    line, faults, _ = read_row(1, cells, PLACES, OURS, today=TODAY, region="130111")
    by_itself, without = read(1, known, PLACES, today=TODAY)
    if by_itself is not None:
        assert line is not None and line.values == by_itself.values and not faults
    else:
        assert line is None and without


@pytest.mark.req("R35")
def test_a_right_row_of_ours_stays_the_same_line() -> None:
    values = bulk_stage.row(Unit, 1, **bulk_stage.BREACH) | {"办件编号": "甲-1"}
    cells = cells_of(values, list(PLACES))
    line, faults, number = read_row(1, cells, PLACES, OURS, today=TODAY, region="130111")
    by_itself, _ = read(1, cells, PLACES, today=TODAY)
    assert line is not None and by_itself is not None and not faults and number == "甲-1"
    assert (
        line.values == by_itself.values
        and line.carries_breach == by_itself.carries_breach
        and not line.codeless
    )


@pytest.mark.req("R35")
def test_the_head_is_suggested_by_equal_and_by_usual_names_each_field_once() -> None:
    found = mappings.suggest(handover_stage.HEAD)
    assert (
        found["台账编号"] == 0
        and found["企业名称"] == 2
        and found["签署日期"] == 9
        and found["认定文号"] == 101
    )
    assert "经办电话" not in found
    twice = mappings.suggest(["承诺人名称", "企业名称", "名称"])
    assert twice == {"承诺人名称": 2}


@pytest.mark.req("R35")
@given(st.lists(st.sampled_from([*NAMES.values(), "编号", "名称", "甲", "状态(年)"]), unique=True))
def test_a_suggestion_never_names_a_field_twice_nor_a_column_that_is_not_there(head) -> None:
    found = mappings.suggest(head)
    assert set(found) <= set(head) and len(set(found.values())) == len(found)


@pytest.mark.req("R35")
def test_what_is_wrong_with_a_mapping_is_said_at_its_row() -> None:
    head = ["编号", "名称", "姓名", "电话", "备忘"]
    columns = {"编号": {"field": 0}, "名称": {"field": 2}, "姓名": {"field": 2}, "电话": {"reason": ""}}
    wrong = mappings.column_problems(columns, head)
    assert wrong == {
        "姓名": mappings.TWICE.format(field="承诺人名称", other="名称"),
        "电话": mappings.NO_REASON,
        "备忘": mappings.NOT_CHOSEN,
    }
    wrong = mappings.constant_problems({2: "甲", 19: "公开", 18: "9113"}, {2: "名称"})
    assert wrong[2].startswith("“承诺人名称”已有列") and wrong[19].startswith("“公开”不是“公开类型”的取值")
    assert "18 位" in wrong[18] and wrong[9] == mappings.MISSING.format(field="承诺作出日期")


@pytest.mark.req("R35")
def test_their_words_become_ours_and_unknown_ones_are_named_with_both_columns() -> None:
    line, faults, number = read_their(handover_stage.row(1, 状态=" 已完成 "))
    assert not faults and line.outcome == "fulfilled" and line.word == "已完成" and number == "LC-0001"
    assert line.codeless and line.code.startswith("13011120230501") and line.past.kind == "kept"
    line, faults, number = read_their(handover_stage.row(1, 状态="注销"))
    assert line is None and faults == [(11, UNKNOWN.format(word="注销"))] and number == "LC-0001"
    assert reading().name_of(11) == "承诺履行状态（原表“状态”）"


@pytest.mark.req("R35")
@pytest.mark.parametrize(
    ("day", "order", "read_as"),
    [
        ("05/01/2023", "ymd", ""),
        ("05/01/2023", "dmy", "2023-01-05"),
        ("05/01/2023", "mdy", "2023-05-01"),
        ("2023年1月5日", "mdy", "2023-01-05"),
        ("31/12/2022", "mdy", ""),
    ],
)
def test_days_are_read_by_the_hint_where_they_are_not_clear(day, order, read_as) -> None:
    line, faults, _ = read_their(handover_stage.row(1, 签署日期=day), day_order=order)
    assert (line.made_on.isoformat() if line else "") == read_as
    assert bool(faults) == (not read_as) and {number for number, _ in faults} <= {9}


@pytest.mark.req("R35")
def test_a_breach_that_was_over_is_history_and_one_that_was_not_is_to_be_determined() -> None:
    line, faults, _ = read_their(handover_stage.row(1, **handover_stage.OVER))
    assert (
        not faults
        and line.history_only
        and not line.carries_breach
        and line.past.document_no == "栾审违〔2024〕3号"
    )
    still = handover_stage.OVER | {"公示截止日期": "2027-06-05", "修复日期": ""}
    line, _, _ = read_their(handover_stage.row(1, **still))
    assert line.carries_breach and not line.history_only and not line.past.settled
    line, _, _ = read_their(handover_stage.row(1, 状态="违约", 认定日期="2024-03-01"))
    assert line.carries_breach
    line, _, _ = read_their(handover_stage.row(1, 状态="到期"))
    assert line.history_only and line.outcome == "" and line.past.kind == "ended"
    backwards = handover_stage.OVER | {"公示截止日期": "2024-01-05"}
    assert [number for number, _ in read_their(handover_stage.row(1, **backwards))[1]] == [103]


@pytest.mark.req("R35")
@given(*[st.none() | st.dates(date(2020, 1, 1), date(2030, 1, 1))] * 3)
def test_nothing_is_over_without_a_day_of_determination_and_an_end_that_has_come(
    found, until, repaired
) -> None:
    if is_over(found, until, repaired, today=TODAY):
        assert found is not None
        assert (until is not None and until < TODAY) or (repaired is not None and repaired <= TODAY)


@pytest.mark.req("R35")
def test_reasons_that_differ_in_what_they_quote_are_counted_as_one() -> None:
    told = summing.summary(
        [
            (3, "甲-1", [["状态", UNKNOWN.format(word="注销")]]),
            (4, "甲-2", [["状态", UNKNOWN.format(word="迁出")], ["代码", "应为 18 位，现为 9 位。"]]),
            (5, "甲-3", [["状态", UNKNOWN.format(word="注销")], ["代码", "应为 18 位，现为 17 位。"]]),
        ],
        {"状态": 11},
    )
    assert told["words"] == {"11": [["注销", 2], ["迁出", 1]]}
    assert [(one["column"], one["count"]) for one in told["reasons"]] == [("状态", 3), ("代码", 2)]
    assert told["reasons"][1]["first"] == [[4, "甲-2"], [5, "甲-3"]]
    # In words that a person reads: what is the same in all stands there, what differs is counted or left off.
    assert [one["text"] for one in told["reasons"]] == [
        "“注销”等 2 种没有对照的取值，请在对照里补上。",
        "应为 18 位。",
    ]


@pytest.mark.req("R35")
def test_a_reason_that_one_value_has_names_it_and_check_digits_are_one_reason_without_the_codes() -> None:
    wrong = "统一社会信用代码第 18 位校验码不符：按前 17 位应为“{}”，现为“{}”。"
    told = summing.summary(
        [(row, "", [["代码", wrong.format(*pair)]]) for row, pair in enumerate(("A1", "B2", "C3"), 2)]
        + [
            (9, "", [["状态", UNKNOWN.format(word="注销")], ["编码", "与第 3 行相同"]]),
            (10, "", [["编码", "与第 4 行相同"]]),
        ],
        {"状态": 11},
    )
    assert [one["text"] for one in told["reasons"]] == [
        "统一社会信用代码第 18 位校验码不符。",
        "与第 3 等行相同",
        "“注销”没有对照的取值，请在对照里补上。",
    ]
