"""The public pages of pilots: those that the office shows, and of them neither cases nor names of staff."""

from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from .models import Pilot
from .pilots.figures import from_data

PER_PAGE = 20


def public_pilots() -> QuerySet[Pilot]:
    """The gate: what the office has put before the public and not taken back."""
    return Pilot.objects.filter(public_at__isnull=False).select_related("office", "region", "unit", "item")


@require_safe
@never_cache
def pilots(request: HttpRequest) -> HttpResponse:
    page = Paginator(public_pilots().order_by("-from_on", "-pk"), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "disclosure/pilots.html", {"page": page, "query": ""})


@require_safe
@never_cache
def pilot(request: HttpRequest, uuid: UUID) -> HttpResponse:
    row = public_pilots().filter(uuid=uuid).first()
    if row is None:
        raise Http404("没有这个试点，或者它没有公开。")
    context: dict[str, Any] = {"pilot": row, "figures": from_data(row.figures)}
    return render(request, "disclosure/pilot.html", context)
