"""What goes wrong at a counter: a second click, a second tab, a session that ends, a network that fails."""

import re

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse

from commitments.models import Commitment, Draft, Presentation
from tests import factories
from tests.browser.test_window_journey import FILLED

pytestmark = pytest.mark.browser


def test_a_double_click_signs_once(window):
    page = window.page
    window.log_in()
    window.to_signing()
    window.draw()
    page.dblclick("#sign-button")
    page.wait_for_url("**/window/c/**")
    assert Commitment.objects.count() == 1


def test_two_tabs_on_one_draft_sign_once_and_show_the_same_commitment(window):
    first = window.page
    window.log_in()
    window.to_signing()
    second = first.context.new_page()
    second.goto(first.url)
    for page in (first, second):
        window.page = page
        page.bring_to_front()
        window.draw()
        page.keyboard.press("Control+Enter")
        page.wait_for_url("**/window/c/**")
    assert first.url == second.url
    assert Commitment.objects.count() == 1


def test_scanning_twice_opens_one_draft(window):
    page = window.page
    window.log_in()
    page.keyboard.type(window.hall.code, delay=5)
    page.evaluate("document.querySelector('form[data-once]').requestSubmit()")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.wait_for_selector("#item-search")
    assert Draft.objects.count() == 1


def test_a_new_scan_replaces_a_wrong_code_and_a_qr_code_is_searched_for_its_code(window):
    page = window.page
    window.log_in()
    page.keyboard.type("91130111MA0000000X", delay=5)
    window.press("Enter")
    assert page.locator("#code-error .field-error").is_visible()
    page.keyboard.press("End")
    assert window.focused() == "id_code"
    window.scan(f"https://www.gsxt.gov.cn/index.html?uniscid={window.hall.code}&n=1")
    assert window.focused() == "item-search"
    assert window.hall.subject.name in page.inner_text(".who")
    assert window.hall.code not in page.url


def test_a_lost_session_resumes_where_the_draft_was(window):
    page = window.page
    window.log_in()
    window.scan(window.hall.code)
    window.choose_item()
    page.keyboard.type("健康证明")
    page.locator("#paper", has_text="健康证明").wait_for()
    address = page.url
    Session.objects.all().delete()
    page.fill("[data-blank='完成日期']", "20261220")
    page.locator("#saved", has_text="登录已过期").wait_for()
    with page.expect_navigation():
        page.keyboard.press("F8")
    assert page.url.startswith(window.address + reverse("account_login"))
    window.enter_password(then=re.sub("^https?://[^/]+", "", address))
    assert page.input_value("[data-blank='材料名称']") == "健康证明"
    page.fill("[data-blank='完成日期']", "20261220")
    window.press("F8")
    window.read_all()
    window.draw()
    Session.objects.all().delete()
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/accounts/login/**")
    assert Commitment.objects.count() == 0
    window.enter_password(then=re.sub("^https?://[^/]+", "", address))
    window.draw()
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/window/c/**")
    assert Commitment.objects.count() == 1


def test_offline_before_the_request_leaves_says_so_and_signs_at_the_next_press(window):
    page = window.page
    window.log_in()
    window.to_signing()
    window.draw()
    page.context.set_offline(True)
    page.keyboard.press("Control+Enter")
    page.locator("#sign-says", has_text="网络中断，未确认是否成功，正在查询").wait_for()
    assert page.locator("#sign-button").get_attribute("aria-disabled") == "true"
    window.look("27-offline")
    page.keyboard.press("Control+Enter")
    page.context.set_offline(False)
    page.locator("#sign-says", has_text="没有签署成功，签名还在").wait_for(timeout=10_000)
    assert Commitment.objects.count() == 0
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/window/c/**")
    assert Commitment.objects.count() == 1


def test_an_answer_lost_on_the_way_back_is_found_out_and_never_signs_twice(window):
    page = window.page
    window.log_in()
    window.to_signing()
    window.draw()

    def lose_the_answer(route):
        route.fetch()
        route.abort("connectionreset")

    page.route("**/sign/", lose_the_answer)
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/window/c/**", timeout=10_000)
    assert Commitment.objects.count() == 1
    assert page.inner_text("#commitment-code").replace(" ", "") == Commitment.objects.get().code


def test_a_server_fault_is_never_shown_as_success(window):
    page = window.page
    window.log_in()
    window.to_signing()
    window.draw()
    page.route("**/sign/", lambda route: route.fulfill(status=500, body="<h1>error</h1>"), times=1)
    page.keyboard.press("Control+Enter")
    page.locator("#sign-says", has_text="没有签署成功").wait_for(timeout=10_000)
    assert Commitment.objects.count() == 0
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/window/c/**")


@pytest.mark.req("R18")
def test_what_was_read_offline_is_reported_when_the_network_is_back(window):
    page = window.page
    window.log_in()
    window.scan(window.hall.code)
    window.choose_item()
    page.fill("[data-blank='材料名称']", "健康证明")
    page.fill("[data-blank='完成日期']", "20261220")
    window.press("F8")
    page.context.set_offline(True)
    page.wait_for_timeout(1200)
    for part in ("notice", "privacy", "text"):
        page.click(f"[data-part={part}] [data-next]")
    page.click("[data-finish]")
    page.locator("#says", has_text="正在重试").wait_for()
    assert Presentation.objects.count() == 0
    page.context.set_offline(False)
    page.wait_for_selector("#sign-form", timeout=10_000)
    shown = dict(Presentation.objects.values_list("part", "seconds"))
    assert set(shown) == {"notice", "privacy", "text"} and shown["notice"] >= 1


@pytest.mark.req("R17")
def test_education_is_offered_recorded_when_looked_at_and_free_to_skip(window):
    page = window.page
    window.log_in()
    window.scan(window.hall.code)
    window.choose_item()
    page.fill("[data-blank='材料名称']", "健康证明")
    page.fill("[data-blank='完成日期']", "20261220")
    window.press("F8")
    for part in ("notice", "privacy", "text"):
        page.click(f"[data-part={part}] [data-next]")
    assert "可看可不看，不影响办理" in page.inner_text("[data-part=end]")
    page.click("[data-show=education]")
    assert "索证索票" in page.inner_text("[data-part=education]")
    window.look("28-education")
    page.click("[data-part=education] [data-next]")
    page.click("[data-finish]")
    page.wait_for_selector("#sign-form")
    assert Presentation.objects.filter(part="education").count() == 1


def test_the_turned_screen_shows_the_applicant_nothing_else(window):
    page = window.page
    other = factories.subject(name="别人的公司")
    window.log_in()
    window.scan(other.uscc)
    page.goto("/window/")
    window.scan(window.hall.code)
    window.choose_item()
    page.fill("[data-blank='材料名称']", "健康证明")
    page.fill("[data-blank='完成日期']", "20261220")
    window.press("F8")
    text = page.inner_text("body")
    assert "别人的公司" not in text and window.hall.clerk.display_name not in text
    assert "草稿" not in text and "今日" not in text
    assert page.locator("header.band, nav").count() == 0
    assert window.hall.code not in page.content()


def test_a_signature_survives_turning_and_resizing(window):
    page = window.page
    window.log_in()
    window.to_signing()
    window.draw()
    ink = """() => {
        const canvas = document.querySelector('#pad canvas');
        const points = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
        let left = canvas.width, right = 0, dark = 0;
        for (let at = 3; at < points.length; at += 4) {
            if (points[at] > 128) { const x = (at >> 2) % canvas.width; left = Math.min(left, x); right = Math.max(right, x); dark++; }
        }
        return [dark, left, right];
    }"""
    before = page.evaluate(ink)
    page.keyboard.press("F8")
    assert not page.locator(".counter-type").is_visible()
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_timeout(150)
    assert page.evaluate(ink)[0] > 100
    page.set_viewport_size({"width": 844, "height": 390})
    page.wait_for_timeout(150)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.keyboard.press("F8")
    page.wait_for_timeout(150)
    after = page.evaluate(ink)
    assert abs(after[1] - before[1]) <= 3 and abs(after[2] - before[2]) <= 3
    page.click("#pad-clear")
    assert page.evaluate(ink)[0] == 0


def test_a_second_commitment_on_the_same_day_is_asked_about(window):
    page = window.page
    from credit_portal.audit import clock

    now = clock.now()
    first = window.hall.sign(now=now, draft=window.hall.ready(now=now, blanks=FILLED))
    window.log_in()
    window.to_signing()
    window.draw()
    page.keyboard.press("Control+Enter")
    page.locator("#duplicate").wait_for()
    assert window.focused() == "id_confirm_duplicate"
    assert first.code in page.get_attribute("#duplicate-link", "href")
    window.look("29-duplicate")
    page.keyboard.press("Space")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/window/c/**")
    assert Commitment.objects.count() == 2


def test_the_whole_journey_without_scripts(window, chromium, tmp_path):
    """Slower, but nothing depends on a script: plain forms and redirects, the signature on paper."""
    from tests.counter import signature_png

    scan = tmp_path / "scan.png"
    scan.write_bytes(signature_png())
    browser = window.page.context.browser
    page = browser.new_context(locale="zh-CN", base_url=window.address, java_script_enabled=False).new_page()
    window.page = page
    window.log_in()
    page.fill("#id_code", window.hall.code)
    page.click("text=查找主体")
    page.select_option("#id_item", label="食品经营许可（新办）")
    page.check("input[value=approval]")
    page.click("button:has-text('核查')")
    page.fill("[data-blank='材料名称']", "健康证明")
    page.fill("[data-blank='完成日期']", "20261220")
    page.click("button:has-text('转屏')")
    for part in ("notice", "privacy", "text"):
        page.click(f"[data-part={part}] [data-next]")
    page.click("[data-finish]")
    page.check("input[value=paper]")
    page.set_input_files("#id_paper_scan", scan)
    page.click("#sign-button")
    assert Commitment.objects.get().code in page.inner_text("#commitment-code").replace(" ", "")
