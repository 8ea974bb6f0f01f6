"""A department answers a warning: true, and it may open a case; or a false alarm, and the rule is counted so. Nothing is
determined by it, no record, check or publicity changes."""

from collections.abc import Iterable
from datetime import datetime
from typing import cast

from django.db import transaction
from django.db.models import QuerySet

from commitments.models import BreachCase, ClauseWarning
from commitments.warning_models import ClauseWarnings
from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.audit.history import note
from credit_portal.deadlines import duties
from credit_portal.registry.models import User
from credit_portal.registry.visibility import group_names, limit_to_visible

from . import finding

State = ClauseWarning.State
DOES = frozenset(finding.ANSWERS)
LEAST, MOST = 4, 500


class WarningRefused(ValueError):
    """It cannot be done so; `field` names what is wrong, the message says it in Chinese."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def warnings_visible_to(user: User) -> ClauseWarnings:
    """Of the own department, or of the own region and below."""
    return cast(ClauseWarnings, limit_to_visible(ClauseWarning.objects.all(), user))


def same_matter(row: ClauseWarning) -> QuerySet[ClauseWarning]:
    """What the rules say of the same entry and commitment, answered or waiting together; this one among them."""
    return ClauseWarning.objects.filter(
        entry=row.entry_id, commitment=row.commitment_id, department=row.department_id, state=row.state
    ).order_by("pk")


def open_for(user: User) -> int:
    """How many wait in the user's reach, counted up to a hundred."""
    rows = warnings_visible_to(user).filter(state=State.OPEN).leading().order_by()
    return rows[:100].count()


@transaction.atomic
def answer(*, warning_id: int, true: bool, text: str, actor: User, now: datetime) -> ClauseWarning:
    """What the department has found out, for everything that rules say of the same entry and commitment. Raises
    WarningRefused by field; who is slower is told."""
    row = (
        ClauseWarning.objects.select_for_update(of=("self",))
        .select_related("commitment", "entry")
        .get(pk=warning_id)
    )
    if row.department_id != actor.department_id or not group_names(actor) & DOES:
        raise WarningRefused("预警由核实部门的经办人或者负责人答复。")
    if row.state != State.OPEN:
        raise WarningRefused(f"这条预警已处理（{row.get_state_display()}）。")
    said = text.replace("\r\n", "\n").replace("\0", "").strip()
    if len(said) < LEAST:
        raise WarningRefused(f"请写明核实情况，至少 {LEAST} 个字。", field="text")
    if len(said) > MOST:
        raise WarningRefused(f"核实情况最多 {MOST} 个字，现为 {len(said)} 个字。", field="text")
    together = same_matter(row).select_for_update(of=("self",)).select_related("commitment", "entry")
    for one in list(together):
        one.state, one.answer = (State.TRUE if true else State.FALSE), said
        one.answered_at, one.answered_by = now, actor
        note(one, actor=actor, now=now)
        one.save()
        duties.meet_duty(
            rule_key=finding.RULE, matter=finding.matter_of(one), on=local_date(now), now=now, actor=actor
        )
        _tell(one, f"答复：{one.get_state_display()}", actor=actor, now=now)
    row.refresh_from_db()
    return row


@transaction.atomic
def attach_case(*, warning_id: int, case: BreachCase, actor: User, now: datetime) -> None:
    """A case that has been opened on a warning names it: its clauses are offered where clauses are chosen."""
    row = ClauseWarning.objects.select_for_update(of=("self",)).get(pk=warning_id)
    if row.state != State.TRUE or row.case_id is not None or row.commitment_id != case.commitment_id:
        return
    for one in same_matter(row).filter(case=None).select_for_update(of=("self",)):
        one.case = case
        note(one, actor=actor, now=now)
        one.save()
        _tell(one, f"据此立案 {case.number}", actor=actor, now=now)


def clauses_of(case: BreachCase) -> dict[int, str]:
    """The clauses that warnings have named to a case, with what they say, by their number."""
    found: dict[int, str] = {}
    for row in ClauseWarning.objects.filter(case=case).select_related("entry").order_by("pk"):
        for clause in row.clauses:
            found.setdefault(
                clause["no"], f"{row.entry.title}（{row.entry.document_no or row.entry.source}）"
            )
    return found


def clauses_named(rows: Iterable[ClauseWarning]) -> list[tuple[int, str]]:
    """The clauses that the rules name, each once, in the order of the text."""
    return sorted({clause["no"]: clause["text"] for row in rows for clause in row.clauses}.items())


def case_from(row: ClauseWarning) -> dict[str, str]:
    """A draft of what a case begins with: commitment, source, and the entry, the answer and the clauses as facts. People
    write on from there."""
    entry = row.entry
    document = f"（{entry.document_no}）" if entry.document_no else ""
    lines = [
        f"{entry.from_on}，{entry.get_kind_display()}：{entry.title}{document}，来源：{entry.source}。",
        f"核实情况：{row.answer}",
        *(f"涉及第 {number} 条：{text}" for number, text in clauses_named(same_matter(row))),
    ]
    code = row.commitment.code if row.commitment else ""
    return {"code": code, "source": str(BreachCase.Source.WARNING), "facts": "\n".join(lines)}


def _tell(row: ClauseWarning, step: str, *, actor: User, now: datetime) -> None:
    events.warning_step(
        now=now, actor_id=actor.pk, department_id=row.department_id, warning_id=row.pk, rule_id=row.rule_id,
        step=step,
    )  # fmt: skip
