"""The twenty fields: what is required, how long, from which list, and when 12 and 13 must be there or not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commitments import collection_format as form
from credit_portal.registry.models import CommitmentType
from tests import factories

CODE = factories.organisation_code(7)
GOOD = {
    "1": "13011120260914000001",
    "2": "栾城区演示恒泰食品有限公司",
    "3": "法人及非法人组织",
    "4": CODE,
    "5": "审批替代型",
    "6": "食品经营许可",
    "7": "1. 守法经营。",
    "8": "2. 承担责任。",
    "9": "2026-09-14",
    "10": "2027-09-14",
    "11": "部分履行",
    "12": "第 1 条：报告逾期",
    "13": "责令改正",
    "14": "2026-10-09",
    "15": "市场监管局",
    "16": CODE,
    "17": "行政审批局",
    "18": CODE,
    "19": "可向社会公开",
    "20": "",
}


@pytest.mark.req("R128")
def test_a_whole_report_is_right_and_the_fields_are_twenty() -> None:
    assert form.problems(GOOD) == []
    assert [field.number for field in form.FIELDS] == list(range(1, 21))
    assert {field.number for field in form.FIELDS if not field.required} == {10, 12, 13, 14, 15, 16, 20}


@pytest.mark.req("R128")
@pytest.mark.parametrize(
    ("number", "value", "message"),
    [
        (1, "123", "20 位数字"),
        (2, "", "不能为空"),
        (2, "长" * 201, "最多 200"),
        (3, "公司", "不在规定的取值"),
        (4, "91130111MA0000000X", "校验"),
        (5, "其他", "须写明类型名称"),
        (5, "新类型", "不在规定的类型"),
        (6, "字" * 513, "最多 512"),
        (7, "字" * 4001, "最多 4000"),
        (9, "2026年9月", "应为日期"),
        (10, "2026-01-01", "不能早于承诺作出日期"),
        (11, "履行中", "不在规定的取值"),
        (12, "", "不能为空"),
        (13, "", "不能为空"),
        (14, "2026-01-01", "认定日期不能早于"),
        (16, "1234", "18"),
        (19, "公开", "不在规定的取值"),
        (20, "字" * 513, "最多 512"),
    ],
)
def test_each_fault_is_named_at_its_field(number: int, value: str, message: str) -> None:
    found = form.problems(GOOD | {str(number): value})
    assert [where for where, _ in found] == [number]
    assert message in found[0][1]


def test_what_was_kept_in_full_has_neither_twelve_nor_thirteen() -> None:
    found = form.problems(GOOD | {"11": "全部履行"})
    assert [where for where, _ in found] == [12, 13]
    assert form.problems(GOOD | {"11": "全部履行", "12": "", "13": ""}) == []


def test_a_persons_number_is_sealed_and_an_organisations_code_may_not_be() -> None:
    assert form.problems(GOOD | {"3": "自然人", "4": form.SEALED}) == []
    assert form.problems(GOOD | {"4": form.SEALED})[0][0] == 4
    assert form.problems(GOOD | {"3": "自然人", "4": factories.id_number(5)}) == []


def test_every_type_has_its_word_and_late_materials_have_their_own() -> None:
    for kind in CommitmentType.values:
        word = form.type_in_words(kind, late_materials=False)
        assert form.problems(GOOD | {"5": word}) == [], word
    assert form.type_in_words("approval", late_materials=True) == "容缺受理型"
    assert form.type_in_words("voluntary", late_materials=True) == "主动型"


@given(st.dictionaries(st.sampled_from([str(number) for number in range(23)]), st.text(max_size=30)))
def test_any_input_is_answered_in_chinese_and_in_order(values: dict[str, str]) -> None:
    found = form.problems(values)
    assert found == sorted(found)
    assert all(1 <= number <= 20 and text.endswith("。") for number, text in found)


@given(st.text(min_size=1, max_size=20), st.integers(1, 20))
def test_the_fingerprint_follows_every_field(text: str, number: int) -> None:
    other = GOOD | {str(number): GOOD[str(number)] + text}
    assert form.fingerprint(other) != form.fingerprint(GOOD)
    assert form.fingerprint(dict(reversed(GOOD.items()))) == form.fingerprint(GOOD)
