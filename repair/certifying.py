"""The certificate that a publication has ended: who, which record, when, where was looked and what was seen, who had it
before and has or has not confirmed (R99). Issued once for a proof; what is confirmed later stands on its verify page.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string

from commitments.papers import code_label, verify_url
from credit_portal.audit.clock import local_date
from credit_portal.documents.models import EvidenceFile
from credit_portal.documents.pdf import render_pdf
from credit_portal.documents.qr import qr_data_uri
from credit_portal.documents.services import store_evidence
from credit_portal.registry import codes, numbering

from . import recipients
from .models import SurfaceLook, UnpublicationProof

TITLE = "停止公示证明"
LETTER = "S"


def about(proof: UnpublicationProof) -> dict[str, str]:
    """What has ended and why, in words: `title`, `document_no`, `reason`."""
    entry = None
    if proof.application is not None:
        entry = proof.application.entry
    if proof.publication is not None:
        case = proof.publication.case
        what, number = "违诺认定", case.document_no
    elif proof.act is not None:
        what, number = proof.act.document_name, proof.act.document_no
    else:
        what, number = (entry.title, entry.document_no) if entry is not None else ("", "")
    if proof.application is not None:
        reason = f"已修复（决定编号 {proof.application.number}）"
    else:
        ended = proof.publication or proof.act
        reason = str(ended.get_ending_display()) if ended is not None else ""
    return {"title": what, "document_no": number, "reason": reason}


def issue(proof: UnpublicationProof, looks: list[SurfaceLook], *, now: datetime) -> None:
    """Make, number and keep the certificate of a proof that has passed and is locked by the caller. Not saved here."""
    today = local_date(now)
    proof.number = numbering.document_number(LETTER, proof.region_id, today.year)
    proof.issued_at, proof.verify_token = now, secrets.token_urlsafe(16)
    recipients.tell(proof, now=now)
    paper = certificate_pdf(proof, looks)
    proof.document = store_evidence(
        content=paper,
        kind=EvidenceFile.Kind.PDF,
        content_type="application/pdf",
        original_name=f"{TITLE} {proof.number}.pdf",
        actor=None,
        department=proof.department,
        now=now,
    )
    proof.document_sha256 = proof.document.sha256


def certificate_pdf(proof: UnpublicationProof, looks: list[SurfaceLook]) -> bytes:
    """The certificate as it is on the day of its issue."""
    subject, application = proof.subject, proof.application
    person = subject.kind == codes.PERSON
    address = verify_url(proof.verify_token or "")
    inside = settings.SITE["address"] != settings.PROOF_URL
    ended = proof.publication or proof.act
    context: dict[str, Any] = {
        "title": TITLE,
        "proof": proof,
        "about": about(proof),
        "subject_name": subject.name,
        "subject_code_label": code_label(subject.kind),
        "subject_code_shown": codes.mask_id_number(subject.id_number) if person else subject.uscc,
        "repaired_at": application.effective_at if application is not None else None,
        "ended_at": ended.ended_at if ended is not None and ended.ended_at else proof.wanted_at,
        "was_public": bool(ended is not None and ended.public_from),
        "looks": looks,
        "site": looks[0].site if looks else "",
        "inside": settings.PROOF_URL if inside else "",
        "recipients": recipients.recipients_of(proof),
        "readers": recipients.READERS,
        "verify_url": address,
        "qr_data_uri": qr_data_uri(address),
        "demonstration": proof.is_demo,
    }
    html = render_to_string("repair/paper/certificate.html", context)
    return render_pdf(html, identifier=str(proof.number).encode(), title=f"{TITLE} {proof.number}")


def find_certificate(token: str, *, now: datetime) -> tuple[str, dict[str, Any]] | None:
    """What the QR code of a certificate opens: genuine, its number and hash, and how it stands now, for whoever holds the
    token. The subject is not named."""
    proof = (
        UnpublicationProof.objects.select_related(
            "application__case", "application__entry", "publication__case", "act", "subject"
        )
        .filter(verify_token=token)
        .first()
    )
    if proof is None:
        return None
    looks = last_looks(proof)
    return "repair/verify_proof.html", {
        "proof": proof,
        "about": about(proof),
        "looks": looks,
        "recipients": recipients.recipients_of(proof),
        "readers": recipients.READERS,
    }


def last_looks(proof: UnpublicationProof) -> list[SurfaceLook]:
    return list(proof.looks.filter(round=proof.rounds).order_by("pk"))
