"""Pushing a batch to a platform that has an interface.

`POST {address}/batches` with `Idempotency-Key` (the batch's number) and the rows, each with its own key; the answer has
a result for each row. What may have arrived without our having heard of it is asked for first: `GET
{address}/batches/{number}`, 404 where the platform does not know it. The platform knows a repeated row by its key.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import httpx
import orjson
from django.conf import settings

from disclosure.models import ExchangeBatch, ExchangePlatform, ExchangeReceipt, ExchangeRecord

from . import batches, receipts
from .noting import filled
from .receipts import Answer

State = ExchangeBatch.State
TIMEOUT = httpx.Timeout(60.0, connect=10.0)
# A platform away for a day is asked each hour; only after some ten days somebody has to press a button.
MAX_ATTEMPTS = 250


class PlatformError(RuntimeError):
    """The platform did not answer as agreed; it is tried again."""


def push(payload: dict[str, Any], *, key: str, now: datetime) -> None:
    """External effect: bring a batch to the platform, whatever happened to it before, and take its receipt."""
    batch = ExchangeBatch.objects.select_related("platform").get(pk=payload["batch"])
    if batch.state == State.ANSWERED:
        return
    address, token = address_of(batch.platform), settings.PLATFORM_TOKEN
    with httpx.Client(
        base_url=address,
        timeout=TIMEOUT,
        headers={"Authorization": f"Bearer {token}"} if token else {},
        trust_env=False,
    ) as platform:
        answer = None
        if batch.sent_at is not None:
            answer = platform.get(f"/batches/{batch.number}")
            if answer.status_code == 404:
                answer = None
        if answer is None:
            batches.note_sent(batch_id=batch.pk, now=now)
            answer = platform.post(
                "/batches",
                content=body(batch),
                headers={"Idempotency-Key": batch.number, "Content-Type": "application/json"},
            )
        take(batch, answer, now=now)


def address_of(platform: ExchangePlatform) -> str:
    """Where the platform's interface is. Raises PlatformError where nobody has said."""
    address = platform.address or settings.PLATFORM_URL
    if not address:
        raise PlatformError(f"{platform.name} 没有接口地址")
    return address.rstrip("/")


def body(batch: ExchangeBatch) -> bytes:
    """The batch as it goes out; a natural person's number is filled in here and stored nowhere."""
    rows = (
        ExchangeRecord.objects.filter(batch=batch)
        .select_related("commitment__subject", "measure__check_made__subject")
        .defer("commitment__content")
        .order_by("place")
    )
    return orjson.dumps(
        {
            "batch": batch.number,
            "running": batch.running,
            "records": [
                {"key": row.key, "code": row.number, "dataset": row.dataset, "operation": row.operation}
                | ({"fields": filled(row, row.subject)} if row.operation == "put" else {})
                for row in rows.iterator(chunk_size=1_000)
            ],
        }
    )


def take(batch: ExchangeBatch, answer: httpx.Response, *, now: datetime) -> ExchangeReceipt:
    """Take the receipt out of an answer. Raises PlatformError where there is none in it."""
    if answer.status_code not in (200, 201):
        raise PlatformError(f"平台回答 {answer.status_code}")
    try:
        found = [_answer(row) for row in orjson.loads(answer.content)["results"]]
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise PlatformError("平台的回执读不懂") from error
    return receipts.take_receipt(
        batch_id=batch.pk,
        answers=found,
        raw=answer.content,
        source=ExchangeReceipt.Source.HTTP,
        actor=None,
        now=now,
    )


def _answer(row: Mapping[str, Any]) -> Answer:
    reasons = tuple((str(one.get("field", "")), str(one["text"])[:500]) for one in row.get("reasons", ()))
    return Answer(str(row["key"]), bool(row["accepted"]), reasons, str(row.get("reference", ""))[:100])
