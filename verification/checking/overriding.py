"""An exception from `ordinary` or `key`: asked for by one, allowed by another with a reason, counted. Of `refused` there
is none: the way is to correct the record."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from credit_portal.audit.history import note
from credit_portal.outbox import notices
from credit_portal.registry.models import User
from credit_portal.registry.visibility import group_names, limit_to_visible
from verification.models import CheckOverride
from verification.vocabulary import Route

from .handling import DECIDES, CheckError, may_be_lifted, not_decided, noted, procedure_of, taken, text

NO_OVERRIDE = "“依规定应当拒绝”没有例外；认为记录有误或者已经解除的，请提交异议材料，更正记录。"
NOTHING_TO_LIFT = "核查结论已可适用承诺制，不需要例外。"
State = CheckOverride.State


def overrides_visible_to(user: User) -> QuerySet[CheckOverride]:
    return limit_to_visible(CheckOverride.objects.all(), user)


@transaction.atomic
def ask(*, check_id: int, reason: str, actor: User, now: datetime) -> CheckOverride:
    """Ask for an exception. Raises CheckError."""
    check = taken(check_id, actor)
    not_decided(check)
    if check.route == Route.REFUSED:
        raise CheckError(NO_OVERRIDE)
    if not may_be_lifted(check.route, check.scrutiny):
        raise CheckError(NOTHING_TO_LIFT)
    if CheckOverride.objects.filter(check_made__in=procedure_of(check)).exists():
        raise CheckError("本次办理已申请过例外。")
    row = CheckOverride(
        check_made=check,
        department=check.department,
        reason=text(reason, "reason", "申请理由"),
        asked_at=now,
        asked_by=actor,
    )
    note(row, actor=actor, now=now)
    row.save()
    noted(check, "申请例外", actor=actor, now=now)
    others = User.objects.filter(
        department=check.department_id, groups__name__in=list(DECIDES), is_active=True
    ).exclude(pk=actor.pk)
    notices.notify_many(
        [
            notices.Told(
                _unique(others),
                f"override:{row.pk}:asked",
                "check",
                f"核查 {check.number} 申请例外，请决定",
                "",
                f"/desk/checks/{check.uuid}/",
            )
        ],
        now=now,
    )
    return row


@transaction.atomic
def decide(*, check_id: int, allow: bool, answer: str, actor: User, now: datetime) -> CheckOverride:
    """Another person allows or declines it, with a reason. Raises CheckError."""
    check = taken(check_id, actor, *DECIDES)
    not_decided(check)
    row = CheckOverride.objects.select_for_update(of=("self",)).filter(check_made=check).first()
    if row is None or row.state != State.ASKED:
        raise CheckError("没有待决定的例外。")
    if row.asked_by_id == actor.pk:
        raise CheckError("例外须由申请人以外的另一人决定。")
    if not group_names(actor) & DECIDES:
        raise CheckError("例外由经办人或者负责人决定。")
    row.state = State.ALLOWED if allow else State.DECLINED
    row.answer = text(answer, "answer", "决定理由")
    row.decided_at, row.decided_by = now, actor
    note(row, actor=actor, now=now)
    row.save()
    noted(check, "同意例外" if allow else "不同意例外", actor=actor, now=now)
    notices.notify_many(
        [
            notices.Told(
                [row.asked_by],
                f"override:{row.pk}:{row.state}",
                "check",
                f"核查 {check.number} 的例外：{row.get_state_display()}",
                "",
                f"/desk/checks/{check.uuid}/",
            )
        ],
        now=now,
    )
    return row


def _unique(people: QuerySet[User]) -> Sequence[User]:
    return list(people.distinct())
