"""A record that the platform refuses: packed, sent, refused, put right by its department, accepted."""

import csv
import io
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import expect

from credit_portal.audit import clock
from credit_portal.outbox import services as outbox
from credit_portal.outbox.models import Message
from disclosure.exchange import batches, scanning
from disclosure.models import ExchangeBatch, ExchangeRecord
from tests import factories, listed, tables

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def receipt(folder: Path, rows: list[tuple[str, ...]]) -> Path:
    out = io.StringIO()
    csv.writer(out).writerows([("记录号", "结果", "字段", "理由", "平台流水号"), *rows])
    file = folder / "回执.csv"
    file.write_text(out.getvalue(), encoding="utf-8-sig")
    return file


def pack() -> ExchangeBatch:
    """What a worker does with the message of the newest batch."""
    batch = ExchangeBatch.objects.order_by("-pk").first()
    assert batch is not None
    assert outbox.deliver(message_id=Message.objects.get(key=f"exchange:{batch.number}").pk, now=clock.now())
    return batch


@pytest.mark.req("R6", "R74", "R131")
def test_a_refused_record_is_corrected_and_accepted(window, tmp_path: Path, settings) -> None:
    settings.STORAGES = settings.STORAGES | {
        "exchange": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "exchange"},
        }
    }
    page, bureau = window.page, window.hall.clerk.department
    office = factories.department(kind="credit_office")
    officer = factories.staff("officer", department=bureau)
    credit = factories.staff("credit_office", department=office)
    made = listed.commitment(department=bureau, fulfilment="fulfilled")

    # The office sets the platform up and sees what each type is called there.
    window.log_in(credit, then="/desk/exchange/")
    expect(page.locator("main")).to_contain_text("还没有设置上级平台")
    page.click("text=设置本地区的上级平台")
    page.fill("#id_name", "石家庄市信用信息共享平台（演示）")
    page.select_option("#id_adapter", "http")
    page.fill("#id_since", "2020-01-01")
    page.select_option("#id_supervisory_as", "proof")
    page.click("main button[type=submit]")
    expect(page.locator(".error-summary")).to_contain_text("接口地址")
    expect(page.locator(".fields-table")).to_contain_text("证明事项型")
    page.select_option("#id_adapter", "file")
    window.look("60-exchange-platform")
    page.click("main button[type=submit]")
    expect(page.locator("main")).to_contain_text("石家庄市信用信息共享平台")

    scanning.scan(now=clock.now())
    page.reload()
    page.click("text=试运行，逐条查看")
    expect(page.locator("main")).to_contain_text("可以报送 1 条")
    window.look("61-exchange-waiting")
    page.go_back()
    page.click("text=打包 1 条")
    expect(page.locator("main")).to_contain_text("正在打包")
    batch = pack()
    # The page looks by itself.
    expect(page.locator("button", has_text="下载文件包")).to_be_visible(timeout=15_000)
    with page.expect_download() as fetched:
        page.click("text=下载文件包")
    package = tmp_path / "package.zip"
    fetched.value.save_as(package)
    with zipfile.ZipFile(package) as archive:
        (row,) = tables.read("a.xlsx", archive.read("承诺信息-001.xlsx"))
    assert row["承诺编码"] == made.code and row["承诺履行状态"] == "全部履行"
    page.reload()
    key = f"{made.code}-1"
    page.set_input_files("#file", receipt(tmp_path, [(key, "退回", "6", "", "")]))
    page.click("text=登记回执")
    expect(page.locator(".error-summary")).to_contain_text("第 2 行：退回的记录没有理由")
    page.set_input_files("#file", receipt(tmp_path, [(key, "退回", "6", "承诺事由应写明申请的事项", "")]))
    page.click("text=登记回执")
    expect(page.locator("h1")).to_contain_text("回执齐全")
    expect(page.locator(".records")).to_contain_text("承诺事由：承诺事由应写明申请的事项")
    window.look("62-exchange-batch")

    # Its department hears of it, and puts the words right.
    page.context.clear_cookies()
    window.log_in(officer, then="/desk/notices/")
    expect(page.locator("main")).to_contain_text("有记录被平台退回")
    page.goto("/desk/exchange/")
    expect(page.locator("h1")).to_contain_text("待更正")
    window.look("63-exchange-refused")
    page.click(f"text={made.code}")
    page.fill("#field_6", "")
    page.fill("#reason", "按平台要求写明事项")
    page.click("main button[type=submit]")
    expect(page.locator(".error-summary")).to_contain_text("承诺事由不能为空")
    page.fill("#field_6", "申请食品经营许可")
    window.look("64-exchange-record")
    page.click("main button[type=submit]")
    expect(page.locator("main")).to_contain_text("没有。")

    # The next version goes up and is accepted, and on to the province.
    page.context.clear_cookies()
    window.log_in(credit, then="/desk/exchange/")
    page.click("text=打包 1 条")
    expect(page.locator("main")).to_contain_text("正在打包")
    second = pack()
    assert second.pk != batch.pk
    with page.expect_download():
        page.click("text=下载文件包")
    page.reload()
    page.set_input_files("#file", receipt(tmp_path, [(f"{made.code}-2", "接收", "", "", "P2026-1")]))
    page.click("text=登记回执")
    expect(page.locator(".records")).to_contain_text("P2026-1")
    page.fill("#on", clock.today().isoformat())
    page.fill("#reference", "冀信归集〔2026〕1 号")
    page.click("#forward ~ form button[type=submit]")
    expect(page.locator(".terms")).to_contain_text("冀信归集〔2026〕1 号")
    window.look("65-exchange-accepted")
    assert ExchangeRecord.objects.get(number=made.code, version=2).state == ExchangeRecord.State.ACCEPTED
    assert not batches.waiting(second.platform, running=False).exists()
