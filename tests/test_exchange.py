"""What goes up to the platform above, what comes back, and that each record arrives exactly once."""

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from commitments import fulfilment
from commitments.models import Commitment
from credit_portal.audit.clock import local_date
from credit_portal.audit.models import AuditEvent
from credit_portal.deadlines.models import Duty, PolicyRule
from credit_portal.outbox import services as outbox
from credit_portal.outbox.models import Message, Notice, PublicChange
from disclosure import breach_gate, breach_publishing, services
from disclosure import collection_format as form
from disclosure.exchange import (
    batches,
    corrections,
    noting,
    packages,
    receipt_files,
    receipts,
    scanning,
    setting_up,
    sheets,
)  # fmt: skip
from disclosure.exchange import folder as exchange_folder
from disclosure.exchange.batches import ExchangeError
from disclosure.exchange.receipts import Answer
from disclosure.models import ExchangeAnswer, ExchangeBatch, ExchangePlatform, ExchangeRecord
from tests import factories, listed
from tests.breach_stage import Stage
from tests.factories import NOW, TODAY
from tests.platform_server import Platform, platform

pytestmark = pytest.mark.django_db
State = ExchangeRecord.State


@pytest.fixture
def stage(settings: Any, tmp_path: Any) -> Stage:
    made = Stage()
    for key, length in (("commitment_upload", 7), ("platform_collection", 3)):
        PolicyRule.objects.update_or_create(
            region_id="130111", key=key, effective_from=date(2020, 1, 1),
            defaults={"value": length, "unit": "working_days", "basis": "S0", "confirmed": True},
        )  # fmt: skip
    return made


def the_platform(**fields: Any) -> ExchangePlatform:
    values = {
        "region": factories.region("130111"),
        "name": "市信用信息共享平台（演示）",
        "since": date(2020, 1, 1),
        "running": "apart",
    } | fields
    return ExchangePlatform.objects.create(**values)


def last(commitment: Commitment) -> ExchangeRecord | None:
    return ExchangeRecord.objects.filter(commitment=commitment).order_by("-version").first()


def noted(commitment: Commitment) -> ExchangeRecord:
    record = noting.note(commitment_id=commitment.pk, now=NOW)
    assert record is not None
    return record


# ---- what the platform should hold -------------------------------------------------------------------------


@pytest.mark.req("R131")
def test_a_public_commitment_goes_up_once_with_a_duty(stage: Stage) -> None:
    the_platform()
    record = noted(stage.commitment)
    assert (record.version, record.operation, record.running, record.state) == (1, "put", True, State.WAITING)
    assert record.fields["11"] == "" and record.fields["19"] == "可向社会公开"
    assert noting.note(commitment_id=stage.commitment.pk, now=NOW) is None
    duty = Duty.objects.get(rule_key="commitment_upload", matter_id=stage.commitment.pk)
    assert duty.department == stage.office and duty.triggered_on == stage.commitment.made_on


def test_without_a_platform_nothing_is_noted(stage: Stage) -> None:
    assert noting.note(commitment_id=stage.commitment.pk, now=NOW) is None
    assert not ExchangeRecord.objects.exists() and not Duty.objects.exists()


def test_the_nearest_platform_is_used(stage: Stage) -> None:
    the_platform(region=factories.region("130100"))
    own = the_platform()
    assert noted(stage.commitment).platform == own


def test_a_running_commitment_is_held_back_where_the_platform_wants_so(stage: Stage) -> None:
    the_platform(running="hold")
    assert noting.note(commitment_id=stage.commitment.pk, now=NOW) is None
    fulfilment.record_fulfilment(
        commitment_id=stage.commitment.pk, status="fulfilled", actor=stage.officer, now=NOW
    )
    record = last(stage.commitment)
    assert record is not None and record.fields["11"] == "全部履行" and not record.running


@pytest.mark.parametrize(("wanted", "word"), [("other", "其他（监管辅助型）"), ("proof", "证明事项型")])
def test_the_supervisory_type_goes_as_the_office_set_it(stage: Stage, wanted: str, word: str) -> None:
    the_platform(supervisory_as=wanted)
    one = listed.commitment(department=stage.department, commitment_type="supervisory")
    record = noted(one)
    assert record.fields["5"] == word and record.state == State.WAITING


@pytest.mark.req("R74")
def test_a_breach_is_limited_above_until_people_decided_and_leaves_when_it_ends(stage: Stage) -> None:
    the_platform()
    noted(stage.commitment)
    report = stage.accepted()
    collected = last(stage.commitment)
    assert collected is not None and collected.version == 2
    assert collected.fields["11"] == "全部未履行" and collected.fields["19"] == "特定范围内公开"
    assert Duty.objects.filter(rule_key="platform_collection", matter_id=report.case_id).exists()
    publication = breach_publishing.decide_publication(
        case_id=report.case_id, publicity_class="public", reason="by_law", actor=stage.credit, now=stage.now
    )
    decided = last(stage.commitment)
    assert decided is not None and decided.version == 3 and decided.fields["19"] == "可向社会公开"
    breach_publishing.end_publication(
        publication_id=publication.pk, ending="repair", actor=stage.credit, now=stage.now
    )
    after = last(stage.commitment)
    assert after is not None and after.version == 4 and after.running
    assert [after.fields[number] for number in ("11", "12", "13")] == ["", "", ""]
    # None of those before has ever been sent, so that only the last one goes up.
    assert set(ExchangeRecord.objects.exclude(pk=after.pk).values_list("state", flat=True)) == {
        State.REPLACED
    }


def test_what_was_sent_is_withdrawn_and_what_never_was_is_not(stage: Stage) -> None:
    place = the_platform(adapter="http")
    sent, never = stage.commitment, listed.commitment(department=stage.department)
    noted(sent)
    batches.push_waiting(now=NOW)
    noted(never)
    assert batches.waiting(place, running=True).count() == 1
    for one in (sent, never):
        services.withdraw(commitment=one, reason="trade_secret", actor=stage.credit, now=NOW)
    gone = last(sent)
    assert gone is not None and gone.operation == "withdraw" and gone.fields == {}
    assert ExchangeRecord.objects.get(commitment=never).state == State.REPLACED
    # The withdrawal waits for the answer to the version before.
    assert not batches.waiting(place, running=False).exists()


def test_what_comes_back_to_the_public_goes_up_again(stage: Stage) -> None:
    the_platform()
    noted(stage.commitment)
    services.withdraw(commitment=stage.commitment, reason="trade_secret", actor=stage.credit, now=NOW)
    Commitment.objects.filter(pk=stage.commitment.pk).update(withdrawn_at=None)
    assert noted(stage.commitment).version == 2


def test_a_person_has_its_number_nowhere_but_in_what_leaves(stage: Stage) -> None:
    the_platform()
    person = Stage(person=True)
    report = person.accepted()
    record = last(person.commitment)
    assert record is not None and record.fields["4"] == form.SEALED
    number = person.commitment.subject.id_number
    assert noting.filled(record, person.commitment.subject)["4"] == number
    assert number not in json.dumps(list(AuditEvent.objects.values_list("facts", flat=True)), default=str)
    assert report.case.commitment_id == person.commitment.pk


def test_the_scan_finds_what_was_there_before_the_platform(stage: Stage) -> None:
    more = [listed.commitment(department=stage.department) for _ in range(3)]
    old = listed.commitment(department=stage.department, made_on=date(2019, 5, 1))
    the_platform()
    assert scanning.scan(now=NOW) == 4
    assert scanning.scan(now=NOW) == 0
    assert all(last(one) for one in more) and last(old) is None


@pytest.mark.req("R131")
def test_what_was_there_before_is_looked_through_in_sets_as_if_each_had_been_noted(stage: Stage) -> None:
    def scanned(number: int) -> int:
        made.extend(listed.commitment(department=stage.department) for _ in range(number))
        with CaptureQueriesContext(connection) as queries:
            assert scanning.scan(now=NOW) == number
        return len(queries)

    the_platform()
    made = [stage.commitment]
    assert noted(stage.commitment)
    scanning.scan(now=NOW)
    assert scanned(3) == scanned(40)
    duties = Duty.objects.filter(rule_key="commitment_upload")
    assert {duty.matter_id for duty in duties} == {one.pk for one in made}
    for duty in duties:
        assert duty.department == stage.office and duty.counted and duty.events.get().kind == "opened"
        assert AuditEvent.objects.filter(verb="duty.opened", target_id=str(duty.pk)).count() == 1
    like = {"number", "fields", "sha256", "commitment", "id", "created_at"}
    first, *others = [
        {key: value for key, value in row.items() if key.removesuffix("_id") not in like}
        for row in ExchangeRecord.objects.values()
    ]
    assert all(other == first for other in others)
    assert noting.note(commitment_id=made[-1].pk, now=NOW) is None


# ---- packages ----------------------------------------------------------------------------------------------


def packed(stage: Stage, place: ExchangePlatform, *, running: bool = True) -> ExchangeBatch:
    batch = batches.make_package(platform_id=place.pk, running=running, actor=stage.credit, now=NOW)
    message = Message.objects.get(key=f"exchange:{batch.number}")
    assert outbox.deliver(message_id=message.pk, now=NOW)
    batch.refresh_from_db()
    return batch


def opened(batch: ExchangeBatch) -> zipfile.ZipFile:
    content = b"".join(packages.zipped(batch))
    assert hashlib.sha256(content).hexdigest() == batch.sha256
    return zipfile.ZipFile(io.BytesIO(content))


@pytest.fixture
def folder(settings: Any, tmp_path: Any) -> Iterator[Any]:
    settings.STORAGES = settings.STORAGES | {
        "exchange": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "exchange"},
        }
    }
    yield tmp_path / "exchange"


EVIL = [
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "＝1+1",
    "https://example.com",
    "007",
    "1E9",
]


@pytest.mark.parametrize("kind", ["xlsx", "csv", "json"])
def test_a_package_holds_the_twenty_fields_as_text(stage: Stage, folder: Any, kind: str) -> None:
    place = the_platform(file_format=kind)
    for text in EVIL:
        noted(listed.commitment(department=stage.department, item_name=text))
    batch = packed(stage, place)
    archive = opened(batch)
    manifest = json.loads(archive.read("清单.json"))
    name = f"承诺信息-001.{kind}"
    content = archive.read(name)
    assert manifest["文件"] == [
        {"名称": name, "条数": len(EVIL), "SHA-256": hashlib.sha256(content).hexdigest()}
    ]
    assert len(manifest["记录号"]) == batch.rows == len(EVIL) and batch.packed == len(EVIL)
    rows = list(sheets.read(name, content))
    assert [row["承诺事由"].strip() for row in rows] == [text.strip() for text in EVIL]
    assert [row["承诺编码"] for row in rows] == [key.rsplit("-", 1)[0] for key in manifest["记录号"]]
    if kind == "xlsx":
        sheet = load_workbook(io.BytesIO(content)).worksheets[0]
        cells = [cell for line in sheet.iter_rows() for cell in line if cell.value is not None]
        assert {cell.data_type for cell in cells} == {"s"} and {c.number_format for c in cells} == {"@"}
        assert not any(cell.hyperlink for cell in cells)
    if kind == "csv":
        assert content.startswith("\ufeff".encode())
        lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
        assert not any(cell.startswith(("=", "+", "-", "@", "\t")) for line in lines for cell in line)
    # Where it lies it cannot be read.
    assert all("承诺编码".encode() not in file.read_bytes() for file in folder.rglob("*") if file.is_file())


def test_packing_goes_on_where_it_stopped(stage: Stage, folder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    place = the_platform(file_format="csv")
    for _ in range(7):
        noted(listed.commitment(department=stage.department))
    monkeypatch.setattr(packages, "PIECE_ROWS", 3)
    batch = batches.make_package(platform_id=place.pk, running=True, actor=stage.credit, now=NOW)
    # Killed after the second file was written and before its row was there.
    assert packages._next_piece(batch)
    (folder / batch.number / "002").write_bytes(b"half")
    batch.refresh_from_db()
    assert batch.packed == 3
    first = batch.pieces.get().sha256
    packages.pack({"batch": batch.pk}, key="", now=NOW)
    batch.refresh_from_db()
    assert batch.state == "ready" and [piece.rows for piece in batch.pieces.all()] == [3, 3, 1]
    assert batch.pieces.get(place=1).sha256 == first
    assert len(opened(batch).namelist()) == 4


def test_withdrawals_have_a_file_of_their_own(stage: Stage, folder: Any) -> None:
    place = the_platform()
    record = noted(stage.commitment)
    batch = packed(stage, place)
    packages.download(batch_id=batch.pk, actor=stage.credit, now=NOW)
    answer(stage, batch, [Answer(record.key, True)])
    services.withdraw(commitment=stage.commitment, reason="trade_secret", actor=stage.credit, now=NOW)
    noted(listed.commitment(department=stage.department, fulfilment="fulfilled"))
    archive = opened(packed(stage, place, running=False))
    assert archive.namelist() == ["清单.json", "撤回-001.xlsx", "承诺信息-002.xlsx"]
    assert list(sheets.read("撤回.xlsx", archive.read("撤回-001.xlsx"))) == [
        {"承诺编码": record.number, "记录号": f"{record.number}-2", "操作": "撤回"}
    ]


def test_only_the_credit_office_of_the_place_packs_and_fetches(stage: Stage, folder: Any) -> None:
    place = the_platform()
    noted(stage.commitment)
    elsewhere = factories.staff(
        "credit_office", department=factories.department(region="130129", kind="credit_office")
    )
    for person in (stage.officer, elsewhere):
        with pytest.raises(ExchangeError, match="信用办"):
            batches.make_package(platform_id=place.pk, running=True, actor=person, now=NOW)
    batch = packed(stage, place)
    with pytest.raises(ExchangeError, match="信用办"):
        packages.download(batch_id=batch.pk, actor=elsewhere, now=NOW)
    packages.download(batch_id=batch.pk, actor=stage.credit, now=NOW)
    assert AuditEvent.objects.filter(verb="exchange.downloaded", target_id=str(batch.pk)).count() == 1
    with pytest.raises(ExchangeError, match="没有待报送"):
        batches.make_package(platform_id=place.pk, running=True, actor=stage.credit, now=NOW)


# ---- receipts and corrections ------------------------------------------------------------------------------


def answer(stage: Stage, batch: ExchangeBatch, answers: list[Answer]) -> Any:
    return receipts.take_receipt(
        batch_id=batch.pk, answers=answers, raw=b"receipt", source="file", actor=stage.credit, now=NOW
    )


def test_a_receipt_moves_each_row_and_meets_the_duty(stage: Stage, folder: Any) -> None:
    place = the_platform()
    good, bad = noted(stage.commitment), noted(listed.commitment(department=stage.department))
    batch = packed(stage, place)
    with pytest.raises(ExchangeError, match="还没有送出"):
        answer(stage, batch, [Answer(good.key, True)])
    packages.download(batch_id=batch.pk, actor=stage.credit, now=NOW)
    answer(stage, batch, [Answer(good.key, True, reference="P1")])
    batch.refresh_from_db()
    assert batch.state == "sent"
    answer(stage, batch, [Answer(good.key, True), Answer(bad.key, False, reasons=(("6", "承诺事由不清楚"),))])
    for record in (good, bad):
        record.refresh_from_db()
    batch.refresh_from_db()
    assert (good.state, good.reference, bad.state) == (State.ACCEPTED, "P1", State.REJECTED)
    assert batch.state == "answered" and ExchangeAnswer.objects.count() == 2
    assert Duty.objects.get(matter_id=good.commitment_id).state == "met"
    assert Duty.objects.get(matter_id=bad.commitment_id).state == "open"
    told = Notice.objects.filter(kind="exchange").values_list("user_id", flat=True)
    assert set(told) == {stage.officer.pk, stage.head.pk}


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ([("other-1", True, ())], "不在批次"),
        ([("own", True, ()), ("own", True, ())], "出现了两次"),
        ([("own", False, ())], "没有理由"),
    ],
)
def test_a_wrong_receipt_stores_nothing(stage: Stage, folder: Any, answers: Any, message: str) -> None:
    place = the_platform()
    record = noted(stage.commitment)
    batch = packed(stage, place)
    packages.download(batch_id=batch.pk, actor=stage.credit, now=NOW)
    given = [Answer(record.key if key == "own" else key, yes, why) for key, yes, why in answers]
    with pytest.raises(ExchangeError, match=message):
        answer(stage, batch, given)
    record.refresh_from_db()
    assert record.state == State.BATCHED and not batch.receipts.exists()


def test_an_answer_cannot_be_turned_round(stage: Stage, folder: Any) -> None:
    place = the_platform()
    record = noted(stage.commitment)
    batch = packed(stage, place)
    packages.download(batch_id=batch.pk, actor=stage.credit, now=NOW)
    answer(stage, batch, [Answer(record.key, True)])
    with pytest.raises(ExchangeError, match="与这次不同"):
        answer(stage, batch, [Answer(record.key, False, reasons=(("", "不收"),))])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("记录号,结果\n", "没有记录"),
        ("结果\n接收\n", "缺少列：记录号"),
        ("记录号,结果\n,接收\n", "第 2 行：记录号为空"),
        ("记录号,结果\nA-1,好\n", "第 2 行：结果应为"),
        ("记录号,结果,字段,理由\nA-1,退回,6,\n", "第 2 行：退回的记录没有理由"),
        ("记录号,结果,字段,理由\nA-1,退回,21,错\n", "没有第“21”项"),
        ("记录号,结果\nA-1,接收\nA-1,接收\n", "第 3 行：记录 A-1 出现了两次"),
    ],
)
def test_a_receipt_file_says_which_row_is_wrong(text: str, message: str) -> None:
    with pytest.raises(ExchangeError, match=message):
        receipt_files.read_answers("回执.csv", text.encode())


def test_a_receipt_file_may_name_several_fields_of_a_record() -> None:
    text = "记录号,结果,字段,理由,平台流水号\nA-1,退回,6,太长,\nA-1,退回,承诺内容,有错字,\nA-2,接收,,,P9\n"
    for name, content in (("r.csv", text.encode("gb18030")), ("r.csv", b"\xef\xbb\xbf" + text.encode())):
        assert receipt_files.read_answers(name, content) == [
            Answer("A-1", False, (("6", "太长"), ("7", "有错字"))),
            Answer("A-2", True, (), "P9"),
        ]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04broken", b"\xff\xfe\x00"])
def test_a_broken_workbook_is_refused_in_words(content: bytes) -> None:
    with pytest.raises(ExchangeError, match="Excel"):
        receipt_files.read_answers("回执.xlsx", content)


def test_a_refused_record_is_put_right_and_goes_up_as_the_next_version(stage: Stage, folder: Any) -> None:
    place = the_platform()
    record = noted(stage.commitment)
    batch = packed(stage, place)
    packages.download(batch_id=batch.pk, actor=stage.credit, now=NOW)
    answer(stage, batch, [Answer(record.key, False, reasons=(("6", "承诺事由不清楚"),))])
    assert list(corrections.to_correct(stage.officer)) == [record]
    stranger = factories.staff("officer", department=factories.department(region="130111"))
    assert not corrections.to_correct(stranger).exists()
    for values, reason, field in (
        ({"6": "新的事由"}, " ", "reason"),
        ({"1": "1" * 20}, "改", "field_1"),
        ({"6": ""}, "改", "field_6"),
        ({"6": "长" * 513}, "改", "field_6"),
    ):
        with pytest.raises(ExchangeError) as raised:
            corrections.correct(
                record_id=record.pk, values=values, reason=reason, actor=stage.officer, now=NOW
            )
        assert raised.value.field == field
    fresh = corrections.correct(
        record_id=record.pk, values={"6": "食品经营许可申请"}, reason="写明事项", actor=stage.officer, now=NOW
    )
    assert fresh.version == 2 and fresh.fields["6"] == "食品经营许可申请"
    assert fresh.fields["7"] == record.fields["7"] and not corrections.to_correct(stage.officer).exists()
    with pytest.raises(ExchangeError, match="已由他人更正"):
        corrections.correct(record_id=record.pk, values={}, reason="改", actor=stage.officer, now=NOW)
    # The words that people wrote stay when something else changes.
    fulfilment.record_fulfilment(
        commitment_id=stage.commitment.pk, status="fulfilled", actor=stage.officer, now=NOW
    )
    third = last(stage.commitment)
    assert third is not None and third.fields["6"] == "食品经营许可申请" and third.fields["11"] == "全部履行"
    stage.commitment.refresh_from_db()
    assert stage.commitment.item_name != "食品经营许可申请"


def test_what_is_not_in_the_format_waits_for_its_department_and_is_not_sent(stage: Stage) -> None:
    place = the_platform()
    one = listed.commitment(department=stage.department, content=[])
    record = noted(one)
    assert record.state == State.INVALID and {number for number, _ in record.reasons} == {"7", "8"}
    assert not batches.waiting(place, running=True).exists()
    corrections.correct(
        record_id=record.pk,
        values={"7": "守法经营。", "8": "承担责任。"},
        reason="补录",
        actor=stage.head,
        now=NOW,
    )
    assert batches.waiting(place, running=True).count() == 1


@pytest.mark.req("R6")
def test_the_way_on_to_the_province_is_recorded(stage: Stage, folder: Any) -> None:
    place = the_platform()
    record = noted(stage.commitment)
    batch = packed(stage, place)
    with pytest.raises(ExchangeError, match="回执齐全"):
        batches.note_forwarded(batch_id=batch.pk, on=TODAY, reference="1", actor=stage.credit, now=NOW)
    packages.download(batch_id=batch.pk, actor=stage.credit, now=NOW)
    answer(stage, batch, [Answer(record.key, True)])
    for on, reference, field in (
        (TODAY + timedelta(days=1), "冀信 1 号", "on"),
        (TODAY - timedelta(days=1), "冀信 1 号", "on"),
        (TODAY, "", "reference"),
    ):
        with pytest.raises(ExchangeError) as raised:
            batches.note_forwarded(batch_id=batch.pk, on=on, reference=reference, actor=stage.credit, now=NOW)
        assert raised.value.field == field
    done = batches.note_forwarded(
        batch_id=batch.pk, on=TODAY, reference="冀信 1 号", actor=stage.credit, now=NOW
    )
    assert done.forwarded_on == TODAY
    with pytest.raises(ExchangeError, match="已于"):
        batches.note_forwarded(batch_id=batch.pk, on=TODAY, reference="2", actor=stage.credit, now=NOW)


# ---- pushed ------------------------------------------------------------------------------------------------


@pytest.fixture
def city() -> Iterator[Platform]:
    with platform() as one:
        yield one


def push(now: Any = NOW) -> list[bool]:
    """What a sweep does: batches are made, and what waits is tried."""
    batches.push_waiting(now=now)
    rows = Message.objects.filter(effect=batches.PUSH, state="waiting", due_at__lte=now).order_by("id")
    return [outbox.deliver(message_id=row.pk, now=now) for row in rows]


def test_records_are_pushed_in_batches_and_arrive_once(stage: Stage, city: Platform) -> None:
    the_platform(adapter="http", address=city.address, batch_rows=2)
    records = [noted(listed.commitment(department=stage.department)) for _ in range(5)]
    assert push() == [True, True, True]
    assert push() == []
    assert set(city.arrivals) == {record.key for record in records} and set(city.arrivals.values()) == {1}
    assert set(ExchangeRecord.objects.values_list("state", flat=True)) == {State.ACCEPTED}
    assert city.held[records[0].key]["fields"]["1"] == records[0].number


@pytest.mark.parametrize("mode", ["error", "silent"])
def test_a_difficult_platform_gets_each_record_once(stage: Stage, city: Platform, mode: str) -> None:
    the_platform(adapter="http", address=city.address)
    record = noted(stage.commitment)
    city.mode = mode
    assert push() == [False]
    city.mode = "ok"
    assert push(NOW + timedelta(days=1)) == [True]
    assert city.arrivals == {record.key: 1}
    record.refresh_from_db()
    assert record.state == State.ACCEPTED
    posts = [kind for kind, _ in city.requests].count("POST")
    # What was stored without our knowing is asked for, not sent again.
    assert posts == (1 if mode == "silent" else 2)


def test_a_platform_that_forgets_keys_shows_why_they_are_sent(stage: Stage, city: Platform) -> None:
    """The negative control: without keys, a batch whose answer was lost is there twice."""
    the_platform(adapter="http", address=city.address)
    record = noted(stage.commitment)
    city.mode, city.knows_keys = "silent", False
    assert push() == [False]
    city.mode = "ok"
    assert push(NOW + timedelta(days=1)) == [True]
    assert city.arrivals == {record.key: 2}


def test_a_platform_that_is_away_is_asked_until_it_is_back(stage: Stage, city: Platform) -> None:
    place = the_platform(adapter="http", address="http://127.0.0.1:1")
    record = noted(stage.commitment)
    now = NOW
    for _ in range(30):
        assert push(now) == [False]
        now += timedelta(hours=1)
    ExchangePlatform.objects.filter(pk=place.pk).update(address=city.address)
    assert push(now) == [True] and city.arrivals == {record.key: 1}


def test_what_the_platform_refuses_is_corrected_and_accepted(stage: Stage, city: Platform) -> None:
    the_platform(adapter="http", address=city.address)
    record = noted(stage.commitment)
    city.refuses = lambda sent: (
        [] if sent["fields"]["6"].startswith("申请") else [{"field": "6", "text": "事由应以“申请”开头"}]
    )
    assert push() == [True]
    record.refresh_from_db()
    assert record.state == State.REJECTED and record.reasons == [["6", "事由应以“申请”开头"]]
    corrections.correct(
        record_id=record.pk,
        values={"6": "申请食品经营许可"},
        reason="按平台要求",
        actor=stage.officer,
        now=NOW,
    )
    assert push() == [True]
    assert city.now_holds()[record.number]["fields"]["6"] == "申请食品经营许可"
    assert Duty.objects.get(rule_key="commitment_upload").state == "met"


def test_a_whole_breach_above_is_as_it_is_here(stage: Stage, city: Platform) -> None:
    the_platform(adapter="http", address=city.address)
    noted(stage.commitment)
    push(stage.now)
    publication = stage.published()
    push(stage.now)
    held = city.now_holds()[stage.commitment.code]
    assert held["fields"]["11"] == "全部未履行" and held["fields"]["19"] == "可向社会公开"
    assert Duty.objects.get(rule_key="platform_collection").state == "met"
    breach_publishing.end_publication(
        publication_id=publication.pk, ending="repair", actor=stage.credit, now=stage.now
    )
    push(stage.now)
    assert city.now_holds()[stage.commitment.code]["fields"]["11"] == ""
    services.withdraw(commitment=stage.commitment, reason="trade_secret", actor=stage.credit, now=stage.now)
    push(stage.now)
    assert stage.commitment.code not in city.now_holds()
    assert set(city.arrivals.values()) == {1}


@pytest.mark.parametrize(
    "change", [{"fields": {}}, {"sha256": "0" * 64}, {"state": State.WAITING, "batch": None, "place": None}]
)
def test_what_was_answered_is_kept_as_it_was(stage: Stage, folder: Any, change: dict[str, Any]) -> None:
    place = the_platform()
    record = noted(stage.commitment)
    batch = packed(stage, place)
    packages.download(batch_id=batch.pk, actor=stage.credit, now=NOW)
    answer(stage, batch, [Answer(record.key, True)])
    with pytest.raises(IntegrityError, match="不能更改"), transaction.atomic():
        ExchangeRecord.objects.filter(pk=record.pk).update(**change)
    for rows in (ExchangeRecord.objects.all(), ExchangeAnswer.objects.all(), batch.receipts.all()):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows._raw_delete(rows.db)


# ---- the platform is the record of publication -------------------------------------------------------------


@pytest.mark.req("R74", "R89")
def test_a_breach_is_public_here_from_the_day_of_the_platforms_receipt(stage: Stage, city: Platform) -> None:
    the_platform(adapter="http", address=city.address)
    city.mode = "error"
    report = stage.accepted()
    decided = stage.now
    publication = breach_publishing.decide_publication(
        case_id=report.case_id, publicity_class="public", reason="by_law", actor=stage.credit, now=decided
    )
    until = publication.public_until
    assert publication.awaits_platform
    push(decided)
    breach_publishing.follow_the_days(now=decided + timedelta(days=1))

    def duty() -> str:
        return Duty.objects.get(rule_key="breach_publication", matter_id=report.case_id).state

    def seen(now: Any) -> bool:
        return breach_gate.find_breach(publication.uuid, now=now) is not None

    entry = report.case.entry
    assert entry is not None
    later = decided + timedelta(days=2)
    assert not seen(decided) and not seen(later) and duty() == "open"
    assert not PublicChange.objects.filter(resource="breach").exists()
    entry.refresh_from_db()
    assert entry.public_from is None
    # On acceptance of the report alone, nothing would be public: that version is a limited one.
    city.mode = "ok"
    push(later)
    push(later)
    publication.refresh_from_db()
    assert seen(later) and duty() == "met" and not publication.awaits_platform
    assert (publication.public_from, publication.public_until) == (local_date(later), until)
    entry.refresh_from_db()
    assert (entry.public_from, entry.public_until) == (local_date(later), until)
    assert PublicChange.objects.filter(resource="breach", kind="published").count() == 1


def test_the_version_before_the_decision_makes_nothing_public(stage: Stage, city: Platform) -> None:
    the_platform(adapter="http", address=city.address)
    report = stage.accepted()
    # Put into a batch before the decision, answered after it.
    batches.push_waiting(now=stage.now)
    publication = breach_publishing.decide_publication(
        case_id=report.case_id, publicity_class="public", reason="by_law", actor=stage.credit, now=stage.now
    )
    assert push(stage.now)[0]
    limited = ExchangeRecord.objects.filter(state=State.ACCEPTED).latest("version")
    assert limited.fields["19"] == "特定范围内公开"
    publication.refresh_from_db()
    assert publication.awaits_platform and breach_gate.find_breach(publication.uuid, now=stage.now) is None


def test_what_waits_for_a_platform_that_is_given_up_is_public_by_this_portal(stage: Stage) -> None:
    place = the_platform()
    publication = stage.published()
    assert publication.awaits_platform
    values = {name: getattr(place, name) for name in setting_up.FIELDS} | {"is_active": False}
    setting_up.save_platform(platform_id=place.pk, values=values, actor=stage.credit, now=stage.now)
    publication.refresh_from_db()
    assert not publication.awaits_platform
    assert breach_gate.find_breach(publication.uuid, now=stage.now) is not None


def test_what_never_was_shown_ends_without_a_word(stage: Stage) -> None:
    the_platform()
    publication = stage.published()
    breach_publishing.end_publication(
        publication_id=publication.pk, ending="repair", actor=stage.credit, now=stage.now
    )
    assert breach_publishing.shown_above(case_id=publication.case_id, now=stage.now) is None
    assert not PublicChange.objects.filter(resource="breach").exists()


# ---- by a folder -------------------------------------------------------------------------------------------


def test_packages_and_receipts_by_a_folder(stage: Stage, folder: Any, settings: Any, tmp_path: Any) -> None:
    settings.EXCHANGE_FOLDER = str(tmp_path / "handover")
    place = the_platform()
    record = noted(stage.commitment)
    batch = packed(stage, place)
    handed = tmp_path / "handover" / "out" / f"{batch.number}.zip"
    assert hashlib.sha256(handed.read_bytes()).hexdigest() == batch.sha256 and batch.state == "sent"
    assert handed.stat().st_mode & 0o077 == 0
    arrived = tmp_path / "handover" / "in"
    arrived.mkdir()
    (arrived / f"{batch.number}-1.csv").write_text("记录号,结果\n别的-1,接收\n", encoding="utf-8")
    (arrived / f"{batch.number}-2.csv").write_text(f"记录号,结果\n{record.key},接收\n", encoding="gb18030")
    (arrived / "X9999992026000001.csv").write_text("记录号,结果\n", encoding="utf-8")
    (arrived / "说明.txt").write_text("不是回执")
    assert exchange_folder.take_receipts(now=NOW) == 1
    record.refresh_from_db()
    assert record.state == State.ACCEPTED and batch.receipts.get().source == "folder"
    refused = tmp_path / "handover" / "refused"
    assert "不在批次" in (refused / f"{batch.number}-1.csv.txt").read_text()
    assert "没有这个批次" in (refused / "X9999992026000001.csv.txt").read_text()
    assert [file.name for file in arrived.iterdir()] == ["说明.txt"]
    assert exchange_folder.take_receipts(now=NOW) == 0
