"""The public pages of repair: the guide, and what was announced."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from credit_portal.audit import clock
from disclosure.views import unlisted

from . import guide as guides


@require_safe
def guide(request: HttpRequest) -> HttpResponse:
    """How to repair here; of a place with districts below it, of one of them (`region`)."""
    regions = guides.regions_here()
    asked = request.GET.get("region", "")
    chosen = next((one for one in regions if one.code == asked), regions[0] if regions else None)
    found = guides.guide_of(chosen, on=clock.today()) if chosen is not None else None
    return render(
        request,
        "repair/public/guide.html",
        {"guide": found, "regions": regions if len(regions) > 1 else [], "canonical": request.path},
    )


@require_safe
@never_cache
def announcements(request: HttpRequest) -> HttpResponse:
    """Repairs that were announced. Not for search engines: a name should not be found by what is over."""
    try:
        page = guides.announced(
            on=clock.today(), cursor=request.GET.get("cursor", ""), region=request.GET.get("region", "")
        )
    except ValueError:
        return redirect("repair_help:announcements")
    return unlisted(render(request, "repair/public/announcements.html", {"page": page}))
