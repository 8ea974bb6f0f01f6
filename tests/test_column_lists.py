"""Catalogue, texts and documents of the column, and what its pages cost."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from commitments.models import TextVersion
from credit_portal.registry.models import ServiceItemVersion
from disclosure.models import RuleDocument
from tests import factories
from tests.column import READ_AT, body, copies, main_of, read_at, rule_document, sign, words
from tests.counter import Counter

SEARCH = "/commitments/"


@pytest.fixture(autouse=True)
def moment(monkeypatch):
    with read_at(READ_AT, monkeypatch):
        yield


# ---- catalogue, texts, documents ----


def test_the_catalogue_shows_what_is_in_force_here_and_filters(client, db):
    office = factories.department()
    food = factories.item_version(department=office, name="食品经营许可", domain="food_drug")
    above = factories.item_version(department=factories.department(region="130000"), name="省级事项")
    factories.item_version(department=factories.department(region="410103"), name="外地事项")
    factories.item_version(department=office, name="草稿事项", status="draft")
    soon = factories.item_version(department=office, name="旧版事项", number=1)
    ServiceItemVersion.objects.filter(pk=soon.pk).update(status="frozen", valid_to=date(2026, 9, 30))
    factories.item_version(item=soon.item, name="新版事项", valid_from=date(2026, 10, 1))
    text = words(main_of(body(client, "/catalogue/")))
    for shown in (food.name, above.name, "旧版事项", "共 3 项", "各类型均可；可容缺受理", "10 个工作日"):
        assert shown in text
    for hidden in ("外地事项", "草稿事项", "新版事项"):
        assert hidden not in text
    found = words(main_of(body(client, "/catalogue/?q=食品&domain=food_drug")))
    assert "共 1 项" in found and food.name in found and above.name not in found
    assert "没有查到" in body(client, "/catalogue/?q=没有这种")
    assert "没有查到" in body(client, "/catalogue/?q=食品&domain=approval")


def test_a_city_shows_its_own_catalogue_and_that_of_the_districts_below(client, db, settings):
    for code in ("130000", "130100", "130111", "130129", "410103"):
        factories.item_version(department=factories.department(region=code), name=f"事项{code}")
    settings.REGION_CODE = "130100"
    text = words(main_of(body(client, "/catalogue/")))
    assert [code for code in ("130000", "130100", "130111", "130129", "410103") if code in text] == [
        "130000", "130100", "130111", "130129",
    ]  # fmt: skip


@pytest.mark.req("R33")
def test_every_text_in_force_is_there_whole_with_its_scope(client, db):
    office = factories.department()
    version = factories.text_version(
        department=office,
        title="容缺受理承诺书",
        late_materials=True,
        scope="材料暂缺、可以后补的",
        clauses=(*factories.CLAUSES[:6], ("pledge", "于{日期}前补齐。", ()), factories.CLAUSES[6]),
        blanks=({"key": "日期", "label": "补齐日期", "kind": "date"},),
    )
    factories.text_version(department=factories.department(region="410103"), title="外地承诺书")
    factories.text_version(department=office, title="未发布承诺书", status=TextVersion.Status.DRAFT)
    text = words(main_of(body(client, "/texts/")))
    assert "容缺受理承诺书 第 1 版，容缺受理" in text and "材料暂缺、可以后补的" in text
    assert "外地承诺书" not in text and "未发布" not in text
    page = main_of(body(client, reverse("disclosure:text", args=[version.text.code])))
    text = words(page)
    assert "七、于＿＿＿＿＿＿（补齐日期）前补齐。" in text and "违诺责任 八、" in text
    assert "为什么要您承诺。" in text and "由谁处理您的信息。" in text and "第 1 版" in text
    assert version.sha256 in text.replace(" ", "")
    assert client.get("/texts/T99999/").status_code == 404


def test_rule_documents_of_here_are_listed_newest_first_and_read_alone(client, db):
    shown = rule_document()
    older = rule_document(title="省级意见", region=factories.region("130000"), issued_on=date(2024, 1, 1))
    hidden = rule_document(title="内部文件", is_public=False)
    rule_document(title="外地文件", region=factories.region("410103"))
    text = words(main_of(body(client, "/rules/")))
    assert text.index(shown.title) < text.index(older.title)
    assert "内部文件" not in text and "外地文件" not in text
    text = words(main_of(body(client, f"/rules/{shown.pk}/")))
    assert "栾信办〔2026〕3号" in text and "2026-10-01 ，尚未施行" in text and "规定违约的认定。" in text
    assert client.get(f"/rules/{hidden.pk}/").status_code == 404
    assert client.get("/rules/99999999999999999999/").status_code == 404


# ---- what a page costs ----


@pytest.mark.django_db(transaction=True)
def test_pages_ask_the_database_only_so_often(client):
    counter = Counter.open()
    signed = counter.sign()
    copies(signed, 24)
    for position in range(3):
        sign(counter, subject=factories.subject(name=f"栾城区演示康宁大药房{position}"))
        factories.item_version(department=counter.clerk.department)
        factories.text_version(department=counter.clerk.department)
        rule_document()
    version = TextVersion.objects.first()
    for path in (SEARCH, f"{SEARCH}?q=康宁"):
        body(client, path)  # what a process remembers is read once
    costs = {
        "/": 5,
        SEARCH: 5,
        f"{SEARCH}?q=康宁": 5,
        f"{SEARCH}?q=没有这家": 5,
        f"{SEARCH}?q={signed.subject_code}": 5,
        f"{SEARCH}?type=approval": 5,
        f"/commitments/{signed.code}/": 4,
        f"/subjects/{signed.subject_code}/": 5,
        "/catalogue/": 3,
        "/texts/": 1,
        reverse("disclosure:text", args=[version.text.code]): 6,
        "/rules/": 2,
        f"/rules/{RuleDocument.objects.first().pk}/": 1,
        reverse("disclosure:verify", args=[signed.verify_token]): 1,
        "/api/": 1,
    }
    spent = {}
    for path in costs:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        spent[path] = len(queries)
    assert spent == costs


@pytest.mark.django_db
def test_the_number_of_queries_does_not_grow_with_the_list(client):
    signed = Counter.open().sign()

    def spent(path: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            body(client, path)
        return len(queries)

    paths = ("/", f"{SEARCH}?q=测试", f"/subjects/{signed.subject_code}/", "/catalogue/", "/texts/")
    copies(signed, 1)
    body(client, f"{SEARCH}?q=测试")  # what a process remembers is read once
    few = [spent(path) for path in paths]
    copies(signed, 15, made_on=signed.made_on - timedelta(days=1))
    assert [spent(path) for path in paths] == few
