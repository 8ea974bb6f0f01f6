"""The papers of repair: receipt, what is missing, decision."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.template.loader import render_to_string

from commitments import way_back
from commitments.papers import code_label, verify_url
from credit_portal.documents.pdf import render_pdf
from credit_portal.documents.qr import qr_data_uri
from credit_portal.registry import codes

from .models import RepairApplication

FOLDER = "repair/paper"


def _frame(application: RepairApplication) -> dict[str, Any]:
    subject = application.subject
    person = subject.kind == codes.PERSON
    address = verify_url(application.verify_token or "")
    labels = way_back.METHOD_LABELS
    return {
        "application": application,
        "entry": application.entry,
        "subject_name": subject.name,
        "subject_code_label": code_label(subject.kind),
        "subject_code_shown": codes.mask_id_number(subject.id_number) if person else subject.uscc,
        "department": application.department,
        "methods": [labels[code] for code in application.methods],
        "rules": application.rules_shown,
        "verify_url": address,
        "qr_data_uri": qr_data_uri(address),
        "demonstration": application.is_demo,
    }


def _paper(application: RepairApplication, template: str, title: str, **more: Any) -> bytes:
    html = render_to_string(f"{FOLDER}/{template}.html", _frame(application) | {"title": title, **more})
    return render_pdf(
        html, identifier=f"{application.number} {template}".encode(), title=f"{title} {application.number}"
    )


def receipt_pdf(application: RepairApplication) -> bytes:
    """回执: number, what was handed in, until when it is decided, how to follow it."""
    materials = application.materials.filter(removed_at=None).select_related("file")
    return _paper(application, "receipt", "信用修复申请回执", materials=list(materials))


def asking_pdf(application: RepairApplication, *, on: date) -> bytes:
    """补正告知书: once, all that is missing."""
    return _paper(application, "asking", "信用修复补正告知书", on=on)


def decision_pdf(application: RepairApplication) -> bytes:
    """The decision, granted or refused; refused, with when and how to go on."""
    granted = application.outcome == RepairApplication.Outcome.GRANTED
    title = "信用修复决定书" if granted else "不予信用修复决定书"
    case = application.case
    return _paper(
        application,
        "decision",
        title,
        granted=granted,
        reasons=[line for line in application.reasons.splitlines() if line.strip()],
        reconsideration_body=case.reconsideration_body if case else "",
        court=case.court if case else "",
    )
