"""Papers that are printed when somebody looks at them: laying a page out takes a third of a second, and most tests look at
everything but it.

What stands before the press stays as it is: the words of the paper and whether each of their characters can be printed.
`paper_reading.py` has a paper printed before it reads it. Files in PRINTED, and the journeys in the browser, look at the
printing itself: theirs are real from the start.
"""

import hashlib
import io
import re
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, ClassVar

import pydyf
import pytest
import weasyprint

from credit_portal.documents.pdf import render_pdf

PRINTED = {
    "test_documents_fonts", "test_documents_paper", "test_documents_pdf",
}  # fmt: skip
PRESS = weasyprint.HTML
# What stands on the empty page → what is to be printed there. A file's papers are forgotten with it.
waiting: dict[str, tuple[str, bytes, str]] = {}


class Blank:
    """In the place of `weasyprint.HTML`: one empty page; other words give other bytes, the same words the same.
    `printed`: the pages of the last papers, for whoever looks at what would have been printed."""

    printed: ClassVar[deque[str]] = deque(maxlen=10)

    def __init__(self, *, string: str, url_fetcher: Any) -> None:
        self.string = string
        self.printed.append(string)
        self.words = hashlib.sha256(string.encode())
        self.metadata = SimpleNamespace(title="")

    def render(self, *, font_config: Any, pdf_tags: bool) -> "Blank":
        return self

    def write_pdf(self, *, pdf_identifier: bytes, pdf_tags: bool) -> bytes:
        self.words.update(pdf_identifier)
        waiting[self.words.hexdigest()] = (self.string, pdf_identifier, self.metadata.title)
        paper = pydyf.PDF()
        paper.add_page(pydyf.Dictionary({
            "Type": "/Page", "Parent": paper.pages.reference, "MediaBox": pydyf.Array([0, 0, 595, 842]),
        }))  # fmt: skip
        paper.info["Title"] = pydyf.String(self.metadata.title)
        paper.info["Subject"] = pydyf.String(self.words.hexdigest())
        written = io.BytesIO()
        paper.write(written)
        return written.getvalue()


@contextmanager
def blank() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(weasyprint, "HTML", Blank)
        yield
    waiting.clear()


def printed(content: bytes) -> bytes:
    """The paper as the press would have given it; one that is printed already comes back as it is."""
    subject = re.search(rb"/Subject \(([0-9a-f]{64})\)", content)
    if subject is None or (html := waiting.get(subject[1].decode())) is None:
        return content
    string, identifier, title = html
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(weasyprint, "HTML", PRESS)
        return render_pdf(string, identifier=identifier, title=title)
