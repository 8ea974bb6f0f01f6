"""A register handed over: its sample read, mapped, tried, a word added, tried again, received by a second person, signed for."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from commitments.models import BulkJob, Commitment, HandoverProtocol
from credit_portal.audit import clock
from credit_portal.outbox import services as outbox
from credit_portal.outbox.models import Message
from tests import factories, handover_stage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def work() -> None:
    """What a worker does with the newest message of an upload."""
    message = Message.objects.filter(effect__startswith="bulk.").latest("pk")
    assert outbox.deliver(message_id=message.pk, now=clock.now())


@pytest.mark.req("R35")
def test_a_register_goes_from_its_sample_to_the_signed_list(window, tmp_path: Path, settings) -> None:
    settings.STORAGES = settings.STORAGES | {
        "results": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "results"},
        }
    }
    page, unit = window.page, window.hall.clerk.department
    officer, head = (factories.staff(role, department=unit) for role in ("officer", "head"))
    rows = [handover_stage.row(number) for number in range(1, 4)]
    rows += [handover_stage.row(4, 状态="已完成")]
    rows += [handover_stage.row(5, **handover_stage.OVER), handover_stage.row(6, 状态="注销")]
    rows += [handover_stage.row(7, 统一社会信用代码="91130111")]
    register = tmp_path / "台账.xlsx"
    register.write_bytes(handover_stage.xlsx(rows))
    sample = tmp_path / "样表.xlsx"
    sample.write_bytes(handover_stage.xlsx(rows[:1]))

    window.log_in(officer, then="/desk/handover/")
    window.look("96-handover-home")
    page.fill("#id_name", "承诺台账")
    page.set_input_files("#id_file", sample)
    page.click("text=读入表头 >> nth=-1")
    expect(page.locator("main")).to_contain_text("下面是按列名的建议")
    page.click("text=确认并保存为新的一版")
    expect(page.locator(".error-summary")).to_contain_text("请选择对照哪一项")
    window.look("97-handover-mapping-wrong")
    place = handover_stage.HEAD.index("经办电话")
    page.select_option(f"#id_c{place}", "none")
    page.fill(f"#id_r{place}", handover_stage.REASON)
    for number, value in handover_stage.CONSTANTS.items():
        if page.locator(f"select#id_k{number}").count():
            page.select_option(f"#id_k{number}", value)
        else:
            page.fill(f"#id_k{number}", value)
    for line, (theirs, ours) in enumerate(list(handover_stage.WORDS[11].items())[:3]):
        page.fill(f"#id_t11_{line}", theirs)
        page.select_option(f"#id_o11_{line}", ours)
    page.click("text=确认并保存为新的一版")
    expect(page.locator("main")).to_contain_text("已保存为第 2 版")
    window.look("98-handover-mapping")

    def tried() -> None:
        page.set_input_files("#id_file", register)
        page.click("main .step-form button[type=submit]")
        expect(page.locator("main")).to_contain_text("0 / 7 行")
        work()
        expect(page.locator("h1")).to_contain_text("已完成", timeout=15_000)

    tried()
    expect(page.locator("main")).to_contain_text("“注销”：1 行")
    window.look("99-handover-trial")
    page.click("text=去补上对照")
    page.locator("fieldset.handover-line", has_text="注销 （1 行）").locator("select").select_option("已终止")
    page.click("text=确认并保存为新的一版")
    expect(page.locator("main")).to_contain_text("已保存为第 3 版")
    tried()
    expect(page.locator("main")).not_to_contain_text("没有对照的取值")
    expect(page.locator("main")).to_contain_text("请同事打开本页办理")
    trial = page.url

    page.context.clear_cookies()
    window.log_in(head, then=trial.removeprefix(window.address))
    page.click("text=我已看过试运行，正式接收")
    expect(page.locator("main")).to_contain_text("0 / 7 行")
    work()
    expect(page.locator("h1")).to_contain_text("已完成", timeout=15_000)
    window.look("100-handover-received")
    with page.expect_download() as fetched:
        page.click("text=下载报告")
    assert fetched.value.suggested_filename == "台账-移交接收报告.xlsx"
    page.fill("#id_receiver", "栾城区信用办")
    page.click("main .step-form button[type=submit]")
    expect(page.locator("main")).to_contain_text("移交清单已制作")
    window.look("101-handover-signed")
    made = HandoverProtocol.objects.get()
    assert (made.counts["good"], made.counts["bad"]) == (6, 1) and Commitment.objects.count() == 6
    assert page.request.get(page.locator("text=移交清单（PDF）").get_attribute("href")).body()[:4] == b"%PDF"
    assert BulkJob.objects.count() == 3
    expect(page.locator("main")).to_contain_text("登记簿写明全部履行的 1 份，请本单位另一人在本页确认")
    received = page.url

    page.context.clear_cookies()
    window.log_in(officer, then=received.removeprefix(window.address))
    page.fill("#note", "与原台账逐份核对，属实。")
    # Its term is not over yet: that the matter is done with is for somebody to say.
    page.check("#early")
    window.look("102-handover-to-confirm")
    page.click("main button[value=keep]")
    expect(page.locator("main")).to_contain_text("正在确认全部履行：0 / 1 份")
    work()
    expect(page.locator("main")).to_contain_text("已整份确认 1 份", timeout=15_000)
    assert Commitment.objects.filter(fulfilment="fulfilled").count() == 1
