"""One Chromium for all tests of a process: starting one takes longer than most pages. Each test has contexts of its own,
with cookies, storage and cache of their own, which are closed after it."""

import asyncio
import atexit
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connections
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

AXE = (Path(settings.BASE_DIR) / "tests/vendor/axe.min.js").read_text(encoding="utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# Only what is wrong leaves the browser: the list of all that is right takes longer than finding it out.
JUDGE = """async tags => {
    const {passes, violations} = await axe.run(document, {runOnly: tags, resultTypes: ["violations"]});
    return {
        judged: passes.length > 0,
        faults: violations.map(fault => fault.id + ": " + fault.nodes.map(
            node => node.target.join(" ") + " " + node.html.slice(0, 200)).join(" | ")),
    };
}"""


class Engine:
    """Playwright and its browser. Its loop counts as running only while a test drives the browser: Django would give
    other tests of the same process other connections, and refuse them."""

    def __init__(self, chromium: str) -> None:
        self._chromium = chromium
        self._manager = sync_playwright()
        self._playwright = self._manager.start()
        self._loop = asyncio.get_running_loop()
        self._browser: Browser | None = None
        asyncio._set_running_loop(None)
        atexit.register(self.stop)

    def stop(self) -> None:
        asyncio._set_running_loop(self._loop)
        self._manager.__exit__(None, None, None)

    @contextmanager
    def context(self, **given: Any) -> Iterator[BrowserContext]:
        asyncio._set_running_loop(self._loop)
        try:
            if self._browser is None or not self._browser.is_connected():
                self._browser = self._playwright.chromium.launch(
                    executable_path=self._chromium, args=["--no-sandbox"]
                )
            yield self._browser.new_context(locale="zh-CN", **given)
        finally:
            # Those that a test has opened beside the first one, too.
            for opened in self._browser.contexts if self._browser else []:
                opened.close()
            # Those that Django has given the thread within the loop: nobody else would close them.
            connections.close_all()
            asyncio._set_running_loop(None)


@cache
def engine(chromium: str) -> Engine:
    return Engine(chromium)


def violations(page: Page) -> list[str]:
    """What breaks the rules of accessibility on the page as it stands."""
    if page.evaluate("typeof axe === 'undefined'"):
        page.evaluate(AXE)
    found = page.evaluate(JUDGE, TAGS)
    assert found["judged"]
    return found["faults"]
