"""A drawn commitment is looked at by its department, and what was found is said once: kept as far as was seen, in doubt
(then a case is opened), or why it could not be looked at (R64). Single obligations can be recorded in the same step."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet

from commitments import case_opening, fulfilment
from commitments.case_rules import CaseError
from commitments.fulfilment import FulfilmentError
from commitments.models import BreachCase, Commitment, Recheck
from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.deadlines import duties
from credit_portal.documents.models import EvidenceFile
from credit_portal.registry.desk_access import AT_THE_DESK
from credit_portal.registry.models import User
from credit_portal.registry.visibility import has_role, limit_to_visible

from . import drawing
from .planning import PlanError

Finding = Recheck.Finding
# Each for its own department: the approval bureau and the credit office have matters of their own, too.
ANSWERS = AT_THE_DESK
FINDINGS = (Finding.KEPT, Finding.DOUBT, Finding.UNABLE)
NO_DOUBT = "选了疑似未履行的条款，复核结果却是“{finding}”：请改选“疑似未履行”，或者不选条款。"
NOT_UNABLE = "选了未能核查的原因，复核结果却是“{finding}”：请改选“未能核查”，或者不选原因。"
ENDED_NOTE = "承诺已作废或者由新承诺更正"


def rechecks_visible_to(user: User) -> QuerySet[Recheck]:
    """The drawn commitments that a member of staff may read: of the own department, or of the own region and below."""
    return limit_to_visible(Recheck.objects.all(), user)


def problems(
    *,
    finding: str,
    drawn_on: date,
    found_on: date | None,
    note: str | None,
    obstacle: str,
    doubtful: Collection[int],
    kept: Collection[int],
    known: Collection[int],
    today: date,
) -> dict[str, str]:
    """What is wrong with an answer, by field, all at once; what a form could not read (None) is not judged. Pure."""
    found: dict[str, str] = {}
    label = Finding(finding).label
    if found_on is not None and not drawn_on <= found_on <= today:
        found["found_on"] = f"核查日期应在抽取日 {drawn_on} 与今天（{today}）之间。"
    if note is not None and not 5 <= len(note.strip()) <= 2000:
        found["note"] = f"请写明核查情况（5 至 2000 个字，现为 {len(note.strip())} 个字）。"
    if finding == Finding.UNABLE:
        if obstacle not in Recheck.Obstacle.values:
            found["obstacle"] = "请选择未能核查的原因。"
        if kept:
            found["kept"] = "没有能够核查的，不能同时登记条款已履行。"
    elif obstacle:
        found["obstacle"] = NOT_UNABLE.format(finding=label)
    if finding != Finding.DOUBT:
        if doubtful:
            found["doubtful"] = NO_DOUBT.format(finding=label)
    elif not doubtful:
        found["doubtful"] = "请选出疑似没有履行的条款。"
    elif wrong := sorted(set(doubtful) - set(known)):
        found["doubtful"] = f"这份承诺没有第 {wrong[0]} 条承诺内容。"
    elif both := sorted(set(kept) & set(doubtful)):
        found["doubtful"] = f"第 {both[0]} 条不能既疑似未履行又登记为已履行。"
    return found


@transaction.atomic
def answer(
    *,
    recheck_id: int,
    finding: str,
    found_on: date,
    note: str,
    actor: User,
    now: datetime,
    obstacle: str = "",
    doubtful: Iterable[int] = (),
    kept: Iterable[tuple[int, str]] = (),
    evidence: Sequence[EvidenceFile] = (),
) -> Recheck:
    """Say what was found. `doubtful`: the clauses in doubt, of which the case that is opened tells; `kept`: clauses that
    were seen to be kept, as (number, kept or kept_late). The duty is met by it. Raises PlanError with the field."""
    row = _taken(recheck_id, actor)
    if finding not in FINDINGS:
        raise PlanError("请选择复核结果。", field="finding")
    today = local_date(now)
    chosen, kept = sorted(set(doubtful)), list(kept)
    known = set(row.commitment.obligations.values_list("clause_no", flat=True))
    for field, problem in problems(
        finding=finding, drawn_on=row.round.on, found_on=found_on, note=note, obstacle=obstacle, doubtful=chosen,
        kept=[number for number, _ in kept], known=known, today=today,
    ).items():  # fmt: skip
        raise PlanError(problem, field=field)
    row.finding, row.found_on, row.note = finding, found_on, note.strip()
    row.obstacle, row.doubtful = obstacle, chosen
    row.finder, row.answered_at = actor, now
    if finding == Finding.DOUBT:
        row.case = _case(row, evidence, actor=actor, now=now)
    row.save()
    row.evidence.set(evidence)
    _record_kept(row, kept, evidence, actor=actor, now=now)
    duties.meet_duty(rule_key=drawing.RULE, matter=drawing.matter_of(row), on=today, now=now, actor=actor)
    events.recheck_answered(
        now=now,
        actor_id=actor.pk,
        department_id=row.department_id,
        recheck_id=row.pk,
        code=row.commitment.code,
        finding=finding,
    )
    return row


def _taken(recheck_id: int, actor: User) -> Recheck:
    if (
        not has_role(actor, *ANSWERS)
        or not Recheck.objects.filter(pk=recheck_id, department_id=actor.department_id).exists()
    ):
        raise PlanError("这件复核由负责这份承诺的部门办理。")
    # The commitment first: whoever records or determines takes it first, too.
    code = Recheck.objects.values_list("commitment_id", flat=True).get(pk=recheck_id)
    Commitment.objects.select_for_update(of=("self",)).get(pk=code)
    row = (
        Recheck.objects.select_for_update(of=("self",))
        .select_related("commitment", "round__plan", "department", "region")
        .get(pk=recheck_id)
    )
    if row.finding:
        raise PlanError(f"这件复核已登记为“{row.get_finding_display()}”，不能再改。")
    return row


def _case(row: Recheck, evidence: Sequence[EvidenceFile], *, actor: User, now: datetime) -> BreachCase:
    """The case in which the department finds out and hears the subject; one that is under way already is that case."""
    under_way = row.commitment.breach_cases.exclude(state__in=fulfilment.ENDED).first()
    if under_way is not None:
        return under_way
    where = "、".join(f"第 {number} 条" if number else "整份承诺" for number in row.doubtful)
    try:
        return case_opening.open_case(
            commitment_id=row.commitment_id,
            source=BreachCase.Source.RECHECK,
            facts=f"复核（{row.round.plan.number} 第 {row.round.number} 轮）疑似未履行：{where}。\n{row.note}",
            actor=actor,
            now=now,
            evidence=evidence,
        )
    except CaseError as error:
        raise PlanError(str(error), field="finding") from error


def _record_kept(
    row: Recheck,
    kept: Sequence[tuple[int, str]],
    evidence: Sequence[EvidenceFile],
    *,
    actor: User,
    now: datetime,
) -> None:
    if not kept:
        return
    try:
        fulfilment.record_obligations(
            commitment_id=row.commitment_id,
            found=kept,
            found_on=row.found_on or local_date(now),
            note=f"复核：{row.note}"[:300],
            actor=actor,
            now=now,
            evidence=evidence,
            recheck=row,
        )
    except FulfilmentError as error:
        raise PlanError(str(error), field="kept") from error


def on_ended(*, commitment: Commitment, actor: User | None, now: datetime) -> None:
    """Voided or corrected: nothing is left to look at, and the duty ends. It counts neither as drawn nor as looked at."""
    for row in commitment.rechecks.select_for_update(of=("self",)).filter(finding=""):
        row.commitment = commitment
        row.finding, row.found_on, row.note = Finding.ENDED, local_date(now), ENDED_NOTE
        row.finder, row.answered_at = actor, now
        row.save()
        duties.cancel_duties(matter=drawing.matter_of(row), now=now, actor=actor, reason=ENDED_NOTE)
