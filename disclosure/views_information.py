"""The catalogue of credit information for everybody, and at the desk how far it is really collected."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from credit_portal.audit import clock
from credit_portal.registry import groups
from credit_portal.registry.desk_access import desk
from credit_portal.registry.visibility import departments_visible_to

from . import information

YEAR = timedelta(days=365)


@require_safe
@never_cache
def catalogue(request: HttpRequest) -> HttpResponse:
    """What credit information is collected, by which department, and who may see it."""
    items = list(information.items_in_force(clock.today())[:2000])
    return render(
        request,
        "disclosure/information.html",
        {"items": items, "departments": len({item.department_id for item in items})},
    )


@desk(groups.OFFICER, groups.HEAD, groups.APPROVAL_BUREAU, groups.CREDIT_OFFICE, groups.AUDITOR)
@require_safe
def coverage(request: HttpRequest) -> HttpResponse:
    """Line by line what has come in a year: of the own department, or of the own region and below."""
    today = clock.today()
    found = information.coverage(
        departments=departments_visible_to(request.user), since=today - YEAR, today=today
    )
    return render(request, "desk/acts/coverage.html", {"coverage": found})
