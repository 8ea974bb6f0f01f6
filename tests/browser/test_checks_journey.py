"""Checks at the desk in the browser: five fields, evidence by paste, drag and file, an exception by two, objections before
and after the decision, and the month's list from check to file."""

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from credit_portal.audit import clock
from tests import factories as make
from tests.checking_stage import Place
from tests.counter import signature_png
from verification.models import AppliedMeasure, Check, CheckLook, UsageList
from verification.usage import lists

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# A picture on the clipboard, as a screen shot puts it there; and one dropped on a zone.
PASTE = """async (bytes) => {
    const held = new DataTransfer();
    held.items.add(new File([new Uint8Array(bytes)], 'image.png', {type: 'image/png'}));
    document.dispatchEvent(new ClipboardEvent('paste', {clipboardData: held, bubbles: true, cancelable: true}));
}"""
DROP = """([selector, bytes]) => {
    const held = new DataTransfer();
    held.items.add(new File([new Uint8Array(bytes)], '政府采购网.png', {type: 'image/png'}));
    document.querySelector(selector).dispatchEvent(
        new DragEvent('drop', {dataTransfer: held, bubbles: true, cancelable: true}));
}"""


def log_out(window) -> None:
    window.page.context.clear_cookies()


@pytest.fixture
def place() -> Place:
    place = Place()
    place.unit.name = place.unit.short_name = "赞皇县财政局"
    place.unit.save()
    for person, name in ((place.clerk, "周小禾"), (place.officer, "孙立言"), (place.head, "郑明远")):
        person.display_name = name
        person.save()
    return place


def begin(window, place: Place, item, *, code: str, kind: str = "supervisory", step: str = "") -> Check:
    page = window.page
    page.goto(window.address + "/desk/checks/new/")
    page.fill("#id_code", code)
    page.select_option("#id_item", str(item.pk))
    page.select_option("#id_commitment_type", kind)
    page.select_option("#id_step", step)
    page.click("main button[type=submit]")
    expect(page.locator("h1 .badge").first).to_be_visible()
    return Check.objects.latest("pk")


@pytest.mark.req("R49", "R53", "R54", "R55", "R56", "R57", "R107")
def test_each_of_five_fields_from_the_check_to_the_months_list(window, place: Place) -> None:
    page = window.page
    names = {
        "procurement": "办公设备政府采购", "bidding": "道路改造工程招标", "approval": "食品经营许可（新办）",
        "market_access": "养老机构市场准入", "awards": "诚信企业评选",
    }  # fmt: skip
    items = {field: place.item(field, name=name) for field, name in names.items()}
    window.log_in(place.officer, then="/desk/checks/")
    cases = (
        ("procurement", "judgment_defaulter", "", "依规定应当拒绝", "拒绝参与政府采购活动", "依规定拒绝"),
        ("bidding", "bidding_limited", "qualification", "依规定应当拒绝", "予以限制", "在有关环节予以限制"),
        ("approval", "serious", "", "重点审查", "从严审核", "准予、通过或者采用"),
        ("market_access", "market_ban", "", "依规定应当拒绝", "禁入期限内", "依规定拒绝"),
        ("awards", "exemplary", "", "可适用承诺制", "诚信典型", "准予、通过或者采用"),
    )
    for number, (field, code, step, answer, reason, result) in enumerate(cases):
        subject = make.subject(region="130129", name=f"赞皇演示{names[field][:4]}有限公司")
        place.listed(code, subject=subject)
        begin(window, place, items[field], code=subject.uscc, step=step)
        expect(page.locator("main .title-line").first).to_contain_text(answer)
        expect(page.locator(".reasons")).to_contain_text(reason)
        expect(page.locator(".reasons")).to_contain_text("《赞皇县使用信用记录和信用报告的通知》二")
        if number == 0:
            window.look("80-check-refused")
            assert page.locator("text=申请例外").count() == 0
        page.get_by_label(result, exact=True).check()
        page.click("main button:has-text('办结')")
        expect(page.locator("#outcome-title ~ p").first).to_contain_text(result)
    assert (
        AppliedMeasure.objects.filter(ended_on=None).count() == 4
    )  # an exemplary one has none listed for awards
    window.look("81-check-decided")

    page.goto(window.address + "/desk/checks/?tab=decided")
    expect(page.locator("tbody tr")).to_have_count(5)
    window.look("82-checks")
    lists.open_lists(now=clock.now())
    row = UsageList.objects.get(department=place.unit)
    page.goto(window.address + f"/desk/usage/{row.uuid}/")
    expect(page.locator("tbody tr")).to_have_count(5)
    expect(page.locator("tbody")).to_contain_text("办公设备政府采购")
    window.look("83-month")
    with page.expect_download() as fetched:
        page.click("text=下载 xlsx")
    assert fetched.value.suggested_filename.endswith(".xlsx")


@pytest.mark.req("R50", "R51", "R52")
def test_evidence_comes_by_paste_drag_and_file_and_is_asked_for(window, place: Place, tmp_path: Path) -> None:
    page = window.page
    item = place.item("procurement", name="办公设备政府采购", evidence_required=True)
    window.log_in(place.officer, then="/desk/checks/")
    begin(window, place, item, code=place.subject.uscc)
    expect(page.locator("#decide-title ~ .notice")).to_contain_text("须留存查询截屏")
    rows = page.locator("[data-look]")
    first, second, third = rows.nth(0), rows.nth(1), rows.nth(2)
    picture = list(signature_png())

    first.locator("select").select_option("nothing")
    page.evaluate(PASTE, picture)
    expect(first.locator("[data-drop-says]")).to_contain_text("截屏")
    expect(first.locator("img.thumb")).to_be_visible()
    second.locator("select").select_option("found")
    second.locator("summary").click()
    zone = second.locator("[data-drop]")
    zone.evaluate("one => one.id = 'zone-two'")
    page.evaluate(DROP, ["#zone-two", picture])
    expect(second.locator("[data-drop-says]")).to_contain_text("政府采购网.png")
    third.locator("select").select_option("unavailable")
    third.locator("summary").click()
    file = tmp_path / "网页.png"
    file.write_bytes(signature_png())
    third.locator("input[data-evidence]").set_input_files(file)
    window.look("84-evidence")
    page.click("main button:has-text('登记查询情况')")
    expect(page.locator("#looks .lines li")).to_have_count(3)
    assert CheckLook.objects.filter(screenshot__isnull=False).count() == 3
    assert {one.screenshot.sha256 for one in CheckLook.objects.all()} == {
        CheckLook.objects.first().screenshot.sha256
    }
    expect(page.locator("#decide-title ~ .notice")).to_have_count(0)
    page.get_by_label("准予、通过或者采用").check()
    page.click("main button:has-text('办结')")
    expect(page.locator("#outcome-title")).to_be_visible()


@pytest.mark.req("R40")
def test_an_exception_is_asked_for_and_another_allows_it(window, place: Place) -> None:
    page = window.page
    make.credit_entry(subject=place.subject, until_on=clock.today() + timedelta(days=90))
    item = place.item("approval", name="食品经营许可（新办）")
    window.log_in(place.officer, then="/desk/checks/")
    check = begin(window, place, item, code=place.subject.uscc, kind="approval")
    page.click("summary:has-text('申请例外')")
    page.get_by_label("申请理由").fill("已完成整改，群众急需")
    page.click("main button:text-is('申请')")
    expect(page.locator("#exception")).to_contain_text("等另一人决定")
    log_out(window)
    window.log_in(place.head, then="/desk/notices/")
    page.click("main >> text=申请例外，请决定")
    page.get_by_label("同意", exact=True).check()
    page.get_by_label("决定理由").fill("整改材料属实")
    window.look("85-exception")
    page.click("main button:text-is('决定')")
    expect(page.locator("h1")).to_contain_text("例外：可适用承诺制")
    assert check.override.decided_by == place.head


@pytest.mark.req("R61")
def test_what_is_shown_before_the_decision_counts_and_what_comes_later_does_not(
    window, place: Place, tmp_path: Path
) -> None:
    page = window.page
    place.listed("judgment_defaulter")
    item = place.item("procurement", name="办公设备政府采购")
    paper = tmp_path / "结案证明.png"
    paper.write_bytes(signature_png())

    def show() -> None:
        page.get_by_label("执行法院出具的结案证明").check()
        page.get_by_label("文书号").fill("（2026）冀0129执结18号")
        page.get_by_label("出具机关").fill("赞皇县人民法院（演示）")
        page.locator("#id_object_issued_on").fill((clock.today() - timedelta(days=3)).isoformat())
        page.locator("#id_object_document").set_input_files(paper)
        page.click("main button:has-text('登记材料')")

    window.log_in(place.officer, then="/desk/checks/")
    check = begin(window, place, item, code=place.subject.uscc)
    page.click("summary:has-text('告知申请人')")
    page.get_by_label("知悉人").fill("钱某")
    page.click("main button:has-text('申请人已知悉')")
    expect(page.locator("#objection")).to_contain_text("打印告知书")
    page.click("summary:has-text('登记异议材料')")
    show()
    expect(page.locator("#objection .lines")).to_contain_text("待核实")
    window.look("86-objection")
    log_out(window)
    window.log_in(place.head, then=f"/desk/checks/{check.uuid}/")
    page.click("summary:has-text('核实：')")
    page.get_by_label("采信", exact=True).check()
    page.get_by_label("核实意见").fill("已与法院核实，案件已经结案")
    page.click("main button:has-text('登记核实结果')")
    page.click("main button:has-text('按采信的材料重新核查')")
    expect(page.locator("h1")).to_contain_text("可适用承诺制")
    expect(page.locator(".reasons")).to_contain_text("已采信")

    # Another procedure: decided first.
    begin(window, place, item, code=place.subject.uscc)
    page.get_by_label("依规定拒绝", exact=True).check()
    page.click("main button:has-text('办结')")
    page.click("summary:has-text('登记逾期提交的材料')")
    show()
    expect(page.locator("main")).to_contain_text("仅不用于本次办理；异议、修复、复议、诉讼不受影响")
    expect(page.locator("#objection .lines")).to_contain_text("逾期提交")
    window.look("87-objection-late")
