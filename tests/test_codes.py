"""Codes are checked part by part, and a wrong one says which part."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric, uscc

from credit_portal.registry import codes

from .factories import id_number, organisation_code

TODAY = date(2026, 9, 14)


@pytest.mark.req("R68")
@pytest.mark.parametrize(
    ("code", "part"),
    [
        ("9113011", "应为 18 位，现为 7 位"),
        ("91130111MAOCR8E7XP", "第 11 位“O”"),
        ("B1130111MA0CR8E7XP", "第 1 位“B”"),
        ("91A30111MA0CR8E7XP", "第 3 至 8 位“A30111”"),
        ("91130111MA0CR8E7X0", "第 18 位校验码不符"),
    ],
)
def test_a_wrong_credit_code_names_the_part(code: str, part: str) -> None:
    with pytest.raises(codes.CodeError, match=part):
        codes.check_uscc(code)


@pytest.mark.parametrize(
    ("number", "part"),
    [
        ("1301111985", "应为 18 位，现为 10 位"),
        ("13011119851307123X", "第 7 至 14 位“19851307”"),
        ("1301A1198503071230", "第 5 位“A”"),
        ("013011198503071230", "第 1 位不能为 0"),
    ],
)
def test_a_wrong_id_number_names_the_part(number: str, part: str) -> None:
    with pytest.raises(codes.CodeError, match=part):
        codes.check_id_number(number, today=TODAY)


def test_an_id_number_from_the_future_is_wrong() -> None:
    with pytest.raises(codes.CodeError, match="出生日期"):
        codes.check_id_number(id_number(7, born=date(2030, 1, 1)), today=TODAY)


@pytest.mark.parametrize("region", ["130111", "130129", "410103", "130171", "131171"])
def test_real_people_of_renamed_counties_are_accepted(region: str) -> None:
    """Some libraries compare the county's years with the birth year and turn real people away."""
    number = id_number(12, region=region, born=date(1961, 5, 6))
    assert codes.check_id_number(number, today=TODAY) == number


@given(st.integers(0, 9_999_999), st.integers(0, 16), st.sampled_from(codes.USCC_ALPHABET))
def test_one_changed_character_is_always_found(number: int, position: int, other: str) -> None:
    code = organisation_code(number)
    changed = code[:position] + other + code[position + 1 :]
    if changed == code:
        assert codes.check_uscc(changed) == code
    else:
        with pytest.raises(codes.CodeError):
            codes.check_uscc(changed)


@given(st.text(max_size=40))
def test_any_text_gives_a_code_or_a_named_error(text: str) -> None:
    try:
        parsed = codes.parse_subject_code(text, today=TODAY)
    except codes.CodeError as error:
        assert str(error)
    else:
        assert len(parsed.value) == 18 and parsed.kinds


@pytest.mark.parametrize(
    "wrapped",
    [
        "  {code} ",
        "{lower}",
        "{code[0]}{code[1]} {rest}",
        "http://www.example.gov.cn/q?uscc={code}&from=licence",
        "统一社会信用代码：{code}；名称：演示公司",
    ],
)
def test_what_scanners_deliver_is_reduced_to_the_code(wrapped: str) -> None:
    code = organisation_code(77)
    assert codes.clean(wrapped.format(code=code, lower=code.lower(), rest=code[2:])) == code


def test_full_width_typing_is_the_same_code() -> None:
    code = organisation_code(78)
    wide = "".join(chr(ord(char) + 0xFEE0) for char in code)
    assert codes.parse_subject_code(wide).value == code


def test_sole_traders_and_organisations_are_told_apart_by_the_code() -> None:
    assert codes.parse_subject_code(organisation_code(5, prefix="92")).kinds == (codes.SOLE_TRADER,)
    assert codes.parse_subject_code(organisation_code(5)).kinds == (codes.ORGANISATION,)
    assert codes.parse_subject_code(id_number(5), today=TODAY).kinds == (codes.PERSON,)


def test_digits_that_fit_both_standards_leave_the_choice_open() -> None:
    """A public body's code of digits only may be an ID number as well: the clerk is asked, nothing is guessed."""
    for serial in range(1000):
        body = f"12130119850307{serial:03d}"
        if uscc.calc_check_digit(body) == ric.calc_check_digit(f"{body}0"):
            code = body + ric.calc_check_digit(f"{body}0")
            assert set(codes.parse_subject_code(code, today=TODAY).kinds) == {
                codes.ORGANISATION,
                codes.PERSON,
            }
            return
    pytest.fail("在 1000 个号码中没有找到两种标准都成立的号码")


@pytest.mark.parametrize("printed", ["11010519491231002X", "440524188001010014"])
def test_the_numbers_printed_in_the_standard_are_right(printed: str) -> None:
    """GB 11643-1999 works these two out by hand: a check that our own makers of numbers cannot flatter."""
    assert codes.check_id_number(printed) == printed
    wrong = printed[:16] + str((int(printed[16]) + 1) % 10) + printed[17]
    with pytest.raises(codes.CodeError):
        codes.check_id_number(wrong)


@pytest.mark.parametrize(
    ("raw", "stored"),
    [
        ("  演示　恒泰 有限公司 ", "演示 恒泰 有限公司"),
        ("阿卜杜拉•买买提", "阿卜杜拉·买买提"),
        ("𬭎䶮㛃商行", "𬭎䶮㛃商行"),
        ("e\u0301cole 演示", "\u00e9cole 演示"),
    ],
)
def test_names_are_stored_in_one_form(raw: str, stored: str) -> None:
    assert codes.normalise_name(raw) == stored


@pytest.mark.parametrize("bad", ["", "   ", "甲\x00乙", "字" * 201])
def test_unusable_names_are_refused(bad: str) -> None:
    with pytest.raises(codes.CodeError):
        codes.normalise_name(bad)


@pytest.mark.parametrize(
    ("name", "masked"), [("王小明", "王＊＊"), ("欧阳明", "欧阳＊"), ("李", "李"), ("欧阳", "欧＊")]
)
def test_a_persons_name_keeps_the_surname_only(name: str, masked: str) -> None:
    assert codes.mask_person_name(name) == masked
