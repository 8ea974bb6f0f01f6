"""Reading printed pages back: text, fonts, outlines, and what a phone's camera would see."""

import io
import re
from typing import Any

import pypdf
import pypdfium2
import zxingcpp
from fontTools.ttLib import TTFont

from tests.blank_papers import printed


def text_of(content: bytes) -> str:
    """All text of a PDF with white space taken out (lines of paper break anywhere)."""
    reader = pypdf.PdfReader(io.BytesIO(printed(content)))
    return re.sub(r"\s+", "", "".join(page.extract_text() for page in reader.pages))


def page_count(content: bytes) -> int:
    return len(pypdf.PdfReader(io.BytesIO(printed(content))).pages)


def _fonts(content: bytes) -> dict[str, Any]:
    reader = pypdf.PdfReader(io.BytesIO(printed(content)))
    found: dict[str, Any] = {}
    for page in reader.pages:
        for font in page["/Resources"]["/Font"].values():
            found[font.get_object()["/BaseFont"]] = font.get_object()
    return found


def embedded_fonts(content: bytes) -> list[str]:
    """Names of the fonts that a PDF uses; fails when one of them is not embedded."""
    names = []
    for name, font in _fonts(content).items():
        descriptor = font["/DescendantFonts"][0].get_object()["/FontDescriptor"]
        assert "/FontFile3" in descriptor, f"{name} is not embedded"
        names.append(name)
    return sorted(names)


def drawn_characters(content: bytes) -> dict[str, int]:
    """Characters that a PDF can show → length of the outline program that its embedded fonts draw for them."""
    drawn: dict[str, int] = {}
    for font in _fonts(content).values():
        descriptor = font["/DescendantFonts"][0].get_object()["/FontDescriptor"]
        face = TTFont(io.BytesIO(descriptor["/FontFile3"].get_object().get_data()))
        outlines = face["CFF "].cff.topDictIndex[0].CharStrings
        order = face.getGlyphOrder()
        for glyph, text in re.findall(rb"<([0-9a-f]{4})> <([0-9a-f]+)>", font["/ToUnicode"].get_data()):
            number = int(glyph, 16)
            character = bytes.fromhex(text.decode()).decode("utf-16-be")
            length = len(outlines[order[number]].bytecode) if 0 < number < len(order) else 0
            drawn[character] = max(drawn.get(character, 0), length)
    return drawn


def qr_texts(content: bytes) -> list[str]:
    """What the QR codes on the pages say, read from pictures of them at 150 dpi."""
    document = pypdfium2.PdfDocument(printed(content))
    try:
        pictures = [page.render(scale=150 / 72).to_pil() for page in document]
    finally:
        document.close()
    return [
        code.text
        for picture in pictures
        for code in zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)
    ]
