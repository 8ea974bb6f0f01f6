"""The description of the API in a real browser: it draws itself under the strict policy and asks no other host."""

import pytest

from tests.browser.engine import engine


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_description_draws_itself_without_breaking_the_policy(chromium, live_server, monkeypatch) -> None:
    # Playwright keeps an event loop in this thread.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    faults: list[str] = []
    with engine(chromium).context(base_url=live_server.url) as context:
        page = context.new_page()
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
    assert faults == []
