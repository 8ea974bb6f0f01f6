"""The record as a check reads it: its rows, what the public list of measures adds to them, and what was shown against
them in the same procedure. A constant number of queries, however long the record is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from operator import attrgetter
from typing import Any

from django.db.models import Q

from credit_portal.registry.models import CreditSubject

from . import chains
from .models import CheckObjection, CreditEntry, CreditList, EntryMeasure, ListedMeasure
from .rules import Entry, Measure
from .vocabulary import ADVERSE, GOOD, Effect, Kind, State, Step

FROM_ELSEWHERE = "{text}（{region}的禁入，跨地区共享）"
_FACTORS = [str(kind) for kind in (*ADVERSE, *GOOD, Kind.LOCKOUT, Kind.WATCH)]


@dataclass(frozen=True)
class Asked:
    """What a record is read for: region codes from the own one up to the nation, field, item, day; and the first check
    of the procedure, where this is not the first."""

    lineage: Sequence[str]
    domain: str
    item_id: int
    on: date
    procedure_id: int | None = None


# What a check reads of a row, and no more: a record may have a thousand. In the order of an Entry's own.
_READ = (
    "pk", "kind", "state", "title", "source", "document_no", "basis", "from_on", "until_on", "served_on",
    "public_from", "public_until", "repairable_from", "repaired_on", "grade", "objection_under_way", "verified",
)  # fmt: skip
_of = attrgetter(*_READ)
_KINDS = {str(kind): kind for kind in Kind}
_STATES = {str(state): state for state in State}


def as_entry(row: CreditEntry, measures: tuple[Measure, ...] = (), disproved: str = "") -> Entry:
    """A row of the record as the pure rules read it."""
    return _entry(_of(row), measures, disproved)


def _entry(values: Sequence[Any], measures: tuple[Measure, ...], disproved: str) -> Entry:
    pk, kind, state, *others = values
    return Entry._make((pk, _KINDS[kind], _STATES[state], *others, measures, disproved))


def own_measure(one: EntryMeasure) -> Measure:
    """A measure that stands with an entry itself."""
    return Measure(one.domain or None, Effect(one.effect), one.basis)


def listed_measure(one: ListedMeasure) -> Measure:
    """A row of the public list of measures as the rules read it."""
    step = Step(one.step) if one.step else None
    return Measure(one.domain or None, Effect(one.effect), one.basis, step, one.text, one.pk)


def measures_of(own: Iterable[Measure], listed: Iterable[Measure], exit_rule: str) -> tuple[Measure, ...]:
    """An entry's own measures, those of its list that say something else, and the way out of its list."""
    found = list(own)
    known = {(one.domain, one.effect, one.basis) for one in found}
    found += [one for one in listed if (one.domain, one.effect, one.basis) not in known]
    if exit_rule:
        found.append(Measure(None, Effect.EXIT_RULE, exit_rule))
    return tuple(found)


def measures_told(
    rows: Sequence[CreditEntry], *, lineage: Sequence[str], on: date
) -> dict[int, tuple[Measure, ...]]:
    """For whom the rows are about: their own measures and those that the public list has for the lists they stand on, in every
    field. One query beside the rows' own measures, which are prefetched."""
    lists = {row.credit_list_id for row in rows if row.credit_list_id is not None}
    listed: dict[int, list[Measure]] = defaultdict(list)
    for one in listed_in_force(lineage, on).filter(whom__in=lists) if lists else ():
        listed[one.whom_id].append(listed_measure(one))
    return {
        row.pk: measures_of(
            [own_measure(one) for one in row.measures.all()], listed.get(row.credit_list_id or 0, ()), ""
        )
        for row in rows
    }


def entries_that_count(subject: CreditSubject, asked: Asked | None = None) -> list[Entry]:
    """Every row that can be a factor of a check; without `asked`, with no more than the measures of their own."""
    rows = list(
        CreditEntry.objects.filter(
            subject=subject, state__in=[State.EFFECTIVE, State.REPAIRED], kind__in=_FACTORS, verified=True
        )
        .order_by("-pk")
        .values_list("credit_list_id", "region__path", *_READ)
    )
    own: Mapping[int, list[Measure]] = defaultdict(list)
    if rows:
        # Joined by the subject: a list of a thousand ids would cost more than the rows do.
        for one in EntryMeasure.objects.filter(
            entry__subject=subject, entry__state__in=[State.EFFECTIVE, State.REPAIRED]
        ):
            own[one.entry_id].append(own_measure(one))
    lists = {listed_on for listed_on, *_ in rows} - {None}
    places = {path for listed_on, path, *_ in rows if listed_on is not None}
    exits = dict(CreditList.objects.filter(pk__in=lists).values_list("pk", "exit_rule")) if lists else {}
    listed = _listed(lists, places, asked) if asked else {}
    disproved = _disproved(asked.procedure_id) if asked and asked.procedure_id else {}

    here = frozenset(asked.lineage) if asked else frozenset()
    # Only a list with a ban of elsewhere needs to be looked at place by place.
    shared = {pk for pk, found in listed.items() if any(place not in here for place, _ in found)}

    # Many rows stand on one list and have nothing of their own: their measures are one and the same.
    @cache
    def of_list(pk: int | None, path: str, kind: str) -> tuple[Measure, ...]:
        own_place = frozenset(path.split("/"))
        holds = [measure for place, measure in listed.get(pk, ()) if place in own_place or place in here]
        return measures_of((), holds, exits.get(pk, "") if kind == Kind.LIST else "")

    found = []
    for listed_on, path, *values in rows:
        pk, kind = values[:2]
        measures = of_list(listed_on, path if listed_on in shared else "", kind)
        if pk in own:
            measures = measures_of(own[pk], measures, "")
        found.append(_entry(values, measures, disproved.get(pk, "")))
    return found


def _listed(
    lists: Iterable[int | None], places: Iterable[str], asked: Asked
) -> dict[int | None, list[tuple[str, Measure]]]:
    """The measures of these lists that hold where is asked, each with its region. A ban is shared across regions (S4 11
    「跨地区共享」, R126): that of another region goes with whoever was put on the list there, and names its origin."""
    wanted = list(lists)
    found: dict[int | None, list[tuple[str, Measure]]] = defaultdict(list)
    if wanted:
        elsewhere = {code for path in places for code in path.split("/")} - set(asked.lineage)
        for one in (
            listed_in_force([*asked.lineage, *sorted(elsewhere)], asked.on)
            .filter(
                Q(region__in=asked.lineage) | Q(effect=Effect.BAN),
                Q(domain="") | Q(domain=asked.domain),
                Q(item=None) | Q(item=asked.item_id),
                whom__in=wanted,
            )
            .select_related("region")
        ):
            measure = listed_measure(one)
            if one.region_id in elsewhere:
                measure = replace(measure, text=FROM_ELSEWHERE.format(text=one.text, region=one.region.name))
            found[one.whom_id].append((one.region_id, measure))
    return found


def listed_in_force(lineage: Sequence[str], on: date):  # type: ignore[no-untyped-def]
    """The measures of the public list that hold in a region on a day: approved, begun, not over."""
    return ListedMeasure.objects.filter(
        Q(effective_to=None) | Q(effective_to__gte=on),
        region__in=lineage,
        effective_from__lte=on,
        approved_at__isnull=False,
    ).order_by("whom_id", "domain", "pk")


def _disproved(procedure_id: int) -> dict[int, str]:
    shown = CheckObjection.objects.filter(
        Q(check_made=procedure_id) | Q(check_made__follows=procedure_id),
        state=CheckObjection.State.BELIEVED,
    )
    found = {one.entry_id: one.get_proof_display() for one in shown}
    # What was shown against an entry holds against the one by which it was put right.
    return found | {pk: found[first] for pk, first in chains.after(found).items()}
