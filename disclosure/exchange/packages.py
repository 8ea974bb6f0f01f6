"""A package for the platform: tables of the twenty fields, the withdrawals, and a manifest with their hashes. Each file
is written, sealed and noted by itself, so that a package that was interrupted goes on where it stopped."""

import hashlib
import io
import zipfile
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import orjson
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import transaction

from credit_portal.audit import events
from credit_portal.documents import writing
from credit_portal.registry.crypto import open_bytes, seal_bytes
from credit_portal.registry.models import User
from disclosure.models import ExchangeBatch, ExchangePiece, ExchangeRecord

from .batches import ExchangeError, _may
from .formats import format_of
from .noting import filled

Operation, State = ExchangeRecord.Operation, ExchangeBatch.State
PIECE_ROWS = 5_000
WITHDRAWAL_HEAD = ("承诺编码", "记录号", "操作")
MANIFEST = "清单.json"


def pack(payload: dict[str, Any], *, key: str, now: datetime) -> None:
    """External effect: write what is not written yet of a batch's package."""
    batch = ExchangeBatch.objects.select_related("platform").get(pk=payload["batch"])
    if batch.state != State.PACKING:
        return
    while _next_piece(batch):
        pass
    whole = hashlib.sha256()
    for part in zipped(batch):
        whole.update(part)
    ExchangeBatch.objects.filter(pk=batch.pk, state=State.PACKING).update(
        sha256=whole.hexdigest(), state=State.READY
    )


def _next_piece(batch: ExchangeBatch) -> bool:
    """The next rows of the batch as a file; False where all are there."""
    last = batch.pieces.order_by("-place").first()
    start = last.last_place if last else 0
    rows = list(
        ExchangeRecord.objects.filter(batch=batch, place__gt=start)
        .select_related("commitment__subject", "measure__check_made__subject")
        .defer("commitment__content")
        .order_by("place")[:PIECE_ROWS]
    )
    if not rows:
        return False
    # A file holds one kind of rows: up to the first of another kind.
    operation, format = rows[0].operation, format_of(rows[0])
    same = []
    for row in rows:
        if (row.operation, row.dataset) != (operation, rows[0].dataset):
            break
        same.append(row)
    number = last.place + 1 if last else 1
    word = format.file_word if operation == Operation.PUT else format.withdrawal_word
    if operation == Operation.PUT:
        content = writing.write(
            batch.file_format,
            format.head,
            (format.cells(filled(row, row.subject)) for row in same),
            title=format.file_word,
        )
    else:
        content = writing.write(
            batch.file_format, WITHDRAWAL_HEAD, ((row.number, row.key, "撤回") for row in same)
        )
    piece = ExchangePiece(
        batch=batch,
        place=number,
        name=f"{word}-{number:03d}.{batch.file_format}",
        rows=len(same),
        last_place=same[-1].place,
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
    )
    name = f"{batch.number}/{number:03d}"
    storage = storages["exchange"]
    # Left by a process that died before its row was there.
    storage.delete(name)
    piece.storage_name = storage.save(name, ContentFile(seal_bytes(content, aad=_aad(batch, number))))
    with transaction.atomic():
        piece.save()
        ExchangeBatch.objects.filter(pk=batch.pk).update(packed=same[-1].place)
    return True


def _aad(batch: ExchangeBatch, number: int) -> bytes:
    return f"exchange:{batch.number}:{number}".encode()


def zipped(batch: ExchangeBatch) -> Iterator[bytes]:
    """The package as one file, part by part; the same bytes each time."""
    sink = _Sink()
    pieces = list(batch.pieces.order_by("place"))
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_entry(MANIFEST), _manifest(batch, pieces))
        yield sink.taken()
        for piece in pieces:
            with storages["exchange"].open(piece.storage_name) as file:
                content = open_bytes(file.read(), aad=_aad(batch, piece.place))
            if hashlib.sha256(content).hexdigest() != piece.sha256:
                raise ExchangeError(f"文件 {piece.name} 与登记的校验值不符，请联系系统管理员。")
            archive.writestr(_entry(piece.name), content)
            yield sink.taken()
    yield sink.taken()


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, date_time=(2000, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _manifest(batch: ExchangeBatch, pieces: list[ExchangePiece]) -> bytes:
    keys = ExchangeRecord.objects.filter(batch=batch).order_by("place").values_list("number", "version")
    return orjson.dumps(
        {
            "批次号": batch.number,
            "平台": batch.platform.name,
            "编批时间": batch.created_at.isoformat(),
            "履行中的承诺": batch.running,
            "条数": batch.rows,
            "文件": [{"名称": piece.name, "条数": piece.rows, "SHA-256": piece.sha256} for piece in pieces],
            # In the order of the rows of the files: the row says nothing of its version, this does.
            "记录号": [f"{number}-{version}" for number, version in keys.iterator(chunk_size=5_000)],
        },
        option=orjson.OPT_INDENT_2,
    )


class _Sink(io.RawIOBase):
    """Where a zip file is written to and taken from as it grows."""

    def __init__(self) -> None:
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._held += data
        return len(data)

    def taken(self) -> bytes:
        out = bytes(self._held)
        self._held.clear()
        return out


def download(*, batch_id: int, actor: User, now: datetime) -> Iterator[bytes]:
    """The package for somebody of its credit office, who is named in the log: it holds numbers of persons. Being
    fetched, it counts as sent. Raises ExchangeError."""
    batch = ExchangeBatch.objects.select_related("platform").get(pk=batch_id)
    _may(actor, batch.platform_id)
    if not batch.sha256:
        raise ExchangeError("文件包还没有打好。")
    with transaction.atomic():
        locked = ExchangeBatch.objects.select_for_update().get(pk=batch_id)
        if locked.state == State.READY:
            locked.state, locked.sent_at = State.SENT, now
            locked.save(update_fields=["state", "sent_at"])
        events.exchange_downloaded(
            now=now,
            actor_id=actor.pk,
            department_id=actor.department_id,
            batch_id=batch.pk,
            sha256=batch.sha256,
        )
    return zipped(batch)
