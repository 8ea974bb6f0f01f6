"""Who may do what in a breach case, and when. Pure: states, roles and days in, an answer out.

Told before decided; decided by one and approved by another; in force for the public only once served (docs/breaches.md).
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from credit_portal.registry import groups

from .models import BreachCase

State = BreachCase.State

# The officer of the department does the work; its head approves, returns and revokes.
DOES = frozenset({groups.OFFICER, groups.HEAD})
APPROVES = frozenset({groups.HEAD})


@dataclass(frozen=True)
class Act:
    """`before`: the states from which it may be done; `after`: the state that it leads to (None: the same)."""

    label: str
    before: frozenset[str]
    after: str | None
    roles: frozenset[str]


ACTS: dict[str, Act] = {
    "notice": Act("送达认定前告知书", frozenset({State.OPENED}), State.NOTICED, DOES),
    "statement": Act("登记陈述申辩", frozenset({State.NOTICED}), State.HEARD, DOES),
    "propose": Act("提出认定意见", frozenset({State.NOTICED, State.HEARD}), State.PROPOSED, DOES),
    "return": Act("退回修改", frozenset({State.PROPOSED}), State.HEARD, APPROVES),
    "determine": Act("批准并作出认定", frozenset({State.PROPOSED}), State.DETERMINED, APPROVES),
    "serve": Act("登记送达", frozenset({State.DETERMINED}), State.SERVED, DOES),
    "drop": Act(
        "不予认定",
        frozenset({State.OPENED, State.NOTICED, State.HEARD, State.PROPOSED}),
        State.DROPPED,
        DOES,
    ),
    "subject_statement": Act("登记主体说明", frozenset({State.DETERMINED, State.SERVED}), None, DOES),
    "revoke": Act("撤销认定", frozenset({State.DETERMINED, State.SERVED}), State.REVOKED, APPROVES),
}


class CaseError(ValueError):
    """A step cannot be taken so; `field` names what is wrong, the message says it in Chinese."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class CaseMoved(CaseError):
    """Somebody else has taken the case further in the meantime; the message says how far."""


def allowed(act: str, *, state: str, roles: Collection[str]) -> bool:
    """Whether somebody with these roles in the department may do this to a case in this state."""
    rule = ACTS[act]
    return state in rule.before and bool(rule.roles & set(roles))


def acts_open(*, state: str, roles: Collection[str]) -> list[str]:
    """What somebody with these roles may do to a case in this state, in the order of the procedure."""
    return [act for act in ACTS if allowed(act, state=state, roles=roles)]


def check_day(day: date, *, field: str, label: str, today: date, not_before: date, what_before: str) -> date:
    """A day of a step lies between the step before it and today. Raises CaseError naming the field."""
    if day > today:
        raise CaseError(f"{label}不能晚于今天（{today}）。", field=field)
    if day < not_before:
        raise CaseError(f"{label}不能早于{what_before}（{not_before}）。", field=field)
    return day


def proposal_opens(*, state: str, statement_until: date | None) -> date | None:
    """The first day on which a determination may be proposed; None where it may be at once (the subject has spoken)."""
    if state == State.HEARD or statement_until is None:
        return None
    return statement_until + timedelta(days=1)


def check_may_propose(*, state: str, statement_until: date | None, today: date) -> None:
    """Nobody is determined against before having been heard: raises CaseError while the time to speak runs."""
    opens = proposal_opens(state=state, statement_until=statement_until)
    if opens is not None and today < opens:
        raise CaseError(
            f"陈述申辩期限到 {statement_until} 为止，{opens} 起才能提出认定意见；收到陈述申辩后可以提前。"
        )


def check_second(*, proposer_id: int | None, approver_id: int) -> None:
    """Decided by one, approved by another."""
    if proposer_id == approver_id:
        raise CaseError("提出认定意见的人不能批准自己的意见，须由另一人批准。")


def text_of(value: str, *, field: str, label: str, least: int = 1, most: int = 4000) -> str:
    """A written part, trimmed. Raises CaseError where it is missing, too short or too long."""
    written = value.strip()
    if not written:
        raise CaseError(f"请填写{label}。", field=field)
    if len(written) < least:
        raise CaseError(f"{label}至少 {least} 个字，现为 {len(written)} 个字。", field=field)
    if len(written) > most:
        raise CaseError(f"{label}最多 {most} 个字，现为 {len(written)} 个字。", field=field)
    return written


def check_clauses(chosen: Iterable[tuple[int, str]], *, signed: Collection[int]) -> list[tuple[int, str]]:
    """The clauses said not to have been kept, each once, of the signed text only, each with what was not kept."""
    found: dict[int, str] = {}
    for number, not_kept in chosen:
        if number not in signed:
            raise CaseError(f"签署的承诺书没有第 {number} 条。", field="clauses")
        if number in found:
            raise CaseError(f"第 {number} 条写了两次。", field="clauses")
        found[number] = text_of(
            not_kept, field=f"not_kept_{number}", label=f"第 {number} 条未履行的内容", most=1000
        )
    if not found:
        raise CaseError("请至少选择一条没有履行的承诺条款。", field="clauses")
    return sorted(found.items())
