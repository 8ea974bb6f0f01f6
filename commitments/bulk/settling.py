"""Breaches that a file tells of: each is looked into by its department, which opens a case or says why not. The file itself
determines nothing (data-standards, Coming in; S0 一（三）「经行政主管部门认定」)."""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from commitments import case_opening
from commitments.case_rules import DOES, CaseError
from commitments.models import BreachCase, Commitment, ImportedCommitment
from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.deadlines import duties
from credit_portal.registry.models import User
from credit_portal.registry.visibility import has_role, limit_to_visible

from .jobs import BulkRefused
from .writing import RULE, matter_of

Breach = ImportedCommitment.Breach
AT_ONCE = 500
LEAST, MOST = 4, 500
GONE = "承诺已作废或者由新承诺更正"


def waiting_for(user: User) -> QuerySet[ImportedCommitment]:
    """Told breaches in the user's reach, settled ones included."""
    return limit_to_visible(ImportedCommitment.objects.exclude(breach=Breach.NONE), user)


def open_for(user: User) -> int:
    """How many wait, counted up to a hundred."""
    return waiting_for(user).filter(breach=Breach.WAITING).order_by()[:100].count()


def facts_of(row: ImportedCommitment) -> str:
    """What the file told, as a case's facts may begin."""
    lines = [f"归集文件载明履行状态为“{outcome_in_words(row)}”。"] if row.outcome else []
    if row.not_kept:
        lines.append(f"未履行的承诺内容：{row.not_kept}")
    if row.liability:
        lines.append(f"违诺责任追究内容：{row.liability}")
    if row.found_on or row.found_by:
        lines.append("认定：" + "，".join(filter(None, (str(row.found_on or ""), row.found_by))))
    return "\n".join(lines)


@transaction.atomic
def open_case(*, commitment_id: int, facts: str, note: str = "", actor: User, now: datetime) -> BreachCase:
    """Open a case on what the file told; from there it goes as any other. `note`: what was found out, if anything was
    written. Raises BulkRefused (`facts`, `note`)."""
    row = _own(commitment_id, actor)
    said = _said(note)
    if len(said) > MOST:
        raise BulkRefused(f"核实情况最多 {MOST} 个字，现为 {len(said)} 个字。", field="note")
    try:
        case = case_opening.open_case(
            commitment_id=row.pk, source=BreachCase.Source.BULK, facts=facts, actor=actor, now=now
        )
    except CaseError as error:
        raise BulkRefused(str(error), field=error.field if error.field == "facts" else "") from error
    _settle(row, Breach.CASE, said, actor=actor, case=case, now=now)
    return case


@transaction.atomic
def dismiss(*, commitment_id: int, note: str, actor: User, now: datetime) -> ImportedCommitment:
    """Looked into, and no case: with what was found out. Raises BulkRefused (`note`)."""
    row = _own(commitment_id, actor)
    said = _said(note)
    if not LEAST <= len(said) <= MOST:
        raise BulkRefused(f"请写明核实情况（{LEAST} 至 {MOST} 个字，现为 {len(said)} 个字）。", field="note")
    _settle(row, Breach.DISMISSED, said, actor=actor, case=None, now=now)
    return row


def _said(note: str) -> str:
    return note.replace("\r\n", "\n").strip()


def _own(commitment_id: int, actor: User) -> ImportedCommitment:
    row = (
        ImportedCommitment.objects.select_for_update(of=("self",))
        .select_related("commitment")
        .filter(pk=commitment_id, department_id=actor.department_id)
        .first()
    )
    if row is None or not has_role(actor, *DOES):
        raise BulkRefused("归集文件载有的违诺由受理单位的经办人或者负责人核实。")
    if row.breach != Breach.WAITING:
        raise BulkRefused(f"已经处理（{row.get_breach_display()}）。")
    return row


def _settle(
    row: ImportedCommitment,
    breach: str,
    note: str,
    *,
    actor: User | None,
    case: BreachCase | None,
    now: datetime,
) -> None:
    row.breach, row.case, row.settled_note = breach, case, note
    row.settled_by, row.settled_at = actor, now
    row.save(update_fields=["breach", "case", "settled_note", "settled_by", "settled_at"])
    duties.meet_duty(
        rule_key=RULE, matter=matter_of(row.commitment), on=local_date(now), now=now, actor=actor
    )
    step = f"立案 {case.number}" if case is not None else "核实后不立案"
    events.imported_breach(
        now=now, actor_id=actor.pk if actor else None, department_id=row.department_id, commitment_id=row.pk,
        code=row.commitment.code, step=step,
    )  # fmt: skip


def stop_waiting(row: ImportedCommitment, *, reason: str, actor: User | None, now: datetime) -> None:
    """Nothing is told of a breach any more, or nobody needs to look into it."""
    row.breach = Breach.NONE
    row.save(update_fields=["breach"])
    duties.cancel_duties(
        matter=matter_of(row.commitment), now=now, actor=actor, reason=reason, rule_keys=[RULE]
    )
    events.imported_breach(
        now=now, actor_id=actor.pk if actor else None, department_id=row.department_id, commitment_id=row.pk,
        code=row.commitment.code, step=f"不再待认定：{reason}",
    )  # fmt: skip


def follow(*, now: datetime) -> int:
    """Step of the sweep: what waits is settled where a case was opened another way, and ends with its commitment."""
    standing = BreachCase.objects.filter(commitment=OuterRef("pk")).exclude(state__in=["dropped", "revoked"])
    with transaction.atomic():
        rows = list(
            ImportedCommitment.objects.select_for_update(of=("self",))
            .filter(breach=Breach.WAITING)
            .filter(
                Q(commitment__voided_at__isnull=False)
                | Q(commitment__corrected_by__isnull=False)
                | Exists(standing)
            )
            .select_related("commitment")
            .order_by("pk")[:AT_ONCE]
        )
        cases = {
            case.commitment_id: case
            for case in BreachCase.objects.filter(commitment__in=[row.pk for row in rows]).exclude(
                state__in=["dropped", "revoked"]
            )
        }
        for row in rows:
            case = cases.get(row.pk)
            if case is not None:
                _settle(row, Breach.CASE, "", actor=None, case=case, now=now)
            else:
                stop_waiting(row, reason=GONE, actor=None, now=now)
    return len(rows)


def outcome_in_words(row: ImportedCommitment) -> str:
    return str(Commitment.Fulfilment(row.outcome).label) if row.outcome else "履行中"
