"""What rooms above have happen in the same transaction as new rows of the record. They register by name in their
`AppConfig.ready()`. (The record itself knows nobody above.)"""

from collections.abc import Callable, Sequence
from datetime import datetime

from .models import CreditEntry

Hook = Callable[..., None]
_after_entries: dict[str, Hook] = {}
_before_correction: dict[str, Hook] = {}
_after_correction: dict[str, Hook] = {}


def register_after_entries(name: str, hook: Hook) -> None:
    """`hook(*, entries, now)` runs when rows have come into the record: one, or thousands of a file."""
    _after_entries[name] = hook


def run_after_entries(*, entries: Sequence[CreditEntry], now: datetime) -> None:
    for hook in _after_entries.values():
        hook(entries=entries, now=now)


def register_before_correction(name: str, hook: Hook) -> None:
    """`hook(*, entry_id)` runs before anything is locked for a correction: a room above that locks rows of its own before the
    procedure and its entry, locks them here."""
    _before_correction[name] = hook


def run_before_correction(*, entry_id: int | None) -> None:
    """The first thing that a correction does. None: what is corrected stands in no record."""
    if entry_id is not None:
        for hook in _before_correction.values():
            hook(entry_id=entry_id)


def register_after_correction(name: str, hook: Hook) -> None:
    """`hook(*, old, new, actor, now)` runs when an entry has been put right by a new one: what is still under way about the
    old goes on about the new."""
    _after_correction[name] = hook


def run_after_correction(*, old: CreditEntry, new: CreditEntry, actor: object, now: datetime) -> None:
    for hook in _after_correction.values():
        hook(old=old, new=new, actor=actor, now=now)
