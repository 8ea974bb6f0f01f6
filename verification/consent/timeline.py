"""What the timeline of a subject tells of consents and of what went out by them: to the subject, and to those who supervise."""

from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce, NullIf
from django.urls import reverse

from credit_portal.registry import timeline
from credit_portal.registry.timeline import OWN, Arm, Look, lines, word
from verification.models import Consent, Release
from verification.reports.issuing import regions_visible_to

from . import keeping


def _consents(look: Look) -> QuerySet[Any]:
    rows = Consent.objects.all() if look.user is None else keeping.visible_to(look.user).select_related(None)
    return rows.filter(subject=look.subject)


def _recipient() -> Any:
    # A person's name is the subject's to know: here it is "个人" for everybody.
    return Coalesce(F("department__name"), NullIf(F("body_name"), word("")), word("个人"))


def _given(look: Look) -> QuerySet[Any]:
    return lines(
        _consents(look), day="given_at", at="given_at", what="同意", title=timeline.in_words("scope", SCOPES),
        by=_recipient(), document=F("number"), first=timeline.day_of(F("given_at")), last="expires_on", seen=OWN,
        ref=F("uuid"), gone_at=F("withdrawn_at"),
    )  # fmt: skip


def _withdrawn(look: Look) -> QuerySet[Any]:
    return lines(
        _consents(look).filter(~Q(withdrawn_at=None)), day="withdrawn_at", at="withdrawn_at", what="撤回同意",
        title=timeline.in_words("scope", SCOPES), by=_recipient(), document=F("number"), seen=OWN, ref=F("uuid"),
    )  # fmt: skip


def _released(look: Look) -> QuerySet[Any]:
    rows = Release.objects.filter(subject=look.subject)
    if look.user is not None:
        rows = rows.filter(region__in=regions_visible_to(look.user))
    return lines(
        rows, day="at", at="at", what="提供", title=timeline.in_words("scope", SCOPES), by=F("recipient"),
        document=Coalesce(F("report__number"), word("")), seen=OWN, note=F("purpose"),
    )  # fmt: skip


SCOPES = Consent._meta.get_field("scope").flatchoices


def register() -> None:
    timeline.register(
        "consent",
        "同意和提供",
        Arm("consent.given", "consent", _given, own=lambda ref: reverse("my_consents:one", args=[ref])),
        Arm(
            "consent.withdrawn", "consent", _withdrawn, own=lambda ref: reverse("my_consents:one", args=[ref])
        ),
        Arm("consent.released", "consent", _released),
    )
