"""What the timeline of a subject tells of its grades."""

from typing import Any

from django.db.models import F, QuerySet
from django.urls import reverse

from credit_portal.registry import timeline
from credit_portal.registry.timeline import OWN, Arm, Look, lines
from verification.models import Grade, SubjectGrade

from . import showing


def _graded(look: Look) -> QuerySet[Any]:
    rows = SubjectGrade.objects.all() if look.user is None else showing.grades_visible_to(look.user)
    return lines(
        rows.filter(subject=look.subject), day="on", at="run__made_at", what="评定",
        title=timeline.in_words("grade", [(code, f"{code} {label}") for code, label in Grade.choices]),
        by=F("standard__name"), seen=OWN, ref=F("uuid"),
    )  # fmt: skip


def register() -> None:
    timeline.register(
        "grade",
        "信用等级",
        Arm(
            "grade.given", "grade", _graded, staff=lambda ref: reverse("grades:grade", args=[ref]),
            own=lambda ref: reverse("mine_grade:grade"),
        ),
    )  # fmt: skip
