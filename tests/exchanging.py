"""A region with a platform above it, for tests of the exchange: stage, platform, packages, receipts, a city to push to."""

import hashlib
import io
import zipfile
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from commitments.models import Commitment
from credit_portal.deadlines.models import PolicyRule
from credit_portal.outbox import services as outbox
from credit_portal.outbox.models import Message
from disclosure.exchange import (
    batches,
    noting,
    packages,
    receipts,
)  # fmt: skip
from disclosure.exchange.receipts import Answer
from disclosure.models import ExchangeBatch, ExchangePlatform, ExchangeRecord
from tests import factories
from tests.breach_stage import Stage
from tests.factories import NOW
from tests.platform_server import Platform, platform

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


def answer(stage: Stage, batch: ExchangeBatch, answers: list[Answer]) -> Any:
    return receipts.take_receipt(
        batch_id=batch.pk, answers=answers, raw=b"receipt", source="file", actor=stage.credit, now=NOW
    )


@pytest.fixture
def city() -> Iterator[Platform]:
    with platform() as one:
        yield one


def push(now: Any = NOW) -> list[bool]:
    """What a sweep does: batches are made, and what waits is tried."""
    batches.push_waiting(now=now)
    rows = Message.objects.filter(effect=batches.PUSH, state="waiting", due_at__lte=now).order_by("id")
    return [outbox.deliver(message_id=row.pk, now=now) for row in rows]
