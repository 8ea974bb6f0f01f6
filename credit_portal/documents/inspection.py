"""What an uploaded file really is. Pure: bytes in, a type or a Chinese refusal out.

Evidence is kept byte for byte, so nothing is cleaned: a file that is two things at once, hides a program
or cannot be opened is refused instead.
"""

import io
import math
import re
import struct
import warnings
import zipfile
import zlib

from PIL import Image

MAX_BYTES = 10 * 1024 * 1024
# A4 at 600 dpi has 35 million pixels; beyond this a small file may unpack to gigabytes.
MAX_PIXELS = 50_000_000

TOO_LARGE = "{size}超过 10 MB，请压缩或降低扫描分辨率。"

PNG, JPEG, PDF = "image/png", "image/jpeg", "application/pdf"
LABELS = {PNG: "PNG 图片", JPEG: "JPEG 图片", PDF: "PDF 文件"}
ALIASES = {"image/jpg": JPEG, "image/pjpeg": JPEG, "image/x-png": PNG, "application/x-pdf": PDF}
# What browsers and scanners send when they do not know.
UNSAID = {"", "application/octet-stream", "binary/octet-stream"}

PNG_HEAD = b"\x89PNG\r\n\x1a\n"
# How the pictures begin that iPhones (HEIC) and newer Android telephones (HEIF, AVIF) take by default: a box «ftyp» with a brand.
_HEIF_BRANDS = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis"}
)
HEIC = (
    "这是 HEIC 格式的照片，不能接受。iPhone 请打开“设置→相机→格式”，选择“兼容性最佳”后重新拍摄，"
    "或者把照片截屏后上传截屏；其他手机请在相机设置里关闭“高效格式”。"
)
_FOREIGN = re.compile(rb"%PDF-|<script|<iframe|<!doctype|<html|<\?php", re.IGNORECASE)
_FOREIGN_IN_PDF = re.compile(rb"<script|<iframe|<!doctype html|<html|<\?php", re.IGNORECASE)
_ACTIVE_PDF = re.compile(rb"/(JavaScript|Launch|EmbeddedFiles?|RichMedia)\b")


class EvidenceRefused(ValueError):
    """A file is not accepted as evidence. `field`: the name of the field on the form; the text is for people."""

    def __init__(self, field: str, reason: str) -> None:
        self.field = field
        self.reason = reason
        super().__init__(f"{field}：{reason}")


def megabytes(size: int) -> str:
    """A number of bytes in MB, rounded up: what is larger than a limit never reads like the limit."""
    return f"{math.ceil(10 * size / 1024 / 1024) / 10:.1f} MB"


def inspect(content: bytes, *, field: str, claimed_type: str = "", allowed: frozenset[str]) -> str:
    """Return the real type of a file (PNG, JPEG or PDF) or raise EvidenceRefused, naming the field.

    `claimed_type` is what the sender said (may be empty); one that contradicts the content is refused.
    """
    if not content:
        raise EvidenceRefused(field, "文件是空的，请重新选择。")
    if len(content) > MAX_BYTES:
        # Whoever read it stopped here: how large it really is, only the upload knows (`fields.look_at`).
        raise EvidenceRefused(field, TOO_LARGE.format(size="文件"))
    found = _sniff(content)
    if found is None and content[4:8] == b"ftyp" and content[8:12] in _HEIF_BRANDS:
        raise EvidenceRefused(field, HEIC)
    if found is None:
        raise EvidenceRefused(field, "只接受 PNG、JPEG 图片或 PDF 文件，这个文件不是其中任何一种。")
    claimed = claimed_type.split(";")[0].strip().lower()
    claimed = ALIASES.get(claimed, claimed)
    if claimed not in UNSAID and claimed != found:
        raise EvidenceRefused(field, f"文件内容是 {LABELS[found]}，与声明的类型“{claimed}”不符。")
    if found not in allowed:
        wanted = "、".join(LABELS[kind] for kind in LABELS if kind in allowed)
        raise EvidenceRefused(field, f"这里需要{wanted}，这个文件是 {LABELS[found]}。")
    if zipfile.is_zipfile(io.BytesIO(content)):
        raise EvidenceRefused(field, "文件里夹带了压缩包，不能作为证据。")
    if found == PDF:
        _check_pdf(content, field)
    else:
        _check_image(content, found, field)
    return found


def _sniff(content: bytes) -> str | None:
    if content.startswith(PNG_HEAD):
        return PNG
    if content.startswith(b"\xff\xd8\xff"):
        return JPEG
    if content.startswith(b"%PDF-"):
        return PDF
    return None


def _check_pdf(content: bytes, field: str) -> None:
    if b"%%EOF" not in content[-1024:]:
        raise EvidenceRefused(field, "PDF 文件不完整（没有结尾），请重新扫描或导出。")
    if b"/Encrypt" in content:
        raise EvidenceRefused(field, "PDF 文件加了密码或权限限制，请提供未加密的文件。")
    if _FOREIGN_IN_PDF.search(content[:1024]) or _FOREIGN_IN_PDF.search(content[-1024:]):
        raise EvidenceRefused(field, "PDF 文件里夹带了网页内容，不能作为证据。")
    if _ACTIVE_PDF.search(content):
        raise EvidenceRefused(field, "PDF 文件里含有脚本或附件，请打印成不含脚本的 PDF 后再提交。")


def _check_image(content: bytes, found: str, field: str) -> None:
    if _FOREIGN.search(content):
        raise EvidenceRefused(field, "图片里夹带了其他内容，不能作为证据。")
    if found == PNG and not _ends_after_iend(content):
        raise EvidenceRefused(field, "图片不完整或结尾之后还有其他内容，请重新保存后再提交。")
    open_image(content, field=field).close()


def open_image(content: bytes, *, field: str, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Decode a PNG or JPEG wholly, or raise EvidenceRefused: too many pixels, broken, another format."""
    try:
        with warnings.catch_warnings():
            # The limit below is ours; Pillow's own warning would come first for pictures in between.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as probe:
                width, height = probe.size
                if width * height > max_pixels:
                    raise EvidenceRefused(field, f"图片有 {width}×{height} 像素，太大了，请降低扫描分辨率。")
                if getattr(probe, "n_frames", 1) > 1 and probe.format == "PNG":
                    raise EvidenceRefused(field, "图片是动画，请提交静止的图片。")
                probe.verify()
            image = Image.open(io.BytesIO(content), formats=("PNG", "JPEG"))
            image.load()
    except EvidenceRefused:
        raise
    except Image.DecompressionBombError as error:
        raise EvidenceRefused(field, "图片的像素太多，图片太大了，请降低扫描分辨率。") from error
    except (OSError, SyntaxError, ValueError, struct.error, zlib.error) as error:
        raise EvidenceRefused(field, "图片打不开，可能已损坏，请重新扫描或拍摄。") from error
    return image


def _ends_after_iend(content: bytes) -> bool:
    """Whether a PNG's chunks follow one another to IEND and nothing comes after."""
    position = len(PNG_HEAD)
    while position + 12 <= len(content):
        (length,) = struct.unpack(">I", content[position : position + 4])
        kind = content[position + 4 : position + 8]
        position += 12 + length
        if kind == b"IEND":
            return position == len(content)
    return False
