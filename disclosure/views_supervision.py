"""`/supervision/`: how departments keep their time limits."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from credit_portal.audit import clock
from credit_portal.deadlines.models import Duty
from credit_portal.registry import groups
from credit_portal.registry.desk_access import AT_THE_DESK
from credit_portal.registry.visibility import has_role, limit_to_visible

from . import information, supervision

SHOWN = 20
MAY_SEE_DUTIES = (*AT_THE_DESK, groups.AUDITOR)


@require_safe
@never_cache
def board(request: HttpRequest) -> HttpResponse:
    """Figures for everybody; for staff also the single duties that they may see, the first to be due first."""
    today = clock.today()
    context = {
        "figures": supervision.figures(today),
        "today": today,
        "least": supervision.LEAST_CASES,
        "launches": list(information.launches()),
        "memberships": supervision.memberships(today),
    }
    if request.user.is_authenticated and has_role(request.user, *MAY_SEE_DUTIES):
        open_duties = limit_to_visible(Duty.objects.filter(state=Duty.State.OPEN), request.user)
        context["at_the_desk"] = has_role(request.user, *AT_THE_DESK)
        context["duties"] = list(open_duties.select_related("department").order_by("due_on", "id")[:SHOWN])
    return render(request, "disclosure/supervision.html", context)
