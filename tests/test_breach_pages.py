"""Pages of public breaches over rows: what they show, how they are searched, and what happens when one is gone."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from commitments.models import Commitment
from credit_portal.audit import clock
from credit_portal.registry.models import CreditSubject
from disclosure.models import BreachPublication
from tests import breach_rows, factories, listed
from tests.column import body, main_of, read_at, words
from tests.factories import NOW, TODAY
from tests.reading import english

pytestmark = pytest.mark.django_db
LIST = "/breaches/"


@pytest.fixture(autouse=True)
def moment(monkeypatch):
    with read_at(NOW, monkeypatch):
        monkeypatch.setattr(clock, "today", lambda: TODAY)
        yield


def breach_of(name: str, *, department=None, **fields) -> BreachPublication:
    commitment = listed.named(name, fulfilment="unfulfilled", department=department)
    return breach_rows.publication(of=breach_rows.case(commitment=commitment, **fields))


def found(client: Client, **query) -> list[str]:
    page = client.get(LIST, query)
    assert page.status_code == 200
    return re.findall(r'href="/breaches/([0-9a-f-]{36})/"', page.content.decode())


def end(row: BreachPublication) -> None:
    BreachPublication.objects.filter(pk=row.pk).update(ended_at=NOW, ending="repair")


# ---- the list ----


@pytest.mark.req("R89", "R91")
def test_a_breach_is_found_by_name_code_department_region_field_and_grade(client):
    department = factories.department(region="130129")
    wanted = breach_of("恒泰食品", department=department, grade="serious")
    breach_of("瑞丰建材")
    code = wanted.case.commitment.subject_code
    domain = wanted.case.commitment.item_version.domain
    for query in (
        {"q": "恒泰"},
        {"q": code},
        {"q": f" {code.lower()} "},
        {"department": department.uscc},
        {"region": "130129"},
        {"grade": "serious"},
        {"q": "恒泰", "domain": domain, "grade": "serious"},
    ):
        assert found(client, **query) == [str(wanted.uuid)], query
    assert len(found(client, region="130000")) == len(found(client)) == 2
    other = "education" if domain != "education" else "finance"
    assert found(client, domain=other) == []


def test_an_empty_list_and_an_empty_answer_say_what_that_means(client):
    assert "现在没有正在公示的违诺信息" in words(body(client, LIST))
    text = words(main_of(body(client, f"{LIST}?q=没有这家&grade=minor")))
    assert "没有查到" in text and "不是对该主体信用状况的评价" in text and "清除条件" in text


@pytest.mark.parametrize(
    "query", ["department=x", "region=99", "domain=x", "grade=x", "cursor=x", "q=%00", "q=%"]
)
def test_a_wrong_question_is_answered_on_the_page(client, query):
    breach_of("恒泰食品")
    page = body(client, f"{LIST}?{query}")
    if query.startswith("q="):
        return
    assert "没有这个选项" in page or "不能从这里翻页" in page


@pytest.mark.req("R92")
def test_a_typed_id_number_goes_into_no_address_and_the_answer_says_nothing_was_found(client):
    number = factories.id_number(77)
    answer = client.get(LIST, {"q": number})
    assert answer.status_code == 302 and number not in answer["Location"]
    text = words(main_of(body(client, answer["Location"])))
    assert "没有查到" in text and "自然人的违诺不在这里查询" in text


def test_pages_are_walked_both_ways_and_keep_the_conditions(client):
    rows = [str(breach_of(f"恒泰{number:02d}店").uuid) for number in range(25)][::-1]
    first = body(client, f"{LIST}?q=恒泰")
    assert "共 25 条" in words(first)
    assert re.findall(r'href="/breaches/([0-9a-f-]{36})/"', first) == rows[:20]
    older = re.search(r'href="([^"]*cursor=[^"]*)"', first)[1].replace("&amp;", "&")
    assert "q=" in older
    second = body(client, older)
    assert re.findall(r'href="/breaches/([0-9a-f-]{36})/"', second) == rows[20:]
    newer = re.search(r'href="([^"]*cursor=[^"]*)"', second)[1].replace("&amp;", "&")
    assert re.findall(r'href="/breaches/([0-9a-f-]{36})/"', body(client, newer)) == rows[:20]


def test_the_list_costs_as_many_queries_for_twenty_as_for_one(client, django_assert_num_queries):
    breach_of("恒泰一店")
    client.get(LIST)
    with django_assert_num_queries(5):
        client.get(LIST)
    for number in range(19):
        breach_of(f"恒泰{number}分店")
    with django_assert_num_queries(5):
        assert client.get(LIST).status_code == 200


# ---- one breach ----


@pytest.mark.req("R89", "R98")
def test_the_record_says_what_was_not_kept_what_follows_and_until_when(client):
    row = breach_of(
        "恒泰食品",
        subject_statement="设备故障，已于九月整改。",
        subject_statement_on=TODAY - timedelta(days=3),
    )
    BreachPublication.objects.filter(pk=row.pk).update(objection_under_way=True)
    page = main_of(body(client, f"{LIST}{row.uuid}/"))
    text = words(page)
    for expected in (
        "恒泰食品", "全部未履行", "异议处理中", "检测报告逾期没有补交", "守法经营", "责令限期改正", "主体说明",
        "设备故障", row.case.document_no, "起可以申请信用修复", "次日零时自行停止", "栾城区人民政府", "异议",
        f"{row.repairable_from:%Y-%m-%d}", f"{row.public_until:%Y-%m-%d}", row.case.commitment.subject_code,
    ):  # fmt: skip
        assert expected in text, expected
    # The subject's own words stand directly under what it did not keep.
    order = [page.index(mark) for mark in ("检测报告逾期", "设备故障", "责令限期改正")]
    assert order == sorted(order)
    assert page.count('class="ahead"') == 2
    assert english(page, "http localhost breaches", f"{row.uuid}") == set()


@pytest.mark.req("R92")
def test_a_persons_breach_shows_the_surname_and_leads_nowhere(client):
    commitment = listed.commitment(
        subject=factories.person(name="欧阳明日"), public=False, fulfilment="unfulfilled"
    )
    row = breach_rows.publication(of=breach_rows.case(commitment=commitment))
    page = body(client, f"{LIST}{row.uuid}/")
    assert "欧阳＊＊" in page and "明日" not in page
    assert commitment.code not in page and "/subjects/" not in page
    assert found(client) == [] and found(client, q="欧阳") == []


@pytest.mark.req("R92", "R99")
def test_gone_and_never_there_and_not_public_are_one_answer(client):
    row, never = breach_of("恒泰食品"), "00000000-0000-4000-8000-000000000000"
    limited = breach_rows.publication(
        publicity_class="limited", reason="privacy", public_from=None, public_until=None
    )
    end(row)
    pages = []
    for uuid in (str(row.uuid), never, str(limited.uuid)):
        page = body(client, f"{LIST}{uuid}/", status=404)
        assert "恒泰" not in page
        pages.append(page.replace(uuid, ""))
    assert len(set(pages)) == 1
    assert client.get(f"{LIST}not-a-uuid/").status_code == 404


# ---- on the commitment and the subject ----


@pytest.mark.req("R89", "R99")
def test_the_commitment_reads_as_determined_on_its_own_page_only_and_only_while_it_is_public(client):
    row = breach_of("恒泰食品")
    commitment = row.case.commitment
    path = f"/commitments/{commitment.code}/"
    answer = client.get(path)
    text = words(main_of(answer.content.decode()))
    assert "全部未履行" in text and "检测报告逾期没有补交" in text and "起可以申请信用修复" in text
    assert "履行中" not in text
    assert answer["X-Robots-Tag"] == "noindex, nofollow, noarchive"
    for listing in ("/", "/commitments/", f"/commitments/?q={commitment.subject_code}"):
        text = words(main_of(body(client, listing)))
        assert "全部未履行" not in text and "履行中" in text, listing
    end(row)
    answer = client.get(path)
    text = words(main_of(answer.content.decode()))
    assert "履行中" in text
    for word in ("未履行", "没有履行", "违诺公示", "认定"):
        assert word not in text.replace("尚待认定", ""), word
    assert "X-Robots-Tag" not in answer


def test_late_performance_is_shown_beside_a_breach_that_is_still_public(client):
    row = breach_of("恒泰食品")
    Commitment.objects.filter(pk=row.case.commitment_id).update(fulfilment="fulfilled")
    text = words(main_of(body(client, f"/commitments/{row.case.commitment.code}/")))
    assert "全部履行" in text and "检测报告逾期没有补交" in text


def test_the_subjects_page_lists_its_breaches_while_they_are_public(client):
    row = breach_of("恒泰食品")
    path = f"/subjects/{row.case.commitment.subject_code}/"
    answer = client.get(path)
    assert "正在公示的违诺" in answer.content.decode() and str(row.uuid) in answer.content.decode()
    assert answer["X-Robots-Tag"].startswith("noindex")
    end(row)
    answer = client.get(path)
    assert "违诺" not in main_of(answer.content.decode()) and "X-Robots-Tag" not in answer


def test_a_subject_of_which_only_a_breach_is_public_has_a_page_as_long_as_that(client):
    commitment = listed.commitment(public=False, fulfilment="partial")
    row = breach_rows.publication(of=breach_rows.case(commitment=commitment, outcome="partial"))
    subject = f"/subjects/{commitment.subject_code}/"
    page = body(client, f"{LIST}{row.uuid}/")
    assert f'href="{subject}"' in page and f"/commitments/{commitment.code}/" not in page
    text = words(main_of(body(client, subject)))
    assert "正在公示的违诺" in text and "0 份" in text and "部分履行" in text
    end(row)
    body(client, subject, status=404)


def test_nothing_of_breaches_is_for_search_engines(client):
    row = breach_of("恒泰食品")
    assert "Disallow: /breaches/\n" in body(client, "/robots.txt")
    for path in (LIST, f"{LIST}{row.uuid}/", f"/subjects/{row.case.commitment.subject_code}/"):
        answer = client.get(path)
        assert "no-store" in answer["Cache-Control"] and answer["X-Robots-Tag"].startswith("noindex")
        assert 'name="robots" content="noindex' in answer.content.decode()


def test_a_sole_trader_is_listed_like_an_organisation(client):
    trader = factories.subject(kind=CreditSubject.Kind.SOLE_TRADER)
    commitment = listed.commitment(subject=trader, fulfilment="unfulfilled")
    row = breach_rows.publication(of=breach_rows.case(commitment=commitment))
    assert found(client, q=trader.uscc) == [str(row.uuid)]
