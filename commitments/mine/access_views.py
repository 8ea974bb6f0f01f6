"""Who may open a subject's own pages, on how many devices; ended by one press."""

from uuid import UUID

from csp.decorators import csp_exempt
from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from credit_portal.audit import clock
from credit_portal.documents import answers
from credit_portal.documents.services import EvidenceDamaged, read_evidence
from credit_portal.registry import access, access_rules
from credit_portal.registry.acting import Acting, for_subjects, let_out, log_own_read
from credit_portal.registry.models import SubjectAccess
from credit_portal.registry.paging import newest_first

ENDED = "已终止，那些设备立即退出。"


@for_subjects()
@require_safe
def accesses(request: HttpRequest) -> HttpResponse:
    """All of the subject's, those that run first seen; an agent sees its own only."""
    today = clock.today()
    rows = _visible(request.acting).annotate(
        devices=Count("sessions", filter=Q(sessions__ended_at__isnull=True))
    )
    shown, following = newest_first(rows.select_related("grounds__authorisation", "department"), request)
    return render(
        request,
        "me/access.html",
        {
            "rows": [
                (
                    one,
                    access_rules.runs(
                        valid_from=one.valid_from,
                        valid_until=one.valid_until,
                        ended=one.ended_at is not None,
                        today=today,
                    ),
                )
                for one in shown
            ],
            "own": request.acting.access.pk,
            "idle_days": access_rules.IDLE.days,
            "next": following,
        },
    )


@for_subjects()
@require_POST
def end(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Ended everywhere at once. Whoever may only look may at least end what it holds itself."""
    held = _visible(request.acting).filter(uuid=uuid).first()
    if held is None:
        raise Http404("没有这次开通。")
    try:
        access.end_by_subject(access_id=held.pk, by=request.acting.access, now=clock.now())
    except access.AccessError as wrong:
        messages.error(request, str(wrong))
        return redirect("mine:access")
    messages.success(request, ENDED)
    if held.pk == request.acting.access.pk:
        return let_out(redirect("me:enter"))
    return redirect("mine:access")


@for_subjects()
@require_safe
@csp_exempt()
def authorisation(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The paper by which an agent was let in."""
    held = _visible(request.acting).select_related("grounds__authorisation").filter(uuid=uuid).first()
    paper = getattr(getattr(held, "grounds", None), "authorisation", None)
    if paper is None:
        raise Http404("没有这份授权委托书。")
    try:
        content = read_evidence(paper)
    except EvidenceDamaged as error:
        raise Http404("文件已损坏，请联系开通的窗口。") from error
    log_own_read(
        request.acting, what="授权委托书", target_type="evidence", target_id=paper.pk, now=clock.now()
    )
    return answers.shown(content, "授权委托书", paper.content_type)


def _visible(acting: Acting) -> QuerySet[SubjectAccess]:
    rows = SubjectAccess.objects.filter(subject=acting.subject)
    return rows.filter(pk=acting.access.pk) if acting.as_agent else rows
