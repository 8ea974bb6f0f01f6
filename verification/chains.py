"""Entries that were put right, one by the next: forwards to what stands now, backwards to what was said first."""

from collections.abc import Iterable

from .models import CreditEntry


def latest_of(entry_id: int) -> int:
    """The entry that stands in the place of this one by now; itself where it was never put right."""
    while (
        following := CreditEntry.objects.filter(corrects=entry_id).values_list("pk", flat=True).first()
    ) is not None:
        entry_id = following
    return entry_id


def chain_of(entry_id: int) -> list[int]:
    """The entry, and all that were put right on the way to it: whoever has seen one of them, has seen this matter."""
    found = [entry_id]
    while (
        before := CreditEntry.objects.filter(pk=found[-1]).values_list("corrects", flat=True).first()
    ) is not None:
        found.append(before)
    return found


def after(entries: Iterable[int]) -> dict[int, int]:
    """Every entry by which one of these was put right, and to which of these it goes back: a query a step, however many."""
    return _walk(entries, "corrects", "pk")


def before(entries: Iterable[int]) -> dict[int, int]:
    """Every entry that was put right on the way to one of these, and to which of these."""
    return _walk(entries, "pk", "corrects")


def _walk(entries: Iterable[int], here: str, there: str) -> dict[int, int]:
    found: dict[int, int] = {}
    step = {pk: pk for pk in entries}
    while step:
        rows = CreditEntry.objects.filter(corrects__isnull=False, **{f"{here}__in": list(step)})
        step = {then: step[now] for now, then in rows.values_list(here, there)}
        found |= step
    return found
