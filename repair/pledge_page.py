"""The page on which the repair commitment is read and signed: one deed, three places (window, desk, own pages)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from commitments.forms import SignerForm
from commitments.views_access import wants_json
from credit_portal.documents.inspection import EvidenceRefused
from credit_portal.registry.models import User

from . import applying, filling
from .models import RepairApplication
from .rules import RepairError

SIGNED = "修复承诺已签署，编码 {code}。"


def answer(
    request: HttpRequest,
    draft: RepairApplication,
    *,
    space: str,
    template: str,
    clerk: User | None,
    now: datetime,
    more: dict[str, Any] | None = None,
) -> HttpResponse:
    """GET shows the text; POST fills in its blanks (`deed` fill), or signs. Signed once, every repeat leads to the draft."""
    back = reverse(f"{space}:draft", args=[draft.uuid])
    if draft.pledge is not None and draft.pledge.voided_at is None:
        return JsonResponse({"next": back}) if wants_json(request) else redirect(back)
    status = 200
    if request.method == "POST" and request.POST.get("deed") != "fill":
        signed, page = filling.sign(request, draft, clerk=clerk, now=now)
        if signed is not None:
            return JsonResponse({"next": back}) if wants_json(request) else redirect(back)
        if wants_json(request):
            errors = {name: " ".join(map(str, lines)) for name, lines in page.form.errors.items()}
            return JsonResponse({"errors": errors}, status=422)
        status = 422
    else:
        posted = request.POST if request.method == "POST" else None
        form = SignerForm(kind=draft.subject.kind, initial=_entered(request)) if posted is not None else None
        page = filling.signing_page(draft, now=now, posted=posted, form=form)
    return render(
        request,
        template,
        {
            "application": draft,
            "form": page.form,
            "blanks": page.blanks,
            "paper": page.shown.paper if page.shown else None,
            "seen": page.shown.sha256 if page.shown else "",
            "problem": page.problem,
            "is_person": draft.subject.kind == draft.subject.Kind.PERSON,
            "own_name": filling.own_name(draft.subject),
            "term_until": applying.term_until(draft.department, now.date()),
            "back": back,
            "state_url": reverse(f"{space}:pledge_state", args=[draft.uuid]),
            "space": space,
            **(more or {}),
        },
        status=status,
    )


def _entered(request: HttpRequest) -> dict[str, str]:
    names = ("capacity", "signer_name", "identity_document", "signed_by")
    return {name: request.POST.get(name, "")[:400] for name in names}


def state(draft: RepairApplication, *, space: str) -> JsonResponse:
    """What became of a signature whose answer was lost: where to go on, once it is stored."""
    known: dict[str, Any] = {"step": "signed" if draft.pledge_id else "sign"}
    if draft.pledge_id:
        known["next"] = reverse(f"{space}:draft", args=[draft.uuid])
    return JsonResponse(known)


def use_code(draft: RepairApplication, code: str, *, actor: User, now: datetime) -> str:
    """Take a repair commitment that was signed before, by its code; gives what is wrong, or nothing."""
    try:
        applying.use_pledge(application_id=draft.pk, code=code.replace("\0", ""), now=now, actor=actor)
    except (RepairError, EvidenceRefused) as error:
        return str(error)
    return ""
