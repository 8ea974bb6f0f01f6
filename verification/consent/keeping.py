"""Consents are given and withdrawn, by the subject on its own pages or at the window: the only place where they change."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.documents import fonts
from credit_portal.documents.models import EvidenceFile
from credit_portal.documents.services import store_evidence
from credit_portal.registry import codes, groups, numbering
from credit_portal.registry.models import CreditSubject, Department, SubjectAccess, User
from credit_portal.registry.visibility import group_names
from verification.checking.handling import CheckError
from verification.checking.looking import File
from verification.checking.own_record import asker
from verification.consent_models import Part, Purpose, Scope
from verification.models import Consent

LETTER = "SQ"
# Nobody remembers a consent for longer; it can be given again. No document names a term: it binds no region's policy, it
# protects the subject everywhere.
MOST_DAYS = 365
USUAL_DAYS = 90
MOST_IN_FORCE = 100
# All that ever changes of a consent (trigger).
WITHDRAWAL = [
    "withdrawn_at", "withdrawn_by", "withdrawn_access", "withdrawn_clerk", "withdrawn_authorisation",
]  # fmt: skip
NOT_YOURS = "没有这份同意，或者不是您的。"
ONLY_VIEW = "您的授权只能查看，不能同意或者撤回。"
RECIPIENTS = (
    ("department", "政府部门"),
    ("body", "银行、企业等其他机构"),
    ("person", "个人"),
)


class ConsentError(CheckError):
    """It cannot be given or withdrawn so; `field` names the input."""


@dataclass(frozen=True)
class Told:
    """What the subject agrees to, as it was typed. `recipient`: a key of RECIPIENTS."""

    purpose: str
    recipient: str
    scope: str
    expires_on: date | None
    purpose_note: str = ""
    parts: Sequence[str] = ()
    department: Department | None = None
    body_name: str = ""
    body_code: str = ""
    person_name: str = ""
    person_id: str = ""


def consents_of(subject: CreditSubject) -> QuerySet[Consent]:
    return Consent.objects.filter(subject=subject).select_related("department")


def visible_to(user: User) -> QuerySet[Consent]:
    """The consents that supervision may see: those of its region and below."""
    rows = Consent.objects.select_related("subject", "department")
    if user.department is None or not group_names(user) & groups.REGIONAL:
        return rows.none()
    path = user.department.region.path
    return rows.filter(Q(region__path=path) | Q(region__path__startswith=f"{path}/"))


def state_of(consent: Consent, today: date) -> str:
    """What a consent is on a day: withdrawn, expired or running."""
    if consent.withdrawn_at is not None:
        return "withdrawn"
    return "expired" if consent.expires_on < today else "running"


STATES = {"running": "有效", "expired": "已到期", "withdrawn": "已撤回"}


@transaction.atomic
def give_online(*, access: SubjectAccess, told: Told, now: datetime, key: UUID | None = None) -> Consent:
    """The subject, or an agent who may act, agrees on its own pages. Raises ConsentError by field. Sent twice by one `key`,
    it is one."""
    if not access.may_act:
        raise ConsentError(ONLY_VIEW)
    return _given(
        subject=access.subject, told=told, who=access.name, capacity=access.capacity, now=now, key=key,
        access=access,
    )  # fmt: skip


@transaction.atomic
def give_at_window(
    *,
    subject: CreditSubject,
    told: Told,
    asked_by: str,
    capacity: str,
    identity_seen: bool,
    paper: File | None,
    actor: User,
    now: datetime,
    authorisation: File | None = None,
    key: UUID | None = None,
) -> Consent:
    """The subject agrees at the window: identity seen, on signed paper. Raises ConsentError and CheckError by field,
    EvidenceRefused."""
    if actor.department is None or groups.CLERK not in group_names(actor):
        raise ConsentError("由窗口人员登记。")
    who = asker(
        subject=subject, asked_by=asked_by, capacity=capacity, identity_seen=identity_seen,
        authorisation=authorisation, actor=actor,
    )  # fmt: skip
    if paper is None:
        raise ConsentError("请上传签字的同意书。", field="paper")
    return _given(
        subject=subject, told=told, who=who, capacity=capacity, now=now, key=key, actor=actor, paper=paper,
        authorisation=authorisation,
    )  # fmt: skip


def _given(
    *,
    subject: CreditSubject,
    told: Told,
    who: str,
    capacity: str,
    now: datetime,
    key: UUID | None,
    access: SubjectAccess | None = None,
    actor: User | None = None,
    paper: File | None = None,
    authorisation: File | None = None,
) -> Consent:
    # One at a time for a subject: sent twice at once, the second finds what the first has made.
    CreditSubject.objects.select_for_update(no_key=True).get(pk=subject.pk)
    known = Consent.objects.filter(uuid=key).first() if key else None
    if known is not None:
        if known.subject_id != subject.pk:
            raise ConsentError("页面已经失效，请重新打开再填。")
        return known
    today = local_date(now)
    row = proposed(subject=subject, told=told, today=today)
    running = Consent.objects.filter(subject=subject, withdrawn_at=None, expires_on__gte=today).count()
    if running >= MOST_IN_FORCE:
        raise ConsentError(f"有效的同意已有 {MOST_IN_FORCE} 份，请先撤回不需要的。")
    row.uuid = key or row.uuid
    row.number = numbering.document_number(LETTER, subject.region_id, today.year)
    row.given_at, row.given_by, row.capacity = now, who, capacity
    row.access, row.clerk, row.unit = access, actor, actor.department if actor else None
    row.paper = _kept(paper, EvidenceFile.Kind.PAPER_SCAN, actor, now)
    row.authorisation = _kept(authorisation, EvidenceFile.Kind.AUTHORISATION, actor, now)
    row.save(force_insert=True)
    events.consent_given(
        now=now, actor_id=actor.pk if actor else None, department_id=actor.department_id if actor else None,
        consent_id=row.pk, subject_id=subject.pk, number=row.number, scope=str(row.get_scope_display()),
        until=row.expires_on.isoformat(), access_id=access.pk if access else None,
    )  # fmt: skip
    return row


def proposed(*, subject: CreditSubject, told: Told, today: date) -> Consent:
    """What was typed as a consent that nobody has given yet. Raises ConsentError by field."""
    row = Consent(subject=subject, region_id=subject.region_id, is_demo=subject.is_demo)
    for name, value in _checked(told, today).items():
        setattr(row, name, value)
    return row


@transaction.atomic
def withdraw_online(*, consent: Consent, access: SubjectAccess, now: datetime) -> Consent:
    """With effect from the next request; done twice it is done. Raises ConsentError."""
    if not access.may_act:
        raise ConsentError(ONLY_VIEW)
    row = _taken(consent.pk, access.subject)
    return _withdrawn(row, who=access.name, now=now, access=access)


@transaction.atomic
def withdraw_at_window(
    *,
    consent: Consent,
    asked_by: str,
    capacity: str,
    identity_seen: bool,
    actor: User,
    now: datetime,
    authorisation: File | None = None,
) -> Consent:
    """The same for whoever stands at a window, whichever way it was given. Raises ConsentError and CheckError by field."""
    if actor.department is None or groups.CLERK not in group_names(actor):
        raise ConsentError("由窗口人员登记。")
    who = asker(
        subject=consent.subject, asked_by=asked_by, capacity=capacity, identity_seen=identity_seen,
        authorisation=authorisation, actor=actor,
    )  # fmt: skip
    kept = _kept(authorisation, EvidenceFile.Kind.AUTHORISATION, actor, now)
    return _withdrawn(_taken(consent.pk, consent.subject), who=who, now=now, actor=actor, authorisation=kept)


def _taken(consent_id: int, subject: CreditSubject) -> Consent:
    row = Consent.objects.select_for_update(of=("self",)).filter(pk=consent_id, subject=subject).first()
    if row is None:
        raise ConsentError(NOT_YOURS)
    return row


def _withdrawn(
    row: Consent,
    *,
    who: str,
    now: datetime,
    access: SubjectAccess | None = None,
    actor: User | None = None,
    authorisation: EvidenceFile | None = None,
) -> Consent:
    if row.withdrawn_at is not None:
        return row
    row.withdrawn_at, row.withdrawn_by, row.withdrawn_access, row.withdrawn_clerk = now, who, access, actor
    row.withdrawn_authorisation = authorisation
    row.save(update_fields=WITHDRAWAL)
    events.consent_withdrawn(
        now=now, actor_id=actor.pk if actor else None, department_id=actor.department_id if actor else None,
        consent_id=row.pk, subject_id=row.subject_id, number=row.number,
        access_id=access.pk if access else None,
    )  # fmt: skip
    return row


def _kept(file: File | None, kind: str, actor: User | None, now: datetime) -> EvidenceFile | None:
    if file is None:
        return None
    return store_evidence(
        content=file.content, kind=kind, content_type=file.content_type, original_name=file.name, actor=actor,
        department=actor.department if actor else None, now=now,
    )  # fmt: skip


def _checked(told: Told, today: date) -> dict[str, object]:
    """The columns that what was typed comes to. Raises ConsentError by field."""
    if told.purpose not in Purpose.values:
        raise ConsentError("请选择用途。", field="purpose")
    note = _line(told.purpose_note, "purpose_note", "用途说明", 100, must=told.purpose == Purpose.OTHER)
    if told.scope not in Scope.values:
        raise ConsentError("请选择范围。", field="scope")
    # A report has all of it; a record has what was ticked.
    parts = [part for part in Part.values if told.scope == Scope.REPORT or part in told.parts]
    if not parts:
        raise ConsentError("请勾选同意提供的信用记录，至少一类。", field="parts")
    last = date.fromordinal(today.toordinal() + MOST_DAYS)
    if told.expires_on is None or not today <= told.expires_on <= last:
        raise ConsentError(f"有效期应在今天至 {last} 之间，最长 {MOST_DAYS} 天。", field="expires_on")
    return {
        "purpose": told.purpose, "purpose_note": note, "scope": told.scope, "parts": parts,
        "expires_on": told.expires_on,
    } | _recipient(told, today)  # fmt: skip


def _recipient(told: Told, today: date) -> dict[str, object]:
    match told.recipient:
        case "department":
            if told.department is None or not told.department.is_active:
                raise ConsentError("请选择接收部门。", field="department")
            return {"department": told.department}
        case "body":
            name = _name(told.body_name, "body_name", "接收机构名称", 200)
            try:
                code = codes.check_uscc(told.body_code)
            except codes.CodeError as wrong:
                raise ConsentError(str(wrong), field="body_code") from wrong
            # Named by its code, a department of the portal is that department.
            known = Department.objects.filter(uscc=code, is_active=True).first()
            return {"department": known} if known else {"body_name": name, "body_code": code}
        case "person":
            name = _name(told.person_name, "person_name", "接收人姓名", 60)
            try:
                number = codes.check_id_number(told.person_id, today=today)
            except codes.CodeError as wrong:
                raise ConsentError(str(wrong), field="person_id") from wrong
            return {"person_name": name, "person_id": number}
    raise ConsentError("请选择提供给谁。", field="recipient")


def _name(typed: str, field: str, label: str, most: int) -> str:
    try:
        return codes.normalise_name(_line(typed, field, label, most))
    except codes.CodeError as wrong:
        raise ConsentError(f"{label}：{wrong}", field=field) from wrong


def _line(typed: str, field: str, label: str, most: int, *, must: bool = True) -> str:
    said = " ".join(typed.replace("\0", "").split())
    if must and not said:
        raise ConsentError(f"请填写{label}。", field=field)
    if len(said) > most:
        raise ConsentError(f"{label}最多 {most} 个字，现为 {len(said)} 个字。", field=field)
    # It will be printed on every report that is fetched by the consent: then it would be too late.
    if missing := fonts.unprintable(said):
        raise ConsentError(
            f"{label}含有无法打印的字：{'、'.join(f'U+{ord(one):04X}' for one in missing)}，请改写。",
            field=field,
        )
    return said
