"""Late materials as three tables in Chinese that an official can read and sign: which days may be promised, who may have
them, and when a procedure ends; and what holds of every such day. (S4 1, process of late materials.)"""

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commitments.supplements import promising, rules
from credit_portal.deadlines import loading
from credit_portal.deadlines.calendar import Calendar
from credit_portal.deadlines.calendars import current_calendar
from credit_portal.deadlines.models import PolicyRule
from tests import factories as make
from verification import services as verification
from verification.vocabulary import Route, Scrutiny

GOLDEN = Path(__file__).parent / "golden"
CONFIRMED = "演示确认后"
WORDS = {
    (Route.COMMITMENT, Scrutiny.NORMAL): "可以",
    (Route.COMMITMENT, Scrutiny.KEY): "可以，逐项核对",
    (Route.ORDINARY, Scrutiny.NORMAL): "按一般程序",
    (Route.ORDINARY, Scrutiny.KEY): "按一般程序，重点审查",
}
BREACH = {
    "kind": "breach", "grade": "general", "from_on": date(2026, 6, 1), "served_on": date(2026, 6, 3),
    "public_from": date(2026, 6, 10),
}  # fmt: skip
RECORDS: dict[str, dict[str, object] | None] = {
    "没有失信记录": None,
    "诚信典型": {"kind": "exemplary"},
    "行政处罚，没有修复": {},
    "行政处罚，已经修复": {"state": "repaired", "repaired_on": date(2026, 8, 3)},
    "违诺公示期内": BREACH | {"public_until": date(2027, 5, 31)},
    "违诺，还没有送达": BREACH | {"served_on": None, "public_from": None},
}


def lines(name: str) -> list[dict[str, str]]:
    with (GOLDEN / name).open(encoding="utf-8") as signed:
        return list(csv.DictReader(signed))


@pytest.fixture
def shipped(db):
    for code in make.REGIONS:
        make.region(code)
    loading.store_rules(loading.read_rules(Path(loading.__file__).parent / "rules"), now=make.NOW)


@pytest.mark.req("R37")
def test_the_days_that_may_be_promised_are_as_the_signed_table_says(shipped):
    table = lines("late_promises.csv")
    assert len(table) == 3 * 6 * 6
    item = make.item_version()
    for line in table:
        confirmed = line["地区"] == CONFIRMED
        # As the demonstration's office does, or any other that has decided.
        PolicyRule.objects.filter(key="late_materials").update(confirmed=confirmed)
        item.promised_working_days = int(line["事项承诺工作日"])
        region = make.region("130111" if confirmed else line["地区"])
        got = promising.limits_for(item, region, date.fromisoformat(line["签署日"]))
        assert [str(got.default_on), str(got.last_on), got.why] == [
            line["默认补交日期"], line["最迟补交日期"], line["依据"]
        ], line  # fmt: skip


@pytest.mark.req("R37")
def test_who_may_bring_materials_later_is_as_the_signed_table_says(shipped):
    table = lines("late_who.csv")
    assert {line["记录"] for line in table} == set(RECORDS)
    for code in ("130111", "130129", "410103"):
        department = make.department(region=code)
        clerk, item = make.staff(department=department), make.item_version(department=department)
        for name, fields in RECORDS.items():
            subject = make.subject(region=code)
            if fields is not None:
                make.credit_entry(subject=subject, **fields)
            found = verification.check_subject(
                subject=subject, item_version=item, commitment_type="approval", late_materials=True,
                operator=clerk, now=make.NOW,
            )  # fmt: skip
            got = WORDS[Route(found.route), Scrutiny(found.scrutiny)]
            (line,) = [one for one in table if (one["地区"], one["记录"]) == (code, name)]
            assert got == line["容缺受理"], (code, name, got)


@pytest.mark.django_db
@pytest.mark.req("R37")
def test_a_procedure_ends_on_the_day_that_the_signed_table_says():
    calendar = current_calendar()
    for line in lines("late_overdue.csv"):
        due = date.fromisoformat(line["补交日期"])
        last, ends = rules.last_day(calendar, due), rules.ends_on(calendar, due)
        assert [str(last), str(ends)] == [line["最后一日"], line["终止之日"]], line
        assert bool(line["说明"]) == (last != due)


# ---- what holds of every day -------------------------------------------------------------------------------

START = date(2026, 1, 5)
days = st.dates(START, date(2026, 10, 31))


@st.composite
def calendars(draw) -> Calendar:
    """A year with holidays and worked weekends anywhere."""
    every = [START + timedelta(days=at) for at in range(500)]
    rest = draw(st.sets(st.sampled_from(every), max_size=40))
    work = draw(st.sets(st.sampled_from([day for day in every if day.weekday() >= 5]), max_size=15))
    return Calendar(frozenset({2026, 2027}), rest=frozenset(rest - work), work=frozenset(work), version="t")


@given(calendars(), days, st.integers(0, 30) | st.none(), st.booleans(), st.integers(1, 40))
def test_what_is_offered_may_be_promised_and_never_passes_the_items_own_time(calendar, day, rule, sure, item):
    got = rules.limits(calendar, signed_on=day, rule_days=rule, confirmed=sure, item_days=item)
    own = rules.limits(calendar, signed_on=day, rule_days=None, confirmed=False, item_days=item)
    assert day <= got.default_on <= got.last_on <= own.last_on
    if got.default_on == day and rule == 0 and not calendar.is_working_day(day):
        return
    typed = got.default_on.isoformat()
    assert rules.problem_with_day(calendar, got, name="材料", typed=typed) == ""
    late = rules.problem_with_day(
        calendar, got, name="材料", typed=(got.last_on + timedelta(days=1)).isoformat()
    )
    assert "太晚" in late and "“材料”" in late and str(got.last_on) in late
    # A rule that nobody has confirmed refuses no day that the item itself allows.
    assert sure or got.last_on == own.last_on


@given(calendars(), days, days, days)
def test_a_return_never_takes_time_away_and_always_leaves_a_working_day(calendar, first, second, third):
    sent, due = sorted((first, second))
    returned = max(sent, third)
    again = rules.after_return(calendar, due_on=due, sent_on=sent, returned_on=returned)
    assert again >= due
    left = [day for day in _between(returned, again) if calendar.is_working_day(day)]
    had = [day for day in _between(sent, due) if calendar.is_working_day(day)]
    assert len(left) >= max(len(had), 1)


@given(calendars(), days, st.integers(1, 30), days)
def test_an_extension_gives_at_least_its_days_and_ends_on_a_working_day(calendar, due, more, decided):
    again = rules.extended(calendar, due, more, decided_on=decided)
    assert calendar.is_working_day(again) and again > max(due, decided)
    assert len([day for day in _between(due, again) if calendar.is_working_day(day)]) >= more


@given(calendars(), days)
def test_a_procedure_never_ends_before_a_working_day_of_its_last_days_has_passed(calendar, due):
    last = rules.last_day(calendar, due)
    assert last >= due and calendar.is_working_day(last) and rules.ends_on(calendar, due) > last


def _between(first: date, last: date) -> list[date]:
    return [first + timedelta(days=at) for at in range(1, (last - first).days + 1)]


@given(
    st.lists(st.tuples(st.sampled_from(["甲", "乙", "丙"]), st.text(max_size=12)), max_size=4),
    calendars(),
    days,
)
def test_whatever_is_typed_is_answered_in_words_that_name_the_material(rows, calendar, day):
    got = rules.limits(calendar, signed_on=day, rule_days=10, confirmed=True, item_days=10)
    promise = [{"name": name, "on": typed} for name, typed in rows]
    problems = rules.problems(calendar, got, allowed=["甲", "乙"], promised=promise)
    assert set(problems) <= {"", "甲", "乙", "丙"}
    for name, words in problems.items():
        assert (f"“{name}”" in words) if name else "至少选一项" in words
    assert ("丙" in problems) == any(name == "丙" for name, _ in rows)
