"""No request brings more than the portal wants to hold."""

import io

import pytest
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.test import Client

from commitments.forms import uploaded
from credit_portal.documents.inspection import MAX_BYTES
from credit_portal.documents.uploads import MOST_BYTES


@pytest.mark.parametrize(("size", "status"), [(MOST_BYTES - 10_000, 200), (MOST_BYTES + 10_000, 400)])
def test_a_stranger_cannot_fill_the_disk(db, monkeypatch, size, status):
    written: list[int] = []
    plain = TemporaryFileUploadHandler.receive_data_chunk
    monkeypatch.setattr(
        TemporaryFileUploadHandler,
        "receive_data_chunk",
        lambda self, data, start: written.append(len(data)) or plain(self, data, start),
    )
    paper = io.BytesIO(b"x" * size)
    paper.name = "x.pdf"
    answer = Client(enforce_csrf_checks=False).post("/accounts/login/", {"login": "x", "file": paper})
    assert answer.status_code == status
    assert bool(written) == (status == 200)


def test_of_a_scan_that_is_too_large_only_the_beginning_is_held():
    class Scan(io.BytesIO):
        content_type, name = "application/pdf", "x.pdf"

    content, _, _ = uploaded(Scan(b"%PDF-" + b"x" * (2 * MAX_BYTES)))
    assert len(content) == MAX_BYTES + 1
