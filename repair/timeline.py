"""What this room has of a subject for the timeline: its applications for repair step by step, and the proofs that what was
public is public no more."""

from typing import Any

from django.db.models import Case, CharField, F, QuerySet, Value, When
from django.urls import reverse

from credit_portal.registry import timeline
from credit_portal.registry.timeline import OWN, UNIT, Arm, Look, lines

from .applying import applications_visible_to
from .models import RepairStep, UnpublicationProof
from .proving import proofs_visible_to

Step = RepairStep.Kind
# What goes on between the department's own people.
_INSIDE = (Step.PROPOSED, Step.RETURNED, Step.DEFECT)


def _steps(look: Look) -> QuerySet[Any]:
    rows = RepairStep.objects.filter(application__subject=look.subject)
    if look.user is None:
        rows = rows.exclude(kind__in=_INSIDE)
    else:
        rows = rows.filter(application__in=applications_visible_to(look.user))
    return lines(
        rows,
        day="on", at="at", what=F("kind"), title=F("application__entry__title"),
        by=F("application__department__name"), document=F("application__number"),
        seen=Case(When(kind__in=_INSIDE, then=Value(UNIT)), default=Value(OWN), output_field=CharField()),
        ref=F("application__uuid"),
    )  # fmt: skip


def _proofs(look: Look) -> QuerySet[Any]:
    rows = UnpublicationProof.objects.all() if look.user is None else proofs_visible_to(look.user)
    return lines(
        rows.filter(subject=look.subject, issued_at__isnull=False),
        day="issued_at", at="issued_at", what="出具停止公示证明", by=F("department__name"), document=F("number"),
        seen=OWN, ref=F("uuid"),
    )  # fmt: skip


def register() -> None:
    timeline.register(
        "repair",
        "信用修复",
        Arm(
            "repair.step", "repair", _steps, deeds=dict(Step.choices), staff=_page("repair:application"),
            own=_page("my_repair:application"),
        ),
        Arm("repair.proof", "repair", _proofs, staff=_page("proofs:proof")),
    )  # fmt: skip


def _page(name: str) -> Any:
    return lambda ref: reverse(name, args=[ref])
