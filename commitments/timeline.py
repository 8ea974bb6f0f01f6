"""What this room has of a subject for the timeline: commitments and their course, late materials, readings, warnings, breach
cases with what followed, registrations. A subject is told no more than its own pages tell (`mine/showing.py`)."""

from typing import Any

from django.db.models import Case, CharField, Exists, F, OuterRef, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Coalesce, Concat, TruncDate
from django.urls import reverse

from credit_portal.registry import timeline
from credit_portal.registry.timeline import OWN, PUBLIC, UNIT, Arm, Look, in_words, lines
from credit_portal.registry.visibility import limit_to_visible

from .breaches import cases_visible_to
from .consequences.handing_over import handoffs_visible_to
from .fulfilment import DETERMINED
from .mine import showing
from .models import (
    BreachCase,
    CaseStep,
    ClauseWarning,
    CommitmentEvent,
    Interview,
    ReadingOffer,
    Recheck,
    Rectification,
    RegistrationStep,
    RevocationHandoff,
)
from .rechecks.answering import rechecks_visible_to
from .registrations.verifying import visible_to as registrations_visible_to
from .supplements.ending import CASE_OPENED
from .warnings.answering import warnings_visible_to

Event, Step = CommitmentEvent.Kind, CaseStep.Kind
# Of a case its subject is told these steps; the last two of them when it was served.
_TOLD = (
    Step.NOTICED,
    Step.STATEMENT,
    Step.SUBJECT_STATEMENT,
    Step.STATEMENT_REFUSED,
    Step.DROPPED,
    Step.REVOKED,
)
_CHECKED = (Recheck.Finding.KEPT, Recheck.Finding.UNABLE)
_SERVED = (Step.DETERMINED, Step.SERVED)


# ---- commitments -------------------------------------------------------------------------------------------


def _course(look: Look) -> QuerySet[CommitmentEvent]:
    rows = CommitmentEvent.objects.filter(commitment__subject=look.subject).exclude(kind=Event.PRINTED)
    if look.user is not None:
        return limit_to_visible(rows, look.user, department_field="commitment__department")
    cases = BreachCase.objects.filter(commitment=OuterRef("commitment"))
    unserved = _naming(cases.filter(state=BreachCase.State.DETERMINED), DETERMINED)
    silent = _naming(cases.filter(Q(noticed_on=None) | Q(state=BreachCase.State.OPENED)), CASE_OPENED)
    return rows.exclude(Exists(unserved), kind=Event.FULFILMENT).exclude(
        Exists(silent), kind=Event.SUPPLEMENT
    )


def _naming(cases: QuerySet[BreachCase], note: str) -> QuerySet[BreachCase]:
    """Those of the cases that the event of outside names in its note."""
    before, after = note.split("{number}")
    said = Concat(Value(before), F("number"), Value(after), output_field=TextField())
    return cases.annotate(said=said).filter(said=OuterRef("note"))


def _events(look: Look) -> QuerySet[Any]:
    public = Q(
        commitment__public_from__isnull=False, commitment__withdrawn_at=None, commitment__voided_at=None
    )
    return lines(
        # What is public since when is told by the room of publication.
        _course(look).exclude(kind__in=[Event.SUPPLEMENT, Event.PUBLISHED, Event.WITHDRAWN]),
        day="at", at="at", what=F("kind"), title=F("commitment__item_name"), by=F("commitment__department_name"),
        document=F("commitment__code"), first="commitment__made_on", last="commitment__valid_until",
        state=Case(
            When(kind=Event.FULFILMENT, then=F("reason")),
            When(kind=Event.VOIDED, then=Value("已作废")),
            When(kind=Event.CORRECTED, then=Value("已更正")),
            When(kind__in=[Event.SIGNED, Event.IMPORTED, Event.CAPTURED], then=Value("履行中")),
            default=Value(""), output_field=TextField(),
        ),
        seen=Case(When(public, then=Value(PUBLIC)), default=Value(OWN), output_field=CharField()),
        ref=F("commitment__code"), note=F("note"),
    )  # fmt: skip


def _late(look: Look) -> QuerySet[Any]:
    return lines(
        _course(look).filter(kind=Event.SUPPLEMENT),
        day="at", at="at", what=F("note"), title=F("commitment__item_name"), by=F("commitment__department_name"),
        document=F("commitment__code"), seen=OWN, ref=F("commitment__code"), note=F("reason"),
    )  # fmt: skip


def _rechecks(look: Look) -> QuerySet[Any]:
    told = Q(finding__in=_CHECKED)
    if look.user is None:
        # Of a doubt its subject hears by the case.
        rows, ref = Recheck.objects.filter(told), F("commitment__code")
    else:
        rows, ref = rechecks_visible_to(look.user), F("uuid")
    return lines(
        rows.filter(commitment__subject=look.subject, found_on__isnull=False),
        day="found_on", at="answered_at", what="承诺复核", title=F("commitment__item_name"),
        by=F("department__name"), document=F("commitment__code"), state=in_words("finding", Recheck.Finding.choices),
        seen=Case(When(told, then=Value(OWN)), default=Value(UNIT), output_field=CharField()), ref=ref,
        note=in_words("obstacle", Recheck.Obstacle.choices),
    )  # fmt: skip


def _offered(look: Look) -> QuerySet[Any]:
    # What was read at the moment at which it was offered is one line.
    rows = ReadingOffer.objects.filter(Q(read_at=None) | Q(read_at__gt=F("offered_at")))
    return _readings(look, rows, "提供诚信教育读本", "offered_at")


def _read(look: Look) -> QuerySet[Any]:
    return _readings(look, ReadingOffer.objects.filter(read_at__isnull=False), "阅读诚信教育读本", "read_at")


def _readings(look: Look, rows: QuerySet[ReadingOffer], what: str, moment: str) -> QuerySet[Any]:
    rows = rows.filter(subject=look.subject)
    if look.user is not None:
        rows = limit_to_visible(rows, look.user)
    return lines(
        rows, day=moment, at=moment, what=what, title=F("reading__title"), by=F("department__name"), seen=OWN,
        note=in_words("place", ReadingOffer.Place.choices),
    )  # fmt: skip


# ---- warnings, cases and what follows ----------------------------------------------------------------------


def _warnings(look: Look) -> QuerySet[Any]:
    # A warning is between the rule and the department: the subject hears of what comes of it.
    rows = ClauseWarning.objects.none() if look.user is None else warnings_visible_to(look.user)
    return lines(
        rows.filter(subject=look.subject, answered_at__isnull=False),
        day="answered_at", at="answered_at", what="核实预警", title=F("entry__title"), by=F("department__name"),
        document=F("entry__document_no"), state=in_words("state", ClauseWarning.State.choices), ref=F("uuid"),
        note=F("answer"),
    )  # fmt: skip


def _cases(look: Look) -> QuerySet[Any]:
    rows = CaseStep.objects.filter(case__subject=look.subject)
    if look.user is None:
        told = Q(kind__in=_TOLD) | Q(kind__in=_SERVED, case__served_on__isnull=False)
        rows = rows.filter(told, case__in=showing.cases_of(look.subject))
    else:
        rows = rows.filter(case__in=cases_visible_to(look.user))
    return lines(
        rows,
        day="on", at="at", what=F("kind"), title=F("case__commitment__item_name"), by=F("case__department__name"),
        document=Case(
            When(Q(kind__in=_SERVED) & ~Q(case__document_no=""), then=F("case__document_no")),
            default=F("case__number"),
        ),
        seen=Case(When(kind__in=[*_TOLD, *_SERVED], then=Value(OWN)), default=Value(UNIT), output_field=CharField()),
        ref=F("case__uuid"),
    )  # fmt: skip


def _orders(look: Look) -> QuerySet[Any]:
    rows = Rectification.objects.filter(case__subject=look.subject)
    if look.user is not None:
        rows = limit_to_visible(rows, look.user)
    return lines(
        rows,
        day="ordered_on", at=timeline.written_first(Rectification), what="责令限期整改",
        title=F("case__commitment__item_name"), by=F("department__name"), document=F("number"), first="ordered_on",
        last="due_on", seen=OWN, ref=F("case__uuid"),
    )  # fmt: skip


def _judged(look: Look) -> QuerySet[Any]:
    rows = Rectification.objects.filter(case__subject=look.subject, judged_on__isnull=False)
    if look.user is not None:
        rows = limit_to_visible(rows, look.user)
    return lines(
        rows,
        day="judged_on", at=timeline.written_first(Rectification, judged_on__isnull=False), what="核查整改",
        title=F("case__commitment__item_name"), by=F("department__name"), document=F("number"),
        state=in_words("state", Rectification.State.choices), seen=OWN, ref=F("case__uuid"),
    )  # fmt: skip


def _interviews(look: Look) -> QuerySet[Any]:
    rows = Interview.objects.filter(case__subject=look.subject)
    if look.user is not None:
        rows = limit_to_visible(rows, look.user)
    held = [Interview.State.HELD, Interview.State.ABSENT]
    return lines(
        timeline.states_of(rows), pk="history_id",
        day=Case(
            When(state=Interview.State.INVITED, then=F("invited_on")), When(state__in=held, then=F("held_on")),
            default=TruncDate("history_date"),
        ),
        at="history_date", what=in_words("kind", Interview.Kind.choices), title=F("case__commitment__item_name"),
        by=F("department__name"), document=F("number"), state=in_words("state", Interview.State.choices), seen=OWN,
        ref=F("case__uuid"),
    )  # fmt: skip


def _handoffs(look: Look) -> QuerySet[Any]:
    rows = RevocationHandoff.objects.none() if look.user is None else handoffs_visible_to(look.user)
    State = RevocationHandoff.State
    return lines(
        timeline.states_of(rows.filter(case__subject=look.subject)), pk="history_id",
        day=Case(
            When(state=State.SENT, then=F("sent_on")), When(state=State.ACKNOWLEDGED, then=F("acknowledged_on")),
            When(state__in=[State.REVOKED, State.KEPT], then=F("decided_on")), default=TruncDate("history_date"),
        ),
        at="history_date", what="移交撤销许可", title=F("licence_name"), by=F("department__name"),
        document=F("number"), state=in_words("state", State.choices), ref=F("uuid"),
    )  # fmt: skip


def _registrations(look: Look) -> QuerySet[Any]:
    rows = RegistrationStep.objects.filter(registration__subject=look.subject)
    if look.user is not None:
        rows = rows.filter(registration__in=registrations_visible_to(look.user))
    return lines(
        rows,
        day="at", at="at", what=F("kind"), title=F("registration__title"),
        by=Coalesce(F("registration__department__name"), Value("主体")), document=F("registration__document_no"),
        first="registration__issued_on", last="registration__valid_until", seen=OWN, ref=F("registration__uuid"),
        note=F("note"),
    )  # fmt: skip


def register() -> None:
    commitment, case = _page("obligations:commitment"), _page("cases:case")
    own_commitment, own_case = _page("mine:commitment"), _page("mine:breach")
    tones = {"履行中": "running", "全部履行": "fulfilled", "部分履行": "partial", "全部未履行": "unfulfilled"}
    timeline.register(
        "commitment",
        "信用承诺",
        Arm(
            "commitment.event", "commitment", _events, deeds=dict(Event.choices), tones=tones, staff=commitment,
            own=own_commitment,
        ),
        Arm(
            "commitment.recheck", "commitment", _rechecks, staff=_page("rechecks:one"), own=own_commitment,
        ),
    )  # fmt: skip
    timeline.register(
        "late", "容缺材料", Arm("late.step", "late", _late, staff=commitment, own=own_commitment)
    )
    timeline.register(
        "reading",
        "诚信教育",
        Arm("reading.offered", "reading", _offered),
        Arm("reading.read", "reading", _read),
    )
    timeline.register(
        "warning", "预警", Arm("warning.answered", "warning", _warnings, staff=_page("warnings:warning"))
    )
    timeline.register(
        "case",
        "违诺认定",
        Arm("case.step", "case", _cases, deeds=dict(Step.choices), staff=case, own=own_case),
        Arm("case.order", "case", _orders, staff=_page("consequences:case"), own=own_case),
        Arm("case.judged", "case", _judged, staff=_page("consequences:case"), own=own_case),
        Arm("case.interview", "case", _interviews, staff=_page("consequences:case"), own=own_case),
        Arm("case.handoff", "case", _handoffs, staff=_page("consequences:handoff")),
    )
    timeline.register(
        "registration",
        "自愿注册",
        Arm(
            "registration.step", "registration", _registrations, deeds=dict(RegistrationStep.Kind.choices),
            staff=_page("registration:one"), own=_page("my_registration:one"),
        ),
    )  # fmt: skip


def _page(name: str) -> Any:
    return lambda ref: reverse(name, args=[ref])
