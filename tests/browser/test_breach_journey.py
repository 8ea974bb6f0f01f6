"""From the determination to the public page and on to key review at the counter, by the people whose work it is."""

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from commitments import breaches
from commitments.models import BreachCase
from credit_portal.audit import clock
from credit_portal.audit.clock import local_date
from disclosure.models import BreachPublication
from tests import factories, listed
from tests.breach_stage import WHAT_WAS_NOT_KEPT, confirm_rules
from tests.counter import signature_png

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def log_out(window) -> None:
    window.page.context.clear_cookies()


def choose(page, text: str) -> None:
    """Open one of the further steps of a case."""
    page.locator("summary", has_text=text).click()


@pytest.mark.req("R72", "R73", "R74", "R89")
def test_from_the_determination_to_the_public_page_and_key_review(window, tmp_path: Path) -> None:
    page, hall = window.page, window.hall
    bureau = hall.clerk.department
    confirm_rules()
    office = factories.department(kind="credit_office")
    officer, head = (factories.staff(role, department=bureau) for role in ("officer", "head"))
    credit = factories.staff("credit_office", department=office)
    begun = clock.now() - timedelta(days=45)
    commitment = listed.commitment(
        subject=hall.subject, department=bureau, made_on=local_date(begun) - timedelta(days=60)
    )
    case = breaches.open_case(
        commitment_id=commitment.pk, source="inspection", facts="现场检查发现检测报告没有取得。", actor=officer,
        now=begun,
    )  # fmt: skip
    breaches.give_notice(
        case_id=case.pk, expect="opened", clauses=WHAT_WAS_NOT_KEPT, grade="general",
        noticed_on=local_date(begun), actor=officer, now=begun,
    )  # fmt: skip
    proof = tmp_path / "送达回证.png"
    proof.write_bytes(signature_png())
    address = f"/desk/cases/{case.uuid}/"

    # The officer proposes; what is missing is named, and what was typed stays.
    window.log_in(officer, then=address)
    expect(page.locator("h2", has_text="下一步：提出认定意见")).to_be_visible()
    expect(page.locator("#propose-clause-1")).to_be_checked()
    page.select_option("#propose_outcome", "unfulfilled")
    page.fill("#propose_liability", "责令十日内改正。")
    page.click("#next-step ~ form button[type=submit]")
    expect(page.locator(".error-summary")).to_contain_text("相当性说明")
    expect(page.locator("#propose_liability")).to_have_value("责令十日内改正。")
    page.fill("#propose_proportionality", "没有造成危害后果，处理与情节相当。")
    page.click("#next-step ~ form button[type=submit]")
    expect(page.locator("main")).to_contain_text("等候另一人批准")
    window.look("40-case-proposed")

    # Another approves: the document exists, and the seven working days begin.
    log_out(window)
    window.log_in(head, then=address)
    page.click("#next-step ~ form button[type=submit]")
    expect(page.locator("main")).to_contain_text("已认定，待送达")
    expect(page.locator(".course")).to_contain_text("违诺认定后上报信用办")
    window.look("41-case-determined")

    log_out(window)
    window.log_in(officer, then="/desk/")
    expect(page.locator(".records")).to_contain_text("向信用办上报违诺")
    window.look("42-desk")
    page.locator(".records a", has_text="向信用办上报违诺").click()
    expect(page.locator(".days .counted")).to_have_count(7)
    window.look("43-duty")
    page.goto(address)
    page.select_option("#serve_method", "in_person")
    page.set_input_files("#serve_proof", proof)
    page.click("#next-step ~ form button[type=submit]")
    expect(page.locator("main")).to_contain_text("已送达")
    choose(page, "登记主体说明")
    page.fill("#subject_statement_text", "报告下月取得，特此说明。")
    page.locator("#step-subject_statement button[type=submit]").click()
    expect(page.locator(".terms")).to_contain_text("特此说明")
    page.click("text=上报信用办")
    expect(page.locator(".fields-table")).to_contain_text("违诺责任追究内容")
    window.look("44-report-fields")
    page.click("main button[type=submit]")
    expect(page.locator("h1")).to_contain_text("已上报")

    # The credit office returns it once, then accepts and publishes.
    log_out(window)
    window.log_in(credit, then="/desk/reports/")
    page.locator(".records a").first.click()
    page.fill("#reason_whole", "请核对责任追究内容。")
    window.look("45-report-answer")
    page.click("button:has-text('退回')")
    expect(page.locator("h1")).to_contain_text("已退回")
    log_out(window)
    window.log_in(officer, then=f"/desk/reports/case/{case.uuid}/")
    expect(page.locator("main")).to_contain_text("请核对责任追究内容")
    page.click("main button[type=submit]")
    expect(page.locator("h1")).to_contain_text("已上报")
    log_out(window)
    window.log_in(credit, then="/desk/reports/")
    page.locator(".records a").first.click()
    page.click("button:has-text('受理')")
    expect(page.locator("h1")).to_contain_text("已受理")
    page.click("main a.button:has-text('公示')")
    expect(page.locator("main")).to_contain_text("次日零时自动停止")
    window.look("46-publication")
    page.click("main button:has-text('公示')")
    expect(page.locator("main")).to_contain_text("现在的决定")
    publication = BreachPublication.objects.get()

    # The public sees it at once, with the subject's own words under it.
    log_out(window)
    page.goto("/breaches/")
    page.locator(".records a").first.click()
    expect(page.locator("h1")).to_contain_text(hall.subject.name)
    expect(page.locator(".statement")).to_contain_text("特此说明")
    window.look("47-breach")
    page.goto(f"/commitments/{commitment.code}/")
    expect(page.locator("h1")).to_contain_text("全部未履行")
    window.look("48-commitment")
    page.goto("/supervision/")
    window.look("49-supervision")

    # And the counter answers by it.
    window.log_in()
    window.scan(hall.code)
    window.choose_item()
    expect(page.locator("#result, .result").first).to_contain_text("重点审查")
    window.look("50-key-review")
    assert BreachCase.objects.get().entry.public_from == publication.public_from
    assert window.faults == []
