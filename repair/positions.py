"""How an entry of the record stands before repair: whether it is open today, from which day on, by which way, and who decides
(R98, R100, R103). A constant number of queries, however long the record is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Prefetch, QuerySet

from commitments import way_back
from commitments.models import BreachCase
from credit_portal.registry.models import CreditSubject, Department
from verification.facts import as_entry, measures_of, own_measure
from verification.models import CreditEntry
from verification.record import Entry
from verification.vocabulary import Kind as EntryKind
from verification.vocabulary import State as EntryState

from . import rules
from .models import RepairApplication
from .rules import Eligibility, RepairError

ERROR_OTHER = "没有找到这条记录。"


@dataclass(frozen=True)
class Position:
    """One entry before repair: whether it is open today, the way of its region, who decides."""

    entry: CreditEntry
    case: BreachCase | None
    department: Department | None
    eligibility: Eligibility
    way: way_back.WayBack


def positions(subject: CreditSubject, *, on: date) -> list[Position]:
    """Every adverse entry of a subject with the way back from it, the newest first. A constant number of queries."""
    rows = _entries(CreditEntry.objects.filter(subject=subject, state=EntryState.EFFECTIVE))
    locks = _lockouts(subject)
    adverse = [row for row in rows if row.kind in {str(kind) for kind in rules.ADVERSE}]
    rules_by_region: dict[str, dict[str, Any]] = {}
    found = []
    for row in adverse:
        known = rules_by_region.get(row.region_id)
        if known is None:
            known = rules_by_region[row.region_id] = way_back.rules_of(row.region.lineage, on)
        found.append(_position(row, known, locks, on))
    return found


def position_of(entry_id: int, *, on: date) -> Position:
    """How one entry stands. Raises RepairError where there is none."""
    row = _entries(CreditEntry.objects.filter(pk=entry_id)).first()
    if row is None:
        raise RepairError(ERROR_OTHER)
    return _position(row, way_back.rules_of(row.region.lineage, on), _lockouts(row.subject), on)


def _entries(rows: QuerySet[CreditEntry]) -> QuerySet[CreditEntry]:
    refused = RepairApplication.objects.filter(state=RepairApplication.State.REFUSED)
    return (
        rows.select_related(
            "subject", "region", "department__region", "credit_list", "breach_case__department__region"
        )
        .prefetch_related(
            "measures",
            Prefetch("breach_case__publications"),
            Prefetch("repair_applications", queryset=refused.order_by("-pk"), to_attr="refused_repairs"),
        )
        .order_by("-from_on", "-pk")
    )


def _lockouts(subject: CreditSubject) -> list[Entry]:
    rows = CreditEntry.objects.filter(subject=subject, kind=EntryKind.LOCKOUT, state=EntryState.EFFECTIVE)
    return [as_entry(row) for row in rows]


def _last_refusal(row: CreditEntry) -> rules.Refusal | None:
    for one in row.refused_repairs:  # type: ignore[attr-defined]
        if one.number and one.decided_on:
            return rules.Refusal(one.number, one.decided_on, one.again_from)
    return None


def _position(row: CreditEntry, known: dict[str, Any], locks: list[Entry], on: date) -> Position:
    case: BreachCase | None = getattr(row, "breach_case", None)
    department = case.department if case is not None else row.department
    exit_rule = row.credit_list.exit_rule if row.credit_list is not None else ""
    entry = as_entry(row, measures_of((own_measure(one) for one in row.measures.all()), (), exit_rule))
    answer = rules.eligibility(
        entry,
        on=on,
        lockouts=locks,
        competent=department is not None and department.is_active,
        determined=case is None or any(True for _ in case.publications.all()),
        refused=_last_refusal(row),
    )
    text = answer.missing[0].text if answer.missing and answer.from_on is None else ""
    way = way_back.way_back(
        known, from_on=answer.from_on, from_text=text, to=department.name if department else row.source
    )
    return Position(row, case, department, answer, way)
