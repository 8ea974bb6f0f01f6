"""Search: what is found equals what LIKE finds, in order, page by page, both ways; what cannot be answered says why."""

import random
from datetime import date

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credit_portal.registry.models import SubjectName
from disclosure import fragments, gate, search, terms
from disclosure.models import FragmentFrequency
from disclosure.terms import Terms, TermsError
from tests import factories, listed
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def frequencies():
    """Each test reads the table of frequencies anew."""
    fragments.forget()
    yield
    fragments.forget()


def codes_of(page: search.Page) -> list[str]:
    return [row["code"] for row in page.rows]


def by_like(text: str) -> list[str]:
    rows = gate.listed_commitments(NOW).extra(
        where=["subject_name LIKE %s"], params=[search.like_pattern(text)]
    )
    return list(rows.order_by("-id").values_list("code", flat=True))


def every_page(asked: Terms) -> list[str]:
    found: list[str] = []
    for _ in range(200):
        page = search.find(asked, now=NOW)
        found += codes_of(page)
        if page.older is None:
            return found
        asked = Terms(**{**vars(asked), "cursor": terms.read_cursor(page.older)})
    raise AssertionError("没有翻到最后一页")


ALPHABET = "石家庄恒泰有限公司%_\\·A 𬭎䶮喆"


@pytest.mark.req("R91")
def test_a_part_of_a_name_finds_organisations_and_sole_traders_newest_first() -> None:
    first = listed.named("栾城区演示恒泰食品有限公司")
    listed.named("河北演示瑞丰建材有限公司")
    last = listed.commitment(subject=factories.subject(kind="sole_trader", name="栾城区恒泰饭店"))
    page = search.find(Terms(name="恒泰"), now=NOW)
    assert codes_of(page) == [last.code, first.code]
    assert (page.older, page.newer, page.notice) == (None, None, "")


@pytest.mark.req("R92", "R113")
def test_no_person_is_found_by_a_part_of_a_name() -> None:
    listed.commitment(subject=factories.person(name="恒泰"), signer_capacity="self")
    assert search.find(Terms(name="恒泰"), now=NOW).rows == []
    assert SubjectName.objects.get(name="恒泰").fragments in (None, [])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=st.lists(st.text(ALPHABET, min_size=1, max_size=9).filter(str.strip), min_size=1, max_size=12),
    chance=st.randoms(use_true_random=False),
    counted=st.booleans(),
)
def test_both_ways_find_exactly_what_like_finds(
    names: list[str], chance: random.Random, counted: bool, monkeypatch
) -> None:
    """Over names with wildcards, backslashes, rare characters and a subject that was renamed in between."""
    FragmentFrequency.objects.all().delete()
    made = [listed.named(name) for name in names]
    again = listed.renamed(made[0].subject, chance.choice(names) + "改")
    listed.commitment(subject=again, department=made[0].department)
    if counted:
        fragments.refresh(now=NOW)
    fragments.forget()
    for _ in range(6):
        name = chance.choice(names)
        start = chance.randrange(len(name))
        text = name[start : start + chance.randint(1, 4)]
        if not text.strip():
            continue
        expected = by_like(text)
        for walk in (True, False):
            with monkeypatch.context() as patched:
                patched.setattr(search, "_walk_goes_first", lambda *_, walk=walk: walk)
                for size in (1, 3, 20):
                    assert every_page(Terms(name=text, page_size=size)) == expected


@pytest.mark.parametrize("walk", [True, False], ids=["walk", "subjects"])
def test_a_commitment_is_found_by_the_name_it_was_signed_under_only(walk: bool, monkeypatch) -> None:
    monkeypatch.setattr(search, "_walk_goes_first", lambda *_: walk)
    who = factories.subject(name="旧名商行")
    old = listed.commitment(subject=who)
    renamed = listed.renamed(who, "新名商行")
    new = [listed.commitment(subject=renamed, department=old.department) for _ in range(search.SLACK * 12)]
    assert codes_of(search.find(Terms(name="旧名"), now=NOW)) == [old.code]
    assert len(every_page(Terms(name="新名"))) == len(new)


def test_characters_beyond_the_basic_plane_are_found_alone_and_in_pairs() -> None:
    made = listed.named("𬭎䶮㛃商行")
    for text in ("𬭎", "𬭎䶮", "䶮㛃商", "㛃"):
        assert codes_of(search.find(Terms(name=text), now=NOW)) == [made.code]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("阿布•热合曼", "阿布·热合曼商行"),
        ("阿布•", "阿布·热合曼商行"),
        ("•热合", "阿布·热合曼商行"),
        ("  恒泰  ", "恒泰商行"),
        ("cafe\u0301", "caf\u00e9 商行"),
        ("恒　泰", "恒 泰商行"),
    ],
)
def test_what_is_typed_is_brought_into_the_form_in_which_names_are_kept(typed: str, name: str) -> None:
    made = listed.named(name)
    asked = terms.read_terms({"name": typed})
    assert codes_of(search.find(asked, now=NOW)) == [made.code]


def test_pages_lead_forward_and_back_without_loss_or_doubles() -> None:
    made = [listed.commitment().code for _ in range(7)][::-1]
    first = search.find(Terms(page_size=3), now=NOW)
    assert (codes_of(first), first.newer) == (made[:3], None)
    second = search.find(Terms(page_size=3, cursor=terms.read_cursor(first.older)), now=NOW)
    assert codes_of(second) == made[3:6]
    third = search.find(Terms(page_size=3, cursor=terms.read_cursor(second.older)), now=NOW)
    assert (codes_of(third), third.older) == (made[6:], None)
    back = search.find(Terms(page_size=3, cursor=terms.read_cursor(third.newer)), now=NOW)
    assert codes_of(back) == made[3:6]
    start = search.find(Terms(page_size=3, cursor=terms.read_cursor(back.newer)), now=NOW)
    assert (codes_of(start), start.newer) == (made[:3], None)
    assert terms.read_cursor(start.older) == terms.read_cursor(first.older)


def test_what_is_published_meanwhile_moves_no_page() -> None:
    made = [listed.commitment().code for _ in range(4)][::-1]
    first = search.find(Terms(page_size=2), now=NOW)
    listed.commitment()
    second = search.find(Terms(page_size=2, cursor=terms.read_cursor(first.older)), now=NOW)
    assert codes_of(second) == made[2:]


def test_filters_narrow_and_combine_with_the_name() -> None:
    here = factories.department(region="130111")
    there = factories.department(region="410103")
    wanted = listed.named(
        "恒泰甲公司",
        department=here,
        commitment_type="voluntary",
        fulfilment="fulfilled",
        made_on=date(2026, 3, 5),
    )
    listed.named("恒泰乙公司", department=there, commitment_type="voluntary", made_on=date(2026, 3, 5))
    listed.named("恒泰丙公司", department=here, made_on=date(2026, 4, 5))
    for asked in (
        {"department": here.uscc, "type": "voluntary"},
        {"item": wanted.item.code},
        {"type": "voluntary", "status": "fulfilled"},
        {"region": "130000", "made_to": "2026-03-05"},
        {"region": "130111", "made_from": "2026-03-05", "made_to": "2026-03-31"},
        {"code": wanted.subject_code},
    ):
        for name in ({}, {"name": "恒泰"}, {"name": "泰甲公"}):
            found = search.find(terms.read_terms(asked | name), now=NOW)
            assert codes_of(found) == [wanted.code], (asked, name)
    assert search.find(terms.read_terms({"name": "泰乙", "department": here.uscc}), now=NOW).rows == []


def test_a_region_includes_those_below_it() -> None:
    made = listed.commitment(department=factories.department(region="130129"))
    listed.commitment(department=factories.department(region="410103"))
    for region in ("000000", "130000", "130100", "130129"):
        assert made.code in codes_of(search.find(terms.read_terms({"region": region}), now=NOW))
    assert codes_of(search.find(terms.read_terms({"region": "130100"}), now=NOW)) == [made.code]


def test_what_was_not_kept_cannot_be_searched_for() -> None:
    listed.commitment(fulfilment="unfulfilled")
    asked = terms.read_terms({"status": "unfulfilled"})
    page = search.find(asked, now=NOW)
    assert page.rows == []
    assert search.count(asked, page, now=NOW) == search.Count(0, True)


@pytest.mark.req("R92")
def test_what_is_running_and_what_was_not_kept_are_found_alike() -> None:
    made = [listed.commitment(fulfilment=state).code for state in ("running", "partial", "unfulfilled")]
    listed.commitment(fulfilment="fulfilled")
    assert sorted(codes_of(search.find(terms.read_terms({"status": "running"}), now=NOW))) == sorted(made)


@pytest.mark.req("R91")
@pytest.mark.parametrize(
    ("given", "field", "message"),
    [
        ({"name": "长" * 51}, "name", "50 个字"),
        ({"name": "恒\x07泰"}, "name", "第 2 个字符"),
        ({"name": "恒\x00泰"}, "name", "第 2 个字符"),
        ({"code": "91130111MA0000001I"}, "code", "第 18 位"),
        ({"code": "9113"}, "code", "现为 4 位"),
        ({"department": "没有"}, "department", "受理单位"),
        ({"item": "没有"}, "item", "事项编码"),
        ({"item": "a\x00"}, "item", "事项编码"),
        ({"type": "promise"}, "type", "voluntary"),
        ({"status": "done"}, "status", "running"),
        ({"region": "13"}, "region", "行政区划"),
        ({"region": "999999"}, "region", "行政区划"),
        ({"region": "13_111"}, "region", "行政区划"),
        ({"made_from": "2026/1/1"}, "made_from", "2026-01-31"),
        ({"made_to": "2026-02-30"}, "made_to", "2026-01-31"),
        ({"made_from": "2026-02-01", "made_to": "2026-01-31"}, "made_to", "不能早于"),
        ({"cursor": "abc"}, "cursor", "第一页"),
        ({"cursor": "b" + "A" * 23}, "cursor", "第一页"),
        ({"cursor": "翻页"}, "cursor", "第一页"),
        ({"page_size": "0"}, "page_size", "1 至 100"),
        ({"page_size": "101"}, "page_size", "1 至 100"),
        ({"page_size": "-1"}, "page_size", "1 至 100"),
        ({"page_size": "٣"}, "page_size", "1 至 100"),
    ],
)
def test_what_cannot_be_answered_is_named_by_field(given: dict[str, str], field: str, message: str) -> None:
    factories.region()
    with pytest.raises(TermsError) as refused:
        terms.read_terms(given)
    assert set(refused.value.errors) == {field}
    assert message in refused.value.errors[field]


def test_everything_that_is_wrong_is_named_at_once() -> None:
    with pytest.raises(TermsError) as refused:
        terms.read_terms({"type": "x", "made_from": "y", "page_size": "z"})
    assert set(refused.value.errors) == {"type", "made_from", "page_size"}


@pytest.mark.req("R92", "R113")
def test_a_persons_number_is_refused_without_repeating_it() -> None:
    number = factories.id_number(3)
    with pytest.raises(TermsError) as refused:
        terms.read_terms({"code": number})
    assert refused.value.errors == {"code": terms.ERROR_PERSON}
    assert number not in str(refused.value)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from([*terms.FILTERS, *terms.PAGING]), st.text(max_size=60), max_size=4))
def test_any_question_is_read_or_refused_by_name(given_: dict[str, str]) -> None:
    try:
        terms.read_terms(given_)
    except TermsError as error:
        assert set(error.errors) <= set(given_)
        assert all(error.errors.values())


def test_a_cursor_of_ones_own_making_is_refused() -> None:
    real = terms.write_cursor(terms.Cursor(5))
    assert terms.read_cursor(real) == terms.Cursor(5)
    assert terms.read_cursor(terms.write_cursor(terms.Cursor(2**62, newer=True))) == terms.Cursor(
        2**62, newer=True
    )
    for place in range(len(real)):
        forged = real[:place] + ("A" if real[place] != "A" else "B") + real[place + 1 :]
        with pytest.raises(ValueError, match="翻页标记"):
            terms.read_cursor(forged)


def test_the_one_box_takes_a_whole_code_or_a_part_of_a_name() -> None:
    code = factories.organisation_code(4)
    assert terms.read_box(f" {code.lower()} ") == {"code": code}
    assert terms.read_box("恒泰") == {"name": "恒泰"}
    assert terms.read_box("9113") == {"name": "9113"}


# What it costs, and what happens when it would cost too much


@pytest.mark.parametrize("name", ["", "恒泰", "不在其中"])
def test_a_search_is_one_query_and_its_count_one_more(name: str, django_assert_max_num_queries) -> None:
    for _ in range(3):
        listed.named("恒泰商行")
    fragments.refresh(now=NOW)
    fragments.shares()
    asked = Terms(name=name, page_size=2)
    # In a test's transaction each guarded query has a savepoint, its release and the limit's end around it.
    around = 3
    with django_assert_max_num_queries(2 * (1 + around)):
        page = search.find(asked, now=NOW)
    with django_assert_max_num_queries(2 * (1 + around) + 1):
        search.count(asked, page, now=NOW)


def test_the_common_walk_the_newest_and_the_rare_ask_the_index() -> None:
    for number in range(40):
        listed.named(f"石家庄第{number}商行")
    listed.named("独一饭店")
    FragmentFrequency.objects.create(fragment="石家", share=0.5, counted_at=NOW)
    for text, walks in (("石家", True), ("独一", False)):
        assert search._walk_goes_first(Terms(name=text), 21) is walks
        assert codes_of(search.find(Terms(name=text), now=NOW)) == by_like(text)[:20]


def test_without_frequencies_search_works_all_the_same() -> None:
    assert not FragmentFrequency.objects.exists()
    made = [listed.named(f"恒泰{number}行").code for number in range(3)][::-1]
    assert codes_of(search.find(Terms(name="恒泰"), now=NOW)) == made


def test_frequencies_are_shares_of_the_names_that_can_be_searched() -> None:
    for name in ("恒泰甲", "恒泰乙", "瑞丰", "恒泰泰"):
        factories.subject(name=name)
    factories.person(name="恒泰某")
    assert fragments.refresh(now=NOW) > 0
    shares = fragments.shares()
    assert shares["恒泰"] == pytest.approx(3 / 4)
    assert shares["泰泰"] == pytest.approx(1 / 4)
    assert "泰某" not in shares
    assert search.expected_share("恒泰", shares) == pytest.approx(3 / 4)
    assert search.expected_share("恒泰泰", shares) == pytest.approx(3 / 4 * (1 / 4) / (3 / 4))
    assert search.expected_share("没有", shares) == 0
    assert search.expected_share("恒泰", {}) is None


def test_a_search_that_takes_too_long_answers_with_what_it_has_and_says_so(monkeypatch) -> None:
    listed.named("恒泰商行")
    real = search._guarded

    def slow(sql, params, milliseconds):
        if "registry_subjectname" in sql:
            return real(f"SELECT pg_sleep(5) UNION ALL {'SELECT NULL'}", [], 20)
        return real(sql, params, milliseconds)

    monkeypatch.setattr(search, "_guarded", slow)
    page = search.find(Terms(name="恒泰"), now=NOW)
    assert page.notice == search.NOTICE_PARTIAL
    assert len(page.rows) == 1
    assert search.count(Terms(name="恒泰"), page, now=NOW).value >= 1
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone()[0] == "0"


@pytest.mark.django_db(transaction=True)
def test_the_limit_of_one_search_is_gone_with_it_outside_a_transaction_too() -> None:
    assert search._guarded("SELECT pg_sleep(5)", [], 20) is None
    assert search._guarded("SELECT 7", [], 20) == [(7,)]
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone()[0] == "0"
        cursor.execute("SELECT pg_sleep(0.05)")


def test_counts_are_exact_where_they_can_be_and_about_where_not(monkeypatch) -> None:
    for number in range(12):
        listed.named(f"恒泰{number}商行")
    asked = Terms(name="恒泰", page_size=5)
    page = search.find(asked, now=NOW)
    assert search.count(asked, page, now=NOW) == search.Count(12, True)
    everything = Terms(page_size=5)
    assert search.count(everything, search.find(everything, now=NOW), now=NOW) == search.Count(12, True)
    # As if there were very many: a small window and a low cap stand for size.
    monkeypatch.setattr(search, "COUNT_WINDOW", 8)
    monkeypatch.setattr(search, "COUNT_ENOUGH", 4)
    monkeypatch.setattr(search, "all_listed", lambda: 3_000_000)
    found = search.count(asked, page, now=NOW)
    assert found == search.Count(3_000_000, False)
    assert str(found) == "约 3000000 条"


def test_a_count_that_has_no_time_goes_by_how_common_the_name_is(monkeypatch) -> None:
    for number in range(30):
        listed.named(f"恒泰{number}商行")
    fragments.refresh(now=NOW)
    asked = Terms(name="恒泰", page_size=5)
    page = search.find(asked, now=NOW)
    monkeypatch.setattr(search, "_guarded", lambda *_: None)
    monkeypatch.setattr(search, "all_listed", lambda: 1_000_000)
    assert search.count(asked, page, now=NOW) == search.Count(1_000_000, False)


def test_an_estimate_is_never_less_than_what_is_on_the_page(monkeypatch) -> None:
    for number in range(4):
        listed.named(f"恒泰{number}商行")
    asked = Terms(name="恒泰", page_size=3)
    page = search.find(asked, now=NOW)
    monkeypatch.setattr(search, "_count_name", lambda *_: search.Count(0, False))
    assert search.count(asked, page, now=NOW).value == 3


def test_estimates_keep_two_figures() -> None:
    assert [search.about(value).value for value in (0, 7, 99, 123, 98_765, 1_949_999)] == [
        0, 7, 99, 120, 99_000, 1_900_000,
    ]  # fmt: skip
