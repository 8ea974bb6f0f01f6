"""What a subject wants to have said beside its breach: handed in on its own pages, looked at by the department for law
only, then shown wherever the breach is. (S0 一（四）; it is no part of the procedure: 陈述申辩 is another thing.)"""

from datetime import date, datetime

from django.db import IntegrityError, transaction

from credit_portal.audit.clock import local_date
from credit_portal.deadlines import duties, policy
from credit_portal.registry.models import SubjectAccess, User
from credit_portal.registry.personal_numbers import passages
from credit_portal.registry.visibility import group_names
from verification.vocabulary import State as EntryState

from . import hooks
from .case_course import save_case, write_step
from .case_rules import DOES, CaseError, text_of
from .models import BreachCase, CaseStep, SubjectStatement

State, Refusal = SubjectStatement.State, SubjectStatement.Refusal
MATTER, RULE = "subject_statement", "statement_review"
MOST = 1000
WAITS = "已有一份说明在审查，请等审查结果，或者先撤回再提交。"
NUMBERS = (
    "说明会照原文公示，其中“{found}”像是身份证号码或者手机号码。请删去；确实要公示的，请勾选下面的确认。"
)
OVER = "公示已经停止，或者已经修复，不再并列公示说明。"
NOT_SERVED = "认定书送达以后才能提交说明。"
GONE = "这份说明已经办结，请看最新情况。"


def matter_of(statement: SubjectStatement) -> duties.Matter:
    return duties.Matter(MATTER, statement.pk, statement.case.number)


def takes_statement(case: BreachCase, *, today: date) -> bool:
    """Whether anything can be said beside a breach: served and standing, neither repaired nor past its publicity."""
    if case.state != BreachCase.State.SERVED:
        return False
    entry = case.entry
    if entry is None:
        return True
    ran_out = entry.public_until is not None and entry.public_until < today
    return entry.state == EntryState.EFFECTIVE and not ran_out


@transaction.atomic
def submit(
    *, case_id: int, access: SubjectAccess, text: str, now: datetime, confirmed: bool = False
) -> SubjectStatement:
    """A subject hands in its statement; the department has a duty to look at it. `confirmed`: numbers of persons in it are
    meant to be published. Raises CaseError by field."""
    case = _own_case(case_id, access)
    if case.state != BreachCase.State.SERVED:
        raise CaseError(NOT_SERVED)
    if not takes_statement(case, today=local_date(now)):
        raise CaseError(OVER)
    said = text_of(text, field="text", label="说明", least=4, most=MOST)
    if said == case.subject_statement:
        raise CaseError("与现在公示的说明相同。", field="text")
    if not confirmed and (found := passages(said)):
        raise CaseError(NUMBERS.format(found="、".join(found)), field="confirmed")
    try:
        with transaction.atomic():
            statement = SubjectStatement.objects.create(case=case, access=access, text=said, submitted_at=now)
    except IntegrityError as error:
        raise CaseError(WAITS) from error
    try:
        duties.open_duty(
            rule_key=RULE, matter=matter_of(statement), department=case.department, region=case.region,
            triggered_on=local_date(now), now=now, is_demo=case.is_demo,
        )  # fmt: skip
    except policy.NoRule as error:
        raise CaseError(str(error)) from error
    write_step(case, CaseStep.Kind.STATEMENT_SENT, on=local_date(now), actor=None, now=now)
    return statement


@transaction.atomic
def accept(*, statement_id: int, actor: User, now: datetime) -> SubjectStatement:
    """Nothing in law is against it: from now on it stands beside the breach, word by word. Raises CaseError."""
    statement = _to_review(statement_id, actor)
    case = statement.case
    _close(statement, State.ACCEPTED, now=now, reviewed_by=actor)
    case.subject_statement, case.subject_statement_on = statement.text, local_date(statement.submitted_at)
    save_case(case, actor, now)
    write_step(case, CaseStep.Kind.SUBJECT_STATEMENT, on=local_date(now), actor=actor, now=now)
    duties.meet_duty(rule_key=RULE, matter=matter_of(statement), on=local_date(now), now=now, actor=actor)
    hooks.run_after_statement(case=case, actor=actor, now=now)
    return statement


@transaction.atomic
def refuse(*, statement_id: int, refusal: str, passage: str, actor: User, now: datetime) -> SubjectStatement:
    """It cannot be published as it is: for one of the reasons of law, naming the words. What stood there before stays.

    Raises CaseError by field.
    """
    statement = _to_review(statement_id, actor)
    if refusal not in Refusal.values:
        raise CaseError("只能因法定的理由不采用，请选择理由。", field="refusal")
    words = text_of(passage, field="passage", label="涉及的文字", most=300)
    if words not in statement.text:
        raise CaseError("请照抄说明中涉及的文字，便于主体修改。", field="passage")
    _close(statement, State.REFUSED, now=now, reviewed_by=actor, refusal=refusal, passage=words)
    write_step(
        statement.case, CaseStep.Kind.STATEMENT_REFUSED, on=local_date(now), actor=actor, now=now,
        note=Refusal(refusal).label,
    )  # fmt: skip
    duties.meet_duty(rule_key=RULE, matter=matter_of(statement), on=local_date(now), now=now, actor=actor)
    return statement


@transaction.atomic
def take_back(*, case_id: int, access: SubjectAccess, now: datetime) -> None:
    """The subject takes back what waits and what is shown, at once and for whatever reason. Raises CaseError."""
    case = _own_case(case_id, access)
    waiting = case.statements.select_for_update().filter(state=State.WAITING).first()
    if waiting is None and not case.subject_statement:
        raise CaseError("没有可以撤回的说明。")
    if waiting is not None:
        _withdraw(waiting, now=now)
    if case.subject_statement:
        case.subject_statement, case.subject_statement_on = "", None
        save_case(case, None, now)
    write_step(
        case, CaseStep.Kind.SUBJECT_STATEMENT, on=local_date(now), actor=None, now=now, note="撤回主体说明"
    )
    hooks.run_after_statement(case=case, actor=None, now=now)


def on_revoked(*, case: BreachCase, actor: object, now: datetime) -> None:
    """The determination is gone: nothing is to be said to it any more."""
    for statement in case.statements.select_for_update().filter(state=State.WAITING):
        _withdraw(statement, now=now)


def waiting_of(case: BreachCase) -> SubjectStatement | None:
    found: SubjectStatement | None = case.statements.filter(state=State.WAITING).first()
    return found


def _withdraw(statement: SubjectStatement, *, now: datetime) -> None:
    _close(statement, State.WITHDRAWN, now=now)
    duties.cancel_duties(matter=matter_of(statement), now=now, actor=None, reason="说明已撤回")


def _close(statement: SubjectStatement, state: str, *, now: datetime, **more: object) -> None:
    statement.state, statement.closed_at = state, now
    for name, value in more.items():
        setattr(statement, name, value)
    statement.save()


def _own_case(case_id: int, access: SubjectAccess) -> BreachCase:
    """The subject's own case, locked. Raises CaseError for anybody else's, and for an agent who may only look."""
    case = (
        BreachCase.objects.select_for_update(of=("self",))
        .select_related("department", "region")
        .filter(pk=case_id, subject=access.subject_id)
        .first()
    )
    if case is None or not access.may_act:
        raise CaseError("只能对本主体的违诺认定作说明。")
    return case


def _to_review(statement_id: int, actor: User) -> SubjectStatement:
    """A waiting statement and its case, locked, for the department that determined the breach."""
    case_id = SubjectStatement.objects.values_list("case_id", flat=True).get(pk=statement_id)
    case = (
        BreachCase.objects.select_for_update(of=("self",))
        .select_related("department", "region", "commitment")
        .get(pk=case_id)
    )
    if case.department_id != actor.department_id or not group_names(actor) & DOES:
        raise CaseError("主体说明由作出认定的部门审查。")
    statement = SubjectStatement.objects.select_for_update().get(pk=statement_id)
    statement.case = case
    if statement.state != State.WAITING or case.state != BreachCase.State.SERVED:
        raise CaseError(GONE)
    return statement
