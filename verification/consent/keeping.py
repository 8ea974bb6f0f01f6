"""Consents are given and withdrawn, by the subject on its own pages or at the window: the only place where they change."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.documents import fonts
from credit_portal.documents.models import EvidenceFile
from credit_portal.documents.services import store_evidence
from credit_portal.outbox import notices
from credit_portal.registry import codes, groups, numbering
from credit_portal.registry.below import within
from credit_portal.registry.models import CreditSubject, Department, SubjectAccess, User
from credit_portal.registry.personal_numbers import passages
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
NUMBERS = "用途说明里不写身份证号码、手机号码（“{found}”）：它印在报告上，接收方和信用办也看得到。"
NO_PAPER = "请上传签字的同意书。"
NOT_YOURS = "没有这份同意，或者不是您的。"
ONESELF = "接收方不能是主体自己；自己的信用报告可以直接领取，不必同意。"
ONLY_VIEW = "您的授权只能查看，不能同意或者撤回。"
RECIPIENTS = (
    ("department", "政府部门"),
    ("body", "银行、企业等其他机构"),
    ("person", "个人"),
)


class ConsentError(CheckError):
    """It cannot be given or withdrawn so; `field` names the input. `all`: everything that is wrong, by field."""

    def __init__(self, message: str, *, field: str = "", all: Mapping[str, str] | None = None) -> None:
        super().__init__(message, field=field)
        self.all = dict(all or {field: message})


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
    return rows.filter(within(path))


def running_of(subject: CreditSubject, today: date) -> QuerySet[Consent]:
    """The subject's consents that hold on a day."""
    return Consent.objects.filter(subject=subject, withdrawn_at=None, expires_on__gte=today)


def to_the_same(row: Consent, today: date) -> QuerySet[Consent]:
    """The others of the subject that hold on a day and name the same recipient."""
    return (
        running_of(row.subject, today)
        .filter(department=row.department, body_code=row.body_code, person_id_index=row.person_id_index)
        .exclude(pk=row.pk)
    )


def _same(row: Consent, today: date) -> Consent | None:
    return (
        to_the_same(row, today)
        .filter(purpose=row.purpose, purpose_note=row.purpose_note, scope=row.scope, parts=row.parts)
        .first()
    )


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
        raise ConsentError(NO_PAPER, field="paper")
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
    if (same := _same(row, today)) is not None:
        raise ConsentError(
            f"同样的一份还有效（编号 {same.number}，至 {same.expires_on}），不必再填；要改期限的，先撤回那一份。"
        )
    if running_of(subject, today).count() >= MOST_IN_FORCE:
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
    if row.department is not None:
        # Whoever may fetch by it hears that it may.
        people = User.objects.filter(
            department=row.department, groups__name__in=[groups.OFFICER, groups.HEAD], is_active=True
        ).distinct()
        notices.notify(
            users=people, key=f"consent:{row.pk}", kind="consent", title=f"主体同意提供 {row.number}",
            body=f"{subject.name}，{row.purpose_shown}，至 {row.expires_on}", now=now,
            link=f"/desk/credit-reports/{row.uuid}/",
        )  # fmt: skip
    return row


def proposed(*, subject: CreditSubject, told: Told, today: date) -> Consent:
    """What was typed as a consent that nobody has given yet. Raises ConsentError by field."""
    row = Consent(subject=subject, region_id=subject.region_id, is_demo=subject.is_demo)
    for name, value in _checked(subject, told, today).items():
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


def problems(subject: CreditSubject | None, told: Told, today: date) -> dict[str, str]:
    """Everything that is wrong with what was typed, by field."""
    try:
        _checked(subject, told, today)
    except ConsentError as wrong:
        return wrong.all
    return {}


def _checked(subject: CreditSubject | None, told: Told, today: date) -> dict[str, Any]:
    """The columns that what was typed comes to. Raises ConsentError with all that is wrong."""
    return _all_of(
        lambda: _purpose(told),
        lambda: _what(told),
        lambda: _until(told, today),
        lambda: _recipient(subject, told, today),
    )


def _all_of(*steps: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What the steps come to together. Raises ConsentError with what is wrong in any of them."""
    values: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for step in steps:
        try:
            values |= step()
        except ConsentError as error:
            wrong |= {field: said for field, said in error.all.items() if field not in wrong}
    if wrong:
        field = next(iter(wrong))
        raise ConsentError(wrong[field], field=field, all=wrong)
    return values


def _purpose(told: Told) -> dict[str, Any]:
    if told.purpose not in Purpose.values:
        raise ConsentError("请选择用途。", field="purpose")
    must = told.purpose == Purpose.OTHER
    note = _line(told.purpose_note, "purpose_note", "用途说明", 100, must=must)
    if found := passages(note):
        raise ConsentError(NUMBERS.format(found="、".join(found)), field="purpose_note")
    return {"purpose": told.purpose, "purpose_note": note}


def _what(told: Told) -> dict[str, Any]:
    if told.scope not in Scope.values:
        raise ConsentError("请选择范围。", field="scope")
    # A report has all of it; a record has what was ticked.
    parts = [part for part in Part.values if told.scope == Scope.REPORT or part in told.parts]
    if not parts:
        raise ConsentError("请勾选同意提供的信用记录，至少一类。", field="parts")
    return {"scope": told.scope, "parts": parts}


def _until(told: Told, today: date) -> dict[str, Any]:
    last = date.fromordinal(today.toordinal() + MOST_DAYS)
    if told.expires_on is None or not today <= told.expires_on <= last:
        raise ConsentError(f"有效期应在今天至 {last} 之间，最长 {MOST_DAYS} 天。", field="expires_on")
    return {"expires_on": told.expires_on}


def _recipient(subject: CreditSubject | None, told: Told, today: date) -> dict[str, Any]:
    match told.recipient:
        case "department":
            if told.department is None or not told.department.is_active:
                raise ConsentError("请选择接收部门。", field="department")
            return {"department": told.department}
        case "body":
            found = _all_of(
                lambda: {"body_name": _name(told.body_name, "body_name", "接收机构名称", 200)},
                lambda: {"body_code": _body_code(subject, told)},
            )
            # Named by its code, a department of the portal is that department.
            known = Department.objects.filter(uscc=found["body_code"], is_active=True).first()
            if known is not None:
                return {"department": known}
            listed = CreditSubject.objects.filter(uscc=found["body_code"]).first()
            if listed is not None and listed.name != found["body_name"]:
                raise ConsentError(f"这个代码登记的名称是“{listed.name}”，请核对。", field="body_name")
            return found
        case "person":
            return _all_of(
                lambda: {"person_name": _name(told.person_name, "person_name", "接收人姓名", 60)},
                lambda: {"person_id": _person_id(subject, told, today)},
            )
    raise ConsentError("请选择提供给谁。", field="recipient")


def _body_code(subject: CreditSubject | None, told: Told) -> str:
    try:
        code = codes.check_uscc(told.body_code)
    except codes.CodeError as wrong:
        raise ConsentError(str(wrong), field="body_code") from wrong
    if subject is not None and code == subject.uscc:
        raise ConsentError(ONESELF, field="body_code")
    return code


def _person_id(subject: CreditSubject | None, told: Told, today: date) -> str:
    try:
        number = codes.check_id_number(told.person_id, today=today)
    except codes.CodeError as wrong:
        raise ConsentError(str(wrong), field="person_id") from wrong
    if subject is not None and subject.id_number_index == CreditSubject.id_number.index_of(number):
        raise ConsentError(ONESELF, field="person_id")
    return number


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
