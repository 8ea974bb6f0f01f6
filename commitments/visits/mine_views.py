"""The visit that a subject was told of: when, by whom, what is looked at. (R71)"""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from credit_portal.audit import clock
from credit_portal.registry.acting import for_subjects, log_own_read

from . import showing

MOST = 200


@for_subjects()
@require_safe
def visit(request: HttpRequest, uuid: UUID) -> HttpResponse:
    found = (
        showing.announced_to(request.acting.subject)
        .select_related("lead")
        .prefetch_related("parts__department")
        .filter(uuid=uuid)
        .first()
    )
    if found is None:
        raise Http404("没有这次检查，或者它已经取消。")
    log_own_read(request.acting, what="联合检查", target_type="visit", target_id=found.pk, now=clock.now())
    matters = found.matters.filter(released=False).select_related(
        "recheck__commitment", "recheck__department"
    )
    return render(
        request,
        "me/visit.html",
        {
            "visit": found,
            "departments": showing.Coming(found, 0).departments,
            "matters": list(matters.order_by("pk")[:MOST]),
        },
    )
