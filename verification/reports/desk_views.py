"""At the desk of a department: the consents by which it may be told, reports fetched by them; and for those who supervise, how
often records went out and by what."""

from uuid import UUID, uuid4

from csp.decorators import csp_exempt
from django.contrib import messages
from django.db.models import Count, Max
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.deadlines.articles import article_text
from credit_portal.registry import groups
from credit_portal.registry.desk_access import desk
from credit_portal.registry.paging import newest_first
from credit_portal.registry.visibility import group_names, has_role
from verification.checking.handling import CheckError
from verification.consent import counting, gate
from verification.consent.exceptions import EXCEPTIONS
from verification.consent.pages import put_errors, shown
from verification.models import Consent

from . import issuing, papers
from .forms import FetchForm

FETCHES = tuple(sorted(issuing.FETCHES))
NONE = "没有这份同意，或者不是提供给本单位的。"
MOST_REPORTS = 20


@desk(*FETCHES)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The consents that name this department, the newest first. Three queries, however many."""
    rows = Consent.objects.filter(department=request.user.department_id).select_related(
        "subject", "department"
    )
    found, following = newest_first(
        rows.annotate(fetched=Count("reports"), last=Max("reports__issued_at")), request
    )
    log_read(
        now=clock.now(), actor_id=request.user.pk, what="信用信息提供同意", target_type="consent", target_id=0,
        purpose=ReadLog.Purpose.HANDLING,
    )  # fmt: skip
    return render(
        request,
        "desk/credit_reports/home.html",
        {"rows": shown(found), "next": following, "supervises": _supervises(request)},
    )


def _supervises(request: HttpRequest) -> bool:
    return bool(group_names(request.user) & groups.REGIONAL)


def _consent(request: HttpRequest, uuid: UUID) -> Consent:
    row = (
        Consent.objects.select_related("subject__region", "department")
        .filter(uuid=uuid, department=request.user.department_id)
        .first()
    )
    if row is None:
        raise Http404(NONE)
    return row


@desk(*FETCHES)
@require_safe
def one(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One consent: fetch by it, and what was fetched."""
    return _page(request, _consent(request, uuid), FetchForm(initial={"key": uuid4()}))


def _page(request: HttpRequest, row: Consent, form: FetchForm) -> HttpResponse:
    log_read(
        now=clock.now(), actor_id=request.user.pk, what="信用信息提供同意", target_type="consent", target_id=row.pk,
        subject_id=row.subject_id, purpose=ReadLog.Purpose.HANDLING,
    )  # fmt: skip
    why = gate.in_force(row, now=clock.now())
    reports = row.reports.select_related("by", "partner", "check_made").order_by("-pk")[:MOST_REPORTS]
    return render(
        request,
        "desk/credit_reports/one.html",
        {**shown([row])[0], "form": form, "open": why is None, "reports": reports, "most": MOST_REPORTS},
        status=422 if form.is_bound and form.errors else 200,
    )


@desk(*FETCHES)
@require_POST
def fetch(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """A report as of now, by the consent."""
    row, form = _consent(request, uuid), FetchForm(request.POST)
    if form.is_valid():
        try:
            made = issuing.fetch(consent=row, actor=request.user, now=clock.now(), **form.cleaned_data)
        except CheckError as wrong:
            put_errors(form, wrong)
        else:
            messages.success(request, f"已取得 {made.number}，在下面打开。")
            return redirect("credit_reports:one", uuid)
    row.refresh_from_db()
    return _page(request, row, form)


@desk(*FETCHES)
@require_safe
@csp_exempt()
def paper(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """What was fetched, as long as the consent holds."""
    now = clock.now()
    try:
        row = papers.fetched(request.user, uuid, now=now)
    except gate.NotReleased as refused:
        consent = Consent.objects.select_related("subject").get(reports__uuid=uuid)
        gate.note_refusal(subject=consent.subject, why=refused.why, now=now, actor=request.user)
        messages.error(request, str(refused))
        return redirect("credit_reports:one", consent.uuid)
    log_read(
        now=now, actor_id=request.user.pk, what="信用报告", target_type="credit_report", target_id=row.pk,
        subject_id=row.subject_id, purpose=ReadLog.Purpose.HANDLING,
    )  # fmt: skip
    return papers.response_of(row)


@desk(groups.CREDIT_OFFICE, groups.AUDITOR)
@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """By consent and by each exception, the last six months."""
    today = clock.today()
    months = counting.months_before(today)
    rows = counting.figures(request.user, months=months, today=today)
    return render(
        request,
        "desk/credit_reports/figures.html",
        {
            "months": months,
            "rows": [(row, [article_text(one) for one in row.articles]) for row in rows],
            "exceptions": EXCEPTIONS.values(),
            "may_fetch": has_role(request.user, *FETCHES),
        },
    )
