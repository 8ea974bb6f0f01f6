"""A subject looks at its own record: at the counter, after its identity was seen, on a paper that it takes away; or on its
own pages, on the same paper. Staff see no more on their screens than before: what the paper says is printed, not shown
(S0 二（二）, R58)."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.template.loader import render_to_string

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.documents.models import EvidenceFile
from credit_portal.documents.pdf import UnprintableText, render_pdf
from credit_portal.documents.services import store_evidence
from credit_portal.registry import numbering
from credit_portal.registry.codes import ORGANISATION, PERSON, SOLE_TRADER
from credit_portal.registry.models import CreditSubject, Department, SubjectAccess, User
from credit_portal.registry.visibility import group_names
from verification.models import CreditEntry, OwnRecordRequest
from verification.tax_credit import keeping
from verification.vocabulary import Kind

from .handling import WORKS, CheckError, text
from .looking import File

Capacity = OwnRecordRequest.Capacity
TITLE = "本人信用记录查询结果"
MOST = 2_000
NOT_SEEN = "请先查验办理人的身份证件。"
NO_AUTHORISATION = "委托代理人办理须附授权委托书。"
ALLOWED = {
    PERSON: (Capacity.SELF, Capacity.AGENT),
    ORGANISATION: (Capacity.LEGAL_REPRESENTATIVE, Capacity.AGENT),
    SOLE_TRADER: (Capacity.OPERATOR, Capacity.LEGAL_REPRESENTATIVE, Capacity.AGENT),
}


def entries_told(subject: CreditSubject) -> QuerySet[CreditEntry]:
    """What a subject is told of its record. A determination that has not been served yet is not told here: it is served
    by its own procedure."""
    return CreditEntry.objects.filter(subject=subject).exclude(kind=Kind.BREACH, served_on=None)


def _the_right_person(subject: CreditSubject, who: str, capacity: str) -> None:
    """Who asks as the subject itself, or as its legal representative, is the one on record."""
    name = subject.name if subject.kind == PERSON else ""
    if capacity in (Capacity.LEGAL_REPRESENTATIVE, Capacity.OPERATOR):
        name = (
            subject.responsible.filter(capacity="legal_representative", until_on__isnull=True)
            .values_list("name", flat=True)
            .first()
            or ""
        )
    if capacity != Capacity.AGENT and name and name != who:
        raise CheckError(
            "与登记的姓名不一致。人员已变更的，请先凭证照更正登记，或者由委托代理人办理。", field="asked_by"
        )


def asker(
    *,
    subject: CreditSubject,
    asked_by: str,
    capacity: str,
    identity_seen: bool,
    authorisation: File | None,
    actor: User,
) -> str:
    """The name of whoever asks at a window for a subject, its identity seen. Raises CheckError by field."""
    if actor.department is None or not group_names(actor) & WORKS:
        raise CheckError("本人查询由窗口或者经办部门办理。")
    allowed = ALLOWED[subject.kind]
    if capacity not in allowed:
        raise CheckError(
            f"这类主体可以由{'、'.join(str(one.label) for one in allowed)}办理。", field="capacity"
        )
    if not identity_seen:
        raise CheckError(NOT_SEEN, field="identity_seen")
    if capacity == Capacity.AGENT and authorisation is None:
        raise CheckError(NO_AUTHORISATION, field="authorisation")
    who = text(asked_by, "asked_by", "办理人姓名", 60)
    _the_right_person(subject, who, capacity)
    return who


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
    """Print a subject's whole record for the subject itself. Raises CheckError by field, EvidenceRefused."""
    who = asker(
        subject=subject, asked_by=asked_by, capacity=capacity, identity_seen=identity_seen,
        authorisation=authorisation, actor=actor,
    )  # fmt: skip
    row = _printed(
        subject=subject, who=who, capacity=capacity, unit=actor.department, actor=actor, access=None, now=now,
        authorisation=authorisation,
    )  # fmt: skip
    log_read(
        now=now, actor_id=actor.pk, what="信用记录", target_type="own_record", target_id=row.pk,
        subject_id=subject.pk, purpose=ReadLog.Purpose.SUBJECT_REQUEST,
    )  # fmt: skip
    return row


@transaction.atomic
def give_online(*, access: SubjectAccess, now: datetime) -> OwnRecordRequest:
    """The same paper for whoever is on the subject's own pages. Raises CheckError."""
    row = _printed(
        subject=access.subject, who=access.name, capacity=access.capacity, unit=None, actor=None, access=access,
        now=now,
    )  # fmt: skip
    log_read(
        now=now, actor_id=None, access_id=access.pk, what="信用记录", target_type="own_record", target_id=row.pk,
        subject_id=access.subject_id, purpose=ReadLog.Purpose.SUBJECT_REQUEST,
    )  # fmt: skip
    return row


def _printed(
    *,
    subject: CreditSubject,
    who: str,
    capacity: str,
    unit: Department | None,
    actor: User | None,
    access: SubjectAccess | None,
    now: datetime,
    authorisation: File | None = None,
) -> OwnRecordRequest:
    """The paper and its row."""
    entries = list(entries_told(subject).order_by("-from_on", "-pk")[: MOST + 1])
    if len(entries) > MOST:
        raise CheckError(f"记录超过 {MOST} 条，请联系信用办出具。")
    region_id = unit.region_id if unit else subject.region_id
    number = numbering.document_number("V", region_id, local_date(now).year)

    def keep(content: bytes, kind: str, content_type: str, name: str) -> EvidenceFile:
        return store_evidence(
            content=content, kind=kind, content_type=content_type, original_name=name, actor=actor,
            department=unit, now=now,
        )  # fmt: skip

    try:
        pdf = render_pdf(
            render_to_string(
                "verification/paper/own_record.html",
                {
                    "number": number, "title": TITLE, "subject": subject, "entries": entries, "asked_by": who,
                    "capacity": Capacity(capacity).label, "on": local_date(now), "unit": unit,
                    "demonstration": subject.is_demo,
                    "tax": list(keeping.told_to(subject)[:MOST]) if subject.kind == PERSON else [],
                },
            ),
            identifier=number.encode(), title=f"{TITLE} {number}",
        )  # fmt: skip
    except UnprintableText as error:
        raise CheckError(str(error), field="asked_by") from error
    row = OwnRecordRequest.objects.create(
        number=number,
        subject=subject,
        asked_by=who[:60],
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
        department=unit,
        access=access,
        is_demo=subject.is_demo,
    )
    events.own_record_given(
        now=now, actor_id=actor.pk if actor else None, department_id=unit.pk if unit else None,
        request_id=row.pk, subject_id=subject.pk, number=number, rows=row.entries, sha256=row.document.sha256,
    )  # fmt: skip
    return row
