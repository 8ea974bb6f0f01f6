"""What the timeline of a subject tells of its grades."""

from typing import Any

from django.db.models import Case, Exists, F, OuterRef, QuerySet, TextField, Value, When
from django.db.models.functions import Cast
from django.urls import reverse

from credit_portal.registry import timeline
from credit_portal.registry.timeline import OWN, Arm, Look, lines
from verification.models import Grade, SubjectGrade

from . import showing


def _graded(look: Look) -> QuerySet[Any]:
    rows = SubjectGrade.objects.filter(subject=look.subject)
    ref: Any = F("uuid")
    if look.user is not None:
        # Who may read the present grade may know those before it; only the present one has a page.
        rows = rows.filter(Exists(showing.grades_visible_to(look.user).filter(subject=look.subject)))
        later = SubjectGrade.objects.filter(subject=OuterRef("subject"), pk__gt=OuterRef("pk"))
        ref = Case(
            When(~Exists(later), then=Cast(F("uuid"), TextField())),
            default=Value(""),
            output_field=TextField(),
        )
    return lines(
        rows, day="on", at="run__made_at", what="评定",
        title=timeline.in_words("grade", [(code, f"{code} {label}") for code, label in Grade.choices]),
        by=F("standard__name"), seen=OWN, ref=ref,
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
