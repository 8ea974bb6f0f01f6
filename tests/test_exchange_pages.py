"""The desk's pages of the exchange: who sees what, and what goes wrong in words."""
# ruff: noqa: F811 - fixtures of the tests beside this one

from datetime import date
from typing import Any

import pytest
from django.test import Client

from credit_portal.audit.models import AuditEvent
from disclosure.models import ExchangeBatch, ExchangePlatform, ExchangeRecord
from tests import factories, listed, tables
from tests.breach_stage import Stage
from tests.exchanging import folder, noted, packed, stage, the_platform  # noqa: F401 (fixtures)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("blank_papers")]
SETTING = {
    "name": "市平台", "adapter": "file", "address": "", "running": "apart", "supervisory_as": "other",
    "file_format": "csv", "batch_rows": "500", "since": "2026-01-01", "is_active": "on",
}  # fmt: skip


def at(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_the_office_sets_its_platform_and_what_is_wrong_is_named(stage: Stage) -> None:
    desk = at(stage.credit)
    for change, words in (
        ({"name": ""}, "请填写"),
        ({"adapter": "http"}, "接口推送须填写接口地址"),
        ({"batch_rows": "9000"}, "1 至 5000"),
        ({"since": "明天"}, "日期"),
    ):
        answer = desk.post("/desk/exchange/platforms/new/", SETTING | change)
        assert answer.status_code == 422 and words in answer.content.decode(), change
    assert not ExchangePlatform.objects.exists()
    assert desk.post("/desk/exchange/platforms/new/", SETTING).status_code == 302
    made = ExchangePlatform.objects.get()
    assert made.region_id == "130111" and made.since == date(2026, 1, 1)
    assert AuditEvent.objects.filter(verb="exchange.platform_saved", target_id=str(made.pk)).count() == 1
    answer = desk.post("/desk/exchange/platforms/new/", SETTING)
    assert answer.status_code == 422 and "已有启用的平台" in answer.content.decode()


def test_another_mapping_has_all_looked_through_again(stage: Stage) -> None:
    made = the_platform()
    ExchangePlatform.objects.update(scanned_to=99)
    desk = at(stage.credit)
    values = SETTING | {"since": "2020-01-01"}
    desk.post(f"/desk/exchange/platforms/{made.pk}/", values | {"name": "改名"})
    made.refresh_from_db()
    assert (made.name, made.scanned_to) == ("改名", 99)
    desk.post(f"/desk/exchange/platforms/{made.pk}/", values | {"supervisory_as": "proof"})
    made.refresh_from_db()
    assert made.scanned_to == 0 and made.history.count() >= 2


def test_departments_see_their_work_list_and_nothing_else(stage: Stage) -> None:
    place = the_platform()
    mine = noted(listed.commitment(department=stage.department, content=[]))
    other = noted(listed.commitment(department=factories.department(region="130111"), content=[]))
    desk = at(stage.officer)
    assert desk.get("/desk/exchange/").url == "/desk/exchange/refused/"
    page = desk.get("/desk/exchange/refused/").content.decode()
    assert mine.number in page and other.number not in page
    assert desk.get(f"/desk/exchange/records/{other.pk}/").status_code == 404
    assert desk.get(f"/desk/exchange/platforms/{place.pk}/").status_code == 403
    office = at(stage.credit).get("/desk/exchange/refused/").content.decode()
    assert mine.number in office and other.number in office
    elsewhere = factories.staff(
        "credit_office", department=factories.department(region="130129", kind="credit_office")
    )
    assert at(elsewhere).get(f"/desk/exchange/platforms/{place.pk}/").status_code == 404


def test_a_package_is_fetched_by_its_office_only_and_by_post(stage: Stage, folder: Any) -> None:
    place = the_platform()
    noted(stage.commitment)
    batch = packed(stage, place)
    address = f"/desk/exchange/batches/{batch.number}/file/"
    assert at(stage.officer).post(address).status_code == 403
    assert at(stage.credit).get(address).status_code == 405
    answer = at(stage.credit).post(address)
    assert b"".join(answer).startswith(b"PK") and answer["Content-Type"] == "application/zip"
    assert ExchangeBatch.objects.get().state == "sent"
    wrong = at(stage.credit).post(f"/desk/exchange/batches/{batch.number}/receipt/")
    assert wrong.status_code == 422 and "请选择回执文件" in wrong.content.decode()
    assert at(stage.credit).get("/desk/exchange/batches/X1/").status_code == 404


def test_the_list_of_a_batch_is_paged_and_asks_little(
    stage: Stage,
    folder: Any,
    django_assert_max_num_queries: Any,
) -> None:
    place = the_platform()
    for _ in range(60):
        noted(listed.commitment(department=stage.department))
    batch = packed(stage, place)
    desk = at(stage.credit)
    with django_assert_max_num_queries(16):
        page = desk.get(f"/desk/exchange/batches/{batch.number}/").content.decode()
    assert page.count('data-label="操作"') == 50 and "?after=50" in page
    rest = desk.get(f"/desk/exchange/batches/{batch.number}/?after=50").content.decode()
    assert rest.count('data-label="操作"') == 10
    assert ExchangeRecord.objects.filter(state="batched").count() == 60


def test_a_refused_record_is_opened_and_corrected_at_its_page(stage: Stage) -> None:
    the_platform()
    record = noted(listed.commitment(department=stage.department, content=[]))
    desk = at(stage.officer)
    path = f"/desk/exchange/records/{record.pk}/"
    page = desk.get(path).content.decode()
    assert 'name="field_7"' in page and 'name="field_1"' not in page
    answer = desk.post(path, {"field_7": "守法经营。", "field_8": "承担责任。"})
    assert answer.status_code == 422 and "请写明更正的理由" in answer.content.decode()
    assert (
        desk.post(path, {"field_7": "守法经营。", "field_8": "承担责任。", "reason": "补录"}).status_code
        == 302
    )
    assert ExchangeRecord.objects.get(version=2).fields["7"] == "守法经营。"


def test_every_fault_of_the_dry_run_is_in_a_table(stage: Stage) -> None:
    place = the_platform()
    record = noted(listed.commitment(department=stage.department, content=[]))
    desk = at(stage.credit)
    address = f"/desk/exchange/platforms/{place.pk}/faults.xlsx"
    assert address in desk.get(f"/desk/exchange/platforms/{place.pk}/waiting/").content.decode()
    rows = list(tables.read("faults.xlsx", desk.get(address).content))
    assert [(row["记录号"], row["字段"]) for row in rows] == [
        (record.key, "承诺内容"),
        (record.key, "违诺责任"),
    ]
    assert at(stage.officer).get(address).status_code == 403
