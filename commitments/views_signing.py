"""The third step: who signs, with what, and the one act that cannot happen twice. The page never says that it succeeded
before the server has said so; after a lost answer it asks `state`."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from commitments import drafting, presenting, signing
from commitments.forms import SignerForm, uploaded
from commitments.models import Commitment, Draft, SignerCapacity
from commitments.views_access import counter, on_draft, own_draft, wants_json
from commitments.views_frame import SIGN, about_check, about_subject, frame
from credit_portal.audit import clock
from credit_portal.documents.inspection import EvidenceRefused
from credit_portal.documents.models import EvidenceFile
from credit_portal.documents.signatures import signature_png_from_data_url

PAD, PAPER = Commitment.SignedBy.PAD, Commitment.SignedBy.PAPER
# Evidence is refused under the name of its kind; the form knows it by the name of its field.
FIELD_OF_KIND = {
    EvidenceFile.Kind.SIGNATURE.label: "signature",
    EvidenceFile.Kind.PAPER_SCAN.label: "paper_scan",
    EvidenceFile.Kind.AUTHORISATION.label: "authorisation",
}


def sign_page(
    request: HttpRequest,
    one: Draft,
    form: SignerForm | None = None,
    duplicate: Commitment | None = None,
    status: int = 200,
) -> HttpResponse:
    """Paper and signature on the left, on the right who signs and the key that signs."""
    about = about_subject(one.subject, request)
    kept = one.signer
    own = SignerCapacity.SELF if about["is_person"] else SignerCapacity.LEGAL_REPRESENTATIVE
    own_name = one.subject.name if about["is_person"] else about["representative"]
    capacity = kept.get("capacity") or own
    begun = {
        "capacity": capacity,
        "signer_name": kept.get("name") or (own_name if capacity == own else ""),
        "identity_document": kept.get("identity_document") or "id_card",
        "signed_by": kept.get("signed_by") or PAD,
    }
    context = frame(
        request,
        SIGN,
        draft=one,
        form=form or SignerForm(kind=one.subject.kind, initial=begun),
        paper=presenting.paper_for(one),
        own_name=own_name,
        duplicate=duplicate,
        **about,
        **about_check(one),
    )
    return render(request, "commitments/window/sign.html", context, status=status)


@on_draft
def signer(request: HttpRequest, one: Draft) -> HttpResponse:
    """Keep who signs while it is typed."""
    names = {"name": "signer_name", "capacity": "capacity", "identity_document": "identity_document"}
    entered = {
        key: request.POST[name]
        for key, name in (names | {"signed_by": "signed_by"}).items()
        if name in request.POST
    }
    try:
        saved = drafting.save_signer(draft_id=one.pk, clerk=request.user, signer=entered, now=clock.now())
    except drafting.DraftError as wrong:
        return JsonResponse({"message": str(wrong)}, status=409)
    return render(request, "commitments/window/saved.html", {"draft": saved})


@on_draft
def sign(request: HttpRequest, one: Draft) -> HttpResponse:
    """Sign once: a second click, a second tab and a repeat after a lost answer all lead to the same commitment."""
    if one.step == Draft.Step.DONE:
        return _signed(request, one.commitment)
    if one.subject is None or one.text_version is None:
        return redirect("window:draft", one.pk)
    form = SignerForm(request.POST, request.FILES, kind=one.subject.kind)
    duplicate = None
    if form.is_valid():
        try:
            return _signed(request, _sign(request, one, form.cleaned_data))
        except signing.DuplicateToday as twice:
            duplicate = twice.existing
            form.add_error("confirm_duplicate", str(twice))
        except EvidenceRefused as refused:
            form.add_error(FIELD_OF_KIND.get(refused.field), refused.reason)
        except drafting.DraftError as wrong:
            field = wrong.field if wrong.field in form.fields else None
            if field == "signature" and form.cleaned_data["signed_by"] == PAPER:
                field = "paper_scan"
            form.add_error(field, str(wrong))
    if wants_json(request):
        return _refused(form, duplicate)
    return sign_page(request, own_draft(request, one.pk), form, duplicate, status=422)


def _sign(request: HttpRequest, one: Draft, entered: dict[str, Any]) -> Commitment:
    by_pad = entered["signed_by"] != PAPER
    scan = uploaded(entered["paper_scan"])
    authorisation = (
        uploaded(entered["authorisation"]) if entered["capacity"] == SignerCapacity.AGENT else None
    )
    return signing.sign(
        draft_id=one.pk,
        clerk=request.user,
        signer_name=entered["signer_name"],
        capacity=entered["capacity"],
        identity_document=entered["identity_document"],
        signature_png=signature_png_from_data_url(entered["signature"]) if by_pad else None,
        paper_scan=signing.Upload(*scan) if scan and not by_pad else None,
        authorisation=signing.Upload(*authorisation) if authorisation else None,
        confirm_duplicate=entered["confirm_duplicate"],
        now=clock.now(),
    )


def _signed(request: HttpRequest, commitment: Commitment) -> HttpResponse:
    target = reverse("window:commitment", args=[commitment.code])
    if wants_json(request):
        return JsonResponse({"step": Draft.Step.DONE, "next": target})
    return redirect(target)


def _refused(form: SignerForm, duplicate: Commitment | None) -> JsonResponse:
    errors = {field: " ".join(map(str, lines)) for field, lines in form.errors.items()}
    answer: dict[str, Any] = {"errors": errors}
    if duplicate is not None:
        answer["duplicate"] = reverse("window:commitment", args=[duplicate.code])
    return JsonResponse(answer, status=422)


@counter
@require_safe
def state(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """What became of a draft: its step, and where to look at the commitment once it is stored."""
    own_draft(request, uuid)
    with transaction.atomic():
        # A signature that is still under way holds this lock: the answer waits for its outcome.
        known = drafting.as_state(drafting.locked(uuid, request.user))
    if known["code"]:
        known["next"] = reverse("window:commitment", args=[known["code"]])
    return JsonResponse(known)
