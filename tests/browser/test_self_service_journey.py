"""Signing on a telephone of 360 px: the whole way, on a slow net, through what goes wrong. Each ends with exactly one record."""

import gzip
import io

import pytest
from django.http import HttpResponse
from django.urls import reverse
from PIL import Image
from playwright.sync_api import Page, expect

from commitments.models import Commitment, Draft, DraftPhoto, Presentation
from commitments.online import paper_views
from credit_portal.audit import clock
from credit_portal.registry import access as accesses
from credit_portal.registry.models import SubjectAccess
from tests import factories, subjects
from tests.browser import stage
from tests.counter import signature_png

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# A slow third generation net, as the tools of the browser call it: 400 ms, 400 kbit/s.
SLOW = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
FIRST_PAGE = 150 * 1024


def picture(folder, *, size: int = 900, name: str = "IMG_0001.jpg") -> str:
    """A photograph of some size, as a telephone makes it."""
    stream = io.BytesIO()
    Image.effect_noise((size, size), 60).convert("RGB").save(stream, "JPEG", quality=85)
    path = folder / name
    path.write_bytes(stream.getvalue())
    return str(path)


class Phone:
    """A telephone in the hand of the firm's legal representative."""

    def __init__(self, window) -> None:
        self.window, self.hall = window, window.hall
        now = clock.now()
        department = self.hall.clerk.department
        self.item = factories.item_version(
            department=department, online=True, allowed_types=["voluntary"], name="诚信经营承诺", pinyin="cxjycn",
            domain="food_drug",
        )  # fmt: skip
        factories.text_version(
            department=department, commitment_type="voluntary", item=self.item.item, title="诚信经营承诺书",
            clauses=(
                ("pledge", "明码标价，不作虚假宣传。", ("lawful_business",)),
                ("pledge", "收到的投诉在{答复天数}日内答复。", ()),
                ("liability", "没有做到的，公开说明并改正。", ("accept_consequences",)),
            ),
            blanks=({"key": "答复天数", "label": "投诉答复天数", "kind": "number", "max_length": 2},),
        )  # fmt: skip
        self.access = subjects.opened(self.hall.subject, name="王恒泰", now=now, actor=self.hall.clerk)
        self.page = self.open()

    def open(self, **more) -> Page:
        context = self.window.page.context.browser.new_context(
            locale="zh-CN",
            base_url=self.window.address,
            viewport={"width": 360, "height": 740},
            has_touch=True,
            **more,
        )
        page = context.new_page()
        self.enter(page)
        self.window.page = page
        return page

    def enter(self, page: Page, held: SubjectAccess | None = None) -> None:
        token = accesses.begin_session(access=held or self.access, now=clock.now()).token
        page.context.add_cookies(
            [{"name": "me", "value": token, "domain": "localhost", "path": "/me/", "httpOnly": True}]
        )

    def slow(self, page: Page) -> None:
        page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", SLOW)

    def begin(self, page: Page) -> str:
        """From the list to the first part; gives the draft's address."""
        page.goto("/me/sign/")
        page.click("text=诚信经营承诺")
        page.click("text=开始办理")
        page.click("text=核查，看能否承诺")
        expect(page.locator(".sign-place")).to_contain_text("第 1 项")
        return page.url

    def read(self, page: Page, *, days: str = "7") -> None:
        page.click("text=已经看过")
        expect(page.locator(".sign-place")).to_contain_text("第 2 项")
        page.click("text=已经看过")
        page.fill("[data-blank='答复天数']", days)
        page.click("text=填好了，看承诺书")
        expect(page.locator("#paper")).to_contain_text(f"收到的投诉在{days}日内答复")
        page.click("text=已经看过")
        expect(page.locator("main")).to_contain_text("都看过了")

    def to_signing(self, page: Page) -> str:
        address = self.begin(page)
        self.read(page)
        page.click("text=去签署")
        expect(page.locator("#sign-form")).to_be_visible()
        return address

    def draw(self, page: Page) -> None:
        page.locator("#pad").scroll_into_view_if_needed()
        self.window.page = page
        box = page.locator("#pad canvas").bounding_box()
        assert box is not None
        x, y = box["x"], box["y"]
        page.mouse.move(x + 30, y + 90)
        page.mouse.down()
        for step in range(8):
            page.mouse.move(x + 30 + step * 25, y + (40 if step % 2 else 110), steps=3)
        page.mouse.up()


@pytest.fixture
def phone(window) -> Phone:
    return Phone(window)


def targets(page: Page) -> list[str]:
    """What is smaller than a finger."""
    return page.evaluate(
        "[...document.querySelectorAll('main .button, main .entry-link, main .button-quiet, main label.type, .nav a, .sign-foot a')]"
        ".filter(one => one.getClientRects().length && one.getBoundingClientRect().height < 43.5).map(one => one.textContent.trim())"
    )


@pytest.mark.req("R18", "R34", "R35")
def test_the_whole_way_on_a_slow_net_with_every_page_looked_at(phone, tmp_path) -> None:
    page, window = phone.page, phone.window
    weight: list[int] = []

    def weigh(answer) -> None:
        if answer.status == 200 and not answer.url.startswith("data:"):
            kind = answer.headers.get("content-type", "")
            body = answer.body()
            packed = "image" in kind or answer.headers.get("content-encoding")
            weight.append(len(body) if packed and "svg" not in kind else len(gzip.compress(body)))

    page.on("response", weigh)
    page.goto("/me/sign/")
    page.wait_for_load_state("networkidle")
    assert 0 < sum(weight) <= FIRST_PAGE, weight
    page.remove_listener("response", weigh)
    phone.slow(page)

    def look(name: str) -> None:
        window.page = page
        window.look(name)
        page.set_viewport_size({"width": 360, "height": 740})
        assert targets(page) == [], (name, targets(page))

    look("60-sign-start")
    page.fill("#id_q", "cxjy")
    page.click("text=查找")
    page.click("text=诚信经营承诺")
    expect(page.locator("text=开始办理")).to_be_visible()
    look("61-sign-item")
    page.click("text=开始办理")
    expect(page.locator("legend")).to_contain_text("承诺类型")
    look("62-sign-check")
    page.click("text=核查，看能否承诺")
    expect(page.locator(".sign-place")).to_contain_text("第 1 项")
    look("63-sign-notice")
    page.click("text=已经看过")
    expect(page.locator(".sign-place")).to_contain_text("第 2 项")
    page.click("text=已经看过")
    page.click("text=填好了，看承诺书")
    expect(page.locator(".error-summary")).to_contain_text("投诉答复天数")
    look("64-sign-fill-error")
    page.fill("[data-blank='答复天数']", "7")
    expect(page.locator("[data-says]")).to_contain_text("已保存")
    assert Draft.objects.get().blanks == {"答复天数": "7"}
    page.click("text=填好了，看承诺书")
    expect(page.locator("text=已经看过")).to_be_visible()
    look("65-sign-text")
    page.click("text=已经看过")
    expect(page.locator("main")).to_contain_text("食品经营者诚信读本")
    look("66-sign-ready")
    page.click("text=看一看")
    expect(page.locator(".sign-place")).to_contain_text("可看可不看")
    look("67-sign-education")
    page.click("text=看完了")
    page.click("text=去签署")
    expect(page.locator("#sign-form")).to_be_visible()
    page.click("#photos-room summary")
    page.fill("#photo-name", "门头照片")
    page.set_input_files("#photo-material", picture(tmp_path))
    page.locator("[data-photo]:has(#photo-material) button").click()
    expect(page.locator("#photos")).to_contain_text("门头照片", timeout=60_000)
    look("68-sign-sign")
    phone.draw(page)
    page.click("#sign-button")
    expect(page.locator("main")).to_contain_text("已经签署", timeout=30_000)
    look("69-sign-receipt")
    one = Commitment.objects.get()
    assert one.channel == "online" and one.code == page.inner_text("#commitment-code").strip()
    assert one.draft.photos.count() == 1
    shown = dict(Presentation.objects.values_list("part", "seconds"))
    assert set(shown) == {"notice", "privacy", "text", "education"}
    page.goto("/me/")
    look("60-me-home")
    assert window.faults == []


@pytest.mark.req("R34")
def test_the_whole_way_without_scripts(phone, tmp_path) -> None:
    scan = tmp_path / "signed.png"
    scan.write_bytes(signature_png())
    page = phone.open(java_script_enabled=False)
    page.goto("/me/sign/")
    page.click("text=诚信经营承诺")
    page.click("text=开始办理")
    page.click("text=核查，看能否承诺")
    page.click("text=已经看过")
    page.click("text=已经看过")
    page.fill("[data-blank='答复天数']", "7")
    page.click("text=填好了，看承诺书")
    page.click("text=已经看过")
    page.click("text=去签署")
    page.click("#photos-room summary")
    page.set_input_files("#photo-paper", scan)
    page.locator("[data-photo]:has(#photo-paper) button").click()
    expect(page.locator("#photos")).to_contain_text("移除")
    page.check("#by-photo")
    page.click("#sign-button")
    assert Commitment.objects.get().code == page.inner_text("#commitment-code").strip()


@pytest.mark.req("R34")
def test_a_network_that_breaks_off_is_said_and_ends_with_one_commitment(phone) -> None:
    page = phone.page
    phone.begin(page)
    page.click("text=已经看过")
    expect(page.locator(".sign-place")).to_contain_text("第 2 项")
    # A part is read while nothing comes through; it is told as soon as something does.
    page.context.set_offline(True)
    page.click("text=已经看过")
    expect(page.locator("[data-says]")).to_contain_text("网络中断")
    page.context.set_offline(False)
    expect(page.locator("[data-blank='答复天数']")).to_be_visible(timeout=15_000)
    page.context.set_offline(True)
    page.fill("[data-blank='答复天数']", "9")
    expect(page.locator("[data-says]")).to_contain_text("网络中断，内容还在本页", timeout=10_000)
    page.context.set_offline(False)
    expect(page.locator("[data-says]")).to_contain_text("已保存", timeout=15_000)
    assert Draft.objects.get().blanks == {"答复天数": "9"}
    page.click("text=填好了，看承诺书")
    page.click("text=已经看过")
    page.click("text=去签署")
    phone.draw(page)
    page.context.set_offline(True)
    page.click("#sign-button")
    expect(page.locator("#sign-says")).to_contain_text("网络中断，未确认是否成功，正在查询")
    page.context.set_offline(False)
    expect(page.locator("#sign-says")).to_contain_text("没有签署成功，签名还在", timeout=15_000)
    assert Commitment.objects.count() == 0

    # The signature arrives, its answer is lost: the page asks, and learns that it is signed.
    def lose_the_answer(route):
        route.fetch()
        route.abort("connectionreset")

    page.route("**/sign/*/sign/", lose_the_answer)
    page.click("#sign-button")
    expect(page.locator("main")).to_contain_text("已经签署", timeout=20_000)
    assert Commitment.objects.count() == 1
    assert Presentation.objects.filter(part="privacy").count() == 1


@pytest.mark.req("R34")
def test_a_photograph_whose_answer_is_lost_is_sent_again_and_is_one(phone, tmp_path, monkeypatch) -> None:
    page = phone.page
    phone.to_signing(page)
    told, lost, taken = paper_views._list, [], picture(tmp_path)

    def lose_the_first(request, one, said=""):
        """It is stored, and something between us and the telephone eats the answer."""
        if lost:
            return told(request, one, said)
        lost.append(DraftPhoto.objects.count())
        return HttpResponse(status=502)

    monkeypatch.setattr(paper_views, "_list", lose_the_first)
    page.click("#photos-room summary")
    page.set_input_files("#photo-paper", taken)
    page.locator("[data-photo]:has(#photo-paper) button").click()
    expect(page.locator("[data-photo]:has(#photo-paper) [data-photo-says]")).to_contain_text("正在重试")
    expect(page.locator("#photos")).to_contain_text("移除", timeout=20_000)
    assert lost == [1] and DraftPhoto.objects.count() == 1
    assert page.is_checked("#by-photo")
    page.set_input_files("#photo-material", picture(tmp_path, size=60, name="IMG_2.HEIC"))
    page.locator("[data-photo]:has(#photo-material) button").click()
    expect(page.locator("[data-photo]:has(#photo-material) [data-photo-says]")).to_contain_text("HEIC")
    page.locator("[data-photo-remove] button").click()
    expect(page.locator("[data-photo-remove]")).to_have_count(0)
    assert DraftPhoto.objects.get().removed_at is not None
    page.set_input_files("#photo-paper", taken)
    page.locator("[data-photo]:has(#photo-paper) button").click()
    expect(page.locator("[data-photo-remove]")).to_have_count(1)
    page.click("#sign-button")
    expect(page.locator("main")).to_contain_text("已经签署", timeout=20_000)
    assert Commitment.objects.get().signature == DraftPhoto.objects.get(removed_at=None).file


@pytest.mark.req("R34")
def test_two_tabs_and_a_second_device_end_with_one_commitment(phone) -> None:
    first = phone.page
    address = phone.to_signing(first)
    second = first.context.new_page()
    second.goto(address)
    phone.draw(first)
    first.dblclick("#sign-button")
    expect(first.locator("main")).to_contain_text("已经签署", timeout=20_000)
    second.bring_to_front()
    phone.draw(second)
    second.click("#sign-button")
    expect(second.locator("main")).to_contain_text("已经签署", timeout=20_000)
    third = phone.open()
    third.goto(address)
    code = Commitment.objects.get().code
    for page in (first, second, third):
        assert page.inner_text("#commitment-code").strip() == code


@pytest.mark.req("R34")
def test_whoever_is_out_comes_back_to_the_same_step_after_entering_again(phone) -> None:
    page = phone.page
    address = phone.to_signing(page)
    phone.draw(page)
    now = clock.now()
    accesses.end_by_subject(access_id=phone.access.pk, by=phone.access, now=now)
    page.click("#sign-button")
    page.wait_for_url("**/me/enter/**")
    assert Commitment.objects.count() == 0
    held = subjects.opened(phone.hall.subject, name="王恒泰", now=now, actor=phone.hall.clerk)
    page.fill("#id_subject_code", phone.hall.subject.uscc)
    page.fill("#id_code", subjects.code_of(held, now=now))
    page.click("main button[type=submit]")
    page.wait_for_url(address)
    phone.draw(page)
    page.click("#sign-button")
    expect(page.locator("main")).to_contain_text("已经签署", timeout=20_000)
    one = Commitment.objects.get()
    assert one.draft.access == held
    # The counter sees what came in.
    page.context.clear_cookies()
    phone.window.page = page
    page.set_viewport_size({"width": 1280, "height": 900})
    phone.window.log_in(then=reverse("window:today"))
    expect(page.locator("main")).to_contain_text(one.code)
    expect(page.locator("main")).to_contain_text("网上")


@pytest.mark.req("R34")
def test_what_is_typed_is_kept_or_said_not_to_be_and_a_refused_step_is_sent_once(phone) -> None:
    page = phone.page
    address = phone.begin(page)
    for place in ("第 2 项", "填写承诺书的空白处"):
        page.click("text=已经看过")
        expect(page.locator("main")).to_contain_text(place)
    field, says, sent = page.locator("[data-blank='答复天数']"), page.locator("[data-auto] [data-says]"), []
    page.on("request", lambda one: sent.append(one.url) if one.method == "POST" else None)
    page.click("text=填好了，看承诺书")
    expect(page.locator("main .field-error").first).to_contain_text("没有填写")
    assert len(sent) == 1 and page.url == address, sent
    phone.window.look("71-sign-refused")

    # The login runs out; what is typed afterwards comes back behind it.
    now = clock.now()
    accesses.end_by_subject(access_id=phone.access.pk, by=phone.access, now=now)
    field.fill("9")
    expect(says).to_contain_text("登录已过期，刚输入的还没有保存")
    field.fill("8")
    page.click("text=填好了，看承诺书")
    page.wait_for_url("**/me/enter/**")
    held = subjects.opened(phone.hall.subject, name="王恒泰", now=now, actor=phone.hall.clerk)
    page.fill("#id_subject_code", phone.hall.subject.uscc)
    page.fill("#id_code", subjects.code_of(held, now=now))
    page.click("main button[type=submit]")
    page.wait_for_url(f"{address}?part=fill")
    expect(field).to_have_value("8")
    expect(says).to_contain_text("已保存", timeout=10_000)
    assert Draft.objects.get().blanks == {"答复天数": "8"}
    assert page.evaluate("sessionStorage.length") == 0

    # Given up in one tab, typed on in the other.
    other = page.context.new_page()
    other.goto(f"{address}?part=fill")
    page.goto(f"{address}discard/")
    page.click("main button:has-text('放弃')")
    other.fill("[data-blank='答复天数']", "5")
    expect(other.locator("[data-auto] [data-says]")).to_contain_text("已办到“已放弃”，刚才输入的没有保存")
    assert Draft.objects.get().blanks == {}


@pytest.mark.req("R40")
def test_the_ordinary_route_is_no_dead_end(phone) -> None:
    item = factories.item_version(
        department=phone.hall.clerk.department,
        online=True,
        allowed_types=["approval", "supervisory"],
        name="小作坊登记",
    )
    factories.credit_entry(subject=phone.hall.subject, title="未按规定公示价格")
    page = phone.page
    page.goto(f"/me/sign/items/{item.pk}/")
    page.click("text=开始办理")
    page.check("input[value=approval]")
    page.click("text=核查，看能否承诺")
    expect(page.locator("main")).to_contain_text("这不是拒绝受理")
    phone.window.look("70-sign-ordinary")
    assert targets(page) == []
    assert stage.SHOTS and not Commitment.objects.exists()
