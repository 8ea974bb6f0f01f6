"""What the platform answers, row by row, and how a refused record is put right."""
# ruff: noqa: F811 - fixtures of the module beside these

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from commitments import fulfilment
from credit_portal.deadlines.models import Duty
from credit_portal.outbox.models import Notice
from disclosure.exchange import (
    batches,
    corrections,
    packages,
    receipt_files,
)  # fmt: skip
from disclosure.exchange.batches import ExchangeError
from disclosure.exchange.receipts import Answer
from disclosure.models import ExchangeAnswer, ExchangeRecord
from tests import factories, listed
from tests.breach_stage import Stage
from tests.exchanging import State, answer, folder, last, noted, packed, stage, the_platform  # noqa: F401 (fixtures)
from tests.factories import NOW, TODAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("blank_papers")]


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


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "文件是空的"), (b"PK\x03\x04broken", "打不开"), (b"\xff\xfe\x00", "内容却不是，请用 Excel")],
)
def test_a_broken_workbook_is_refused_in_words(content: bytes, said: str) -> None:
    with pytest.raises(ExchangeError, match=said):
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
