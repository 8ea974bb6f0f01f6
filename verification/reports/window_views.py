"""The report at the window: for whoever asks for itself, its identity seen; printed, not shown."""

from uuid import UUID, uuid4

from csp.decorators import csp_exempt
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe

from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.documents.inspection import EvidenceRefused
from credit_portal.registry import groups
from credit_portal.registry.desk_access import desk
from verification.checking.forms import sent
from verification.checking.handling import CheckError
from verification.consent.pages import put_errors, subject_of
from verification.models import CreditReport

from . import issuing, papers
from .forms import WindowReportForm


@desk(groups.CLERK)
@sensitive_post_parameters("code")
def home(request: HttpRequest) -> HttpResponse:
    """Who asks, for whom; then the paper."""
    form = WindowReportForm(
        request.POST if request.method == "POST" else None, request.FILES or None, initial={"key": uuid4()}
    )
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        try:
            made = issuing.give_at_window(
                subject=subject_of(typed["code"]),
                wanted=form.wanted(),
                asked_by=typed["asked_by"],
                capacity=typed["capacity"],
                identity_seen=typed["identity_seen"],
                authorisation=sent(typed["authorisation"]),
                key=typed["key"],
                actor=request.user,
                now=clock.now(),
            )
        except EvidenceRefused as refused:
            form.add_error("authorisation", str(refused))
        except CheckError as wrong:
            put_errors(form, wrong)
        else:
            return redirect(f"{reverse('window_credit_reports:home')}?given={made.uuid}")
    context = {"form": form, "given": _given(request, request.GET.get("given", ""))}
    return render(
        request,
        "desk/credit_reports/window.html",
        context,
        status=422 if form.is_bound and form.errors else 200,
    )


def _given(request: HttpRequest, uuid: str) -> CreditReport | None:
    return papers.given_at_window(CreditReport.objects.all(), request.user, uuid, now=clock.now())


@desk(groups.CLERK)
@require_safe
@csp_exempt()
def paper(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The paper, to be printed on its day."""
    row = _given(request, str(uuid))
    if row is None:
        raise Http404("没有这份报告，或者不是今天出具的，或者主体已经撤回同意。")
    log_read(
        now=clock.now(), actor_id=request.user.pk, what="信用报告", target_type="credit_report", target_id=row.pk,
        subject_id=row.subject_id, purpose=ReadLog.Purpose.PRINT,
    )  # fmt: skip
    return papers.response_of(row)
