"""Evaluations from above at the desk of the credit office: taken in by file, given to named recipients. (R66, R124)"""

from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.documents import answers
from credit_portal.registry import groups
from credit_portal.registry.desk_access import desk
from credit_portal.registry.finding import looked_up
from credit_portal.registry.paging import newest_first
from credit_portal.registry.visibility import departments_visible_to, has_role
from verification.models import EvaluationPassing, EvaluationRecipient

from . import passing as passings_
from . import receiving
from .forms import PassForm, RecipientForm, UploadForm
from .receiving import EvaluationRefused

KEEPS = (groups.CREDIT_OFFICE,)
SEES = (*KEEPS, groups.AUDITOR)
MOST_FAULTS = 200


def _refuse(form: forms.Form, refused: EvaluationRefused) -> None:
    form.add_error(refused.field if refused.field in form.fields else None, str(refused))


@desk(*SEES)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The evaluations of the region, the newest first."""
    rows = passings_.evaluations_visible_to(request.user).select_related("subject", "upload", "corrected_by")
    sought = request.GET.get("q", "").replace("\0", "").strip()[:100]
    if sought:
        rows = rows.filter(subject__uscc=sought.upper())
    shown, following = newest_first(rows, request)
    audits = has_role(request.user, groups.AUDITOR)
    log_read(
        now=clock.now(), actor_id=request.user.pk, what=passings_.WHAT, target_type="evaluation_upload",
        target_id="list", subject_id=looked_up(sought, shown, today=clock.today()),
        purpose=ReadLog.Purpose.AUDIT if audits else ReadLog.Purpose.SUPERVISION,
    )  # fmt: skip
    return render(
        request,
        "desk/evaluations/home.html",
        {
            "rows": shown,
            "sought": sought,
            "next": following,
            "keeps": receiving.keeps(request.user),
            "uploads": list(
                receiving.uploads_visible_to(request.user).select_related("department").order_by("-pk")[:10]
            ),
        },
    )


@desk(*KEEPS)
def upload(request: HttpRequest) -> HttpResponse:
    """A file, taken in as a whole or not at all."""
    posted = request.method == "POST"
    form = UploadForm(request.POST if posted else None, request.FILES if posted else None)
    faults: list[tuple[int, str]] = []
    if posted and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            made = receiving.take(
                name=file.name,
                content=file.read(),
                actor=request.user,
                now=clock.now(),
                reason=form.cleaned_data["reason"],
            )
        except receiving.RowsRefused as refused:
            faults = refused.faults
            form.add_error("file", str(refused))
        except EvaluationRefused as refused:
            _refuse(form, refused)
        else:
            messages.success(
                request,
                f"文件 {made.rows} 行，新录入 {made.new} 条，更正 {made.corrected} 条，其余以前已经录入。"
                f"{passings_.to_be_told_again(made)}",
            )
            return redirect("evaluations:home")
    return render(
        request,
        "desk/evaluations/upload.html",
        {
            "form": form,
            "faults": faults[:MOST_FAULTS],
            "beyond": max(len(faults) - MOST_FAULTS, 0),
            "fields": receiving.FIELDS,
        },
        status=422 if posted else 200,
    )


@desk(*KEEPS)
@require_safe
def template(request: HttpRequest) -> HttpResponse:
    return answers.download(receiving.template(), "综合评价模板.xlsx")


@desk(*SEES, sends=KEEPS)
def recipients(request: HttpRequest) -> HttpResponse:
    """Who is given evaluations; the office names another."""
    keeps = receiving.keeps(request.user)
    posted = request.method == "POST"
    form = RecipientForm(
        request.POST if posted else None,
        departments=departments_visible_to(request.user).filter(is_active=True).order_by("name"),
    )
    if posted and form.is_valid():
        try:
            passings_.add_recipient(**form.cleaned_data, actor=request.user, now=clock.now())
        except EvaluationRefused as refused:
            _refuse(form, refused)
        else:
            messages.success(request, "已登记。")
            return redirect("evaluations:recipients")
    rows = passings_.recipients_visible_to(request.user).select_related("region")
    shown, following = newest_first(rows, request)
    return render(
        request,
        "desk/evaluations/recipients.html",
        {"rows": shown, "next": following, "form": form if keeps else None},
        status=422 if posted else 200,
    )


@desk(*KEEPS)
@require_POST
def switch(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Take a recipient out of use, or back."""
    row: EvaluationRecipient | None = passings_.recipients_visible_to(request.user).filter(uuid=uuid).first()
    if row is None:
        raise Http404("没有这个接收单位，或者它不在您的管理范围内。")
    active = request.POST.get("active") == "yes"
    try:
        passings_.switch_recipient(recipient_id=row.pk, active=active, actor=request.user, now=clock.now())
    except EvaluationRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "已恢复使用。" if active else "已停用。")
    return redirect("evaluations:recipients")


@desk(*KEEPS)
def give(request: HttpRequest) -> HttpResponse:
    """Make the file of a period for a recipient."""
    posted = request.method == "POST"
    form = PassForm(
        request.POST if posted else None,
        recipients=passings_.recipients_visible_to(request.user).filter(is_active=True),
        initial={"key": uuid4()},
    )
    if posted and form.is_valid():
        data = form.cleaned_data
        try:
            made = passings_.pass_on(
                recipient_id=data["recipient"].pk,
                period=data["period"],
                key=data["key"],
                actor=request.user,
                now=clock.now(),
            )
        except EvaluationRefused as refused:
            _refuse(form, refused)
        else:
            messages.success(request, f"已生成，编号 {made.number}，共 {made.rows} 行。")
            return redirect("evaluations:passing", made.uuid)
    return render(request, "desk/evaluations/pass.html", {"form": form}, status=422 if posted else 200)


@desk(*SEES)
@require_safe
def passings(request: HttpRequest) -> HttpResponse:
    rows = passings_.passings_visible_to(request.user).select_related("recipient", "fetch")
    shown, following = newest_first(rows, request)
    return render(
        request,
        "desk/evaluations/passings.html",
        {"rows": shown, "next": following, "keeps": receiving.keeps(request.user)},
    )


def _passing(request: HttpRequest, uuid: UUID) -> EvaluationPassing:
    found: EvaluationPassing | None = (
        passings_.passings_visible_to(request.user)
        .select_related("recipient", "passed_by", "fetch__fetched_by")
        .filter(uuid=uuid)
        .first()
    )
    if found is None:
        raise Http404("没有这次提供，或者它不在您的管理范围内。")
    return found


@desk(*SEES)
@require_safe
def passing(request: HttpRequest, uuid: UUID) -> HttpResponse:
    row = _passing(request, uuid)
    fetched = getattr(row, "fetch", None)
    return render(
        request,
        "desk/evaluations/passing.html",
        {"row": row, "fetched": fetched, "may_fetch": receiving.keeps(request.user) and fetched is None},
    )


@desk(*KEEPS)
@require_POST
def file(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The file, once."""
    row = _passing(request, uuid)
    return _file(request, row, reverse("evaluations:passing", args=[row.uuid]))


def _file(request: HttpRequest, row: EvaluationPassing, back: str) -> HttpResponse:
    try:
        content = passings_.fetch(passing_id=row.pk, actor=request.user, now=clock.now())
    except EvaluationRefused as refused:
        messages.error(request, str(refused))
        return redirect(back)
    return answers.download(content, f"{row.number}.xlsx")


@desk(*passings_.RECEIVES)
@require_safe
def received(request: HttpRequest) -> HttpResponse:
    """What was made for the user's own unit, the newest first."""
    rows = passings_.received_by(request.user).select_related("recipient", "fetch__fetched_by")
    shown, following = newest_first(rows, request)
    return render(request, "desk/evaluations/received.html", {"rows": shown, "next": following})


@desk(*passings_.RECEIVES)
@require_POST
def received_file(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The file, once, for the unit that it was made for."""
    row = passings_.received_by(request.user).filter(uuid=uuid).first()
    if row is None:
        raise Http404("没有这份文件，或者不是提供给本单位的。")
    return _file(request, row, reverse("evaluations:received"))
