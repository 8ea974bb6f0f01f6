"""Force majeure (Civil Code art. 180): the days run on once, asked for by one and decided by another, with evidence."""

from datetime import datetime

from django.db import IntegrityError, transaction

from commitments.models import Supplement, SupplementExtension
from credit_portal.audit.clock import local_date
from credit_portal.deadlines import policy
from credit_portal.deadlines.calendars import current_calendar
from credit_portal.registry.models import User

from . import course, rules
from .course import MaterialState, State, SupplementError, SupplementMoved
from .promising import RULE
from .receiving import Upload

Asked = SupplementExtension.State
# Where no rule says how long a promise may be, so long an extension may be.
OTHERWISE = 10
GRANTED = "容缺材料已因不可抗力延长过一次（{day} 由{who}决定，延长至 {until}），不能再延长。"
WAITS = "已有一件延长在等待另一人决定。"
TOO_LATE = "补交期限已于 {day} 届满，不能再延长；因不可抗力没有补交的，由部门了结时写明。"
ANOTHER = "延长由另一人决定，提出人不能自己决定。"
NO_EVIDENCE = "请附不可抗力的证明。"


def most_days(supplement: Supplement) -> int:
    """How many working days one extension may have at most: as many as the promise itself might have had."""
    try:
        return policy.value(RULE, lineage=supplement.region.lineage, on=supplement.signed_on).length
    except policy.NoRule:
        return OTHERWISE


@transaction.atomic
def ask(
    *, supplement_id: int, working_days: int, reason: str, upload: Upload | None, actor: User, now: datetime
) -> SupplementExtension:
    """Put down what has happened and how many working days more are needed, by the last day. Until it is decided nothing
    ends. Raises SupplementError by field, EvidenceRefused."""
    supplement = course.taken(supplement_id, actor)
    course.refuse_moved(supplement, State.OPEN)
    granted = supplement.extensions.filter(state=Asked.GRANTED).select_related("decided_by").first()
    if granted is not None:
        raise SupplementError(
            GRANTED.format(day=local_date(granted.decided_at), who=granted.decided_by, until=granted.until_on)
        )
    if supplement.extensions.filter(state=Asked.ASKED).exists():
        raise SupplementMoved(WAITS)
    today, last = local_date(now), rules.last_day(current_calendar(), supplement.last_on)
    if today > last:
        raise SupplementError(TOO_LATE.format(day=last))
    most = most_days(supplement)
    if not 1 <= working_days <= most:
        raise SupplementError(f"延长 1 至 {most} 个工作日，现为 {working_days} 个。", field="working_days")
    why = course.reason_of(reason, field="reason", label="不可抗力的情形", least=5)
    evidence = course.keep_file(upload, actor=actor, department=supplement.department, now=now)
    if evidence is None:
        raise SupplementError(NO_EVIDENCE, field="evidence")
    try:
        with transaction.atomic():
            extension = SupplementExtension.objects.create(
                supplement=supplement, working_days=working_days, reason=why, evidence=evidence,
                asked_on=today, asked_at=now, asked_by=actor,
            )  # fmt: skip
    except IntegrityError as error:
        raise SupplementMoved(WAITS) from error
    course.tell(supplement, f"提出因不可抗力延长 {working_days} 个工作日", actor=actor, now=now, reason=why)
    course.notify(
        supplement, key=f"asked:{extension.pk}", desk=True, now=now,
        title=f"承诺 {supplement.commitment.code} 的容缺材料申请延长，请另一人决定",
    )  # fmt: skip
    return extension


@transaction.atomic
def decide(*, extension_id: int, granted: bool, note: str, actor: User, now: datetime) -> SupplementExtension:
    """Another person of the desk decides. Granted: every material that has not come has so many working days more, counted
    from its own day. Raises SupplementError."""
    known = SupplementExtension.objects.only("supplement_id").get(pk=extension_id)
    supplement = course.taken(known.supplement_id, actor, by=course.AT_THE_DESK)
    extension = (
        SupplementExtension.objects.select_for_update(of=("self",))
        .select_related("decided_by")
        .get(pk=extension_id)
    )
    if extension.state != Asked.ASKED:
        raise SupplementMoved(f"这件延长{extension.get_state_display()}，请看最新情况。")
    course.refuse_moved(supplement, State.OPEN)
    if extension.asked_by_id == actor.pk:
        raise SupplementError(ANOTHER)
    why = course.reason_of(note, field="note", label="决定的理由")
    extension.state = Asked.GRANTED if granted else Asked.REFUSED
    extension.decided_at, extension.decided_by, extension.note = now, actor, why
    if granted:
        calendar = current_calendar()
        rows = list(supplement.materials.select_for_update().exclude(state=MaterialState.RECEIVED))
        for row in rows:
            row.due_on = rules.extended(
                calendar, row.due_on, extension.working_days, decided_on=local_date(now)
            )
            row.save(update_fields=["due_on"])
        extension.until_on = max(row.due_on for row in rows)
    extension.save()
    word = f"延长至 {extension.until_on}" if granted else "不予延长"
    course.tell(supplement, f"不可抗力：{word}", actor=actor, now=now, reason=why, until=extension.until_on)
    course.settle(supplement, actor=actor, now=now)
    course.notify(
        supplement, key=f"decided:{extension.pk}", now=now,
        title=f"承诺 {supplement.commitment.code} 的容缺材料{word}",
    )  # fmt: skip
    return extension
