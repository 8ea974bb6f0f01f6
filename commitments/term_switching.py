"""What a changed rule or calendar does to terms of breach cases: the subject's time to speak, and rectification."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from commitments.case_course import save_case
from commitments.consequences import parts
from commitments.models import BreachCase, Rectification
from credit_portal.deadlines.models import Duty
from credit_portal.deadlines.switching import duty_kinds, kinds, statement_terms
from credit_portal.deadlines.switching.changes import Change
from credit_portal.deadlines.switching.kinds import Kind, Moved, Writing


def register() -> None:
    kinds.register(
        Kind(
            name="case_statements",
            label="违诺认定的陈述申辩期限",
            target="breach_case",
            keys=frozenset({statement_terms.KEY}),
            by_calendar=True,
            candidates=_running,
            move=_move,
            write=_write,
            url_of=lambda pk: reverse("admin:commitments_breachcase_change", args=[pk]),
        )
    )
    duty_kinds.register(
        "rectifications",
        "限期整改",
        keys={"rectification"},
        for_subject=True,
        follow=_follow_rectifications,
    )


def _running(change: Change) -> QuerySet[BreachCase]:
    # What is over is over: a longer time to speak opens none again.
    return BreachCase.objects.filter(
        change.within("region"), state=BreachCase.State.NOTICED, statement_until__gte=change.day
    ).prefetch_related("region", "department")


def _move(case: BreachCase, change: Change) -> Moved | None:
    if case.noticed_on is None or case.statement_until is None:
        return None
    return statement_terms.moved(
        pk=case.pk,
        number=case.number,
        department=str(case.department),
        region=case.region,
        noticed_on=case.noticed_on,
        until=case.statement_until,
        days=case.statement_days,
        provisional=case.statement_provisional,
        change=change,
    )


def _write(pairs: Sequence[tuple[Any, Moved]], writing: Writing) -> dict[int, str]:
    for case, moved in pairs:
        case.statement_until, case.statement_days = moved.by.due, list(moved.by.days)
        case.statement_provisional = moved.by.provisional
        save_case(case, None, writing.now)
    return {}


def _follow_rectifications(duties: Sequence[Duty], now: datetime) -> None:
    """The order to put right says the same day as its duty, as long as nobody has reported or judged."""
    moved = {duty.matter_id: duty for duty in duties}
    rows = Rectification.objects.select_for_update(of=("self",)).filter(
        pk__in=moved, state=Rectification.State.RUNNING
    )
    for row in rows:
        row.due_on, row.provisional = moved[row.pk].due_on, moved[row.pk].provisional
        parts.save(row, actor=None, now=now)
