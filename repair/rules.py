"""Who can ask for repair on a day, and who may do what with an application. Pure: the record's entry, the rules of the
region and a day in; an answer that names what is missing out. (S0 一（一）（四）, S1 十三, S2 四（四）4, S4 13; R45, R46, R98–R103)
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from commitments.way_back import COMMITMENT, METHOD_LABELS, WayBack
from credit_portal.registry import groups
from verification.record import Entry, Standing, standing
from verification.vocabulary import ADVERSE, Effect, Kind, day_text
from verification.vocabulary import State as EntryState

from .models import RepairApplication

State = RepairApplication.State


class RepairError(ValueError):
    """It cannot be done so; `field` names what is wrong, the message says it in Chinese."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class RepairMoved(RepairError):
    """Somebody else has taken the application further in the meantime; the message says how far."""


class NotEligible(RepairError):
    """Repair is not open; `eligibility` says all that stands against it."""

    def __init__(self, eligibility: Eligibility) -> None:
        super().__init__("；".join(one.text for one in eligibility.missing) + "。")
        self.eligibility = eligibility


# ---- eligibility -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Missing:
    """One thing that stands against repair today. `from_on`: the day from which it does not any more, where one is known."""

    code: str
    text: str
    from_on: date | None = None


class Refusal(NamedTuple):
    """An earlier application that was refused: its number, the day, and from when the department expected the conditions
    to be met."""

    number: str
    on: date
    again_from: date | None = None


@dataclass(frozen=True)
class Eligibility:
    """Whether repair of an entry is open on the day `on`. `from_on`: the first day on which it is, None where no day can
    be said. `notes` are told and hold nobody up."""

    on: date
    missing: tuple[Missing, ...]
    from_on: date | None
    notes: tuple[str, ...] = ()

    @property
    def open(self) -> bool:
        return not self.missing


def eligibility(
    entry: Entry,
    *,
    on: date,
    lockouts: Iterable[Entry] = (),
    competent: bool = True,
    determined: bool = True,
    refused: Refusal | None = None,
) -> Eligibility:
    """Whether this entry can be repaired on the day `on`, and what is missing, all of it at once.

    `lockouts`: the subject's entries of that kind. `competent`: a department of this deployment has determined it and can
    decide. `determined`: whether its publication has been decided on (an undecided one can be published yet).
    Only a lock-out with a legal basis holds anybody up, and the minimum period only as the entry has it. `refused`: the
    last application that was refused; no document lets a refusal shut anybody out, so it is told and no more.
    """
    found: list[Missing] = []
    notes: list[str] = []
    now = standing(entry, on)
    if entry.kind not in ADVERSE:
        if entry.kind is Kind.WATCH:
            found.append(
                Missing("leave_watch", "重点关注对象按移出条件向列入的单位申请移出，不以信用修复移出")
            )
        else:
            found.append(Missing("not_adverse", "这条记录不是失信记录，不需要修复"))
        return Eligibility(on, tuple(found), None)
    if entry.state is EntryState.REPAIRED:
        return Eligibility(on, (Missing("repaired", "这条记录已经修复"),), None)
    if now is Standing.NO_FACTOR:
        return Eligibility(
            on, (Missing("not_running", "这条记录已经终止、撤销或者尚未生效，不需要修复"),), None
        )
    if any(one.effect is Effect.EXIT_RULE and one.basis for one in entry.measures):
        text = f"这个名单按自己的退出规定办理，请向{entry.source or '列入的单位'}申请退出"
        return Eligibility(on, (Missing("own_exit", text),), None)
    if not competent:
        found.append(
            Missing(
                "elsewhere",
                f"这条记录来自{entry.source or '其他单位'}，不由本系统的单位作出，请向作出认定的单位申请修复",
            )
        )
    if now is Standing.UNSERVED:
        day = entry.served_on
        found.append(
            Missing(
                "unserved", f"认定书{day_text(day)}送达" if day else "认定书尚未送达，送达以后可以申请", day
            )
        )
    opens = entry.repairable_from
    if opens is not None and on < opens:
        found.append(Missing("minimum", f"尚未达到最短公示期，自{day_text(opens)}起可以申请", opens))
    for lock in lockouts:
        if standing(lock, on) is not Standing.LOCKED:
            continue
        if not lock.basis:
            notes.append("登记的修复限制期没有写明依据，仅作提醒，不影响申请")
        elif lock.until_on is None:
            found.append(Missing("lockout", "处在修复限制期内，限制解除之日另行告知"))
        else:
            reopened = lock.until_on + timedelta(days=1)
            text = f"违反过修复承诺，修复限制期至{day_text(lock.until_on)}，自{day_text(reopened)}起可以申请"
            found.append(Missing("lockout", text, reopened))
    if now is Standing.EXPIRED:
        notes.append("公示或者名单的期限已满；修复以后，记录写明已修复")
    if not determined:
        notes.append("是否公示尚未决定；决定公示的，须满最短公示期以后才能决定修复")
    if refused is not None:
        text = f"上次申请（{refused.number}）{day_text(refused.on)}决定不予修复"
        if refused.again_from is not None and refused.again_from > on:
            text += f"，预计{day_text(refused.again_from)}起具备条件；提前具备条件的，现在也可以申请"
        notes.append(text)
    if entry.objection_under_way:
        notes.append("这条记录有异议正在处理，可以同时申请修复")
    return Eligibility(on, tuple(found), _first_day(found, on), tuple(notes))


def _first_day(found: Sequence[Missing], on: date) -> date | None:
    """The day on which the last of all that stands against it is over; None where one of them has no day."""
    if not found:
        return on
    days = [one.from_on for one in found]
    return None if None in days else max(day for day in days if day is not None)


def check_methods(
    way: WayBack, *, methods: Collection[str], brought: Collection[str], pledged: bool, explained: bool
) -> list[RepairError]:
    """Everything that an application still lacks, all at once: what the region requires, one way at least, and what has
    to be brought for each that was chosen."""
    errors: list[RepairError] = []
    known = {method.code: method for method in way.methods}
    for code in methods:
        if code not in known:
            errors.append(
                RepairError(f"本地区没有“{METHOD_LABELS.get(code, code)}”这种修复方式。", field="methods")
            )
    for method in way.required:
        if method.code not in methods:
            errors.append(RepairError(f"本地区要求{method.label}。", field="methods"))
    if not any(method.code in methods for method in way.at_least_one_of):
        ways = "、".join(method.label for method in way.at_least_one_of)
        errors.append(RepairError(f"请至少选择一种修复方式：{ways}。", field="methods"))
    for code in methods:
        if code in known and known[code].needs_file and code not in brought:
            errors.append(
                RepairError(
                    f"选择了“{known[code].label}”，请提交：{known[code].bring}。", field=f"file-{code}"
                )
            )
    if COMMITMENT in methods and not pledged:
        errors.append(RepairError("选择了“作出修复承诺”，请阅读并签署修复承诺书。", field="pledge"))
    if not explained:
        errors.append(
            RepairError("请写明怎样纠正了失信行为、消除了不良影响（至少 10 个字）。", field="explanation")
        )
    return errors


# ---- who may do what ---------------------------------------------------------------------------------------

DOES = frozenset({groups.OFFICER, groups.HEAD})
APPROVES = frozenset({groups.HEAD})
CONFIRMS = frozenset({groups.CREDIT_OFFICE})


@dataclass(frozen=True)
class Act:
    """`before`: states in which it may be done; `after`: the state that it leads to; `roles`: of the competent department,
    or of the credit office."""

    label: str
    before: frozenset[str]
    after: str
    roles: frozenset[str]


ACTS: dict[str, Act] = {
    "accept": Act("受理", frozenset({State.APPLIED}), State.ACCEPTED, DOES),
    "ask": Act("一次性告知补正", frozenset({State.APPLIED}), State.ASKED, DOES),
    "complete": Act("登记补正", frozenset({State.ASKED}), State.ACCEPTED, DOES),
    "propose": Act("提出审查意见", frozenset({State.ACCEPTED}), State.PROPOSED, DOES),
    "return": Act("退回修改", frozenset({State.PROPOSED}), State.ACCEPTED, APPROVES),
    "grant": Act("批准修复", frozenset({State.PROPOSED}), State.DECIDED, APPROVES),
    "refuse": Act("批准不予修复", frozenset({State.PROPOSED}), State.REFUSED, APPROVES),
    "confirm": Act("确认修复", frozenset({State.DECIDED}), State.EFFECTIVE, CONFIRMS),
    "defect": Act("退回（形式缺陷）", frozenset({State.DECIDED}), State.ACCEPTED, CONFIRMS),
}
OPEN = frozenset({State.APPLIED, State.ASKED, State.ACCEPTED, State.PROPOSED, State.DECIDED})
# Until the department has decided, the subject may take it back.
MAY_WITHDRAW = frozenset({State.DRAFT, State.APPLIED, State.ASKED, State.ACCEPTED, State.PROPOSED})

# What the credit office may find wrong: formal defects, nothing of the substance.
DEFECTS = {
    "document_missing": "缺少决定书或者决定书打不开",
    "wrong_subject": "决定书上的主体与记录不一致",
    "wrong_record": "决定书上的文号与要修复的记录不一致",
    "wrong_day": "决定日期早于可以申请修复之日",
    "material_missing": "所选修复方式缺少材料",
    "material_broken": "材料打不开或者看不清",
}


def allowed(act: str, *, state: str, roles: Collection[str]) -> bool:
    rule = ACTS[act]
    return state in rule.before and bool(rule.roles & set(roles))


def acts_open(*, state: str, roles: Collection[str]) -> list[str]:
    """What somebody with these roles may do in this state, in the order of the procedure."""
    return [act for act in ACTS if allowed(act, state=state, roles=roles)]


def check_second(*, proposer_id: int | None, approver_id: int) -> None:
    if proposer_id == approver_id:
        raise RepairError("不能批准自己提出的意见，须由本部门另一位负责人办理。")
