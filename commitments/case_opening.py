"""Opening a breach case: by an officer, or on what a system of the department has found. People go on with both."""

from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.documents.models import EvidenceFile
from credit_portal.outbox import notices
from credit_portal.outbox.models import PartnerSystem
from credit_portal.registry import groups, numbering
from credit_portal.registry.models import Department, User
from credit_portal.registry.visibility import group_names

from . import case_rules
from .case_course import save_case, write_step
from .case_rules import CaseError, CaseMoved, text_of
from .models import BreachCase, CaseStep, Commitment
from .supplements import ending

State = BreachCase.State
ERROR_REACH = "这份承诺的事项不由本部门主管，也不是本部门受理的，不能由您办理。"


def answered_for_by(department: Department) -> Q:
    """The commitments whose keeping a department answers for: those of its items (it is their competent department)
    and those that it took itself."""
    return Q(item__department_id=department.pk) | Q(department_id=department.pk)


def commitments_to_judge(user: User) -> QuerySet[Commitment]:
    """The commitments whose keeping the user's department answers for."""
    if user.department is None or not group_names(user) & case_rules.DOES:
        return Commitment.objects.none()
    return Commitment.objects.filter(answered_for_by(user.department))


@transaction.atomic
def open_case(
    *,
    commitment_id: int,
    source: str,
    facts: str,
    actor: User,
    now: datetime,
    by_deceit: bool = False,
    evidence: Iterable[EvidenceFile] = (),
    is_demo: bool = False,
) -> BreachCase:
    """Open a case about a commitment of the officer's own department. Raises CaseError.

    A case that is open already is not opened twice: the second officer is told its number.
    """
    commitment = _locked(Q(pk=commitment_id))
    if commitment is None or actor.department is None:
        raise CaseError(ERROR_REACH, field="commitment")
    if not commitments_to_judge(actor).filter(pk=commitment_id).exists():
        raise CaseError(ERROR_REACH, field="commitment")
    case = _open(
        commitment, actor.department, source, facts, by_deceit, now=now, is_demo=is_demo, opened_by=actor
    )
    case.evidence.set(evidence)
    return case


@transaction.atomic
def open_for_system(
    *, code: str, source: str, facts: str, by_deceit: bool, system: PartnerSystem, now: datetime
) -> BreachCase:
    """Open a case on what a department's system has found (R85, S2 四（四）2「识别和预警」). A machine determines nothing:
    the department's officers are told, and everything from the advance notice on is theirs. Raises CaseError."""
    department = system.department
    commitment = _locked(Q(code=code) & answered_for_by(department))
    if commitment is None:
        raise CaseError("没有这份承诺，或者它的事项不由本部门主管，也不是本部门受理的。", field="commitment")
    case = _open(
        commitment,
        department,
        source,
        facts,
        by_deceit,
        now=now,
        is_demo=system.is_demo,
        opened_by_system=system,
    )
    events.partner_acted(
        now=now, department_id=department.pk, system_id=system.pk, deed="提请违诺立案", number=case.number
    )
    officers = User.objects.filter(
        department=department, groups__name__in=[groups.OFFICER, groups.HEAD], is_active=True
    )
    notices.notify(
        users=officers.distinct(),
        key=f"case:{case.pk}:by_system",
        kind="case",
        title=f"对接系统提请违诺立案 {case.number}，请核实办理",
        body="",
        link=f"/desk/cases/{case.uuid}/",
        now=now,
    )
    return case


def _locked(wanted: Q) -> Commitment | None:
    return (
        Commitment.objects.select_for_update(of=("self",))
        .select_related("subject", "department", "region")
        .filter(wanted)
        .first()
    )


def _open(
    commitment: Commitment,
    department: Department,
    source: str,
    facts: str,
    by_deceit: bool,
    *,
    now: datetime,
    is_demo: bool,
    opened_by: User | None = None,
    opened_by_system: PartnerSystem | None = None,
) -> BreachCase:
    if commitment.voided_at is not None or hasattr(commitment, "corrected_by"):
        raise CaseError("这份承诺已作废或已被更正，不能认定违诺。", field="commitment")
    if source not in BreachCase.Source.values:
        raise CaseError("请选择线索来源。", field="source")
    known = BreachCase.objects.filter(commitment=commitment).exclude(state__in=[State.DROPPED, State.REVOKED])
    if found := known.first():
        raise CaseMoved(
            f"这份承诺已有违诺认定案件 {found.number}（{found.get_state_display()}）。", field="commitment"
        )
    today = local_date(now)
    case = BreachCase(
        number=numbering.document_number("W", department.region_id, today.year),
        commitment=commitment,
        subject=commitment.subject,
        department=department,
        region=department.region,
        source=source,
        facts=text_of(facts, field="facts", label="查明的事实", least=5),
        by_deceit=by_deceit,
        opened_on=today,
        opened_by=opened_by,
        opened_by_system=opened_by_system,
        is_demo=is_demo or commitment.is_demo,
    )
    try:
        with transaction.atomic():
            save_case(case, opened_by, now)
    except IntegrityError as error:
        raise CaseMoved("这份承诺刚刚已由他人立案。", field="commitment") from error
    note = "" if opened_by_system is None else f"由系统“{opened_by_system.name}”提请"
    write_step(case, CaseStep.Kind.OPENED, on=today, actor=opened_by, now=now, note=note)
    ending.on_case(case=case, actor=opened_by, now=now)
    return case
