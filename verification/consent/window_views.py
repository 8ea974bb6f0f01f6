"""Consents at the window: taken on signed paper, found by the subject's code, withdrawn, and what they let somebody outside
come for."""

from typing import Any
from uuid import UUID, uuid4

from csp.decorators import csp_exempt
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.documents import answers
from credit_portal.documents.inspection import EvidenceRefused
from credit_portal.registry import groups
from credit_portal.registry.desk_access import desk
from credit_portal.registry.paging import newest_first
from verification.checking.forms import sent
from verification.checking.handling import CheckError
from verification.models import Consent
from verification.reports import issuing
from verification.reports import papers as papers_of_reports

from . import keeping, papers
from .forms import AskerForm, HandOverForm, LookForm, WindowConsentForm
from .pages import ask_whom, put_errors, shown, still, subject_of, whom

MOST_FOUND = 50
MOST_REPORTS = 20


def _log(request: HttpRequest, *, target_id: int, subject_id: int | None) -> None:
    log_read(
        now=clock.now(), actor_id=request.user.pk, what="信用信息提供同意", target_type="consent", target_id=target_id,
        subject_id=subject_id, purpose=ReadLog.Purpose.HANDLING,
    )  # fmt: skip


@desk(groups.CLERK)
@sensitive_post_parameters("code")
def home(request: HttpRequest) -> HttpResponse:
    """What this unit has taken, the newest first; POST finds those of one subject, given whichever way."""
    form = LookForm(request.POST if request.method == "POST" else None)
    rows = Consent.objects.filter(unit=request.user.department_id).select_related("subject", "department")
    subject, following = None, ""
    if request.method == "POST" and form.is_valid():
        try:
            subject = subject_of(form.cleaned_data["code"])
        except CheckError as wrong:
            put_errors(form, wrong)
    if subject is not None:
        found = list(keeping.consents_of(subject).select_related("subject").order_by("-pk")[:MOST_FOUND])
        # Those found by their code are opened by their address: it holds for whoever has looked for them.
    else:
        found, following = newest_first(rows, request)
    _log(request, target_id=0, subject_id=subject.pk if subject else None)
    return render(
        request,
        "desk/consents/home.html",
        {"form": form, "rows": shown(found), "next": following, "subject": subject},
        status=422 if form.is_bound and form.errors else 200,
    )


def _form(request: HttpRequest, to: str, *, to_sign: bool = False) -> WindowConsentForm:
    return WindowConsentForm(
        request.POST if request.method == "POST" else None,
        request.FILES or None,
        to=to,
        lineage=request.user.department.region.lineage,
        to_sign=to_sign,
        initial={"key": uuid4(), "scope": "report"},
    )


@desk(groups.CLERK)
@sensitive_post_parameters("code", "person_id")
def new(request: HttpRequest) -> HttpResponse:
    """Take a consent on signed paper."""
    if not (to := whom(request)):
        return ask_whom(request, "desk/consents/new.html")
    form = _form(request, to)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        try:
            row = keeping.give_at_window(
                subject=form.subject,
                told=form.told(),
                asked_by=typed["asked_by"],
                capacity=typed["capacity"],
                identity_seen=typed["identity_seen"],
                paper=sent(typed["paper"]),
                authorisation=sent(typed["authorisation"]),
                key=typed["key"],
                actor=request.user,
                now=clock.now(),
            )
        except EvidenceRefused as refused:
            form.add_error("paper", str(refused))
        except CheckError as wrong:
            put_errors(form, wrong)
        else:
            messages.success(request, f"已登记，编号 {row.number}。")
            return redirect("window_consents:one", row.uuid)
    return render(
        request,
        "desk/consents/new.html",
        {"form": form},
        status=422 if form.is_bound and form.errors else 200,
    )


@desk(groups.CLERK)
@require_POST
@csp_exempt()
@sensitive_post_parameters("code", "person_id")
def sheet(request: HttpRequest) -> HttpResponse:
    """The form that the subject reads and signs, of what was typed; nothing is kept."""
    if not (to := whom(request)):
        return ask_whom(request, "desk/consents/new.html")
    form, today = _form(request, to, to_sign=True), clock.today()
    if form.is_valid():
        try:
            subject = form.subject
            row = keeping.proposed(subject=subject, told=form.told(), today=today)
            content = papers.to_sign(row, today=today)
        except CheckError as wrong:
            put_errors(form, wrong)
        else:
            _log(request, target_id=0, subject_id=subject.pk)
            return answers.shown(content, f"{papers.TITLE}.pdf")
    return render(request, "desk/consents/new.html", {"form": form}, status=422)


def _found(uuid: UUID) -> Consent:
    row = Consent.objects.select_related("subject", "department", "clerk", "unit").filter(uuid=uuid).first()
    if row is None:
        raise Http404("没有这份同意。")
    return row


@desk(groups.CLERK)
@sensitive_post_parameters("code")
def one(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One consent: withdraw it, or hand over what it lets somebody outside come for."""
    row = _found(uuid)
    deed = request.POST.get("deed", "") if request.method == "POST" else ""
    asker = AskerForm(
        request.POST if deed == "withdraw" else None, request.FILES or None, auto_id="id_withdraw_%s"
    )
    bearer = HandOverForm(
        request.POST if deed == "hand-over" else None, initial={"key": uuid4()}, auto_id="id_hand_%s"
    )
    if deed == "withdraw" and asker.is_valid():
        typed: dict[str, Any] = asker.cleaned_data | {
            "authorisation": sent(asker.cleaned_data["authorisation"])
        }
        try:
            keeping.withdraw_at_window(consent=row, actor=request.user, now=clock.now(), **typed)
        except EvidenceRefused as refused:
            asker.add_error("authorisation", str(refused))
        except CheckError as wrong:
            put_errors(asker, wrong)
        else:
            messages.success(request, f"已撤回，接收方不能再凭它取得。{still(row)}")
            return redirect("window_consents:one", uuid)
    if deed == "hand-over" and bearer.is_valid():
        try:
            made = issuing.hand_over(consent=row, actor=request.user, now=clock.now(), **bearer.cleaned_data)
        except CheckError as wrong:
            put_errors(bearer, wrong)
        else:
            return redirect(f"{reverse('window_consents:one', args=[uuid])}?given={made.uuid}")
    _log(request, target_id=row.pk, subject_id=row.subject_id)
    wrong_form = next((form for form in (asker, bearer) if form.is_bound and form.errors), None)
    return render(
        request,
        "desk/consents/one.html",
        {
            **shown([row])[0],
            "asker": asker,
            "bearer": bearer,
            "wrong": wrong_form,
            "reports": list(row.reports.order_by("-pk")[:MOST_REPORTS]),
            "given": papers_of_reports.given_at_window(
                row.reports.select_related("document"),
                request.user,
                request.GET.get("given", ""),
                now=clock.now(),
            ),
        },
        status=422 if wrong_form else 200,
    )
