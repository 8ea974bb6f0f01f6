"""A file of collected commitments: uploaded, left, found done; its error workbook mended and uploaded; corrections taken over."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from commitments.bulk import jobs
from commitments.models import BulkJob, Commitment
from credit_portal.audit import clock
from credit_portal.outbox import services as outbox
from credit_portal.outbox.models import Message
from tests import bulk_stage, factories

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def work() -> None:
    """What a worker does with the newest message of an upload."""
    message = Message.objects.filter(effect__startswith="bulk.").latest("pk")
    assert outbox.deliver(message_id=message.pk, now=clock.now())


@pytest.mark.req("R35")
def test_a_file_is_uploaded_left_mended_and_done(window, tmp_path: Path, settings) -> None:
    settings.STORAGES = settings.STORAGES | {
        "results": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "results"},
        }
    }
    page, unit = window.page, window.hall.clerk.department
    officer = factories.staff("officer", department=unit)
    rows = [bulk_stage.row(unit, number) for number in range(8)]
    rows[2]["承诺人代码"] = "91130111"
    rows[3] |= {
        "承诺履行状态": "部分履行",
        "未履行的承诺内容": "没有按期公示",
        "违诺责任追究内容": "责令改正",
    }
    rows[5]["公开类型"] = "公开"
    file = tmp_path / "承诺.xlsx"
    file.write_bytes(bulk_stage.xlsx(rows))

    window.log_in(officer, then="/desk/bulk/")
    window.look("90-bulk-home")
    page.click("main button[type=submit]")
    expect(page.locator(".error-summary")).to_contain_text("请选择文件")
    page.set_input_files("#id_file", file)
    page.click("main button[type=submit]")
    expect(page.locator("main")).to_contain_text("正在导入：0 / 8 行")
    window.look("91-bulk-waiting")
    # Left, and come back to by the list; the page looks by itself.
    page.goto("/desk/notices/")
    page.goto("/desk/bulk/")
    page.click("text=承诺.xlsx")
    work()
    expect(page.locator("h1")).to_contain_text("已完成", timeout=15_000)
    expect(page.locator("main")).to_contain_text("统一社会信用代码应为 18 位，现为 8 位")
    window.look("92-bulk-done")
    with page.expect_download() as fetched:
        page.click("text=下载错误表")
    back = tmp_path / "错误.xlsx"
    fetched.value.save_as(back)
    (head, *wrong), *_ = bulk_stage.sheets_of(back.read_bytes())
    assert [line[-1] for line in wrong] == ["4", "7"]

    # Mended as it is, with one row of before that says something else now.
    wrong[0][3] = factories.organisation_code(500_002)
    wrong[1][18] = "可向社会公开"
    mended = [dict(zip(head, line, strict=True)) for line in wrong] + [
        rows[0] | {"承诺事由": "食品经营许可延续"}
    ]
    file.write_bytes(bulk_stage.xlsx(mended, head))
    page.goto("/desk/bulk/")
    page.set_input_files("#id_file", file)
    page.click("main button[type=submit]")
    expect(page.locator("main")).to_contain_text("0 / 3 行")
    work()
    expect(page.locator("h1")).to_contain_text("已完成", timeout=15_000)
    page.click("text=看过对照以后决定是否采用")
    expect(page.locator("main")).to_contain_text("食品经营许可新办")
    window.look("93-bulk-changes")
    page.click("text=采用全部 1 行更正")
    expect(page.locator("h1")).to_contain_text("正在采用更正")
    work()
    expect(page.locator("h1")).to_contain_text("已完成", timeout=15_000)
    assert Commitment.objects.filter(channel="bulk").count() == 8
    assert Commitment.objects.get(code=rows[0]["承诺编码"]).item_name == "食品经营许可延续"

    # The breach that the file told of is looked into.
    page.goto("/desk/bulk/breaches/")
    window.look("94-bulk-breaches")
    page.click(f"text={rows[3]['承诺人名称']}")
    window.look("95-bulk-breach")
    page.check("input[value=case]")
    page.click("main button[type=submit]")
    expect(page.locator("main")).to_contain_text("已立案")
    assert BulkJob.objects.count() == 2 and jobs.MOST_ROWS == 100_000
