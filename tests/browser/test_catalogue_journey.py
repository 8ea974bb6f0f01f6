"""The keeper exports the catalogue, changes a cell, looks at what the file would do, takes it in as a draft, compares, publishes
ahead; the public sees what is in force and what comes. In the browser, wide and narrow, without a script of ours."""

import io
from datetime import timedelta

import pytest
from openpyxl import load_workbook
from playwright.sync_api import expect

from commitments import model_texts, texts
from credit_portal.audit import clock
from credit_portal.registry import groups
from disclosure.catalogue import own_rules
from tests import factories
from tests.catalogue_stage import RULES, Bureau
from tests.factories import NOW, TODAY
from tests.test_catalogue_work import issued, model_draft

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
AHEAD = TODAY + timedelta(days=12)


@pytest.mark.req("R20", "R21", "R23", "R24", "R25", "R33")
def test_from_the_export_to_the_public_page(window, hall, monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    page, unit, item = window.page, hall.clerk.department, hall.item.item
    keeper = factories.staff(groups.APPROVAL_BUREAU, department=unit, is_staff=True)
    own_rules.issue(
        item=item, title="食品经营许可信用承诺实施细则", issuer=unit, issued_on=TODAY, parts=RULES,
        effective_from=TODAY, actor=keeper, now=NOW,
    )  # fmt: skip
    window.page.context.clear_cookies()
    window.log_in(keeper, then="/desk/catalogue/")
    window.look("a0-catalogue")
    with page.expect_download() as wanted:
        page.click("main button:has-text('导出')")
    book = load_workbook(io.BytesIO(wanted.value.path().read_bytes()))
    sheet = book["事项"]
    heads = {cell.value: cell.column for cell in sheet[1]}
    row = next(line for line in range(2, sheet.max_row + 1) if sheet.cell(line, 1).value == item.code)
    sheet.cell(row, heads["承诺办结时限（工作日）"]).value = "3"
    wrong = next(line for line in range(2, sheet.max_row + 1) if line != row)
    sheet.cell(wrong, heads["领域"]).value = "月球"
    changed = tmp_path / "目录.xlsx"
    book.save(changed)

    page.goto("/desk/catalogue/imports/")
    page.set_input_files("#id_file", str(changed))
    page.click("main button:has-text('比较')")
    expect(page.locator("main")).to_contain_text("现为“月球”")
    expect(page.locator("main ins").first).to_contain_text("3")
    window.look("a1-import")
    page.click("main button:has-text('写成草稿')")
    expect(page.locator("main")).to_contain_text("已写成 1 项草稿")
    window.look("a2-imported")
    page.click("main a:has-text('并排比较')")
    expect(page.locator("main del").nth(1)).to_be_visible()
    window.look("a3-compare")
    page.click("main a:has-text('打开草稿')")
    page.click("a:has-text('发布')")
    page.fill("input[name=valid_from]", AHEAD.isoformat())
    page.click("button:has-text('发布')")
    expect(page.locator("body")).to_contain_text(f"自 {AHEAD} 起")

    # The back office keeps its look in the browser; the desk keeps nothing.
    page.evaluate("localStorage.clear()")
    page.goto(f"/desk/catalogue/items/{item.code}/")
    expect(page.locator("main")).to_contain_text(f"自 {AHEAD} 起")
    window.look("a4-item")
    page.goto("/desk/catalogue/changes/")
    expect(page.locator("main")).to_contain_text("第 2 版替代第 1 版")
    window.look("a5-changes")
    for name, address in (
        ("a6-coverage", "coverage/"),
        ("a6-rules", f"items/{item.code}/rules/"),
        ("a6-imports", "imports/"),
    ):
        page.goto(f"/desk/catalogue/{address}")
        window.look(name)

    page.goto("/desk/catalogue/filings/new/")
    page.fill("#id_letter_no", "栾审〔2026〕3号")
    page.click("main button:has-text('编制')")
    expect(page.locator("main")).to_contain_text("备案材料已编制")
    page.click("main button:has-text('登记报送')")
    expect(page.locator("main")).to_contain_text("登记回执")
    window.look("a7-filing")
    page.goto("/desk/catalogue/filings/")
    window.look("a7-filings")

    province = Bureau.open("130000")
    draft = model_draft(province)
    model_texts.enter_issue(version=draft, issued=issued(), actor=province.keeper, now=NOW)
    texts.publish_text(version=draft, valid_from=TODAY, actor=province.keeper, now=NOW)
    page.goto("/desk/catalogue/models/")
    page.click("main a:has-text('在本地区采用')")
    page.fill("input[name=code]", "130111-SF01")
    page.select_option("select[name=department]", str(unit.pk))
    page.select_option("select[name=item]", label=item.code)
    page.fill("input[name=place_0]", "栾城区行政审批局")
    page.fill("input[name=place_1]", "0311-80000000")
    page.fill("input[name=valid_from]", TODAY.isoformat())
    page.click("button:has-text('采用')")
    expect(page.locator("body")).to_contain_text("示范文本校验值")
    page.evaluate("localStorage.clear()")
    page.goto("/desk/catalogue/models/")
    expect(page.locator("main")).to_contain_text("130111-SF01")
    window.look("a8-models")

    page.context.clear_cookies()
    page.goto("/catalogue/")
    window.look("a9-list")
    page.click(f"main td.lead a[href='/catalogue/{item.code}/']")
    expect(page.locator("main")).to_contain_text("由第 2 版替代")
    expect(page.locator("main")).to_contain_text("实施细则")
    window.look("a9-item")
    page.click("main a:has-text('看有什么变化')")
    expect(page.locator("main ins").first).to_be_visible()
    window.look("a9-compare")
