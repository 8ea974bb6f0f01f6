"""The sweep's part: what came in is compared once more, and warnings that nobody needs to answer any more are closed."""

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from commitments.models import ClauseWarning, Commitment, ComparisonMark
from credit_portal.audit import events
from credit_portal.audit.history import note
from credit_portal.audit.recording import together
from credit_portal.deadlines import duties
from credit_portal.outbox.sweeping import in_batches
from verification.models import CreditEntry

from . import finding

AT_ONCE = 1_000
WHY = "所依据的记录已撤销，或者承诺已作废、已更正"


def follow(*, now: datetime) -> int:
    """Step of the sweep. Gives how many warnings are new or closed."""
    found = 0

    def entries() -> int:
        nonlocal found
        seen = _next(
            "entries", CreditEntry.objects.select_related("credit_list", "region", "department__region")
        )
        found += finding.compare_entries(seen, now=now)
        return len(seen)

    def commitments() -> int:
        nonlocal found
        seen = _next("commitments", Commitment.objects.only("pk"))
        found += finding.compare_commitments([one.pk for one in seen], now=now)
        return len(seen)

    in_batches(entries, full=AT_ONCE)
    in_batches(commitments, full=AT_ONCE)
    return found + in_batches(lambda: _drop(now), full=AT_ONCE)


def on_corrected(*, old: CreditEntry, new: CreditEntry, actor: Any, now: datetime) -> None:
    """Hook: an entry has been put right. What waited for the old one waits for the new one by now, where that still means
    anything."""
    _drop(now, Q(entry=old))


def _next(source: str, rows: QuerySet[Any]) -> list[Any]:
    """The next rows of a table that the sweep has not seen; it has now. The first pass begins at the end: rules look at
    nothing that came before them."""
    mark = ComparisonMark.objects.select_for_update().filter(source=source).first()
    if mark is None:
        last = rows.order_by("-pk").values_list("pk", flat=True).first() or 0
        mark, _ = ComparisonMark.objects.get_or_create(source=source, defaults={"last_id": last})
    seen = list(rows.filter(pk__gt=mark.last_id).order_by("pk")[:AT_ONCE])
    if seen:
        mark.last_id = seen[-1].pk
        mark.save(update_fields=["last_id"])
    return seen


GONE = (
    Q(entry__state="revoked")
    | Q(commitment__voided_at__isnull=False)
    | Q(commitment__corrected_by__isnull=False)
)


def _drop(now: datetime, gone: Q = GONE) -> int:
    rows = list(
        ClauseWarning.objects.select_for_update(of=("self",))
        .filter(gone, state=ClauseWarning.State.OPEN)
        .select_related("commitment", "entry")
        .order_by("pk")[:AT_ONCE]
    )
    with together():
        for row in rows:
            row.state, row.answered_at, row.answer = ClauseWarning.State.DROPPED, now, WHY
            note(row, actor=None, now=now)
            row.save()
            duties.cancel_duties(matter=finding.matter_of(row), now=now, actor=None, reason=WHY)
            events.warning_step(
                now=now, actor_id=None, department_id=row.department_id, warning_id=row.pk,
                rule_id=row.rule_id, step="不再需要核实",
            )  # fmt: skip
    return len(rows)
