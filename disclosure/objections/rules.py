"""Who may do what with an objection, and when. Pure: states and roles in, an answer out (S2 四（四）4, R104; docs/objections.md)."""

from collections.abc import Collection
from dataclasses import dataclass

from credit_portal.registry import groups
from disclosure.objection_models import Objection

State, Outcome, Of = Objection.State, Objection.Outcome, Objection.Of

# Whose hand: the objector (or the office as it asks), the credit office, the unit that made the record.
OBJECTOR, OFFICE, UNIT = "objector", "office", "unit"
# In the unit: who looks into it and proposes, and who approves. The office itself is a unit where a record is its own.
DOES = frozenset({groups.OFFICER, groups.HEAD, groups.APPROVAL_BUREAU, groups.CREDIT_OFFICE})
APPROVES = frozenset({groups.HEAD, groups.APPROVAL_BUREAU, groups.CREDIT_OFFICE})
# Who takes an objection down for somebody who stands there.
TAKES = frozenset({groups.CLERK, groups.OFFICER, groups.HEAD, groups.APPROVAL_BUREAU, groups.CREDIT_OFFICE})


class ObjectionError(ValueError):
    """It cannot be done so; `field` names what is wrong, the message says it in Chinese."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class ObjectionMoved(ObjectionError):
    """Somebody else has taken the objection further in the meantime; the message says how far."""


@dataclass(frozen=True)
class Act:
    """`before`: the states in which it may be done; `after`: the state that it leads to (None: the same)."""

    label: str
    by: frozenset[str]
    before: frozenset[str]
    after: str | None


_NEW = frozenset({State.RECEIVED, State.ASKED})
ACTS: dict[str, Act] = {
    "verify": Act("核实身份", frozenset({OFFICE}), _NEW, None),
    "ask": Act("要求补正", frozenset({OFFICE}), frozenset({State.RECEIVED}), State.ASKED),
    "supply": Act("补正", frozenset({OBJECTOR, OFFICE}), frozenset({State.ASKED}), State.RECEIVED),
    "refuse": Act("不予受理", frozenset({OFFICE}), _NEW, State.REFUSED),
    "accept": Act("受理并转作出单位核实", frozenset({OFFICE}), _NEW, State.CHECKING),
    "fix": Act("本网站差错，立即改正", frozenset({OFFICE}), _NEW | {State.CHECKING}, State.ANSWERED),
    "propose": Act("提出答复", frozenset({UNIT}), frozenset({State.CHECKING}), State.PROPOSED),
    "return": Act("退回重新核实", frozenset({UNIT}), frozenset({State.PROPOSED}), State.CHECKING),
    "approve": Act("批准书面答复", frozenset({UNIT}), frozenset({State.PROPOSED}), State.APPROVED),
    "carry_out": Act("按答复执行", frozenset({OFFICE}), frozenset({State.APPROVED}), State.ANSWERED),
    # It cannot be carried out as it is written: the record has become another since.
    "reopen": Act("退回重新答复", frozenset({OFFICE}), frozenset({State.APPROVED}), State.CHECKING),
    "deliver": Act("登记答复送达", frozenset({OFFICE}), frozenset({State.ANSWERED}), State.CLOSED),
    # Not once the unit has answered: what it has found wrong is put right whoever asked for it (S4 17).
    "withdraw": Act(
        "撤回异议",
        frozenset({OBJECTOR, OFFICE}),
        _NEW | {State.CHECKING, State.PROPOSED},
        State.WITHDRAWN,
    ),
}  # fmt: skip
ENDED = frozenset({State.REFUSED, State.ANSWERED, State.CLOSED, State.WITHDRAWN})
# What a unit may answer, by what the objection is to. A case of the back pages tells of nobody: it is kept or taken off.
OUTCOMES: dict[str, tuple[str, ...]] = {
    of: (Outcome.KEEP, Outcome.WITHDRAW) if of == Of.CASE else tuple(Outcome.values) for of in Of.values
}


def allowed(act: str, *, state: str, hand: str) -> bool:
    """Whether this hand may do this to an objection in this state."""
    rule = ACTS[act]
    return hand in rule.by and state in rule.before


def acts_open(*, state: str, hands: Collection[str]) -> list[str]:
    """What these hands may do in this state, in the order of the procedure."""
    return [act for act in ACTS if any(allowed(act, state=state, hand=hand) for hand in hands)]


def after(act: str, state: str) -> str:
    """The state that an act leads to."""
    return ACTS[act].after or state


def check_second(*, proposer_id: int | None, approver_id: int) -> None:
    """Answered by one, approved by another."""
    if proposer_id == approver_id:
        raise ObjectionError("提出答复的人不能批准自己的答复，须由另一人批准。")


def wants_mark(state: str, *, known: bool) -> bool:
    """Whether 「异议处理中」 is shown: as long as it goes on, and only for an objector whose identity has been seen."""
    return known and state not in ENDED


def text_of(value: str, *, field: str, label: str, least: int = 1, most: int = 2000) -> str:
    """A written part, trimmed. Raises ObjectionError where it is missing, too short or too long."""
    written = value.replace("\r\n", "\n").replace("\0", "").strip()
    if not written:
        raise ObjectionError(f"请填写{label}。", field=field)
    if len(written) < least:
        raise ObjectionError(f"{label}至少 {least} 个字，现为 {len(written)} 个字。", field=field)
    if len(written) > most:
        raise ObjectionError(f"{label}最多 {most} 个字，现为 {len(written)} 个字。", field=field)
    return written
