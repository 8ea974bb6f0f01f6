"""A file as an answer to a request, under its own name: shown in the browser or kept. That its type is not guessed at is said
for every answer (SECURE_CONTENT_TYPE_NOSNIFF)."""

from django.http import HttpResponse
from django.utils.http import content_disposition_header

PDF = "application/pdf"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def shown(content: bytes, name: str, content_type: str = PDF) -> HttpResponse:
    """For looking at; kept under `name`, should somebody save it."""
    return _answer(content, name, content_type, attachment=False)


def download(content: bytes, name: str, content_type: str = XLSX) -> HttpResponse:
    """For keeping."""
    return _answer(content, name, content_type, attachment=True)


def _answer(content: bytes, name: str, content_type: str, *, attachment: bool) -> HttpResponse:
    response = HttpResponse(content, content_type=content_type)
    # Without a name there is none to tell: just looked at, or just kept.
    response["Content-Disposition"] = content_disposition_header(attachment, name) or "inline"
    return response
