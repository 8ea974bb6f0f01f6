"""The desk's pages of key occupational groups: the figures, and the commitments of one group."""

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.registry import groups
from credit_portal.registry.desk_access import AT_THE_DESK, desk
from credit_portal.registry.models import OccupationGroup
from credit_portal.registry.visibility import has_role

from . import counting

PER_PAGE = 50
FIRST_YEAR = 2000
SEES = (*AT_THE_DESK, groups.AUDITOR)


@desk(*SEES)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Group by group: how many people, of how many units, this year and in all; numbers only."""
    today = clock.today()
    typed = request.GET.get("year", "")
    fits = typed.isascii() and typed.isdigit() and len(typed) == 4 and FIRST_YEAR <= int(typed) <= today.year
    year = int(typed) if fits else today.year
    rows = counting.figures(request.user, year=year, today=today)
    return render(
        request,
        "desk/positions/home.html",
        {
            "rows": rows,
            "year": year,
            "years": range(today.year, today.year - 6, -1),
            "people": sum(row.people for row in rows),
            "without": [row.group.name for row in rows if not row.items],
        },
    )


@desk(*SEES)
@require_safe
def group(request: HttpRequest, code: str) -> HttpResponse:
    """The commitments of one group, the newest first; people are masked, the reading is logged."""
    found = OccupationGroup.objects.filter(code=code).first()
    if found is None:
        raise Http404("没有这个职业人群。")
    rows = counting.visible(request.user).filter(occupation=found)
    page = Paginator(
        rows.select_related("commitment__subject", "commitment__department").order_by("-commitment_id"),
        PER_PAGE,
    ).get_page(request.GET.get("page"))
    log_read(
        now=clock.now(),
        actor_id=request.user.pk,
        what="重点人群承诺列表",
        target_type="position_list",
        target_id=found.code,
        purpose=ReadLog.Purpose.AUDIT
        if has_role(request.user, groups.AUDITOR)
        else ReadLog.Purpose.SUPERVISION,
    )
    return render(request, "desk/positions/group.html", {"group": found, "page": page, "query": ""})
