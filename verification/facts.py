"""The record as a check reads it: its rows, what the public list of measures adds to them, and what was shown against
them in the same procedure. A constant number of queries, however long the record is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q

from credit_portal.registry.models import CreditSubject

from .models import CheckObjection, CreditEntry, CreditList, EntryMeasure, ListedMeasure
from .rules import Entry, Measure
from .vocabulary import ADVERSE, GOOD, Effect, Kind, State, Step

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


# What a check reads of a row, and no more: a record may have a thousand.
_READ = (
    "pk", "kind", "state", "title", "source", "document_no", "basis", "from_on", "until_on", "served_on",
    "public_from", "public_until", "repairable_from", "repaired_on", "grade", "objection_under_way", "verified",
    "credit_list_id",
)  # fmt: skip


def as_entry(
    row: Any,
    *,
    own: Iterable[EntryMeasure] | None = None,
    listed: Iterable[ListedMeasure] = (),
    exit_rule: str = "",
    disproved: str = "",
) -> Entry:
    """A row of the record as the pure rules read it: a CreditEntry, or the values of one (then `own` must be given: its
    measures). `listed`, `exit_rule`: of the list that it stands on."""
    measures = [
        Measure(one.domain or None, Effect(one.effect), one.basis)
        for one in (row.measures.all() if own is None else own)
    ]
    known = {(one.domain, one.effect, one.basis) for one in measures}
    for one in listed:
        found = Measure(
            one.domain or None,
            Effect(one.effect),
            one.basis,
            Step(one.step) if one.step else None,
            one.text,
            one.pk,
        )
        if (found.domain, found.effect, found.basis) not in known:
            measures.append(found)
    if exit_rule and row.kind == Kind.LIST:
        measures.append(Measure(None, Effect.EXIT_RULE, exit_rule))
    return Entry(
        id=row.pk,
        kind=Kind(row.kind),
        state=State(row.state),
        title=row.title,
        source=row.source,
        document_no=row.document_no,
        basis=row.basis,
        from_on=row.from_on,
        until_on=row.until_on,
        served_on=row.served_on,
        public_from=row.public_from,
        public_until=row.public_until,
        repairable_from=row.repairable_from,
        repaired_on=row.repaired_on,
        grade=row.grade,
        objection_under_way=row.objection_under_way,
        verified=row.verified,
        measures=tuple(measures),
        disproved=disproved,
    )


def entries_that_count(subject: CreditSubject, asked: Asked | None = None) -> list[Entry]:
    """Every row that can be a factor of a check; without `asked`, with no more than the measures of their own."""
    rows = list(
        CreditEntry.objects.filter(
            subject=subject, state__in=[State.EFFECTIVE, State.REPAIRED], kind__in=_FACTORS, verified=True
        )
        .order_by("-pk")
        .values_list(*_READ, named=True)
    )
    own: Mapping[int, list[EntryMeasure]] = defaultdict(list)
    if rows:
        # Joined by the subject: a list of a thousand ids would cost more than the rows do.
        for one in EntryMeasure.objects.filter(
            entry__subject=subject, entry__state__in=[State.EFFECTIVE, State.REPAIRED]
        ):
            own[one.entry_id].append(one)
    lists = {row.credit_list_id for row in rows} - {None}
    exits = dict(CreditList.objects.filter(pk__in=lists).values_list("pk", "exit_rule")) if lists else {}
    listed = _listed(lists, asked) if asked else {}
    disproved = _disproved(asked.procedure_id) if asked and asked.procedure_id else {}
    return [
        as_entry(
            row,
            own=own.get(row.pk, ()),
            listed=listed.get(row.credit_list_id, ()),
            exit_rule=exits.get(row.credit_list_id, ""),
            disproved=disproved.get(row.pk, ""),
        )
        for row in rows
    ]


def _listed(lists: Iterable[int | None], asked: Asked) -> dict[int | None, list[ListedMeasure]]:
    wanted = list(lists)
    found: dict[int | None, list[ListedMeasure]] = defaultdict(list)
    if wanted:
        for one in listed_in_force(asked.lineage, asked.on).filter(
            Q(domain="") | Q(domain=asked.domain), Q(item=None) | Q(item=asked.item_id), whom__in=wanted
        ):
            found[one.whom_id].append(one)
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
    return {one.entry_id: one.get_proof_display() for one in shown}
