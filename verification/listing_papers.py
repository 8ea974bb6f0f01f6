"""The papers of a listing's procedure: the notice before, and the decision (S4 8, R78)."""

from datetime import datetime

from django.conf import settings
from django.template.loader import render_to_string

from credit_portal.audit.clock import local_date
from credit_portal.documents.models import EvidenceFile
from credit_portal.documents.pdf import render_pdf
from credit_portal.documents.services import store_evidence
from credit_portal.registry import codes
from credit_portal.registry.models import User

from . import listing_grounds
from .listing_effects import in_words, measures_of
from .models import Listing


def keep(row: Listing, paper: str, title: str, *, actor: User | None, now: datetime) -> EvidenceFile:
    """Make a paper, `notice` or `decision`, and keep it as evidence."""
    subject = row.subject
    html = render_to_string(
        "verification/paper/listing.html",
        {
            "listing": row,
            "title": title,
            "paper": paper,
            "grounds": listing_grounds.shown(row, local_date(now)),
            "measures": [in_words(one) for one in measures_of(row, local_date(now))],
            "code": subject.uscc or codes.mask_id_number(subject.id_number),
            "department": row.department,
            "own_page": f"{settings.SITE['address']}/me/listings/",
            "length": len(row.statement_days),
            "demonstration": row.is_demo,
        },
    )
    return store_evidence(
        content=render_pdf(html, identifier=f"{row.number} {paper}".encode(), title=f"{title} {row.number}"),
        kind=EvidenceFile.Kind.PDF,
        content_type="application/pdf",
        original_name=f"{title} {row.number}.pdf",
        actor=actor,
        department=row.department,
        now=now,
    )
