"""The papers of a breach case: advance notice, determination, proof of service, notice of revocation."""

from datetime import date
from typing import Any

from django.template.loader import render_to_string

from credit_portal.documents.pdf import render_pdf
from credit_portal.documents.qr import qr_data_uri
from credit_portal.registry import codes

from . import way_back
from .models import BreachCase
from .papers import code_label, verify_url

FOLDER = "commitments/paper"


def frame(case: BreachCase) -> dict[str, Any]:
    """What every paper of a case shows."""
    commitment = case.commitment
    person = commitment.subject_kind == codes.PERSON
    return {
        "case": case,
        "commitment": commitment,
        "subject_name": commitment.subject_name,
        "subject_code_label": code_label(commitment.subject_kind),
        "subject_code_shown": (
            codes.mask_id_number(case.subject.id_number) if person else commitment.subject_code
        ),
        "department": case.department,
        "clauses": list(case.clauses.order_by("clause_no")),
        "facts": [line for line in case.facts.splitlines() if line.strip()],
        "demonstration": case.is_demo,
    }


def advance_notice_pdf(case: BreachCase, *, length: int) -> bytes:
    """认定前告知书: what the department has found and the right to speak within `length` working days."""
    html = render_to_string(f"{FOLDER}/case_notice.html", frame(case) | {"length": length})
    return render_pdf(html, identifier=f"{case.number} notice".encode(), title=f"认定前告知书 {case.number}")


def determination_pdf(case: BreachCase) -> bytes:
    """违诺认定书: the whole decision. Same case, same bytes."""
    address = verify_url(case.verify_token or "")
    html = render_to_string(
        f"{FOLDER}/case_determination.html",
        frame(case)
        | {"verify_url": address, "qr_data_uri": qr_data_uri(address), "way": way_back.told_with(case)},
    )
    return render_pdf(
        html, identifier=f"{case.number} determination".encode(), title=f"违诺认定书 {case.document_no}"
    )


def service_pdf(case: BreachCase) -> bytes:
    """送达回证: how and when it was served."""
    html = render_to_string(f"{FOLDER}/case_service.html", frame(case))
    return render_pdf(html, identifier=f"{case.number} service".encode(), title=f"送达回证 {case.number}")


def closing_pdf(case: BreachCase, *, kind: str, on: date, reason: str) -> bytes:
    """不予认定通知书 or 撤销决定书."""
    title = {"dropped": "不予认定通知书", "revoked": "撤销违诺认定决定书"}[kind]
    html = render_to_string(
        f"{FOLDER}/case_closing.html",
        frame(case) | {"title": title, "kind": kind, "on": on, "reason": reason},
    )
    return render_pdf(html, identifier=f"{case.number} {kind}".encode(), title=f"{title} {case.number}")
