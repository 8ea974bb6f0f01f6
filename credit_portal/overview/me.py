"""The first of a subject's own pages: for whom one acts, what wants doing, how much there is."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from credit_portal.registry.acting import for_subjects


@for_subjects()
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What needs the subject first."""
    return render(request, "me/home.html", {})
