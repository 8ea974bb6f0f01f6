"""What a subject tells of itself, before it signs for it: saved with its proof, changed, given up; and taken back at any time
after that."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from commitments.concluding import Upload
from commitments.models import Registration, RegistrationStep
from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.deadlines import duties
from credit_portal.documents.models import EvidenceFile
from credit_portal.documents.services import store_evidence
from credit_portal.registry.models import CreditSubject, SubjectAccess, User
from verification import services as verification
from verification.vocabulary import State as EntryState

from .rules import BY_SUBJECT, FROZEN, FieldErrors, RegistrationError, State, checked
from .rules import Told as Told

MATTER, RULE = "registration", "registration_verification"
MOST_DRAFTS = 50
NOT_YOURS = "没有这条注册信息，或者它不是本主体的。"
ONLY_DRAFTS = "已经提交的内容不能更改。需要更改的请撤回，另行登记。"
TAKEN_BACK = "主体撤回自愿注册"


def matter_of(row: Registration) -> duties.Matter:
    return duties.Matter(MATTER, row.pk, row.batch.number if row.batch_id else "")


def registrations_of(subject: CreditSubject) -> QuerySet[Registration]:
    """All of a subject's own, verified or not: nobody else is shown what is not verified but whoever verifies it (R44)."""
    return (
        Registration.objects.filter(subject=subject)
        .select_related("department", "batch__commitment", "batch__draft", "entry", "proof")
        .order_by("-pk")
    )


@transaction.atomic
def save(
    *,
    access: SubjectAccess,
    told: Told,
    now: datetime,
    proof: Upload | None = None,
    registration_uuid: UUID | None = None,
) -> Registration:
    """Keep one piece of information as a draft, or change a draft. Raises FieldErrors, RegistrationError, EvidenceRefused."""
    check_may_act(access)
    said = checked(told, today=local_date(now))
    if registration_uuid is None:
        subject = CreditSubject.objects.select_for_update().get(pk=access.subject_id)
        if registrations_of(subject).filter(state=State.DRAFT).count() >= MOST_DRAFTS:
            raise RegistrationError(f"没有提交的最多 {MOST_DRAFTS} 条，请先提交一些。")
        row = Registration(subject=subject, region=subject.region, is_demo=subject.is_demo)
    else:
        row = own(registration_uuid, access)
        if row.state != State.DRAFT:
            raise RegistrationError(ONLY_DRAFTS)
    if proof is None and row.proof_id is None:
        raise FieldErrors({"proof": "请上传证明文件。"})
    for name in FROZEN:
        setattr(row, name, getattr(said, name))
    if proof is not None:
        row.proof = keep(proof, now)
    row.access, row.saved_at = access, now
    row.save()
    tell(row, "保存", None, now)
    return row


def keep(upload: Upload, now: datetime) -> EvidenceFile:
    return store_evidence(
        content=upload.content,
        kind=EvidenceFile.Kind.DOCUMENT,
        content_type=upload.content_type,
        original_name=upload.name,
        actor=None,
        department=None,
        now=now,
    )


@transaction.atomic
def withdraw(*, registration_uuid: UUID, access: SubjectAccess, now: datetime) -> Registration:
    """Take it back, at any time and for whatever reason: from the record, too. Asked again, nothing happens."""
    check_may_act(access)
    row = own(registration_uuid, access)
    if row.state == State.WITHDRAWN:
        return row
    if row.state not in BY_SUBJECT[State.WITHDRAWN]:
        raise RegistrationError(f"这一条{row.get_state_display()}，不需要撤回。")
    take_out(row, TAKEN_BACK, now=now, access=access)
    return row


def take_out(
    row: Registration,
    reason: str,
    *,
    now: datetime,
    access: SubjectAccess | None = None,
    actor: User | None = None,
) -> None:
    """It is not registered any more: out of the record and off the desk. In the caller's transaction."""
    if row.entry is not None and row.entry.state == EntryState.EFFECTIVE:
        verification.end_entry(entry_id=row.entry.pk, operator=actor, now=now, reason=reason)
    duties.cancel_duties(matter=matter_of(row), now=now, actor=actor, reason=reason)
    row.state, row.saved_at = State.WITHDRAWN, now
    row.save(update_fields=["state", "saved_at"])
    step(row, RegistrationStep.Kind.WITHDRAWN, now=now, access=access, actor=actor, note=reason)


def step(
    row: Registration,
    kind: str,
    *,
    now: datetime,
    access: SubjectAccess | None = None,
    actor: User | None = None,
    note: str = "",
) -> None:
    """One line of its course, with its event."""
    made = RegistrationStep.objects.create(
        registration=row, kind=kind, at=now, actor=actor, access=access, note=note[:500]
    )
    tell(row, str(made.get_kind_display()), actor, now)


def tell(row: Registration, deed: str, actor: User | None, now: datetime) -> None:
    events.registration_step(
        now=now,
        actor_id=actor.pk if actor else None,
        department_id=row.department_id,
        registration_id=row.pk,
        subject_id=row.subject_id,
        kind=str(row.get_kind_display()),
        deed=deed,
    )


def own(registration_uuid: UUID, access: SubjectAccess) -> Registration:
    """The subject's own, locked."""
    row = (
        Registration.objects.select_for_update(of=("self",))
        .select_related("subject", "batch", "department", "region", "proof")
        .filter(uuid=registration_uuid, subject=access.subject_id)
        .first()
    )
    if row is None:
        raise RegistrationError(NOT_YOURS)
    return row


def check_may_act(access: SubjectAccess) -> None:
    if not access.may_act:
        raise RegistrationError("您的授权只能查看，不能办理。请由主体本人办理。")
