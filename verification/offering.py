"""Which texts may be put before a subject: nobody is offered one that their own record makes untrue. Pure.

Source: S2 三（二）.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from verification.rules import Entry, Switches, last_day, standing
from verification.vocabulary import Standing, day_text

NO_DISHONESTY = "no_dishonesty"
"""Code of the required content of S2 三（二）: no record of dishonesty, or one that is repaired."""


@dataclass(frozen=True)
class Offer:
    """Whether a text may be offered. ``conflicts`` name the entries that make it untrue; ``must_state`` are
    the sentences that have to be printed and signed with it, so that it stays true."""

    conflicts: tuple[str, ...]
    must_state: tuple[str, ...]

    @property
    def allowed(self) -> bool:
        return not self.conflicts


def truthful_clause_conflicts(
    entries: Iterable[Entry], *, contents: Iterable[str], on: date, switches: Switches
) -> Offer:
    """Compare the record of the day ``on`` with what the text declares (``contents``: its contents' codes).

    An expired entry was never repaired: where it counts as repaired the text must say that it expired; where
    the region has confirmed that it does not count, the text may not be offered. A breach that is determined
    but not served is as if not there.
    """
    if NO_DISHONESTY not in set(contents):
        return Offer((), ())
    conflicts: list[str] = []
    must_state: list[str] = []
    expired = switches.expired_counts_as_repaired
    for entry in sorted(entries, key=lambda one: one.id):
        match standing(entry, on):
            case Standing.UNREPAIRED | Standing.IN_PUBLICITY:
                conflicts.append(f"{entry.named}，尚未修复")
            case Standing.EXPIRED if expired.confirmed and not expired.value:
                conflicts.append(f"{entry.named}，期满但未经修复")
            case Standing.EXPIRED:
                last = last_day(entry)
                over = f"已于{day_text(last)}期满" if last else "已期满"
                must_state.append(f"{entry.named}，{over}，未经修复")
    return Offer(tuple(conflicts), tuple(must_state))
