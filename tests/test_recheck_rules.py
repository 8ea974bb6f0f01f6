"""Re-checks (R64, R65): shares, rounds and draws by the tables and by properties."""

import csv
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commitments.models import Stratum
from commitments.rechecks import rules
from credit_portal.deadlines.calendar import count
from tests.test_calendar import CALENDAR

pytestmark = pytest.mark.usefixtures("blank_papers")

GOLDEN = Path(__file__).parent / "golden"


def lines(name: str) -> list[dict[str, str]]:
    with (GOLDEN / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.req("R64")
@pytest.mark.parametrize(
    "row", lines("recheck_shares.csv"), ids=lambda row: f"{row['范围内件数']}×{row['比例（%）']}"
)
def test_the_share_is_rounded_up_as_the_table_says(row):
    assert rules.how_many(int(row["范围内件数"]), int(row["比例（%）"])) == int(row["抽取件数"])


@pytest.mark.req("R64")
@pytest.mark.parametrize(
    "row", lines("recheck_dates.csv"), ids=lambda row: f"{row['首轮日期']}+{row['间隔（月）']}"
)
def test_rounds_and_due_dates_are_those_of_the_table(row):
    first, months = date.fromisoformat(row["首轮日期"]), int(row["间隔（月）"])
    second = rules.next_round(first, first, months)
    third = rules.next_round(first, second, months)
    due = count(CALENDAR, first, months, "months")
    assert (second.isoformat(), third.isoformat(), due.due.isoformat(), due.provisional) == (
        row["第二轮日期"], row["第三轮日期"], row["首轮抽中的到期日"], row["暂定"] == "是",
    )  # fmt: skip


CODES = st.from_regex(r"[0-9]{20}", fullmatch=True)

POPULATION = st.dictionaries(CODES, st.sampled_from(Stratum.values), max_size=40)

PERCENTS = st.fixed_dictionaries({code: st.integers(1, 100) for code in Stratum.values})


@given(POPULATION, PERCENTS, st.text("abcdef0123456789", min_size=8), st.integers(1, 9), st.randoms())
def test_the_same_seed_draws_the_same_in_whatever_order_and_each_stratum_its_share(
    strata, percents, seed, number, chance
):
    population = list(strata.items())
    drawn = rules.draw(population, seed=seed, number=number, percents=percents)
    chance.shuffle(population)
    assert rules.draw(population, seed=seed, number=number, percents=percents) == drawn
    assert set(drawn) <= set(strata) and len(set(drawn)) == len(drawn)
    for stratum in Stratum.values:
        of_it = [code for code in strata if strata[code] == stratum]
        chosen = [code for code in drawn if strata[code] == stratum]
        assert len(chosen) == rules.how_many(len(of_it), percents[stratum])
        last = max((rules.place_of(seed, number, code) for code in chosen), default="")
        assert all(rules.place_of(seed, number, code) > last for code in set(of_it) - set(chosen))


@given(POPULATION, st.randoms())
def test_the_fingerprint_is_of_what_is_in_it_and_not_of_its_order(strata, chance):
    population = list(strata.items())
    before = rules.fingerprint(population)
    chance.shuffle(population)
    assert rules.fingerprint(population) == before
    assert rules.fingerprint([*population, ("x", "ordinary")]) != before


@given(st.text("abcdef0123456789", min_size=8, max_size=8), st.integers(1, 50))
def test_a_rounds_seed_tells_no_other(seed, number):
    assert rules.seed_of_round(seed, number) != rules.seed_of_round(seed, number + 1)
