"""A hall with one window, and a browser that collects every fault it sees."""

from collections.abc import Iterator

import pytest


@pytest.fixture
def hall(transactional_db):
    """One window with all that a journey needs. (Models are ready only when the first test runs.)"""
    from credit_portal.registry import site
    from tests.browser import stage

    site.forget_place()
    yield stage.furnish()
    site.forget_place()


@pytest.fixture
def window(hall, chromium, live_server, monkeypatch) -> Iterator:
    """A clerk's browser at that window."""
    from tests.browser import stage

    # Playwright keeps an event loop in this thread; the rows that a test makes meanwhile are made in plain calls.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with stage.opened(hall, chromium, live_server.url) as opened:
        yield opened
