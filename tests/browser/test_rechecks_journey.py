"""Re-checks in the browser: a plan, its second person, the draw, a finding with a clause recorded, and the public rate."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from commitments.models import Recheck
from credit_portal.audit import clock
from credit_portal.audit.clock import local_date
from tests import listed
from tests.breach_stage import Stage
from tests.obligation_stage import TEXT
from tests.recheck_stage import allow

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def stage() -> Stage:
    stage = Stage()
    stage.now = clock.now()
    allow(share=100)
    today = local_date(stage.now)
    for at in range(12):
        listed.commitment(
            department=stage.department, content=TEXT, made_on=today - timedelta(days=90),
            valid_until=today + timedelta(days=at * 9 - 20),
            public_from=stage.now - timedelta(days=80), signed_at=stage.now - timedelta(days=90),
        )  # fmt: skip
    return stage


@pytest.mark.req("R62", "R64")
def test_from_the_plan_to_the_rate(window, stage: Stage) -> None:
    page, today = window.page, local_date(clock.now()).isoformat()
    window.log_in(stage.officer, then="/desk/rechecks/plans/")
    page.click("text=提出计划")
    page.click("main button:has-text('提出')")
    expect(page.locator(".error-summary")).to_contain_text("名称")
    page.fill("#id_name", "三季度承诺复核")
    page.fill("#id_starts_on", today)
    window.look("80-recheck-plan-new")
    page.click("main button:has-text('提出')")
    expect(page.locator("main")).to_contain_text("等候另一人批准")
    address = page.url
    page.context.clear_cookies()
    window.log_in(stage.head, then=urlsplit(address).path)
    page.click("main button:has-text('批准')")
    expect(page.locator("main")).to_contain_text("这一轮的日期到了")
    page.click("main button:has-text('现在抽取')")
    expect(page.locator("main table")).to_contain_text("第 1 轮")
    window.look("81-recheck-plan")
    page.click("main table a")
    expect(page.locator("main")).to_contain_text("抽中 13 件")
    page.click("main summary")
    window.look("82-recheck-round")
    page.context.clear_cookies()
    window.log_in(stage.officer, then="/desk/rechecks/")
    window.look("83-rechecks")
    for number in range(12):
        page.goto("/desk/rechecks/")
        page.locator("main table a").first.click()
        if number == 0:
            page.click("main button:has-text('登记结果')")
            expect(page.locator(".error-summary")).to_contain_text("复核结果")
            window.look("84-recheck-answer")
        page.check("#id_finding_0")
        page.fill("#id_found_on", today)
        page.fill("#id_note", "现场核查，承诺的事项都在做。")
        if number == 0:
            page.check("#id_kept_1")
        page.click("main button:has-text('登记结果')")
        expect(page.locator("main dl")).to_contain_text("没有发现未履行")
        if number == 0:
            window.look("85-recheck-answered")
    assert Recheck.objects.filter(finding="kept").count() == 12
    page.goto("/desk/obligations/")
    window.look("86-obligations")
    page.locator("main table a").first.click()
    page.locator("main select").first.select_option("kept")
    page.fill("#id_note", "现场核查，已经做到。")
    page.click("main button:has-text('登记')")
    expect(page.locator("main")).to_contain_text("已登记 1 条")
    window.look("87-obligation-clauses")
    page.context.clear_cookies()
    page.goto("/supervision/rechecks/")
    expect(page.locator("main")).to_contain_text("履行率 100%")
    window.look("88-rechecks-public")
    one = Recheck.objects.filter(findings__isnull=False).first()
    page.goto(f"/commitments/{one.commitment.code}/")
    expect(page.locator(".obligations")).to_contain_text("已履行")
    window.look("89-commitment-clauses")


@pytest.mark.req("R62", "R133")
def test_all_that_one_records_another_confirms_and_a_mistake_is_taken_back(window, stage: Stage) -> None:
    page = window.page
    one = listed.commitment(
        department=stage.department, content=TEXT, made_on=local_date(stage.now) - timedelta(days=90)
    )
    at = f"/desk/obligations/{one.code}/"
    window.log_in(stage.officer, then=at)
    for choice in page.locator("main select").all():
        choice.select_option("kept")
    page.fill("#id_note", "现场核查，已经做到。")
    page.click("main button:has-text('登记')")
    expect(page.locator("main")).to_contain_text("您自己登记的，由另一人确认")
    page.context.clear_cookies()
    window.log_in(stage.head, then="/desk/obligations/")
    window.look("86-obligations-to-confirm")
    page.click("#reviews ~ ul a")
    window.look("87-obligations-confirm")
    page.fill("section[aria-labelledby=review] textarea", "看过现场照片，都已做到。")
    page.click("main button:has-text('确认全部履行')")
    expect(page.locator("h1")).to_contain_text("全部履行")
    page.click("summary:has-text('更正登记有误的条款')")
    page.check("input[name=clauses][value='2']")
    page.fill("details textarea", "复查发现没有安装。")
    page.click("main button:has-text('更正')")
    expect(page.locator("h1")).to_contain_text("履行中")
    expect(page.locator("main")).to_contain_text("更正为")
    window.look("87-obligations-corrected")
