"""Applied measures on their way to the platform: each once, the end as the next version, fed back by the receipt."""

import io
import json
import zipfile
from datetime import date
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from credit_portal.outbox import sweeping
from disclosure.exchange import batches, corrections, formats, measures, packages, pushing, receipts
from disclosure.exchange.receipts import Answer
from disclosure.models import ExchangePlatform, ExchangeRecord
from tests import factories, tables
from tests.factories import NOW, TODAY
from tests.measures_stage import Scene
from verification import services
from verification.models import AppliedMeasure

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("blank_papers")]


def platform(**fields) -> ExchangePlatform:
    values = {
        "region": factories.region("130100"), "name": "市平台（演示）", "adapter": "http",
        "address": "http://127.0.0.1:1", "file_format": "xlsx", "since": date(2026, 1, 1),
    }  # fmt: skip
    return ExchangePlatform.objects.create(**(values | fields))


@pytest.fixture
def scene() -> Scene:
    scene = Scene()
    scene.listed(whom=scene.lists["judgment_defaulter"])
    return scene


def pushed(record: ExchangeRecord) -> ExchangeRecord:
    batches.push_waiting(now=NOW)
    record.refresh_from_db()
    batches.note_sent(batch_id=record.batch_id, now=NOW)
    return record


def answered(record: ExchangeRecord, *, reasons=()) -> None:
    receipts.take_receipt(
        batch_id=record.batch_id, answers=[Answer(record.key, not reasons, tuple(reasons), "P1")],
        raw=record.key.encode(), source="http", actor=None, now=NOW,
    )  # fmt: skip


@pytest.mark.req("R86")
def test_a_measure_goes_up_once_and_its_end_as_the_next_version(scene: Scene) -> None:
    platform()
    measure = scene.applied()
    assert measure.fed_back_at is None
    assert sweeping.steps()["exchange.measures"](now=NOW) == 1
    assert measures.scan(now=NOW) == 0
    record = ExchangeRecord.objects.get(dataset="measure")
    assert (record.measure, record.version, record.state, len(record.number)) == (measure, 1, "waiting", 20)
    (sent,) = json.loads(pushing.body(pushed(record).batch))["records"]
    assert (sent["dataset"], sent["key"]) == ("measure", f"{record.number}-1")
    fields = sent["fields"]
    assert (fields["2"], fields["5"], fields["8"], fields["17"], fields["19"]) == (
        measure.check_made.subject_name, "惩戒", "重点审查", "", "特定范围内公开",
    )  # fmt: skip
    # It ends while the first version is under way: the next one waits for the receipt.
    services.end_entry(entry_id=measure.entry_id, operator=scene.first, now=NOW)
    assert measures.scan(now=NOW) == 1 and measures.scan(now=NOW) == 0
    second = ExchangeRecord.objects.get(measure=measure, version=2)
    assert (second.fields["17"], second.fields["18"]) == (TODAY.isoformat(), "记录已终止")
    assert not batches.waiting(record.platform, running=False).exists()
    answered(record)
    measure.refresh_from_db()
    assert measure.fed_back_at == NOW
    answered(pushed(second))
    assert set(ExchangeRecord.objects.values_list("version", "state")) == {(1, "accepted"), (2, "accepted")}
    assert measures.scan(now=NOW) == 0


@pytest.mark.req("R86")
def test_what_ends_before_it_was_sent_goes_up_as_it_ended(scene: Scene) -> None:
    platform(adapter="file", address="")
    measure, ended = scene.applied(), scene.applied()
    assert measures.scan(now=NOW) == 2
    services.end_entry(entry_id=ended.entry_id, operator=scene.first, now=NOW)
    late = scene.applied()
    services.revoke_entry(entry_id=late.entry_id, operator=scene.first, now=NOW)
    assert measures.scan(now=NOW) == 2
    states = ExchangeRecord.objects.order_by("measure_id", "version").values_list(
        "measure_id", "version", "state"
    )
    assert list(states) == [
        (measure.pk, 1, "waiting"), (ended.pk, 1, "replaced"), (ended.pk, 2, "waiting"), (late.pk, 1, "waiting"),
    ]  # fmt: skip
    batch = batches._batch(ExchangePlatform.objects.get(), running=False, most=100, actor=None, now=NOW)
    packages.pack({"batch": batch.pk}, key="k", now=NOW)
    batch.refresh_from_db()
    archive = zipfile.ZipFile(io.BytesIO(b"".join(packages.zipped(batch))))
    (name,) = [name for name in archive.namelist() if name.startswith("激励惩戒措施")]
    rows = list(tables.read(name, archive.read(name)))
    assert list(rows[0]) == list(formats.FORMATS["measure"].head)
    assert sorted(row["结束原因"] for row in rows) == ["", "记录已撤销", "记录已终止"]


@pytest.mark.req("R86")
def test_a_refused_one_is_corrected_and_its_end_keeps_the_words(scene: Scene) -> None:
    platform()
    measure = scene.applied()
    measures.scan(now=NOW)
    record = pushed(ExchangeRecord.objects.get(dataset="measure"))
    answered(record, reasons=[("7", "没有写明做什么")])
    assert corrections.to_correct(scene.officer).get() == record
    with pytest.raises(batches.ExchangeError, match="第 16 项不能"):
        corrections.correct(
            record_id=record.pk, values={"16": "2026-01-01"}, reason="改", actor=scene.officer, now=NOW
        )
    fresh = corrections.correct(
        record_id=record.pk,
        values={"7": "评审时从严审查供应商资格"},
        reason="写明",
        actor=scene.officer,
        now=NOW,
    )
    assert (fresh.version, fresh.measure_id, fresh.commitment_id) == (2, measure.pk, None)
    services.end_entry(entry_id=measure.entry_id, operator=scene.first, now=NOW)
    assert measures.scan(now=NOW) == 1
    last = ExchangeRecord.objects.get(version=3)
    assert (last.fields["7"], last.fields["18"]) == ("评审时从严审查供应商资格", "记录已终止")


@pytest.mark.req("R86", "R113")
def test_platform_and_measure_may_come_in_any_order_and_many_cost_no_more_than_few(scene: Scene) -> None:
    before = scene.applied()
    assert before.fed_back_at == NOW and measures.scan(now=NOW) == 0
    city = platform()
    person = scene.applied(subject=factories.person())
    elsewhere = platform(region=factories.region("410100"), name="另一平台")
    with CaptureQueriesContext(connection) as few:
        assert measures.scan(now=NOW) == 2
    assert set(ExchangeRecord.objects.values_list("platform", flat=True)) == {city.pk}
    record = ExchangeRecord.objects.get(measure=person)
    number = person.check_made.subject.id_number
    assert number not in json.dumps(record.fields)
    batches.push_waiting(now=NOW)
    record.refresh_from_db()
    told = {one["key"]: one["fields"]["4"] for one in json.loads(pushing.body(record.batch))["records"]}
    assert told[record.key] == number
    for measure in (before, person):
        for _ in range(15):
            entry = scene.stands_on("judgment_defaulter", subject=measure.check_made.subject)
            measure.pk, measure.entry = None, entry
            measure.uuid = uuid4()
            measure.save(force_insert=True)
    with CaptureQueriesContext(connection) as many:
        assert measures.scan(now=NOW) == 30
    assert len(many) == len(few)
    # A platform that is used no more confirms nothing: the office has them.
    ExchangePlatform.objects.filter(pk__in=[city.pk, elsewhere.pk]).update(is_active=False)
    measures.scan(now=NOW)
    assert not AppliedMeasure.objects.filter(fed_back_at=None).exists()
