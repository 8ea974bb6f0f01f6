"""`/supervision/rechecks/`: how commitments stood when they were re-checked."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from credit_portal.audit import clock
from credit_portal.registry.paging import newest_first

from . import recheck_figures
from .supervision import LEAST_CASES


@require_safe
@never_cache
def rechecks(request: HttpRequest) -> HttpResponse:
    """Counts and rates of the last twelve months, and the rounds, the newest first."""
    today = clock.today()
    shown, following = newest_first(recheck_figures.rounds(), request)
    return render(
        request,
        "disclosure/rechecks.html",
        {
            "figures": recheck_figures.figures(today),
            "rounds": [recheck_figures.shown_round(row, today) for row in shown],
            "next": following,
            "least": LEAST_CASES,
        },
    )
