"""Photographs taken on the telephone: of the signed paper and of materials. Sent once or five times, each is there once;
taken away again it is not used (R34)."""

import hashlib
import uuid
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from commitments.concluding import Upload
from commitments.draft_steps import WITH_SUBJECT, DraftError, locked, save
from commitments.models import Draft, DraftPhoto
from credit_portal.audit import events
from credit_portal.audit.clock import SHANGHAI
from credit_portal.documents.inspection import EvidenceRefused
from credit_portal.documents.models import EvidenceFile
from credit_portal.documents.services import store_evidence
from credit_portal.registry.models import SubjectAccess

Kind = DraftPhoto.Kind
MOST = 9
EVIDENCE = {Kind.PAPER: EvidenceFile.Kind.PAPER_SCAN, Kind.MATERIAL: EvidenceFile.Kind.DOCUMENT}
# How the two formats of newer telephones begin, after the four bytes that say how long the box is.
HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif")
HEIC = (
    "这是 HEIC 格式的照片，窗口的电脑打不开。请在手机“设置—相机—格式”里选“兼容性最佳”以后重拍，"
    "或者打开照片截屏，上传截屏。"
)

SAME = "这张照片 {at:%H:%M} 已经上传过（“{name}”），没有再存一张。要改名称的，先移除，再上传。"


def is_heic(content: bytes) -> bool:
    return content[4:8] == b"ftyp" and content[8:12] in HEIC_BRANDS


@transaction.atomic
def add(
    *,
    draft_id: uuid.UUID,
    access: SubjectAccess,
    kind: str,
    key: uuid.UUID,
    upload: Upload,
    name: str = "",
    now: datetime,
) -> DraftPhoto:
    """Keep a photograph. `key`, made by the page for each, and the picture itself have it happen once: sent again, or
    chosen anew (`known_before`), the one that is there is given. Raises DraftError (`photo`, `name`) and EvidenceRefused, both naming the file."""
    draft = locked(draft_id, access)
    if kind not in Kind.values:
        raise DraftError("没有这种照片。", field="photo")
    known = DraftPhoto.objects.filter(key=key).first()
    if known is not None:
        if known.draft_id != draft.pk:
            raise DraftError("这张照片的编号已经用过，请刷新页面再传。", field="photo")
        return known
    if draft.step not in WITH_SUBJECT:
        raise DraftError(f"草稿现为“{draft.get_step_display()}”，不能再传照片。", field="photo")
    if len(name) > 60:
        raise DraftError(f"材料名称最多 60 个字，现为 {len(name)} 个字。", field="name")
    if is_heic(upload.content):
        raise EvidenceRefused(str(Kind(kind).label), HEIC)
    sha256 = hashlib.sha256(upload.content).hexdigest()
    same = shown(draft).filter(kind=kind, sha256=sha256).first()
    if same is not None:
        return same
    if shown(draft).count() >= MOST:
        raise DraftError(f"最多 {MOST} 张照片，请先移除不用的。", field="photo")
    file = store_evidence(
        content=upload.content,
        kind=EVIDENCE[Kind(kind)],
        content_type=upload.content_type,
        original_name=upload.name,
        actor=None,
        department=draft.department,
        now=now,
    )
    photo = DraftPhoto.objects.create(
        draft=draft,
        kind=kind,
        name=name.replace("\0", "").strip(),
        file=file,
        sha256=sha256,
        key=key,
        added_at=now,
        access=access,
    )
    save(draft, now)
    _tell(draft, access, "added", sha256, now)
    return photo


def known_before(photo: DraftPhoto, key: uuid.UUID) -> str:
    """What is said where a picture had come already, by another sending than `key`; empty: it is the one just sent."""
    return "" if photo.key == key else SAME.format(name=photo, at=photo.added_at.astimezone(SHANGHAI))


@transaction.atomic
def remove(*, draft_id: uuid.UUID, access: SubjectAccess, photo_id: int, now: datetime) -> None:
    """Take one away, until it is signed. Asked twice, or for one that is not there, nothing happens."""
    draft = locked(draft_id, access)
    if draft.step not in WITH_SUBJECT:
        raise DraftError(f"草稿现为“{draft.get_step_display()}”，照片不能再移除。", field="photo")
    photo = shown(draft).filter(pk=photo_id).first()
    if photo is None:
        return
    photo.removed_at = now
    photo.save(update_fields=["removed_at"])
    save(draft, now)
    _tell(draft, access, "removed", photo.sha256, now)


def shown(draft: Draft) -> QuerySet[DraftPhoto]:
    """Those that have not been taken away."""
    return draft.photos.filter(removed_at=None).select_related("file")


def paper_of(draft: Draft) -> DraftPhoto | None:
    """The photograph of the signed paper: the last one taken."""
    return shown(draft).filter(kind=Kind.PAPER).order_by("-pk").first()


def _tell(draft: Draft, access: SubjectAccess, deed: str, sha256: str, now: datetime) -> None:
    events.draft_photo(
        now=now,
        access_id=access.pk,
        department_id=draft.department_id,
        draft_id=str(draft.pk),
        deed=deed,
        sha256=sha256,
    )
