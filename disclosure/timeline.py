"""What this room has of a subject for the timeline: what was public of it, since and until when; administrative acts;
objections; reports of breaches."""

from typing import Any

from django.db.models import Case, CharField, F, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce
from django.urls import reverse

from commitments.models import Commitment
from credit_portal.registry import timeline
from credit_portal.registry.timeline import OWN, PUBLIC, UNIT, Arm, Look, in_words, lines
from credit_portal.registry.visibility import limit_to_visible

from .acts.entering import acts_visible_to
from .breach_publishing import publications_visible_to
from .models import AdministrativeAct, BreachPublication, BreachReport, ObjectionStep
from .objections.handling import objections_visible_to
from .reporting import reports_visible_to


def _commitments(look: Look) -> QuerySet[Commitment]:
    rows = Commitment.objects.filter(subject=look.subject, public_from__isnull=False)
    return rows if look.user is None else limit_to_visible(rows, look.user)


def _commitment_lines(rows: QuerySet[Commitment], what: str, day: str, seen: str) -> QuerySet[Any]:
    return lines(
        rows,
        day=timeline.day_of(F(day)), at=day, what=what, title=F("item_name"), by=F("department_name"),
        document=F("code"), seen=seen, ref=F("code"),
    )  # fmt: skip


def _published(look: Look) -> QuerySet[Any]:
    return _commitment_lines(_commitments(look), "承诺公示", "public_from", PUBLIC)


def _withdrawn(look: Look) -> QuerySet[Any]:
    gone = _commitments(look).filter(withdrawn_at__isnull=False)
    return _commitment_lines(gone, "承诺停止公示", "withdrawn_at", OWN)


def _publications(look: Look) -> QuerySet[BreachPublication]:
    rows = BreachPublication.objects.all() if look.user is None else publications_visible_to(look.user)
    return rows.filter(case__subject=look.subject, case__served_on__isnull=False, public_from__isnull=False)


def _breaches(look: Look) -> QuerySet[Any]:
    running = Q(ended_at=None, public_from__lte=look.today) & (
        Q(public_until=None) | Q(public_until__gte=look.today)
    )
    return lines(
        _publications(look),
        day="public_from", at="decided_at", what="违诺公示", title=F("case__commitment__item_name"),
        by=F("case__department__name"), document=F("case__document_no"), first="public_from", last="public_until",
        seen=Case(When(running, then=Value(PUBLIC)), default=Value(OWN), output_field=CharField()),
        ref=F("case__uuid"), note=F("rule_basis"),
    )  # fmt: skip


def _breaches_ended(look: Look) -> QuerySet[Any]:
    return lines(
        _publications(look).filter(ended_at__isnull=False),
        day="ended_at", at="ended_at", what="违诺停止公示", title=F("case__commitment__item_name"),
        by=F("case__department__name"), document=F("case__document_no"), first="public_from", last="public_until",
        state=in_words("ending", BreachPublication.Ending.choices), seen=OWN, ref=F("case__uuid"),
    )  # fmt: skip


def _reports(look: Look) -> QuerySet[Any]:
    rows = BreachReport.objects.none() if look.user is None else reports_visible_to(look.user)
    return lines(
        rows.filter(case__subject=look.subject),
        day="submitted_at", at="submitted_at", what="上报违诺", title=F("case__commitment__item_name"),
        by=F("department__name"), document=F("number"), state=in_words("state", BreachReport.State.choices),
        seen=UNIT, ref=F("uuid"),
    )  # fmt: skip


# ---- administrative acts -----------------------------------------------------------------------------------


def _acts(look: Look) -> QuerySet[AdministrativeAct]:
    rows = AdministrativeAct.objects.all() if look.user is None else acts_visible_to(look.user)
    return rows.filter(subject=look.subject)


def _act_lines(
    rows: QuerySet[AdministrativeAct], *, day: Any, at: Any, what: Any, seen: Any, **more: Any
) -> QuerySet[Any]:
    return lines(
        rows, day=day, at=at, what=what, title=F("document_name"), by=F("department__name"),
        document=F("document_no"), seen=seen, ref=F("uuid"), **more,
    )  # fmt: skip


def _act_entered(look: Look) -> QuerySet[Any]:
    """Acts that stand in the record themselves are told there."""
    return _act_lines(
        _acts(look).filter(entry=None),
        day="decided_on", at="entered_at", what=in_words("kind", AdministrativeAct._meta.get_field("kind").choices or ()),
        seen=OWN, first="valid_from", last="valid_until", gone_at=_mistaken(),
        following=F("corrected_by__uuid"),
    )  # fmt: skip


def _mistaken() -> Case:
    return Case(When(ending__in=["corrected", "mistake"], then=F("ended_at")), default=None)


def _act_public(look: Look) -> QuerySet[Any]:
    running = Q(ended_at=None, public_from__lte=look.today) & (
        Q(public_until=None) | Q(public_until__gte=look.today)
    )
    return _act_lines(
        _acts(look).filter(public_from__isnull=False),
        day="public_from", at=Coalesce(F("decided_at"), F("entered_at")), what="行政行为公示",
        seen=Case(When(running, then=Value(PUBLIC)), default=Value(OWN), output_field=CharField()),
        first="public_from", last="public_until", note=F("rule_basis"),
    )  # fmt: skip


def _act_ended(look: Look) -> QuerySet[Any]:
    return _act_lines(
        _acts(look).filter(ended_at__isnull=False),
        day="ended_at", at="ended_at", what="行政行为停止公示", seen=OWN,
        state=in_words("ending", AdministrativeAct.Ending.choices), note=F("ending_note"),
    )  # fmt: skip


# ---- objections --------------------------------------------------------------------------------------------


def _objections(look: Look) -> QuerySet[Any]:
    rows = ObjectionStep.objects.filter(objection__subject=look.subject)
    if look.user is not None:
        rows = rows.filter(objection__in=objections_visible_to(look.user))
    return lines(
        rows,
        day="at", at="at", what=F("label"), title=F("objection__record_title"), by=F("objection__department__name"),
        document=F("objection__number"), seen=OWN, ref=F("objection__uuid"),
    )  # fmt: skip


def register() -> None:
    own_commitment, own_case = _page("mine:commitment"), _page("mine:breach")
    timeline.register(
        "publication",
        "公示",
        Arm(
            "publication.commitment", "publication", _published, staff=_page("obligations:commitment"),
            own=own_commitment,
        ),
        Arm(
            "publication.withdrawn", "publication", _withdrawn, staff=_page("obligations:commitment"),
            own=own_commitment,
        ),
        Arm("publication.breach", "publication", _breaches, staff=_page("cases:case"), own=own_case),
        Arm("publication.breach_ended", "publication", _breaches_ended, staff=_page("cases:case"), own=own_case),
        Arm("publication.report", "publication", _reports, staff=_page("reports:report")),
    )  # fmt: skip
    act = _page("acts:act")
    timeline.register(
        "act",
        "行政行为",
        Arm("act.entered", "act", _act_entered, staff=act),
        Arm("act.public", "act", _act_public, staff=act),
        Arm("act.ended", "act", _act_ended, staff=act),
    )
    timeline.register(
        "objection",
        "异议",
        Arm("objection.step", "objection", _objections, staff=_page("objections_desk:objection")),
    )


def _page(name: str) -> Any:
    return lambda ref: reverse(name, args=[ref])
