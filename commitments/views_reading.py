"""The second step: the clerk fills the text's blanks, turns the screen, and the applicant reads. What was shown is
recorded: which part, which wording, how long (R18). Education is offered and gates nothing (R17)."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.core import signing as seals
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from commitments import drafting, presenting
from commitments.forms import BlanksForm
from commitments.models import Draft, Presentation
from commitments.paper_text import paragraphs
from commitments.supplements import asking
from commitments.views_access import counter, on_draft, own_draft, wants_json
from commitments.views_frame import READ, about_check, about_subject, frame
from credit_portal.audit import clock
from credit_portal.registry.models import CreditSubject

Part = Presentation.Part
ORDER = (Part.NOTICE, Part.PRIVACY, Part.TEXT, Part.EDUCATION)
NOTHING_TO_SHOW = "现在没有可展示的文本。"
SEAL = "commitments.present"


def _bound_blanks(one: Draft) -> tuple[list[Any], BlanksForm]:
    blanks = asking.own_to_fill(one)
    initial = {f"blank-{key}": value for key, value in one.blanks.items()}
    return blanks, BlanksForm(blanks=blanks, initial=initial)


def read_page(
    request: HttpRequest,
    one: Draft,
    errors: dict[str, str] | None = None,
    status: int = 200,
    late_errors: dict[str, str] | None = None,
) -> HttpResponse:
    """Result of the check and the paper on the left, the blanks and the key that turns the screen on the right."""
    blanks, form = _bound_blanks(one)
    for key, message in (errors or {}).items():
        # A form without data takes no errors: the fields are shown as bound with what was saved.
        form = form if form.is_bound else BlanksForm(form.initial, blanks=blanks)
        form.add_error(f"blank-{key}", message)
    shown = set(one.presentations.values_list("part", flat=True))
    context = frame(
        request,
        READ,
        draft=one,
        form=form,
        paper=presenting.paper_for(one),
        shown_before=shown.issuperset(presenting.MUST_BE_SHOWN),
        late=asking.form_of(one, late_errors or {}, on=clock.today()),
        **about_subject(one.subject, request),
        **about_check(one),
    )
    return render(request, "commitments/window/read.html", context, status=status)


def _keep(request: HttpRequest, one: Draft) -> tuple[dict[str, str], dict[str, str]]:
    return asking.keep(
        request.POST, one, request.user, again=lambda: own_draft(request, one.pk), now=clock.now(),
        on=clock.today(), order=order_of(request),
    )  # fmt: skip


def order_of(request: HttpRequest) -> int:
    """The page's count of its sendings, milliseconds by its own clock; 0 where there is none or it is no such number."""
    sent = request.POST.get("order", "")
    return int(sent) if sent.isascii() and sent.isdigit() and len(sent) <= 15 else 0


@on_draft
def blanks(request: HttpRequest, one: Draft) -> HttpResponse:
    """Keep what is typed while it is typed; answers with the paper as it now reads."""
    if one.step not in (Draft.Step.READ, Draft.Step.SIGN):
        return redirect("window:draft", one.pk)
    try:
        errors, late_errors = _keep(request, one)
    except drafting.DraftError as wrong:  # another tab was faster
        messages.error(request, str(wrong))
        return redirect("window:draft", one.pk)
    if not request.headers.get("hx-request"):
        return redirect("window:draft", one.pk)
    saved = own_draft(request, one.pk)
    # While somebody is typing, what is still empty is no mistake yet.
    begun = [message for key, message in errors.items() if saved.blanks.get(key, "").strip()]
    begun += [message for name, message in late_errors.items() if name]
    context = {
        "draft": saved,
        "is_person": saved.subject.kind == CreditSubject.Kind.PERSON,
        "paper": presenting.paper_for(saved),
        "problems": begun,
    }
    return render(request, "commitments/window/blanks_saved.html", context)


@on_draft
def turn(request: HttpRequest, one: Draft) -> HttpResponse:
    """Save the blanks and turn the screen; with a blank missing the page comes back and names it."""
    if one.step not in (Draft.Step.READ, Draft.Step.SIGN):
        return redirect("window:draft", one.pk)
    try:
        errors, late_errors = _keep(request, one)
    except drafting.DraftError as wrong:  # another tab was faster
        messages.error(request, str(wrong))
        return redirect("window:draft", one.pk)
    if errors or late_errors:
        return read_page(request, own_draft(request, one.pk), errors, status=422, late_errors=late_errors)
    return redirect("window:present", one.pk)


def parts_of(one: Draft, now: datetime) -> list[dict[str, Any]]:
    """What the applicant is shown, in order; each showing has a key of its own and a seal of what it shows."""
    paper = presenting.paper_for(one)
    reading = presenting.reading_for(one)
    parts: list[dict[str, Any]] = [
        {"part": Part.NOTICE, "title": "告知书", "lines": paper.notice},
        {"part": Part.PRIVACY, "title": "个人信息处理告知", "lines": paper.privacy},
        {"part": Part.TEXT, "title": paper.title, "paper": paper},
    ]
    if reading is not None:
        parts.append({"part": Part.EDUCATION, "title": reading.title, "lines": paragraphs(reading.body)})
    for position, part in enumerate(parts):
        part["key"] = uuid4()
        sha256 = presenting.hash_of_part(one, part["part"], paper, reading)
        # What this page shows and since when, sealed: a report speaks of that, whatever the draft holds by then.
        part["seal"] = seals.dumps([str(part["part"]), sha256, now.timestamp()], salt=SEAL)
        part["number"] = position + 1
        part["following"] = (
            parts[position + 1]["part"] if position + 1 < len(presenting.MUST_BE_SHOWN) else "end"
        )
    return parts


@counter
def present(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """GET: the turned screen, one part after the other. POST: how long a part has been shown so far."""
    one = own_draft(request, uuid)
    if one.step not in (Draft.Step.READ, Draft.Step.SIGN):
        if request.method == "POST" and wants_json(request):
            return JsonResponse({"message": NOTHING_TO_SHOW}, status=409)
        return redirect("window:draft", one.pk)
    if request.method == "POST":
        return _note_shown(request, one)
    parts = parts_of(one, clock.now())
    wanted = request.GET.get("part", "")
    current = wanted if wanted == "end" or wanted in [part["part"] for part in parts] else str(Part.NOTICE)
    context = {
        "draft": one,
        "is_person": one.subject.kind == CreditSubject.Kind.PERSON,
        "parts": parts,
        "current": current,
        "education": next((part for part in parts if part["part"] == Part.EDUCATION), None),
        "must": len(presenting.MUST_BE_SHOWN),
        "large": request.GET.get("large") == "1",
    }
    return render(request, "commitments/window/present.html", context)


def _note_shown(request: HttpRequest, one: Draft) -> HttpResponse:
    now = clock.now()
    try:
        key = UUID(request.POST.get("key", ""))
        sha256, seconds = told(request.POST, now)
        presenting.record_presentation(
            draft_id=one.pk,
            clerk=request.user,
            part=request.POST.get("part", ""),
            key=key,
            seconds=seconds,
            now=now,
            sha256=sha256,
        )
    except (ValueError, OverflowError, seals.BadSignature) as wrong:
        message = str(wrong) if isinstance(wrong, drafting.DraftError) else "展示记录不完整。"
        if wants_json(request):
            return JsonResponse({"message": message}, status=400)
        messages.error(request, message)
        return redirect("window:draft", one.pk)
    if wants_json(request):
        return JsonResponse({"saved": True})
    following = request.POST.get("following", "end")
    response = redirect("window:present", one.pk)
    response["Location"] += f"?part={following}" if following in (*Part.values, "end") else ""
    return response


def told(data: Any, now: datetime) -> tuple[str, int]:
    """Hash of what the page showed, and the seconds it measured; without a script, since the page was sent.

    Raises BadSignature or ValueError where the seal is not this portal's or belongs to another part.
    """
    part, sha256, began = seals.loads(data.get("seal", ""), salt=SEAL)
    if part != data.get("part"):
        raise ValueError("the seal is another part's")
    measured = data.get("seconds", "")
    return sha256, int(float(measured)) if measured else int(now.timestamp() - began)


@on_draft
def finish(request: HttpRequest, one: Draft) -> HttpResponse:
    """The screen is turned back: note what has not been noted yet, then on to signing if nothing is missing."""
    now = clock.now()
    try:
        for shown in _shown_list(request.POST.get("shown", "")):
            presenting.record_presentation(draft_id=one.pk, clerk=request.user, now=now, **shown)
        presenting.finish_reading(draft_id=one.pk, clerk=request.user, now=now)
    except drafting.DraftError as wrong:
        messages.error(request, str(wrong))
    target = reverse("window:draft", args=[one.pk])
    return JsonResponse({"next": target}) if wants_json(request) else redirect(target)


def _shown_list(text: str) -> list[dict[str, Any]]:
    """The page's own list of showings; one that cannot be read is left out, and reading then counts as not shown."""
    try:
        rows = json.loads(text) if text else []
        shown = []
        for row in rows:
            part, sha256, _ = seals.loads(row["seal"], salt=SEAL)
            shown.append(
                {"part": part, "key": UUID(row["key"]), "seconds": int(row["seconds"]), "sha256": sha256}
            )
    except (
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        OverflowError,
        RecursionError,
        seals.BadSignature,
    ):
        return []
    return shown


@on_draft
def reread(request: HttpRequest, one: Draft) -> HttpResponse:
    """Back from signing to the blanks and the reading."""
    presenting.reopen_reading(draft_id=one.pk, clerk=request.user, now=clock.now())
    return redirect("window:draft", one.pk)
