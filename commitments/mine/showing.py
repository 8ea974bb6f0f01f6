"""What a subject is shown of its own matters. A determination that has not been served is told by its service and by
nothing else: until then the commitment runs and the case is being worked on."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from commitments.models import BreachCase, Commitment, CommitmentEvent, Obligation
from commitments.supplements.ending import CASE_OPENED
from credit_portal.registry.models import CreditSubject
from verification.vocabulary import State as EntryState

State = BreachCase.State
_BADGES = {
    Obligation.State.OPEN: "running",
    Obligation.State.KEPT: "fulfilled",
    Obligation.State.KEPT_LATE: "fulfilled",
    Obligation.State.NOT_KEPT: "unfulfilled",
}
AT_WORK = (State.HEARD, State.PROPOSED, State.DETERMINED)


def commitments_of(subject: CreditSubject) -> QuerySet[Commitment]:
    """All of a subject's own, public or not, with `unserved`: a determination of which it has not been told."""
    told_not = BreachCase.objects.filter(commitment=OuterRef("pk"), state=State.DETERMINED)
    return Commitment.objects.filter(subject=subject).annotate(unserved=Exists(told_not))


def fulfilment_of(commitment: Commitment) -> tuple[str, str]:
    """Code and word of how a commitment is being kept, as its subject may know by now."""
    if commitment.voided_at is not None:
        return "", "已作废"
    if commitment.unserved:  # type: ignore[attr-defined]
        return Commitment.Fulfilment.RUNNING, str(Commitment.Fulfilment.RUNNING.label)
    return commitment.fulfilment, commitment.get_fulfilment_display()


def obligations_of(commitment: Commitment) -> list[dict[str, Any]]:
    """Clause by clause how a commitment is being kept, as its subject may know by now: what a determination that has not
    been served says of a clause is not told by it."""
    if commitment.voided_at is not None:
        return []
    shown = []
    for row in commitment.obligations.exclude(state=Obligation.State.ENDED).order_by("clause_no"):
        if row.kind == Obligation.Kind.DECLARED and row.state == Obligation.State.OPEN:
            # Said when it was signed: nothing is to be done for it.
            continue
        hidden = commitment.unserved and row.state == Obligation.State.NOT_KEPT  # type: ignore[attr-defined]
        state = Obligation.State.OPEN if hidden else Obligation.State(row.state)
        shown.append(
            {
                "no": row.clause_no,
                "state": _BADGES[state],
                "label": str(state.label) if hidden else row.shown_state,
                "on": None if hidden else row.found_on,
                "kept_up": row.kind == Obligation.Kind.KEPT_UP,
                "due_on": row.due_on if state == Obligation.State.OPEN else None,
            }
        )
    return shown


def publicity_of(commitment: Commitment) -> str:
    """Whether everybody can see it, in words."""
    if commitment.voided_at is not None:
        return "已作废，不公开"
    if commitment.withdrawn_at is not None:
        return "已停止公示"
    if commitment.public_from is not None:
        return "在信用承诺专栏公示"
    return f"{commitment.get_publicity_class_display()}，不在专栏公示"


def course_of(commitment: Commitment) -> list[CommitmentEvent]:
    """The course of a commitment, without what an unserved determination has changed, without a case of which the subject
    has not been told, and without each printing."""
    rows = commitment.events.exclude(kind=CommitmentEvent.Kind.PRINTED).order_by("id")
    if commitment.late_materials:
        silent = commitment.breach_cases.filter(Q(noticed_on=None) | Q(state=State.OPENED))
        opened = [CASE_OPENED.format(number=number) for number in silent.values_list("number", flat=True)]
        rows = rows.exclude(kind=CommitmentEvent.Kind.SUPPLEMENT, note__in=opened)
    if commitment.unserved:  # type: ignore[attr-defined]
        numbers = commitment.breach_cases.filter(state=State.DETERMINED).values_list("number", flat=True)
        hidden = [f"违诺认定 {number}" for number in numbers]
        rows = rows.exclude(kind=CommitmentEvent.Kind.FULFILMENT, note__in=hidden)
    return list(rows)


def cases_of(subject: CreditSubject) -> QuerySet[BreachCase]:
    """The breach cases of which a subject has been told: from the advance notice on."""
    return BreachCase.objects.filter(subject=subject, noticed_on__isnull=False).exclude(state=State.OPENED)


def standing_of(case: BreachCase, *, today: date) -> tuple[str, str]:
    """What a case is today, as a state for the badge and in words."""
    match case.state:
        case State.NOTICED if case.statement_until is not None and today <= case.statement_until:
            return "waiting", f"可以陈述申辩，{case.statement_until:%Y-%m-%d} 为止"
        case State.NOTICED | State.HEARD | State.PROPOSED | State.DETERMINED:
            return "waiting", "办理中"
        case State.DROPPED:
            return "kept", "不予认定"
        case State.REVOKED:
            return "kept", "认定已撤销"
    entry = case.entry
    if entry is not None and entry.state == EntryState.REPAIRED:
        return "kept", "已修复"
    if entry is not None and entry.public_from is not None:
        if today < entry.public_from:
            return "broken", f"已认定，{entry.public_from:%Y-%m-%d} 起公示"
        if entry.public_until is None or today <= entry.public_until:
            return "broken", "公示中"
        return "waiting", "公示已停止"
    return "broken", "已认定，没有公示"


def days_of(case: BreachCase, *, today: date) -> list[dict[str, Any]]:
    """The days of a case, with those still to come: `on`, `text`, `ahead`."""
    days: list[tuple[date | None, str]] = [
        (case.noticed_on, "送达认定前告知书"),
        (case.statement_on, "收到陈述申辩"),
    ]
    if case.state == State.NOTICED:
        days.append((case.statement_until, "陈述申辩的最后一日"))
    if case.served_on is not None:
        days += [(case.determined_on, f"作出认定（{case.document_no}）"), (case.served_on, "认定书送达")]
        days += _days_of_publicity(case)
    if case.revoked_on is not None:
        days.append((case.revoked_on, f"撤销认定，{case.get_revocation_reason_display()}"))
    found = [{"on": on, "text": text, "ahead": on > today} for on, text in days if on is not None]
    return sorted(found, key=lambda day: day["on"])


def _days_of_publicity(case: BreachCase) -> Iterable[tuple[date | None, str]]:
    entry = case.entry
    if entry is None or case.state == State.REVOKED:
        return
    yield entry.public_from, "公示的首日"
    if entry.state == EntryState.EFFECTIVE:
        yield entry.repairable_from, "起可以申请信用修复"
    yield entry.public_until, "公示的最后一日"
    yield entry.repaired_on, "信用修复"


def papers_of(case: BreachCase) -> QuerySet[Any]:
    """The papers that were served on the subject, or will have been: notice, determination, closing."""
    told = ["noticed", "dropped", "revoked"] + (["determined", "served"] if case.served_on else [])
    return (
        case.steps.filter(kind__in=told, document__isnull=False)
        .filter(~Q(document__kind="identity"))
        .select_related("document")
        .order_by("id")
    )
