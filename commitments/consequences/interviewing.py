"""Reminder and warning interviews: whoever determined interviews, and the record of it goes into the subject's record and
to the platform (S1 十二, S4 9, R77, R132)."""

from datetime import date, datetime

from django.db import IntegrityError, transaction

from commitments import hooks
from commitments.case_rules import CaseError, CaseMoved, check_day, text_of
from commitments.models import Interview, Rectification
from credit_portal.audit.clock import local_date
from credit_portal.deadlines import duties
from credit_portal.documents.models import EvidenceFile
from credit_portal.registry import numbering
from credit_portal.registry.models import User
from verification import services as verification
from verification.vocabulary import Kind as EntryKind
from verification.vocabulary import State as EntryState

from . import parts, rectifying

State = Interview.State
KIND = "interview"


@transaction.atomic
def invite(
    *,
    case_id: int,
    kind: str,
    invited: str,
    reasons: str,
    scheduled_at: datetime,
    place: str,
    actor: User,
    now: datetime,
) -> Interview:
    """Invite to an interview. Where a rectification was ordered it must have failed: first put right, else talked to.
    Raises CaseError; CaseMoved where one is pending."""
    case = parts.taken_case(case_id, actor)
    if kind not in Interview.Kind.values:
        raise CaseError("请选择约谈的种类。", field="kind")
    if scheduled_at <= now:
        raise CaseError("约谈时间应在现在以后。", field="scheduled_at")
    rectification = case.rectifications.order_by("-pk").first()
    if rectification is not None and rectification.state != Rectification.State.FAILED:
        raise CaseError(
            f"限期整改 {rectification.number} {rectification.get_state_display()}，整改不到位的才约谈。"
        )
    today = local_date(now)
    row = Interview(
        number=numbering.document_number("Y", case.region_id, today.year),
        case=case,
        rectification=rectification,
        department=case.department,
        region=case.region,
        kind=kind,
        invited=text_of(invited, field="invited", label="被约谈人", most=200),
        reasons=text_of(reasons, field="reasons", label="约谈事由", least=5, most=2000),
        scheduled_at=scheduled_at,
        place=text_of(place, field="place", label="约谈地点", most=200),
        invited_on=today,
        invited_by=actor,
        is_demo=case.is_demo,
    )
    try:
        with transaction.atomic():
            parts.save(row, actor=actor, now=now)
    except IntegrityError as error:
        raise CaseMoved("这件违诺认定已有待进行的约谈。") from error
    row.invitation = parts.paper(
        case, template="interview_invitation", title="约谈通知书", number=row.number, actor=actor, now=now,
        interview=row,
    )  # fmt: skip
    parts.save(row, actor=actor, now=now)
    _tell(row, f"通知{row.get_kind_display()}", on=today, actor=actor, now=now, paper=row.invitation)
    return row


@transaction.atomic
def record(
    *,
    row_id: int,
    expect: str,
    came: bool,
    held_on: date,
    attendees: str,
    minutes: str,
    undertakings: str,
    actor: User,
    now: datetime,
    signed_copy: EvidenceFile | None = None,
) -> Interview:
    """The minutes: of what was said, or that nobody came. Filed in the subject's record, told to the platform. Raises
    CaseError."""
    known = Interview.objects.only("department_id").get(pk=row_id)
    row = parts.taken(Interview, row_id, expect=expect, department_id=known.department_id, actor=actor)
    if row.state != State.INVITED:
        raise CaseError(f"这次约谈{row.get_state_display()}，不能再登记。")
    row.held_on = check_day(
        held_on, field="held_on", label="约谈日期", today=local_date(now),
        not_before=row.invited_on, what_before="通知约谈的日期",
    )  # fmt: skip
    row.attendees = text_of(attendees, field="attendees", label="参加人", most=300)
    row.minutes = text_of(
        minutes, field="minutes", label="约谈记录" if came else "未到场的情况", least=5, most=4000
    )
    row.undertakings = undertakings.strip()[:2000] if came else ""
    row.signed_copy = signed_copy
    row.recorded_by = actor
    row.entry = verification.add_entry(
        subject=row.case.subject,
        kind=EntryKind.INTERVIEW,
        title=f"{row.get_kind_display()}{'' if came else '，未到场'}",
        source=row.department.name,
        department=row.department,
        region=row.region,
        document_no=row.number,
        from_on=row.held_on,
        operator=actor,
        now=now,
        is_demo=row.is_demo,
    )
    row.state = State.HELD if came else State.ABSENT
    parts.save(row, actor=actor, now=now)
    row.minutes_document = parts.paper(
        row.case, template="interview_minutes", title="约谈记录", number=row.number, actor=actor, now=now,
        interview=row,
    )  # fmt: skip
    parts.save(row, actor=actor, now=now)
    if row.rectification is not None:
        duties.meet_duty(
            rule_key=rectifying.INTERVIEW_RULE,
            matter=rectifying.matter_of(row.rectification),
            on=row.held_on,
            now=now,
            actor=actor,
        )
    _tell(row, row.get_state_display(), on=row.held_on, actor=actor, now=now, paper=row.minutes_document)
    hooks.run_after_interview(interview=row, actor=actor, now=now)
    return row


@transaction.atomic
def cancel_by_hand(*, row_id: int, expect: str, reason: str, actor: User, now: datetime) -> Interview:
    """Put off: the invitation is taken back, another one can follow. Raises CaseError."""
    known = Interview.objects.only("department_id").get(pk=row_id)
    row = parts.taken(Interview, row_id, expect=expect, department_id=known.department_id, actor=actor)
    if row.state != State.INVITED:
        raise CaseError(f"这次约谈{row.get_state_display()}，不能取消。")
    row.minutes = f"取消：{text_of(reason, field='reason', label='取消的理由', most=300)}"
    row.state = State.CANCELLED
    parts.save(row, actor=actor, now=now)
    _tell(row, "取消约谈", on=local_date(now), actor=actor, now=now)
    return row


def undo(row: Interview, *, actor: User | None, now: datetime) -> None:
    """After the determination was revoked: what is pending ends, what was held leaves the record and the platform."""
    if row.state == State.INVITED:
        row.state = State.CANCELLED
        parts.save(row, actor=actor, now=now)
        _tell(row, "认定已撤销，取消约谈", on=local_date(now), actor=actor, now=now)
    elif row.entry is not None and row.state in (State.HELD, State.ABSENT):
        # An answer to an objection may have taken it out of the record before.
        if row.entry.state != EntryState.REVOKED:
            verification.revoke_entry(entry_id=row.entry.pk, operator=actor, now=now)
        hooks.run_after_interview(interview=row, actor=actor, now=now)


def _tell(
    row: Interview,
    step: str,
    *,
    on: date,
    actor: User | None,
    now: datetime,
    paper: EvidenceFile | None = None,
) -> None:
    parts.tell(
        KIND, row, step, on=on, actor=actor, department_id=row.department_id, now=now,
        sha256=paper.sha256 if paper else "",
    )  # fmt: skip
