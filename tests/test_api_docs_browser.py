"""The description of the API in a real browser: it draws itself under the strict policy and asks no other host."""

import pytest
from playwright.sync_api import sync_playwright


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_description_draws_itself_without_breaking_the_policy(chromium, live_server, monkeypatch) -> None:
    # Playwright keeps an event loop in this thread.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    faults: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(base_url=live_server.url, locale="zh-CN")
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on(
            "console",
            lambda message: "Content Security Policy" in message.text and faults.append(message.text),
        )
        page.on(
            "request",
            lambda request: request.url.startswith((live_server.url, "data:")) or faults.append(request.url),
        )
        page.goto("/api/v1/docs/")
        page.wait_for_selector(".opblock-summary-path >> text=/public\\/commitments$/")
        assert page.locator(".opblock").count() == 27
        assert page.locator(".opblock-summary-description", has_text="承诺列表").is_visible()
        browser.close()
    assert faults == []
