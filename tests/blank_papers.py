"""Papers without their print: laying a page out takes a third of a second, and most tests look at everything but it.

What stands before the press stays as it is: the words of the paper and whether each of their characters can be printed.
Real paper is looked at where it matters: test_documents_*.py, test_signing.py, test_window_views.py, test_demo.py, the
journeys in the browser, and every file that reads a paper's text.
"""

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pydyf
import pytest
import weasyprint


class Blank:
    """In the place of `weasyprint.HTML`: one empty page; other words give other bytes, the same words the same."""

    def __init__(self, *, string: str, url_fetcher: Any) -> None:
        self.words = hashlib.sha256(string.encode())
        self.metadata = SimpleNamespace(title="")

    def render(self, *, font_config: Any, pdf_tags: bool) -> "Blank":
        return self

    def write_pdf(self, *, pdf_identifier: bytes, pdf_tags: bool) -> bytes:
        self.words.update(pdf_identifier)
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
