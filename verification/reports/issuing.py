"""Reports are issued: to the subject itself, on its own pages or at a window; to the recipient of a consent, by the gate. The
only place where they are made. (R60, R113, R3.)"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.template.loader import render_to_string

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.deadlines.articles import article_text
from credit_portal.documents.models import EvidenceFile
from credit_portal.documents.pdf import UnprintableText, render_pdf
from credit_portal.documents.qr import qr_data_uri
from credit_portal.documents.services import store_evidence
from credit_portal.outbox.models import PartnerSystem
from credit_portal.registry import codes, groups, numbering
from credit_portal.registry.below import within
from credit_portal.registry.models import CreditSubject, Department, Region, SubjectAccess, User
from credit_portal.registry.personal_numbers import passages
from credit_portal.registry.visibility import group_names
from verification.checking.handling import WORKS, CheckError, text
from verification.checking.looking import File
from verification.checking.own_record import asker
from verification.consent import exceptions, gate
from verification.consent.keeping import NUMBERS
from verification.consent.rules import WORDS, Why
from verification.consent_models import Part, Purpose, Scope
from verification.models import Check, Consent, CreditReport

from . import contents

TITLE = "公共信用信息报告"
LETTER = "XB"
# A record may change every day; no document says how long a report holds. So long a recipient may go by it, and the check
# page tells it at once when the record has changed.
VALID_DAYS = 30
FETCHES = WORKS | {groups.CREDIT_OFFICE}
ONESELF = "主体本人"
ONLY_VIEW = "您的授权只能查看，不能出具信用报告。"
NO_PARTS = "信用报告是全部内容，只有取得信用记录（record）时才选类别。"
NOT_YOURS = "只能取得主体同意提供给本单位的报告。"


@dataclass(frozen=True)
class For:
    """What a report is for. Of an own copy, `recipient` is what the subject says of it."""

    purpose: str
    purpose_note: str = ""


def reports_of(subject: CreditSubject) -> QuerySet[CreditReport]:
    """What a subject has had issued for itself."""
    return CreditReport.objects.filter(subject=subject, own=True)


def regions_visible_to(user: User) -> QuerySet[Region]:
    """Of which regions supervision may know what went out: its own and those below."""
    if user.department is None or not group_names(user) & groups.REGIONAL:
        return Region.objects.none()
    path = user.department.region.path
    return Region.objects.filter(within(path, ""))


# ---- for the subject itself --------------------------------------------------------------------------------


@transaction.atomic
def give_online(
    *, access: SubjectAccess, wanted: For, now: datetime, key: UUID | None = None
) -> CreditReport:
    """Its own report for whoever is on the subject's own pages and may act. Raises CheckError by field. Sent twice, it is
    one."""
    if not access.may_act:
        raise CheckError(ONLY_VIEW)
    return _own(
        access.subject,
        wanted,
        key=key,
        now=now,
        access=access,
        asked_by=access.name,
        capacity=access.capacity,
    )


@transaction.atomic
def give_at_window(
    *,
    subject: CreditSubject,
    wanted: For,
    asked_by: str,
    capacity: str,
    identity_seen: bool,
    actor: User,
    now: datetime,
    authorisation: File | None = None,
    key: UUID | None = None,
) -> CreditReport:
    """The same for whoever stands at a window, its identity seen. Raises CheckError by field, EvidenceRefused."""
    who = asker(
        subject=subject, asked_by=asked_by, capacity=capacity, identity_seen=identity_seen,
        authorisation=authorisation, actor=actor,
    )  # fmt: skip
    return _own(
        subject, wanted, key=key, now=now, actor=actor, asked_by=who, capacity=capacity,
        authorisation=authorisation,
    )  # fmt: skip


def _own(subject: CreditSubject, wanted: For, *, key: UUID | None, now: datetime, **who: Any) -> CreditReport:
    if wanted.purpose not in Purpose.values:
        raise CheckError("请选择用途。", field="purpose")
    note = " ".join(wanted.purpose_note.replace("\0", "").split())
    note = text(note, "purpose_note", "用途说明", 100, must=wanted.purpose == Purpose.OTHER)
    if found := passages(note):
        raise CheckError(NUMBERS.format(found="、".join(found)), field="purpose_note")
    known = _locked(subject, key)
    if known is not None:
        return known
    made = _made(
        subject, own=True, consent=None, recipient="", purpose=wanted.purpose, purpose_note=note, scope=Scope.REPORT,
        parts=Part.values, key=key, now=now, **who,
    )  # fmt: skip
    actor, access = who.get("actor"), who.get("access")
    gate.release(
        subject=subject, recipient="", recipient_shown=ONESELF, scope=made.scope, parts=made.parts,
        purpose=made.purpose_shown, sha256=made.sha256, now=now, exception=exceptions.SUBJECT, report=made,
        actor=actor, access=access,
    )  # fmt: skip
    log_read(
        now=now, actor_id=actor.pk if actor else None, access_id=access.pk if access else None, what="信用报告",
        target_type="credit_report", target_id=made.pk, subject_id=subject.pk,
        purpose=ReadLog.Purpose.SUBJECT_REQUEST,
    )  # fmt: skip
    return made


def _locked(
    subject: CreditSubject, key: UUID | None, *, consent: Consent | None = None
) -> CreditReport | None:
    """One at a time for a subject: sent twice at once, the second finds what the first has made, and nothing that was made for
    somebody else."""
    CreditSubject.objects.select_for_update(no_key=True).get(pk=subject.pk)
    known = CreditReport.objects.filter(uuid=key).first() if key else None
    if known is not None and (known.subject_id, known.consent_id) != (subject.pk, consent and consent.pk):
        raise CheckError("页面已经失效，请重新打开再填。")
    return known


# ---- for the recipient of a consent ------------------------------------------------------------------------


def fetch(
    *, consent: Consent, actor: User, now: datetime, check_number: str = "", key: UUID | None = None
) -> CreditReport:
    """What a consent lets the actor's department have. `check_number`: of the procedure that it is used in. Raises CheckError
    by field, and NotReleased, of which it keeps that somebody asked."""
    try:
        with transaction.atomic():
            department = actor.department
            if (
                department is None
                or not group_names(actor) & FETCHES
                or consent.department_id != department.pk
            ):
                raise CheckError(NOT_YOURS)
            return _released(
                consent, recipient=gate.unit_key(department), department=department, check_number=check_number, key=key,
                now=now, actor=actor,
            )  # fmt: skip
    except gate.NotReleased as refused:
        gate.note_refusal(subject=consent.subject, why=refused.why, now=now, actor=actor)
        raise


@transaction.atomic
def fetch_by_system(
    *,
    subject: CreditSubject | None,
    system: PartnerSystem,
    scope: str,
    now: datetime,
    parts: Collection[str] = (),
    purpose: str = "",
    consent_number: str = "",
    check_number: str = "",
) -> CreditReport:
    """The same for a department's own system: no more than what it asks for, by the consent that fits best, of this purpose and
    number where they are given. `parts`: of a record, none for all that the consent names. Raises CheckError and NotReleased:
    that it was refused, the caller keeps, whose transaction this is."""
    if unknown := [part for part in parts if part not in Part.values]:
        raise CheckError(f"没有“{unknown[0][:30]}”，可用：{'、'.join(Part.values)}。", field="parts")
    if parts and scope == Scope.REPORT:
        raise CheckError(NO_PARTS, field="parts")
    department = system.department
    wanted = [part for part in Part.values if part in parts]
    consent = gate.consent_for(
        subject=subject, department=department, scope=scope, parts=wanted, purpose=purpose, number=consent_number,
        now=now,
    )  # fmt: skip
    return _released(
        consent, recipient=gate.unit_key(department), department=department, check_number=check_number, key=None,
        now=now, partner=system, scope=scope, parts=wanted,
    )  # fmt: skip


def hand_over(
    *,
    consent: Consent,
    bearer: str,
    code: str,
    identity_seen: bool,
    actor: User,
    now: datetime,
    key: UUID | None = None,
) -> CreditReport:
    """At a window, to a body or person that the subject has named: whoever comes for it is known by the recipient's own
    number. Raises CheckError by field, and NotReleased, of which it keeps that somebody asked."""
    try:
        with transaction.atomic():
            if actor.department is None or groups.CLERK not in group_names(actor):
                raise CheckError("由窗口人员办理。")
            if consent.department_id is not None:
                raise CheckError("提供给部门的，由该部门在工作台取得。")
            who = text(" ".join(bearer.replace("\0", "").split()), "bearer", "领取人姓名", 60)
            if not identity_seen:
                raise CheckError(
                    "请先查验领取人的身份证件；代表机构的，还要查验介绍信。", field="identity_seen"
                )
            if consent.person_name and who != consent.person_name:
                raise CheckError("与主体写明的接收人姓名不一致，请核对证件。", field="bearer")
            return _released(
                consent, recipient=_named(consent, code, now), department=actor.department, check_number="", key=key,
                now=now, actor=actor, asked_by=who,
            )  # fmt: skip
    except gate.NotReleased as refused:
        gate.note_refusal(subject=consent.subject, why=refused.why, now=now, actor=actor)
        raise


def _named(consent: Consent, code: str, now: datetime) -> str:
    """The key of the recipient by the code that it has shown. Raises CheckError where it is not the one of the consent: a wrong
    number is typed anew, nothing was asked for yet."""
    try:
        parsed = codes.parse_subject_code(code.replace("\0", ""), today=local_date(now))
    except codes.CodeError as wrong:
        raise CheckError(str(wrong), field="code") from wrong
    key = gate.person_key(parsed.value) if codes.PERSON in parsed.kinds else f"unit:{parsed.value}"
    if key != gate.key_of(consent):
        raise CheckError(WORDS[Why.OTHER_RECIPIENT], field="code")
    return key


def _released(
    consent: Consent,
    *,
    recipient: str,
    department: Department,
    check_number: str,
    key: UUID | None,
    now: datetime,
    actor: User | None = None,
    partner: PartnerSystem | None = None,
    asked_by: str = "",
    scope: str = "",
    parts: Collection[str] = (),
) -> CreditReport:
    """`scope` and `parts`: what was asked for, where that is less than the consent lets go."""
    subject = consent.subject
    scope, parts = scope or consent.scope, parts or consent.parts
    known = _locked(subject, key, consent=consent)
    # Locked and read anew: a withdrawal comes before or after, never between the look and the paper.
    consent = (
        Consent.objects.select_for_update(of=("self",))
        .select_related("subject", "department")
        .get(pk=consent.pk)
    )
    why = gate.refusal(consent, subject=subject, recipient=recipient, scope=scope, parts=parts, now=now)
    if why is not None:
        raise gate.NotReleased(why)
    if known is not None:
        return known
    made = _made(
        subject, own=False, consent=consent, recipient=consent.recipient_shown, purpose=consent.purpose,
        purpose_note=consent.purpose_note, scope=scope, parts=parts, key=key, now=now, actor=actor,
        partner=partner, asked_by=asked_by, check_made=_check(check_number, subject, department),
    )  # fmt: skip
    gate.release(
        subject=subject, recipient=recipient, recipient_shown=consent.recipient_shown, scope=made.scope,
        parts=made.parts, purpose=consent.purpose_shown, sha256=made.sha256, now=now, consent_id=consent.pk,
        report=made, actor=actor, partner=partner,
    )  # fmt: skip
    log_read(
        now=now, actor_id=actor.pk if actor else None, partner_id=partner.pk if partner else None, what="信用报告",
        target_type="credit_report", target_id=made.pk, subject_id=subject.pk, purpose=ReadLog.Purpose.HANDLING,
    )  # fmt: skip
    return made


def _check(number: str, subject: CreditSubject, department: Department) -> Check | None:
    """The check of the procedure that a report is used in. Raises CheckError."""
    wanted = number.replace("\0", "").strip()[:40]
    if not wanted:
        return None
    found = Check.objects.filter(number=wanted, subject=subject, department=department).first()
    if found is None:
        raise CheckError("没有这个核查编号，或者不是本单位对这个主体的核查。", field="check_number")
    return found


# ---- the paper ---------------------------------------------------------------------------------------------


def _made(
    subject: CreditSubject,
    *,
    own: bool,
    consent: Consent | None,
    recipient: str,
    purpose: str,
    purpose_note: str,
    scope: str,
    parts: Collection[str],
    key: UUID | None,
    now: datetime,
    actor: User | None = None,
    partner: PartnerSystem | None = None,
    access: SubjectAccess | None = None,
    asked_by: str = "",
    capacity: str = "",
    authorisation: File | None = None,
    check_made: Check | None = None,
) -> CreditReport:
    """The paper and its row, in one go: the row is never changed afterwards."""
    today = local_date(now)
    unit = actor.department if actor else partner.department if partner else None
    # By a consent it holds no longer than that.
    last = today + timedelta(days=VALID_DAYS)
    begin = contents.since(today)
    sections = contents.gather(subject, parts=parts, own=own, on=today, begin=begin)
    row = CreditReport(
        uuid=key or uuid4(),
        number=numbering.document_number(LETTER, subject.region_id, today.year),
        subject=subject,
        region_id=subject.region_id,
        consent=consent,
        own=own,
        recipient=recipient,
        purpose=purpose,
        purpose_note=purpose_note,
        scope=scope,
        parts=list(parts),
        period_from=begin,
        issued_at=now,
        valid_until=min(last, consent.expires_on) if consent else last,
        lines=sum(len(one.lines) for one in sections),
        fingerprint=contents.fingerprint(subject, sections),
        verify_token=secrets.token_urlsafe(16),
        asked_by=asked_by,
        capacity=capacity,
        access=access,
        by=actor,
        partner=partner,
        unit=unit,
        check_made=check_made,
        is_demo=subject.is_demo,
    )

    def keep(content: bytes, kind: str, content_type: str, name: str) -> EvidenceFile:
        return store_evidence(
            content=content, kind=kind, content_type=content_type, original_name=name, actor=actor,
            department=unit, now=now,
        )  # fmt: skip

    try:
        pdf = _paper(row, sections)
    except UnprintableText as error:
        raise CheckError(str(error), field="purpose_note") from error
    if authorisation is not None:
        row.authorisation = keep(
            authorisation.content,
            EvidenceFile.Kind.AUTHORISATION,
            authorisation.content_type,
            authorisation.name,
        )
    row.document = keep(pdf, EvidenceFile.Kind.PDF, "application/pdf", f"{TITLE} {row.number}.pdf")
    row.sha256 = row.document.sha256
    row.save(force_insert=True)
    events.credit_report_issued(
        now=now, actor_id=actor.pk if actor else None, department_id=unit.pk if unit else None,
        report_id=row.pk, subject_id=subject.pk, number=row.number, rows=row.lines, sha256=row.sha256,
    )  # fmt: skip
    return row


def _paper(row: CreditReport, sections: Collection[contents.Section]) -> bytes:
    address = verify_url(row)
    subject = row.subject
    html = render_to_string(
        "verification/paper/credit_report.html",
        {
            "title": TITLE if row.scope == Scope.REPORT else f"{TITLE}（部分内容）", "report": row,
            "subject": subject, "sections": sections, "empty": [one.title for one in sections if not one.lines],
            "code_label": "身份证号码" if subject.kind == codes.PERSON else "统一社会信用代码",
            "on": local_date(row.issued_at), "verify_url": address,
            "qr_data_uri": qr_data_uri(address), "basis": _forbidden(subject),
            "demonstration": row.is_demo,
        },
    )  # fmt: skip
    return render_pdf(html, identifier=row.number.encode(), title=f"{TITLE} {row.number}")


def _forbidden(subject: CreditSubject) -> str:
    """The article that forbids to hand it on, where a document of the region has one."""
    rule = exceptions.FORBIDDEN
    return article_text(rule.article) if rule.region in subject.region.lineage else ""


def verify_url(row: CreditReport) -> str:
    """What the QR code opens: a random token, never a serial."""
    return absolute(f"/verify/{row.verify_token}/")


def absolute(path: str) -> str:
    """An address of the portal as others open it."""
    return f"{settings.SITE['address']}{path}"
