"""The papers of a commitment: the signed PDF, the receipt, and the notice of the ordinary route (R40)."""

import base64
from datetime import date
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string

from credit_portal.documents.pdf import render_pdf
from credit_portal.documents.qr import qr_data_uri
from credit_portal.documents.services import read_evidence
from credit_portal.registry import codes
from credit_portal.registry.models import CreditSubject
from verification.models import Check, CreditEntry
from verification.vocabulary import Route

from .models import Commitment, Draft, IdentityDocument, PromisedMaterial, SignerCapacity
from .paper_text import PaperText


def verify_url(token: str) -> str:
    """What a QR code opens: a random token, never a serial."""
    return f"{settings.SITE['address']}/verify/{token}/"


def code_label(subject_kind: str) -> str:
    return "身份证号码" if subject_kind == codes.PERSON else "统一社会信用代码"


def shown_code(commitment: Commitment) -> str:
    """The subject's code as a paper shows it; a person's number is masked."""
    return commitment.subject_code or codes.mask_id_number(commitment.subject.id_number)


def commitment_pdf(commitment: Commitment, *, signature_png: bytes | None) -> bytes:
    """The signed paper. Everything on it comes from the frozen row; `signature_png` is None for a paper signature.

    Same row, same bytes.
    """
    clauses = commitment.content
    is_agent = commitment.signer_capacity == SignerCapacity.AGENT
    html = render_to_string(
        "commitments/paper/commitment.html",
        {
            "title": commitment.title,
            "code": commitment.code,
            "department_name": commitment.department_name,
            "subject_name": commitment.subject_name,
            "subject_code_label": code_label(commitment.subject_kind),
            "subject_code_shown": shown_code(commitment),
            "item_name": commitment.item_name,
            "made_on": commitment.made_on,
            "valid_until": commitment.valid_until,
            "clauses": [c for c in clauses if c["kind"] == "pledge"],
            "liability_clauses": [c for c in clauses if c["kind"] == "liability"],
            "case_ref": commitment.case_ref,
            "signer": {
                "name": commitment.signer_name,
                "capacity_label": SignerCapacity(commitment.signer_capacity).label,
                "identity_document_label": (
                    IdentityDocument(commitment.identity_document).label
                    if commitment.identity_document
                    else ""
                ),
                "online": commitment.channel == commitment.Channel.ONLINE,
                "identity_number_masked": "",
                "agent": is_agent,
                "authorisation": is_agent,
            },
            "signature_data_uri": (
                "data:image/png;base64," + base64.b64encode(signature_png).decode() if signature_png else None
            ),
            "text_sha256": commitment.text_sha256,
            "verify_url": verify_url(commitment.verify_token),
            "qr_data_uri": qr_data_uri(verify_url(commitment.verify_token)),
            "version_label": version_label(commitment),
            "demonstration": commitment.is_demo,
            "corrects_code": commitment.corrects.code if commitment.corrects_id else "",
        },
    )
    return render_pdf(
        html, identifier=commitment.code.encode(), title=f"{commitment.title} {commitment.code}"
    )


def unsigned_pdf(draft: Draft, paper: PaperText, *, signer: str, on: date) -> bytes:
    """The text of a draft with a line to sign on, for whoever signs on paper. It has no code yet."""
    subject = draft.subject
    html = render_to_string(
        "commitments/paper/unsigned.html",
        {
            "paper": paper,
            "subject_code_label": code_label(subject.kind),
            "subject_code_shown": subject.uscc or codes.mask_id_number(subject.id_number),
            "case_ref": draft.case_ref,
            "signer": signer,
            "on": on,
            "text_sha256": paper.sha256,
            "version_label": paper.version_label,
            "demonstration": subject.is_demo,
        },
    )
    return render_pdf(html, identifier=paper.sha256.encode(), title=f"待签 {paper.title}")


def version_label(commitment: Commitment) -> str:
    version = commitment.text_version
    return f"{version.text.code} 第 {version.number} 版" if version else ""


def signed_pdf(commitment: Commitment) -> bytes:
    """The PDF as it was stored at signing, checked against its hash."""
    return read_evidence(commitment.pdf)


def to_bring(commitment: Commitment) -> list[PromisedMaterial]:
    """The late materials that were promised with it, each with its day; none without."""
    if not commitment.late_materials:
        return []
    rows = PromisedMaterial.objects.filter(supplement__commitment=commitment)
    return list(rows.order_by("number"))


def where_to_bring(commitment: Commitment) -> str:
    """By which ways late materials come."""
    department = commitment.department
    at = f"（{department.address}）" if department.address else ""
    return (
        f"登录 {settings.SITE['address']}/me/supplements/ 提交照片或者扫描件，或者送到{commitment.department_name}{at}。"
        "逾期没有补齐的，办理终止，由受理单位依法处理。"
    )


def next_steps(commitment: Commitment) -> list[str]:
    """What follows for the subject, in plain words with dates."""
    steps = ["请妥善保存本回执；凭承诺编码或扫描二维码可以核验。"]
    if commitment.public_from is not None:
        steps.append("本承诺已在信用承诺专栏公示，任何人可以查询。")
    elif commitment.subject_kind == codes.PERSON:
        steps.append("本承诺不向社会公开，本人登录后可以查看。")
    promised = commitment.item_version.promised_working_days if commitment.item_version else None
    if promised:
        steps.append(f"办理部门将在受理后 {promised} 个工作日内办结。")
    if commitment.valid_until:
        steps.append(f"承诺有效期至 {commitment.valid_until:%Y-%m-%d}，主管部门会核实履行情况。")
    return steps


def receipt_pdf(commitment: Commitment) -> bytes:
    """The receipt that the applicant takes along."""
    html = render_to_string(
        "commitments/paper/receipt.html",
        {
            "code": commitment.code,
            "subject_name": commitment.subject_name,
            "subject_code_label": code_label(commitment.subject_kind),
            "subject_code_shown": shown_code(commitment),
            "item_name": commitment.item_name,
            "department_name": commitment.department_name,
            "signed_at": commitment.signed_at,
            "valid_until": commitment.valid_until,
            "case_ref": commitment.case_ref,
            "published": commitment.public_from is not None and commitment.withdrawn_at is None,
            "contact": commitment.department.phone,
            "next_steps": next_steps(commitment),
            "to_bring": to_bring(commitment),
            "where_to_bring": where_to_bring(commitment),
            "text_sha256": commitment.text_sha256,
            "verify_url": verify_url(commitment.verify_token),
            "qr_data_uri": qr_data_uri(verify_url(commitment.verify_token)),
            "version_label": version_label(commitment),
            "demonstration": commitment.is_demo,
        },
    )
    return render_pdf(html, identifier=f"receipt {commitment.code}".encode(), title=f"回执 {commitment.code}")


def notice_pdf(check: Check) -> bytes:
    """The notice when the commitment route is not open: why, what to do, where to object; «不是拒绝受理» (R40).

    A refusal by rule (S3 二（一）) has its own sheet.
    """
    harmful = [reason for reason in check.reasons if reason["harmful"]] or check.reasons
    entries = CreditEntry.objects.in_bulk([r["entry_id"] for r in harmful if r["entry_id"]])
    opens = [way["from_on"] for way in check.remedies if way["from_on"]]
    refused = check.route == Route.REFUSED
    person = check.subject.kind == CreditSubject.Kind.PERSON
    html = render_to_string(
        "commitments/paper/refusal_notice.html" if refused else "commitments/paper/ordinary_notice.html",
        {
            "notice_number": check.number,
            "subject_name": check.subject_name,
            "subject_code_label": code_label(check.subject.kind),
            "subject_code_shown": (
                codes.mask_id_number(check.subject.id_number) if person else check.subject_code
            ),
            "item_name": check.item_version.name,
            "case_ref": check.case_ref,
            "checked_on": check.on_day,
            "issued_on": check.on_day,
            "key_scrutiny": check.scrutiny == "key",
            "reasons": [_reason(reason, entries.get(reason["entry_id"])) for reason in harmful],
            "remedies": check.remedies,
            "repairable_from": date.fromisoformat(min(opens)) if opens else None,
            "department_name": check.department.name,
            "contact": check.department.phone,
            "demonstration": check.subject.is_demo,
        },
    )
    return render_pdf(html, identifier=check.number.encode(), title=f"告知书 {check.number}")


def _reason(reason: dict[str, Any], entry: CreditEntry | None) -> dict[str, Any]:
    return {
        "text": reason["text"],
        "article": reason["article"],
        "source": entry.source if entry else "",
        "document_no": entry.document_no if entry else "",
        "from_on": entry.from_on if entry else None,
        "until_on": entry.until_on if entry else None,
    }
