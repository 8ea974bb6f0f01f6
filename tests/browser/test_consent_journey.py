"""On a telephone a subject agrees that a department has its report; the department fetches it; the subject takes it back; the
department is refused. And the pages of the window and of supervision."""

import re

import pytest
from playwright.sync_api import expect

from credit_portal.audit import clock
from tests import factories, subjects
from verification.models import Consent, CreditReport
from verification.reports.issuing import For, give_online

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def phone(window):
    """Another browser, 360 px wide, that runs no scripts, on the subject's own pages."""
    context = window.page.context.browser.new_context(
        locale="zh-CN",
        base_url=window.address,
        viewport={"width": 360, "height": 740},
        java_script_enabled=False,
    )
    held = subjects.opened(window.hall.subject, name="王恒泰", now=clock.now(), actor=window.hall.clerk)
    token = subjects.client_of(held, now=clock.now()).cookies["me"].value
    context.add_cookies([{"name": "me", "value": token, "url": f"{window.address}/me/"}])
    page = context.new_page()
    page.held = held
    yield page
    context.close()


@pytest.mark.req("R113", "R60", "R98", "R127")
def test_from_the_consent_on_a_telephone_to_the_report_and_its_refusal(window, phone) -> None:
    page, hall = window.page, window.hall
    factories.credit_entry(subject=hall.subject, title="未按规定公示价格", document_no="栾市监罚〔2026〕12号")
    factories.credit_entry(subject=hall.subject, kind="award", title="区级质量奖", document_no="")
    department = factories.department(name="栾城区市场监督管理局", short_name="市场监管局")
    officer = factories.staff("officer", department=department)
    office = factories.department(kind="credit_office")

    phone.goto("/me/consents/")
    phone.click("main a:has-text('同意提供')")
    phone.click("main a:has-text('政府部门')")
    phone.click("main form button:has-text('同意提供')")
    expect(phone.locator(".error-summary")).to_contain_text("请先改正")
    phone.select_option("#id_department", label="栾城区市场监督管理局")
    phone.select_option("#id_purpose", "administration")
    phone.fill("#id_purpose_note", "专项资金申报")
    phone.click("main form button:has-text('同意提供')")
    expect(phone.locator("h1")).to_contain_text("栾城区市场监督管理局")
    consent = Consent.objects.get()

    window.log_in(officer, then="/desk/credit-reports/")
    window.look("200-credit-reports")
    page.click(f"main a:has-text('{consent.number}')")
    window.look("201-credit-report-consent")
    page.click("main form button:has-text('取得信用报告')")
    expect(page.locator("main")).to_contain_text("已取得 XB")
    made = CreditReport.objects.get()
    expect(page.locator("#reports ~ ul")).to_contain_text(made.number)
    window.look("202-credit-report-fetched")

    page.goto(f"/verify/{made.verify_token}/")
    expect(page.locator("main")).to_contain_text("核验通过")
    window.look("204-verify-report")
    factories.credit_entry(subject=hall.subject, title="又一件")
    page.reload()
    expect(page.locator("main")).to_contain_text("出具后记录有变化，请重新出具")
    page.go_back()
    expect(page.locator("#reports ~ ul")).to_contain_text(made.number)

    phone.reload()
    expect(phone.locator("#releases ~ ul")).to_contain_text(made.number)
    phone.click("main button:has-text('撤回同意')")
    expect(phone.locator("h1")).to_contain_text("已撤回")
    page.click("main form button:has-text('取得信用报告')")
    expect(page.locator(".error-summary")).to_contain_text("主体已经撤回同意，不能提供")
    window.look("203-credit-report-refused")
    # What was fetched is not opened any more: it is said why, where the consent stands.
    paper = page.request.get(f"/desk/credit-reports/papers/{made.uuid}.pdf")
    assert (
        paper.url.endswith(f"/desk/credit-reports/{made.consent.uuid}/")
        and "主体已经撤回同意" in paper.text()
    )

    # Whoever still has the paper learns nothing more by it.
    factories.credit_entry(subject=hall.subject, title="再一件")
    page.goto(f"/verify/{made.verify_token}/")
    expect(page.locator("main")).to_contain_text("主体的同意已经不再有效")
    expect(page.locator("main")).not_to_contain_text("记录有变化")
    window.look("204-verify-report-withdrawn")
    page.context.clear_cookies()
    window.log_in(factories.staff("credit_office", department=office), then="/desk/credit-reports/figures/")
    window.look("205-releases-figures")

    page.context.clear_cookies()
    window.log_in(then="/window/consents/")
    window.look("206-window-consents")
    page.goto("/window/consents/new/?to=person")
    page.click("main form button:has-text('登记同意')")
    window.look("207-window-consent-new")
    page.goto(f"/window/consents/{consent.uuid}/")
    window.look("208-window-consent")
    page.goto("/window/credit-reports/")
    window.look("209-window-report")

    # The subject's pages, looked at with scripts for the examination of their markup.
    give_online(access=phone.held, wanted=For("loan"), now=clock.now())
    page.context.clear_cookies()
    page.context.add_cookies(phone.context.cookies())
    for name, address in (
        ("210-me-consents", "/me/consents/"),
        ("211-me-consent-new", "/me/consents/new/?to=body"),
        ("211-me-consent-whom", "/me/consents/new/"),
        ("212-me-consent", f"/me/consents/{consent.uuid}/"),
        ("213-me-report", "/me/report/"),
    ):
        page.goto(address)
        window.look(name)
    page.set_viewport_size({"width": 360, "height": 740})
    targets = page.evaluate(
        "[...document.querySelectorAll('main .button, main .entry-link, .nav a')]"
        ".filter(one => one.getBoundingClientRect().height < 43.5).map(one => one.textContent.trim())"
    )
    assert targets == []
    assert window.faults == []
    assert re.fullmatch(r"XB130111\d{10}", made.number)
