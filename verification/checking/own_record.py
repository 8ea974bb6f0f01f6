"""A subject looks at its own record: at the counter, after its identity was seen, on a paper that it takes away. Staff see
no more on their screens than before: what the paper says is printed, not shown (S0 二（二）, R58)."""

from datetime import datetime

from django.db import transaction
from django.template.loader import render_to_string

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.documents.models import EvidenceFile
from credit_portal.documents.pdf import UnprintableText, render_pdf
from credit_portal.documents.services import store_evidence
from credit_portal.registry import numbering
from credit_portal.registry.codes import PERSON
from credit_portal.registry.models import CreditSubject, User
from credit_portal.registry.visibility import group_names
from verification.models import CreditEntry, OwnRecordRequest
from verification.vocabulary import Kind

from .handling import WORKS, CheckError, text
from .looking import File

Capacity = OwnRecordRequest.Capacity
TITLE = "本人信用记录查询结果"
MOST = 2_000


def _the_right_person(subject: CreditSubject, who: str, capacity: str) -> None:
    """Who asks as the subject itself, or as its legal representative, is the one on record."""
    name = subject.name if subject.kind == PERSON else ""
    if capacity == Capacity.LEGAL_REPRESENTATIVE:
        name = (
            subject.responsible.filter(capacity="legal_representative", until_on__isnull=True)
            .values_list("name", flat=True)
            .first()
            or ""
        )
    if capacity != Capacity.AGENT and name and name != who:
        raise CheckError(
            "与登记的姓名不一致。人员已变更的，请先凭证照更正登记，或者由委托代理人查询。", field="asked_by"
        )


@transaction.atomic
def give(
    *,
    subject: CreditSubject,
    asked_by: str,
    capacity: str,
    identity_seen: bool,
    actor: User,
    now: datetime,
    authorisation: File | None = None,
) -> OwnRecordRequest:
    """Print a subject's whole record for the subject itself. Raises CheckError by field, EvidenceRefused.

    A determination that has not been served yet is not told here: it is served by its own procedure.
    """
    if actor.department is None or not group_names(actor) & WORKS:
        raise CheckError("本人查询由窗口或者经办部门办理。")
    allowed = (Capacity.SELF, Capacity.AGENT) if subject.kind == PERSON else (
        Capacity.LEGAL_REPRESENTATIVE, Capacity.AGENT,
    )  # fmt: skip
    if capacity not in allowed:
        raise CheckError(
            f"这类主体可以由{'、'.join(str(one.label) for one in allowed)}查询。", field="capacity"
        )
    if not identity_seen:
        raise CheckError("请先查验查询人的身份证件。", field="identity_seen")
    if capacity == Capacity.AGENT and authorisation is None:
        raise CheckError("委托代理人查询须附授权委托书。", field="authorisation")
    who = text(asked_by, "asked_by", "查询人", 60)
    _the_right_person(subject, who, capacity)
    entries = list(
        CreditEntry.objects.filter(subject=subject)
        .exclude(kind=Kind.BREACH, served_on=None)
        .order_by("-from_on", "-pk")[: MOST + 1]
    )
    if len(entries) > MOST:
        raise CheckError(f"记录超过 {MOST} 条，请联系信用办出具。")
    number = numbering.document_number("V", actor.department.region_id, local_date(now).year)

    def keep(content: bytes, kind: str, content_type: str, name: str) -> EvidenceFile:
        return store_evidence(
            content=content, kind=kind, content_type=content_type, original_name=name, actor=actor,
            department=actor.department, now=now,
        )  # fmt: skip

    try:
        pdf = render_pdf(
            render_to_string(
                "verification/paper/own_record.html",
                {
                    "number": number, "title": TITLE, "subject": subject, "entries": entries, "asked_by": who,
                    "capacity": Capacity(capacity).label, "on": local_date(now), "unit": actor.department,
                    "demonstration": subject.is_demo,
                },
            ),
            identifier=number.encode(), title=f"{TITLE} {number}",
        )  # fmt: skip
    except UnprintableText as error:
        raise CheckError(str(error), field="asked_by") from error
    row = OwnRecordRequest.objects.create(
        number=number,
        subject=subject,
        asked_by=who,
        capacity=capacity,
        authorisation=keep(
            authorisation.content,
            EvidenceFile.Kind.AUTHORISATION,
            authorisation.content_type,
            authorisation.name,
        )
        if authorisation
        else None,
        document=keep(pdf, EvidenceFile.Kind.DOCUMENT, "application/pdf", f"{TITLE} {number}.pdf"),
        entries=len(entries),
        at=now,
        by=actor,
        department=actor.department,
        is_demo=subject.is_demo,
    )
    log_read(
        now=now, actor_id=actor.pk, what="信用记录", target_type="own_record", target_id=row.pk,
        subject_id=subject.pk, purpose=ReadLog.Purpose.SUBJECT_REQUEST,
    )  # fmt: skip
    events.own_record_given(
        now=now, actor_id=actor.pk, department_id=actor.department_id, request_id=row.pk, subject_id=subject.pk,
        number=number, rows=row.entries, sha256=row.document.sha256,
    )  # fmt: skip
    return row
