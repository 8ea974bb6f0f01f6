"""From the window's slip to the own record on a telephone: entered by the two codes, looked at page by page, said something,
ended by one press. Without scripts, too."""

import re
import uuid
from datetime import date, timedelta

import pytest
from playwright.sync_api import expect

from credit_portal.audit import clock
from credit_portal.deadlines.models import PolicyRule
from credit_portal.registry.models import SubjectAccess
from tests import factories, listed
from tests.breach_stage import Stage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NUMBER = factories.id_number(77)


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


def published_breach(hall):
    """A breach of the hall's own company, in publicity today."""
    clerk = hall.clerk
    PolicyRule.objects.create(
        region=clerk.department.region, key="statement_review", value=3, unit="working_days", basis="演示",
        confirmed=True, effective_from=date(2020, 1, 1),
    )  # fmt: skip
    office = factories.department(kind="credit_office")
    stage = Stage.among(
        officer=factories.staff("officer", department=clerk.department),
        head=factories.staff("head", department=clerk.department),
        credit=factories.staff("credit_office", department=office),
        second=factories.staff("credit_office", department=office),
    )
    stage.now = clock.now() - timedelta(days=40)
    stage.commitment = listed.commitment(
        department=clerk.department, subject=hall.subject, made_on=stage.now.date() - timedelta(days=20)
    )
    return stage.published()


@pytest.mark.req("R12", "R45", "R58", "R98", "R127")
def test_from_the_slip_to_the_own_record_on_a_telephone(window, phone) -> None:
    page, hall = window.page, window.hall
    breach = published_breach(hall)
    factories.credit_entry(subject=hall.subject, title="未按规定公示价格", document_no="栾市监罚〔2026〕12号")

    window.log_in(then="/window/access/")
    window.look("90-access-list-empty")
    page.click("main a:has-text('开通')")
    page.fill("#id_code", hall.subject.uscc)
    page.check("input[name=capacity][value=legal_representative]")
    page.fill("#id_name", "王恒泰")
    page.fill("#id_id_number", NUMBER)
    page.click("main form button[type=submit]")
    expect(page.locator(".error-summary")).to_contain_text("请先查验使用人的身份证件")
    window.look("91-access-error")
    page.check("#id_identity_seen")
    page.click("main form button[type=submit]")
    expect(page.locator("h1")).to_contain_text("网上查询凭条")
    window.look("92-access-slip")
    code = page.locator(".slip-code").inner_text()
    assert re.fullmatch(r"[0-9A-Z]{5} [0-9A-Z]{5}", code)
    page.click("main a:has-text('完成')")
    window.look("93-access-one")

    # On the telephone, without scripts.
    phone.goto("/me/")
    phone.fill("#id_subject_code", hall.subject.uscc)
    phone.fill("#id_code", "AAAAAAAAAA")
    phone.click("main button[type=submit]")
    expect(phone.locator(".error-summary")).to_contain_text("代码不正确")
    phone.fill("#id_code", code.lower())
    phone.click("main button[type=submit]")
    expect(phone.locator(".acting-for")).to_contain_text(hall.subject.name)
    expect(phone.locator("h1")).to_contain_text("需要您办的")
    phone.click("nav a:has-text('信用记录')")
    expect(phone.locator("main")).to_contain_text("栾市监罚〔2026〕12号")
    phone.click("text=制作查询结果")
    expect(phone.locator("#paper + p + p a")).to_contain_text("打开")
    phone.click("nav a:has-text('违诺')")
    phone.click(".entry-link")
    phone.click("text=作说明")
    phone.fill("#id_text", "检测机构延误，报告已于十日取得。")
    phone.click("main button[type=submit]")
    expect(phone.locator("main")).to_contain_text("有一份说明在审查")

    # Every page, looked at wide and narrow.
    context = page.context
    cookies = phone.context.cookies()
    context.clear_cookies()
    context.add_cookies([one for one in cookies if one["name"] == "me"])
    for name, address in (
        ("94-me-home", "/me/"),
        ("95-me-commitments", "/me/commitments/"),
        ("96-me-commitment", f"/me/commitments/{breach.case.commitment.code}/"),
        ("97-me-record", "/me/record/"),
        ("98-me-breaches", "/me/breaches/"),
        ("99-me-breach", f"/me/breaches/{breach.case.uuid}/"),
        ("99-me-statement", f"/me/statement/{breach.case.uuid}/"),
        ("99-me-readers", "/me/readers/"),
        ("99-me-access", "/me/access/"),
        ("99-me-missing", f"/me/breaches/{uuid.uuid4()}/"),
    ):
        page.goto(address)
        window.look(name)
        targets = page.evaluate(
            "[...document.querySelectorAll('main .button, main .entry-link, main .button-quiet, .nav a')]"
            ".filter(one => one.getBoundingClientRect().height < 43.5).map(one => one.textContent.trim())"
        )
        assert targets == [], (name, targets)
    page.set_viewport_size({"width": 360, "height": 740})
    loaded: list[int] = []
    page.on("response", lambda answer: loaded.append(len(answer.body())) if answer.status == 200 else None)
    page.goto("/me/")
    page.wait_for_load_state("networkidle")
    assert 0 < sum(loaded) <= 150_000, loaded
    # In elder mode, too.
    page.click("text=长者版")
    page.wait_for_load_state()
    window.look("99-me-elder")
    page.goto("/me/access/")
    page.click("text=终止，所有设备退出")
    expect(page.locator("h1")).to_contain_text("查询自己的信用")
    window.look("99-me-enter")
    phone.goto("/me/record/")
    expect(phone.locator("h1")).to_contain_text("查询自己的信用")
    assert SubjectAccess.objects.get().ended_at is not None

    context.clear_cookies()
    officer = breach.case.opened_by
    window.log_in(officer, then=f"/desk/cases/{breach.case.uuid}/")
    page.click("summary:has-text('不采用')")
    window.look("99-case-statement")
    page.click("text=采用并公示")
    expect(page.locator("main")).to_contain_text("已采用")
    page.goto(f"/breaches/{breach.uuid}/")
    expect(page.locator("main")).to_contain_text("检测机构延误")
    assert window.faults == []
