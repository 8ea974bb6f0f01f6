"""Objections in the browser: filed on a phone, taken the three ways at the desk, a tip and a complaint beside them."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from credit_portal.audit import clock
from disclosure.models import Objection
from tests import factories
from tests.breach_stage import Stage
from tests.factories import NOW
from tests.objecting import filed, on_record, target

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def stage(window, monkeypatch) -> Stage:
    monkeypatch.setattr("tests.breach_stage.NOW", NOW)
    stage = Stage()
    stage.published()
    monkeypatch.setattr(clock, "now", lambda: stage.now)
    return stage


def _as(window, user, then: str) -> None:
    window.page.context.clear_cookies()
    window.log_in(user, then=then)


@pytest.mark.req("R104", "R12", "R133")
def test_filed_on_a_phone_and_followed_by_its_address(window, stage) -> None:
    page = window.page
    publication = stage.commitment.breach_cases.get().publications.get()
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"/breaches/{publication.uuid}/")
    page.click("main a:has-text('提出异议')")
    window.look("90-objection-new")
    page.set_viewport_size({"width": 360, "height": 740})
    page.click("main button[type=submit]")
    expect(page.locator(".error-summary")).to_contain_text("您的姓名")
    window.look("90-objection-errors")
    page.fill("#id_code", stage.commitment.subject_code)
    page.fill("#id_name", "钱多多")
    page.fill("#id_phone", "13800000000")
    page.check("input[name=points][value=document_no]")
    page.check("input[name=wanted][value=change]")
    page.fill("#id_reasons", "文号与认定书不一致，应为另一个文号。")
    page.click("main button[type=submit]")
    expect(page.locator("main")).to_contain_text("等待核实身份")
    window.look("91-objection-received")
    page.set_viewport_size({"width": 360, "height": 740})
    address = urlsplit(page.url).path
    page.goto(f"/breaches/{publication.uuid}/")
    expect(page.locator("main")).not_to_contain_text("异议处理中")

    page.click("footer a:has-text('报告错误')")
    expect(page.locator("#id_page")).to_have_value(f"/breaches/{publication.uuid}/")
    page.fill("#id_text", "日期看上去不对")
    window.look("92-tip")
    page.click("main button[type=submit]")
    expect(page.locator("main")).to_contain_text("已收到，谢谢")
    page.goto("/objections/")
    window.look("93-voices")
    page.click("main a:has-text('投诉')")
    page.select_option("#id_kind", "late")
    page.fill("#id_text", "超过期限没有答复。")
    window.look("94-complaint")
    page.click("main button[type=submit]")
    expect(page.locator("main")).to_contain_text("已收到")
    window.look("95-complaint-received")

    page.goto(address)
    page.click("summary:has-text('撤回异议')")
    page.click("text=确认撤回")
    expect(page.locator("main")).to_contain_text("已撤回")
    assert window.faults == []


@pytest.mark.req("R104", "R105", "R106")
@pytest.mark.parametrize(("outcome", "said"), [("keep", "维持"), ("change", "修改"), ("withdraw", "撤下")])
def test_taken_each_of_the_three_ways_at_the_desk(window, stage, outcome: str, said: str) -> None:
    page = window.page
    publication = stage.commitment.breach_cases.get().publications.get()
    public = f"/breaches/{publication.uuid}/"
    row = filed(target(f"breach:{publication.uuid}", now=stage.now), now=stage.now, points=("document_no",))
    on_record(publication.case.subject)
    address = f"/desk/objections/{row.uuid}/"
    shot = {"keep": "96", "change": "97", "withdraw": "98"}[outcome]

    _as(window, stage.credit, "/desk/objections/")
    window.look(f"{shot}-list")
    page.click(f"main a:has-text('{row.number}')")
    page.select_option("#id_verify_how", "called")
    page.click("main button:has-text('核实身份')")
    expect(page.locator("main")).to_contain_text("异议处理中")
    window.look(f"{shot}-accept")
    page.click("main button:has-text('受理并转作出单位核实')")
    page.goto(public)
    expect(page.locator("main")).to_contain_text("异议处理中")

    _as(window, stage.officer, address)
    page.check(f"input[name=outcome][value={outcome}]")
    page.fill("#id_propose_answer", "经调阅案卷核实。")
    if outcome == "change":
        page.fill("#id_propose_change_document_no", "栾改〔2026〕9号")
    window.look(f"{shot}-answer")
    page.click("main button:has-text('提出答复')")
    expect(page.locator("h1")).to_contain_text("答复待批准")
    _as(window, stage.head, address)
    page.click("main button:has-text('批准书面答复')")
    expect(page.locator("h1")).to_contain_text("待执行")

    _as(window, stage.credit, address)
    page.click("main button:has-text('按答复执行')")
    expect(page.locator("main")).to_contain_text(f"书面答复：{said}")
    window.look(f"{shot}-done")
    page.select_option("#id_deliver_how", "in_person")
    page.click("main button:has-text('登记答复送达')")
    expect(page.locator("h1")).to_contain_text("已办结")
    row = Objection.objects.get(pk=row.pk)
    shown = page.goto(public)
    assert shown is not None and shown.status == (404 if outcome == "withdraw" else 200)
    if outcome != "withdraw":
        expect(page.locator("main")).not_to_contain_text("异议处理中")
    if outcome == "change":
        expect(page.locator("main")).to_contain_text("栾改〔2026〕9号")
    page.goto(f"/objections/{row.token}/")
    expect(page.locator("main")).to_contain_text(said)
    window.look(f"{shot}-followed")
    assert window.faults == []


@pytest.mark.req("R104", "R106")
def test_taken_down_at_the_counter_and_undone_by_whoever_had_it(window, stage) -> None:
    page, clerk = window.page, factories.staff("clerk", department=stage.department)
    publication = stage.commitment.breach_cases.get().publications.get()
    _as(window, clerk, "/desk/objections/")
    page.click("text=登记现场异议")
    page.fill("#q", stage.commitment.subject_code)
    page.click("main button:has-text('查找')")
    window.look("99-which")
    page.goto(f"/desk/objections/new/?of=breach:{publication.uuid}")
    page.fill("#id_code", stage.commitment.subject_code)
    page.fill("#id_name", "钱多多")
    page.fill("#id_phone", "13800000000")
    page.check("input[name=points][value=court]")
    page.check("input[name=wanted][value=withdraw]")
    page.fill("#id_reasons", "不应当由我单位负责。")
    page.check("#id_identity_seen")
    window.look("99-counter")
    page.click("main button:has-text('登记异议')")
    expect(page.locator("main")).to_contain_text("异议处理中")
    _as(window, stage.credit, "/desk/objections/recipients/")
    window.look("99-recipients")
    page.goto("/desk/complaints/")
    window.look("99-complaints")
    page.goto("/desk/tips/")
    window.look("99-tips")
    assert window.faults == []
