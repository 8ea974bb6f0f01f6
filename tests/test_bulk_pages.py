"""The desk's pages of uploads: a file in, leave and come back, what did not go in, old beside new, breaches settled."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from commitments.bulk import jobs, results, takeover
from commitments.models import (
    BreachCase,
    BulkJob,
    Commitment,
    CommitmentEvent,
    FulfilmentReview,
    ImportedRevision,
    Obligation,
)
from credit_portal.audit.models import AuditEvent
from credit_portal.deadlines.models import Duty
from credit_portal.outbox import services as outbox
from credit_portal.outbox.models import Message, Notice

from . import bulk_stage as stage
from .office import client_of
from .scenes import mine

NOW = stage.NOW


@pytest.fixture(scope="module")
def built(scene):
    return scene(stage.Place)


@pytest.fixture
def place(built, db):
    return mine(built)


def send(client, content: bytes, name: str = "承诺.xlsx", **more):
    return client.post("/desk/bulk/", {"file": SimpleUploadedFile(name, content), **more})


@pytest.mark.req("R35")
def test_a_file_is_uploaded_left_found_again_mended_and_done(place, django_assert_max_num_queries) -> None:
    client = client_of(place.officer)
    wrong = place.row(2, f4="9113")
    answer = send(client, stage.xlsx([place.row(1), wrong, place.row(3, **stage.BREACH)]))
    assert answer.status_code == 302
    page = answer["Location"]
    assert "等待办理" in client.get(page).content.decode() and "0 / 3" in client.get(page).content.decode()
    message = Message.objects.get(effect=jobs.EFFECT)
    assert outbox.deliver(message_id=message.pk, now=message.due_at)
    shown = client.get(page).content.decode()
    assert "统一社会信用代码应为 18 位，现为 4 位" in shown and "下载错误表" in shown
    assert Notice.objects.filter(user=place.officer, link=page).exists()
    assert Notice.objects.filter(user=place.head, kind="bulk").get().title.startswith("归集文件载有违诺 1 件")
    listed = client.get("/desk/bulk/").content.decode()
    assert "承诺.xlsx" in listed and "1 件待认定" in listed
    # The error workbook, mended, is a file to upload.
    answer = client.get(f"{page}result.xlsx")
    head, row = stage.sheets_of(answer.content)[0]
    assert head == [*stage.HEAD, "错误说明", "原表行号"] and row[-1] == "3"
    assert row[-2].startswith("工作表“承诺信息”第 3 行：【承诺人代码】")
    row[3] = stage.make.organisation_code(500_002)
    mended = stage.xlsx([dict(zip(head, row, strict=True))], head)
    answer = send(client, mended, "承诺-错误.xlsx")
    jobs.carry_on(job_id=BulkJob.objects.latest("pk").pk, now=NOW)
    assert BulkJob.objects.latest("pk").good == 1 and Commitment.objects.count() == 3
    for number in range(20):
        BulkJob.objects.create(
            department=place.unit, owner=place.officer, kind="xlsx", name=f"{number}.xlsx",
            file=BulkJob.objects.latest("pk").file, created_at=NOW, finished_at=NOW, state="done",
        )  # fmt: skip
    with django_assert_max_num_queries(14):
        client.get("/desk/bulk/")


@pytest.mark.req("R35")
def test_what_cannot_be_read_is_said_at_the_field_and_nothing_is_kept(place) -> None:
    client = client_of(place.officer)
    for name, content, told in (
        ("a.pdf", b"%PDF-1.4", "这是 PDF 文件"),
        ("a.xlsx", b"", "文件是空的"),
        ("a.csv", "名称,代码\r\n甲,乙\r\n".encode(), "没有找到表头"),
        ("a.csv", "承诺编码,承诺人名称\r\n1,2\r\n".encode(), "表头缺少：承诺人类别"),
        ("a.xlsx", stage.xlsx([]), "只有表头"),
    ):
        answer = send(client, content, name)
        assert answer.status_code == 422 and told in answer.content.decode(), name
    answer = client.post("/desk/bulk/", {})
    assert answer.status_code == 422 and "请选择文件" in answer.content.decode()
    answer = send(
        client, stage.xlsx([place.row(1)]), scans=SimpleUploadedFile("扫描.zip", b"PK\x03\x04broken")
    )
    assert answer.status_code == 422 and "文件不完整或已损坏" in answer.content.decode()
    assert not BulkJob.objects.exists() and not Message.objects.exists()
    assert client.get("/desk/bulk/template.xlsx").status_code == 200
    assert client.get("/desk/bulk/template.pdf").status_code == 404


@pytest.mark.req("R35")
def test_an_upload_is_stopped_and_what_went_in_stays(place, monkeypatch) -> None:
    monkeypatch.setattr(jobs, "PART", 2)
    content = stage.xlsx([place.row(number) for number in range(6)])
    job = place.bring(content, run=False)
    client = client_of(place.officer)
    real = jobs._apply

    def then_cancel(locked, *rest):
        real(locked, *rest)
        BulkJob.objects.filter(pk=locked.pk).update(cancel_asked=True)

    monkeypatch.setattr(jobs, "_apply", then_cancel)
    assert jobs.carry_on(job_id=job.pk, now=NOW).state == "cancelled"
    assert Commitment.objects.count() == 2
    assert client.post(f"/desk/bulk/{job.uuid}/deed/", {"deed": "cancel"}).status_code == 409
    monkeypatch.setattr(jobs, "_apply", real)
    again = place.bring(content)
    assert (again.same, again.good) == (2, 4)
    waiting = place.bring(content, run=False)
    assert client.post(f"/desk/bulk/{waiting.uuid}/deed/", {"deed": "cancel"}).status_code == 302
    waiting.refresh_from_db()
    assert waiting.state == "cancelled"


@pytest.mark.req("R35")
def test_a_job_whose_worker_died_is_taken_up_where_it_stood(place, monkeypatch) -> None:
    monkeypatch.setattr(jobs, "PART", 2)
    rows = [place.row(number) for number in range(7)]
    rows[6]["承诺编码"] = rows[0]["承诺编码"]  # twice, the second after the interruption
    rows[6]["承诺作出日期"] = rows[0]["承诺作出日期"]
    rows[6]["承诺有效期"] = ""
    job = place.bring(stage.xlsx(rows), run=False)
    real, calls = jobs._part, []

    def dies(*args):
        if len(calls) == 2:
            raise KeyboardInterrupt
        calls.append(1)
        real(*args)

    monkeypatch.setattr(jobs, "_part", dies)
    with pytest.raises(KeyboardInterrupt):
        jobs.carry_on(job_id=job.pk, now=NOW)
    job.refresh_from_db()
    assert (job.state, job.done) == ("running", 4)
    monkeypatch.setattr(jobs, "_part", real)
    assert jobs.follow(now=NOW + stage.MINUTE) == 0
    assert jobs.follow(now=NOW + 5 * stage.MINUTE) == 1
    assert jobs.follow(now=NOW + 5 * stage.MINUTE) == 0
    message = Message.objects.get(effect=jobs.EFFECT)
    assert outbox.deliver(message_id=message.pk, now=NOW + 5 * stage.MINUTE)
    job.refresh_from_db()
    assert (job.state, job.good, job.bad) == ("done", 6, 1)
    assert "与第 2 行的承诺编码相同" in job.faults.get().faults[0][1]
    assert Commitment.objects.count() == 6


@pytest.mark.req("R35", "R67")
def test_other_content_is_shown_beside_the_old_and_taken_over_only_when_confirmed(place) -> None:
    rows = [place.row(number) for number in range(5)]
    rows[4] |= dict(
        zip(("承诺履行状态", "未履行的承诺内容", "违诺责任追究内容"), ("部分履行", "甲", "乙"), strict=True)
    )
    place.bring(stage.xlsx(rows))
    rows[0]["承诺事由"] = "食品经营许可延续"
    rows[1]["承诺履行状态"] = "全部履行"
    rows[2] |= {"承诺人代码": stage.make.organisation_code(909), "承诺人名称": "栾城区更正后有限公司"}
    rows[3] |= {"承诺履行状态": "全部未履行", "未履行的承诺内容": "没有做", "违诺责任追究内容": "责令改正"}
    rows[4] |= {"承诺履行状态": "", "未履行的承诺内容": "", "违诺责任追究内容": ""}
    trial = place.bring(stage.xlsx(rows), dry_run=True)
    assert trial.different == 5
    client = client_of(place.officer)
    assert client.post(f"/desk/bulk/{trial.uuid}/deed/", {"deed": "take"}).status_code == 409
    job = place.bring(stage.xlsx(rows))
    assert (job.different, job.good, job.bad) == (5, 0, 0)
    assert not Commitment.objects.filter(item_name="食品经营许可延续").exists()
    shown = client.get(f"/desk/bulk/{job.uuid}/changes/").content.decode()
    assert "食品经营许可新办" in shown and "食品经营许可延续" in shown
    beside = stage.sheets_of(results.content_of(job, "xlsx"))[1]
    assert beside[1] == ["2", rows[0]["承诺编码"], "承诺事由", "食品经营许可新办", "食品经营许可延续"]
    assert client.post(f"/desk/bulk/{job.uuid}/deed/", {"deed": "take"}).status_code == 302
    takeover.carry_on(job_id=job.pk, now=NOW)
    job.refresh_from_db()
    assert (job.state, job.taken) == ("done", 5)
    found = {row.code: row for row in Commitment.objects.select_related("subject", "imported")}
    first, kept, other, broken, mended = (found[row["承诺编码"]] for row in rows)
    assert first.item_name == "食品经营许可延续"
    assert ImportedRevision.objects.get(commitment=first).changes == [
        ["6", "食品经营许可新办", "食品经营许可延续"]
    ]
    assert CommitmentEvent.objects.filter(commitment=first).latest("pk").kind == "revised"
    assert kept.fulfilment == "running" and Obligation.objects.get(commitment=kept).state == "kept"
    assert FulfilmentReview.objects.get(commitment=kept).state == "waiting"
    assert other.subject.name == other.subject_name == "栾城区更正后有限公司"
    assert (broken.fulfilment, broken.imported.breach) == ("running", "waiting")
    assert mended.imported.breach == ""
    assert {duty.number: duty.state for duty in Duty.objects.filter(rule_key="bulk_breach")} == {
        broken.code: "open", mended.code: "cancelled",
    }  # fmt: skip
    assert AuditEvent.objects.filter(verb="commitment.revised").count() == 5
    again = place.bring(stage.xlsx(rows))
    assert (again.same, again.different) == (5, 0)


@pytest.mark.req("R72", "R35")
def test_a_department_looks_into_what_the_file_tells(place) -> None:
    place.bring(stage.xlsx([place.row(1, **stage.BREACH), place.row(2, **stage.BREACH)]))
    one, two = (row.imported for row in Commitment.objects.order_by("pk"))
    client = client_of(place.officer)
    page = client.get(f"/desk/bulk/breaches/{one.pk}/").content.decode()
    assert "第 2 条没有做到" in page and "立案" in page
    for told, word in (
        ({}, "请选择立案或者不立案"),
        ({"outcome": "dismiss"}, "请写明核实情况"),
        ({"outcome": "case"}, "查明的事实"),
    ):
        answer = client.post(f"/desk/bulk/breaches/{one.pk}/", told)
        assert answer.status_code == 422 and word in answer.content.decode(), told
    answer = client.post(
        f"/desk/bulk/breaches/{one.pk}/", {"outcome": "case", "facts": "现场检查，第 2 条没有做到。"}
    )
    case = BreachCase.objects.get()
    assert answer["Location"] == f"/desk/cases/{case.uuid}/" and case.source == "bulk"
    answer = client.post(
        f"/desk/bulk/breaches/{two.pk}/", {"outcome": "dismiss", "note": "已经整改，系统外登记有误。"}
    )
    assert answer.status_code == 302
    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.breach, one.case, two.breach) == ("case", case, "dismissed")
    assert {duty.state for duty in Duty.objects.filter(rule_key="bulk_breach")} == {"met"}
    assert (
        client.post(
            f"/desk/bulk/breaches/{two.pk}/", {"outcome": "dismiss", "note": "再来一次看看"}
        ).status_code
        == 422
    )
    # With the case standing, a file changes nothing.
    job = place.bring(stage.xlsx([place.row(1)]))
    assert job.bad == 1 and case.number in job.faults.get().faults[0][1]


@pytest.mark.req("R35")
def test_results_are_removed_when_their_time_is_over_and_the_record_stays(place) -> None:
    job = place.bring(stage.xlsx([place.row(1, f4="1")]))
    client = client_of(place.officer)
    assert client.get(f"/desk/bulk/{job.uuid}/result.xlsx").status_code == 200
    assert jobs.follow(now=NOW + (results.KEPT_DAYS * 24 * 60 - 5) * stage.MINUTE) == 0
    assert jobs.follow(now=NOW + (results.KEPT_DAYS * 24 * 60 + 5) * stage.MINUTE) == 1
    assert client.get(f"/desk/bulk/{job.uuid}/result.xlsx").status_code == 404
    assert "保存时间已过" in client.get(f"/desk/bulk/{job.uuid}/").content.decode()


@pytest.mark.req("R89", "R67")
def test_a_collected_commitment_is_shown_wherever_commitments_are(place, client) -> None:
    place.bring(stage.xlsx([place.row(1), place.row(2, f11="全部履行"), place.row(3, **stage.BREACH)]))
    office = client_of(
        stage.make.staff("credit_office", department=stage.make.department(kind="credit_office"))
    )
    for row in Commitment.objects.order_by("pk"):
        public = client.get(f"/commitments/{row.code}/").content.decode()
        assert row.content[0]["text"] in public and "由受理单位归集" in public
        assert ("全部履行" in public) == (row.fulfilment == "fulfilled")
        assert "没有做到" not in public and "承诺.xlsx" not in public
        assert client.get(f"/verify/{row.verify_token}/").status_code == 200
        assert client.get(f"/api/v1/public/commitments/{row.code}").status_code == 200
        assert office.get(f"/admin/commitments/commitment/{row.pk}/change/").status_code == 200
        assert client_of(place.officer).get(f"/desk/obligations/{row.code}/").status_code == 200
    assert (
        "".join(row.code for row in Commitment.objects.all()[:1])
        in client.get("/commitments/?name=测试商贸").content.decode()
    )
