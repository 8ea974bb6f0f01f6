"""A list from its method to the exit: the public says what it thinks on a telephone, is answered, two adopt it, a firm is put
on the list and leaves it; its whole record tells of it by day."""

from datetime import date, timedelta

import pytest
from playwright.sync_api import expect

from credit_portal.audit import clock
from credit_portal.audit.clock import local_date
from credit_portal.deadlines.models import PolicyRule
from tests import factories
from verification import listing, listing_leaving
from verification.models import Listing, ListMethod, MethodOpinion

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NAME = "食品安全失信名单"


@pytest.mark.req("R67", "R68", "R78", "R129")
def test_from_the_method_of_a_list_to_the_exit(window, monkeypatch) -> None:
    page, hall = window.page, window.hall
    unit, now = hall.clerk.department, clock.now()
    officer = factories.staff("officer", department=unit, display_name="经办甲")
    head = factories.staff("head", department=unit, display_name="负责乙")
    PolicyRule.objects.create(
        region=unit.region, key="advance_notice", value=5, unit="working_days", basis="演示", confirmed=True,
        effective_from=date(2020, 1, 1),
    )  # fmt: skip
    factories.credit_entry(
        subject=hall.subject, department=unit, title="经营超过保质期的食品", from_on=local_date(now)
    )

    window.log_in(officer, then="/desk/list-methods/")
    page.click("text=起草")
    page.select_option("#id_kind", "joint")
    page.fill("#id_list_name", NAME)
    page.click("main form button[type=submit]")
    expect(page.locator(".error-summary")).to_contain_text("认定标准")
    for key in ListMethod.PARTS:
        page.fill(f"#id_{key}", "依照办法办理，情节严重的列入，期限一年。")
    window.look("A0-method-draft")
    page.click("main form button[type=submit]")
    page.click("summary:has-text('公开征求意见')")
    page.fill("#id_first", local_date(now).isoformat())
    page.fill("#id_last", (local_date(now) + timedelta(days=9)).isoformat())
    page.fill("#id_address", "惠源路 1 号，0311-80000000")
    page.click("button:has-text('公开征求意见')")
    expect(page.locator("main")).to_contain_text("已公开征求意见")
    row = ListMethod.objects.get()

    page.context.clear_cookies()
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto("/list-methods/")
    page.click(f"text={NAME}认定办法")
    page.fill("#id_text", "第一次轻微的，给一次改正的机会。")
    page.fill("#id_name", "张三丰")
    window.look("A1-method-public")
    page.click("button:has-text('提交意见')")
    expect(page.locator("main")).to_contain_text("已收到您的意见")
    page.set_viewport_size({"width": 1280, "height": 900})

    window.log_in(officer, then=f"/desk/list-methods/{row.uuid}/")
    expect(page.locator("main")).not_to_contain_text("张三丰")
    page.click("summary:has-text('答复这条意见')")
    page.check("input[name=taken][value=yes]")
    page.fill(f"#answer-{MethodOpinion.objects.get().pk}", "采纳，已写明。")
    window.look("A2-method-answer")
    page.click("button:has-text('答复')")
    later = now + timedelta(days=10)
    monkeypatch.setattr(clock, "now", lambda: later)
    page.reload()
    page.click("summary:has-text('提请发布')")
    page.fill("#id_considered", "收到一条，采纳。")
    page.fill("#id_document_no", "栾食〔2026〕1号")
    page.fill("#id_in_force_from", local_date(later).isoformat())
    page.click("button:has-text('提请发布')")
    expect(page.locator("main")).to_contain_text("由另一人批准")
    page.context.clear_cookies()
    window.log_in(head, then=f"/desk/list-methods/{row.uuid}/")
    page.click("summary:has-text('批准发布')")
    page.click("button:has-text('批准发布')")
    expect(page.locator("main")).to_contain_text("已批准发布")
    window.look("A3-method-adopted")

    page.goto(f"/desk/lists/new/?code={hall.subject.uscc}")
    page.select_option("#id_list_name", NAME)
    for field in ("basis", "standard", "facts"):
        page.fill(f"#id_{field}", "依照办法第三条，经核查属实。")
    page.select_option("#id_kind", "joint")
    page.check("input[name=grounds]")
    window.look("A4-listing-new")
    page.click("main form button[type=submit]")
    expect(page.locator("main")).to_contain_text("认定办法第 1 版")
    put = Listing.objects.get()
    step = {"listing_id": put.pk, "actor": officer}
    put = listing.give_notice(**step, expect="opened", noticed_on=local_date(later), now=later)
    at = later + (put.statement_until - local_date(later)) + timedelta(days=1)
    listing.propose(
        **step, expect="noticed", term_until=local_date(at) + timedelta(days=365), exit_rule="整改到位可以提前移出",
        statement_considered="", now=at,
    )  # fmt: skip
    listing.decide(listing_id=put.pk, actor=head, expect="proposed", document_no="栾列1号", now=at)
    listing.serve(**step, expect="decided", served_on=local_date(at), service="直接送达", now=at)
    listing_leaving.propose_leaving(**step, expect="in_force", reason="整改到位，部门已经现场核查。", now=at)
    monkeypatch.setattr(clock, "now", lambda: at)
    page.goto(f"/desk/lists/{put.uuid}/")
    leaving = page.locator("form[action$='/do/exit/']")
    if not leaving.is_visible():
        page.click("summary:has-text('批准移出')")
    leaving.locator("button").click()
    expect(page.locator("main")).to_contain_text("已移出")

    page.goto("/desk/record/")
    page.fill("#id_code", hall.subject.uscc)
    window.look("A5-record-find")
    page.click("main form button[type=submit]")
    expect(page.locator("main")).to_contain_text("移出名单")
    window.look("A6-record")
    page.fill("#id_on", local_date(now).isoformat())
    page.fill("#id_known", local_date(now).isoformat())
    page.click("button:has-text('查看')")
    expect(page.locator("main")).not_to_contain_text("移出名单")
    page.click("section[aria-labelledby=standing] a")
    expect(page.locator("main")).to_contain_text("何时知道什么")
    window.look("A7-record-entry")
    assert not window.faults
