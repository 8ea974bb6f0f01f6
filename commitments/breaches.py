"""The breach case, step by step (S0 一（三）, R72): the only place where it changes.

Every step locks the case, looks whether the officer saw it as it is, checks what is allowed, writes the step with its
document and the event. What a determination causes elsewhere happens in the same transaction: the record's entry, the
commitment's status, the duties.
"""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet

from credit_portal.audit.clock import local_date
from credit_portal.deadlines import duties, policy
from credit_portal.deadlines.calendar import count_working_days
from credit_portal.deadlines.calendars import current_calendar
from credit_portal.documents.models import EvidenceFile
from credit_portal.documents.services import store_evidence
from credit_portal.registry import numbering
from credit_portal.registry.models import User
from credit_portal.registry.visibility import group_names, limit_to_visible
from verification import arrivals
from verification import services as verification
from verification.vocabulary import Kind as EntryKind

from . import case_papers, case_rules, fulfilment, hooks
from .case_course import save_case, write_step
from .case_opening import ERROR_REACH as ERROR_REACH
from .case_opening import commitments_to_judge as commitments_to_judge
from .case_opening import open_case as open_case
from .case_rules import ACTS, CaseError, CaseMoved, check_day, text_of
from .models import BreachCase, BreachedClause, CaseStep

State = BreachCase.State
Step = CaseStep.Kind
MATTER = "breach_case"

ERROR_STATEMENT_ONCE = "陈述申辩已经登记。"


def cases_visible_to(user: User) -> QuerySet[BreachCase]:
    """The cases that a member of staff may read: of the own department, or of the own region and below."""
    return limit_to_visible(BreachCase.objects.all(), user)


def matter_of(case: BreachCase) -> duties.Matter:
    return duties.Matter(MATTER, case.pk, case.number)


# ---- told, heard -----------------------------------------------------------------------------------


@transaction.atomic
def give_notice(
    *,
    case_id: int,
    expect: str,
    clauses: Iterable[tuple[int, str]],
    grade: str,
    noticed_on: date,
    actor: User,
    now: datetime,
    facts: str | None = None,
    proof: EvidenceFile | None = None,
) -> BreachCase:
    """The advance notice was served on `noticed_on`: from the next day on the subject's time to speak is counted.

    `clauses` are (number in the signed text, what was not kept). Raises CaseError and CaseMoved.
    """
    case = _taken("notice", case_id, expect=expect, actor=actor)
    today = local_date(now)
    check_day(
        noticed_on, field="noticed_on", label="告知日期", today=today,
        not_before=case.opened_on, what_before="立案日期",
    )  # fmt: skip
    if grade not in BreachCase.Grade.values:
        raise CaseError("请选择拟定的程度。", field="grade")
    if facts is not None:
        case.facts = text_of(facts, field="facts", label="查明的事实", least=5)
    rule = policy.value("advance_notice", lineage=case.region.lineage, on=noticed_on)
    counted = count_working_days(current_calendar(), noticed_on, int(rule.value))
    _set_clauses(case, clauses)
    case.grade, case.noticed_on = grade, noticed_on
    case.statement_until, case.statement_days = counted.due, list(counted.days)
    case.statement_provisional = counted.provisional
    _go(case, "notice", actor=actor, now=now)
    paper = case_papers.advance_notice_pdf(case, length=int(rule.value))
    document = _keep(case, paper, f"认定前告知书 {case.number}.pdf", actor=actor, now=now)
    write_step(
        case, Step.NOTICED, on=noticed_on, actor=actor, now=now, document=document,
        note="" if proof is None else f"送达证明校验值 {proof.sha256}",
    )  # fmt: skip
    if proof is not None:
        case.evidence.add(proof)
    return case


@transaction.atomic
def record_statement(
    *,
    case_id: int,
    expect: str,
    received_on: date,
    text: str,
    actor: User,
    now: datetime,
    evidence: Iterable[EvidenceFile] = (),
) -> BreachCase:
    """The subject has spoken. What it said is kept with the case and never published. Late ones are taken, too."""
    case = _taken("statement", case_id, expect=expect, actor=actor)
    check_day(
        received_on, field="received_on", label="收到日期", today=local_date(now),
        not_before=case.noticed_on or case.opened_on, what_before="告知日期",
    )  # fmt: skip
    case.statement_on = received_on
    case.statement = text_of(text, field="text", label="陈述申辩")
    _go(case, "statement", actor=actor, now=now)
    case.evidence.add(*evidence)
    write_step(case, Step.STATEMENT, on=received_on, actor=actor, now=now)
    return case


# ---- decided by one, approved by another -------------------------------------------------------------------


@transaction.atomic
def propose(
    *,
    case_id: int,
    expect: str,
    outcome: str,
    grade: str,
    clauses: Iterable[tuple[int, str]],
    liability: str,
    proportionality: str,
    reconsideration_body: str,
    court: str,
    actor: User,
    now: datetime,
    statement_considered: str = "",
) -> BreachCase:
    """Propose what is to be determined. Not before the subject was heard or its time to speak is over (R125: with why
    it is proportionate). Raises CaseError and CaseMoved."""
    case = _taken("propose", case_id, expect=expect, actor=actor)
    today = local_date(now)
    case_rules.check_may_propose(state=case.state, statement_until=case.statement_until, today=today)
    if outcome not in BreachCase.Outcome.values:
        raise CaseError("请选择履行状态认定。", field="outcome")
    if grade not in BreachCase.Grade.values:
        raise CaseError("请选择程度。", field="grade")
    if case.statement_on is not None:
        case.statement_considered = text_of(
            statement_considered, field="statement_considered", label="对陈述申辩的采纳情况", least=5
        )
    was_noticed = case.state == State.NOTICED
    _set_clauses(case, clauses)
    case.outcome, case.grade = outcome, grade
    case.liability = text_of(liability, field="liability", label="违诺责任追究内容", least=5)
    case.proportionality = text_of(
        proportionality, field="proportionality", label="相当性说明", least=10, most=2000
    )
    case.reconsideration_body = text_of(
        reconsideration_body, field="reconsideration_body", label="行政复议机关", most=200
    )
    case.court = text_of(court, field="court", label="人民法院", most=200)
    case.proposed_by, case.proposed_on = actor, today
    _go(case, "propose", actor=actor, now=now)
    if was_noticed and case.statement_until is not None:
        write_step(case, Step.STATEMENT_OVER, on=case.statement_until, actor=None, now=now)
    write_step(case, Step.PROPOSED, on=today, actor=actor, now=now)
    return case


@transaction.atomic
def return_proposal(*, case_id: int, expect: str, reason: str, actor: User, now: datetime) -> BreachCase:
    """The second person sends the proposal back, saying why; the reason stays in the course of the case."""
    case = _taken("return", case_id, expect=expect, actor=actor)
    case_rules.check_second(proposer_id=case.proposed_by_id, approver_id=actor.pk)
    said = text_of(reason, field="reason", label="退回的理由", most=2000)
    case.proposed_by = case.proposed_on = None
    _go(case, "return", actor=actor, now=now)
    write_step(case, Step.RETURNED, on=local_date(now), actor=actor, now=now, note=said)
    return case


@transaction.atomic
def determine(*, case_id: int, expect: str, actor: User, now: datetime, document_no: str = "") -> BreachCase:
    """Approve and issue: this day is the 认定之日, from which the seven working days are counted (S0 一（三）).

    The record gets its entry, which is no factor before service; the commitment its status; the department its duties
    to serve and to report. Raises CaseError and CaseMoved.
    """
    case = _taken("determine", case_id, expect=expect, actor=actor)
    case_rules.check_second(proposer_id=case.proposed_by_id, approver_id=actor.pk)
    today = local_date(now)
    number = document_no.strip() or numbering.document_number("R", case.region_id, today.year)
    if len(number) > 60:
        raise CaseError("文号最多 60 个字。", field="document_no")
    if BreachCase.objects.filter(department=case.department_id, document_no=number).exists():
        raise CaseError(f"本部门已有文号为 {number} 的认定书。", field="document_no")
    case.document_no, case.determined_on, case.approved_by = number, today, actor
    case.verify_token = secrets.token_urlsafe(16)
    paper = case_papers.determination_pdf(case)
    document = _keep(case, paper, f"违诺认定书 {case.number}.pdf", actor=actor, now=now)
    case.document, case.document_sha256 = document, document.sha256
    entry = verification.add_entry(
        subject=case.subject,
        kind=EntryKind.BREACH,
        title=f"未履行承诺：{case.commitment.item_name}"[:300],
        source=case.department.name,
        department=case.department,
        region=case.region,
        document_no=number,
        basis="S0 一（三）",
        grade=case.grade,
        from_on=today,
        operator=actor,
        now=now,
        is_demo=case.is_demo,
    )
    case.entry = entry
    _go(case, "determine", actor=actor, now=now)
    write_step(case, Step.DETERMINED, on=today, actor=actor, now=now, document=document)
    fulfilment.set_by_determination(case=case, actor=actor, now=now)
    for rule_key in ("service", "breach_report"):
        _open_duty(case, rule_key, triggered_on=today, actor=actor, now=now)
    hooks.run_after_determination(case=case, actor=actor, now=now)
    return case


# ---- served, answered, ended -------------------------------------------------------------------------------


@transaction.atomic
def serve(
    *,
    case_id: int,
    expect: str,
    served_on: date,
    method: str,
    proof: EvidenceFile | None,
    actor: User,
    now: datetime,
) -> BreachCase:
    """The determination was served on that day, with proof: from now on it is a factor, and may be published."""
    case = _taken("serve", case_id, expect=expect, actor=actor)
    if case.determined_on is None:
        raise CaseError("还没有作出认定。")
    check_day(
        served_on, field="served_on", label="送达日期", today=local_date(now),
        not_before=case.determined_on, what_before="认定日期",
    )  # fmt: skip
    if method not in BreachCase.ServiceMethod.values:
        raise CaseError("请选择送达方式。", field="method")
    if proof is None:
        raise CaseError("请上传送达证明（签收件、邮寄凭证、电子送达记录或者公告）。", field="proof")
    case.served_on, case.service_method, case.service_proof = served_on, method, proof
    _go(case, "serve", actor=actor, now=now)
    paper = case_papers.service_pdf(case)
    document = _keep(case, paper, f"送达回证 {case.number}.pdf", actor=actor, now=now)
    write_step(case, Step.SERVED, on=served_on, actor=actor, now=now, document=document)
    if case.entry_id is not None:
        verification.mark_served(entry_id=case.entry_id, served_on=served_on, actor=actor, now=now)
    duties.meet_duty(rule_key="service", matter=matter_of(case), on=served_on, now=now, actor=actor)
    hooks.run_after_service(case=case, actor=actor, now=now)
    return case


@transaction.atomic
def record_subject_statement(
    *, case_id: int, expect: str, text: str, actor: User, now: datetime
) -> BreachCase:
    """What the subject wants to have said beside the published breach (主体说明). An empty text takes it away again."""
    case = _taken("subject_statement", case_id, expect=expect, actor=actor)
    said = text.strip()
    if len(said) > 1000:
        raise CaseError(f"主体说明最多 1000 个字，现为 {len(said)} 个字。", field="text")
    today = local_date(now)
    case.subject_statement = said
    case.subject_statement_on = today if said else None
    save_case(case, actor, now)
    write_step(
        case, Step.SUBJECT_STATEMENT, on=today, actor=actor, now=now, note="" if said else "撤回主体说明"
    )
    hooks.run_after_statement(case=case, actor=actor, now=now)
    return case


@transaction.atomic
def drop(*, case_id: int, expect: str, reason: str, actor: User, now: datetime) -> BreachCase:
    """No breach is determined; the reason and its paper stay with the case."""
    case = _taken("drop", case_id, expect=expect, actor=actor)
    said = text_of(reason, field="reason", label="不予认定的理由", most=2000)
    today = local_date(now)
    _go(case, "drop", actor=actor, now=now)
    paper = case_papers.closing_pdf(case, kind="dropped", on=today, reason=said)
    document = _keep(case, paper, f"不予认定通知书 {case.number}.pdf", actor=actor, now=now)
    write_step(case, Step.DROPPED, on=today, actor=actor, now=now, document=document, note=said)
    return case


@transaction.atomic
def revoke(
    *,
    case_id: int,
    expect: str,
    reason: str,
    explanation: str,
    actor: User,
    now: datetime,
    document_no: str = "",
) -> BreachCase:
    """Take a determination back (objection, review, court, own error): all that it caused is undone in this transaction.

    `reason` is a code of BreachCase.RevocationReason; a court's or reviewing body's needs its document's number.
    """
    _lock_before(case_id)
    case = _taken("revoke", case_id, expect=expect, actor=actor)
    if reason not in BreachCase.RevocationReason.values:
        raise CaseError("请选择撤销理由。", field="reason")
    needs_number = {BreachCase.RevocationReason.COURT, BreachCase.RevocationReason.RECONSIDERATION}
    number = document_no.strip()
    if reason in needs_number and not number:
        raise CaseError("请填写法院裁判或者复议决定的文号。", field="document_no")
    if len(number) > 100:
        raise CaseError("文号最多 100 个字。", field="document_no")
    said = text_of(explanation, field="explanation", label="撤销说明", most=2000)
    return _revoked(case, reason, said, number, actor=actor, now=now)


@transaction.atomic
def revoke_by_answer(
    *, case_id: int, explanation: str, document_no: str, actor: User, now: datetime
) -> BreachCase | None:
    """The department has answered an objection in writing by revoking, and its second person has approved that: carried
    out in their name, whoever of them is at hand (S2 四（四）4). None where nothing is left to revoke."""
    _lock_before(case_id)
    case = (
        BreachCase.objects.select_for_update(of=("self",))
        .select_related("commitment", "subject", "department", "region", "service_proof")
        .get(pk=case_id)
    )
    if case.state not in ACTS["revoke"].before:
        return None
    reason = BreachCase.RevocationReason.OBJECTION
    return _revoked(case, reason, explanation[:2000], document_no, actor=actor, now=now)


def _lock_before(case_id: int) -> None:
    """Whoever repairs locks the application, the case and the entry in this order: so does whoever revokes."""
    arrivals.run_before_correction(
        entry_id=BreachCase.objects.filter(pk=case_id).values_list("entry", flat=True).first()
    )


def _revoked(
    case: BreachCase, reason: str, said: str, number: str, *, actor: User, now: datetime
) -> BreachCase:
    today = local_date(now)
    case.revoked_on, case.revocation_reason, case.revocation_document_no = today, reason, number
    _go(case, "revoke", actor=actor, now=now)
    paper = case_papers.closing_pdf(case, kind="revoked", on=today, reason=said)
    document = _keep(case, paper, f"撤销违诺认定决定书 {case.number}.pdf", actor=actor, now=now)
    write_step(case, Step.REVOKED, on=today, actor=actor, now=now, document=document, note=said)
    if case.entry_id is not None:
        verification.revoke_entry(entry_id=case.entry_id, operator=actor, now=now)
    fulfilment.undo_determination(case=case, actor=actor, now=now)
    duties.cancel_duties(matter=matter_of(case), now=now, actor=actor, reason="认定已撤销")
    hooks.run_after_revocation(case=case, actor=actor, now=now)
    return case


# ---- parts -------------------------------------------------------------------------------------------------


def _taken(act: str, case_id: int, *, expect: str, actor: User) -> BreachCase:
    """The case, locked, as the officer saw it and for somebody who may. Raises CaseError and CaseMoved."""
    if not cases_visible_to(actor).filter(pk=case_id, department_id=actor.department_id).exists():
        raise CaseError("这件违诺认定不是本部门的，不能由您办理。")
    case = (
        BreachCase.objects.select_for_update(of=("self",))
        .select_related("commitment", "subject", "department", "region", "service_proof")
        .get(pk=case_id)
    )
    if case.state != expect:
        last = case.steps.select_related("actor").order_by("-id").first()
        who = f"由{last.actor}" if last is not None and last.actor is not None else ""
        raise CaseMoved(f"这件违诺认定已{who}办到“{case.get_state_display()}”，请看最新情况再办。")
    if not case_rules.allowed(act, state=case.state, roles=group_names(actor)):
        if case.state not in ACTS[act].before:
            raise CaseError(f"这件违诺认定{case.get_state_display()}，不能{ACTS[act].label}。")
        raise CaseError(f"{ACTS[act].label}由部门负责人办理。")
    return case


def _go(case: BreachCase, act: str, *, actor: User, now: datetime) -> None:
    case.state = ACTS[act].after or case.state
    save_case(case, actor, now)


def _set_clauses(case: BreachCase, chosen: Iterable[tuple[int, str]]) -> None:
    signed = {clause["no"]: clause for clause in case.commitment.content}
    checked = case_rules.check_clauses(chosen, signed=signed)
    case.clauses.all().delete()
    BreachedClause.objects.bulk_create(
        BreachedClause(
            case=case,
            clause_no=number,
            clause_id=signed[number].get("clause"),
            text=signed[number]["text"],
            text_sha256=hashlib.sha256(signed[number]["text"].encode()).hexdigest(),
            not_kept=not_kept,
        )
        for number, not_kept in checked
    )


def _keep(case: BreachCase, paper: bytes, name: str, *, actor: User, now: datetime) -> EvidenceFile:
    return store_evidence(
        content=paper,
        kind=EvidenceFile.Kind.PDF,
        content_type="application/pdf",
        original_name=name,
        actor=actor,
        department=case.department,
        now=now,
    )


def _open_duty(case: BreachCase, rule_key: str, *, triggered_on: date, actor: User, now: datetime) -> None:
    duties.open_duty(
        rule_key=rule_key,
        matter=matter_of(case),
        department=case.department,
        region=case.region,
        triggered_on=triggered_on,
        now=now,
        actor=actor,
        domain=case.commitment.item_version.domain if case.commitment.item_version else "",
        commitment_type=case.commitment.commitment_type,
        grade=case.grade,
        is_demo=case.is_demo,
    )
