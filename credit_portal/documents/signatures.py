"""手写签名：把签名板送来的图像变成小而固定的 PNG。Pure."""

import base64
import binascii
import io

from PIL import Image, ImageOps

from credit_portal.documents.inspection import PNG_HEAD, EvidenceRefused, open_image

FIELD = "手写签名"
EMPTY = "签名为空，请签名。"
MAX_BYTES = 500 * 1024
MAX_PIXELS = 8_000_000
PREFIX = "data:image/png;base64,"

# A grey below this is ink. Pads draw black on nothing; soft edges stay above it.
INK_BELOW = 160
# Fewer dark pixels than a dot of the pen leaves are an accident, not a signature.
LEAST_INK = 40
# No handwriting covers half of its own frame.
MOST_INK_SHARE = 0.5
FRAME = (720, 280)
MARGIN = 12


def signature_png_from_data_url(data_url: str) -> bytes:
    """Turn a signature pad's `data:image/png;base64,…` (500 KB at most) into a small PNG, black on white.

    The same picture gives the same bytes. Raises EvidenceRefused: not such an address, too large, broken,
    without ink (「签名为空」) or all ink.
    """
    text = data_url.strip()
    if not text:
        raise EvidenceRefused(FIELD, EMPTY)
    if not text.startswith(PREFIX):
        raise EvidenceRefused(FIELD, "签名图像的格式不对，请重新签名。")
    encoded = text[len(PREFIX) :]
    if len(encoded) > MAX_BYTES * 4 // 3 + 4:
        raise EvidenceRefused(FIELD, "签名图像超过 500 KB，请清除后重新签名。")
    try:
        content = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise EvidenceRefused(FIELD, "签名图像没有完整送达，请重新签名。") from error
    if len(content) > MAX_BYTES:
        raise EvidenceRefused(FIELD, "签名图像超过 500 KB，请清除后重新签名。")
    if not content.startswith(PNG_HEAD):
        raise EvidenceRefused(FIELD, "签名图像的格式不对，请重新签名。")
    with open_image(content, field=FIELD, max_pixels=MAX_PIXELS) as picture:
        return _flat(picture)


def _flat(picture: Image.Image) -> bytes:
    """Ink on white, cropped to the ink, fitted into the frame, in sixteen greys, without any metadata."""
    rgba = picture.convert("RGBA")
    paper = Image.new("RGBA", rgba.size, "white")
    grey = Image.alpha_composite(paper, rgba).convert("L")
    ink = grey.point(lambda value: 255 if value < INK_BELOW else 0)
    amount = ink.histogram()[255]
    if amount < LEAST_INK:
        raise EvidenceRefused(FIELD, EMPTY)
    box = ink.getbbox()
    if box is None:
        raise EvidenceRefused(FIELD, EMPTY)
    left, top, right, bottom = box
    area = (right - left) * (bottom - top)
    # A short straight stroke fills its own narrow box, so only a large filled box is no handwriting.
    if amount > MOST_INK_SHARE * area and min(right - left, bottom - top) > 40:
        raise EvidenceRefused(FIELD, "签名图像不是手写笔迹，请清除后重新签名。")
    cropped = grey.crop((max(left - 2, 0), max(top - 2, 0), right + 2, bottom + 2))
    cropped.thumbnail((FRAME[0] - 2 * MARGIN, FRAME[1] - 2 * MARGIN), Image.Resampling.LANCZOS)
    flat = ImageOps.expand(cropped, MARGIN, 255).point(lambda value: round(value / 17) * 17)
    out = io.BytesIO()
    Image.frombytes("L", flat.size, flat.tobytes()).save(out, "PNG", optimize=True)
    return out.getvalue()
