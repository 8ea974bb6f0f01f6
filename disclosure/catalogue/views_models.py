"""Provincial model texts at the desk: which there are, which are adopted here, which adopted ones are behind (R24)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from commitments.model_texts import adoptable, behind
from commitments.models import TextVersion
from credit_portal.audit import clock
from credit_portal.registry.desk_access import desk
from credit_portal.registry.version_models import stage_of

from .exporting import regions_of
from .public_item import Stage
from .views import SEES, keeps

MOST = 200


@desk(*SEES)
@require_safe
def models(request: HttpRequest) -> HttpResponse:
    own, today = request.user.department.region, clock.today()
    adopted = (
        TextVersion.objects.filter(
            status=TextVersion.Status.PUBLISHED,
            text__model__isnull=False,
            text__region__in=regions_of(request.user),
        )
        .select_related("text__region", "text__item", "adopts__text")
        .order_by("text__code")[:MOST]
    )
    late = {ours.pk: model for ours, model in behind(regions_of(request.user), today)}
    return render(
        request,
        "desk/catalogue/models.html",
        {
            "models": [Stage(one, *stage_of(one, today)) for one in adoptable(region=own)[:MOST]],
            "adopted": [(Stage(one, *stage_of(one, today)), late.get(one.pk)) for one in adopted],
            "late": len(late),
            "own": own,
            "at": "models",
            "keeps": keeps(request.user),
        },
    )
