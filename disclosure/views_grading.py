"""The public pages of the standards by which subjects are graded. Never a grade: those are the subject's own. (R66)"""

from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from credit_portal.audit import clock
from credit_portal.registry import kept_by_two
from verification.grades import showing
from verification.models import GradingStandard

from .column import served_regions

PER_PAGE = 20


def public_standards() -> QuerySet[GradingStandard]:
    """The gate: what another person has approved, those that are over included."""
    return GradingStandard.objects.filter(
        approved_at__isnull=False, region__in=served_regions().values("pk")
    ).select_related("region")


@require_safe
@never_cache
def standards(request: HttpRequest) -> HttpResponse:
    page = Paginator(public_standards().order_by("region__path", "-number"), PER_PAGE).get_page(
        request.GET.get("page")
    )
    today = clock.today()
    return render(
        request,
        "disclosure/grading.html",
        {
            "page": page,
            "rows": [(row, *kept_by_two.standing(row, today=today)) for row in page],
            "query": "",
        },
    )


@require_safe
@never_cache
def standard(request: HttpRequest, uuid: UUID) -> HttpResponse:
    row = public_standards().filter(uuid=uuid).first()
    if row is None:
        raise Http404("没有这份评级标准，或者它没有公开。")
    return render(
        request,
        "disclosure/grading_standard.html",
        {
            "standard": row,
            "state": kept_by_two.standing(row, today=clock.today()),
            "bounds": showing.bounds_in_words(row),
            "indicators": list(row.indicators.all()),
        },
    )
