"""A consent on paper: as a form that a subject signs at the window, and as a receipt of what it has agreed to."""

from datetime import date

from django.template.loader import render_to_string

from credit_portal.deadlines.articles import article_text
from credit_portal.documents.pdf import UnprintableText, render_pdf
from credit_portal.registry import codes
from verification.checking.handling import CheckError
from verification.models import Consent

from .exceptions import FORBIDDEN

TITLE = "信用信息提供同意书"
RECEIPT = "信用信息提供同意回执"


def to_sign(row: Consent, *, today: date) -> bytes:
    """What was typed at the window, to be read, signed and scanned. Raises CheckError where a character cannot be printed."""
    return _printed(row, TITLE, today)


def receipt(row: Consent, *, today: date) -> bytes:
    """What the subject has agreed to, and how it stands today."""
    return _printed(row, RECEIPT, today)


def _printed(row: Consent, title: str, today: date) -> bytes:
    subject = row.subject
    html = render_to_string(
        "verification/paper/consent.html",
        {
            "title": title, "consent": row, "subject": subject, "today": today,
            "code_label": "身份证号码" if subject.kind == codes.PERSON else "统一社会信用代码",
            "person_id": codes.mask_id_number(row.person_id) if row.person_id else "",
            "basis": article_text(FORBIDDEN.article) if FORBIDDEN.region in subject.region.lineage else "",
            "demonstration": row.is_demo,
        },
    )  # fmt: skip
    try:
        return render_pdf(html, identifier=row.uuid.bytes, title=f"{title} {row.number}".strip())
    except UnprintableText as error:
        raise CheckError(str(error)) from error
