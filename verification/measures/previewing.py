"""What a row of the list would bring, before it is approved: who stands on the list now, and in which of the last month's
checks that are not decided the answer would be another one."""

from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q, QuerySet

from credit_portal.registry.below import within
from verification.facts import as_entry, listed_measure
from verification.models import Check, CreditEntry, ListedMeasure
from verification.rules import Rule, Switches, decide, stricter
from verification.switches import BAN_KEY
from verification.vocabulary import (
    CommitmentType,
    Route,
    Scrutiny,
    State,
    Step,
    UnrepairedRule,
)

DAYS = 30
# So many checks are looked at one by one; beyond them the page says «at least».
MOST = 2_000
STRICTER, ADDED = "stricter", "added"

# What else is under way on a check, in the rooms above: name → how many of these checks have it.
_open: dict[str, Callable[[Collection[int]], int]] = {}


def register_open(label: str, count: Callable[[Collection[int]], int]) -> None:
    """`count(check ids)` gives how many pieces of open work rest on them; `label` names these in Chinese."""
    _open[label] = count


@dataclass(frozen=True)
class Preview:
    """`subjects`: on the list now. `checks`: of the last thirty days in this field, of these subjects, not decided;
    `stricter`: those whose route or scrutiny would change; `added`: those that would only get a reason more. `open_work`:
    what rests on the two last, by name."""

    subjects: int
    checks: int
    stricter: int
    added: int
    cut: bool
    open_work: list[tuple[str, int]]


def preview(row: ListedMeasure, *, today: date) -> Preview:
    """Three queries and those of the rooms above, however many stand on the list."""
    entries = _on_list(row, today)
    subjects = entries.order_by().values("subject").distinct().count()
    checks = list(_checks(row, entries, today)[: MOST + 1])
    cut = len(checks) > MOST
    by_subject: dict[int, list[CreditEntry]] = defaultdict(list)
    for entry in entries.filter(subject__in={check.subject_id for check in checks}):
        by_subject[entry.subject_id].append(entry)
    found = {check.pk: _changes(row, by_subject[check.subject_id], check, today) for check in checks[:MOST]}
    changed = [pk for pk, change in found.items() if change]
    stricter_ones = sum(1 for change in found.values() if change == STRICTER)
    return Preview(
        subjects=subjects,
        checks=len(found),
        stricter=stricter_ones,
        added=len(changed) - stricter_ones,
        cut=cut,
        open_work=[(label, count(changed)) for label, count in _open.items()],
    )


def _on_list(row: ListedMeasure, today: date) -> QuerySet[CreditEntry]:
    return CreditEntry.objects.filter(
        Q(until_on=None) | Q(until_on__gte=today),
        credit_list=row.whom,
        state=State.EFFECTIVE,
        verified=True,
        from_on__lte=today,
    )


def _checks(row: ListedMeasure, entries: QuerySet[CreditEntry], today: date) -> QuerySet[Check]:
    found = Check.objects.filter(
        within(row.region.path),
        on_day__gt=today - timedelta(days=DAYS),
        outcome__isnull=True,
        # Of a procedure that was looked at again only the last look counts.
        followed_by__isnull=True,
        subject__in=entries.values("subject"),
    )
    if row.domain:
        found = found.filter(domain=row.domain)
    if row.item_id is not None:
        found = found.filter(item_version__item=row.item_id)
    return found.order_by("-pk")


def _changes(row: ListedMeasure, entries: list[CreditEntry], check: Check, today: date) -> str:
    """What this one measure would add to a check: nothing, a reason, or a stricter answer. Pure."""
    measure = listed_measure(row)
    decision = decide(
        [as_entry(entry, (measure,)) for entry in entries],
        commitment_type=CommitmentType(check.commitment_type),
        late_materials=check.late_materials,
        domain=check.domain,
        on=today,
        switches=_only_bans(check),
        step=Step(check.step) if check.step else None,
    )
    if not any(reason.effect == measure.effect for reason in decision.reasons):
        return ""
    route, scrutiny = Route(check.route), Scrutiny(check.scrutiny)
    after = stricter((route, scrutiny), (decision.route, decision.scrutiny))
    return STRICTER if after != (route, scrutiny) else ADDED


def _only_bans(check: Check) -> Switches:
    """Rules under which nothing but the measure speaks; whether a ban can be for good, as the check itself had it."""
    used = check.switches.get(BAN_KEY, {})
    return Switches(
        unrepaired=Rule(UnrepairedRule.NO_EFFECT, "", False),
        in_publicity=Rule(False, "", False),
        expired_counts_as_repaired=Rule(True, "", False),
        ban_for_good=Rule(used.get("value") is True, used.get("basis", ""), used.get("confirmed") is True),
    )
