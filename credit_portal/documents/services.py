"""Storing and reading evidence. The content is sealed under its row's own uuid; the row says what it must hash to."""

import hashlib
import os
import re
import unicodedata
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages
from django.db import transaction

from credit_portal.audit import events
from credit_portal.documents.inspection import JPEG, PDF, PNG, EvidenceRefused, inspect
from credit_portal.documents.models import EvidenceFile
from credit_portal.registry.crypto import SealBroken, open_bytes, seal_bytes
from credit_portal.registry.models import Department, User

Kind = EvidenceFile.Kind

ALLOWED_TYPES = {
    Kind.SIGNATURE: frozenset({PNG}),
    Kind.PDF: frozenset({PDF}),
    Kind.DOCUMENT: frozenset({PDF, PNG, JPEG}),
    Kind.PAPER_SCAN: frozenset({PDF, PNG, JPEG}),
    Kind.AUTHORISATION: frozenset({PDF, PNG, JPEG}),
    Kind.IDENTITY: frozenset({PDF, PNG, JPEG}),
    Kind.SCREENSHOT: frozenset({PDF, PNG, JPEG}),
}

# A file is written before its row is committed; a younger one may belong to a transaction still running.
YOUNGEST_ORPHAN = timedelta(hours=1)


class EvidenceDamaged(Exception):
    """What is stored is not what was stored: missing, altered, or moved from another record."""


def _storage() -> Storage:
    return storages["evidence"]


def _associated(row_uuid: uuid.UUID) -> bytes:
    return f"evidence:{row_uuid}".encode()


def clean_name(name: str) -> str:
    """A file's own name without folders and control characters, 200 characters at most, its ending kept."""
    last = re.split(r"[\\/]", unicodedata.normalize("NFC", name))[-1]
    last = "".join(char for char in last if unicodedata.category(char)[0] != "C").strip()
    if len(last) <= 200:
        return last
    stem, dot, ending = last.rpartition(".")
    return stem[: 199 - len(ending)] + dot + ending if dot and len(ending) <= 10 else last[:200]


def store_evidence(
    *,
    content: bytes,
    kind: str,
    content_type: str,
    original_name: str,
    actor: User | None,
    department: Department | None,
    now: datetime,
) -> EvidenceFile:
    """Check, seal and keep a file; returns its row. Byte for byte, 10 MB at most.

    Raises EvidenceRefused (Chinese, names the kind of paper) for a file that is not what it should be,
    ValueError for an unknown kind. Source: S0 二（二）, S3 「一并保存」.
    """
    kind = Kind(kind)
    real_type = inspect(
        content, field=str(kind.label), claimed_type=content_type, allowed=ALLOWED_TYPES[kind]
    )
    return _keep(content, kind, real_type, original_name, actor=actor, department=department, now=now)


def store_looked_at(
    *,
    content: bytes,
    content_type: str,
    original_name: str,
    actor: User | None,
    department: Department | None,
    now: datetime,
) -> EvidenceFile:
    """Seal and keep a table or an archive that the intake has looked at (`documents/intake`); returns its row."""
    return _keep(
        content, Kind.DOCUMENT, content_type, original_name, actor=actor, department=department, now=now
    )


def _keep(
    content: bytes,
    kind: str,
    content_type: str,
    original_name: str,
    *,
    actor: User | None,
    department: Department | None,
    now: datetime,
) -> EvidenceFile:
    row = EvidenceFile(
        uuid=uuid.uuid4(),
        kind=kind,
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        content_type=content_type,
        original_name=clean_name(original_name),
        created_at=now,
        created_by=actor,
        department=department,
    )
    row.storage_name = f"{row.uuid.hex[:2]}/{row.uuid.hex}"
    storage = _storage()
    with transaction.atomic():
        sealed = seal_bytes(content, aad=_associated(row.uuid))
        stored = storage.save(row.storage_name, ContentFile(sealed))
        try:
            if stored != row.storage_name:
                raise EvidenceDamaged(f"存储中已有名为 {row.storage_name} 的文件。")
            _flush_to_disk(storage, stored)
            row.save(force_insert=True)
            events.evidence_stored(
                now=now,
                actor_id=actor.pk if actor else None,
                department_id=department.pk if department else None,
                evidence_id=row.pk,
                kind=str(kind),
                sha256=row.sha256,
            )
        except BaseException:
            storage.delete(stored)
            raise
    return row


def _flush_to_disk(storage: Storage, name: str) -> None:
    """The row will survive a power cut once committed; so must the file that it names."""
    try:
        path = storage.path(name)
    except NotImplementedError:
        return
    for target in (path, os.path.dirname(path)):
        handle = os.open(target, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def read_evidence(file: EvidenceFile) -> bytes:
    """The stored content, checked against the row's hash and size.

    Raises EvidenceDamaged when it is missing or altered. Whoever shows it to a person logs that read.
    """
    try:
        with _storage().open(file.storage_name, "rb") as stored:
            sealed = stored.read()
    except OSError as error:
        raise EvidenceDamaged(f"证据文件 {file.uuid} 的内容不在存储中。") from error
    try:
        content = open_bytes(sealed, aad=_associated(file.uuid))
    except SealBroken as error:
        raise EvidenceDamaged(f"证据文件 {file.uuid} 已被改动或无法解密。") from error
    if len(content) != file.size or hashlib.sha256(content).hexdigest() != file.sha256:
        raise EvidenceDamaged(f"证据文件 {file.uuid} 的内容与登记的校验值不符。")
    return content


def _stored_names(storage: Storage, folder: str = "") -> Iterator[str]:
    try:
        folders, files = storage.listdir(folder)
    except FileNotFoundError:
        return
    for name in sorted(files):
        yield f"{folder}/{name}" if folder else name
    for name in sorted(folders):
        yield from _stored_names(storage, f"{folder}/{name}" if folder else name)


def sweep_orphans(*, now: datetime, older_than: timedelta) -> list[str]:
    """Remove stored files that no row names and that are older than `older_than`; returns their names.

    They are left by transactions that were rolled back after the file was written. Raises ValueError for
    an age under one hour.
    """
    if older_than < YOUNGEST_ORPHAN:
        raise ValueError("清理的时限不能短于一小时：较新的文件可能属于尚未提交的事务。")
    storage = _storage()
    removed: list[str] = []
    batch: list[str] = []
    for name in _stored_names(storage):
        if now - storage.get_modified_time(name) > older_than:
            batch.append(name)
        if len(batch) == 1000:
            removed += _remove_unknown(storage, batch)
            batch = []
    return removed + _remove_unknown(storage, batch)


def _remove_unknown(storage: Storage, names: list[str]) -> list[str]:
    known = set(EvidenceFile.objects.filter(storage_name__in=names).values_list("storage_name", flat=True))
    unknown = [name for name in names if name not in known]
    for name in unknown:
        storage.delete(name)
    return unknown


__all__ = [
    "EvidenceDamaged",
    "EvidenceRefused",
    "clean_name",
    "read_evidence",
    "store_evidence",
    "sweep_orphans",
]
