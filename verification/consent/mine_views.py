"""Consents on a subject's own pages: given, listed, withdrawn, and who was told what by them."""

from uuid import UUID, uuid4

from csp.decorators import csp_exempt
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from credit_portal.audit import clock
from credit_portal.documents import answers
from credit_portal.documents.services import EvidenceDamaged, read_evidence
from credit_portal.registry.acting import for_subjects, log_own_read
from credit_portal.registry.paging import newest_first
from verification.checking.handling import CheckError
from verification.models import Consent, Release

from . import keeping, papers
from .forms import ConsentForm
from .pages import ask_whom, put_errors, shown, still, whom

MOST_RELEASES = 20


@for_subjects()
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """All of the subject's consents, and what last went to others."""
    rows, following = newest_first(keeping.consents_of(request.acting.subject), request)
    log_own_read(request.acting, what="信用信息提供同意", target_type="consent", target_id=0, now=clock.now())
    return render(
        request,
        "me/consents/home.html",
        {
            "rows": shown(rows),
            "next": following,
            "may_act": request.acting.may_act,
            "releases": _releases(request, consent=None) if "before" not in request.GET else [],
            "most": MOST_RELEASES,
        },
    )


def _releases(request: HttpRequest, *, consent: Consent | None) -> list[Release]:
    rows = Release.objects.filter(subject=request.acting.subject)
    # What it fetched itself went to nobody else.
    rows = rows.filter(consent=consent) if consent else rows.filter(consent__isnull=False)
    return list(rows.select_related("report").order_by("-pk")[:MOST_RELEASES])


@for_subjects(act=True)
@sensitive_post_parameters("person_id")
def new(request: HttpRequest) -> HttpResponse:
    """Agree to something."""
    if not (to := whom(request)):
        return ask_whom(request, "me/consents/new.html")
    subject = request.acting.subject
    form = ConsentForm(
        request.POST if request.method == "POST" else None,
        to=to,
        lineage=subject.region.lineage,
        subject=subject,
        initial={"key": uuid4(), "scope": "report"},
    )
    if request.method == "POST" and form.is_valid():
        try:
            row = keeping.give_online(
                access=request.acting.access, told=form.told(), key=form.cleaned_data["key"], now=clock.now()
            )
        except CheckError as wrong:
            put_errors(form, wrong)
        else:
            messages.success(request, f"已同意，编号 {row.number}。随时可以撤回。")
            return redirect("my_consents:one", row.uuid)
    return render(
        request, "me/consents/new.html", {"form": form}, status=422 if form.is_bound and form.errors else 200
    )


def _own(request: HttpRequest, uuid: UUID) -> Consent:
    found = keeping.consents_of(request.acting.subject).filter(uuid=uuid).first()
    if found is None:
        raise Http404(keeping.NOT_YOURS)
    return found


@for_subjects()
@require_safe
def one(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One consent, and what was told by it."""
    row = _own(request, uuid)
    log_own_read(
        request.acting, what="信用信息提供同意", target_type="consent", target_id=row.pk, now=clock.now()
    )
    return render(
        request,
        "me/consents/one.html",
        {
            **shown([row])[0],
            "releases": _releases(request, consent=row),
            "most": MOST_RELEASES,
            "may_act": request.acting.may_act,
        },
    )


@for_subjects(act=True)
@require_POST
def withdraw(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """From the next request on it holds no more."""
    row = keeping.withdraw_online(consent=_own(request, uuid), access=request.acting.access, now=clock.now())
    messages.success(request, f"已撤回，接收方不能再凭它取得。以前取得的，可以要求接收方删除。{still(row)}")
    return redirect("my_consents:one", uuid)


@for_subjects()
@require_safe
@csp_exempt()
def paper(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """What was agreed to, on paper."""
    row = _own(request, uuid)
    log_own_read(
        request.acting, what=papers.RECEIPT, target_type="consent", target_id=row.pk, now=clock.now()
    )
    return answers.shown(papers.receipt(row, today=clock.today()), f"{papers.RECEIPT} {row.number}.pdf")


@for_subjects()
@require_safe
@csp_exempt()
def scan(request: HttpRequest, uuid: UUID, which: str) -> HttpResponse:
    """What was handed in at the window in the subject's name: the signed paper, the agent's authorisation."""
    row = _own(request, uuid)
    file = {"paper": row.paper, "authorisation": row.authorisation}[which]
    if file is None:
        raise Http404("这份同意没有这份材料。")
    try:
        content = read_evidence(file)
    except EvidenceDamaged as error:
        raise Http404("文件已损坏，请到办理的窗口查看原件。") from error
    log_own_read(
        request.acting, what="信用信息提供同意", target_type="consent", target_id=row.pk, now=clock.now()
    )
    return answers.shown(content, file.original_name, file.content_type)
