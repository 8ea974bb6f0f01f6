"""A subject sees its grade and why, line by line; what repairing an entry would bring, and how to object. (R66)"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from credit_portal.audit import clock
from credit_portal.registry.acting import for_subjects, log_own_read
from credit_portal.registry.codes import PERSON
from credit_portal.registry.paging import newest_first
from verification.models import Evaluation, SubjectGrade

from . import grading, showing

MOST_EVALUATIONS = 20


@for_subjects()
@require_safe
def grade(request: HttpRequest) -> HttpResponse:
    """The current grade with its reasons, the grades before it, what bodies above have said."""
    subject, today = request.acting.subject, clock.today()
    row = grading.current_of(subject.pk)
    earlier, following = newest_first(
        SubjectGrade.objects.filter(subject=subject.pk).exclude(pk=row.pk if row else None), request
    )
    log_own_read(request.acting, what="信用等级", target_type="own_grade", target_id=0, now=clock.now())
    return render(
        request,
        "me/grade.html",
        {
            "person": subject.kind == PERSON,
            "shown": showing.shown(row, on=today) if row else None,
            "bounds": showing.bounds_in_words(row.standard) if row else [],
            "earlier": earlier,
            "next": following,
            "standard": row.standard if row else grading.standard_of(subject.region, today),
            "evaluations": list(
                Evaluation.standing().filter(subject=subject.pk).order_by("-period", "-pk")[:MOST_EVALUATIONS]
            ),
            "today": today,
        },
    )
