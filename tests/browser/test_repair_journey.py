"""A breach repaired, from the subject's telephone to the confirmation at the desk; and taken in at a window by keyboard."""

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from credit_portal.audit import clock
from credit_portal.registry import access, acting
from repair.models import RepairApplication
from tests import subjects
from tests.counter import signature_png
from tests.repair_stage import EXPLANATION, RepairStage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def open_for_repair() -> RepairStage:
    """A breach that was served and reported, and is not published: repair is open at once."""
    stage = RepairStage()
    stage.now = clock.now() - timedelta(days=40)
    stage.accepted()
    stage.now = clock.now()
    return stage


def press(page, text: str) -> None:
    with page.expect_navigation():
        page.locator("main button:visible", has_text=text).first.click()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    file = tmp_path / "检测报告.png"
    file.write_bytes(signature_png())
    return file


@pytest.mark.req("R98", "R99", "R100", "R101", "R102")
def test_from_the_telephone_to_repaired_at_the_desk(
    window, open_for_repair: RepairStage, photo: Path
) -> None:
    page, stage = window.page, open_for_repair
    held = subjects.opened(stage.subject, now=clock.now())
    token = access.begin_session(access=held, now=clock.now()).token
    page.context.add_cookies([{"name": acting.COOKIE, "value": token, "url": f"{window.address}/me/"}])
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto("/me/repair/")
    expect(page.locator("main")).to_contain_text("今天可以申请")
    window.look("80-my-repair")
    page.set_viewport_size({"width": 360, "height": 740})
    page.click("main a.button")
    window.look("81-my-repair-begin")
    press(page, "开始填写")
    page.check("#way-performance")
    page.set_input_files("#file-performance", photo)
    page.fill("#explanation", "太短")
    press(page, "提交申请")
    expect(page.locator(".error-summary")).to_contain_text("请阅读并签署修复承诺书")
    window.look("82-my-repair-draft")
    page.set_viewport_size({"width": 360, "height": 740})
    page.fill("#explanation", EXPLANATION)
    press(page, "阅读并签署修复承诺")
    window.look("83-my-repair-pledge")
    page.set_viewport_size({"width": 360, "height": 740})
    page.locator("#pad").scroll_into_view_if_needed()
    window.draw()
    press(page, "签署")
    expect(page.locator("main")).to_contain_text("已签署")
    press(page, "提交申请")
    expect(page.locator("main")).to_contain_text("最迟")
    window.look("84-my-repair-application")
    application = RepairApplication.objects.get()
    assert application.state == "applied" and application.explanation == EXPLANATION

    page.context.clear_cookies()
    window.log_in(stage.officer, then="/desk/repair/")
    window.look("85-repair-desk")
    page.click(f"main a[href='/desk/repair/{application.uuid}/']")
    press(page, "受理")
    page.select_option("#propose_outcome", "granted")
    page.fill("#propose_reasons", "承诺的检测报告已经补交，复查合格。")
    window.look("86-repair-application")
    press(page, "提出审查意见")
    page.context.clear_cookies()
    window.log_in(stage.head, then=f"/desk/repair/{application.uuid}/")
    press(page, "批准修复")
    page.context.clear_cookies()
    window.log_in(stage.credit, then=f"/desk/repair/{application.uuid}/")
    press(page, "确认修复")
    expect(page.locator("main")).to_contain_text("公示已经停止")
    window.look("87-repaired")
    application.refresh_from_db()
    assert application.state == "effective"
    assert window.faults == []


@pytest.mark.req("R102")
def test_a_window_takes_an_application_in_by_keyboard(
    window, open_for_repair: RepairStage, photo: Path
) -> None:
    page, stage = window.page, open_for_repair
    window.without_printer()
    window.log_in(then="/window/repair/")
    window.look("88-window-repair")
    window.scan(stage.subject.uscc)
    window.look("89-window-repair-entries")
    window.press("Enter")
    page.fill("#id_applicant", "赵一")
    window.look("90-window-repair-who")
    window.press("Control+Enter")
    page.check("#way-performance")
    page.set_input_files("#file-performance", photo)
    page.fill("#explanation", EXPLANATION)
    window.press("F8")
    window.look("91-window-repair-pledge")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.keyboard.press("F8")
    window.draw()
    page.keyboard.press("F8")
    window.press("Control+Enter")
    window.look("92-window-repair-draft")
    window.press("Control+Enter")
    window.look("93-window-repair-receipt")
    page.keyboard.press("Alt+r")
    page.wait_for_function("() => window.printed === 1")
    application = RepairApplication.objects.get()
    assert application.state == "applied" and application.pledge.channel == "window"
    assert window.faults == []


@pytest.mark.req("R127")
def test_the_guide_and_the_announcements_can_be_read_by_everybody(
    window, open_for_repair: RepairStage
) -> None:
    window.page.goto("/repair/")
    window.look("94-repair-guide")
    window.page.goto("/repair/announcements/")
    window.look("95-repair-announcements")
    assert window.faults == []
