"""The log is added to and nothing else; it holds ids and keyed hashes, never a name or a number of a person."""

import hashlib
import inspect
import json
import re

import pytest
from django.db import IntegrityError, connection, transaction

from credit_portal.audit import events, recording
from credit_portal.audit.events import (
    access,
    acts,
    associations,
    breach,
    bulk,
    business,
    capture,
    catalogue,
    checking,
    consent,
    deadlines,
    fulfilment,
    grades,
    ground,
    objections,
    progress,
    repair,
    security,
    self_service,
    supplements,
    units,
    usage,
    warnings,
)
from credit_portal.audit.hashing import keyed_hash
from credit_portal.audit.models import AppendOnlyError, AuditEvent, ReadLog

from .factories import NOW

pytestmark = pytest.mark.django_db


def an_event() -> AuditEvent:
    return events.commitment_printed(
        now=NOW, actor_id=1, department_id=2, commitment_id=3, code="13011120260914000001", paper="回执"
    )


@pytest.mark.req("R67", "R116")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_auditevent SET verb = 'x'",
        "DELETE FROM audit_auditevent",
        "TRUNCATE audit_auditevent",
        "UPDATE audit_readlog SET what = 'x'",
        "DELETE FROM audit_readlog",
        "TRUNCATE audit_readlog",
    ],
)
def test_the_database_refuses_to_change_the_log(statement: str) -> None:
    an_event()
    recording.log_read(
        now=NOW, actor_id=1, what="信用记录", target_type="subject", target_id=1, purpose="check"
    )
    with pytest.raises(IntegrityError, match="只能追加"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_models_refuse_too() -> None:
    event = an_event()
    with pytest.raises(AppendOnlyError):
        event.save()
    with pytest.raises(AppendOnlyError):
        event.delete()


def test_the_stored_bytes_are_canonical_and_their_hash_is_kept() -> None:
    event = AuditEvent.objects.get(pk=an_event().pk)
    body = json.loads(bytes(event.canonical))
    assert body["verb"] == "commitment.printed" and body["facts"]["paper"] == "回执"
    assert (
        bytes(event.canonical)
        == json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    )
    assert bytes(event.digest) == hashlib.sha256(bytes(event.canonical)).digest()


@pytest.mark.django_db(transaction=True)
def test_an_event_outside_the_transaction_of_its_fact_is_refused() -> None:
    with pytest.raises(recording.NotInTransaction):
        an_event()
    assert not AuditEvent.objects.exists()


def test_every_kind_of_event_has_its_sentence_and_its_function() -> None:
    source = "".join(
        inspect.getsource(module)
        for module in (
            access,
            acts,
            associations,
            breach,
            bulk,
            business,
            capture,
            catalogue,
            checking,
            consent,
            deadlines,
            fulfilment,
            grades,
            ground,
            objections,
            progress,
            repair,
            security,
            self_service,
            supplements,
            units,
            usage,
            warnings,
        )
    )
    recorded = set(re.findall(r'(?:record|_about|_duty)\(\s*"([a-z_.]+)"', source)) | {"report.returned"}
    assert recorded == set(events.SENTENCES)
    assert events.sentence(an_event()) == "打印 13011120260914000001（回执）"


def test_keyed_hashes_match_for_equal_values_and_purposes_only() -> None:
    assert keyed_hash("甲", purpose="a") == keyed_hash("甲", purpose="a")
    assert keyed_hash("甲", purpose="a") != keyed_hash("甲", purpose="b")
    assert keyed_hash("甲", purpose="a") != hashlib.sha256("甲".encode()).hexdigest()


def test_reads_are_logged_with_their_purpose() -> None:
    recording.log_read(
        now=NOW,
        actor_id=5,
        what="签名图像",
        target_type="evidence",
        target_id=9,
        subject_id=4,
        purpose="supervision",
    )
    row = ReadLog.objects.get()
    assert (row.actor_id, row.subject_id, row.get_purpose_display()) == (5, 4, "监督管理")
