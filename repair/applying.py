"""Asking for repair (R98, R100, R102): a draft that keeps what was entered, handed in once, taken back while nobody has
decided. By the subject online, at any window, or by the competent department for it. Free of charge.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from commitments import pledging, way_back
from commitments.concluding import Upload
from commitments.models import BreachCase, Commitment
from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.audit.history import note
from credit_portal.deadlines import duties
from credit_portal.deadlines.periods import last_day_after_months
from credit_portal.documents.models import EvidenceFile
from credit_portal.documents.services import store_evidence
from credit_portal.registry import numbering
from credit_portal.registry.models import CommitmentType, CreditSubject, Department, User
from credit_portal.registry.visibility import limit_to_visible
from verification.models import CreditEntry

from . import rules
from .models import RepairApplication, RepairMaterial, RepairStep
from .positions import ERROR_OTHER
from .positions import Position as Position
from .positions import position_of as position_of
from .positions import positions as positions
from .rules import NotEligible, RepairError

MATTER = "repair"
State = RepairApplication.State
Step = RepairStep.Kind
MOST_FILES, MOST_TEXT = 20, 2_000

ERROR_OPEN = "这条记录已有正在办理的修复申请（{number}）。"
ERROR_HANDED_IN = "申请已经提交（{number}），不能再改；需要补充的，请与主管部门联系。"


def matter_of(application: RepairApplication) -> duties.Matter:
    return duties.Matter(MATTER, application.pk, application.number or "")


@dataclass(frozen=True)
class Applicant:
    """Who asks, and as what. `authorisation`: of an agent."""

    name: str
    capacity: str
    identity_document: str = ""
    phone: str = ""
    authorisation: EvidenceFile | None = None


def applications_visible_to(user: User) -> QuerySet[RepairApplication]:
    """Those of the own department, for the credit office of the region and below; and those that the own hall has taken in."""
    handed_in = RepairApplication.objects.exclude(state=State.DRAFT)
    reach = limit_to_visible(handed_in, user)
    if user.department_id is None:
        return reach
    return handed_in.filter(
        Q(pk__in=reach.values("pk").order_by())
        | Q(taken_in=user.department_id)
        | Q(office=user.department_id)
    )


# ---- the draft ---------------------------------------------------------------------------------------------


@transaction.atomic
def open_draft(
    *,
    entry_id: int,
    subject: CreditSubject,
    channel: str,
    applicant: Applicant,
    now: datetime,
    actor: User | None = None,
) -> RepairApplication:
    """Begin an application, or go on with the one that was begun. Raises RepairError where the entry is another's or an
    application is under way, NotEligible where repair is not open today."""
    _lock_entry(entry_id)
    position = position_of(entry_id, on=local_date(now))
    if position.entry.subject_id != subject.pk:
        raise RepairError(ERROR_OTHER)
    running = RepairApplication.objects.filter(entry=entry_id, state__in=rules.OPEN).first()
    if running is not None:
        raise RepairError(ERROR_OPEN.format(number=running.number))
    draft = (
        RepairApplication.objects.select_for_update(of=("self",))
        .filter(entry=entry_id, state=State.DRAFT)
        .first()
    )
    if draft is None:
        if not position.eligibility.open:
            raise NotEligible(position.eligibility)
        if position.department is None:
            raise RepairError(ERROR_OTHER)
        draft = RepairApplication(
            entry=position.entry,
            case=position.case,
            subject=subject,
            department=position.department,
            region=position.entry.region,
            is_demo=position.entry.is_demo,
            # What is required is taken of itself; of a single way, too.
            methods=[method.code for method in position.way.required],
        )
    draft.channel = channel
    draft.applicant, draft.capacity = applicant.name.strip()[:100], applicant.capacity
    draft.identity_document = applicant.identity_document
    if applicant.phone:
        draft.phone = applicant.phone
    if applicant.authorisation is not None:
        draft.authorisation = applicant.authorisation
    draft.taken_by, draft.taken_in = actor, actor.department if actor else None
    return save(draft, actor, now)


@transaction.atomic
def continued_by(*, application_id: int, applicant: Applicant, now: datetime) -> RepairApplication:
    """Somebody else acts for the subject on its own pages now: what is signed and handed in is in that name."""
    draft = _draft(application_id)
    if (draft.applicant, draft.capacity) == (applicant.name, applicant.capacity):
        return draft
    draft.applicant, draft.capacity = applicant.name, applicant.capacity
    draft.identity_document, draft.authorisation = applicant.identity_document, applicant.authorisation
    return save(draft, None, now)


@transaction.atomic
def save_draft(
    *,
    application_id: int,
    methods: Collection[str],
    explanation: str,
    now: datetime,
    actor: User | None = None,
) -> RepairApplication:
    """Keep what was entered, complete or not. Raises RepairError by field, and where it has been handed in."""
    draft = _draft(application_id)
    text = explanation.replace("\0", "").strip()
    if len(text) > MOST_TEXT:
        raise RepairError(f"情况说明最多 {MOST_TEXT} 个字，现为 {len(text)} 个字。", field="explanation")
    draft.methods = [code for code in way_back.METHOD_LABELS if code in methods]
    draft.explanation = text
    return save(draft, actor, now)


@transaction.atomic
def add_material(
    *,
    application_id: int,
    method: str,
    upload: Upload,
    note_text: str,
    now: datetime,
    actor: User | None = None,
) -> RepairMaterial:
    """Keep a file for a method, in a draft or while something was asked for; the same file sent again is the one that is
    there. Raises RepairError and EvidenceRefused."""
    application = locked(application_id)
    if application.state not in (State.DRAFT, State.ASKED):
        raise RepairError(ERROR_HANDED_IN.format(number=application.number))
    if method not in way_back.METHOD_LABELS:
        raise RepairError("没有这种修复方式。", field="method")
    label = way_back.METHOD_LABELS[method]
    digest = hashlib.sha256(upload.content).hexdigest()
    known = application.materials.filter(method=method, file__sha256=digest).first()
    if known is not None:
        known.removed_at = None
        known.save(update_fields=["removed_at"])
        return known
    if application.materials.filter(removed_at=None).count() >= MOST_FILES:
        raise RepairError(f"最多提交 {MOST_FILES} 个文件。", field=f"file-{method}")
    if len(note_text.strip()) > 200:
        raise RepairError("说明最多 200 个字。", field="note")
    file = store_evidence(
        content=upload.content,
        kind=EvidenceFile.Kind.DOCUMENT,
        content_type=upload.content_type,
        original_name=upload.name,
        actor=actor,
        department=application.department,
        now=now,
    )
    material = RepairMaterial.objects.create(
        application=application,
        method=method,
        file=file,
        note=note_text.strip(),
        added_at=now,
        added_by=actor,
    )
    if application.state == State.DRAFT and method not in application.methods:
        application.methods = [
            code for code in way_back.METHOD_LABELS if code in {*application.methods, method}
        ]
    save(application, actor, now)
    _tell(application, f"提交材料（{label}）", actor=actor, now=now, sha256=file.sha256)
    return material


@transaction.atomic
def remove_material(
    *, application_id: int, material_id: int, now: datetime, actor: User | None = None
) -> None:
    """Take a file out of a draft; once handed in nothing is taken out."""
    draft = _draft(application_id)
    material = draft.materials.select_related("file").filter(pk=material_id, removed_at=None).first()
    if material is None:
        return
    material.removed_at = now
    material.save(update_fields=["removed_at"])
    save(draft, actor, now)
    _tell(draft, "移除材料", actor=actor, now=now, sha256=material.file.sha256)


@transaction.atomic
def sign_pledge(
    *,
    application_id: int,
    seen_sha256: str,
    blanks: dict[str, str],
    signer_name: str,
    capacity: str,
    identity_document: str,
    signature_png: bytes | None,
    now: datetime,
    scan: Upload | None = None,
    authorisation: Upload | None = None,
    clerk: User | None = None,
) -> Commitment:
    """Sign the repair commitment of a draft in the portal, on the screen or on paper (`scan`). Signed twice, it is the one
    that is there. Its term is the region's where it has confirmed one; else it has none, and no lock-out can follow from
    it. Raises SigningError and EvidenceRefused."""
    draft = _draft(application_id)
    if draft.pledge is not None and draft.pledge.voided_at is None:
        return draft.pledge
    today = local_date(now)
    draft.pledge = pledging.pledge(
        subject=draft.subject,
        department=draft.department,
        seen_sha256=seen_sha256,
        blanks=blanks,
        signer_name=signer_name,
        capacity=capacity,
        identity_document=identity_document,
        signature_png=signature_png,
        scan=scan,
        authorisation=authorisation,
        clerk=clerk,
        valid_until=term_until(draft.department, today),
        case_ref="",
        now=now,
    )
    if way_back.COMMITMENT not in draft.methods:
        draft.methods = [way_back.COMMITMENT, *draft.methods]
    save(draft, clerk, now)
    return draft.pledge


@transaction.atomic
def use_pledge(*, application_id: int, code: str, now: datetime, actor: User) -> RepairApplication:
    """A repair commitment that was signed at the counter belongs to this application. Raises RepairError."""
    draft = _draft(application_id)
    found = Commitment.objects.filter(
        code=code.strip(), subject=draft.subject, commitment_type=CommitmentType.REPAIR, voided_at=None
    ).first()
    if found is None:
        raise RepairError("没有这个主体的这份修复承诺，请核对承诺编码。", field="pledge")
    if RepairApplication.objects.filter(pledge=found).exclude(pk=draft.pk).exists():
        raise RepairError("这份修复承诺已用于另一件申请，请另行签署。", field="pledge")
    draft.pledge = found
    if way_back.COMMITMENT not in draft.methods:
        draft.methods = [way_back.COMMITMENT, *draft.methods]
    return save(draft, actor, now)


def term_until(department: Department, on: date) -> date | None:
    """The last day of a repair commitment signed on that day; None where the region has not confirmed how long."""
    months = way_back.confirmed_months(
        way_back.rules_of(department.region.lineage, on).get(way_back.TERM_KEY)
    )
    return last_day_after_months(on, months) if months is not None else None


# ---- handed in, taken back ---------------------------------------------------------------------------------


def lacking(application: RepairApplication, position: Position) -> list[RepairError]:
    """All that a draft still lacks."""
    brought = set(application.materials.filter(removed_at=None).values_list("method", flat=True))
    pledged = application.pledge is not None and application.pledge.voided_at is None
    return rules.check_methods(
        position.way,
        methods=application.methods,
        brought=brought,
        pledged=pledged,
        explained=len(application.explanation) >= 10,
    )


@transaction.atomic
def apply(*, application_id: int, now: datetime, actor: User | None = None) -> RepairApplication:
    """Hand the application in; sent twice, it is one. Raises NotEligible, RepairError for the first of all that is lacking
    (`lacking` says all), and leaves the draft as it is."""
    application = locked(application_id)
    if application.state in rules.OPEN:
        return application
    if application.state != State.DRAFT:
        raise RepairError(f"申请{application.get_state_display()}，不能再提交。")
    _lock_entry(application.entry_id)
    today = local_date(now)
    position = position_of(application.entry_id, on=today)
    if not position.eligibility.open:
        raise NotEligible(position.eligibility)
    errors = lacking(application, position)
    if errors:
        raise errors[0]
    application.number = numbering.document_number("F", application.region_id, today.year)
    application.verify_token = secrets.token_urlsafe(16)
    application.applied_at, application.applied_on = now, today
    application.rules_shown = _shown(position)
    application.state = State.APPLIED
    try:
        with transaction.atomic():
            save(application, actor, now)
    except IntegrityError as error:
        raise RepairError("这条记录已有正在办理的修复申请。") from error
    write_step(application, Step.APPLIED, on=today, actor=actor, now=now)
    duties.open_duty(
        rule_key=way_back.DECISION_KEY,
        matter=matter_of(application),
        department=application.department,
        region=application.region,
        triggered_on=today,
        now=now,
        actor=actor,
        is_demo=application.is_demo,
    )
    return application


@transaction.atomic
def complete(*, application_id: int, now: datetime, actor: User | None = None) -> RepairApplication:
    """What was asked for has been brought: the application is taken up. By the subject, or the department for it."""
    application = locked(application_id)
    if application.state != State.ASKED:
        raise RepairError(f"申请{application.get_state_display()}，不需要补正。")
    new = application.materials.filter(removed_at=None, added_at__gt=_asked_at(application)).exists()
    if not new:
        raise RepairError("还没有提交补正的材料。", field="file")
    application.completed_on = application.accepted_on = local_date(now)
    application.state = State.ACCEPTED
    save(application, actor, now)
    write_step(application, Step.COMPLETED, on=local_date(now), actor=actor, now=now)
    duties.go_on(
        rule_key=way_back.DECISION_KEY,
        matter=matter_of(application),
        on=local_date(now),
        actor=actor,
        now=now,
    )
    return application


def _asked_at(application: RepairApplication) -> datetime:
    return application.steps.filter(kind=Step.ASKED).latest("id").at


@transaction.atomic
def withdraw(*, application_id: int, now: datetime, actor: User | None = None) -> RepairApplication:
    """The subject takes it back while nobody has decided; it can ask again. Raises RepairError."""
    application = locked(application_id)
    if application.state == State.WITHDRAWN:
        return application
    if application.state not in rules.MAY_WITHDRAW:
        raise RepairError(f"申请{application.get_state_display()}，不能撤回。")
    _end(application, State.WITHDRAWN, Step.WITHDRAWN, "申请人撤回", actor=actor, now=now)
    return application


def on_revoked(*, case: BreachCase, actor: User | None, now: datetime) -> None:
    """After a determination was revoked: there is nothing left to repair."""
    for pk in RepairApplication.objects.filter(case=case, state__in=[*rules.OPEN, State.DRAFT]).values_list(
        "pk", flat=True
    ):
        _end(locked(pk), State.CLOSED, Step.CLOSED, "认定已撤销，不需要修复", actor=actor, now=now)


# ---- parts -------------------------------------------------------------------------------------------------


def _end(
    application: RepairApplication, state: str, step: str, reason: str, *, actor: User | None, now: datetime
) -> None:
    application.state, application.closed_reason = state, reason
    save(application, actor, now)
    release_pledge(application, actor=actor, now=now)
    write_step(application, step, on=local_date(now), actor=actor, now=now, note=reason)
    duties.cancel_duties(matter=matter_of(application), now=now, actor=actor, reason=reason)


def release_pledge(application: RepairApplication, *, actor: User | None, now: datetime) -> None:
    """Without repair nobody is held to what was promised for it."""
    if application.pledge is not None:
        pledging.end_pledge(application.pledge, actor=actor, now=now)


def _lock_entry(entry_id: int) -> None:
    """Two who ask about one entry at once wait for each other here. Raises RepairError."""
    if not CreditEntry.objects.select_for_update(of=("self",)).filter(pk=entry_id).first():
        raise RepairError(ERROR_OTHER)


def locked(application_id: int) -> RepairApplication:
    found = (
        RepairApplication.objects.select_for_update(of=("self",))
        .select_related("case", "subject", "department__region", "region", "pledge")
        .filter(pk=application_id)
        .first()
    )
    if found is None:
        raise RepairError("没有找到这件申请。")
    return found


def _draft(application_id: int) -> RepairApplication:
    found = locked(application_id)
    if found.state != State.DRAFT:
        raise RepairError(ERROR_HANDED_IN.format(number=found.number or ""))
    return found


def _shown(position: Position) -> dict[str, Any]:
    way = position.way
    return {
        "from_on": position.eligibility.from_on.isoformat() if position.eligibility.from_on else None,
        "article": way.article,
        "methods": [asdict(method) for method in way.methods],
        "term_months": way.term_months,
        "lockout_months": way.lockout_months,
        "decision_days": way.decision_days,
    }


def save(application: RepairApplication, actor: User | None, now: datetime) -> RepairApplication:
    application.saved_at = now
    note(application, actor=actor, now=now)
    application.save()
    return application


def write_step(
    application: RepairApplication,
    kind: str,
    *,
    on: date,
    actor: User | None,
    now: datetime,
    document: EvidenceFile | None = None,
    note: str = "",
) -> RepairStep:
    """Add a step to the course of an application, with its event."""
    step = RepairStep.objects.create(
        application=application, kind=kind, on=on, at=now, actor=actor, document=document, note=note
    )
    _tell(
        application,
        str(step.get_kind_display()),
        actor=actor,
        now=now,
        sha256=document.sha256 if document is not None else "",
    )
    return step


def _tell(
    application: RepairApplication, step: str, *, actor: User | None, now: datetime, sha256: str = ""
) -> None:
    events.repair_step(
        now=now,
        actor_id=actor.pk if actor else None,
        department_id=application.department_id,
        application_id=application.pk,
        entry_id=application.entry_id,
        step=step,
        sha256=sha256,
    )
