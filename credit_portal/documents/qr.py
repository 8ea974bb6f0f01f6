"""二维码：内容相同则图形逐字节相同。"""

import io

import segno

# Four modules of white around the code are part of the standard; scanners at a counter rely on them.
QUIET_ZONE = 4


def _code(text: str) -> segno.QRCode:
    if not text:
        raise ValueError("二维码内容为空。")
    # Level M survives a fold or a stamp's edge; boost_error would make the size depend on spare room only.
    return segno.make_qr(text, error="m", boost_error=False)


def qr_svg(text: str) -> str:
    """A QR code as an SVG element for a page: black on white, sized by the page's own style sheet.

    Raises ValueError when the text is empty, segno.DataOverflowError when it is too long for any QR code.
    """
    return _code(text).svg_inline(
        border=QUIET_ZONE, dark="#000", light="#fff", omitsize=True, svgclass="qr", lineclass=None
    )


def qr_data_uri(text: str) -> str:
    """A QR code as a `data:image/svg+xml` address for paper. Raises as `qr_svg` does."""
    return _code(text).svg_data_uri(
        border=QUIET_ZONE, dark="#000", light="#fff", omitsize=True, svgclass=None, lineclass=None
    )


def qr_png(text: str, *, scale: int = 20) -> bytes:
    """A QR code as a PNG to be put on somebody's own poster; `scale`: pixels a module. Raises as `qr_svg` does."""
    out = io.BytesIO()
    _code(text).save(out, kind="png", border=QUIET_ZONE, scale=scale, dark="#000", light="#fff")
    return out.getvalue()
