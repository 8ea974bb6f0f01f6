"""A department verifies what was registered: it is true, and enters the record; or it is not shown to be, for a reason. What is
missing is asked for once. Found false afterwards, it is taken out again; what follows from the broken promise people decide
(S1 五「经验证的」, S4 5; R44)."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from commitments.concluding import Upload
from commitments.models import Registration, RegistrationStep
from credit_portal.audit.clock import local_date
from credit_portal.deadlines import duties
from credit_portal.outbox import notices
from credit_portal.registry import groups
from credit_portal.registry.models import Department, SubjectAccess, User
from credit_portal.registry.visibility import group_names, limit_to_visible
from verification import services as verification
from verification.vocabulary import Kind as EntryKind
from verification.vocabulary import State as EntryState

from .filling import NOT_YOURS, RULE, check_may_act, keep, matter_of, own, step
from .rules import BY_DEPARTMENT, BY_SUBJECT, RegistrationError, State
from .submitting import WORKS, people_of

Step = RegistrationStep.Kind
SEES = frozenset({*WORKS, groups.AUDITOR})
LEAST, MOST = 4, 500
SOURCE = "自愿注册，{department}核实"
ASK_BASIS = "告知补正，等候主体补充"
NOT_COMPETENT = "由负责核实的部门办理。"
EXPIRED = "证明已于 {day} 到期，不能核实为有效。请告知主体换成有效的证明。"


def visible_to(user: User) -> QuerySet[Registration]:
    """What was submitted, for the department that verifies it, the credit office and the auditor of the region. Drafts are
    for nobody but the subject, and what was taken back is off the desk unless it had been there (R44)."""
    if not group_names(user) & SEES:
        return Registration.objects.none()
    rows = Registration.objects.filter(submitted_at__isnull=False)
    return limit_to_visible(rows, user)


@transaction.atomic
def hand_over(
    *, registration_id: int, department: Department, reason: str, actor: User, now: datetime
) -> Registration:
    """Another department is competent: the term runs on, now against that one. Raises RegistrationError by field."""
    row = _to_verify(registration_id, actor)
    if row.state not in (State.SUBMITTED, State.ASKED):
        raise _moved(row)
    if not department.is_active or department.pk == row.department_id:
        raise RegistrationError("请选择另一个在用的部门。", field="department")
    if department.region_id not in actor.department.region.lineage and not _below(actor, department):
        raise RegistrationError("只能转交本地区、上级或者下级地区的部门。", field="department")
    why = said(reason, "reason", "转交理由")
    row.department = department
    row.save(update_fields=["department"])
    duties.hand_over(rule_key=RULE, matter=matter_of(row), department=department, now=now, actor=actor)
    step(row, Step.HANDED_OVER, now=now, actor=actor, note=f"转交{department.name}：{why}")
    notices.notify(
        users=people_of(department.pk),
        key=f"registration_handed:{row.pk}:{department.pk}:{now.isoformat()}",
        kind="registration",
        title=f"转来一条自愿注册信息，等待核实（清单 {row.batch.number}）",
        body="",
        link=f"/desk/registration/{row.uuid}/",
        now=now,
    )
    return row


def _below(actor: User, department: Department) -> bool:
    own_path = actor.department.region.path
    return department.region.path.startswith(f"{own_path}/")


@transaction.atomic
def ask(*, registration_id: int, what: str, actor: User, now: datetime) -> Registration:
    """Ask for what is missing, once and all of it; the term waits for the answer. Raises RegistrationError by field."""
    row = _to_verify(registration_id, actor)
    _check_move(row, State.ASKED)
    if row.asked_at is not None:
        raise RegistrationError("已经告知补正过一次，不能再次要求补正。请核实或者不予核实。")
    row.asked_for = said(what, "what", "需要补正的内容")
    row.asked_at, row.state = now, State.ASKED
    row.save(update_fields=["asked_for", "asked_at", "state"])
    duties.pause(
        rule_key=RULE, matter=matter_of(row), on=local_date(now), basis=ASK_BASIS, actor=actor, now=now
    )
    step(row, Step.ASKED, now=now, actor=actor, note=row.asked_for)
    return row


@transaction.atomic
def answer(
    *, registration_uuid: UUID, access: SubjectAccess, text: str, now: datetime, proof: Upload | None = None
) -> Registration:
    """The subject brings what was asked for. Raises RegistrationError by field, EvidenceRefused."""
    check_may_act(access)
    row = own(registration_uuid, access)
    if row.state != State.ASKED or row.state not in BY_SUBJECT[State.SUBMITTED]:
        raise RegistrationError(NOT_YOURS if row.state == State.DRAFT else "这一条不需要补正。")
    row.answer = said(text, "text", "补正说明")
    if proof is not None:
        row.answer_proof = keep(proof, now)
    row.state = State.SUBMITTED
    row.save(update_fields=["answer", "answer_proof", "state"])
    duties.go_on(rule_key=RULE, matter=matter_of(row), on=local_date(now), actor=None, now=now)
    step(row, Step.ANSWERED, now=now, access=access, note=row.answer)
    notices.notify(
        users=people_of(row.department_id or 0),
        key=f"registration_answered:{row.pk}",
        kind="registration",
        title=f"自愿注册信息已经补正，等待核实（清单 {row.batch.number}）",
        body="",
        link=f"/desk/registration/{row.uuid}/",
        now=now,
    )
    return row


@transaction.atomic
def verify(*, registration_id: int, how: str, actor: User, now: datetime) -> Registration:
    """It is true: from today it stands in the record, until its proof expires. `how`: by what it was verified. Raises
    RegistrationError by field."""
    row = _to_verify(registration_id, actor)
    _check_move(row, State.VERIFIED)
    today = local_date(now)
    if row.valid_until is not None and row.valid_until < today:
        raise RegistrationError(EXPIRED.format(day=row.valid_until))
    row.reason = said(how, "reason", "核实情况")
    row.entry = verification.add_entry(
        subject=row.subject,
        kind=EntryKind.REGISTRATION,
        title=str(row),
        source=SOURCE.format(department=actor.department.name),
        region=row.region,
        from_on=today,
        until_on=row.valid_until,
        document_no=row.document_no,
        department=actor.department,
        operator=actor,
        now=now,
        verified=True,
        is_demo=row.is_demo,
    )
    row.state = State.VERIFIED
    row.save(update_fields=["state", "reason", "entry"])
    _met(row, actor, now)
    step(row, Step.VERIFIED, now=now, actor=actor, note=row.reason)
    return row


@transaction.atomic
def refuse(*, registration_id: int, reason: str, actor: User, now: datetime) -> Registration:
    """It was not shown to be true; it counts nowhere. The subject may register anew. Raises RegistrationError by field."""
    row = _to_verify(registration_id, actor)
    _check_move(row, State.REFUSED)
    row.reason, row.state = said(reason, "reason", "理由"), State.REFUSED
    row.save(update_fields=["state", "reason"])
    _met(row, actor, now)
    step(row, Step.REFUSED, now=now, actor=actor, note=row.reason)
    return row


@transaction.atomic
def revoke(*, registration_id: int, reason: str, actor: User, now: datetime) -> Registration:
    """What was verified is found false: out of the record as if it had never been. The department that took the commitment
    to truth is told; whether it is a breach, people decide in a case. Raises RegistrationError by field."""
    row = _to_verify(registration_id, actor)
    _check_move(row, State.FALSE)
    row.reason, row.state = said(reason, "reason", "理由"), State.FALSE
    row.save(update_fields=["state", "reason"])
    # An answer to an objection may have taken it out of the record before.
    if row.entry is not None and row.entry.state != EntryState.REVOKED:
        verification.revoke_entry(entry_id=row.entry.pk, operator=actor, now=now)
    step(row, Step.FALSE, now=now, actor=actor, note=row.reason)
    commitment = row.batch.commitment if row.batch else None
    if commitment is not None:
        notices.notify(
            users=people_of(commitment.department_id),
            key=f"registration_false:{row.pk}",
            kind="registration",
            title=f"自愿注册信息核实有误，真实性承诺 {commitment.code} 是否违诺请依程序判断",
            body="",
            link=f"/desk/registration/{row.uuid}/",
            now=now,
        )
    return row


def _met(row: Registration, actor: User, now: datetime) -> None:
    # Decided while the subject was still asked: what stopped the clock is over.
    duties.go_on(rule_key=RULE, matter=matter_of(row), on=local_date(now), actor=actor, now=now)
    duties.meet_duty(rule_key=RULE, matter=matter_of(row), on=local_date(now), now=now, actor=actor)


def _to_verify(registration_id: int, actor: User) -> Registration:
    row = (
        Registration.objects.select_for_update(of=("self",))
        .select_related("subject", "batch__commitment", "department", "region")
        .get(pk=registration_id)
    )
    if actor.department is None or row.department_id != actor.department_id:
        raise RegistrationError(NOT_COMPETENT)
    if not group_names(actor) & set(WORKS):
        raise RegistrationError(NOT_COMPETENT)
    return row


def _check_move(row: Registration, after: str) -> None:
    if row.state not in BY_DEPARTMENT[after]:
        raise _moved(row)


def _moved(row: Registration) -> RegistrationError:
    return RegistrationError(f"这一条现为“{row.get_state_display()}”，请看最新情况。")


def said(typed: str, field: str, label: str) -> str:
    text = typed.replace("\0", "").strip()
    if not LEAST <= len(text) <= MOST:
        raise RegistrationError(f"{label} {LEAST} 至 {MOST} 个字，现为 {len(text)} 个字。", field=field)
    return text
