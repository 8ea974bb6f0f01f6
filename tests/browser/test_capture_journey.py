"""Papers signed at a market: scans brought in, keyed by one, keyed by another, differing, settled; registered only then."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from commitments.models import CaptureSheet, Commitment
from credit_portal.audit import clock
from credit_portal.documents import pdf
from credit_portal.overview.demo import capture
from tests import factories

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.req("R35")
def test_a_paper_goes_from_its_scan_over_two_people_to_the_register(window, tmp_path: Path) -> None:
    page, unit = window.page, window.hall.clerk.department
    officer, head = (factories.staff(role, department=unit) for role in ("officer", "head"))
    made, code = clock.today() - timedelta(days=3), factories.organisation_code(7)
    one, other = tmp_path / "集市承诺书1.png", tmp_path / "集市承诺书2.png"
    one.write_bytes(capture.scan(0, "大李干果摊", made))
    other.write_bytes(capture.scan(1, "王记豆腐坊", date(2026, 1, 5)))

    window.log_in(officer, then="/desk/capture/")
    expect(page.locator("main")).to_contain_text("一份文件为一份承诺")
    page.click("main form button[type=submit]")
    expect(page.locator(".error-summary")).to_contain_text("请选择扫描件")
    window.look("102-capture-home")
    page.set_input_files("#id_scans", [one, other])
    page.fill("#id_name", "秋季集市")
    page.click("main form button[type=submit]")
    expect(page.locator("h1")).to_have_text("秋季集市")
    window.look("103-capture-batch")
    page.click("text=录入下一份")
    expect(page.locator("h1")).to_contain_text("待录入")
    assert window.focused() == "id_subject_code"
    # By keyboard alone, from the first field on; a wrong code is said by name and nothing is lost.
    page.keyboard.type(code[:-1])
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type(f"{made:%Y%m%d}")
    page.fill("#id_subject_name", "栾城区集市商贸有限公司")
    page.select_option("#id_commitment_type", "voluntary")
    page.fill("#id_item_name", "集市明码标价承诺")
    page.fill("#id_pledge", "明码标价，不缺斤短两。")
    page.fill("#id_liability", "违反承诺的，接受公示。")
    page.click("text=保存第一遍")
    expect(page.locator(".error-summary")).to_contain_text("17 位")
    window.look("104-capture-first")
    page.fill("#id_subject_code", code)
    page.click("text=保存第一遍")
    expect(page.locator("main")).to_contain_text("待另一人复核；还没有登记")
    sheet = CaptureSheet.objects.order_by("pk").first()
    page.goto(f"/desk/capture/sheets/{sheet.uuid}/")
    expect(page.locator("main")).to_contain_text("第二遍须由另一人录入")
    assert page.locator("#id_made_on").count() == 0
    window.look("105-capture-own")

    page.context.clear_cookies()
    window.log_in(head, then=f"/desk/capture/{sheet.batch.uuid}/")
    page.click("text=复核下一份")
    expect(page.locator("h1")).to_contain_text("待复核")
    assert code not in page.content() and window.focused() == "id_subject_code"
    window.look("106-capture-second")
    page.keyboard.type(code.lower())
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type(f"{made - timedelta(days=1):%Y-%m-%d}")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("两遍不同，待核定；还没有登记")
    assert not Commitment.objects.exists()
    page.goto(f"/desk/capture/sheets/{sheet.uuid}/")
    expect(page.locator("#settle")).to_contain_text("对照扫描件核定")
    window.look("107-capture-differs")
    page.check("#made_on-1")
    page.click("text=核定并登记")
    stored = Commitment.objects.get()
    expect(page.locator("main")).to_contain_text(f"已登记，承诺编码 {stored.code}")
    assert stored.made_on == made
    window.look("108-capture-registered")
    page.goto(f"/desk/capture/sheets/{sheet.uuid}/")
    expect(page.locator("#done")).to_have_text("已登记")
    window.look("109-capture-done")
    assert not window.faults
    # A PDF stands in a frame of the page, where the browser's own viewer opens it.
    paper = tmp_path / "集市承诺书3.pdf"
    paper.write_bytes(
        pdf.render_pdf(
            "<html lang=zh><title>承诺书</title><p>承诺书</p></html>", identifier=b"paper", title="承诺书"
        )
    )
    page.goto("/desk/capture/")
    page.set_input_files("#id_scans", [paper])
    page.click("main form button[type=submit]")
    page.click("text=录入下一份")
    expect(page.locator("iframe.paper-scan")).to_be_visible()
    window.look("110-capture-pdf")
    assert all(one.startswith("chrome") for one in window.faults), window.faults
