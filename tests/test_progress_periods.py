"""Which half-year a day lies in, by when its report is due, from when it is late; and the bars. Pure."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_portal.deadlines.calendar import Calendar, count
from credit_portal.deadlines.models import PolicyRule
from credit_portal.deadlines.policy import value_of
from credit_portal.overview.progress import charts
from disclosure.progress import papers, periods
from disclosure.progress.parts import Figure
from disclosure.progress.periods import Half

D = date
# As far as these lines need it: 24 June 2023 was a Saturday within the Dragon Boat holiday (22 to 24 June).
CALENDAR = Calendar(
    years=frozenset(range(2022, 2027)),
    rest=frozenset({D(2023, 6, 22), D(2023, 6, 23), D(2023, 6, 24)}),
    work=frozenset({D(2023, 6, 25)}),
    version="t",
)
RULE = {"on": True, "due": ["06-24", "12-24"], "late_from": ["06-26", "12-26"]}

# half, due (the 24th or the working day before), late from.
GOLDEN = [
    ("2022H1", "2022-06-24", "2022-06-26"),
    ("2022H2", "2022-12-23", "2022-12-26"),  # the 24th is a Saturday
    ("2023H1", "2023-06-21", "2023-06-26"),  # a holiday of three days goes before
    ("2023H2", "2023-12-22", "2023-12-26"),  # a Sunday
    ("2024H1", "2024-06-24", "2024-06-26"),
    ("2024H2", "2024-12-24", "2024-12-26"),
    ("2026H1", "2026-06-24", "2026-06-26"),
    ("2026H2", "2026-12-24", "2026-12-26"),
]


def rule(**changes: object) -> PolicyRule:
    return PolicyRule(key="half_year_report", value=RULE | changes, region_id="410103", basis="S4 23")


@pytest.mark.req("R109")
@pytest.mark.parametrize(("code", "due", "late"), GOLDEN)
def test_the_golden_halves(code: str, due: str, late: str) -> None:
    half = periods.parse(code)
    value = value_of(rule(), half.first)
    counted = count(CALENDAR, half.first, value.length, value.unit)
    assert counted.due.isoformat() == due and not counted.provisional
    assert half.first <= counted.days[-1] <= half.last
    assert periods.late_from(counted.days[-1], counted.due, RULE["late_from"]).isoformat() == late  # type: ignore[arg-type]


@pytest.mark.req("R109")
def test_a_report_is_not_late_on_the_day_after_it_was_due() -> None:
    named = D(2026, 12, 24)
    assert periods.late_from(named, named, ["06-26", "12-26"]) == D(2026, 12, 26)
    assert periods.late_from(named, named, []) == D(2026, 12, 25)
    assert periods.late_from(named, named, ["06-26"]) == D(2027, 6, 26)
    assert periods.late_from(D(2026, 2, 1), D(2026, 2, 1), ["02-29"]) == D(2026, 3, 1)


def test_a_rule_names_the_next_of_its_days() -> None:
    assert [value_of(rule(), day).length for day in (D(2026, 1, 1), D(2026, 6, 24), D(2026, 12, 24))] == [
        624,
        1224,
        624,
    ]
    assert not value_of(PolicyRule(key="half_year_report", value={"on": False}), D(2026, 1, 1)).counts
    with pytest.raises(ValueError, match="月日"):
        count(CALENDAR, D(2026, 1, 1), 1332, "day_of_year")
    assert count(CALENDAR, D(2026, 1, 1), 229, "day_of_year").days == (D(2026, 2, 28),)


@given(st.dates(D(2000, 1, 1), D(2098, 12, 31)))
def test_every_day_lies_in_one_half_and_the_next_begins_the_day_after(day: date) -> None:
    half = periods.half_of(day)
    assert half.first <= day <= half.last and periods.parse(half.code) == half
    after = periods.half_of(half.last + timedelta(days=1))
    assert after.first == half.last + timedelta(days=1) and after.before == half


@pytest.mark.parametrize("text", ["2026H3", "2026h1", "26H1", "2026H1 ", "²026H1", "1999H1", "", "9" * 5000])
def test_what_is_no_half_is_refused_in_chinese(text: str) -> None:
    with pytest.raises(ValueError, match="2026H2 的形式"):
        periods.parse(text)


def test_halves_are_said_in_words() -> None:
    assert (Half(2026, 1).in_words, periods.in_words("2026H2")) == ("2026年上半年", "2026年下半年")


def test_on_paper_what_crosses_is_a_table_with_its_sums_last() -> None:
    found = [
        Figure("commitment.all.signed", "信用承诺", "合计：签署", 3),
        Figure("commitment.repair.signed", "信用承诺", "信用修复型：签署", 3),
        Figure("check.all", "信用核查", "核查", 1),
    ]
    (table,) = papers.crossed(found)
    assert (table.columns, table.rows) == (["签署"], [("信用修复型", [3]), ("合计", [3])])
    assert papers.in_groups(found) == [("信用核查", [found[2]])]


@given(st.lists(st.integers(0, 500), min_size=4, max_size=4))
def test_a_bar_is_as_long_as_what_was_signed_and_a_share_is_never_rounded_up(numbers: list[int]) -> None:
    states = ("running", "fulfilled", "partial", "unfulfilled")
    found = [
        Figure(f"commitment.approval.{state}", "", "", n) for state, n in zip(states, numbers, strict=True)
    ]
    found.append(Figure("commitment.approval.signed", "", "", sum(numbers)))
    row = next(one for one in charts.table(found) if one.label == "审批替代型")
    assert row.signed == sum(numbers)
    if not sum(numbers):
        assert row.bar == [] and row.kept_share is None
        return
    assert abs(sum(part.width for part in row.bar) - 100) < 0.01
    assert sum(part.number for part in row.bar) == sum(numbers)
    _, fulfilled, partial, unfulfilled = numbers
    if over := fulfilled + partial + unfulfilled:
        assert row.kept_share is not None and (row.kept_share == 100) == (fulfilled == over)
