"""Handled at once (即时办理, S4 1, R36): conditions promised, materials complete, so the result is given on the same day,
or on the next working day where signing was on a rest day (art. 203: somebody must act)."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Count, F, Q, QuerySet

from commitments.models import Commitment, CommitmentEvent, ImmediateResult
from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.deadlines import duties, policy
from credit_portal.deadlines.calendar import count_working_days
from credit_portal.deadlines.calendars import current_calendar
from credit_portal.registry.models import CommitmentType, User
from credit_portal.registry.visibility import group_names, limit_to_visible
from verification.checking.handling import answer_of
from verification.vocabulary import Scrutiny

from . import course
from .course import SupplementError, SupplementMoved

Result = ImmediateResult.Result
RULE, MATTER = "handled_at_once", "immediate"
DONE = "办理结果已于 {day} 登记为“{result}”，文书号 {number}。"


def matter_of(row: ImmediateResult) -> duties.Matter:
    return duties.Matter(MATTER, row.pk, row.commitment.code)


def applies(commitment: Commitment) -> bool:
    """The item is handled at once, the commitment stands in for proof, nothing is late, and nothing is to be looked at
    one by one first (重点审查, S0 一（三）)."""
    item, check = commitment.item_version, commitment.check_made
    return bool(
        item is not None
        and item.handled_at_once
        and commitment.commitment_type == CommitmentType.APPROVAL
        and not commitment.late_materials
        and check is not None
        and answer_of(check)[1] != Scrutiny.KEY
    )


def on_signed(*, commitment: Commitment, now: datetime) -> None:
    """In the transaction of the signing: the row that waits for the result, and the department's duty."""
    if not applies(commitment):
        return
    row = ImmediateResult.objects.create(
        commitment=commitment,
        department=commitment.department,
        due_on=count_working_days(current_calendar(), commitment.made_on, 0).due,
        is_demo=commitment.is_demo,
    )
    try:
        duty = duties.open_duty(
            rule_key=RULE,
            matter=matter_of(row),
            department=commitment.department,
            region=commitment.region,
            triggered_on=commitment.made_on,
            now=now,
            actor=commitment.clerk,
            is_demo=commitment.is_demo,
        )
    except policy.NoRule:
        # The catalogue says it at once; without a rule nobody is reminded.
        return
    if duty.due_on != row.due_on:
        row.due_on = duty.due_on
        row.save(update_fields=["due_on"])


@transaction.atomic
def record(
    *, commitment_id: int, result: str, document_no: str, actor: User, now: datetime, note: str = ""
) -> ImmediateResult:
    """The result with its document number, given out today. Raises SupplementError by field; once recorded, it stays."""
    row = (
        ImmediateResult.objects.select_for_update(of=("self",))
        .select_related("commitment")
        .filter(commitment=commitment_id)
        .first()
    )
    if (
        row is None
        or row.department_id != actor.department_id
        or not group_names(actor) & course.AT_THE_COUNTER
    ):
        raise SupplementError("没有要登记结果的即时办理，或者它不是本部门受理的。")
    if row.cancelled:
        raise SupplementMoved("承诺已作废或者更正，不再登记办理结果。")
    if row.recorded_on is not None:
        raise SupplementMoved(
            DONE.format(day=row.recorded_on, result=row.get_result_display(), number=row.document_no)
        )
    if result not in Result.values:
        raise SupplementError("请选择办理结果。", field="result")
    number = course.reason_of(document_no, field="document_no", label="文书号", least=2, most=100)
    said = (
        course.reason_of(note, field="note", label="退回的理由")
        if result == Result.RETURNED
        else " ".join(note.split())[:300]
    )
    today = local_date(now)
    row.result, row.document_no, row.note = result, number, said
    row.recorded_on, row.recorded_at, row.recorded_by = today, now, actor
    row.save()
    word = Result(result).label
    CommitmentEvent.objects.create(
        commitment=row.commitment, kind=CommitmentEvent.Kind.RESULT, at=now, actor=actor,
        note=f"{word}，{number}", reason=said,
    )  # fmt: skip
    events.immediate_result(
        now=now,
        actor_id=actor.pk,
        department_id=row.department_id,
        commitment_id=row.commitment_id,
        code=row.commitment.code,
        result=word,
        due_on=row.due_on,
    )
    duties.meet_duty(rule_key=RULE, matter=matter_of(row), on=today, now=now, actor=actor)
    return row


def recorded(commitment: Commitment) -> ImmediateResult | None:
    """The result that was given out on a commitment, if one was."""
    return ImmediateResult.objects.filter(commitment=commitment, recorded_on__isnull=False).first()


def on_commitment_gone(*, commitment: Commitment, actor: User | None, now: datetime) -> None:
    """Voided or replaced before the result: nothing is due any more."""
    row = (
        ImmediateResult.objects.select_for_update(of=("self",))
        .select_related("commitment")
        .filter(commitment=commitment, recorded_on=None, cancelled=False)
        .first()
    )
    if row is not None:
        row.cancelled = True
        row.save(update_fields=["cancelled"])
        duties.cancel_duties(matter=matter_of(row), now=now, actor=actor, reason="承诺作废或者更正")


# ---- how many ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rate:
    """Of what was due by a day: how many there were and how many had their result on the day itself."""

    name: str
    due: int
    at_once: int

    @property
    def percent(self) -> str:
        return f"{100 * self.at_once / self.due:.0f}%" if self.due else "—"


def visible_to(user: User) -> QuerySet[ImmediateResult]:
    return limit_to_visible(ImmediateResult.objects.filter(cancelled=False), user)


def rates(user: User, *, since: date, today: date) -> list[Rate]:
    """By department, of the user's reach, the last days up to `today`; what is due today counts once it is done. One query."""
    over = Q(due_on__lt=today) | Q(recorded_on__isnull=False)
    rows = (
        visible_to(user)
        # What was given out on a commitment that has been voided since is no result any more.
        .filter(over, due_on__gte=since, commitment__voided_at=None)
        .order_by()
        .values("department__short_name", "department")
        .annotate(due=Count("pk"), at_once=Count("pk", filter=Q(recorded_on__lte=F("due_on"))))
        .order_by("department__short_name", "department")
    )
    return [Rate(row["department__short_name"], row["due"], row["at_once"]) for row in rows]
