"""Handing over by a folder that both sides can reach: packages go into `out`, receipts are taken from `in`.

Whoever sets EXCHANGE_FOLDER decides who may read it: packages lie there as the platform gets them.
"""

import os
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from disclosure.models import ExchangeBatch, ExchangeReceipt

from . import batches, packages, receipt_files, receipts
from .batches import ExchangeError

ENDINGS = (".csv", ".xlsx", ".json")


def pack_and_put(payload: dict[str, Any], *, key: str, now: datetime) -> None:
    """External effect: the package of a batch, written and handed over."""
    packages.pack(payload, key=key, now=now)
    batch = ExchangeBatch.objects.select_related("platform").get(pk=payload["batch"])
    if batch.sent_at is None:
        put(batch, now=now)


def put(batch: ExchangeBatch, *, now: datetime) -> Path | None:
    """Lay a package into the folder, whole or not at all; it counts as sent. None where no folder is set."""
    if not settings.EXCHANGE_FOLDER:
        return None
    out = Path(settings.EXCHANGE_FOLDER) / "out"
    out.mkdir(parents=True, exist_ok=True)
    there, half = out / f"{batch.number}.zip", out / f".{batch.number}.part"
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        for part in packages.zipped(batch):
            file.write(part)
        file.flush()
        os.fsync(file.fileno())
    half.rename(there)
    batches.note_sent(batch_id=batch.pk, now=now)
    return there


def take_receipts(*, now: datetime) -> int:
    """Step of the sweep: receipts named by their batch (`X1301112026000001….csv`). One that cannot be taken goes to
    `refused` with the reason beside it. Gives how many were taken."""
    if not settings.EXCHANGE_FOLDER:
        return 0
    folder = Path(settings.EXCHANGE_FOLDER)
    taken = 0
    for file in sorted((folder / "in").glob("X*")) if (folder / "in").is_dir() else []:
        if file.suffix.lower() not in ENDINGS or not file.is_file():
            continue
        try:
            _take(file, now=now)
        except ExchangeError as error:
            _move(file, folder / "refused")
            (folder / "refused" / f"{file.name}.txt").write_text(f"{error}\n", encoding="utf-8")
        else:
            _move(file, folder / "done")
            taken += 1
    return taken


def _take(file: Path, *, now: datetime) -> None:
    batch = ExchangeBatch.objects.filter(number=file.name[: len("X1301112026000001")]).first()
    if batch is None:
        raise ExchangeError(f"文件名 {file.name} 不以批次号开头，或者没有这个批次。")
    content = file.read_bytes()
    receipts.take_receipt(
        batch_id=batch.pk,
        answers=receipt_files.read_answers(file.name, content),
        raw=content,
        source=ExchangeReceipt.Source.FOLDER,
        actor=None,
        now=now,
    )


def _move(file: Path, to: Path) -> None:
    to.mkdir(parents=True, exist_ok=True)
    file.rename(to / file.name)
