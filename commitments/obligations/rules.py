"""How a commitment stands by its obligations, and when an obligation is due. Pure: values in, an answer out. (R62)"""

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import date

from commitments.models import Commitment, Obligation

State = Obligation.State
Status = Commitment.Fulfilment

_BLANK = re.compile(r"\{([^{}]*)\}")
_DAY = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日")

# What may be recorded of an obligation by plain record. That one was not kept is for a determination to say, which hears
# the subject first; what was kept is not taken back here.
MOVES: dict[str, frozenset[str]] = {
    State.OPEN: frozenset({State.KEPT, State.KEPT_LATE}),
    State.NOT_KEPT: frozenset({State.KEPT_LATE}),
    State.KEPT: frozenset(),
    State.KEPT_LATE: frozenset(),
    State.ENDED: frozenset(),
}


def fulfilment_of(obligations: Iterable[tuple[str, bool]]) -> str:
    """The status of a commitment by its obligations, each as (state, kept in part).

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
