"""A complaint arrives, the clause beside it is looked at, a case begins; a false alarm is counted against its rule; the public
sees what was handled, the pilots and the readings. In the browser, wide and narrow."""

import pytest
from playwright.sync_api import expect

from commitments import reading
from commitments.models import BreachCase, ClauseWarning
from credit_portal.audit import clock
from disclosure.pilots import keeping as pilots
from tests.factories import NOW, TODAY
from tests.warning_stage import Stage, rule

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def stage(window, monkeypatch) -> Stage:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setattr(clock, "today", lambda: TODAY)
    stage = Stage()
    rule("complaint_publication", {"on": True, "months": 12}, "months")
    return stage


def _as(window, user, then: str) -> None:
    window.page.context.clear_cookies()
    window.log_in(user, then=then)


@pytest.mark.req("R63", "R69", "R70", "R133")
def test_a_complaint_becomes_a_warning_that_is_found_true_and_leads_to_a_case(window, stage) -> None:
    page = window.page
    _as(window, stage.officer, "/desk/consumer-complaints/new/")
    told = stage.told() | stage.HANDLED
    for key, value in told.items():
        field = page.locator(f"#id_{key}")
        if field.evaluate("one => one.tagName") == "SELECT":
            field.select_option(label=value)
        else:
            field.fill(value)
    window.look("95-complaint-new")
    page.click("main button[type=submit]")
    expect(page.locator("h1")).to_contain_text(stage.subject.name)
    window.look("95-complaint")
    page.goto("/desk/consumer-complaints/?state=handled")
    window.look("95-complaints")

    page.click("main a:has-text('由投诉产生的预警')")
    window.look("96-warnings")
    page.click(f"main td a:has-text('{stage.subject.name}')")
    expect(page.locator("main")).to_contain_text("守约经营，产品和服务合格。")
    window.look("96-warning")
    page.click("main button:has-text('答复')")
    expect(page.locator(".error-summary")).to_contain_text("请选择属实或者误报")
    page.check("input[name=outcome][value=true]")
    page.fill("#id_text", "抽检不合格，商家承认，属实。")
    page.click("main button:has-text('答复')")
    page.click("main a:has-text('立案核实违诺')")
    expect(page.locator("#id_code")).to_have_value(stage.commitment.code)
    window.look("97-case-from-warning")
    page.click("main button:has-text('立案')")
    expect(page.locator("main")).to_contain_text("已立案")
    expect(page.locator("input[type=checkbox]:checked").first).to_be_attached()
    assert ClauseWarning.objects.get().case == BreachCase.objects.get()


@pytest.mark.req("R63", "R133")
def test_a_false_alarm_is_counted_against_its_rule(window, stage) -> None:
    page = window.page
    stage.penalty(title="未按规定公示")
    _as(window, stage.head, "/desk/warnings/")
    page.click(f"main td a:has-text('{stage.subject.name}')")
    page.check("input[name=outcome][value=false]")
    page.fill("#id_text", "处罚的是同名的另一家店。")
    page.click("main button:has-text('答复')")
    expect(page.locator("main")).to_contain_text("误报")
    _as(window, stage.credit, "/desk/warnings/rules/")
    row = page.locator("tr", has_text="承诺后受到行政处罚")
    expect(row).to_contain_text("0%")
    window.look("98-warning-rules")


@pytest.mark.req("R15", "R69", "R112", "R133")
def test_the_public_sees_handled_complaints_readings_and_pilots(window, stage) -> None:
    page = window.page
    stage.complaint(**stage.HANDLED)
    stage.complaint(**stage.HANDLED | {"domain": "食品药品安全"})
    made = reading.publish_reading(
        domain="food_drug", title="食品经营者诚信读本", body="进货查验要留票。\n过期食品当日下架。",
        department=stage.department, published_on=TODAY, actor=None, now=NOW,
    )  # fmt: skip
    pilot = pilots.begin(
        plan=pilots.Plan(
            "容缺受理试点", TODAY.replace(month=8), TODAY.replace(month=12), "少跑一趟。", "赵一", unit=stage.department
        ),
        actor=stage.credit, now=NOW,
    )  # fmt: skip
    pilots.show(pilot_id=pilot.pk, public=True, actor=stage.credit, now=NOW)
    page.context.clear_cookies()
    page.goto("/consumer-complaints/")
    expect(page.locator("main")).to_contain_text("按领域（共 2 件）")
    window.look("99-consumer-complaints")
    page.click(f"main td a:has-text('{stage.subject.name}') >> nth=0")
    window.look("99-consumer-complaint")
    for address, name in (
        ("/readings/", "readings"), (f"/readings/{made.pk}/", "reading"), ("/pilots/", "pilots"),
        (f"/pilots/{pilot.uuid}/", "pilot"),
    ):  # fmt: skip
        page.goto(address)
        window.look(f"99-{name}")
    _as(window, stage.credit, f"/desk/pilots/{pilot.uuid}/")
    window.look("99-desk-pilot")
    page.goto("/desk/readings/")
    window.look("99-desk-readings")
