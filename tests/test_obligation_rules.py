"""How a commitment stands by its obligations, when each is due and how it is kept: the rules, and what making says in SQL."""

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commitments.models import (
    ObligationFinding,
)
from commitments.obligations import making, rules
from tests import breach_rows, listed
from tests.counter import Counter
from tests.factories import NOW, TODAY
from tests.obligation_stage import TEXT, State, Status

pytestmark = pytest.mark.usefixtures("blank_papers")

GOLDEN = Path(__file__).parent / "golden" / "obligations.csv"

LABELS = {str(label): (code, False) for code, label in State.choices} | {"部分履行": ("not_kept", True)}

STATUS = {str(label): code for code, label in Status.choices}


def golden() -> list[dict[str, str]]:
    with GOLDEN.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.req("R62")
@pytest.mark.parametrize("row", golden(), ids=lambda row: row["各条的状态"])
def test_the_status_follows_from_the_clauses_as_the_table_says(row):
    states = [LABELS[word] for word in row["各条的状态"].split()]
    assert rules.fulfilment_of(states) == STATUS[row["承诺的履行状态"]]


def test_nothing_said_of_a_commitment_leaves_it_running():
    assert rules.fulfilment_of([]) == Status.RUNNING


STATES = st.lists(
    st.one_of(
        st.tuples(st.sampled_from([s for s in State.values if s != State.NOT_KEPT]), st.just(False)),
        st.tuples(st.just(State.NOT_KEPT.value), st.booleans()),
    ),
    max_size=8,
)


@given(STATES, st.randoms())
def test_order_and_what_has_ended_make_no_difference_and_only_what_was_not_kept_breaks(states, chance):
    status = rules.fulfilment_of(states)
    mixed = [*states, (State.ENDED, False)]
    chance.shuffle(mixed)
    assert rules.fulfilment_of(mixed) == status
    broken = any(state == State.NOT_KEPT for state, _ in states)
    assert (status in (Status.PARTIAL, Status.UNFULFILLED)) == broken
    live = [state for state, _ in states if state != State.ENDED]
    assert (status == Status.FULFILLED) == (bool(live) and set(live) <= {State.KEPT, State.KEPT_LATE})


@given(
    st.sampled_from([Status.PARTIAL, Status.UNFULFILLED]),
    st.sets(st.integers(1, 9)),
    st.sets(st.integers(1, 6), min_size=1),
)
def test_after_a_determination_the_commitment_stands_as_it_was_determined(outcome, named, live):
    chosen, partly = rules.determined(outcome, named=named, live=live)
    assert chosen <= live
    states = [(State.NOT_KEPT, partly) if no in chosen else (State.OPEN, False) for no in live]
    assert rules.fulfilment_of(states) == outcome


@pytest.mark.parametrize(
    ("body", "text", "day"),
    [
        ("在 {完成日期} 前完工。", "在 2026年10月8日 前完工。", date(2026, 10, 8)),
        (
            "{名称}于{开工}开工，{完成日期}完工。",
            "甲厂于2026年3月1日开工，2026年9月30日完工。",
            date(2026, 9, 30),
        ),
        ("在 {完成日期} 前完工。", "在 无 前完工。", None),
        ("在 {完成日期} 前完工。", "另一段文字。", None),
        ("在 2026年1月1日 前完工。", "在 2026年1月1日 前完工。", None),
        ("{名称}完工。", "2026年10月8日完工。", None),
    ],
)
def test_the_day_of_a_clause_is_the_last_that_was_filled_into_a_blank_for_a_date(body, text, day):
    assert rules.day_in(body, text, {"完成日期", "开工"}) == day


@pytest.mark.parametrize(
    ("body", "listed", "kind"),
    [
        ("缺{缺少的材料}，于{补交日期}交齐。", True, "declared"),
        ("暂缺的是{缺少的材料}。", True, "declared"),
        # As it was before the portal wrote a clause of its own: the text's is the promise.
        ("于{补交日期}交齐。", False, "late"),
        ("在{完成日期}前完工。", True, ""),
    ],
)
def test_late_materials_are_one_obligation_however_often_the_text_speaks_of_them(body, listed, kind):
    assert rules.kind_of_promise(body, listed=listed) == kind


@pytest.mark.django_db
@pytest.mark.req("R62")
def test_signing_makes_an_obligation_of_each_pledge_due_on_the_day_filled_in_or_at_the_end_of_the_term():
    hall = Counter.open(
        clauses=[
            ("pledge", "守法经营。", ()),
            ("pledge", "在 {完成日期} 前完工。", ()),
            ("liability", "违诺的，在 {完成日期} 后担责。", ()),
        ],
        blanks=({"key": "完成日期", "kind": "date", "label": "完成日期"},),
    )
    signed = hall.sign(hall.ready(blanks={"完成日期": "2026-12-31"}))
    made = {row.clause_no: row for row in signed.obligations.select_related("commitment")}
    pledges = [clause["no"] for clause in signed.content if clause["kind"] == "pledge"]
    assert sorted(made) == pledges and {row.state for row in made.values()} == {State.OPEN}
    dated = next(no for no in pledges if "完工" in made[no].what)
    assert made[dated].due_on == date(2026, 12, 31)
    assert {row.due_on for no, row in made.items() if no != dated} == {signed.valid_until}
    making.make([signed.pk])
    assert signed.obligations.count() == len(pledges)


def _old_ones() -> tuple:
    plain = listed.commitment(content=TEXT, valid_until=TODAY + timedelta(days=90))
    kept = listed.commitment(content=TEXT, fulfilment="fulfilled")
    whole = listed.commitment(content=[TEXT[3]])
    gone = listed.commitment(content=TEXT, voided_at=NOW)
    broken = listed.commitment(content=TEXT, fulfilment="unfulfilled")
    partly = listed.commitment(content=TEXT, fulfilment="partial")
    case = breach_rows.case(commitment=partly, outcome="partial", clauses=(("守法经营，材料真实。", "没有"),))
    return plain, kept, whole, gone, broken, partly, case


@pytest.mark.django_db
def test_old_commitments_get_theirs_in_one_go_as_they_stand(django_assert_max_num_queries, monkeypatch):
    with monkeypatch.context() as before_there_were_any:
        before_there_were_any.setattr(making, "make", lambda ids: None)
        plain, kept, whole, gone, broken, partly, case = _old_ones()
    with django_assert_max_num_queries(5):
        making.make_between(plain.pk, partly.pk)

    def states(of):
        return [(row.clause_no, row.state, row.partly) for row in of.obligations.all()]

    assert states(plain) == [(no, "open", False) for no in (1, 2, 3)]
    assert {row.due_on for row in plain.obligations.all()} == {TODAY + timedelta(days=90)}
    assert states(kept) == [(no, "kept", False) for no in (1, 2, 3)]
    assert states(whole) == [(0, "open", False)] and whole.obligations.get().clause == "整份承诺"
    assert {state for _, state, _ in states(gone)} == {"ended"}
    assert states(broken) == [(no, "not_kept", False) for no in (1, 2, 3)]
    assert states(partly) == [(1, "not_kept", False), (2, "open", False), (3, "open", False)]
    assert ObligationFinding.objects.get(obligation__commitment=partly).case == case
    for one in (plain, kept, broken, partly):
        assert rules.fulfilment_of(one.obligations.values_list("state", "partly")) == one.fulfilment
