"""A subject's own pages of lists: what runs against it, one procedure as far as it was told, and what it says to it."""

from uuid import UUID, uuid4

from csp.decorators import csp_exempt
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from credit_portal.audit import clock
from credit_portal.documents import answers
from credit_portal.documents.inspection import EvidenceRefused
from credit_portal.documents.services import EvidenceDamaged, read_evidence
from credit_portal.registry.acting import for_subjects, log_own_read
from credit_portal.registry.paging import newest_first
from verification import listing_grounds
from verification.listing import ListingRefused
from verification.listing_effects import in_words, measures_of
from verification.models import Listing

from . import showing, stating
from .forms import OwnStatementForm

SENT = "已提交，认定部门已经收到。提交的内容、时间和附件在下面，随时可以再看。"


@for_subjects()
@require_safe
def listings(request: HttpRequest) -> HttpResponse:
    """Those that the subject has been told of, the newest first."""
    today = clock.today()
    rows = showing.listings_of(request.acting.subject).select_related("department", "firm")
    shown, following = newest_first(rows, request)
    log_own_read(request.acting, what="名单办理列表", target_type="listing", target_id=0, now=clock.now())
    return render(
        request,
        "me/listings/list.html",
        {"rows": [(row, *showing.standing_of(row, today=today)) for row in shown], "next": following},
    )


@for_subjects()
@require_safe
def listing(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One: what it stands on, what would follow, until when to speak, and the decision once it was served."""
    row, today = _own(request, uuid), clock.today()
    log_own_read(request.acting, what="名单办理", target_type="listing", target_id=row.pk, now=clock.now())
    tone, word = showing.standing_of(row, today=today)
    served = row.served_on is not None
    return render(
        request,
        "me/listings/one.html",
        {
            "listing": row,
            "tone": tone,
            "word": word,
            "served": served,
            "stands": served and row.ended_on is None,
            "entry": row.entry if served else None,
            "end": showing.end_of(row),
            "grounds": listing_grounds.shown(row, today),
            "measures": [in_words(one) for one in measures_of(row, today)],
            "papers": list(showing.papers_of(row)),
            "events": showing.days_of(row, today=today),
            "takes": stating.takes(row, today=today),
            "left": stating.days_left(row, today=today),
            "sent": showing.sent_of(row),
        },
    )


@for_subjects(act=True)
@sensitive_post_parameters("text")
@require_http_methods(["GET", "HEAD", "POST"])
def statement(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """GET: what is to be said; POST sends it."""
    row, today = _own(request, uuid), clock.today()
    sent = request.method == "POST"
    form = OwnStatementForm(
        request.POST if sent else None, request.FILES if sent else None, initial={"key": uuid4()}
    )
    if sent and form.is_valid():
        data = form.cleaned_data
        try:
            stating.send(
                listing_id=row.pk, access=request.acting.access, text=data["text"], files=form.sent_files(),
                key=data["key"], now=clock.now(),
            )  # fmt: skip
        except ListingRefused as wrong:
            form.add_error(wrong.field if wrong.field in form.fields else None, str(wrong))
        except EvidenceRefused as refused:
            form.add_error("papers", str(refused))
        else:
            messages.success(request, SENT)
            return redirect("my_listings:listing", row.uuid)
    return render(
        request,
        "me/listings/statement.html",
        {
            "listing": row,
            "form": form,
            "takes": stating.takes(row, today=today),
            "left": stating.days_left(row, today=today),
        },
        status=422 if form.is_bound and form.errors else 200,
    )


@for_subjects()
@require_safe
@csp_exempt()
def paper(request: HttpRequest, uuid: UUID, evidence: UUID) -> HttpResponse:
    """A paper that was served on the subject, or a file that it has sent."""
    row = _own(request, uuid)
    file = showing.file_of(row, evidence)
    if file is None:
        raise Http404("没有这份文书。")
    try:
        content = read_evidence(file)
    except EvidenceDamaged as error:
        raise Http404("文件已损坏，请联系认定部门。") from error
    log_own_read(request.acting, what="名单文书", target_type="evidence", target_id=file.pk, now=clock.now())
    return answers.shown(content, file.original_name or "文书", file.content_type)


def _own(request: HttpRequest, uuid: UUID) -> Listing:
    found = (
        showing.listings_of(request.acting.subject)
        .select_related("department", "region", "method", "entry", "firm", "responsible")
        .filter(uuid=uuid)
        .first()
    )
    if found is None:
        raise Http404(stating.NOT_YOURS)
    return found
