"""The back office in a real browser: its scripts run under its policy, nothing foreign is asked, it fits a phone, and
the rules of accessibility hold."""

import pytest
from django.conf import settings
from django.test import Client

from credit_portal.registry import groups
from tests.browser.engine import engine, violations
from tests.office import BACKEND, Office, address

pytestmark = pytest.mark.browser


@pytest.fixture
def browser_page(transactional_db, chromium, live_server, monkeypatch):
    # Playwright keeps an event loop in this thread, and Django would not let the test use its database then.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    office = Office()
    with engine(chromium).context(base_url=live_server.url) as context:
        page = context.new_page()
        page.faults = []
        page.on("console", lambda said: said.type == "error" and page.faults.append(said.text))
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.on(
            "request",
            lambda asked: asked.url.startswith((live_server.url, "data:")) or page.faults.append(asked.url),
        )
        yield page, office
        assert page.faults == []


def enter(page, user, url: str) -> None:
    client = Client()
    client.force_login(user, backend=BACKEND)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": url}])


@pytest.mark.parametrize("width", [1280, 360])
def test_the_pages_of_the_credit_office_are_accessible_and_fit_the_screen(browser_page, live_server, width):
    page, office = browser_page
    page.set_viewport_size({"width": width, "height": 900})
    enter(page, office.people[groups.CREDIT_OFFICE], live_server.url)
    for url in (
        "/admin/",
        address("commitments.commitment", "changelist"),
        address("commitments.commitment", "change", office.commitment),
        address("verification.creditentry", "history", office.entry),
        address("audit.auditevent", "changelist"),
        address("disclosure.publicitydecision", "add"),
        address("commitments.textversion", "edit", office.draft_text),
        address("commitments.commitment", "changelist") + "?q=没有这样的名称",
        address("deadlines.calendarnotice", "add"),
        address("deadlines.calendarnotice", "change", office.rows()["deadlines.calendarnotice"]),
        address("deadlines.ruleproposal", "change", office.rule_proposal),
        f"{address('deadlines.ruleproposal', 'add')}?rule={office.rule.pk}",
        address("deadlines.ruleproposal", "impact", office.rule_proposal),
        f"{address('deadlines.switchorder', 'add')}?rule={office.rule.pk}",
        address("deadlines.switchorder", "change", office.switch_order),
        address("deadlines.switchorder", "lines", office.switch_order),
    ):
        page.goto(url)
        page.wait_for_load_state("networkidle")
        assert violations(page) == [], url
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), url


def test_filters_open_by_keyboard_and_narrow_the_log(browser_page, live_server):
    page, office = browser_page
    enter(page, office.people[groups.CREDIT_OFFICE], live_server.url)
    page.goto(address("audit.auditevent", "changelist"))
    page.locator("button.rec-filter").focus()
    page.keyboard.press("Enter")
    page.locator("select[name=verb]").select_option(label="签署承诺")
    assert violations(page) == []
    page.locator("#changelist-filter button[type=submit]").click()
    page.wait_for_url("**verb=commitment.signed**")
    assert page.locator("#result_list .field-verb_name").all_inner_texts() == ["签署承诺", "签署承诺"]


def test_a_signature_opens_in_a_tab_of_its_own_once_a_purpose_is_chosen(browser_page, live_server):
    page, office = browser_page
    enter(page, office.people[groups.CREDIT_OFFICE], live_server.url)
    page.goto(address("commitments.commitment", "change", office.commitment))
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="打开签名或扫描件").click()
    opened.value.wait_for_load_state()
    assert "/evidence/" in opened.value.url
    assert opened.value.evaluate("document.contentType") == "image/png"
