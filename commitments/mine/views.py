"""A subject's own commitments: all of them, public or not, with the papers that the window prints."""

from csp.decorators import csp_exempt
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from commitments import papers
from commitments.handover.showing import history_of, source_of
from commitments.mine import showing
from commitments.models import Commitment
from credit_portal.audit import clock
from credit_portal.documents import answers
from credit_portal.documents.services import EvidenceDamaged
from credit_portal.registry.acting import for_subjects, log_own_read
from credit_portal.registry.paging import newest_first

PAPERS = {"commitment": ("承诺书", papers.signed_pdf), "receipt": ("回执", papers.receipt_pdf)}
NONE = "没有这份承诺，或者它不是本主体的。"


@for_subjects()
@require_safe
def commitments(request: HttpRequest) -> HttpResponse:
    """All of the subject's own, the newest first."""
    shown, following = newest_first(showing.commitments_of(request.acting.subject), request)
    log_own_read(
        request.acting, what="信用承诺列表", target_type="commitment_list", target_id=0, now=clock.now()
    )
    return render(
        request,
        "me/commitments.html",
        {
            "rows": [(one, *showing.fulfilment_of(one), showing.publicity_of(one)) for one in shown],
            "next": following,
        },
    )


@for_subjects()
@require_safe
def commitment(request: HttpRequest, code: str) -> HttpResponse:
    """One: its text as signed, how it is being kept, where it is public, its papers."""
    one = _own(request, code)
    state, word = showing.fulfilment_of(one)
    log_own_read(request.acting, what="信用承诺", target_type="commitment", target_id=one.pk, now=clock.now())
    return render(
        request,
        "me/commitment.html",
        {
            "one": one,
            "state": state,
            "word": word,
            "publicity": showing.publicity_of(one),
            "pledges": [clause for clause in one.content if clause["kind"] == "pledge"],
            "liabilities": [clause for clause in one.content if clause["kind"] == "liability"],
            "obligations": showing.obligations_of(one),
            "events": showing.course_of(one),
            "papers": [("receipt", "回执")] + ([("commitment", "签署的承诺书")] if one.pdf_id else []),
            "cases": list(showing.cases_of(request.acting.subject).filter(commitment=one)),
            "replaced_by": getattr(one, "corrected_by", None),
            "supplement": getattr(one, "supplement", None) if one.late_materials else None,
            "handed": source_of(one) if one.channel == Commitment.Channel.BULK else [],
            "history": history_of(one) if one.channel == Commitment.Channel.BULK else [],
        },
    )


@for_subjects()
@require_safe
@csp_exempt()
def paper(request: HttpRequest, code: str, paper: str) -> HttpResponse:
    """The signed PDF as it is stored, or the receipt."""
    one = _own(request, code)
    if paper not in PAPERS or (paper == "commitment" and one.pdf_id is None):
        raise Http404("没有这种文书。")
    label, make = PAPERS[paper]
    try:
        content = make(one)
    except EvidenceDamaged as error:
        raise Http404("文件已损坏，请联系受理单位。") from error
    log_own_read(request.acting, what=label, target_type="commitment", target_id=one.pk, now=clock.now())
    return answers.shown(content, f"{label} {one.code}.pdf")


def _own(request: HttpRequest, code: str) -> Commitment:
    found = (
        showing.commitments_of(request.acting.subject)
        .select_related("subject", "department", "region", "corrects", "corrected_by", "item_version", "pdf")
        .select_related("text_version__text")
        .filter(code=code)
        .first()
    )
    if found is None:
        raise Http404(NONE)
    return found
