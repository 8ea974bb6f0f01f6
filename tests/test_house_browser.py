"""The frames in a real browser: accessible, fitting the screen, strict; the idle warning counts for real."""

from urllib.parse import urlsplit

import pytest
from django.urls import reverse

from credit_portal.registry import site
from tests import factories
from tests.browser.engine import engine, violations


@pytest.fixture(autouse=True)
def region_read_anew():
    site.forget_place()
    yield
    site.forget_place()


@pytest.fixture
def browser_page(chromium, live_server, monkeypatch):
    """A page of a browser that knows nothing, with every fault it shows collected: script errors, CSP reports, foreign requests."""
    # Playwright keeps an event loop in this thread; the rows that a test makes meanwhile are made in plain calls.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with engine(chromium).context(base_url=live_server.url) as context:
        page = context.new_page()
        page.faults = []
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.on(
            "console",
            lambda message: "Content Security Policy" in message.text and page.faults.append(message.text),
        )
        page.on(
            "request",
            lambda request: (
                request.url.startswith((live_server.url, "data:")) or page.faults.append(request.url)
            ),
        )
        yield page


def _log_in(page, user) -> None:
    page.goto(reverse("account_login") + "?next=" + reverse("account_change_password"))
    page.fill("#id_login", user.username)
    page.fill("#id_password", factories.PASSWORD)
    with page.expect_navigation(url=lambda url: urlsplit(url).path == reverse("account_change_password")):
        page.keyboard.press("Enter")


@pytest.mark.browser
@pytest.mark.req("R97")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("elder", [False, True])
@pytest.mark.parametrize("width", [1280, 360])
def test_the_frames_are_accessible_and_fit_the_screen(browser_page, live_server, width, elder):
    page = browser_page
    factories.department(is_demo=True)
    user = factories.staff()
    page.set_viewport_size({"width": width, "height": 800})
    if elder:
        page.context.add_cookies([{"name": site.ELDER_COOKIE, "value": "1", "url": live_server.url}])

    def look() -> None:
        assert violations(page) == [], page.url
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), page.url
        small = page.evaluate(
            """() => [...document.querySelectorAll("header a, header summary, .button, .field input")]
                     .filter(element => element.offsetParent && element.getBoundingClientRect().height < 24)
                     .map(element => element.outerHTML)"""
        )
        assert small == [], page.url
        size = page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)")
        assert size == (22 if elder else 16)

    for path in ("/nothing-here/", reverse("account_login"), reverse("account_reset_password")):
        page.goto(path)
        look()
    _log_in(page, user)
    look()
    page.click(".band-user summary")
    look()
    page.goto(reverse("mfa_index"))
    look()
    assert page.faults == []


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_an_idle_session_warns_extends_by_keyboard_and_ends_at_the_login(browser_page, settings):
    page = browser_page
    settings.SESSION_COOKIE_AGE = 6
    _log_in(page, factories.staff())
    page.focus("#id_password1")
    warning = page.locator("#idle")
    # Half of so short a session is left when the warning comes.
    warning.wait_for(state="visible", timeout=6_000)
    assert page.evaluate("document.activeElement.id") == "idle-stay"
    assert "秒" in page.inner_text("#idle-left")
    with page.expect_response("**" + reverse("overview:keepalive")) as answer:
        page.keyboard.press("Enter")
    assert answer.value.status == 200
    warning.wait_for(state="hidden", timeout=2_000)
    assert page.evaluate("document.activeElement.id") == "id_password1"
    # Nobody answers the second time.
    warning.wait_for(state="visible", timeout=6_000)
    page.wait_for_url("**" + reverse("account_login") + "?ended=idle**", timeout=8_000)
    assert "已自动退出" in page.inner_text("main")
    assert "next=" in page.url
    assert page.faults == []


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_warning_says_so_when_the_network_is_away(browser_page, settings):
    page = browser_page
    settings.SESSION_COOKIE_AGE = 8
    _log_in(page, factories.staff())
    page.locator("#idle").wait_for(state="visible", timeout=8_000)
    page.context.set_offline(True)
    page.click("#idle-stay")
    page.locator("#idle-error").wait_for(state="visible", timeout=2_000)
    assert "网络不通，没有延长" in page.inner_text("#idle-error")
    page.context.set_offline(False)
    page.click("#idle-stay")
    page.locator("#idle").wait_for(state="hidden", timeout=2_000)
