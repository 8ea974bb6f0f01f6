"""Deciding an application: by the competent department, one proposes and another approves; confirmed by the credit office,
which may find formal defects and nothing else. (S0 一（四）, S1 十三, S2 四（四）4, S4 13)
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction

from commitments import way_back
from credit_portal.audit.clock import local_date
from credit_portal.deadlines import duties
from credit_portal.documents.models import EvidenceFile
from credit_portal.documents.services import store_evidence
from credit_portal.registry.models import Department, User
from credit_portal.registry.visibility import group_names
from disclosure.offices import NoOffice, nearest_office

from . import applying, effecting, papers, rules
from .applying import locked, matter_of, position_of, save, write_step
from .models import RepairApplication, RepairStep
from .rules import ACTS, NotEligible, RepairError, RepairMoved

State = RepairApplication.State
Outcome = RepairApplication.Outcome
Step = RepairStep.Kind
WAITING = "等待申请人补正材料"


@transaction.atomic
def accept(*, application_id: int, expect: str, actor: User, now: datetime) -> RepairApplication:
    """Take an application up as it is. Raises RepairError and RepairMoved."""
    application = _taken("accept", application_id, expect=expect, actor=actor)
    application.accepted_on = local_date(now)
    _go(application, "accept", actor=actor, now=now)
    write_step(application, Step.ACCEPTED, on=local_date(now), actor=actor, now=now)
    return application


@transaction.atomic
def ask(
    *, application_id: int, expect: str, missing: Sequence[str], actor: User, now: datetime
) -> RepairApplication:
    """Say once, and all of it, what is missing; the clock waits for it. A second time is not possible: then it is decided
    on what there is. Raises RepairError and RepairMoved."""
    application = _taken("ask", application_id, expect=expect, actor=actor)
    said = [line.strip() for line in missing if line.strip()]
    if not said:
        raise RepairError("请逐项写明需要补正的内容。", field="missing")
    if len(said) > 20 or any(len(line) > 200 for line in said):
        raise RepairError("最多 20 项，每项最多 200 个字。", field="missing")
    today = local_date(now)
    application.asked_on, application.missing = today, said
    _go(application, "ask", actor=actor, now=now)
    paper = _keep(application, papers.asking_pdf(application, on=today), "补正告知书", actor=actor, now=now)
    write_step(application, Step.ASKED, on=today, actor=actor, now=now, document=paper, note="；".join(said))
    duties.pause(
        rule_key=way_back.DECISION_KEY,
        matter=matter_of(application),
        on=today,
        basis=WAITING,
        actor=actor,
        now=now,
    )
    return application


@transaction.atomic
def propose(
    *,
    application_id: int,
    expect: str,
    outcome: str,
    reasons: str,
    actor: User,
    now: datetime,
    again_from: date | None = None,
) -> RepairApplication:
    """Propose what is to be decided, with reasons. A refusal says from when it can be asked for again. Raises RepairError,
    RepairMoved, and NotEligible where repair is proposed and not open today."""
    application = _taken("propose", application_id, expect=expect, actor=actor)
    if outcome not in Outcome.values:
        raise RepairError("请选择审查意见。", field="outcome")
    text = reasons.replace("\0", "").strip()
    if not 10 <= len(text) <= 2_000:
        raise RepairError(f"请写明理由（10 至 2000 个字，现为 {len(text)} 个字）。", field="reasons")
    today = local_date(now)
    if outcome == Outcome.GRANTED:
        if again_from is not None:
            raise RepairError("准予修复的，不需要填写预计具备条件之日。", field="again_from")
        _check_open(application, today)
    elif again_from is not None and again_from < today:
        raise RepairError("预计具备条件之日不能早于今天。", field="again_from")
    application.outcome, application.reasons = outcome, text
    application.again_from = again_from if outcome == Outcome.REFUSED else None
    application.proposed_by, application.proposed_at = actor, now
    _go(application, "propose", actor=actor, now=now)
    write_step(
        application, Step.PROPOSED, on=today, actor=actor, now=now, note=application.get_outcome_display()
    )
    return application


@transaction.atomic
def send_back(
    *, application_id: int, expect: str, reason: str, actor: User, now: datetime
) -> RepairApplication:
    """The second person sends the proposal back, saying why."""
    application = _taken("return", application_id, expect=expect, actor=actor)
    rules.check_second(proposer_id=application.proposed_by_id, approver_id=actor.pk)
    said = _text(reason, "reason", "退回的理由")
    application.proposed_by = application.proposed_at = None
    application.outcome = ""
    _go(application, "return", actor=actor, now=now)
    write_step(application, Step.RETURNED, on=local_date(now), actor=actor, now=now, note=said)
    return application


@transaction.atomic
def decide(*, application_id: int, expect: str, actor: User, now: datetime) -> RepairApplication:
    """Approve what was proposed and issue the decision: granted, it goes to the credit office for its confirmation; refused,
    it is over, and says when and how to go on. Raises RepairError, RepairMoved, NotEligible."""
    found = RepairApplication.objects.filter(pk=application_id).values_list("outcome", flat=True).first()
    act = "grant" if found == Outcome.GRANTED else "refuse"
    application = _taken(act, application_id, expect=expect, actor=actor)
    rules.check_second(proposer_id=application.proposed_by_id, approver_id=actor.pk)
    today = local_date(now)
    granted = application.outcome == Outcome.GRANTED
    if granted:
        _check_open(application, today)
        application.office = _office(application)
    application.decided_by, application.decided_on = actor, today
    _go(application, act, actor=actor, now=now)
    title = "信用修复决定书" if granted else "不予信用修复决定书"
    application.decision = _keep(application, papers.decision_pdf(application), title, actor=actor, now=now)
    save(application, actor, now)
    write_step(
        application, Step.DECIDED, on=today, actor=actor, now=now, document=application.decision,
        note=application.get_outcome_display(),
    )  # fmt: skip
    matter = matter_of(application)
    duties.meet_duty(rule_key=way_back.DECISION_KEY, matter=matter, on=today, now=now, actor=actor)
    if application.office is not None and granted:
        _put_to_office(application, application.office, actor=actor, now=now)
    if not granted:
        applying.release_pledge(application, actor=actor, now=now)
    return application


def _put_to_office(application: RepairApplication, office: Department, *, actor: User, now: datetime) -> None:
    matter = matter_of(application)
    again = duties.reopen_duty(
        rule_key=way_back.CONFIRMATION_KEY, matter=matter, now=now, actor=actor, note="补正后再次提请确认"
    )
    if again is None:
        duties.open_duty(
            rule_key=way_back.CONFIRMATION_KEY,
            matter=matter,
            department=office,
            region=application.region,
            triggered_on=local_date(now),
            now=now,
            actor=actor,
            is_demo=application.is_demo,
        )


@transaction.atomic
def confirm(*, application_id: int, expect: str, actor: User, now: datetime) -> RepairApplication:
    """The credit office confirms: everything that the repair brings happens in this transaction (`effecting`). Raises
    RepairError, RepairMoved, NotEligible."""
    application = _taken("confirm", application_id, expect=expect, actor=actor)
    _check_open(application, local_date(now))
    application.confirmed_by, application.effective_at = actor, now
    application.state = State.EFFECTIVE
    effecting.take_effect(application, actor=actor, now=now)
    save(application, actor, now)
    write_step(application, Step.CONFIRMED, on=local_date(now), actor=actor, now=now)
    duties.meet_duty(
        rule_key=way_back.CONFIRMATION_KEY,
        matter=matter_of(application),
        on=local_date(now),
        now=now,
        actor=actor,
    )
    return application


@transaction.atomic
def find_defects(
    *, application_id: int, expect: str, defects: Sequence[str], actor: User, now: datetime
) -> RepairApplication:
    """The credit office sends a decision back for a formal defect; of the substance it says nothing. The department mends and
    decides again: its own time has been kept, the office's goes on. Raises RepairError and RepairMoved."""
    application = _taken("defect", application_id, expect=expect, actor=actor)
    if not defects or any(one not in rules.DEFECTS for one in defects):
        raise RepairError("请选择形式缺陷；信用办只审查形式。", field="defects")
    application.defects = [one for one in rules.DEFECTS if one in defects]
    application.proposed_by = application.proposed_at = application.decided_by = application.decided_on = None
    application.outcome, application.decision = "", None
    _go(application, "defect", actor=actor, now=now)
    said = "；".join(rules.DEFECTS[one] for one in application.defects)
    write_step(application, Step.DEFECT, on=local_date(now), actor=actor, now=now, note=said)
    matter = matter_of(application)
    duties.meet_duty(
        rule_key=way_back.CONFIRMATION_KEY, matter=matter, on=local_date(now), now=now, actor=actor
    )
    duties.reopen_duty(rule_key=way_back.DECISION_KEY, matter=matter, now=now, actor=actor, note=said)
    return application


# ---- parts -------------------------------------------------------------------------------------------------


def _taken(act: str, application_id: int, *, expect: str, actor: User) -> RepairApplication:
    """The application, locked, as the officer saw it and for somebody who may. Raises RepairError and RepairMoved."""
    application = locked(application_id)
    own = application.office_id if ACTS[act].roles == rules.CONFIRMS else application.department_id
    if actor.department_id is None or actor.department_id != own:
        raise RepairError("这件申请不由您的单位办理。")
    if application.state != expect:
        last = application.steps.select_related("actor").order_by("-id").first()
        who = f"由{last.actor}" if last is not None and last.actor is not None else ""
        raise RepairMoved(f"这件申请已{who}办到“{application.get_state_display()}”，请看最新情况再办。")
    if not rules.allowed(act, state=application.state, roles=group_names(actor)):
        if application.state not in ACTS[act].before:
            raise RepairError(f"这件申请{application.get_state_display()}，不能{ACTS[act].label}。")
        raise RepairError(f"{ACTS[act].label}由部门负责人办理。")
    return application


def _go(application: RepairApplication, act: str, *, actor: User, now: datetime) -> None:
    application.state = ACTS[act].after
    save(application, actor, now)


def _check_open(application: RepairApplication, on: date) -> None:
    """Repair is open on that day: what was undecided when it was asked for may have been decided since."""
    answer = position_of(application.entry_id, on=on).eligibility
    if not answer.open:
        raise NotEligible(answer)


def _office(application: RepairApplication) -> Department:
    try:
        return nearest_office(application.region)
    except NoOffice as error:
        raise RepairError(str(error)) from error


def _keep(
    application: RepairApplication, paper: bytes, title: str, *, actor: User, now: datetime
) -> EvidenceFile:
    return store_evidence(
        content=paper,
        kind=EvidenceFile.Kind.PDF,
        content_type="application/pdf",
        original_name=f"{title} {application.number}.pdf",
        actor=actor,
        department=application.department,
        now=now,
    )


def _text(value: str, field: str, label: str, most: int = 2_000) -> str:
    text = value.replace("\0", "").strip()
    if not text:
        raise RepairError(f"请填写{label}。", field=field)
    if len(text) > most:
        raise RepairError(f"{label}最多 {most} 个字，现为 {len(text)} 个字。", field=field)
    return text
