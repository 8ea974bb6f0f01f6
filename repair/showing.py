"""What the pages of an application show of it, whoever looks, and its papers with the reading of them noted."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse

from commitments import way_back
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.deadlines.models import Duty
from credit_portal.documents import answers
from credit_portal.documents.models import EvidenceFile
from credit_portal.documents.services import EvidenceDamaged, read_evidence

from . import applying, papers, rules
from .filling import materials_of
from .models import RepairApplication, RepairStep
from .rules import RepairMoved

State = RepairApplication.State
TONES = {
    State.EFFECTIVE: "kept",
    State.REFUSED: "broken",
    State.WITHDRAWN: "",
    State.CLOSED: "",
    State.DRAFT: "",
}


def whole(rows: QuerySet[RepairApplication]) -> QuerySet[RepairApplication]:
    """With everything that a page names."""
    return rows.select_related(
        "entry__region", "case__commitment", "subject", "department__region", "region", "office", "taken_in",
        "taken_by", "proposed_by", "decided_by", "confirmed_by", "decision", "pledge__pdf", "authorisation",
        "proof__document",
    )  # fmt: skip


def certificate_id(found: RepairApplication) -> int | None:
    """The certificate that its publication has stopped, once it is issued."""
    proof = getattr(found, "proof", None)
    return proof.document_id if proof is not None else None


def tone(state: str) -> str:
    """The colour of a state: kept, broken, none, and waiting for all that is under way."""
    return TONES.get(State(state), "waiting")


def about(found: RepairApplication, *, today: date) -> dict[str, Any]:
    """Facts, way back, materials, steps; the day by which it is decided, where one runs."""
    position = applying.position_of(found.entry_id, on=today)
    labels = way_back.METHOD_LABELS
    duty = (
        Duty.objects.filter(matter_type=applying.MATTER, matter_id=found.pk)
        .filter(state__in=[Duty.State.OPEN, Duty.State.SUSPENDED])
        .order_by("due_on")
        .first()
    )
    return {
        "application": found,
        "entry": found.entry,
        "tone": tone(found.state),
        "is_person": found.subject.kind == found.subject.Kind.PERSON,
        "code_shown": found.subject.shown_code,
        "methods": [labels[code] for code in found.methods],
        "materials": materials_of(found),
        "steps": list(found.steps.select_related("actor", "document").order_by("id")),
        "position": position,
        "way": position.way,
        "duty": duty,
        "waits_for_subject": found.state == State.ASKED,
        "open": found.state in rules.OPEN,
        "may_withdraw": found.state in rules.MAY_WITHDRAW,
        "defects": [rules.DEFECTS[one] for one in found.defects if one in rules.DEFECTS],
        "today": today,
    }


def check_expected(found: RepairApplication, expect: str) -> None:
    """Raises RepairMoved where the page was another state's."""
    if found.state != expect:
        raise RepairMoved(f"这件申请已办到“{found.get_state_display()}”，请看最新情况再办。")


def receipt(
    found: RepairApplication, *, actor_id: int | None, now: datetime, access_id: int | None = None
) -> HttpResponse:
    """The receipt as a PDF, always the same for the same application."""
    if found.number is None:
        raise Http404("申请还没有提交，没有回执。")
    content = papers.receipt_pdf(found)
    log_read(
        now=now, actor_id=actor_id, access_id=access_id, what="信用修复申请回执", target_type="repair_application",
        target_id=found.pk, subject_id=found.subject_id,
        purpose=ReadLog.Purpose.SUBJECT_REQUEST if access_id else ReadLog.Purpose.PRINT,
    )  # fmt: skip
    return _answer(content, "application/pdf", f"信用修复申请回执 {found.number}.pdf")


def file(
    found: RepairApplication,
    evidence: UUID,
    *,
    actor_id: int | None,
    now: datetime,
    access_id: int | None = None,
) -> HttpResponse | str:
    """A file of the application, or in Chinese why it cannot be opened. Raises Http404 for one that is not among its own."""
    pledge_id = found.pledge.pdf_id if found.pledge is not None else None
    one = (
        EvidenceFile.objects.filter(uuid=evidence)
        .filter(
            Q(pk__in=found.materials.filter(removed_at=None).values("file"))
            | Q(
                pk__in=RepairStep.objects.filter(application=found, document__isnull=False).values("document")
            )
            | Q(
                pk__in=[
                    pk
                    for pk in (found.decision_id, found.authorisation_id, certificate_id(found), pledge_id)
                    if pk
                ]
            )
        )
        .first()
    )
    if one is None:
        raise Http404("这件申请没有这份文件。")
    try:
        content = read_evidence(one)
    except EvidenceDamaged as error:
        return str(error)
    log_read(
        now=now, actor_id=actor_id, access_id=access_id, what="信用修复材料", target_type="evidence",
        target_id=one.pk, subject_id=found.subject_id,
        purpose=ReadLog.Purpose.SUBJECT_REQUEST if access_id else ReadLog.Purpose.HANDLING,
    )  # fmt: skip
    return _answer(content, one.content_type, one.original_name or "文件")


def _answer(content: bytes, content_type: str, name: str) -> HttpResponse:
    response = answers.shown(content, name, content_type)
    # The page that prints it holds it in a frame.
    response["X-Frame-Options"] = "SAMEORIGIN"
    return response
