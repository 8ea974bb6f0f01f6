"""One row pushed by the system of a department that keeps a list, or of the credit office (R94)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from credit_portal.audit.clock import local_date
from credit_portal.outbox.models import PartnerSystem
from verification.models import CreditEntry

from .reading import ACTION_WORDS, FieldErrors, read
from .taking import Bans, Keeper, RowsRefused, known_lists, state_of, take

_WORDS = {code: word for word, code in ACTION_WORDS.items()}


@dataclass(frozen=True)
class Pushed:
    """What came of it: the entry, whether it was changed by this, and what it is on its list now (a key of STATES)."""

    entry: CreditEntry
    new: bool
    state: str
    action: str
    list: str


def push(told: Mapping[str, str], *, system: PartnerSystem, now: datetime) -> Pushed:
    """Take a row in, in the caller's transaction. Told twice, it is the same entry. Raises FieldErrors."""
    keeper = Keeper(system.department)
    action = told.get("action", "")
    if action and action not in _WORDS:
        raise FieldErrors({"action": f"action 应为以下之一：{'、'.join(_WORDS)}。"})
    told = {**told, "action": _WORDS.get(action, "")}
    row = read(
        told,
        lists=known_lists(keeper),
        today=local_date(now),
        for_good=Bans(keeper.region).for_good,
        source=keeper.department.name,
    )
    try:
        taken = take({1: row}, keeper=keeper, now=now, is_demo=system.is_demo)
    except RowsRefused as error:
        raise FieldErrors(dict(error.faults[1])) from error
    new = not taken.same
    entry = next(iter((taken.added | taken.removed | taken.same).values()))
    return Pushed(entry, new, state_of(entry, local_date(now)), row.action, row.list)
