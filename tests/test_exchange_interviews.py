"""Interview records on their way to the platform: each once, withdrawn with their determination, corrected when refused."""

import io
import json
import zipfile
from datetime import date

import pytest

from commitments import breaches
from credit_portal.deadlines.models import Duty, PolicyRule
from disclosure.exchange import batches, corrections, formats, interviews, packages, pushing, receipts
from disclosure.exchange.receipts import Answer
from disclosure.models import ExchangeBatch, ExchangePlatform, ExchangeRecord
from tests import factories, tables
from tests.breach_stage import Stage
from tests.scenes import mine
from tests.test_consequences import invite, limits, record

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("blank_papers")]


def _stage() -> Stage:
    limits()
    PolicyRule.objects.create(
        region=factories.region("130100"), key="platform_collection", value=3, unit="working_days", basis="S0",
        confirmed=False, effective_from=date(2020, 1, 1),
    )  # fmt: skip
    stage = Stage()
    stage.case = stage.served()
    return stage


@pytest.fixture(scope="module")
def served_case(scene) -> Stage:
    return scene(_stage)


@pytest.fixture
def stage(served_case, db) -> Stage:
    return mine(served_case)


def platform(**fields) -> ExchangePlatform:
    values = {
        "region": factories.region("130100"), "name": "市平台（演示）", "adapter": "file", "file_format": "xlsx",
        "since": date(2026, 1, 1),
    }  # fmt: skip
    return ExchangePlatform.objects.create(**(values | fields))


def held(stage: Stage, **fields):
    invited = invite(stage)
    stage.later(3)
    return record(stage, invited, **fields)


def accepted(stage: Stage, row: ExchangeRecord, *, reasons=()) -> None:
    receipts.take_receipt(
        batch_id=row.batch_id, answers=[Answer(row.key, not reasons, tuple(reasons), "P1")], raw=row.key.encode(),
        source="http", actor=None, now=stage.now,
    )  # fmt: skip


def pushed(stage: Stage) -> ExchangeRecord:
    batches.push_waiting(now=stage.now)
    row = ExchangeRecord.objects.filter(dataset="interview").latest("pk")
    batches.note_sent(batch_id=row.batch_id, now=stage.now)
    return row


@pytest.mark.req("R132")
@pytest.mark.parametrize("came", [True, False])
def test_a_recorded_interview_goes_up_once_and_its_duty_is_met_by_the_receipt(stage, came: bool) -> None:
    platform(adapter="http", address="http://127.0.0.1:1")
    interview = held(stage, came=came)
    interviews.on_interview(interview=interview, actor=None, now=stage.now)
    row = pushed(stage)
    assert ExchangeRecord.objects.filter(dataset="interview").count() == 1
    duty = Duty.objects.get(matter_type="interview", matter_id=interview.pk)
    assert (duty.rule_key, duty.state, duty.triggered_on) == (
        "platform_collection",
        "open",
        interview.held_on,
    )
    told = json.loads(pushing.body(row.batch))["records"]
    (sent,) = [one for one in told if one["dataset"] == "interview"]
    assert sent["key"] == f"{interview.number}-1"
    assert sent["fields"]["8"] == ("已到场" if came else "未到场")
    assert (sent["fields"]["2"], sent["fields"]["15"]) == (stage.commitment.subject_name, "特定范围内公开")
    accepted(stage, row)
    duty.refresh_from_db()
    assert duty.state == "met"


@pytest.mark.req("R132")
def test_it_is_a_file_of_its_own_in_a_package(stage) -> None:
    place = platform()
    held(stage)
    batches._batch(place, running=False, most=100, actor=None, now=stage.now)
    batch = ExchangeBatch.objects.get()
    ExchangeBatch.objects.filter(pk=batch.pk).update(state="packing")
    packages.pack({"batch": batch.pk}, key="k", now=stage.now)
    batch.refresh_from_db()
    archive = zipfile.ZipFile(io.BytesIO(b"".join(packages.zipped(batch))))
    (name,) = [name for name in archive.namelist() if name.startswith("约谈记录")]
    (row,) = tables.read(name, archive.read(name))
    assert list(row) == list(formats.FORMATS["interview"].head) and row["约谈种类"] == "警示约谈"


@pytest.mark.req("R132")
def test_one_from_before_the_platform_is_found_by_the_sweep(stage) -> None:
    interview = held(stage)
    assert not ExchangeRecord.objects.exists()
    platform()
    assert interviews.scan(now=stage.now) == 1 and interviews.scan(now=stage.now) == 0
    assert ExchangeRecord.objects.get(dataset="interview").interview == interview


@pytest.mark.req("R132")
def test_with_its_determination_it_is_withdrawn(stage) -> None:
    platform(adapter="http", address="http://127.0.0.1:1")
    held(stage)
    accepted(stage, pushed(stage))
    breaches.revoke(
        case_id=stage.case.pk, expect="served", reason="court", document_no="（2026）冀01行终1号",
        explanation="判决撤销。", actor=stage.head, now=stage.now,
    )  # fmt: skip
    row = pushed(stage)
    assert (row.operation, row.version, row.fields) == ("withdraw", 2, {})
    told = json.loads(pushing.body(row.batch))["records"]
    assert [one["operation"] for one in told if one["dataset"] == "interview"] == ["withdraw"]
    assert interviews.scan(now=stage.now) == 0


@pytest.mark.req("R132")
def test_what_was_never_sent_is_not_withdrawn(stage) -> None:
    platform()
    held(stage)
    breaches.revoke(
        case_id=stage.case.pk, expect="served", reason="own_error", document_no="", explanation="认定有误。",
        actor=stage.head, now=stage.now,
    )  # fmt: skip
    assert list(ExchangeRecord.objects.filter(dataset="interview").values_list("state", flat=True)) == [
        "replaced"
    ]
    assert Duty.objects.get(matter_type="interview").state == "cancelled"


@pytest.mark.req("R132")
def test_a_refused_one_is_corrected_and_sent_again(stage) -> None:
    platform(adapter="http", address="http://127.0.0.1:1")
    held(stage)
    row = pushed(stage)
    accepted(stage, row, reasons=[("9", "太简略")])
    assert corrections.to_correct(stage.officer).get() == row
    with pytest.raises(batches.ExchangeError, match="第 8 项不能"):
        corrections.correct(
            record_id=row.pk, values={"8": "已到场"}, reason="更正", actor=stage.officer, now=stage.now
        )
    fresh = corrections.correct(
        record_id=row.pk, values={"9": "被约谈人说明情况，表示十日内补交。"}, reason="补充记录", actor=stage.officer,
        now=stage.now,
    )  # fmt: skip
    assert (fresh.version, fresh.dataset, fresh.interview_id) == (2, "interview", row.interview_id)
    assert not corrections.to_correct(stage.officer).exists()
    accepted(stage, pushed(stage))
    assert Duty.objects.get(matter_type="interview").state == "met"


@pytest.mark.req("R132", "R113")
def test_a_persons_number_is_stored_in_no_record() -> None:
    limits()
    stage = Stage(person=True)
    stage.case = stage.served()
    platform(adapter="http", address="http://127.0.0.1:1")
    held(stage)
    row = pushed(stage)
    number = stage.case.subject.id_number
    assert number not in json.dumps(row.fields, ensure_ascii=False)
    (sent,) = [one for one in json.loads(pushing.body(row.batch))["records"] if one["dataset"] == "interview"]
    assert sent["fields"]["4"] == number
