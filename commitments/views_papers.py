"""After signing: print, look up among today's, void on the same day, correct; and the notice of the ordinary route."""

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

from csp.decorators import csp_exempt
from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from commitments import drafting, papers, signing
from commitments.coming import coming
from commitments.forms import VOID_REASONS, FindForm, ReasonForm
from commitments.models import Commitment, DraftPhoto, ImmediateResult, Supplement
from commitments.supplements import showing
from commitments.supplements.forms import ResultForm
from commitments.views_access import counter, own_commitment, own_draft, wants_json
from commitments.views_frame import PRINT, frame
from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.documents import answers
from credit_portal.documents.services import read_evidence
from credit_portal.registry import codes
from credit_portal.registry.models import CreditSubject
from credit_portal.registry.paging import newest_first

PAPERS: dict[str, tuple[str, Callable[[Commitment], bytes]]] = {
    "commitment": ("承诺书", papers.signed_pdf),
    "receipt": ("回执", papers.receipt_pdf),
}
VOIDED = "已作废，编码保留，公示同时停止。"
CORRECTING = "请按正确的内容重新核查、阅读、签署；签署后新承诺更正并取代原承诺。"
# A browser's own viewer of PDF fails under the policy of our pages; a PDF runs no script of theirs.
NO_PAGE_POLICY = csp_exempt()
# The list of today names the next few that something is still to be brought to; there is a page of all.
LATE_SHOWN = 5
COMING_DAYS = 30
VERIFY_PATH = re.compile(r"/verify/([A-Za-z0-9_-]{16,32})/?")


def _pdf(content: bytes, name: str) -> HttpResponse:
    """A PDF to be looked at or printed here; `counter` sees to it that it is kept nowhere."""
    response = answers.shown(content, name)
    # The page that prints it holds it in a frame.
    response["X-Frame-Options"] = "SAMEORIGIN"
    return response


@counter
@require_safe
def commitment(request: HttpRequest, code: str) -> HttpResponse:
    """The fourth step, and every later look at a commitment: the code, what to print, where it is public."""
    one = own_commitment(request, code)
    log_read(
        now=clock.now(),
        actor_id=request.user.pk,
        what="信用承诺",
        target_type="commitment",
        target_id=one.pk,
        subject_id=one.subject_id,
        purpose=ReadLog.Purpose.HANDLING,
    )
    return commitment_page(request, one)


def commitment_page(
    request: HttpRequest, one: Commitment, *, result_form: ResultForm | None = None, status: int = 200
) -> HttpResponse:
    """The page of a signed commitment; `result_form`: the result of what is handled at once, as it came back."""
    context = _about(request, one, **_of_supplements(one, result_form))
    return render(request, "commitments/window/commitment.html", context, status=status)


def _of_supplements(one: Commitment, result_form: ResultForm | None) -> dict[str, Any]:
    """What is still to be brought, and the result that is due at once."""
    late = showing.counted(Supplement.objects.filter(commitment=one)).first() if one.late_materials else None
    row = ImmediateResult.objects.select_related("recorded_by").filter(commitment=one).first()
    waits = row is not None and row.recorded_on is None and not row.cancelled
    return {
        "late": showing.lines([late], clock.today())[0] if late else None,
        "immediate": row,
        "result_form": (result_form or ResultForm()) if waits else None,
        "result_action": reverse("window:result", args=[one.code]),
    }


def _about(request: HttpRequest, one: Commitment, **context: Any) -> dict[str, Any]:
    replaced_by = getattr(one, "corrected_by", None)
    is_public = one.public_from is not None and one.withdrawn_at is None and one.voided_at is None
    open_to_change = one.voided_at is None and replaced_by is None
    result = context.get("immediate")
    given_out = result is not None and result.recorded_on is not None
    own_result = given_out and result.recorded_by_id == request.user.pk
    return frame(
        request,
        PRINT,
        one=one,
        code_shown=papers.shown_code(one),
        code_label=papers.code_label(one.subject_kind),
        public_url=f"{settings.SITE['address']}/commitments/{one.code}/" if is_public else "",
        verify_url=papers.verify_url(one.verify_token),
        events=one.events.select_related("actor", "partner"),
        photos=list(_photos(one)),
        replaced_by=replaced_by,
        may_void=open_to_change and one.made_on == clock.today() and not given_out,
        may_correct=open_to_change and not own_result,
        given_out=open_to_change and given_out,
        reason_form=ReasonForm(),
        void_action=reverse("window:void", args=[one.code]),
        void_reasons=VOID_REASONS,
        **context,
    )


def _photos(one: Commitment) -> QuerySet[DraftPhoto]:
    """What the subject has sent with a commitment that it signed online."""
    rows = DraftPhoto.objects.filter(draft=one.draft_id, draft__isnull=False, removed_at=None)
    return rows.select_related("file").order_by("pk")


@counter
@require_safe
def photo(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    """One photograph that came with a commitment; that somebody read it is logged."""
    one = own_commitment(request, code)
    row = _photos(one).filter(pk=pk).first()
    if row is None:
        raise Http404("没有这张照片。")
    content = read_evidence(row.file)
    log_read(
        now=clock.now(),
        actor_id=request.user.pk,
        what="网上提交的照片",
        target_type="commitment",
        target_id=one.pk,
        subject_id=one.subject_id,
        purpose=ReadLog.Purpose.HANDLING,
    )
    return HttpResponse(content, content_type=row.file.content_type)


@counter
def print_paper(request: HttpRequest, code: str, paper: str) -> HttpResponse:
    """POST notes that a paper is printed, then leads to it."""
    one = own_commitment(request, code)
    if paper not in PAPERS or (paper == "commitment" and one.pdf_id is None):
        raise Http404("没有这种文书。")
    if request.method != "POST":
        return redirect("window:commitment", one.code)
    signing.record_print(commitment_id=one.pk, clerk=request.user, paper=PAPERS[paper][0], now=clock.now())
    return _to_paper(request, reverse("window:paper_pdf", args=[one.code, paper]))


def _to_paper(request: HttpRequest, address: str) -> HttpResponse:
    """To the paper that has just been noted as printed; a script is told where it is and prints it itself."""
    return JsonResponse({"paper": address}) if wants_json(request) else redirect(address)


@counter
@require_safe
@NO_PAGE_POLICY
def paper_pdf(request: HttpRequest, code: str, paper: str) -> HttpResponse:
    """The signed PDF as it was stored, or the receipt; that somebody read it is logged."""
    one = own_commitment(request, code)
    if paper not in PAPERS or (paper == "commitment" and one.pdf_id is None):
        raise Http404("没有这种文书。")
    label, make = PAPERS[paper]
    content = make(one)
    log_read(
        now=clock.now(),
        actor_id=request.user.pk,
        what=label,
        target_type="commitment",
        target_id=one.pk,
        subject_id=one.subject_id,
        purpose=ReadLog.Purpose.PRINT,
    )
    return _pdf(content, f"{one.code}-{paper}.pdf")


@counter
@NO_PAGE_POLICY
def ordinary_notice(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The notice of the ordinary route (R40). POST notes the printing and leads to the paper."""
    one = own_draft(request, uuid)
    if one.step != one.Step.ORDINARY:
        return redirect("window:draft", one.pk)
    if request.method == "POST":
        signing.record_notice_print(check_id=one.check_made_id, clerk=request.user, now=clock.now())
        return _to_paper(request, reverse("window:ordinary_notice", args=[one.pk]))
    content = papers.notice_pdf(one.check_made)
    log_read(
        now=clock.now(),
        actor_id=request.user.pk,
        what="告知书",
        target_type="check",
        target_id=one.check_made_id,
        subject_id=one.subject_id,
        purpose=ReadLog.Purpose.PRINT,
    )
    return _pdf(content, f"{one.check_made.number}.pdf")


@counter
@require_safe
def changes(request: HttpRequest) -> HttpResponse:
    """Which items and texts of the own region and those above it change in the next thirty days."""
    day = clock.today()
    rows = coming(regions=request.user.department.region.lineage, today=day, days=COMING_DAYS)
    return render(request, "commitments/window/changes.html", frame(request, rows=rows, today=day))


@counter
def today(request: HttpRequest) -> HttpResponse:
    """What the department signed today. A look-up is a POST: codes of subjects never stand in an address."""
    found = signing.commitments_today(request.user, clock.today())
    form = FindForm(request.POST or None)
    # Names stand in the list: one line a look, whatever is on it.
    log_read(
        now=clock.now(),
        actor_id=request.user.pk,
        what="今日承诺",
        target_type="commitment_list",
        target_id=0,
        purpose=ReadLog.Purpose.HANDLING,
    )
    supplements = Supplement.objects.filter(
        department=request.user.department_id, state=Supplement.State.OPEN
    )
    late = showing.lines(showing.counted(supplements).order_by("last_on", "pk")[:LATE_SHOWN], clock.today())
    sought = request.POST.get("code", "").strip()
    if sought:
        matching = list(_sought(found, sought))
        if len(matching) == 1:
            return redirect("window:commitment", matching[0].code)
        context = frame(request, commitments=matching, form=form, sought=sought)
    else:
        context = frame(request, commitments=list(found), form=form, sought="", late=late)
    return render(request, "commitments/window/today.html", context)


@counter
@require_safe
def online(request: HttpRequest) -> HttpResponse:
    """What came in by the subjects' own pages, the newest first; at night, too, when nobody is at the counter."""
    shown, following = newest_first(signing.commitments_online(request.user), request)
    log_read(
        now=clock.now(),
        actor_id=request.user.pk,
        what="网上收到的承诺",
        target_type="commitment_list",
        target_id=0,
        purpose=ReadLog.Purpose.HANDLING,
    )
    context = frame(request, commitments=shown, next=following)
    return render(request, "commitments/window/online.html", context)


def _sought(found: QuerySet[Commitment], text: str) -> QuerySet[Commitment]:
    scanned = VERIFY_PATH.search(text)
    if scanned:
        return found.filter(verify_token=scanned[1])
    code = codes.clean(text.replace("\0", ""))
    if len(code) == 18 and found.filter(subject_code=code).exists():
        return found.filter(subject_code=code)
    if len(code) == 18:
        by_number = found.filter(subject__id_number_index=CreditSubject.id_number.index_of(code))
        if by_number.exists():
            return by_number
    return found.filter(code__endswith=code) if code.isdigit() else found.none()


@counter
def void(request: HttpRequest, code: str) -> HttpResponse:
    """GET asks for the reason, POST voids: on the day of signing, for good, the code stays."""
    one = own_commitment(request, code)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            signing.void(
                commitment_id=one.pk,
                clerk=request.user,
                reason=form.cleaned_data["reason"],
                now=clock.now(),
            )
        except drafting.DraftError as wrong:
            form.add_error("reason", str(wrong))
        else:
            messages.success(request, VOIDED)
            return redirect("window:commitment", one.code)
    context = frame(
        request,
        one=one,
        reason_form=form,
        heading="作废承诺",
        action=reverse("window:void", args=[one.code]),
        reasons=VOID_REASONS,
        voiding=True,
    )
    return render(request, "commitments/window/reason.html", context, status=422 if form.errors else 200)


@counter
def correct(request: HttpRequest, code: str) -> HttpResponse:
    """GET asks for the reason, POST opens a draft whose signing replaces this commitment."""
    one = own_commitment(request, code)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            opened = signing.start_correction(
                commitment_id=one.pk,
                clerk=request.user,
                reason=form.cleaned_data["reason"],
                now=clock.now(),
            )
        except drafting.DraftError as wrong:
            form.add_error("reason", str(wrong))
        else:
            messages.info(request, CORRECTING)
            return redirect("window:draft", opened.pk)
    context = frame(
        request,
        one=one,
        reason_form=form,
        heading="更正承诺",
        action=reverse("window:correct", args=[one.code]),
        reasons=(),
        voiding=False,
    )
    return render(request, "commitments/window/reason.html", context, status=422 if form.errors else 200)
