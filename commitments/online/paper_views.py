"""Photographs and papers of a draft on a subject's own pages."""

from uuid import UUID, uuid4

from csp.decorators import csp_exempt
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from commitments import drafting, papers, presenting
from commitments.concluding import Upload
from commitments.forms import uploaded
from commitments.models import Draft
from commitments.views_access import wants_json
from credit_portal.audit import clock
from credit_portal.documents import answers
from credit_portal.documents.inspection import EvidenceRefused
from credit_portal.documents.services import EvidenceDamaged, clean_name, read_evidence
from credit_portal.registry.acting import for_subjects, log_own_read

from . import pages, photos
from .pages import acting_of, on_draft, own_draft

CHOOSE = "请先选择照片。"


@on_draft
def add_photo(request: HttpRequest, one: Draft) -> HttpResponse:
    """Keep a photograph; a script gets the list anew and the number of the next."""
    content = uploaded(request.FILES.get("photo"))
    name = clean_name(content[2]) if content else ""
    problem, told = "" if content else CHOOSE, ""
    if content is not None:
        key = _key(request.POST.get("key", ""))
        try:
            kept = photos.add(
                draft_id=one.pk,
                access=acting_of(request).access,
                kind=request.POST.get("kind", ""),
                key=key,
                upload=Upload(*content),
                name=request.POST.get("name", ""),
                now=clock.now(),
            )
            told = photos.known_before(kept, key)
        except EvidenceRefused as refused:
            problem = f"“{name}”没有收下：{refused.reason}"
        except drafting.DraftError as wrong:
            problem = str(wrong)
    if wants_json(request):
        return JsonResponse({"error": problem}, status=422) if problem else _list(request, one, told)
    if problem:
        messages.error(request, problem)
    elif told:
        messages.info(request, told)
    return _back(one)


def _key(typed: str) -> UUID:
    """The page's number for this picture; a page that has none gets one, the picture itself still comes once."""
    try:
        return UUID(typed)
    except ValueError:
        return uuid4()


@on_draft
def remove_photo(request: HttpRequest, one: Draft, pk: int) -> HttpResponse:
    """Take one away."""
    problem = ""
    try:
        photos.remove(draft_id=one.pk, access=acting_of(request).access, photo_id=pk, now=clock.now())
    except drafting.DraftError as wrong:
        problem = str(wrong)
    if wants_json(request):
        return JsonResponse({"error": problem}, status=422) if problem else _list(request, one)
    if problem:
        messages.error(request, problem)
    return _back(one)


def _list(request: HttpRequest, one: Draft, told: str = "") -> HttpResponse:
    context = pages.photo_context(one) | {"draft": one}
    paper_photo = photos.paper_of(one)
    return JsonResponse(
        {
            "html": render_to_string("me/sign/_photos.html", context, request),
            "paper": paper_photo is not None,
            "told": told,
            "says": render_to_string("me/sign/_paper_photo.html", {"paper_photo": paper_photo}),
        }
    )


def _back(one: Draft) -> HttpResponse:
    response = redirect("me_sign:draft", one.pk)
    response["Location"] += "#photos"
    return response


@for_subjects(act=True)
@require_safe
def photo(request: HttpRequest, uuid: UUID, pk: int) -> HttpResponse:
    """One photograph, as it was sent."""
    one = own_draft(request, uuid)
    row = photos.shown(one).filter(pk=pk).first()
    if row is None:
        raise Http404("没有这张照片，或者它已经移除。")
    try:
        content = read_evidence(row.file)
    except EvidenceDamaged as error:
        raise Http404("照片已损坏，请移除以后重新上传。") from error
    log_own_read(
        acting_of(request), what="网上提交的照片", target_type="draft", target_id=str(one.pk), now=clock.now()
    )
    return HttpResponse(content, content_type=row.file.content_type)


@for_subjects(act=True)
@csp_exempt()
@require_safe
def text(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The text as it stands, to be printed and signed by hand."""
    one = own_draft(request, uuid)
    if one.step != Draft.Step.SIGN:
        return redirect("me_sign:draft", one.pk)
    log_own_read(
        acting_of(request), what="待签的承诺书", target_type="draft", target_id=str(one.pk), now=clock.now()
    )
    content = papers.unsigned_pdf(
        one, presenting.paper_for(one), signer=acting_of(request).name, on=clock.today()
    )
    return answers.shown(content, "待签的承诺书.pdf")


@for_subjects(act=True)
@csp_exempt()
@require_safe
def notice(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The notice of the ordinary route (R40), as the counter prints it."""
    one = own_draft(request, uuid)
    if one.step != Draft.Step.ORDINARY:
        return redirect("me_sign:draft", one.pk)
    log_own_read(
        acting_of(request), what="告知书", target_type="check", target_id=one.check_made_id, now=clock.now()
    )
    return answers.shown(papers.notice_pdf(one.check_made), f"{one.check_made.number}.pdf")
