"""What a signature pad may send, and what is kept of it."""

import base64
import io
import random

import pytest
from PIL import Image

from credit_portal.documents.inspection import EvidenceRefused
from credit_portal.documents.signatures import EMPTY, FRAME, signature_png_from_data_url
from tests.paper_samples import signature_png


def as_url(content: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def encoded(image: Image.Image, form: str = "PNG") -> bytes:
    out = io.BytesIO()
    image.save(out, form)
    return out.getvalue()


@pytest.mark.req("R34")
def test_a_drawn_signature_becomes_a_small_picture_of_black_on_white() -> None:
    kept = signature_png_from_data_url(as_url(signature_png((1600, 700))))
    with Image.open(io.BytesIO(kept)) as image:
        assert image.format == "PNG"
        assert image.mode == "L"
        assert image.width <= FRAME[0]
        assert image.height <= FRAME[1]
        assert image.getextrema()[0] < 100
        assert {image.getpixel((0, 0)), image.getpixel((image.width - 1, image.height - 1))} == {255}
        assert not image.info
    assert len(kept) < 20_000


def test_the_same_drawing_gives_the_same_bytes_and_metadata_make_no_difference() -> None:
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("Software", "某签名板")
    with Image.open(io.BytesIO(signature_png())) as image:
        out = io.BytesIO()
        image.save(out, "PNG", pnginfo=info, compress_level=1)
    assert signature_png_from_data_url(as_url(out.getvalue())) == signature_png_from_data_url(
        as_url(signature_png())
    )


def test_dark_blue_ink_counts() -> None:
    assert signature_png_from_data_url(as_url(signature_png(ink="#0f3566")))


def test_a_short_straight_stroke_counts() -> None:
    image = Image.new("RGBA", (400, 200), (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), (50, 100, 200, 106))
    assert signature_png_from_data_url(as_url(encoded(image)))


@pytest.mark.parametrize(
    "blank",
    [
        as_url(encoded(Image.new("RGBA", (600, 240), (0, 0, 0, 0)))),
        as_url(encoded(Image.new("RGB", (600, 240), "white"))),
        as_url(encoded(Image.new("RGB", (600, 240), "#eeeeee"))),
        as_url(signature_png(ink="white")),
        "",
        "  ",
    ],
    ids=["transparent", "white", "grey", "white ink", "nothing", "spaces"],
)
def test_a_signature_without_ink_is_refused_as_empty(blank: str) -> None:
    with pytest.raises(EvidenceRefused, match=EMPTY) as caught:
        signature_png_from_data_url(blank)
    assert caught.value.field == "手写签名"


def test_a_single_speck_is_not_a_signature() -> None:
    image = Image.new("L", (600, 240), 255)
    image.paste(0, (300, 100, 304, 104))
    with pytest.raises(EvidenceRefused, match=EMPTY):
        signature_png_from_data_url(as_url(encoded(image)))


def _noise() -> bytes:
    random.seed(7)
    return encoded(Image.frombytes("RGB", (500, 500), random.randbytes(750_000)))


GOOD = signature_png()


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        (as_url(GOOD, "image/jpeg"), "格式不对"),
        (as_url(GOOD, "image/svg+xml"), "格式不对"),
        ("data:image/png," + base64.b64encode(GOOD).decode(), "格式不对"),
        ("https://example.com/a.png", "格式不对"),
        ("file:///etc/hostname", "格式不对"),
        ("data:image/png;base64,!!!!", "没有完整送达"),
        ("data:image/png;base64,abcde", "没有完整送达"),
        (as_url(b"GIF89a" + GOOD), "格式不对"),
        (as_url(encoded(Image.new("RGB", (50, 50)), "JPEG")), "格式不对"),
        (as_url(GOOD[: len(GOOD) // 2]), "打不开"),
        (as_url(GOOD[:60] + b"\x00\x01\x02" + GOOD[63:]), "打不开"),
        (as_url(_noise()), "超过 500 KB"),
        ("data:image/png;base64," + "A" * 3_000_000, "超过 500 KB"),
        (as_url(encoded(Image.new("L", (9000, 9000), 255))), "太大"),
        (as_url(encoded(Image.new("L", (600, 240), 0))), "不是手写笔迹"),
    ],
)
def test_anything_else_is_refused_with_its_reason(url: str, reason: str) -> None:
    with pytest.raises(EvidenceRefused, match=reason):
        signature_png_from_data_url(url)
