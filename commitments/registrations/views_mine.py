"""Voluntary registration on a subject's own pages: told piece by piece, signed for together, followed, taken back."""

from typing import Any
from uuid import UUID

from csp.decorators import csp_exempt
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from commitments.associations.forms import bound
from commitments.associations.member_views import shown
from commitments.concluding import Upload
from commitments.drafting import DraftError
from commitments.models import Registration
from credit_portal.audit import clock
from credit_portal.deadlines import duties
from credit_portal.documents.inspection import EvidenceRefused
from credit_portal.registry.acting import for_subjects, log_own_read
from credit_portal.registry.paging import newest_first

from . import expected, filling, submitting, verifying
from .forms import AnswerForm, RegistrationForm
from .rules import BY_SUBJECT, HELP, FieldErrors, RegistrationError, State

BEING_SIGNED = "这一条已经列入正在签署的清单，不能修改；要修改的，先放弃这次签署。"
TONES = {
    State.DRAFT: "",
    State.SUBMITTED: "waiting",
    State.ASKED: "waiting",
    State.VERIFIED: "kept",
    State.REFUSED: "broken",
    State.FALSE: "broken",
}


@for_subjects()
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """All of the subject's own; those not submitted yet can be ticked and signed for together."""
    subject = request.acting.subject
    rows = filling.registrations_of(subject)
    drafts = list(rows.filter(state=State.DRAFT)[: filling.MOST_DRAFTS])
    shown_rows, following = newest_first(rows.exclude(state=State.DRAFT), request)
    _log(request, "list", 0)
    return render(
        request,
        "me/registration/home.html",
        {
            "drafts": drafts,
            "rows": [(row, TONES.get(State(row.state), "")) for row in shown_rows],
            "next": following,
            "may_act": request.acting.may_act,
            "lists": expected.is_expected(subject, clock.today()),
            "most": submitting.MOST_AT_ONCE,
        },
    )


def _log(request: HttpRequest, what: str, target_id: int) -> None:
    log_own_read(
        request.acting,
        what="自愿注册信息",
        target_type="registration" if target_id else "registration_list",
        target_id=target_id,
        now=clock.now(),
    )


def _own(request: HttpRequest, uuid: UUID) -> Registration:
    found = filling.registrations_of(request.acting.subject).filter(uuid=uuid).first()
    if found is None:
        raise Http404(filling.NOT_YOURS)
    return found


def _file(form: Any, name: str = "proof") -> Upload | None:
    file = form.cleaned_data.get(name)
    return Upload(file.read(), file.content_type or "", file.name) if file else None


@for_subjects(act=True)
def new(request: HttpRequest) -> HttpResponse:
    """Tell one piece of information."""
    return _form_page(request, None)


@for_subjects(act=True)
def edit(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Change what has not been submitted yet."""
    row = _own(request, uuid)
    if row.state != State.DRAFT or row.being_signed:
        messages.info(request, BEING_SIGNED if row.being_signed else filling.ONLY_DRAFTS)
        return redirect("my_registration:one", uuid)
    return _form_page(request, row)


def _form_page(request: HttpRequest, row: Registration | None) -> HttpResponse:
    initial = (
        {name: getattr(row, name) for name in RegistrationForm.base_fields if name != "proof"} if row else {}
    )
    form = bound(RegistrationForm, request, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            filling.save(
                access=request.acting.access,
                told=form.told(),
                proof=_file(form),
                registration_uuid=row.uuid if row else None,
                now=clock.now(),
            )
        except FieldErrors as wrong:
            for name, words in wrong.errors.items():
                form.add_error(name, words)
        except RegistrationError as wrong:
            form.add_error(None, str(wrong))
        except EvidenceRefused as wrong:
            form.add_error("proof", str(wrong))
        else:
            messages.success(request, "已保存。勾选以后签署真实性承诺，才会提交核实。")
            return redirect("my_registration:home")
    return render(
        request,
        "me/registration/form.html",
        {"form": form, "row": row, "help": [(kind.label, words) for kind, words in HELP.items()]},
        status=422 if form.is_bound and form.errors else 200,
    )


@for_subjects(act=True)
@require_POST
def sign(request: HttpRequest) -> HttpResponse:
    """Put what was ticked on a list and go on to read and sign the commitment to its truth."""
    try:
        uuids = [UUID(one) for one in request.POST.getlist("one")[: submitting.MOST_AT_ONCE + 1]]
        draft = submitting.prepare(access=request.acting.access, uuids=uuids, now=clock.now())
    except ValueError as wrong:
        known = isinstance(wrong, RegistrationError | DraftError)
        messages.error(request, str(wrong) if known else "请勾选要提交的信息。")
        return redirect("my_registration:home")
    return redirect("me_sign:draft", draft.pk)


@for_subjects()
@require_safe
def one(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One, with where it stands and what has happened to it."""
    row = _own(request, uuid)
    _log(request, "one", row.pk)
    return _one_page(request, row)


def _one_page(request: HttpRequest, row: Registration, status: int = 200, **more: Any) -> HttpResponse:
    due = next(
        (duty for duty in duties.duties_of(filling.matter_of(row)) if duty.state in duties.OPEN_STATES), None
    )
    context = {
        "row": row,
        "tone": TONES.get(State(row.state), ""),
        "due": due,
        "steps": list(row.steps.order_by("id")),
        "may_act": request.acting.may_act,
        "may_withdraw": request.acting.may_act and row.state in BY_SUBJECT[State.WITHDRAWN],
        "form": AnswerForm() if row.state == State.ASKED and request.acting.may_act else None,
    }
    return render(request, "me/registration/one.html", context | more, status=status)


@for_subjects(act=True)
@require_POST
def withdraw(request: HttpRequest, uuid: UUID) -> HttpResponse:
    row = _own(request, uuid)
    try:
        filling.withdraw(registration_uuid=row.uuid, access=request.acting.access, now=clock.now())
    except RegistrationError as wrong:
        messages.error(request, str(wrong))
        return redirect("my_registration:one", uuid)
    messages.success(request, "已撤回，不再计入信用记录。")
    return redirect("my_registration:home")


@for_subjects(act=True)
def answer(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Bring what was asked for."""
    row = _own(request, uuid)
    if request.method != "POST":
        return redirect("my_registration:one", uuid)
    form = bound(AnswerForm, request)
    if form.is_valid():
        try:
            verifying.answer(
                registration_uuid=row.uuid,
                access=request.acting.access,
                text=form.cleaned_data["text"],
                proof=_file(form),
                now=clock.now(),
            )
        except RegistrationError as wrong:
            form.add_error(wrong.field if wrong.field in form.fields else None, str(wrong))
        except EvidenceRefused as wrong:
            form.add_error("proof", str(wrong))
        else:
            messages.success(request, "已补正，部门继续核实。")
            return redirect("my_registration:one", uuid)
    return _one_page(request, row, status=422, form=form)


@for_subjects()
@require_safe
@csp_exempt()
def proof(request: HttpRequest, uuid: UUID, which: str) -> HttpResponse:
    """The proof, or what was brought afterwards."""
    row = _own(request, uuid)
    file = {"proof": row.proof, "answer": row.answer_proof}.get(which)
    if file is None:
        raise Http404("没有这份证明。")
    _log(request, "proof", row.pk)
    return shown(file, "证明")
