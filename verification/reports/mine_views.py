"""The report on a subject's own pages: issued as of now, opened again, and how each stands."""

from uuid import UUID, uuid4

from csp.decorators import csp_exempt
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from credit_portal.audit import clock
from credit_portal.registry.acting import for_subjects, log_own_read
from credit_portal.registry.paging import newest_first
from verification.checking.handling import CheckError
from verification.consent.pages import put_errors

from . import issuing, papers
from .forms import OwnReportForm


@for_subjects()
def home(request: HttpRequest) -> HttpResponse:
    """What it has had issued; POST issues one."""
    form = OwnReportForm(request.POST if request.method == "POST" else None, initial={"key": uuid4()})
    if request.method == "POST" and form.is_valid():
        try:
            issuing.give_online(
                access=request.acting.access,
                wanted=form.wanted(),
                key=form.cleaned_data["key"],
                now=clock.now(),
            )
        except CheckError as wrong:
            put_errors(form, wrong)
        else:
            return redirect(f"{reverse('my_credit_reports:home')}#reports")
    rows, following = newest_first(issuing.reports_of(request.acting.subject), request)
    log_own_read(request.acting, what="信用报告", target_type="credit_report", target_id=0, now=clock.now())
    return render(
        request,
        "me/report/home.html",
        {"form": form, "rows": rows, "next": following, "today": clock.today(), "days": issuing.VALID_DAYS},
        status=422 if form.is_bound and form.errors else 200,
    )


@for_subjects()
@require_safe
@csp_exempt()
def paper(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One of its own reports."""
    row = issuing.reports_of(request.acting.subject).select_related("document").filter(uuid=uuid).first()
    if row is None:
        raise Http404(papers.NONE)
    log_own_read(
        request.acting, what="信用报告", target_type="credit_report", target_id=row.pk, now=clock.now()
    )
    return papers.response_of(row)
