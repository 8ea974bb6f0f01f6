"""The counter's first step: a code, a subject, an item, a check. One address a draft shows whatever step it is at."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from commitments import drafting, signing
from commitments.forms import CheckForm, CodeForm, NameForm, SubjectForm
from commitments.models import Draft
from commitments.views_access import counter, on_draft, own_draft
from commitments.views_frame import CHECK, about_check, about_subject, frame, named
from commitments.views_reading import read_page
from commitments.views_signing import sign_page
from credit_portal.audit import clock
from credit_portal.registry import codes
from credit_portal.registry.models import CreditSubject
from credit_portal.registry.services import SubjectError
from verification.checking.handling import reopened

LATEST = 5
WENT_ON = "这位申请人有一件没有办完，已接着上次的步骤打开。要另外办理，按“另办一件”。"
GIVEN_UP = "草稿已放弃，输入的内容已清除。"
GIVEN_UP_BEFORE = "这份草稿已经放弃，请重新开始。"


@counter
def start(request: HttpRequest) -> HttpResponse:
    """GET: the code field and what is unfinished. POST: open a draft for a typed or scanned code."""
    form = CodeForm(request.POST or None)
    error = ""
    if request.method == "POST":
        try:
            opened = drafting.open_draft(
                clerk=request.user, code=request.POST.get("code", ""), now=clock.now()
            )
        except (codes.CodeError, drafting.DraftError) as wrong:
            error = str(wrong)
        else:
            if opened.step in (Draft.Step.READ, Draft.Step.SIGN):
                messages.info(request, WENT_ON)
            return redirect("window:draft", opened.pk)
    context = frame(
        request,
        CHECK,
        form=form,
        error=error,
        drafts=named(drafting.drafts_of(request.user)[:LATEST]),
        latest=list(signing.commitments_today(request.user, clock.today())[:LATEST]),
    )
    return render(request, "commitments/window/start.html", context, status=422 if error else 200)


@counter
@require_safe
def drafts(request: HttpRequest) -> HttpResponse:
    """The clerk's unfinished drafts: go on, or give up."""
    context = frame(request, drafts=named(drafting.drafts_of(request.user)))
    return render(request, "commitments/window/drafts.html", context)


@counter
@require_safe
def draft(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Show the step where the draft stands; `?change=item` goes back to choosing the item."""
    one = own_draft(request, uuid)
    match one.step:
        case Draft.Step.SUBJECT:
            return _subject_page(request, one)
        case Draft.Step.CHECK:
            return _check_page(request, one)
        case Draft.Step.READ | Draft.Step.SIGN if request.GET.get("change") == "item":
            return _check_page(request, one)
        case Draft.Step.READ:
            return read_page(request, one)
        case Draft.Step.SIGN:
            return sign_page(request, one)
        case Draft.Step.ORDINARY:
            return _ordinary_page(request, one)
        case Draft.Step.DONE:
            return redirect("window:commitment", one.commitment.code)
    messages.info(request, GIVEN_UP_BEFORE)
    return redirect("window:start")


def _subject_page(
    request: HttpRequest, one: Draft, form: SubjectForm | None = None, status: int = 200
) -> HttpResponse:
    kinds = drafting.kinds_for(one)
    person_only = kinds == (codes.PERSON,)
    context = frame(
        request,
        CHECK,
        draft=one,
        form=form or SubjectForm(kinds=kinds),
        person_only=person_only,
        kind_label=CreditSubject.Kind(kinds[0]).label if len(kinds) == 1 else "",
        code_shown=codes.mask_id_number(one.code) if codes.PERSON in kinds else one.code,
    )
    return render(request, "commitments/window/subject.html", context, status=status)


@on_draft
def register_subject(request: HttpRequest, one: Draft) -> HttpResponse:
    """Enter a newcomer, then choose the item."""
    if one.step != Draft.Step.SUBJECT:
        return redirect("window:draft", one.pk)
    form = SubjectForm(request.POST, kinds=drafting.kinds_for(one))
    if form.is_valid():
        entered = form.cleaned_data
        try:
            known = drafting.register_draft_subject(
                draft_id=one.pk,
                clerk=request.user,
                kind=entered["kind"],
                name=entered["name"],
                name_source=entered["name_source"],
                legal_representative=entered.get("legal_representative", ""),
                phone=entered["phone"],
                now=clock.now(),
            )
        except SubjectError as wrong:
            form.add_error(wrong.field if wrong.field in form.fields else None, str(wrong))
        except drafting.DraftError as wrong:
            form.add_error(None, str(wrong))
        else:
            return redirect("window:draft", known.pk)
    return _subject_page(request, one, form, status=422)


def _check_page(
    request: HttpRequest,
    one: Draft,
    form: CheckForm | None = None,
    names: NameForm | None = None,
    status: int = 200,
) -> HttpResponse:
    begun = {
        "item": one.item_version_id,
        "commitment_type": one.commitment_type,
        "late_materials": one.late_materials,
        "case_ref": one.case_ref,
    }
    about = about_subject(one.subject, request)
    context = frame(
        request,
        CHECK,
        draft=one,
        form=form or CheckForm(initial=begun),
        items=drafting.items_for(request.user, clock.today(), kind=one.subject.kind),
        names=names or NameForm(person=about["is_person"], initial={"name_source": one.subject.name_source}),
        **about,
    )
    return render(request, "commitments/window/check.html", context, status=status)


@on_draft
def check(request: HttpRequest, one: Draft) -> HttpResponse:
    """Check the subject for the chosen item; the draft goes on to reading or to the ordinary route."""
    if one.step not in drafting.WITH_SUBJECT:
        return redirect("window:draft", one.pk)
    form = CheckForm(request.POST)
    if form.is_valid():
        entered = form.cleaned_data
        try:
            checked = drafting.check_draft(
                draft_id=one.pk,
                clerk=request.user,
                item_version_id=entered["item"],
                commitment_type=entered["commitment_type"],
                late_materials=entered["late_materials"],
                case_ref=entered["case_ref"],
                now=clock.now(),
            )
        except drafting.DraftError as wrong:
            field = {"type": "commitment_type"}.get(wrong.field, wrong.field)
            form.add_error(field if field in form.fields else None, str(wrong))
        else:
            if checked.pk != one.pk:
                messages.info(request, WENT_ON)
            return redirect("window:draft", checked.pk)
    return _check_page(request, one, form, status=422)


@on_draft
def rename(request: HttpRequest, one: Draft) -> HttpResponse:
    """The licence bears another name than the record: the new one joins the subject's history."""
    if one.subject is None:
        return redirect("window:draft", one.pk)
    form = NameForm(request.POST, person=one.subject.kind == CreditSubject.Kind.PERSON)
    if form.is_valid():
        try:
            drafting.rename_draft_subject(
                draft_id=one.pk,
                clerk=request.user,
                name=form.cleaned_data["name"],
                name_source=form.cleaned_data["name_source"],
                now=clock.now(),
            )
        except (SubjectError, drafting.DraftError, codes.CodeError) as wrong:
            field = getattr(wrong, "field", "name")
            form.add_error(field if field in form.fields else None, str(wrong))
        else:
            return redirect("window:draft", one.pk)
    return _check_page(request, one, names=form, status=422)


@on_draft
def recheck(request: HttpRequest, one: Draft) -> HttpResponse:
    """Look once more, in the same procedure: an exception was allowed, or a document was believed."""
    try:
        drafting.recheck_draft(draft_id=one.pk, clerk=request.user, now=clock.now())
    except drafting.DraftError as wrong:
        messages.error(request, str(wrong))
    return redirect("window:draft", one.pk)


@on_draft
def another(request: HttpRequest, one: Draft) -> HttpResponse:
    """A further matter of the same subject, without typing the code again."""
    if one.subject is None:
        return redirect("window:draft", one.pk)
    try:
        opened = drafting.open_draft(
            clerk=request.user, code=one.subject.uscc or one.subject.id_number, now=clock.now(), fresh=True
        )
    except drafting.DraftError as wrong:
        messages.error(request, str(wrong))
        return redirect("window:draft", one.pk)
    return redirect("window:draft", opened.pk)


@counter
def discard(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """GET asks, POST gives the draft up."""
    one = own_draft(request, uuid)
    if one.step in (Draft.Step.DONE, Draft.Step.ORDINARY, Draft.Step.DISCARDED):
        return redirect("window:draft", one.pk)
    if request.method != "POST":
        return render(request, "commitments/window/discard.html", frame(request, draft=named([one])[0]))
    try:
        drafting.discard_draft(draft_id=one.pk, clerk=request.user, now=clock.now())
    except drafting.DraftError as wrong:
        messages.error(request, str(wrong))
        return redirect("window:draft", one.pk)
    messages.success(request, GIVEN_UP)
    return redirect("window:drafts")


def _ordinary_page(request: HttpRequest, one: Draft) -> HttpResponse:
    """Not a dead end: reasons, ways to put things right, where it goes on, the notice to print."""
    check = one.check_made
    context = frame(
        request,
        CHECK,
        draft=one,
        reopened=reopened(check),
        **about_subject(one.subject, request),
        **about_check(one),
    )
    return render(request, "commitments/window/ordinary.html", context)
