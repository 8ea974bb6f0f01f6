"""Rectification within a time limit, judged by whoever ordered it (S1 十二, S4 9, R77)."""

from datetime import date, datetime

from django.db import IntegrityError, transaction

from commitments.case_rules import CaseError, CaseMoved, check_day, text_of
from commitments.models import Rectification
from credit_portal.audit.clock import local_date
from credit_portal.deadlines import duties
from credit_portal.registry import numbering
from credit_portal.registry.models import User

from . import parts

State = Rectification.State
KIND = "rectification"
RULE, INTERVIEW_RULE = "rectification", "interview"


def matter_of(row: Rectification) -> duties.Matter:
    return duties.Matter(KIND, row.pk, row.number)


@transaction.atomic
def order(*, case_id: int, requirements: str, actor: User, now: datetime) -> Rectification:
    """Order what is to be put right, within the days of the rule. Raises CaseError; CaseMoved where one runs already."""
    case = parts.taken_case(case_id, actor)
    wanted = text_of(requirements, field="requirements", label="整改要求", least=5, most=2000)
    today = local_date(now)
    row = Rectification(
        number=numbering.document_number("Z", case.region_id, today.year),
        case=case,
        department=case.department,
        region=case.region,
        requirements=wanted,
        ordered_on=today,
        ordered_by=actor,
        due_on=today,
        is_demo=case.is_demo,
    )
    try:
        with transaction.atomic():
            parts.save(row, actor=actor, now=now)
    except IntegrityError as error:
        raise CaseMoved("这件违诺认定已有进行中的整改。") from error
    duty = duties.open_duty(
        rule_key=RULE,
        matter=matter_of(row),
        department=case.department,
        region=case.region,
        triggered_on=today,
        now=now,
        actor=actor,
        is_demo=case.is_demo,
    )
    row.due_on, row.provisional = duty.due_on, duty.provisional
    row.document = parts.paper(
        case,
        template="rectification",
        title="限期整改通知书",
        number=row.number,
        actor=actor,
        now=now,
        rectification=row,
        lines=[line for line in wanted.splitlines() if line.strip()],
    )
    parts.save(row, actor=actor, now=now)
    _tell(row, "责令整改", on=today, actor=actor, now=now)
    return row


@transaction.atomic
def record_report(
    *, row_id: int, expect: str, report: str, reported_on: date, actor: User, now: datetime
) -> Rectification:
    """What the subject says it has done. Raises CaseError."""
    row = _taken(row_id, expect, actor)
    if row.state != State.RUNNING:
        raise CaseError("整改报告已经登记。")
    row.report = text_of(report, field="report", label="整改报告", most=2000)
    row.reported_on = check_day(
        reported_on, field="reported_on", label="报告日期", today=local_date(now),
        not_before=row.ordered_on, what_before="责令整改的日期",
    )  # fmt: skip
    row.state = State.REPORTED
    parts.save(row, actor=actor, now=now)
    _tell(row, "收到整改报告", on=row.reported_on, actor=actor, now=now)
    return row


@transaction.atomic
def judge(
    *, row_id: int, expect: str, passed: bool, judgement: str, actor: User, now: datetime
) -> Rectification:
    """Whether it was put right. Not before the limit is over, unless the subject has reported. What is not put right opens
    the duty to interview. Raises CaseError."""
    row = _taken(row_id, expect, actor)
    today = local_date(now)
    if row.state not in (State.RUNNING, State.REPORTED):
        raise CaseError(f"这项整改{row.get_state_display()}，不能核查。")
    if row.state == State.RUNNING and not passed and today <= row.due_on:
        raise CaseError(f"整改期限到 {row.due_on} 为止，期满以后才能认为整改不到位；收到整改报告的可以提前。")
    row.judgement = text_of(judgement, field="judgement", label="核查情况", most=2000)
    row.state = State.PASSED if passed else State.FAILED
    row.judged_on, row.judged_by = today, actor
    parts.save(row, actor=actor, now=now)
    duties.meet_duty(rule_key=RULE, matter=matter_of(row), on=today, now=now, actor=actor)
    if not passed:
        duties.open_duty(
            rule_key=INTERVIEW_RULE,
            matter=matter_of(row),
            department=row.department,
            region=row.region,
            triggered_on=today,
            now=now,
            actor=actor,
            is_demo=row.is_demo,
        )
    _tell(row, "整改到位" if passed else "整改不到位", on=today, actor=actor, now=now)
    return row


def cancel(row: Rectification, *, actor: User | None, now: datetime, reason: str) -> None:
    """After the determination was revoked, or its entry repaired: nothing runs on."""
    duties.cancel_duties(matter=matter_of(row), now=now, actor=actor, reason=reason)
    if row.state in (State.RUNNING, State.REPORTED):
        row.state = State.CANCELLED
        parts.save(row, actor=actor, now=now)
        _tell(row, "取消整改", on=local_date(now), actor=actor, now=now)


def _taken(row_id: int, expect: str, actor: User) -> Rectification:
    known = Rectification.objects.only("department_id").get(pk=row_id)
    return parts.taken(Rectification, row_id, expect=expect, department_id=known.department_id, actor=actor)


def _tell(row: Rectification, step: str, *, on: date, actor: User | None, now: datetime) -> None:
    parts.tell(
        KIND, row, step, on=on, actor=actor, department_id=row.department_id, now=now,
        sha256=row.document.sha256 if row.document else "",
    )  # fmt: skip
