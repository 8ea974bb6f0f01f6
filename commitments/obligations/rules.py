"""How a commitment stands by its obligations, and when an obligation is due. Pure: values in, an answer out. (R62)"""

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import date

from commitments.models import Commitment, Obligation, RequiredContent

State = Obligation.State
Kind = Obligation.Kind
Status = Commitment.Fulfilment

_BLANK = re.compile(r"\{([^{}]*)\}")
_DAY = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日")

# What may be recorded of an obligation by plain record. That one was not kept is for a determination to say, which hears
# the subject first; and so is that it was kept late. What was recorded by mistake another person takes back.
MOVES: dict[str, frozenset[str]] = {
    State.OPEN: frozenset({State.KEPT}),
    State.NOT_KEPT: frozenset({State.KEPT_LATE}),
    State.KEPT: frozenset(),
    State.KEPT_LATE: frozenset(),
    State.ENDED: frozenset(),
}

# Of the general contents of a promise (S2 三), those that say how something is when it is signed, and those that bind for
# as long as the promise holds. What is particular to an item ("other") is something to be done.
SAID = frozenset(
    {
        RequiredContent.NO_DISHONESTY,
        RequiredContent.TRUE_MATERIALS,
        RequiredContent.AGREE_PUBLICATION,
        RequiredContent.ACCEPT_CONSEQUENCES,
    }
)
KEPT_UP = frozenset(
    {RequiredContent.OBEY_LAW, RequiredContent.LAWFUL_BUSINESS, RequiredContent.ACCEPT_SUPERVISION}
)


# What the portal itself writes into a text, as clauses that no author has written (`paper_text.paper_of`).
STATED, LATE = "如实说明：", "容缺材料："
# The blanks of a text that the portal fills with the last day and the names of late materials (`promising.own_blanks`).
PROMISED = ("{补交日期}", "{缺少的材料}")


def kind_of(*, keeping: str, covers: Collection[str], text: str, late: bool, whole: bool) -> str:
    """How a clause is kept: as its author says (`keeping`), else by the general contents that it covers. `text` is the
    clause where the portal wrote it itself, else empty; `late` whether materials are to follow; `whole` whether it is the
    one obligation of a text without pledged clauses, which holds for the whole term. Making says the same in SQL."""
    if keeping:
        return keeping
    if whole or KEPT_UP & set(covers):
        return Kind.KEPT_UP
    if (covers and set(covers) <= SAID) or text.startswith(STATED):
        return Kind.DECLARED
    return Kind.LATE if late and text.startswith(LATE) else Kind.TO_DO


def kind_of_promise(body: str, *, listed: bool) -> str:
    """How a clause of the text is kept where materials are to follow: one that says so is the promise itself, but only
    announces it where the portal has written the clause that lists them (`listed`): one matter is one obligation. Empty
    for a clause about something else."""
    if not any(blank in body for blank in PROMISED):
        return ""
    return Kind.DECLARED if listed else Kind.LATE


def why_not_kept_yet(*, kind: str, state: str, due_on: date | None, found_on: date) -> str:
    """Why it cannot be recorded of an obligation, found on a day, that it was kept; empty where it can."""
    if kind == Kind.DECLARED and state == State.OPEN:
        return "是签署时的声明，没有要另外做的事，不登记履行；声明不实的，立案查明"
    if kind == Kind.LATE and state == State.OPEN:
        return "是补交容缺材料，由受理单位在“容缺受理”中登记收到，这里随之更新"
    if kind == Kind.KEPT_UP and state == State.OPEN and due_on is not None and found_on < due_on:
        return f"要持续做到 {due_on}，这一天以前不能登记为已履行；平时核查没有发现问题的，在复核中登记"
    return ""


# A file brings the words of a promise, but not how they are to be kept: done once, or kept up to the last day.
MAY_RUN_ON = (Kind.KEPT_UP, Kind.TO_DO)


def runs_on(*, kind: str, state: str, due_on: date | None, on: date) -> bool:
    """Whether a promise that a file told of as kept may have to be kept beyond a day. Signed here, it cannot be recorded as
    kept before; a file may tell so, of a matter that is done with, and whoever confirms that says so expressly."""
    return kind in MAY_RUN_ON and state == State.KEPT and due_on is not None and on < due_on


def fulfilment_of(obligations: Iterable[tuple[str, bool]]) -> str:
    """The status of a commitment by its obligations, each as (state, kept in part); a declaration that nobody has found
    untrue is none of them (`counted`).

    Not kept, each and in whole: unfulfilled; some, or only in part: partial. Without any of these it runs as long as
    one is open, and is fulfilled when all were kept, late or not. What has ended says nothing.
    """
    live = [(state, partly) for state, partly in obligations if state != State.ENDED]
    broken = [partly for state, partly in live if state == State.NOT_KEPT]
    if broken:
        whole = len(broken) == len(live) and not any(broken)
        return Status.UNFULFILLED if whole else Status.PARTIAL
    if not live or any(state == State.OPEN for state, _ in live):
        return Status.RUNNING
    return Status.FULFILLED


def counted(obligations: Iterable[tuple[str, str, bool]]) -> list[tuple[str, bool]]:
    """Of obligations as (kind, state, kept in part) those that say how the commitment stands."""
    return [
        (state, partly) for kind, state, partly in obligations if kind != Kind.DECLARED or state != State.OPEN
    ]


def determined(outcome: str, *, named: Collection[int], live: Collection[int]) -> tuple[frozenset[int], bool]:
    """Which of the live clauses a determination leaves not kept, and whether only in part: always so that the commitment
    then stands as it was determined. Not kept as a whole are all of them; in part those that it names, or where it names
    all of them or none, each of them in part."""
    chosen = frozenset(live)
    if outcome == Status.UNFULFILLED:
        return chosen, False
    of_them = chosen & set(named)
    return (of_them, False) if of_them and of_them != chosen else (chosen, True)


def day_in(body: str, text: str, dates: Collection[str]) -> date | None:
    """The last of the days that were filled into a clause: `body` with its blanks, `text` as signed, `dates` the keys of
    its date blanks. None where it has none, or none was filled in."""
    parts = _BLANK.split(body)
    # Literal text and keys by turns.
    pattern = "".join(re.escape(part) if place % 2 == 0 else "(.*?)" for place, part in enumerate(parts))
    found = re.fullmatch(pattern, text, re.S)
    if found is None:
        return None
    days = [_day(value) for key, value in zip(parts[1::2], found.groups(), strict=True) if key in dates]
    return max((day for day in days if day is not None), default=None)


def _day(value: str) -> date | None:
    written = _DAY.fullmatch(value)
    if written is None:
        return None
    try:
        return date(*(int(part) for part in written.groups()))
    except ValueError:
        return None


def days_of(
    content: Iterable[Mapping[str, object]], bodies: Mapping[int, str], dates: Collection[str]
) -> dict[int, date]:
    """The days that the clauses of a signed text name, by clause number. `bodies`: by the id of the clause."""
    found: dict[int, date] = {}
    for clause in content:
        body = bodies.get(clause.get("clause") or 0)  # type: ignore[call-overload]
        day = day_in(body, str(clause["text"]), dates) if body else None
        if day is not None:
            found[int(clause["no"])] = day  # type: ignore[call-overload]
    return found
