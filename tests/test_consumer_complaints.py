"""Consumers' complaints: taken in three ways by one table of fields, with their result; public where the region's rule is on.
(S1, S4「消费投诉公示」, R69)"""

import io
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from credit_portal.audit import clock
from credit_portal.audit.models import AuditEvent
from credit_portal.documents import writing
from credit_portal.outbox.models import Scope
from credit_portal.registry.in_sets import Known
from disclosure import consumer_gate
from tests import factories
from tests.factories import NOW, TODAY
from tests.office import client_of
from tests.partner_stage import Stage as PartnerStage
from tests.scenes import mine
from tests.warning_stage import Stage, rule
from verification.complaints import files, taking
from verification.complaints.reading import HEADS, read
from verification.complaints.taking import ComplaintRefused, RowsRefused
from verification.memberships.reading import FieldErrors
from verification.models import ConsumerComplaint, CreditEntry

pytestmark = pytest.mark.django_db
ON = {"on": True, "months": 6}


@pytest.fixture(scope="module")
def built(scene) -> Stage:
    return scene(Stage)


@pytest.fixture
def stage(built, db, monkeypatch) -> Stage:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setattr(clock, "today", lambda: TODAY)
    return mine(built)


@pytest.mark.req("R69")
def test_a_complaint_is_entered_handled_corrected_and_stopped(stage):
    row = stage.complaint()
    entry = row.entry
    assert (entry.kind, entry.document_no, entry.state) == ("complaint", row.hotline_no, "effective")
    told = read(taking.told_of(row) | stage.HANDLED, today=TODAY)
    with pytest.raises(ComplaintRefused, match="处理部门"):
        taking.give_result(complaint_id=row.pk, told=told, actor=stage.credit, now=NOW)
    taking.give_result(complaint_id=row.pk, told=told, actor=stage.officer, now=NOW)
    with pytest.raises(ComplaintRefused, match="已经登记"):
        taking.give_result(complaint_id=row.pk, told=told, actor=stage.officer, now=NOW)
    for change in ({"about": "别的"}, {"result": "withdrawn"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            ConsumerComplaint.objects.filter(pk=row.pk).update(**change)
    better = read(
        taking.told_of(ConsumerComplaint.objects.get(pk=row.pk)) | {"about": "面粉受潮"}, today=TODAY
    )
    fresh = taking.correct(complaint_id=row.pk, told=better, actor=stage.officer, now=NOW)
    row.refresh_from_db()
    entry.refresh_from_db()
    assert (row.ending, entry.state, fresh.corrects, fresh.about) == ("corrected", "revoked", row, "面粉受潮")
    taking.stop(complaint_id=fresh.pk, ending="mistake", note_text="不是这一家", actor=stage.officer, now=NOW)
    assert {one.state for one in CreditEntry.objects.filter(kind="complaint")} == {"revoked"}
    assert AuditEvent.objects.filter(verb="consumer.complaint").count() == 5


@pytest.mark.req("R69")
def test_what_is_wrong_is_told_by_field_and_nothing_of_the_consumer_is_taken(stage):
    def wrong(**fields: str) -> dict[str, str]:
        with pytest.raises(FieldErrors) as error:
            read(stage.told(**fields), today=TODAY)
        return error.value.errors

    assert "电话或者证件号码" in wrong(about="张三 13800000000 反映面粉发霉")["about"]
    assert "证件号码" in wrong(about="张三 130111198503071234 反映")["about"]
    assert set(wrong(hotline_no="", domain="没有", received_on="2026-13-01")) == {
        "hotline_no", "domain", "received_on",
    }  # fmt: skip
    assert "不能晚于今天" in wrong(received_on="2027-01-01")["received_on"]
    assert set(wrong(result="调解成功")) == {"result_text", "handled_on"}
    assert "早于投诉日期" in wrong(**stage.HANDLED | {"handled_on": "2026-09-01"})["handled_on"]
    assert "subject_kind" in wrong(subject_kind="自然人")
    assert "subject_code" in wrong(subject_code="91130111MA00000000")
    assert "about" in wrong(about="字" * 501) and "about" in wrong(about="坏\0字")


@pytest.mark.req("R69")
def test_the_same_number_again_is_the_same_gets_its_result_or_is_refused(stage):
    told = stage.told()
    by = taking.by_person(stage.officer)

    def take(**fields: str) -> taking.Taken:
        return taking.take({1: read(told | fields, today=TODAY)}, by=by, now=NOW)

    assert take().new and take().same and take(**stage.HANDLED).completed and take().same
    assert ConsumerComplaint.objects.count() == 1
    with pytest.raises(RowsRefused) as wrong:
        take(about="另一件事")
    assert wrong.value.faults[1][0][0] == "about"
    with pytest.raises(RowsRefused) as wrong:
        taking.take({1: read(told, today=TODAY)}, by=taking.by_person(stage.stranger), now=NOW)
    assert "其他部门" in wrong.value.faults[1][0][1]
    with pytest.raises(ComplaintRefused, match="经办人"):
        taking.by_person(factories.staff("clerk", department=stage.department))


@pytest.mark.req("R69")
def test_whoever_was_slower_to_register_the_subject_is_told_and_nothing_is_kept(stage, monkeypatch):
    told = stage.told(subject_code=factories.subject().uscc)
    monkeypatch.setattr(taking, "find_subjects", lambda named: Known())
    with pytest.raises(RowsRefused) as wrong:
        taking.take({1: read(told, today=TODAY)}, by=taking.by_person(stage.officer), now=NOW)
    assert (
        wrong.value.faults == {1: [("hotline_no", taking.QUICKER)]} and not ConsumerComplaint.objects.exists()
    )


def test_a_file_is_taken_in_as_a_whole_or_not_at_all_with_as_many_queries_for_many(stage):
    def book(*rows: dict[str, str]) -> bytes:
        return writing.write(
            "xlsx", list(HEADS.values()), [[row.get(key, "") for key in HEADS] for row in rows]
        )

    def send(content: bytes, **fields: str):
        upload = SimpleUploadedFile("投诉.xlsx", content)
        return client_of(stage.officer).post("/desk/consumer-complaints/file/", {"file": upload} | fields)

    bad = send(book(stage.told(), stage.told(about="")))
    assert bad.status_code == 422 and "第 3 行" in bad.content.decode()
    assert not ConsumerComplaint.objects.exists()
    good = [stage.told(), stage.told(**stage.HANDLED)]
    looked = send(book(*good), look="on")
    assert "检查通过" in looked.content.decode() and not ConsumerComplaint.objects.exists()
    assert send(book(*good)).status_code == 302 and ConsumerComplaint.objects.count() == 2
    assert send(book(*good)).status_code == 302 and ConsumerComplaint.objects.count() == 2
    assert send(b"nothing").status_code == 422
    head = load_workbook(io.BytesIO(files.template())).active
    assert [cell.value for cell in head[1]] == list(HEADS.values())

    def queries(number: int) -> int:
        rows = {place: read(stage.told(), today=TODAY) for place in range(number)}
        with CaptureQueriesContext(connection) as asked:
            taking.take(rows, by=taking.by_person(stage.officer), now=NOW)
        return len(asked)

    queries(2)
    assert queries(3) == queries(8)


@pytest.mark.req("R69", "R85")
def test_a_departments_system_pushes_a_complaint_and_later_its_result(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setattr(clock, "today", lambda: TODAY)
    partner = PartnerStage()
    told = {
        "hotline_no": "1130111002026", "received_on": "2026-09-12", "domain": "product_quality", "about": "漏水不退",
        "subject": {"kind": "organisation", "name": partner.subject.name, "code": partner.subject.uscc},
    }  # fmt: skip
    first = partner.post("complaints", told, key="a")
    assert (first.status_code, first.json()["new"], first.json()["handled"]) == (201, True, False)
    assert partner.post("complaints", told, key="a").json() == first.json()
    result = {"result": "settled", "result_text": "已退货", "handled_on": "2026-09-13"}
    second = partner.post("complaints", told | result, key="b")
    assert (second.status_code, second.json()["handled"], second.json()["id"]) == (
        200,
        True,
        first.json()["id"],
    )
    other = partner.post("complaints", told | {"about": "另一件"}, key="c")
    assert other.status_code == 409 and other.json()["errors"][0]["field"] == "about"
    personal = partner.post("complaints", told | {"hotline_no": "9", "about": "13800000000"}, key="d")
    assert personal.status_code == 422 and personal.json()["errors"][0]["field"] == "about"
    person = told | {"subject": {"kind": "person", "name": "赵一", "code": factories.id_number()}}
    assert partner.post("complaints", person, key="e").status_code == 422
    row = ConsumerComplaint.objects.get()
    assert (row.source, row.partner, row.department) == ("api", partner.system, partner.department)
    _, token = partner.another(partner.department, *(one for one in Scope.values if one != Scope.COMPLAINTS))
    assert partner.post("complaints", told, key="f", token=token).status_code == 403


@pytest.mark.req("R69")
@pytest.mark.parametrize(
    ("confirmed", "value"), [(False, ON), (True, {"on": False, "months": 6}), (True, {"on": True})]
)
def test_without_a_confirmed_rule_nothing_is_public(stage, confirmed, value):
    rule("complaint_publication", value, "months", confirmed=confirmed)
    row = stage.complaint(**stage.HANDLED)
    assert not consumer_gate.public_complaints(NOW).exists()
    assert Client().get(f"/consumer-complaints/{row.uuid}/").status_code == 404


@pytest.mark.req("R69")
def test_only_a_dispute_that_was_found_is_public(stage):
    rule("complaint_publication", ON, "months")
    shown = {}
    for result in ConsumerComplaint.Result.values:
        row = stage.complaint(**(stage.HANDLED | {"result": ConsumerComplaint.Result(result).label}))
        shown[result] = Client().get(f"/consumer-complaints/{row.uuid}/").status_code
    assert shown == {"settled": 200, "unsettled": 200, "unfounded": 404, "redirected": 404, "withdrawn": 404}


@pytest.mark.req("R69", "R92")
def test_what_is_handled_is_public_for_the_months_of_the_rule_without_persons_and_gone_when_stopped(stage):
    rule("complaint_publication", ON, "months")
    row = stage.complaint(**stage.HANDLED)
    waiting = stage.complaint(about="还没有处理的投诉")
    gate = consumer_gate.public_complaints
    assert list(gate(NOW)) == [row]
    # Handled on 13 September: six months end with 13 March.
    last = NOW.replace(year=2027, month=3, day=13)
    assert gate(last).exists() and not gate(last + timedelta(days=1)).exists()
    page = Client().get("/consumer-complaints/").content.decode()
    assert row.subject_name in page and "产品质量" in page and "还没有处理" not in page
    record = Client().get(f"/consumer-complaints/{row.uuid}/").content.decode()
    assert "商家退货退款" in record and "2027-03-13" in record
    assert Client().get(f"/consumer-complaints/{waiting.uuid}/").status_code == 404
    found = consumer_gate.find_complaint(row.uuid, now=NOW)
    assert found is not None and set(found) == set(consumer_gate.PUBLIC_FIELDS)
    assert set(consumer_gate.listed_row(gate(NOW).values(*consumer_gate.LISTED_COLUMNS)[0])) == set(
        consumer_gate.LISTED_FIELDS
    )
    assert consumer_gate.by_domain(NOW) == [("产品质量", 1)]
    assert row.subject_name not in Client().get("/consumer-complaints/?domain=environment").content.decode()
    taking.stop(complaint_id=row.pk, ending="objection", note_text="异议成立", actor=stage.officer, now=NOW)
    assert Client().get(f"/consumer-complaints/{row.uuid}/").status_code == 404 and not gate(NOW).exists()


@pytest.mark.req("R69")
def test_the_desk_lists_enters_and_handles_within_its_reach(stage):
    officer = client_of(stage.officer)
    assert officer.post("/desk/consumer-complaints/new/", {"hotline_no": "1"}).status_code == 422
    answer = officer.post("/desk/consumer-complaints/new/", stage.told())
    row = ConsumerComplaint.objects.get()
    assert answer.status_code == 302 and answer.url.endswith(f"{row.uuid}/")
    assert row.subject_name in officer.get("/desk/consumer-complaints/").content.decode()
    assert (
        row.subject_name not in client_of(stage.stranger).get("/desk/consumer-complaints/").content.decode()
    )
    assert client_of(stage.stranger).get(answer.url).status_code == 404
    assert client_of(stage.credit).get(answer.url).status_code == 200
    assert officer.post(answer.url, {"deed": "result", "result": "调解成功"}).status_code == 422
    assert officer.post(answer.url, {"deed": "result"} | stage.HANDLED).status_code == 302
    assert officer.post(answer.url, {"deed": "stop", "ending": ""}).status_code == 422
    corrected = officer.post(f"{answer.url}correct/", taking.told_of(row) | stage.HANDLED | {"about": "受潮"})
    assert corrected.status_code == 302
    assert officer.post(f"/desk/consumer-complaints/{ConsumerComplaint.objects.latest('pk').uuid}/", {
        "deed": "stop", "ending": "mistake", "note": "不是这一家",
    }).status_code == 302  # fmt: skip
    assert ConsumerComplaint.objects.filter(ended_at__isnull=True).count() == 0
