"""What the security administrator does: enter codes to keep away from, and write down what a question has brought."""

from datetime import date, datetime

from django.db import IntegrityError, transaction

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.registry import codes, groups
from credit_portal.registry.models import User
from credit_portal.registry.personal_numbers import passages
from credit_portal.registry.visibility import has_role
from verification.models import AvoidedCode, UnusualReading

State = UnusualReading.State
LEAST_NOTE, MOST_NOTE = 5, 500


class WatchError(ValueError):
    """It cannot be stored so; `field` names what is wrong, the message says it in Chinese."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


@transaction.atomic
def avoid(
    *, user: User, relation: str, code: str, actor: User, now: datetime, from_on: date | None = None, is_demo: bool = False
) -> AvoidedCode:  # fmt: skip
    """Enter a code that a member of staff keeps away from. Raises WatchError by field."""
    _check_hand(actor, user)
    if not user.is_active:
        raise WatchError("这个账号已经停用。", field="username")
    if relation not in AvoidedCode.Relation.values:
        raise WatchError("请选择关系。", field="relation")
    try:
        found = codes.parse_subject_code(code, today=local_date(now))
    except codes.CodeError as error:
        raise WatchError(str(error), field="code") from error
    if from_on is not None and from_on > local_date(now):
        raise WatchError(f"起始日期不能晚于今天（{local_date(now)}）。", field="from_on")
    person = codes.PERSON in found.kinds
    if person == (relation == AvoidedCode.Relation.COMPANY):
        told = "统一社会信用代码" if relation == AvoidedCode.Relation.COMPANY else "身份证号码"
        raise WatchError(f"这种关系应填写{told}。", field="code")
    try:
        with transaction.atomic():
            row = AvoidedCode(
                user=user, relation=relation, from_on=from_on or local_date(now), entered_at=now, entered_by=actor,
                uscc=None if person else found.value,
                shown=codes.mask_id_number(found.value) if person else found.value, is_demo=is_demo,
            )  # fmt: skip
            if person:
                row.id_number = found.value
            row.save(force_insert=True)
    except IntegrityError as error:
        raise WatchError("这个代码已经为该工作人员登记。", field="code") from error
    _tell(row, "登记", actor, now)
    return row


@transaction.atomic
def end(*, avoided_id: int, on: date, actor: User, now: datetime) -> AvoidedCode:
    """It holds until a day. Raises WatchError (`until_on`)."""
    row = AvoidedCode.objects.select_for_update(of=("self",)).select_related("user").get(pk=avoided_id)
    _check_hand(actor, row.user)
    if row.until_on is not None:
        raise WatchError("这条登记已经结束，请刷新页面。")
    if not row.from_on <= on <= local_date(now):
        raise WatchError(f"结束日期应在 {row.from_on} 与今天之间。", field="until_on")
    row.until_on = on
    row.save(update_fields=["until_on"])
    _tell(row, "结束", actor, now)
    return row


@transaction.atomic
def decide(*, reading_id: int, state: str, note: str, actor: User, now: datetime) -> UnusualReading:
    """Write down what was found out. Told twice alike, it happened once. Raises WatchError by field."""
    row = UnusualReading.objects.select_for_update(of=("self",)).select_related("reader").get(pk=reading_id)
    _check_hand(actor, row.reader)
    text = " ".join(note.split())
    if row.state != State.OPEN:
        if (row.state, row.note, row.decided_by_id) == (state, text, actor.pk):
            return row
        raise WatchError(f"这一件{row.get_state_display()}，请刷新页面。")
    if state not in (State.EXPLAINED, State.REFERRED):
        raise WatchError("请选择结果。", field="state")
    if not LEAST_NOTE <= len(text) <= MOST_NOTE:
        raise WatchError(
            f"核实情况应为 {LEAST_NOTE} 至 {MOST_NOTE} 个字，现为 {len(text)} 个字。", field="note"
        )
    if found := passages(text):
        raise WatchError(
            f"核实情况里不写身份证号码、手机号码（“{'、'.join(found)}”），请写查阅的理由。", field="note"
        )
    row.state, row.note, row.decided_at, row.decided_by = state, text, now, actor
    row.save(update_fields=["state", "note", "decided_at", "decided_by"])
    events.unusual_reading(
        now=now, actor_id=actor.pk, reading_id=row.pk, reader_id=row.reader_id, partner_id=row.partner_id,
        kind=row.kind, step=row.get_state_display(), day=row.day,
    )  # fmt: skip
    return row


def _check_hand(actor: User, about: User | None) -> None:
    if not has_role(actor, groups.SECURITY_ADMIN):
        raise WatchError("由安全管理员办理。")
    if about is not None and about.pk == actor.pk:
        raise WatchError("涉及本人的，由另一名安全管理员办理。")


def _tell(row: AvoidedCode, step: str, actor: User, now: datetime) -> None:
    events.avoided_code(
        now=now, actor_id=actor.pk, department_id=actor.department_id, avoided_id=row.pk, user_id=row.user_id,
        relation=row.relation, step=step,
    )  # fmt: skip
