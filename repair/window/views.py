"""Taking an application in at the window, whichever hall it is: code, entry, who has come, what was brought, the repair
commitment on the turned screen, the receipt. And afterwards what was asked for, or taking it back."""

from typing import Any
from uuid import UUID

from csp.decorators import csp_exempt
from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from commitments.views_access import counter, wants_json
from commitments.views_frame import frame
from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.registry import codes
from credit_portal.registry.models import CreditSubject
from credit_portal.registry.services import find_subject
from repair import applying, filling, following, pledge_page, rules, showing
from repair.desk.forms import ApplicantForm, FindForm, PledgeCodeForm
from repair.models import RepairApplication
from repair.rules import RepairError
from verification import services as record

State = RepairApplication.State
LATEST = 10
STEPS = ("选记录", "办理人", "材料和承诺", "回执")
NOT_KNOWN = "没有这个主体的信用记录，不需要修复；请核对代码。"
NO_APPLICATION = "没有这件修复申请，或者它不是由本单位接收的。"


def _frame(request: HttpRequest, step: int | None, **context: Any) -> dict[str, Any]:
    """The counter's frame with the steps of repair."""
    steps = None
    if step is not None:
        steps = [
            {"label": label, "state": "done" if number < step else "current" if number == step else ""}
            for number, label in enumerate(STEPS, 1)
        ]
    return frame(request, **context) | {"steps": steps, "space": "window_repair"}


@counter
def start(request: HttpRequest) -> HttpResponse:
    """The code field; what was begun here and not handed in; what the hall has taken in lately. Also by the number of an
    application: whoever asks how it stands brings the receipt."""
    form = FindForm(request.POST or None)
    form.fields["code"].widget.attrs.update({"data-scan": True, "data-first": True})
    error = ""
    if request.method == "POST":
        typed = request.POST.get("code", "")
        known = _mine(request).filter(number=codes.clean(typed.replace("\0", ""))[:30] or "-").first()
        if known is not None:
            return redirect("window_repair:application", known.uuid)
        try:
            parsed = codes.parse_subject_code(typed, today=clock.today())
        except codes.CodeError as wrong:
            error = str(wrong)
        else:
            subject = find_subject(parsed.value)
            if subject is not None:
                return redirect("window_repair:subject", subject.uuid)
            error = NOT_KNOWN
    mine = _mine(request).select_related("subject", "entry")
    log_read(
        now=clock.now(), actor_id=request.user.pk, what="本单位接收的信用修复申请",
        target_type="repair_application_list", target_id=0, purpose=ReadLog.Purpose.HANDLING,
    )  # fmt: skip
    return render(
        request,
        "repair/window/start.html",
        _frame(
            request,
            1,
            form=form,
            error=error,
            drafts=list(mine.filter(state=State.DRAFT).order_by("-saved_at")[:LATEST]),
            latest=list(mine.filter(number__isnull=False).order_by("-pk")[:LATEST]),
        ),
        status=422 if error else 200,
    )


@counter
@require_safe
def subject(request: HttpRequest, subject: UUID) -> HttpResponse:
    """The adverse entries of whoever has come, each with the day from which it can be repaired and what is missing."""
    found = _subject(subject)
    rows = filling.rows_of(found, on=clock.today())
    _log(request, found)
    return render(
        request,
        "repair/window/subject.html",
        _frame(request, 1, subject=found, code_shown=found.shown_code, rows=rows),
    )


@counter
def begin(request: HttpRequest, subject: UUID, entry: int) -> HttpResponse:
    """Who has come, and with which document."""
    found = _subject(subject)
    try:
        position = applying.position_of(entry, on=clock.today())
    except RepairError as error:
        raise Http404(str(error)) from error
    if position.entry.subject_id != found.pk:
        raise Http404(applying.ERROR_OTHER)
    form = ApplicantForm(
        request.POST or None, request.FILES or None, kind=found.kind, own_name=filling.own_name(found)
    )
    if request.method == "POST" and form.is_valid():
        begun = filling.begin_by_form(
            form, entry_id=entry, subject=found, channel=RepairApplication.Channel.WINDOW,
            actor=request.user, now=clock.now(),
        )  # fmt: skip
        if begun is not None:
            return redirect("window_repair:draft", begun.uuid)
    _log(request, found)
    return render(
        request,
        "repair/window/begin.html",
        _frame(
            request, 2, subject=found, code_shown=found.shown_code, position=position, entry=position.entry,
            way=position.way, form=form,
        ),
        status=422 if form.is_bound and form.errors else 200,
    )  # fmt: skip


@counter
def draft(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """What was brought, the explanation, the repair commitment; handed in from here."""
    found = _application(request, uuid)
    if found.state != State.DRAFT:
        return redirect("window_repair:application", found.uuid)
    taken, status = None, 200
    if request.method == "POST":
        now, deed = clock.now(), request.POST.get("deed", "")
        taken = filling.save(request, found, actor=request.user, now=now)
        if deed == "use" and not taken.errors:
            code = request.POST.get("code", "")
            taken.note("pledge", pledge_page.use_code(found, code, actor=request.user, now=now))
        if taken.handed_in is not None:
            return redirect("window_repair:application", found.uuid)
        if not taken.errors:
            return redirect(f"window_repair:{'pledge' if deed == 'pledge' else 'draft'}", found.uuid)
        status = 422
        found = _application(request, uuid)
    context = filling.page_of(found, taken, now=clock.now()) | {"code_form": PledgeCodeForm()}
    return render(
        request,
        "repair/window/draft.html",
        _frame(request, 3, subject=found.subject, code_shown=found.subject.shown_code, **context),
        status=status,
    )


@counter
def pledge(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The repair commitment, read and signed on the turned screen."""
    found = _application(request, uuid)
    if found.state != State.DRAFT:
        return redirect("window_repair:application", found.uuid)
    return pledge_page.answer(
        request, found, space="window_repair", template="repair/window/pledge.html", clerk=request.user,
        now=clock.now(),
        more=_frame(request, 3, subject=found.subject, code_shown=found.subject.shown_code),
    )  # fmt: skip


@counter
@require_safe
def pledge_state(request: HttpRequest, uuid: UUID) -> HttpResponse:
    return pledge_page.state(_application(request, uuid), space="window_repair")


@counter
def application(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The receipt, how it stands, and what can be done for the subject: complete, take back."""
    found = _application(request, uuid)
    if found.state == State.DRAFT:
        return redirect("window_repair:draft", found.uuid)
    taken = None
    if request.method == "POST":
        taken = following.take(request, found, actor=request.user, now=clock.now())
        if not taken.errors:
            return redirect("window_repair:application", found.uuid)
        found = _application(request, uuid)
    log_read(
        now=clock.now(), actor_id=request.user.pk, what="信用修复申请", target_type="repair_application",
        target_id=found.pk, subject_id=found.subject_id, purpose=ReadLog.Purpose.HANDLING,
    )  # fmt: skip
    return render(
        request,
        "repair/window/application.html",
        _frame(request, 4, **showing.about(found, today=clock.today()), **following.page_of(found, taken)),
        status=422 if taken else 200,
    )


@counter
@csp_exempt()
@require_http_methods(["GET", "HEAD", "POST"])
def receipt(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The paper; asked for by a form, it is led to (a script prints it itself)."""
    if request.method == "POST":
        return JsonResponse({"paper": request.path}) if wants_json(request) else redirect(request.path)
    return showing.receipt(_application(request, uuid), actor_id=request.user.pk, now=clock.now())


@counter
@csp_exempt()
@require_safe
def paper(request: HttpRequest, uuid: UUID, evidence: UUID) -> HttpResponse:
    found = _application(request, uuid)
    answer = showing.file(found, evidence, actor_id=request.user.pk, now=clock.now())
    if isinstance(answer, str):
        messages.error(request, answer)
        return redirect("window_repair:application", found.uuid)
    return answer


def _mine(request: HttpRequest) -> Any:
    """What this hall has taken in, and the open ones of its own department."""
    return RepairApplication.objects.filter(
        Q(taken_in=request.user.department_id)
        | Q(department=request.user.department_id, state__in=rules.OPEN)
    )


def _application(request: HttpRequest, uuid: UUID) -> RepairApplication:
    found = showing.whole(_mine(request)).filter(uuid=uuid).first()
    if found is None:
        raise Http404(NO_APPLICATION)
    return found


def _subject(uuid: UUID) -> CreditSubject:
    found = CreditSubject.objects.filter(uuid=uuid).first()
    if found is None:
        raise Http404(NOT_KNOWN)
    return found


def _log(request: HttpRequest, subject: CreditSubject) -> None:
    record.log_record_read(
        user=request.user, target_type="repair_positions", target_id=subject.pk, subject_id=subject.pk,
        purpose=ReadLog.Purpose.HANDLING, now=clock.now(),
    )  # fmt: skip
