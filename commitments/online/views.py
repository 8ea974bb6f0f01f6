"""The steps of signing on a subject's own pages. One address a draft shows whatever step it is at; each step is a plain form
that works without a script and may be sent again when its answer was lost."""

from uuid import UUID

from django.contrib import messages
from django.core import signing as seals
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from commitments import drafting, presenting
from commitments.concluding import DuplicateToday
from commitments.models import Draft
from commitments.supplements import asking
from commitments.views_access import wants_json
from commitments.views_reading import order_of, told
from credit_portal.audit import clock
from credit_portal.documents.inspection import EvidenceRefused
from credit_portal.documents.signatures import signature_png_from_data_url
from credit_portal.registry.acting import for_subjects, log_own_read

from . import beginning, pages, signing
from .forms import CheckForm, SignForm
from .pages import acting_of, go, on_draft, own_draft

Step = Draft.Step
GIVEN_UP = "草稿已放弃，填写的内容已清除。"
NOT_KEPT = "这份草稿在别的页面已办到“{step}”，刚才输入的没有保存。"


@for_subjects()
@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """What is unfinished, and the items to choose from."""
    acting, now = acting_of(request), clock.now()
    sought = request.GET.get("q", "").replace("\0", "").strip()[:60]
    items = list(beginning.items_for(acting.subject, now=now, sought=sought)[: beginning.MOST + 1])
    shown = items[: beginning.MOST]
    begun = beginning.open_of(shown, acting.subject)
    rows = [(one, begun.get(one.item_id)) for one in shown]
    lineage = acting.subject.region.lineage
    log_own_read(acting, what="网上承诺", target_type="draft", target_id="list", now=now)
    return render(
        request,
        "me/sign/start.html",
        {
            "drafts": list(beginning.drafts_of(acting.subject)[: beginning.MOST_OPEN]),
            "near": [row for row in rows if row[0].item.region_id in lineage],
            "elsewhere": [row for row in rows if row[0].item.region_id not in lineage],
            "more": len(items) > beginning.MOST,
            "sought": sought,
            "may_act": acting.may_act,
        },
    )


@for_subjects(act=True)
@require_http_methods(["GET", "HEAD", "POST"])
def item(request: HttpRequest, pk: int) -> HttpResponse:
    """What the item is; from here a draft is begun, or gone on with."""
    acting, now = acting_of(request), clock.now()
    if request.method == "POST":
        try:
            begun = beginning.begin(access=acting.access, item_version_id=pk, now=now)
        except drafting.DraftError as wrong:
            messages.error(request, str(wrong))
            return redirect("me_sign:start")
        return go(request, begun)
    found = beginning.items_for(acting.subject, now=now).filter(pk=pk).first()
    if found is None:
        messages.error(request, beginning.NOT_ONLINE)
        return redirect("me_sign:start")
    return render(
        request,
        "me/sign/item.html",
        {
            "item": found,
            "kinds": beginning.types_of(found),
            "begun": beginning.open_of([found], acting.subject).get(found.item_id),
        },
    )


@for_subjects(act=True)
@require_safe
def draft(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The step where the draft stands."""
    one = own_draft(request, uuid)
    log_own_read(
        acting_of(request), what="网上承诺", target_type="draft", target_id=str(one.pk), now=clock.now()
    )
    match one.step:
        case Step.CHECK:
            return pages.check_page(request, one)
        case Step.READ:
            return pages.read_page(request, one)
        case Step.SIGN if request.GET.get("part"):
            return pages.read_page(request, one)
        case Step.SIGN:
            return pages.sign_page(request, one)
        case Step.ORDINARY:
            return pages.ordinary_page(request, one)
        case Step.DONE:
            return pages.receipt_page(request, one)
    messages.info(request, "这份草稿已经放弃，请重新开始。")
    return redirect("me_sign:start")


@on_draft
def check(request: HttpRequest, one: Draft) -> HttpResponse:
    """Check the record for the item, as the counter does; again on another day, or after something was put right."""
    if one.step not in (*drafting.WITH_SUBJECT, Step.ORDINARY):
        return go(request, one)
    form = CheckForm(
        request.POST,
        kinds=beginning.types_of(one.item_version),
        late=one.item_version.allows_late_materials,
    )
    if form.is_valid():
        try:
            beginning.check(
                draft_id=one.pk,
                access=acting_of(request).access,
                commitment_type=form.cleaned_data["commitment_type"],
                case_ref=form.cleaned_data["case_ref"],
                late_materials=form.cleaned_data.get("late_materials", False),
                now=clock.now(),
            )
        except drafting.DraftError as wrong:
            form.add_error(wrong.field if wrong.field in form.fields else None, str(wrong))
        else:
            return go(request, one)
    return pages.check_page(request, own_draft(request, one.pk), form, status=422)


@on_draft
def again(request: HttpRequest, one: Draft) -> HttpResponse:
    """Back to the choice of the type."""
    return _step(request, one, beginning.choose_again, "access")


@on_draft
def shown(request: HttpRequest, one: Draft) -> HttpResponse:
    """A part was read: which, in which wording, how long (R18)."""
    now = clock.now()
    try:
        key = UUID(request.POST.get("key", ""))
        sha256, seconds = told(request.POST, now)
        presenting.record_presentation(
            draft_id=one.pk, clerk=acting_of(request).access, part=request.POST.get("part", ""), key=key,
            seconds=seconds, now=now, sha256=sha256,
        )  # fmt: skip
    except drafting.DraftError as wrong:
        messages.error(request, str(wrong))
    except (ValueError, OverflowError, seals.BadSignature):
        messages.error(request, "阅读记录不完整，请再看一遍。")
    return go(request, one)


@on_draft
def blanks(request: HttpRequest, one: Draft) -> HttpResponse:
    """Keep what was filled in. While it is typed (`auto`) nothing is a mistake yet; otherwise what is wrong is named by
    field, and the text is shown next."""
    auto = bool(request.POST.get("auto")) and wants_json(request)
    if one.step not in (Step.READ, Step.SIGN):
        # What is typed on a page that another tab has overtaken is not kept, and must not read as if it were.
        return _not_kept(one) if auto else go(request, one)
    try:
        errors, late_errors = asking.keep(
            request.POST, one, acting_of(request).access, again=lambda: own_draft(request, one.pk),
            now=clock.now(), on=clock.today(), order=order_of(request),
        )  # fmt: skip
    except drafting.DraftError as wrong:  # another tab was faster
        if auto:
            return _not_kept(own_draft(request, one.pk))
        messages.error(request, str(wrong))
        return go(request, one)
    if auto:
        return JsonResponse({"saved": True})
    if errors or late_errors:
        fresh = own_draft(request, one.pk)
        return pages.fill_page(request, fresh, errors, status=422, late_errors=late_errors)
    return go(request, one)


def _not_kept(one: Draft) -> JsonResponse:
    words = NOT_KEPT.format(step=one.get_step_display())
    return JsonResponse({"error": words, "next": reverse("me_sign:draft", args=[one.pk])}, status=409)


@on_draft
def finish(request: HttpRequest, one: Draft) -> HttpResponse:
    """Everything was read: on to the signature."""
    return _step(request, one, presenting.finish_reading, "clerk")


@on_draft
def reread(request: HttpRequest, one: Draft) -> HttpResponse:
    """Back from the signature to what was read and filled in."""
    return _step(request, one, presenting.reopen_reading, "clerk")


def _step(request: HttpRequest, one: Draft, service: object, holder: str) -> HttpResponse:
    try:
        service(draft_id=one.pk, now=clock.now(), **{holder: acting_of(request).access})  # type: ignore[operator]
    except drafting.DraftError as wrong:
        messages.error(request, str(wrong))
    return go(request, one)


@on_draft
def sign(request: HttpRequest, one: Draft) -> HttpResponse:
    """Sign once: whatever is pressed or sent again leads to the same commitment."""
    form = SignForm(request.POST)
    duplicate = None
    if form.is_valid():
        by_paper = form.cleaned_data["signed_by"] == "paper"
        try:
            # Signed already: no signature is asked for a second time.
            drawn = one.step != Step.DONE and not by_paper
            signing.sign(
                draft_id=one.pk,
                access=acting_of(request).access,
                signature_png=signature_png_from_data_url(form.cleaned_data["signature"]) if drawn else None,
                by_paper=by_paper,
                confirm_duplicate=form.cleaned_data["confirm_duplicate"],
                now=clock.now(),
            )
            return go(request, one)
        except DuplicateToday as twice:
            duplicate = twice.existing
            form.add_error("confirm_duplicate", str(twice))
        except EvidenceRefused as refused:
            form.add_error("signature", refused.reason)
        except drafting.DraftError as wrong:
            form.add_error("signature" if wrong.field == "signature" else None, str(wrong))
    fresh = own_draft(request, one.pk)
    if fresh.step != Step.SIGN:
        # Another tab has gone back or given it up: on to where it stands, with the reason.
        for line in form.non_field_errors():
            messages.error(request, f"没有签署：{line}")
        return go(request, fresh)
    if wants_json(request):
        errors = {field: " ".join(map(str, lines)) for field, lines in form.errors.items()}
        answer: dict[str, object] = {"errors": errors}
        if duplicate is not None:
            answer["duplicate"] = reverse("mine:commitment", args=[duplicate.code])
        return JsonResponse(answer, status=422)
    return pages.sign_page(request, fresh, form, duplicate, status=422)


@for_subjects(act=True)
@require_safe
def state(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """What became of a draft whose answer was lost."""
    own_draft(request, uuid)
    with transaction.atomic():
        # A signature that is still under way holds this lock: the answer waits for its outcome.
        known = drafting.as_state(drafting.locked(uuid, acting_of(request).access))
    if known["code"]:
        known["next"] = reverse("me_sign:draft", args=[uuid])
    return JsonResponse(known)


@for_subjects(act=True)
@require_http_methods(["GET", "HEAD", "POST"])
def discard(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """GET asks, POST gives the draft up."""
    one = own_draft(request, uuid)
    if one.step not in (*drafting.WITH_SUBJECT, Step.ORDINARY):
        return redirect("me_sign:draft", one.pk)
    if request.method != "POST":
        return render(request, "me/sign/discard.html", {"draft": one})
    try:
        drafting.discard_draft(draft_id=one.pk, clerk=acting_of(request).access, now=clock.now())
    except drafting.DraftError as wrong:
        messages.error(request, str(wrong))
        return redirect("me_sign:draft", one.pk)
    messages.success(request, GIVEN_UP)
    return redirect("me_sign:start")
