"""A register handed over: mapping, trial, reception by a second person, history that stays history, the list that is signed."""

import io
import re

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from commitments.bulk import jobs, keeping, results, takeover
from commitments.handover import protocol, running
from commitments.handover.showing import history_of, source_of
from commitments.models import (
    BreachCase,
    Commitment,
    FulfilmentReview,
    HandedHistory,
    HandedOver,
    HandoverMapping,
    HandoverProtocol,
    ImportedCommitment,
    Obligation,
)
from credit_portal.audit import clock
from credit_portal.deadlines.models import Duty
from credit_portal.outbox.models import Notice
from credit_portal.registry.models import NumberCounter

from . import handover_stage as stage
from .bulk_stage import NOW
from .office import client_of
from .scenes import mine
from .subjects import client_for

Breach = ImportedCommitment.Breach


@pytest.fixture(scope="module")
def built(scene):
    return scene(stage.Handing)


@pytest.fixture
def place(built, db):
    return mine(built)


@pytest.mark.req("R35")
def test_a_register_is_tried_then_received_by_another_and_the_same_file_twice_changes_nothing(place) -> None:
    rows = [
        stage.row(1),
        stage.row(2, 状态="已完成", 认定日期="2024-05-01"),
        stage.row(3, **stage.OVER),
        stage.row(4, 状态="违约", 认定日期="2026-08-01"),
        stage.row(5, 状态="到期"),
        stage.row(6, 状态="注销"),
        stage.row(7, 台账编号="LC-0001"),
        stage.row(8, 台账编号=""),
    ]
    content = stage.xlsx(rows)
    trial = place.tried(content)
    assert (trial.good, trial.bad, trial.breaches, trial.kept) == (5, 3, 1, 1)
    assert not Commitment.objects.exists() and not HandedOver.objects.exists()
    assert not NumberCounter.objects.filter(series__startswith="commitment:").exists()
    assert trial.summary["words"] == {"11": [["注销", 1]]}
    head, *wrong = openpyxl.load_workbook(io.BytesIO(results.content_of(trial, "xlsx"))).worksheets[0].values
    assert list(head[: len(stage.HEAD)]) == stage.HEAD and head[-2:] == ("错误说明", "原表行号")
    assert "【承诺履行状态（原表“状态”）】“注销”没有对照的取值" in wrong[0][-2]
    # The one who has tried it does not receive it; another does.
    with pytest.raises(jobs.BulkRefused, match="第二个人"):
        running.receive(trial_id=trial.pk, actor=place.officer, now=NOW)
    job = place.received(trial)
    assert (job.good, job.bad, job.kept, job.kept_confirmed, job.state) == (5, 3, 1, 0, "done")
    by_number = {one.number: one.commitment for one in HandedOver.objects.select_related("commitment")}
    assert len(by_number) == 5
    codes = sorted(one.code for one in by_number.values())
    assert codes == [f"13011120230501{serial:06d}" for serial in range(1, 6)]
    # What was kept waits for another person than the one of the reception; a breach that was over is history and no more.
    assert by_number["LC-0002"].fulfilment == "running"
    with pytest.raises(jobs.BulkRefused, match="接收人以外的另一人"):
        keeping.confirm(job_id=job.pk, note="与原台账逐份核对。", actor=place.head, now=NOW)
    keeping.confirm(job_id=job.pk, note="与原台账逐份核对。", early=True, actor=place.officer, now=NOW)
    keeping.carry_on(job_id=job.pk, now=NOW)
    job.refresh_from_db()
    by_number["LC-0002"].refresh_from_db()
    assert (job.kept_confirmed, by_number["LC-0002"].fulfilment) == (1, "fulfilled")
    review = FulfilmentReview.objects.get(commitment=by_number["LC-0002"])
    assert (review.asked_by, review.decided_by, review.note) == (
        place.head,
        place.officer,
        "与原台账逐份核对。",
    )
    over, still, ended = (by_number[f"LC-000{number}"] for number in (3, 4, 5))
    assert over.imported.breach == Breach.NONE and still.imported.breach == Breach.WAITING
    assert not BreachCase.objects.exists()
    assert list(Duty.objects.values_list("matter_type", "matter_id")) == [("imported_breach", still.pk)]
    for one in (over, ended):
        assert one.fulfilment == "running" and one.publicity_class == "limited" and one.public_from is None
        assert not Obligation.objects.filter(commitment=one, state="open").exists()
    assert by_number["LC-0001"].publicity_class == "public"
    told = HandedHistory.objects.get(commitment=over)
    assert (told.kind, told.settled, told.document_no, told.row) == ("breach", True, "栾审违〔2024〕3号", 5)
    assert not HandedHistory.objects.filter(commitment=by_number["LC-0001"]).exists()
    assert ("原编号", "LC-0003") in source_of(over) and "修复 2024-06-10" in history_of(over)[0][1]
    # The same file again: nothing; a changed row: shown, not taken over.
    again = place.received(place.tried(stage.xlsx([*rows[:5], stage.row(9)])))
    assert (again.good, again.same) == (1, 5)
    changed = place.tried(stage.xlsx([stage.row(1, 承诺事项="食品经营许可延续"), stage.row(10)]))
    assert (changed.different, changed.good) == (1, 1)
    moved = place.received(changed)
    assert (moved.different, Commitment.objects.get(code=codes[0]).item_name) == (1, "食品经营许可新办")
    with pytest.raises(jobs.BulkRefused, match="移交不覆盖"):
        takeover.confirm(job_id=moved.pk, actor=place.officer, now=NOW)
    # Another day under a number that is known is another commitment's.
    assert place.tried(stage.xlsx([stage.row(1, 签署日期="2023-05-02")])).bad == 1
    for kept in (told, HandedOver.objects.first(), place.saved):
        with pytest.raises(IntegrityError), transaction.atomic():
            type(kept).objects.filter(pk=kept.pk).update(job=job) if kept is not place.saved else (
                HandoverMapping.objects.filter(pk=kept.pk).update(name="别的")
            )


@pytest.mark.req("R35")
def test_history_is_nowhere_before_the_public(place, client) -> None:
    place.received(place.tried(stage.xlsx([stage.row(1), stage.row(3, **stage.OVER)])))
    shown = Commitment.objects.get(handed_over__number="LC-0001")
    hidden = Commitment.objects.get(handed_over__number="LC-0003")
    assert client.get(f"/commitments/{shown.code}/").status_code == 200
    assert client.get(f"/commitments/{hidden.code}/").status_code in (404, 410)
    for page in ("/breaches/", f"/subjects/{hidden.subject_code}/", f"/commitments/?q={hidden.code}"):
        assert "栾审违" not in client.get(page).content.decode()


@pytest.mark.req("R35")
def test_history_is_told_to_the_subject_and_in_the_back_office_with_its_source(place, monkeypatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    place.received(place.tried(stage.xlsx([stage.row(3, **stage.OVER)])))
    one = Commitment.objects.select_related("subject").get(handed_over__number="LC-0003")
    told = (
        "LC-0003",
        "的“承诺台账”",
        "台账.xlsx第 3 行",
        "栾审违〔2024〕3号",
        "修复 2024-06-10",
        "移交前已了结",
    )
    own = client_for(one.subject).get(f"/me/commitments/{one.code}/")
    office = client_of(place.head).get(f"/admin/commitments/commitment/{one.pk}/change/")
    for page in (own, office):
        assert page.status_code == 200
        shown = page.content.decode()
        assert not [words for words in told if words not in shown] and "不是本系统的认定" in shown


@pytest.mark.req("R35", "R131")
def test_of_two_who_read_the_same_register_at_once_the_second_is_told(place, monkeypatch) -> None:
    monkeypatch.setattr(running, "_newest", lambda department, name: None)
    with pytest.raises(jobs.BulkRefused, match="刚刚由别人保存过"):
        running.begin(
            name=place.saved.name, source="workbook", file=jobs.Upload("样表.xlsx", stage.xlsx([stage.row(1)])),
            actor=place.officer, now=NOW,
        )  # fmt: skip


@pytest.mark.req("R35")
def test_a_mapping_is_changed_by_a_new_version_and_a_trial_holds_for_its_own_only(place) -> None:
    trial = place.tried(stage.xlsx([stage.row(1)]))
    newer = place.confirm(place.saved, stage.WORDS | {11: stage.WORDS[11] | {"注销": "已终止"}})
    assert (place.saved.version, newer.version) == (2, 3)
    with pytest.raises(jobs.BulkRefused, match="新的版本"):
        running.receive(trial_id=trial.pk, actor=place.head, now=NOW)
    with pytest.raises(jobs.BulkRefused, match="新的版本"):
        place.tried(stage.xlsx([stage.row(1)]))
    with pytest.raises(jobs.BulkRefused, match="表头多了“备忘”"):
        place.tried(stage.xlsx([stage.row(1)], [*stage.HEAD, "备忘"]), newer)
    with pytest.raises(jobs.BulkRefused, match="表头缺少：处理措施"):
        place.tried(stage.xlsx([stage.row(1)], [one for one in stage.HEAD if one != "处理措施"]), newer)
    assert place.tried(stage.xlsx([stage.row(1, 状态="注销")]), newer).good == 1


@pytest.mark.req("R35")
def test_the_pages_lead_from_the_sample_to_the_signed_list(place, django_assert_max_num_queries) -> None:
    officer, head = client_of(place.officer), client_of(place.head)
    sample = SimpleUploadedFile("样表.xlsx", stage.xlsx([stage.row(1)]))
    answer = officer.post("/desk/handover/", {"name": "旧系统", "source": "system", "file": sample})
    page = answer["Location"]
    shown = officer.get(page).content.decode()
    assert "下面是按列名的建议" in shown and "经办电话" in shown
    # What must be there is marked, the empty lines are told apart, and it says that no values were read.
    assert "公开类型（须有）" in shown and "样表只读了表头，没有读取值" in shown
    assert re.search(r"<legend>[^<]*第 1 个", shown) and "另一个" not in shown
    form = officer.get(page).context["form"]
    data = {name: form[name].value() or "" for name in form.fields}
    answer = officer.post(page, data)
    told = answer.content.decode()
    assert answer.status_code == 422 and "请选择对照哪一项" in told and "没有列对照“公开类型”" in told
    place_of = {label: number for number, label in enumerate(stage.HEAD)}
    data |= {f"c{place_of['经办电话']}": "none", f"r{place_of['经办电话']}": stage.REASON}
    data |= {f"k{number}": value for number, value in stage.CONSTANTS.items()}
    data |= {"t11_0": "正常", "o11_0": "履行中", "t11_1": "完结", "o11_1": "全部履行"}
    answer = officer.post(page, data)
    assert answer.status_code == 302, answer.context["form"].errors
    mapped = answer["Location"]
    content = stage.xlsx([stage.row(1), stage.row(2, 状态="已完成"), stage.row(3, 状态="完结")])
    answer = officer.post(f"{mapped}trial/", {"file": SimpleUploadedFile("旧.xlsx", content)})
    jobs.carry_on(job_id=(trial := running.BulkJob.objects.latest("pk")).pk, now=NOW)
    shown = officer.get(f"/desk/handover/jobs/{trial.uuid}/").content.decode()
    assert (
        "“已完成”：1 行" in shown
        and "去补上对照" in shown
        and "正式接收须由试运行以外的第二个人办理" in shown
    )
    assert officer.post(f"{answer['Location']}receive/").status_code == 409
    assert "已完成" in officer.get(mapped).content.decode()
    answer = head.post(f"/desk/handover/jobs/{trial.uuid}/receive/")
    job = running.BulkJob.objects.latest("pk")
    jobs.carry_on(job_id=job.pk, now=NOW)
    done = f"/desk/handover/jobs/{job.uuid}/"
    # Who has received it is told to ask a colleague; the colleague says what was looked at.
    assert "请本单位另一人在本页确认" in head.get(done).content.decode()
    assert head.post(f"{done}keep/", {"note": "逐份看过原台账。"}).status_code == 409
    assert (
        "接收后由接收人以外的另一人确认" in officer.get(f"/desk/handover/jobs/{trial.uuid}/").content.decode()
    )
    assert officer.post(f"{done}keep/", {"note": "看"}).status_code == 409
    kept = {"note": "逐份看过原台账。", "early": "1"}
    assert officer.post(f"{done}keep/", kept).status_code == 302
    assert "正在确认全部履行：0 / 1 份" in officer.get(done).content.decode()
    keeping.carry_on(job_id=job.pk, now=NOW)
    shown = officer.get(done).content.decode()
    assert "已整份确认 1 份" in shown and "确认全部履行</button>" not in shown
    assert Notice.objects.filter(
        user=place.officer, title="移交的登记簿写明全部履行 1 份，请另一人确认"
    ).exists()
    page = head.get(done)
    # The receiver's unit is the receiver's own, unless somebody writes another.
    initial = page.context["form"].initial
    assert "制作移交清单" in page.content.decode() and initial["receiver"] == place.head.department.name
    job.refresh_from_db()
    assert ("其中写明全部履行", "1（待另一人确认 0，已确认 1）") in protocol.totals(job)
    assert head.post(f"{done}protocol/", {}).status_code == 422
    sides = {
        "giver_person": "赵一",
        "receiver": "栾城区信用办",
        "receiver_person": "钱二",
        "on": "2026-11-30",
    }
    assert head.post(f"{done}protocol/", sides).status_code == 302
    made = HandoverProtocol.objects.get(job=job)
    assert (
        made.number.startswith("YJ130111")
        and made.counts["good"] == 2
        and made.file_sha256 == job.file.sha256
    )
    assert head.get(f"{done}protocol.pdf").content.startswith(b"%PDF")
    assert head.post(f"{done}protocol/", sides).status_code == 409
    book = openpyxl.load_workbook(io.BytesIO(head.get(f"{done}report.xlsx").content))
    assert [cell.value for cell in book.worksheets[1][2]][:2] == ["4", "LC-0002"]
    with django_assert_max_num_queries(30):
        head.get("/desk/handover/")
    # The list of uploads holds no hand-overs: they stand in their own.
    assert not head.get("/desk/bulk/").context["rows"] and head.get("/desk/handover/").context["rows"]
    stranger = client_of(
        stage.bulk_stage.make.staff("officer", department=stage.bulk_stage.make.department(name="别的单位"))
    )
    assert stranger.get(done).status_code == 404 and stranger.get(mapped).status_code == 404


@pytest.mark.req("R35")
def test_the_command_goes_on_after_a_trial_that_a_person_has_made(place, tmp_path, capsys) -> None:
    file = tmp_path / "台账.xlsx"
    file.write_bytes(stage.xlsx([stage.row(1), stage.row(2)]))
    args = (str(file), "--department", place.unit.uscc, "--mapping")
    with pytest.raises(CommandError, match="没有名为“别的”"):
        call_command("import_commitments", *args, "别的")
    with pytest.raises(CommandError, match="请先用同一个文件"):
        call_command("import_commitments", *args, "承诺台账")
    call_command("import_commitments", *args, "承诺台账", "--dry-run")
    assert not Commitment.objects.exists()
    with pytest.raises(CommandError, match="请先用同一个文件"):
        call_command("import_commitments", *args, "承诺台账")
    place.tried(file.read_bytes())
    call_command("import_commitments", *args, "承诺台账")
    assert HandedOver.objects.count() == 2


@pytest.mark.req("R35")
def test_whoever_goes_on_after_a_process_that_died_gives_no_code_twice(place, monkeypatch) -> None:
    monkeypatch.setattr(jobs, "PART", 2)
    rows = [stage.row(number) for number in range(1, 6)] + [stage.row(7, 台账编号="LC-0001")]
    trial = place.tried(stage.xlsx(rows))
    assert (trial.good, trial.bad) == (5, 1)
    job = running.receive(trial_id=trial.pk, actor=place.head, now=NOW, queue=False)
    # It lets go after its first part.
    jobs.carry_on(job_id=job.pk, now=NOW, longest=0)
    job.refresh_from_db()
    assert job.done == 2 and HandedOver.objects.count() == 2
    jobs.carry_on(job_id=job.pk, now=NOW)
    job.refresh_from_db()
    assert (job.good, job.bad) == (5, 1)
    assert sorted(Commitment.objects.values_list("code", flat=True))[-1].endswith("000005")
    assert protocol.counts_of(job)["good"] == 5
