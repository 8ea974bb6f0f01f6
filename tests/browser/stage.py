"""A hall with one window, and a browser that collects every fault it sees."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from playwright.sync_api import Page

from commitments.models import ReadingMaterial
from credit_portal.registry.models import Department
from credit_portal.registry.services import set_responsible
from tests import factories
from tests.browser.engine import engine, violations
from tests.counter import Counter

BASE = Path(settings.BASE_DIR)
SHOTS = BASE / "screenshots"
OWN_SCHEMES = ("data:", "blob:")
# What sticks out on the right, named; nothing where the page needs no sideways scroll.
WIDER = """() => document.documentElement.scrollWidth <= window.innerWidth ? [] :
    [...document.querySelectorAll('body *')]
        .filter(one => one.getBoundingClientRect().right > window.innerWidth + 1)
        .map(one => one.tagName + '.' + one.className + '#' + one.id + ' ' + Math.round(one.getBoundingClientRect().right)).slice(-12)"""
SCANNER_DELAY = 5  # milliseconds between the characters of a scanner
CLAUSE = ("pledge", "在{完成日期}以前补交{材料名称}。", ())
BLANKS: tuple[dict[str, Any], ...] = (
    {"key": "材料名称", "label": "补交的材料", "help_text": "例如 健康证明"},
    {"key": "完成日期", "label": "补交日期", "kind": "date"},
)


def furnish() -> Counter:
    """A window of the approval bureau with three items, a text with blanks, reading material and a known company."""
    factories.region("130111")
    counter = Counter.open(
        title="信用承诺书",
        notice=(
            "您申请的事项可以用书面承诺代替部分证明材料。\n"
            "作出承诺后，机关会在承诺有效期内核实；不愿承诺的，可以提交全部证明材料，按一般程序办理，结果一样。\n"
            "承诺不实或者没有履行的，会记入信用记录，可能撤销决定并依法处理。"
        ),
        privacy_notice=(
            "处理者为本机关，目的仅为办理本事项和记录履约情况。\n"
            "处理的信息：名称或者姓名、代码、签名；查验证件只记种类，不记号码。\n"
            "您可以查询、更正自己的信息，也可以提出异议。"
        ),
        clauses=(
            ("pledge", "遵守法律、法规和规章，认真履行应尽的义务。", ("obey_law",)),
            ("pledge", "没有失信记录，或者虽有失信记录但已经完成信用修复。", ("no_dishonesty",)),
            ("pledge", "提交的材料合法、真实、准确、完整、有效。", ("true_materials",)),
            CLAUSE,
            (
                "pledge",
                "同意把承诺和履行情况记入信用记录并依规定公开，接受各方监督。",
                ("agree_publication",),
            ),
            ("liability", "违反承诺的，接受依法作出的处理，承担相应责任。", ("accept_consequences",)),
        ),
        blanks=BLANKS,
    )
    bureau = counter.clerk.department
    Department.objects.filter(pk=bureau.pk).update(
        name="栾城区行政审批局", short_name="栾城区行政审批局", is_demo=True
    )
    bureau.refresh_from_db()
    counter.clerk.department = bureau
    counter.clerk.window_label = "3 号窗口"
    counter.clerk.display_name = "李晓宁"
    counter.clerk.save()
    counter.item = factories.item_version(
        department=bureau,
        name="食品经营许可（新办）",
        pinyin="spjyxkxb",
        allowed_types=["approval"],
        domain="food_drug",
    )
    for name, pinyin in (("道路货物运输经营许可", "dlhwysjyxk"), ("公共场所卫生许可", "ggcswsxk")):
        factories.item_version(department=bureau, name=name, pinyin=pinyin, allows_late_materials=False)
    for kind in ("voluntary", "supervisory"):
        factories.text_version(department=bureau, commitment_type=kind, title="信用承诺书")
    ReadingMaterial.objects.create(
        domain="food_drug",
        department=bureau,
        region=bureau.region,
        title="食品经营者诚信读本",
        body="进货查验，索证索票。\n不合格的食品及时下架。",
        published_on=date(2026, 1, 1),
    )
    type(counter.subject).objects.filter(pk=counter.subject.pk).update(name="栾城区演示恒泰食品有限公司")
    counter.subject.refresh_from_db()
    set_responsible(
        subject=counter.subject,
        capacity="legal_representative",
        name="王恒泰",
        source="licence",
        actor=None,
        department=bureau,
        now=factories.NOW,
    )
    return counter


@dataclass
class Window:
    """A clerk's browser. `faults`: script errors, reports of the content policy, requests to other hosts."""

    page: Page
    hall: Counter
    address: str
    faults: list[str]

    def log_in(self, user: Any = None, then: str = "") -> None:
        page = self.page
        then = then or reverse("window:start")
        page.goto(reverse("account_login") + "?next=" + then)
        self.enter_password(user, then)

    def enter_password(self, user: Any = None, then: str = "") -> None:
        page = self.page
        page.fill("#id_login", (user or self.hall.clerk).username)
        page.fill("#id_password", factories.PASSWORD)
        with page.expect_navigation(url=lambda url: urlsplit(url).path == then):
            page.keyboard.press("Enter")

    def scan(self, code: str) -> None:
        """As a scanner does: characters every 5 ms, then Enter; people come one after the other."""
        self.page.wait_for_timeout(650)
        self.page.keyboard.type(code, delay=SCANNER_DELAY)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def press(self, key: str) -> None:
        """A key that leads to another page."""
        with self.page.expect_navigation():
            self.page.keyboard.press(key)

    def choose_item(self, letters: str = "spjy") -> None:
        """From the item field to the answer of the check, by keyboard."""
        page = self.page
        assert self.focused() == "item-search"
        page.keyboard.type(letters)
        page.keyboard.press("Enter")
        self.press("Enter")

    def read_all(self) -> None:
        """The applicant reads by the space bar, the clerk turns the screen back."""
        page = self.page
        for _ in range(40):
            if page.locator("[data-part=end]").is_visible():
                break
            page.keyboard.press("Space")
            page.wait_for_timeout(30)
        assert page.evaluate("document.activeElement.hasAttribute('data-finish')")
        page.wait_for_timeout(700)
        self.press("Enter")

    def to_signing(self, *, letters: str = "spjy", blanks: bool = True) -> None:
        """From the code field to the signing step."""
        page = self.page
        self.scan(self.hall.code)
        self.choose_item(letters)
        if blanks:
            page.keyboard.type("健康证明")
            page.keyboard.press("Tab")
            page.fill("[data-blank='完成日期']", "2026-12-20")
        self.press("F8")
        self.read_all()

    def draw(self) -> None:
        """A stroke on the pad: the one thing at the counter that a keyboard cannot do."""
        page = self.page
        box = page.locator("#pad canvas").bounding_box()
        assert box is not None
        x, y = box["x"], box["y"]
        page.mouse.move(x + 40, y + 90)
        page.mouse.down()
        for step in range(8):
            page.mouse.move(x + 40 + step * 25, y + (40 if step % 2 else 110), steps=3)
        page.mouse.up()

    def without_printer(self) -> None:
        """A headless browser has no printer and falls over at a PDF: the frame gets a page, `print()` is counted."""
        self.page.add_init_script("window.print = () => { top.printed = (top.printed || 0) + 1; };")
        self.page.route(
            "**/*.pdf",
            lambda route: (
                route.fulfill(content_type="text/html", body="<p>paper</p>")
                if route.request.method == "GET"
                else route.continue_()
            ),
        )

    def focused(self) -> str:
        return self.page.evaluate("document.activeElement.id")

    def violations(self) -> list[str]:
        return violations(self.page)

    def stored(self) -> list[str]:
        """Everything that a page left in the browser's storage."""
        return self.page.evaluate(
            "[...Object.entries(localStorage), ...Object.entries(sessionStorage)].map(entry => entry.join('='))"
        )

    def look(self, name: str) -> None:
        """Wide and narrow: accessible, nothing wider than the screen, nothing in the browser's storage."""
        page = self.page
        page.wait_for_load_state()
        assert self.stored() == [], self.stored()
        for width, height in ((360, 740), (1280, 900)):
            page.set_viewport_size({"width": width, "height": height})
            assert not (wider := page.evaluate(WIDER)), (name, width, wider)
            assert not (faults := self.violations()), (name, width, faults)
            if os.environ.get("SCREENSHOTS"):
                SHOTS.mkdir(exist_ok=True)
                page.screenshot(path=SHOTS / f"{name}-{width}.png", full_page=True)


@contextmanager
def opened(hall: Counter, chromium: str, address: str) -> Iterator[Window]:
    """A browser at the window that knows nothing of the one before."""
    with engine(chromium).context(base_url=address, viewport={"width": 1280, "height": 900}) as context:
        faults: list[str] = []
        context.on("weberror", lambda error: faults.append(str(error.error)))
        context.on(
            "console",
            lambda message: "Content Security Policy" in message.text and faults.append(message.text),
        )
        context.on(
            "request",
            lambda request: request.url.startswith((address, *OWN_SCHEMES)) or faults.append(request.url),
        )
        yield Window(context.new_page(), hall, address, faults)
