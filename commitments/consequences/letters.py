"""Letters about public bodies, state firms and their staff: to whom the rule names, with a receipt (S1 十一, S4 12, R13,
R81)."""

from collections.abc import Collection
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.db.models import Q

from commitments.case_rules import CaseError, CaseMoved, check_day, text_of
from commitments.models import BreachCase, Letter, Recipient
from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.documents.models import EvidenceFile
from credit_portal.registry import codes, groups, numbering
from credit_portal.registry.models import Region, User
from credit_portal.registry.reach import check_reach
from credit_portal.registry.services import find_subject

from . import parts

Role, State = Recipient.Role, Letter.State
KIND = "letter"
BODY, STAFF = (Role.SUPERIOR, Role.AUDIT), (Role.OWN_UNIT, Role.DISCIPLINE, Role.PERSONNEL)
ERROR_PRIVATE = "只有机关事业单位、国有企业及其工作人员的违诺需要通报。主体的性质请先由信用办核实登记。"


def roles_for(*, subject_kind: str, state_owned: bool) -> tuple[Recipient.Role, ...]:
    """Who must be told of a breach, by what the subject is: of a public body or state firm its superior and the
    auditor; of a natural person who works for one the own unit, discipline and personnel bodies; of others nobody.
    Pure."""
    if subject_kind == codes.PERSON:
        return STAFF
    return BODY if state_owned else ()


def roles_of(case: BreachCase) -> tuple[Recipient.Role, ...]:
    return roles_for(subject_kind=case.commitment.subject_kind, state_owned=case.subject.state_owned)


def missing(case: BreachCase) -> list[Recipient.Role]:
    """Whom the rule names and whom nobody has told yet. Of a person it is not known here whether it works for a public
    body: nothing is missing until somebody has begun."""
    told = set(
        case.letters.filter(withdraws__isnull=True)
        .exclude(state=State.CANCELLED)
        .values_list("role", flat=True)
    )
    if case.commitment.subject_kind == codes.PERSON and not told:
        return []
    return [role for role in roles_of(case) if role not in told]


def known_recipients(case: BreachCase) -> list[Recipient]:
    """Who is registered for these roles: of this subject first, then of its region and those above."""
    rows = Recipient.objects.filter(
        Q(subject=case.subject) | Q(subject__isnull=True),
        role__in=roles_of(case),
        region__in=case.region.lineage,
        is_active=True,
    )
    lineage = case.region.lineage
    return sorted(
        rows, key=lambda row: (row.role, row.subject_id is None, lineage.index(row.region_id), row.pk)
    )


@transaction.atomic
def write(
    *,
    case_id: int,
    role: str,
    recipient: str,
    address: str,
    content: str,
    actor: User,
    now: datetime,
    is_staff: bool = False,
) -> Letter:
    """Write a letter to one of those whom the rule names. `is_staff`: the officer has verified that a natural person works
    for a public body or state firm. Raises CaseError and CaseMoved."""
    case = parts.taken_case(case_id, actor)
    wanted = roles_of(case)
    if not wanted:
        raise CaseError(ERROR_PRIVATE)
    if role not in wanted:
        raise CaseError(f"应通报：{_words(wanted)}。", field="role")
    if case.commitment.subject_kind == codes.PERSON and not is_staff:
        raise CaseError("请先核实当事人是机关事业单位或者国有企业的工作人员。", field="is_staff")
    row = Letter(
        number=numbering.document_number("T", case.region_id, local_date(now).year),
        case=case,
        department=case.department,
        region=case.region,
        role=role,
        recipient=text_of(recipient, field="recipient", label="收函单位", most=200),
        address=address.strip()[:200],
        content=text_of(content, field="content", label="通报内容", least=5, most=2000),
        written_on=local_date(now),
        written_by=actor,
        is_demo=case.is_demo,
    )
    return _written(row, case, actor=actor, now=now)


def _written(row: Letter, case: BreachCase, *, actor: User | None, now: datetime) -> Letter:
    try:
        with transaction.atomic():
            parts.save(row, actor=actor, now=now)
    except IntegrityError as error:
        raise CaseMoved("已向这个单位通报过。", field="recipient") from error
    row.document = parts.paper(
        case, template="letter", title="通报函", number=row.number, actor=actor, now=now, letter=row
    )
    parts.save(row, actor=actor, now=now)
    _tell(row, "拟函", on=row.written_on, actor=actor, now=now)
    return row


@transaction.atomic
def send(*, row_id: int, expect: str, method: str, sent_on: date, actor: User, now: datetime) -> Letter:
    """It has gone out. Raises CaseError and CaseMoved."""
    row = _taken(row_id, expect, actor)
    if row.state != State.WRITTEN:
        raise CaseError(f"这份函{row.get_state_display()}。")
    if method not in Letter.Method.values:
        raise CaseError("请选择发出方式。", field="method")
    row.sent_on = check_day(
        sent_on, field="sent_on", label="发出日期", today=local_date(now),
        not_before=row.written_on, what_before="成文日期",
    )  # fmt: skip
    row.method, row.sent_by, row.state = method, actor, State.SENT
    parts.save(row, actor=actor, now=now)
    _tell(row, "发出", on=row.sent_on, actor=actor, now=now)
    return row


@transaction.atomic
def receive(
    *, row_id: int, expect: str, received_on: date, receipt: str, actor: User, now: datetime
) -> Letter:
    """The recipient has it: who signed, or the number of the reply. Raises CaseError and CaseMoved."""
    row = _taken(row_id, expect, actor)
    if row.state != State.SENT or row.sent_on is None:
        raise CaseError(
            "请先登记发出。" if row.state == State.WRITTEN else f"这份函{row.get_state_display()}。"
        )
    row.received_on = check_day(
        received_on, field="received_on", label="收到日期", today=local_date(now),
        not_before=row.sent_on, what_before="发出日期",
    )  # fmt: skip
    row.receipt = text_of(receipt, field="receipt", label="回执", most=200)
    row.state = State.RECEIVED
    parts.save(row, actor=actor, now=now)
    _tell(row, "收到回执", on=row.received_on, actor=actor, now=now)
    return row


def undo(row: Letter, *, actor: User | None, now: datetime) -> None:
    """After the determination was revoked: what has not gone out is not sent; whoever was told is told the opposite."""
    if row.withdraws_id is not None:
        return
    if row.state == State.WRITTEN:
        row.state = State.CANCELLED
        parts.save(row, actor=actor, now=now)
        _tell(row, "认定已撤销，不再发出", on=local_date(now), actor=actor, now=now)
    elif row.state in (State.SENT, State.RECEIVED):
        case = row.case
        _written(
            Letter(
                number=numbering.document_number("T", case.region_id, local_date(now).year),
                case=case,
                department=row.department,
                region=row.region,
                role=row.role,
                recipient=row.recipient,
                address=row.address,
                content=f"我单位 {row.number} 通报函所述的违诺认定（{case.document_no}）已经撤销，请相应更正处理。",
                withdraws=row,
                written_on=local_date(now),
                written_by=actor,
                is_demo=row.is_demo,
            ),
            case,
            actor=actor,
            now=now,
        )


# ---- who is registered -------------------------------------------------------------------------------------


@transaction.atomic
def save_recipient(
    *,
    recipient: Recipient | None,
    role: str,
    name: str,
    region: Region,
    actor: User | None,
    now: datetime,
    address: str = "",
    subject_code: str = "",
    is_active: bool = True,
) -> Recipient:
    """Register whom letters of a role go to, in a region or for one subject. Raises ValidationError and CaseError."""
    row = (
        Recipient()
        if recipient is None
        else Recipient.objects.select_for_update(of=("self",)).get(pk=recipient.pk)
    )
    check_reach(actor, region, groups.CREDIT_OFFICE)
    subject = None
    if subject_code.strip():
        subject = find_subject(codes.clean(subject_code))
        if subject is None:
            raise CaseError("没有这个代码的主体。", field="subject_code")
    row.role, row.name, row.address, row.region = role, name.strip(), address.strip(), region
    row.subject, row.is_active = subject, is_active
    row.full_clean()
    parts.save(row, actor=actor, now=now)
    events.recipient_saved(now=now, actor_id=actor.pk if actor else None, recipient_id=row.pk, role=row.role)
    return row


def _words(roles: Collection[Recipient.Role]) -> str:
    return "、".join(str(Role(role).label) for role in roles)


def _taken(row_id: int, expect: str, actor: User) -> Letter:
    known = Letter.objects.only("department_id").get(pk=row_id)
    return parts.taken(Letter, row_id, expect=expect, department_id=known.department_id, actor=actor)


def _tell(row: Letter, step: str, *, on: date, actor: User | None, now: datetime) -> None:
    document: EvidenceFile | None = row.document
    parts.tell(
        KIND, row, step, on=on, actor=actor, department_id=row.department_id, now=now,
        sha256=document.sha256 if document else "",
    )  # fmt: skip
