"""One clerk, one keyboard, one scanner: from the code to the paper."""

import time

import pytest
from playwright.sync_api import expect

from commitments.models import Commitment, CommitmentEvent, Draft, Presentation
from credit_portal.audit import clock
from credit_portal.audit.models import AuditEvent
from tests import factories
from tests.counter import signature_png

pytestmark = pytest.mark.browser
FILLED = {"材料名称": "健康证明", "完成日期": "2026-12-20"}


@pytest.mark.req("R3", "R18", "R34", "R36", "R38")
def test_a_commitment_by_keyboard_alone_in_under_a_minute(window, capsys):
    page = window.page
    window.log_in()
    assert window.focused() == "id_code"
    began = time.monotonic()
    window.scan(window.hall.code)
    window.choose_item()
    assert "可适用承诺制" in page.inner_text("#result")
    page.keyboard.type("健康证明")
    page.keyboard.press("Tab")
    page.keyboard.type("20261220")
    page.locator("#paper", has_text="2026年12月20日").wait_for(timeout=3000)
    window.press("F8")
    assert page.locator("header.band").count() == 0
    window.read_all()
    window.draw()
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/window/c/**")
    took = time.monotonic() - began
    commitment = Commitment.objects.get()
    assert page.inner_text("#commitment-code").replace(" ", "") == commitment.code
    assert commitment.signer_name == "王恒泰"
    shown = dict(Presentation.objects.values_list("part", "seconds"))
    assert set(shown) == {"notice", "privacy", "text"}
    assert took < 60
    with capsys.disabled():
        print(f"\n窗口办理全程（键盘，5 毫秒扫码）：{took:.1f} 秒")
    # The next person's scan begins the next case from wherever the focus is.
    assert window.hall.subject.uscc
    window.scan(factories.subject().uscc)
    assert window.focused() == "item-search"
    assert window.stored() == []
    assert window.faults == []


def test_every_page_of_the_counter_is_accessible_wide_and_narrow(window):
    page = window.page
    window.log_in()
    window.look("01-start")
    page.keyboard.type("911301")
    window.press("Enter")
    assert page.locator("#code-error .field-error").is_visible()
    window.look("02-start-wrong")
    page.reload()
    page.goto("/window/")
    window.scan(window.hall.code)
    page.keyboard.type("xk")
    window.look("03-check-list")
    page.goto(page.url)
    page.keyboard.type("spjy")
    page.keyboard.press("Enter")
    window.look("04-check")
    page.locator("#check-form input:checked").focus()
    window.press("Enter")
    window.look("05-read")
    page.keyboard.type("健康证明")
    window.press("F8")
    window.look("06-read-missing")
    page.fill("[data-blank='完成日期']", "2026-12-20")
    window.press("F8")
    window.look("07-present-notice")
    page.click("[data-part=notice] [data-next]")
    page.click("[data-part=privacy] [data-next]")
    window.look("08-present-text")
    page.click("#size")
    window.look("09-present-large")
    page.click("[data-part=text] [data-next]")
    window.look("10-present-end")
    page.click("[data-finish]")
    page.wait_for_selector("#sign-form")
    window.look("11-sign")
    page.check("input[value=agent]")
    page.check("input[value=paper]")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("[data-error-for] .field-error")
    window.look("12-sign-wrong")
    page.check("input[value=legal_representative]")
    page.check("input[value=pad]")
    page.keyboard.press("F8")
    window.draw()
    window.look("13-sign-facing")
    page.keyboard.press("F8")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/window/c/**")
    window.look("14-done")
    page.keyboard.press("Alt+K")
    assert page.locator("#keys").is_visible()
    window.look("15-keys")
    page.keyboard.press("Escape")
    page.click("text=作废（仅限当日）")
    window.look("16-void")
    page.keyboard.press("Escape")
    window.press("Alt+T")
    window.look("17-today")
    page.goto("/window/")
    window.scan(factories.organisation_code())
    window.look("18-subject-new")
    page.goto("/window/")
    window.scan(factories.id_number())
    window.look("19-person-new")
    window.press("Alt+G")
    assert Draft.objects.filter(step="subject").count() == 2
    window.look("20-drafts")
    page.click("text=放弃 >> nth=0")
    window.look("21-discard")
    assert window.faults == []


@pytest.mark.req("R7", "R34")
def test_a_person_signs_for_themselves_and_the_number_is_never_shown_whole(window):
    page = window.page
    number = factories.id_number()
    addresses = []
    page.on("framenavigated", lambda frame: addresses.append(frame.url))
    window.log_in()
    window.scan(number)
    assert page.inner_text(".who-code") == f"{number[0]}{'*' * 16}{number[-1]}"
    assert window.focused() == "id_name"
    # An input method puts in the whole name at once.
    page.fill("#id_name", "阿依古丽·麦麦提")
    window.press("Enter")
    window.choose_item()
    page.keyboard.type("健康证明")
    page.fill("[data-blank='完成日期']", "2026.12.20")
    window.press("F8")
    expect(page.locator("[data-part=text]")).to_contain_text("本人阿依古丽·麦麦提")
    assert number not in page.content()
    window.read_all()
    assert page.input_value("#id_signer_name") == "阿依古丽·麦麦提"
    window.draw()
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/window/c/**")
    commitment = Commitment.objects.get()
    assert commitment.signer_capacity == "self" and commitment.subject_code == ""
    assert commitment.public_from is None
    assert "不在公示栏目显示" in page.inner_text("main")
    assert number not in page.content() and number not in page.title()
    assert not any(number in address for address in addresses)
    window.look("22-person-done")
    assert window.faults == []


def test_a_type_that_was_not_chosen_is_where_the_keys_go(window):
    page = window.page
    window.log_in()
    window.scan(window.hall.code)
    page.keyboard.type("dlhw")
    page.keyboard.press("Enter")
    window.press("Enter")
    assert "请选择承诺类型" in page.inner_text("#types")
    assert page.evaluate("document.activeElement.name") == "commitment_type"
    page.keyboard.press("2")
    window.press("Enter")
    assert "可适用承诺制" in page.inner_text("#result")


@pytest.mark.req("R34")
def test_an_agent_signs_on_paper_with_an_authorisation(window, tmp_path):
    page = window.page
    scan = tmp_path / "授权委托书.png"
    scan.write_bytes(signature_png())
    window.log_in()
    window.to_signing()
    page.keyboard.press("2")
    assert page.is_checked("input[name=capacity][value=agent]")
    page.fill("#id_signer_name", "赵代理")
    page.focus("input[name=signed_by][value=pad]")
    page.keyboard.press("2")
    page.keyboard.press("Control+Enter")
    page.locator("#sign-says, [data-error-for]", has_text="扫描件").first.wait_for()
    page.set_input_files("#id_paper_scan", scan)
    page.keyboard.press("Control+Enter")
    page.locator("[data-error-for=authorisation] .field-error").wait_for()
    assert window.focused() == "id_authorisation"
    window.look("23-agent")
    page.set_input_files("#id_authorisation", scan)
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/window/c/**")
    commitment = Commitment.objects.get()
    assert (commitment.signer_name, commitment.signer_capacity) == ("赵代理", "agent")
    assert commitment.signed_by == "paper" and commitment.authorisation is not None
    assert window.faults == []


@pytest.mark.req("R38", "R40")
def test_an_unrepaired_record_leads_to_the_ordinary_route_and_its_notice(window):
    page = window.page
    factories.credit_entry(subject=window.hall.subject)
    window.without_printer()
    window.log_in()
    window.scan(window.hall.code)
    window.choose_item()
    assert "按一般程序办理" in page.inner_text("#result")
    assert "不是拒绝受理" in page.inner_text("main")
    assert "信用修复" in page.inner_text("main")
    window.look("24-ordinary")
    with page.expect_response("**/notice.pdf") as noted:
        page.keyboard.press("Alt+P")
    assert noted.value.request.method == "POST"
    page.wait_for_function("() => window.printed === 1")
    assert "已送打印" in page.inner_text("[data-print-status]")
    assert AuditEvent.objects.filter(verb="notice.printed").count() == 1
    paper = page.request.get(page.get_attribute("#print-frame", "src"))
    assert paper.body().startswith(b"%PDF-") and "no-store" in paper.headers["cache-control"]
    window.press("F2")
    assert window.focused() == "id_code"
    assert window.faults == []


def test_papers_are_printed_again_and_a_commitment_is_voided_on_the_same_day(window):
    page = window.page
    commitment = window.hall.sign(now=clock.now(), draft=window.hall.ready(now=clock.now(), blanks=FILLED))
    window.without_printer()
    window.log_in()
    window.press("Alt+T")
    assert window.focused() == "id_code"
    window.scan(commitment.code[-6:])
    assert page.url.endswith(f"/window/c/{commitment.code}/")
    for key, paper in (("Alt+P", "commitment"), ("Alt+R", "receipt")):
        with page.expect_response(f"**/print/{paper}/"):
            page.keyboard.press(key)
        page.locator(f"#print-frame[src$='{paper}.pdf']").wait_for(state="attached")
    page.wait_for_function("() => window.printed === 2")
    printed = CommitmentEvent.objects.filter(kind="printed").values_list("note", flat=True)
    assert list(printed) == ["承诺书", "回执"]
    page.click("text=作废（仅限当日）")
    assert window.focused() == "id_reason"
    page.keyboard.type("错")
    window.press("Enter")
    assert "4 至 300" in page.inner_text("#reason-error")
    window.look("25-void-wrong")
    page.fill("#id_reason", "信息录入错误")
    page.focus("#id_reason")
    window.press("Enter")
    assert "已作废" in page.inner_text("main")
    commitment.refresh_from_db()
    assert commitment.voided_at is not None
    assert page.locator("text=作废（仅限当日）").count() == 0
    window.look("26-voided")
    assert window.faults == []


def test_a_correction_replaces_the_commitment_by_a_new_one(window):
    page = window.page
    old = window.hall.sign(now=clock.now(), draft=window.hall.ready(now=clock.now(), blanks=FILLED))
    window.log_in(then=f"/window/c/{old.code}/")
    page.click("text=更正")
    page.keyboard.type("补交日期写错了")
    window.press("Enter")
    assert old.code in page.inner_text(".who")
    window.choose_item()
    page.fill("[data-blank='材料名称']", "健康证明")
    page.fill("[data-blank='完成日期']", "20270120")
    window.press("F8")
    window.read_all()
    window.draw()
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/window/c/**")
    new = Commitment.objects.get(corrects=old)
    assert new.code in page.url
    page.goto(f"/window/c/{old.code}/")
    assert new.code in page.inner_text("main")
