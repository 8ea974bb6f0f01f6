"""Accepted with materials missing: promised at the window, one sent in from a telephone, accepted at the window, the other
overdue and with the department; and what is handled at once."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from commitments.models import Commitment, Supplement
from commitments.supplements import ending
from credit_portal.audit import clock
from credit_portal.audit.clock import local_date
from credit_portal.deadlines.calendar import count_working_days
from credit_portal.deadlines.calendars import current_calendar
from tests import factories, subjects
from tests.counter import signature_png
from tests.late_stage import BLANKS, CLAUSES, HEALTH, PREMISES, rule

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def phone(window):
    """Another browser, 360 px wide, that runs no scripts."""
    context = window.page.context.browser.new_context(
        locale="zh-CN",
        base_url=window.address,
        viewport={"width": 360, "height": 740},
        java_script_enabled=False,
    )
    yield context.new_page()
    context.close()


@pytest.mark.req("R36", "R37")
def test_promised_at_the_window_sent_from_a_telephone_and_the_other_one_overdue(
    window, phone, monkeypatch, tmp_path
) -> None:
    page, hall = window.page, window.hall
    for key, value in (("late_materials", 10), ("late_materials_overdue", 5), ("handled_at_once", 0)):
        rule(key, value)
    factories.text_version(
        department=hall.clerk.department,
        late_materials=True,
        clauses=CLAUSES,
        blanks=BLANKS,
        title="容缺受理承诺书",
    )
    officer = factories.staff("officer", department=hall.clerk.department)
    head = factories.staff("head", department=hall.clerk.department)
    picture = tmp_path / "健康证明.png"
    picture.write_bytes(signature_png())
    now, today = clock.now(), clock.today()
    last = count_working_days(current_calendar(), today, 10).due
    earlier = count_working_days(current_calendar(), today, 6).due

    # The promise, by keyboard but for the ticks.
    window.log_in()
    window.scan(hall.code)
    page.keyboard.type("spjy")
    page.keyboard.press("Enter")
    page.check("#id_late_materials")
    with page.expect_navigation():
        page.click("main button[type=submit]:has-text('核查')")
    window.look("b0-late-read")
    expect(page.locator("#late-1-on")).to_have_value(last.isoformat())
    window.press("F8")
    expect(page.locator(".late, main").first).to_contain_text("容缺受理须至少选一项")
    page.check("#late-1")
    page.fill("#late-1-on", f"{earlier:%Y%m%d}")
    page.check("#late-2")
    expect(page.locator("#paper")).to_contain_text(
        f"（2）{HEALTH}，{last.year}年{last.month}月{last.day}日以前补交"
    )
    window.look("b1-late-ticked")
    window.press("F8")
    window.read_all()
    window.draw()
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")
    expect(page.locator("main")).to_contain_text("承诺补交 2 项，已收到 0 项")
    window.look("b2-late-signed")
    one = Supplement.objects.get()
    assert one.last_on == last
    page.goto("/window/today/")
    window.look("b3-late-today")
    page.click("text=全部容缺材料")
    window.look("b4-late-list")

    # The subject sends one in from its telephone.
    held = subjects.opened(hall.subject, name="王恒泰", now=now)
    code = subjects.code_of(held, now=now)
    phone.goto("/me/")
    phone.fill("#id_subject_code", hall.subject.uscc)
    phone.fill("#id_code", code)
    phone.click("main button[type=submit]")
    phone.click("text=以前补交容缺材料")
    expect(phone.locator("main")).to_contain_text("逾期没有补齐的，办理终止")
    form = phone.locator("section", has_text=HEALTH)
    form.locator("input[type=file]").set_input_files(picture)
    form.locator("button").click()
    expect(phone.locator("main")).to_contain_text("已提交，等候核收")
    staff = page.context.cookies()
    page.context.clear_cookies()
    page.context.add_cookies([cookie for cookie in phone.context.cookies() if cookie["name"] == "me"])
    for name, address in (
        ("b5-me-home", "/me/"), ("b5-me-late", f"/me/supplements/{one.uuid}/"), ("b5-me-list", "/me/supplements/"),
    ):  # fmt: skip
        page.goto(address)
        window.look(name)
        targets = page.evaluate(
            "[...document.querySelectorAll('main .button, main .entry-link')]"
            ".filter(one => one.getBoundingClientRect().height < 43.5).map(one => one.textContent.trim())"
        )
        assert targets == [], (name, targets)
    page.context.clear_cookies()
    page.context.add_cookies(staff)

    # The window looks at it and accepts; an extension is asked for and not granted.
    page.goto(f"/window/supplements/{one.uuid}/")
    window.look("b6-window-late")
    page.click("main button:has-text('核收')")
    expect(page.locator("main")).to_contain_text("已核收")
    page.click("summary:has-text('因不可抗力延长')")
    page.fill("[name=ask-working_days]", "3")
    page.fill("[name=ask-reason]", "连日暴雨，产权证明暂时打不出。")
    page.set_input_files("[name=ask-evidence]", picture)
    page.click("button:has-text('提出延长')")
    expect(page.locator("main")).to_contain_text("延长等待另一人决定")
    window.look("b7-window-asked")
    page.context.clear_cookies()
    window.log_in(head, then=f"/desk/supplements/{one.uuid}/")
    window.look("b8-desk-decide")
    page.check("[name=decide-granted][value='0']")
    page.fill("[name=decide-note]", "登记中心照常开放。")
    page.click("button:has-text('登记决定')")
    expect(page.locator("main")).to_contain_text("不予延长")

    # The other one does not come.
    after = last + timedelta(days=1)
    moved = now + timedelta(days=(after - local_date(now)).days)
    monkeypatch.setattr(clock, "now", lambda: moved)
    assert ending.end_overdue(now=moved) == 1
    page.context.clear_cookies()
    window.log_in(officer, then="/desk/supplements/")
    page.click("nav.tabs a:has-text('逾期待处理')")
    window.look("b9-desk-overdue-list")
    page.click("main td.lead a")
    expect(page.locator("main")).to_contain_text("是否立案由")
    window.look("b9-desk-overdue")
    page.click("main a:has-text('立案')")
    expect(page.locator("#id_source")).to_have_value("late_materials")
    page.fill("#id_facts", f"到期没有补交{PREMISES}。")
    page.click("main form button[type=submit]")
    expect(page.locator("main")).to_contain_text("已立案")
    one.refresh_from_db()
    assert one.state == "case"
    page.goto("/desk/supplements/?state=immediate")
    window.look("b9-desk-immediate")
    phone.context.clear_cookies()
    phone.goto(f"/commitments/{Commitment.objects.get().code}/")
    expect(phone.locator("main")).to_contain_text("承诺补交 2 项")
    page.goto("/catalogue/")
    page.click("summary >> nth=0")
    window.look("b9-catalogue")
    assert window.faults == []
