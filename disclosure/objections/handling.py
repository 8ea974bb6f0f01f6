"""An objection is accepted or refused by the credit office, looked into by whoever made the record, answered there in writing
by two, and carried out by the site exactly as it is written. (S2 四（四）4, S4 17; R104, R105.)"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from credit_portal.audit.clock import local_date
from credit_portal.deadlines import duties
from credit_portal.documents.pdf import UnprintableText
from credit_portal.documents.services import store_evidence
from credit_portal.registry import codes, groups
from credit_portal.registry.models import CreditSubject, User
from credit_portal.registry.visibility import group_names, limit_to_visible
from disclosure.act_gate import public_acts
from disclosure.breach_gate import public_breaches
from disclosure.gate import public_commitments
from disclosure.models import Objection
from verification.models import CreditEntry
from verification.vocabulary import Kind as EntryKind
from verification.vocabulary import State as EntryState

from . import carrying_out, knowing, papers, reversals
from .filing import (
    ANSWER,
    go,
    is_office,
    matter_of,
    meet_acceptance,
    open_acceptance,
    open_duty,
    taken,
    tell_office,
    tell_unit,
)
from .records import is_shown, objected_of, target_of
from .rules import (
    APPROVES,
    DOES,
    OFFICE,
    OUTCOMES,
    UNIT,
    ObjectionError,
    check_second,
    text_of,
)

State, Outcome = Objection.State, Objection.Outcome
MOST_FOUND = 100
ERROR_UNKNOWN = "请先核实异议人的身份，再受理或者改正。"


def objections_visible_to(user: User) -> QuerySet[Objection]:
    """What the office received, for its region and below; what a unit is to answer, once accepted; and what somebody took
    down itself."""
    own = Q(filed_by=user)
    if user.department_id is None:
        return Objection.objects.none()
    if groups.CREDIT_OFFICE in group_names(user) or groups.AUDITOR in group_names(user):
        reach = limit_to_visible(Objection.objects.all(), user, department_field="office")
        return Objection.objects.filter(
            Q(pk__in=reach.values("pk")) | own | Q(department=user.department_id, accepted_at__isnull=False)
        )
    if group_names(user) & DOES:
        own |= Q(department=user.department_id, accepted_at__isnull=False)
    return Objection.objects.filter(own)


def hands_of(row: Objection, user: User) -> list[str]:
    """Whose hands a member of staff has in this objection."""
    hands = [OFFICE] if is_office(row, user) else []
    if user.department_id == row.department_id and group_names(user) & DOES:
        hands.append(UNIT)
    return hands


# ---- the office --------------------------------------------------------------------------------------------


@transaction.atomic
def verify(*, objection_id: int, how: str, actor: User, now: datetime) -> Objection:
    """The office has seen who objects: from now on the record carries the mark. Raises ObjectionError."""
    row = taken("verify", objection_id, hand=OFFICE, actor=actor)
    if row.identity:
        raise ObjectionError(f"身份已核实（{knowing.identity_label(row)}）。")
    if how not in (Objection.Identity.DOCUMENT, Objection.Identity.CALLED):
        raise ObjectionError("请选择怎样核实的身份。", field="how")
    if how == Objection.Identity.CALLED:
        knowing.check_called(row)
    row.identity, row.identity_at, row.identity_by, row.low = how, now, actor, False
    if row.state == State.RECEIVED:
        open_acceptance(row, actor=actor, now=now)
    go(row, "verify", "核实身份", actor=actor, now=now)
    return row


@transaction.atomic
def ask(*, objection_id: int, what: str, actor: User, now: datetime) -> Objection:
    """Ask for all that is missing, once. Raises ObjectionError."""
    row = taken("ask", objection_id, hand=OFFICE, actor=actor)
    if row.asked_at is not None:
        raise ObjectionError("已经要求补正过一次，须一次告知全部需要补正的内容；请受理或者不予受理。")
    row.asked_for = text_of(what, field="what", label="须补正的内容", least=2)
    row.asked_at = now
    go(row, "ask", "一次告知补正", actor=actor, now=now, said=row.asked_for)
    meet_acceptance(row, actor=actor, now=now)
    return row


@transaction.atomic
def refuse(*, objection_id: int, reason: str, actor: User, now: datetime) -> Objection:
    """Not an objection that can be dealt with: with the reason, and how to go on. Raises ObjectionError."""
    row = taken("refuse", objection_id, hand=OFFICE, actor=actor)
    row.refused_for = text_of(reason, field="reason", label="不予受理的理由", least=5)
    go(row, "refuse", "不予受理", actor=actor, now=now, said=row.refused_for)
    meet_acceptance(row, actor=actor, now=now)
    return row


@transaction.atomic
def accept(*, objection_id: int, actor: User, now: datetime) -> Objection:
    """Accepted, and given to whoever made the record to look into. Raises ObjectionError."""
    row = taken("accept", objection_id, hand=OFFICE, actor=actor)
    if not row.identity:
        raise ObjectionError(ERROR_UNKNOWN)
    row.accepted_at, row.accepted_by = now, actor
    go(
        row,
        "accept",
        f"受理，转{row.department.short_name or row.department.name}核实"[:60],
        actor=actor,
        now=now,
    )
    meet_acceptance(row, actor=actor, now=now)
    open_duty(row, ANSWER, row.department, actor=actor, now=now)
    tell_unit(row, f"请核实并书面答复异议 {row.number}", "accepted", now=now)
    return row


@transaction.atomic
def fix(
    *,
    objection_id: int,
    outcome: str,
    changes: Mapping[str, str],
    answer: str,
    actor: User,
    now: datetime,
) -> Objection:
    """The site's own fault: put right at once by the office, and answered (S2 四（四）4). Raises ObjectionError."""
    row = taken("fix", objection_id, hand=OFFICE, actor=actor)
    if not row.identity:
        raise ObjectionError(ERROR_UNKNOWN)
    if outcome == Outcome.KEEP:
        raise ObjectionError("没有差错的，请转作出单位核实。", field="outcome")
    if row.accepted_at is None:
        row.accepted_at, row.accepted_by = now, actor
    _answer(row, outcome, changes, answer, actor=actor, now=now)
    row.site_fault = True
    row.approved_at, row.approved_by = now, actor
    meet_acceptance(row, actor=actor, now=now)
    duties.cancel_duties(matter=matter_of(row), now=now, actor=actor, reason="属本网站差错，已改正")
    return _carry_out(row, "fix", "本网站差错，已改正", actor=actor, now=now)


@transaction.atomic
def carry_out(*, objection_id: int, actor: User, now: datetime) -> Objection:
    """The site does what the written answer says, nothing else. Raises ObjectionError."""
    row = taken("carry_out", objection_id, hand=OFFICE, actor=actor)
    return _carry_out(row, "carry_out", f"按答复执行：{row.get_outcome_display()}", actor=actor, now=now)


def _carry_out(row: Objection, act: str, label: str, *, actor: User, now: datetime) -> Objection:
    wrong = reversals.look_back(row) if row.outcome != Outcome.KEEP else None
    try:
        carrying_out.apply(row, actor=actor, now=now)
    except ObjectionError as error:
        raise ObjectionError(f"不能按答复执行：{error}", field=error.field) from error
    row.carried_out_at, row.carried_out_by = now, actor
    try:
        paper = papers.answer_pdf(row)
    except UnprintableText as error:
        raise ObjectionError(f"答复书无法制作：{error}", field="answer") from error
    row.document = store_evidence(
        content=paper,
        kind="document",
        content_type="application/pdf",
        original_name=f"{papers.ANSWER} {row.number}.pdf",
        actor=actor,
        department=row.office,
        now=now,
    )
    go(row, act, label, actor=actor, now=now)
    if wrong is not None:
        reversals.tell_all(row, wrong, actor=actor, now=now)
    tell_unit(row, f"异议 {row.number} 已按答复执行", "carried_out", now=now)
    return row


@transaction.atomic
def reopen(*, objection_id: int, reason: str, actor: User, now: datetime) -> Objection:
    """The written answer cannot be carried out: the record has become another since, or the answer cannot be printed. The unit
    looks into it again and answers anew, its time running on. Raises ObjectionError, also where it can be carried out."""
    row = taken("reopen", objection_id, hand=OFFICE, actor=actor)
    said = text_of(reason, field="reason", label="不能执行的情况", least=2, most=300)
    problem = _problem(row, actor=actor, now=now)
    if not problem:
        raise ObjectionError("书面答复可以执行，请按答复执行。")
    row.approved_at = row.approved_by = None
    row.returned_for = f"{said}（{problem}）"[:500]
    go(row, "reopen", "答复不能执行，退回重新核实", actor=actor, now=now, said=row.returned_for)
    duties.reopen_duty(rule_key=ANSWER, matter=matter_of(row), now=now, actor=actor, note=said)
    tell_unit(row, f"异议 {row.number} 的答复不能执行，请重新核实答复", "reopened", now=now)
    return row


def _problem(row: Objection, *, actor: User, now: datetime) -> str:
    """Why the site cannot do what is written; empty where it can."""
    try:
        carrying_out.try_out(row, actor=actor, now=now)
        papers.answer_pdf(row)
    except ObjectionError as error:
        return str(error)
    except UnprintableText as error:
        return f"答复书无法制作：{error}"
    return ""


@transaction.atomic
def deliver(*, objection_id: int, on: date, how: str, actor: User, now: datetime) -> Objection:
    """The objector has the answer. Raises ObjectionError."""
    row = taken("deliver", objection_id, hand=OFFICE, actor=actor)
    first = local_date(row.carried_out_at) if row.carried_out_at else local_date(now)
    if not first <= on <= local_date(now):
        raise ObjectionError(f"送达日期应在 {first} 与今天之间。", field="on")
    if how not in Objection.Delivery.values:
        raise ObjectionError("请选择送达方式。", field="how")
    row.delivered_on, row.delivered_how = on, how
    go(row, "deliver", "送达答复，办结", actor=actor, now=now)
    return row


# ---- the unit ----------------------------------------------------------------------------------------------


@transaction.atomic
def propose(
    *,
    objection_id: int,
    outcome: str,
    changes: Mapping[str, str],
    answer: str,
    actor: User,
    now: datetime,
) -> Objection:
    """Whoever looked into it proposes the answer: keep, change (by point: the right value), or withdraw. Raises
    ObjectionError by field."""
    row = taken("propose", objection_id, hand=UNIT, actor=actor)
    _of_unit(row, actor, DOES)
    _answer(row, outcome, changes, answer, actor=actor, now=now)
    row.returned_for = ""
    go(row, "propose", "提出答复", actor=actor, now=now)
    return row


def _answer(
    row: Objection, outcome: str, changes: Mapping[str, str], answer: str, *, actor: User, now: datetime
) -> None:
    if outcome not in OUTCOMES[row.of]:
        raise ObjectionError("请选择结论。", field="outcome")
    row.answer = text_of(answer, field="answer", label="答复的理由", least=5)
    row.changes = (
        carrying_out.checked_changes(row, changes, actor=actor, now=now) if outcome == Outcome.CHANGE else []
    )
    row.outcome, row.proposed_at, row.proposed_by = outcome, now, actor


@transaction.atomic
def send_back(*, objection_id: int, reason: str, actor: User, now: datetime) -> Objection:
    """The second person does not agree, and says why. Raises ObjectionError."""
    row = taken("return", objection_id, hand=UNIT, actor=actor)
    _of_unit(row, actor, APPROVES)
    check_second(proposer_id=row.proposed_by_id, approver_id=actor.pk)
    row.returned_for = text_of(reason, field="reason", label="退回的理由", most=500)
    go(row, "return", "退回重新核实", actor=actor, now=now, said=row.returned_for)
    return row


@transaction.atomic
def approve(*, objection_id: int, actor: User, now: datetime) -> Objection:
    """The second person approves: this is the unit's written answer, on which its time limit is met. Raises
    ObjectionError."""
    row = taken("approve", objection_id, hand=UNIT, actor=actor)
    _of_unit(row, actor, APPROVES)
    check_second(proposer_id=row.proposed_by_id, approver_id=actor.pk)
    if row.outcome == Outcome.CHANGE:
        # What has become of the record since is looked at once more.
        carrying_out.try_out(row, actor=actor, now=now)
    row.approved_at, row.approved_by = now, actor
    go(row, "approve", f"书面答复：{row.get_outcome_display()}", actor=actor, now=now)
    duties.meet_duty(rule_key=ANSWER, matter=matter_of(row), on=local_date(now), now=now, actor=actor)
    tell_office(row, f"异议 {row.number} 已书面答复，请按答复执行", "approved", now=now)
    return row


def _of_unit(row: Objection, actor: User, roles: frozenset[str]) -> None:
    if actor.department_id != row.department_id:
        raise ObjectionError("由作出单位核实和答复。")
    if not group_names(actor) & roles:
        raise ObjectionError("书面答复由部门负责人批准。")


def entries_of(person: str, *, now: datetime) -> list[CreditEntry]:
    """The entries of a subject, by its random number, to which it can object; a determination not yet served is not told
    here."""
    try:
        uuid = UUID(person)
    except ValueError:
        return []
    return list(
        CreditEntry.objects.filter(subject__uuid=uuid)
        .exclude(kind=EntryKind.BREACH, served_on=None)
        .exclude(state__in=[EntryState.REVOKED, EntryState.ENDED])
        .select_related("subject", "department__region", "region")
        .order_by("-from_on", "-pk")[:MOST_FOUND]
    )


def records_matching(
    text: str, subject: CreditSubject | None, *, now: datetime
) -> list[tuple[str, str, str]]:
    """What somebody at the desk may mean: (`of` of the address, kind, title) of public records by code or document number,
    and the entries of the `subject` that a code names: it stands there and asks. Four queries at most."""
    code = codes.clean(text)
    if not code:
        return []
    found: list[tuple[str, str, str]] = []
    for breach in public_breaches(now).filter(Q(case__document_no=text) | Q(case__commitment__code=code))[
        :20
    ]:
        found.append((f"breach:{breach.uuid}", "违诺公示", text))
    for row in public_commitments(now).filter(code=code)[:1]:
        found.append((f"commitment:{row.code}", "信用承诺公示", row.item_name))
    for act in public_acts(now).filter(document_no=text)[:20]:
        found.append((f"act:{act.uuid}", act.get_kind_display(), act.document_name))
    if subject is not None:
        found += [
            (f"entry:{subject.uuid}.{one.pk}", one.get_kind_display(), f"{one.title} {one.document_no}")
            for one in entries_of(str(subject.uuid), now=now)
        ]
    return found


def preview(row: Objection, *, now: datetime) -> dict[str, Any]:
    """For the page: what was objected to, as it was then and, once corrected, as it is; the record's points as they stand
    now; whether everybody can still see it."""
    target = target_of(row)
    changed = {one["key"]: one for one in row.changes} if row.carried_out_at else {}
    said = objected_of(row) if row.carried_out_at else target
    objected = [
        {
            "label": one.label,
            "value": changed[one.key]["old"] if one.key in changed else one.value,
            "new": changed[one.key]["new"] if one.key in changed else "",
            "changed": one.key in changed,
        }
        for one in said.points
        if one.key in row.points
    ]
    return {
        "target": target,
        "shown": is_shown(target, now=now),
        "objected": objected,
        "changeable": [one for one in target.points if one.changes],
    }
