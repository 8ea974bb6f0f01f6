"""The column in a real browser: without faults, for everyone, on a screen of any width, without scripts."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from playwright.sync_api import Page

from credit_portal.registry.models import CreditSubject
from credit_portal.registry.site import ELDER_COOKIE
from tests import breach_rows, factories, listed
from tests.browser import stage
from tests.browser.engine import engine, violations
from tests.column import READ_AT, copies, read_at, sign
from tests.factories import TODAY

NAMES = (
    "栾城区演示康宁大药房",
    "石家庄市栾城区演示𬭎䶮新能源科技股份有限公司第一分公司",
    "河北演示瑞丰建材有限公司",
)
LONG_NAME = "石家庄市栾城区演示长名称农业机械化服务专业合作社联合社第二分社"
NO_BREACH = "/breaches/00000000-0000-4000-8000-000000000000/"
SIZES = [(1280, False), (1280, True), (360, False), (360, True)]


@dataclass
class Visitor:
    page: Page
    address: str
    faults: list[str]

    def open(self, path: str, status: int = 200) -> Page:
        answer = self.page.goto(self.address + path)
        assert answer.status == status, path
        return self.page

    def look(self) -> None:
        """Accessible, within the screen, and every target large enough for a finger."""
        page = self.page
        assert violations(page) == [], page.url
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), page.url
        small = page.evaluate(
            """() => [...document.querySelectorAll("nav a, .button, input, select, summary, .records a, .index a")]
                     .filter(element => element.offsetParent && element.getBoundingClientRect().height < 24)
                     .map(element => element.outerHTML)"""
        )
        assert small == [], page.url
        if page.viewport_size["width"] < 720:
            low = page.evaluate(
                """() => [...document.querySelectorAll(".nav a, .button, input, select, summary, .records td a")]
                         .filter(element => element.offsetParent && element.getBoundingClientRect().height < 44)
                         .map(element => element.outerHTML)"""
            )
            assert low == [], page.url


@pytest.fixture
def visitor(transactional_db, chromium, live_server, monkeypatch) -> Iterator[Visitor]:
    """A visitor without scripts of the page's own, whose browser collects every fault it sees."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with read_at(READ_AT, monkeypatch), engine(chromium).context() as context:
        page = context.new_page()
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda said: faults.append(said.text) if "Content Security" in said.text else None)
        page.on(
            "request",
            lambda request: (
                None
                if request.url.startswith((live_server.url, *stage.OWN_SCHEMES))
                else faults.append(request.url)
            ),
        )
        yield Visitor(page, live_server.url, faults)


def furnish() -> dict[str, str]:
    """A column with something on every page; the paths of its pages."""
    from disclosure.models import RuleDocument

    counter = stage.furnish()
    counter.text = factories.text_version(
        department=counter.clerk.department, title="食品经营许可告知承诺书", item=counter.item.item
    )
    first = counter.sign()
    copies(first, 24)
    for name in NAMES:
        kind = CreditSubject.Kind.SOLE_TRADER if "药房" in name else CreditSubject.Kind.ORGANISATION
        row = sign(counter, subject=factories.subject(name=name, kind=kind))
    copies(
        row,
        1,
        fulfilment="fulfilled",
        made_on=row.made_on - timedelta(days=400),
        valid_until=date(2026, 9, 1),
    )
    document = RuleDocument.objects.create(
        region=counter.clerk.department.region,
        title="信用承诺制度实施细则",
        issuer="石家庄市栾城区社会信用体系建设领导小组办公室",
        number="栾信办〔2026〕3号",
        issued_on=date(2026, 3, 5),
        effective_from=date(2026, 10, 1),
        summary="规定信用承诺的类型。\n规定违约的认定。",
        source_url="https://www.example.gov.cn/",
    )
    code = first.subject_code
    broken = listed.commitment(
        subject=factories.subject(name=LONG_NAME),
        department=counter.clerk.department,
        fulfilment="partial",
        code=f"{first.code[:14]}900001",  # the counter counts from 1
    )
    breach = breach_rows.publication(
        of=breach_rows.case(
            commitment=broken,
            outcome="partial",
            subject_statement="设备故障，已经整改。\n复查合格的报告已经交到受理单位。",
            subject_statement_on=READ_AT.date(),
        ),
        objection_under_way=True,
    )
    for at in range(24):
        breach_rows.duty(
            department=counter.clerk.department,
            rule_key="breach_report" if at < 14 else "report_acceptance",
            met_on=None if at < 3 else TODAY - timedelta(days=31),
        )
    return {
        "front": "/",
        "list": "/commitments/",
        "found": "/commitments/?q=新能源",
        "narrowed": f"/commitments/?q=恒泰&type=approval&item={counter.item.item.code}&made_from=2026-09-01",
        "nothing": "/commitments/?q=没有这家",
        "wrong": f"/commitments/?q={factories.misprinted(code)}&made_to=2020",
        "one": f"/commitments/{row.code}/",
        "subject": f"/subjects/{code}/",
        "breaches": "/breaches/",
        "no breach": "/breaches/?q=没有这家&grade=minor",
        "breach": f"/breaches/{breach.uuid}/",
        "broken": f"/commitments/{broken.code}/",
        "who broke it": f"/subjects/{broken.subject_code}/",
        "supervision": "/supervision/",
        "determination": f"/verify/{breach.case.verify_token}/",
        "catalogue": "/catalogue/",
        "texts": "/texts/",
        "text": f"/texts/{counter.text.text.code}/",
        "cases": "/cases/",
        "case": f"/cases/{factories.public_case(department=counter.clerk.department).uuid}/",
        "rules": "/rules/",
        "rule": f"/rules/{document.pk}/",
        "verify": f"/verify/{first.verify_token}/",
        "api": "/api/",
        "integration": "/api/integration/",
    }


@pytest.mark.browser
@pytest.mark.req("R97")
@pytest.mark.parametrize(("width", "elder"), SIZES)
def test_every_page_of_the_column_is_accessible_and_fits_the_screen(visitor, width, elder):
    page = visitor.page
    page.set_viewport_size({"width": width, "height": 900})
    if elder:
        page.context.add_cookies([{"name": ELDER_COOKIE, "value": "1", "url": visitor.address}])
    for path in furnish().values():
        visitor.open(path)
        visitor.look()
    for path in (
        "/subjects/91130111MA00000000/",
        "/commitments/00000000000000000000/",
        "/verify/none/",
        NO_BREACH,
    ):
        visitor.open(path, status=404)
        visitor.look()
    assert visitor.faults == []


@pytest.mark.browser
@pytest.mark.req("R90", "R97")
@pytest.mark.parametrize("width", [1280, 360])
def test_a_visitor_finds_a_company_by_keyboard_and_reads_its_promise(visitor, width):
    furnish()
    page = visitor.page
    page.set_viewport_size({"width": width, "height": 900})
    visitor.open("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "跳到正文"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.type("药房")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "共 1 条：名称含“药房”" in page.inner_text("main")
    with page.expect_navigation():
        page.click(".records .lead a")
    assert page.inner_text("h1") == NAMES[0] and "/subjects/" in page.url
    with page.expect_navigation():
        page.click(".records .lead a")
    assert "一、守法经营" in page.inner_text(".paper")
    font = page.evaluate("getComputedStyle(document.querySelector('.paper p')).fontFamily")
    assert "serif" in font and "Song" in font
    indent = page.evaluate("getComputedStyle(document.querySelectorAll('.paper > p')[1]).textIndent")
    assert indent == "32px"
    assert visitor.faults == []


@pytest.mark.browser
def test_filters_pages_and_a_way_back_need_no_script(visitor, chromium):
    furnish()
    browser = visitor.page.context.browser
    page = browser.new_context(java_script_enabled=False, base_url=visitor.address).new_page()
    page.goto("/commitments/")
    page.click("summary")
    page.select_option("#f-type", label="审批替代型")
    page.fill("#f-made_from", "2026-09-14")
    page.click("text=按条件查询")
    assert "审批替代型，2026-09-14 起作出" in page.inner_text("main")
    first = page.inner_text("table.records")
    page.click("text=下一页")
    assert page.inner_text("table.records") != first and re.search("cursor=", page.url)
    assert page.input_value("#f-type") == "approval"
    page.click("text=上一页")
    assert page.inner_text("table.records") == first
    page.click("text=清除条件")
    assert page.url == visitor.address + "/commitments/"


@pytest.mark.browser
@pytest.mark.req("R92")
def test_a_typed_id_number_leaves_the_address_bar_and_the_history(visitor):
    furnish()
    number = factories.id_number(77)
    page = visitor.open("/commitments/")
    page.fill("#q", number)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert number not in page.url and number not in page.content() and number not in page.title()
    assert "没有查到" in page.inner_text("main")
    page.go_back()
    page.go_forward()
    assert number not in page.url


@pytest.mark.browser
def test_on_a_phone_a_table_is_stacked_and_on_paper_only_the_record_is_printed(visitor):
    paths = furnish()
    page = visitor.page
    page.set_viewport_size({"width": 360, "height": 800})
    visitor.open(paths["list"])
    assert page.evaluate("getComputedStyle(document.querySelector('.records td')).display") == "block"
    label = page.evaluate(
        "getComputedStyle(document.querySelector('.records td[data-label]'), '::before').content"
    )
    assert label == '"事项"'
    visitor.open(paths["one"])
    page.emulate_media(media="print")
    for gone in (".band", ".foot", ".crumbs"):
        assert not page.is_visible(gone)
    assert page.is_visible(".paper") and page.is_visible(".terms") and page.is_visible(".course")
    visitor.open(paths["list"])
    assert not page.is_visible("#q") and page.is_visible(".records")
