"""Evidence: only what it claims to be, sealed at rest, read back only if unaltered, no orphans."""

import hashlib
import io
import os
import struct
import zipfile
import zlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.sites import site
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import RequestFactory
from PIL import Image

from credit_portal.audit import clock
from credit_portal.audit.models import AuditEvent
from credit_portal.documents import inspection
from credit_portal.documents.models import EvidenceFile
from credit_portal.documents.services import (
    EvidenceDamaged,
    EvidenceRefused,
    clean_name,
    read_evidence,
    store_evidence,
    sweep_orphans,
)
from tests import factories
from tests.paper_samples import NOW, signature_png

PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"


def picture(form: str, size: tuple[int, int] = (80, 60), **options: Any) -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(out, form, **options)
    return out.getvalue()


PNG, JPEG = picture("PNG"), picture("JPEG")


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.txt", "hidden")
    return out.getvalue()


def store(content: bytes = PNG, **changes: Any) -> EvidenceFile:
    values: dict[str, Any] = {
        "content": content,
        "kind": "screenshot",
        "content_type": "",
        "original_name": "查询截图.png",
        "actor": None,
        "department": None,
        "now": NOW,
        **changes,
    }
    return store_evidence(**values)


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    """An evidence store of the test's own: others of the same run have left their files in theirs."""
    root = tmp_path / "evidence"
    root.mkdir()
    settings.STORAGES = settings.STORAGES | {
        "evidence": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": root},
        }
    }
    return root


@pytest.mark.django_db
@pytest.mark.req("R51", "R52")
@pytest.mark.parametrize(
    ("content", "kind", "found"),
    [
        (PNG, "screenshot", "image/png"),
        (JPEG, "paper_scan", "image/jpeg"),
        (PDF, "authorisation", "application/pdf"),
        (PDF, "pdf", "application/pdf"),
        (signature_png(), "signature", "image/png"),
    ],
)
def test_what_is_stored_is_read_back_byte_for_byte(
    folder: Path, content: bytes, kind: str, found: str
) -> None:
    department = factories.department()
    actor = factories.staff(department=department)
    row = store(content, kind=kind, actor=actor, department=department)
    row.refresh_from_db()
    assert read_evidence(row) == content
    assert (row.sha256, row.size) == (hashlib.sha256(content).hexdigest(), len(content))
    assert (row.content_type, row.created_at, row.created_by, row.department) == (
        found,
        NOW,
        actor,
        department,
    )
    event = AuditEvent.objects.get(verb="evidence.stored")
    assert (event.target_id, event.facts["sha256"]) == (str(row.pk), row.sha256)


@pytest.mark.django_db
@pytest.mark.req("R114")
def test_nothing_readable_lies_on_the_disk_nor_in_its_names(folder: Path) -> None:
    row = store(PNG)
    stored = (folder / row.storage_name).read_bytes()
    assert stored.startswith(b"s1.")
    assert PNG[8:40] not in stored
    assert row.sha256 not in row.storage_name
    assert row.storage_name == f"{row.uuid.hex[:2]}/{row.uuid.hex}"


@pytest.mark.django_db
def test_the_same_file_twice_is_two_records_with_one_hash(folder: Path) -> None:
    first, second = store(PNG), store(PNG)
    assert first.sha256 == second.sha256
    assert first.storage_name != second.storage_name
    assert (folder / first.storage_name).read_bytes() != (folder / second.storage_name).read_bytes()


def _flip(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


@pytest.mark.django_db
@pytest.mark.req("R116")
@pytest.mark.parametrize("harm", [_flip, lambda b: b[:-1], lambda b: b + b"x", lambda b: b"", lambda b: PNG])
def test_altered_content_is_never_handed_out(folder: Path, harm: Any) -> None:
    row = store(PNG)
    path = folder / row.storage_name
    path.write_bytes(harm(path.read_bytes()))
    with pytest.raises(EvidenceDamaged):
        read_evidence(row)


@pytest.mark.django_db
def test_content_moved_from_another_record_or_missing_is_damaged(folder: Path) -> None:
    first, second = store(PNG), store(JPEG)
    (folder / first.storage_name).write_bytes((folder / second.storage_name).read_bytes())
    with pytest.raises(EvidenceDamaged, match="改动"):
        read_evidence(first)
    (folder / second.storage_name).unlink()
    with pytest.raises(EvidenceDamaged, match="不在存储中"):
        read_evidence(second)


@pytest.mark.django_db
@pytest.mark.parametrize(("column", "value"), [("sha256", "0" * 64), ("size", 1)])
def test_a_row_that_says_otherwise_is_damage_too(folder: Path, column: str, value: Any) -> None:
    row = store(PNG)
    setattr(row, column, value)
    with pytest.raises(EvidenceDamaged, match="校验值不符"):
        read_evidence(row)


def _png_with_ratio_bomb(side: int) -> bytes:
    """A PNG of a few kB that says it is a square of so many pixels a side."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return (
        inspection.PNG_HEAD
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1_000_000))
        + chunk(b"IEND", b"")
    )


def _gif() -> bytes:
    return picture("GIF")


def _animated() -> bytes:
    frames = [Image.new("L", (20, 20), shade) for shade in (0, 128, 255)]
    out = io.BytesIO()
    frames[0].save(out, "PNG", save_all=True, append_images=frames[1:])
    return out.getvalue()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "changes", "reason"),
    [
        (b"", {}, "文件是空的"),
        (PNG + b"\0" * (10 * 1024 * 1024), {}, "超过 10 MB"),
        (b"hello", {}, "只接受 PNG、JPEG 图片或 PDF"),
        (_gif(), {"content_type": "image/png"}, "只接受 PNG"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", {"content_type": "image/heic"}, "设置→相机→格式"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1heic", {"content_type": ""}, "截屏"),
        (b"MZ" + PNG, {"content_type": "image/png"}, "只接受 PNG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", {"content_type": "image/svg+xml"}, "只接受 PNG"),
        (PNG, {"content_type": "image/jpeg"}, "与声明的类型“image/jpeg”不符"),
        (PDF, {"content_type": "image/png"}, "不符"),
        (PNG, {"content_type": "text/html"}, "不符"),
        (JPEG, {"kind": "signature"}, "这里需要PNG 图片"),
        (PNG, {"kind": "pdf"}, "这里需要PDF 文件"),
        (PNG[:-20], {}, "不完整"),
        (PNG + b"tail", {}, "结尾之后还有其他内容"),
        (PNG + PDF, {}, "夹带"),
        (PNG + zipped(), {}, "压缩包"),
        (JPEG + zipped(), {}, "压缩包"),
        (PDF + zipped(), {}, "压缩包"),
        (JPEG + b"<script>alert(1)</script>", {}, "夹带"),
        (JPEG[:200], {}, "打不开"),
        (JPEG[:2] + b"\xff" + b"\x00" * 400, {}, "打不开"),
        (PNG[:40] + b"\x00\x00\x00" + PNG[43:], {}, "打不开"),
        (_png_with_ratio_bomb(40_000), {}, "太大了"),
        (_png_with_ratio_bomb(8_000), {}, "8000×8000 像素，太大了"),
        (_animated(), {}, "动画"),
        (PDF[:-8], {}, "没有结尾"),
        (PDF.replace(b"/Type", b"/Encrypt 2 0 R /Type"), {}, "加了密码"),
        (PDF.replace(b"/Type", b"/OpenAction << /S /JavaScript /JS (x) >> /Type"), {}, "脚本"),
        (PDF.replace(b"/Type", b"/Names << /EmbeddedFiles 3 0 R >> /Type"), {}, "附件"),
        (PDF.replace(b"\n1 0", b"\n<html><script>1</script>\n1 0"), {}, "网页内容"),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_refused_with_its_reason(
    folder: Path, content: bytes, changes: dict[str, Any], reason: str
) -> None:
    before = set(folder.rglob("*"))
    with pytest.raises(EvidenceRefused, match=reason) as caught:
        store(content, **changes)
    assert caught.value.field == EvidenceFile.Kind(changes.get("kind", "screenshot")).label
    assert str(caught.value).startswith(caught.value.field)
    assert not EvidenceFile.objects.exists()
    assert set(folder.rglob("*")) == before


@pytest.mark.django_db
@pytest.mark.parametrize("said", ["image/jpg", "IMAGE/JPEG; charset=binary", "application/octet-stream", ""])
def test_what_browsers_and_scanners_say_of_a_jpeg_is_accepted(folder: Path, said: str) -> None:
    assert store(JPEG, content_type=said).content_type == "image/jpeg"


@pytest.mark.django_db
def test_a_photograph_keeps_its_exif_as_taken(folder: Path) -> None:
    exif = Image.Exif()
    exif[0x010F] = "某相机"
    content = picture("JPEG", exif=exif)
    assert read_evidence(store(content)) == content


@pytest.mark.django_db
def test_an_a4_scan_at_600_dpi_is_accepted(folder: Path) -> None:
    out = io.BytesIO()
    Image.new("1", (4960, 7016), 1).save(out, "PNG", dpi=(600, 600))
    assert store(out.getvalue()).size == len(out.getvalue())


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("C:\\扫描\\授权书.pdf", "授权书.pdf"),
        ("../../etc/passwd", "passwd"),
        ("a\0b\n.png", "ab.png"),
        ("", ""),
        ("长" * 300 + ".pdf", "长" * 196 + ".pdf"),
        ("长" * 300, "长" * 200),
    ],
)
def test_names_are_kept_without_folders_and_controls(name: str, kept: str) -> None:
    assert clean_name(name) == kept


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_transaction_leaves_an_orphan_that_the_sweep_removes_later(folder: Path) -> None:
    kept = store(PNG)
    with pytest.raises(RuntimeError), transaction.atomic():
        lost = store(JPEG)
        raise RuntimeError
    assert (folder / lost.storage_name).exists()
    assert sweep_orphans(now=clock.now(), older_than=timedelta(hours=1)) == []
    later = clock.now() + timedelta(hours=2)
    assert sweep_orphans(now=later, older_than=timedelta(hours=1)) == [lost.storage_name]
    assert not (folder / lost.storage_name).exists()
    assert read_evidence(kept) == PNG
    assert sweep_orphans(now=later, older_than=timedelta(hours=1)) == []


@pytest.mark.django_db
def test_the_sweep_never_touches_what_a_running_transaction_may_have_written() -> None:
    with pytest.raises(ValueError, match="不能短于一小时"):
        sweep_orphans(now=NOW, older_than=timedelta(minutes=59))
    with pytest.raises(CommandError, match="不能短于一小时"):
        call_command("sweep_evidence", older_than_hours=0.5)


@pytest.mark.django_db
def test_the_command_removes_old_orphans_and_says_how_many(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = store(PNG)
    name = storages["evidence"].save("zz/orphan", ContentFile(b"s1.x"))
    for path in (folder / name, folder / kept.storage_name):
        os.utime(path, (1_600_000_000, 1_600_000_000))
    call_command("sweep_evidence")
    assert "已清理 1 个无主文件" in capsys.readouterr().out
    assert not (folder / name).exists()
    assert read_evidence(kept) == PNG


@pytest.mark.django_db
def test_if_the_row_cannot_be_written_the_file_is_gone_at_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path for path in folder.rglob("*") if path.is_file()}

    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(EvidenceFile, "save", fail)
    with pytest.raises(RuntimeError):
        store(PNG)
    assert {path for path in folder.rglob("*") if path.is_file()} == before


@pytest.mark.django_db
def test_the_admin_shows_metadata_of_visible_departments_and_changes_nothing(folder: Path) -> None:
    mine, other = factories.department(), factories.department()
    clerk = factories.staff(department=mine)
    own = store(PNG, department=mine)
    store(JPEG, department=other)
    admin = site._registry[EvidenceFile]
    request = RequestFactory().get("/admin/")
    request.user = clerk
    assert list(admin.get_queryset(request)) == [own]
    assert not admin.has_add_permission(request)
    assert not admin.has_change_permission(request, own)
    assert not admin.has_delete_permission(request, own)
    shown = [str(value) for section in admin.sections(request, own) for _, value in section.rows]
    assert any(own.sha256 in value for value in shown)
    assert not any(own.storage_name in value for value in shown)
