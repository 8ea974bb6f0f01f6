"""`/supervision/`: who keeps the time limits. What counts, what is withheld, and who sees single duties."""

from datetime import timedelta

import pytest
from django.core.cache import cache

from credit_portal.audit import clock
from credit_portal.deadlines.models import Duty
from credit_portal.registry import groups
from disclosure import supervision, throttles
from tests import breach_rows, factories
from tests.column import body, main_of, words
from tests.factories import NOW, TODAY
from tests.office import client_of
from tests.reading import english

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("blank_papers")]
PAGE = "/supervision/"
DUE = TODAY - timedelta(days=30)


@pytest.fixture(autouse=True)
def moment(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setattr(clock, "today", lambda: TODAY)
    throttles.counter.forget()


def duties(number: int, *, department=None, late: int = 0, **fields) -> None:
    """So many duties, met on their last day; `late` of them a day after it."""
    department = department or factories.department()
    for at in range(number):
        due = fields.get("due_on", DUE)
        met = due + timedelta(days=1 if at < late else 0)
        breach_rows.duty(**({"department": department, "met_on": met} | fields))


def counted() -> dict[str, tuple[int, int]]:
    cache.clear()
    return {rate.code: (rate.due, rate.on_time) for rate in supervision.figures(TODAY).departments}


def test_met_on_the_last_day_is_on_time_and_a_day_later_is_not():
    department = factories.department()
    duties(10, department=department, late=3)
    assert counted() == {department.uscc: (10, 7)}


@pytest.mark.parametrize(
    ("fields", "counts"),
    [
        ({"met_on": None}, True),
        ({"met_on": None, "due_on": TODAY}, False),
        ({"due_on": TODAY, "met_on": TODAY}, True),
        ({"due_on": TODAY + timedelta(days=1), "met_on": TODAY}, False),
        ({"due_on": TODAY - timedelta(days=365)}, True),
        ({"due_on": TODAY - timedelta(days=366)}, False),
        ({"confirmed": False}, False),
        ({"met_on": None, "state": "suspended", "suspended_on": DUE}, False),
        ({"met_on": None, "state": "cancelled"}, False),
    ],
    ids=[
        "open and overdue", "due today", "met today", "met before due", "a year ago", "longer ago", "unconfirmed",
        "suspended", "cancelled",
    ],
)  # fmt: skip
def test_what_has_fallen_due_in_twelve_months_counts(fields, counts):
    duties(10, **fields)
    assert len(counted()) == counts


def test_a_rate_is_rounded_down_so_that_one_late_case_is_never_a_hundred():
    department = factories.department()
    duties(201, department=department, late=1)
    (rate,) = supervision.figures(TODAY).departments
    assert (rate.due, rate.on_time, rate.percent) == (201, 200, 99)


def test_fewer_than_ten_are_not_told_not_even_by_taking_sums_apart():
    big, small = factories.department(), factories.department()
    duties(12, department=big)
    duties(9, department=small, late=9)
    found = supervision.figures(TODAY)
    assert [rate.code for rate in found.departments] == [big.uscc] and found.withheld == 1
    assert [(rate.due, rate.on_time) for rate in found.rules] == [(12, 12)]
    duties(8, rule_key="service")
    cache.clear()
    # Two are withheld: their sum is not the figure of either. A rule with fewer than ten is withheld as well.
    found = supervision.figures(TODAY)
    assert found.withheld == 2
    assert [(rate.code, rate.due, rate.on_time) for rate in found.rules] == [("breach_report", 21, 12)]


def test_another_region_is_not_counted_here(settings):
    duties(10, department=factories.department(region="410103"))
    settings.REGION_CODE = "130100"
    assert counted() == {}
    settings.REGION_CODE = "410000"
    assert len(counted()) == 1


def test_the_page_says_in_words_what_it_counts_and_draws_what_the_table_says(client):
    department = factories.department()
    duties(10, department=department, late=1)
    page = main_of(body(client, PAGE))
    text = words(page)
    assert department.name in text and "90%" in text and "2025-09-14" in text and "2026-09-14" in text
    assert "不足 10 件，不公布" in text and "违诺" in text
    assert 'width="90"' in page and 'aria-hidden="true"' in page
    assert page.index("<table") < page.index("<svg")
    assert english(page) == set()


def test_an_office_with_few_cases_says_so(client):
    duties(9)
    text = words(main_of(body(client, PAGE)))
    assert text.count("都不足 10 件，不公布") == 2 and "%" not in text


def test_figures_are_counted_once_a_minute_in_one_query(client, django_assert_num_queries):
    for _ in range(3):
        duties(10)
    with django_assert_num_queries(1):
        first = supervision.figures(TODAY)
    Duty.objects.filter(state="met").update(met_on=TODAY)
    with django_assert_num_queries(0):
        assert supervision.figures(TODAY) == first
    cache.clear()
    assert supervision.figures(TODAY).departments[0].on_time == 0


def test_the_interface_tells_the_same_figures(client):
    department = factories.department()
    duties(10, department=department, late=5)
    told = client.get("/api/v1/public/duties").json()
    assert told["departments"] == [
        {"code": department.uscc, "name": department.name, "due": 10, "on_time": 5, "percent": 50}
    ]
    assert told["withheld"] == 0 and [rule["code"] for rule in told["rules"]] == ["breach_report"]
    assert "R130111" not in client.get("/api/v1/public/duties").content.decode()


@pytest.mark.parametrize(
    ("role", "sees"),
    [
        (groups.OFFICER, True),
        (groups.HEAD, True),
        (groups.CREDIT_OFFICE, True),
        (groups.AUDITOR, True),
        (groups.CLERK, False),
        (groups.SYSTEM_ADMIN, False),
        (groups.SECURITY_ADMIN, False),
    ],
)
def test_single_duties_are_for_staff_who_may_see_them(client, role, sees):
    department = factories.department()
    own = breach_rows.duty(department=department, due_on=TODAY)
    elsewhere = breach_rows.duty(department=factories.department(region="410103"))
    assert own.number not in body(client, PAGE)
    page = body(client_of(factories.staff(role, department=department)), PAGE)
    assert (own.number in page) == sees
    assert ("今日到期" in page) == sees
    assert elsewhere.number not in page
    # Whoever has no desk gets no link to it.
    assert (f"/desk/duties/{own.pk}/" in page) == (sees and role != groups.AUDITOR)


def test_the_staff_part_shows_the_first_to_be_due_and_costs_no_query_a_line(django_assert_max_num_queries):
    department = factories.department()
    officer = client_of(factories.staff(groups.OFFICER, department=department))
    for at in range(25):
        breach_rows.duty(department=department, due_on=TODAY + timedelta(days=at))
    officer.get(PAGE)
    with django_assert_max_num_queries(10):
        page = officer.get(PAGE).content.decode()
    assert page.count("/desk/duties/") == 20 + page[: page.index("<main")].count("/desk/duties/")
