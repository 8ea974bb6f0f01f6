"""The counter opens a subject's own pages: the form, the slip with its code, and what the department has opened."""

import uuid as random_numbers
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe

from commitments import subject_access
from commitments.access_forms import AccessForm, EndAccessForm
from commitments.views_access import counter
from commitments.views_frame import frame
from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.documents.inspection import EvidenceRefused
from credit_portal.documents.qr import qr_data_uri
from credit_portal.registry import access, access_rules, codes
from credit_portal.registry.access import AccessError
from credit_portal.registry.models import SubjectAccess
from credit_portal.registry.paging import newest_first
from credit_portal.registry.services import find_subject
from verification.checking.forms import sent

PER_PAGE = 30
UNKNOWN = "本系统还没有登记这个主体：请先在“办理”中输入代码登记，再来开通。"


@counter
@sensitive_post_parameters("id_number")
def open_access(request: HttpRequest) -> HttpResponse:
    """GET: the form. POST: the slip, in the answer itself, for its code is kept nowhere."""
    form = AccessForm(request.POST or None, request.FILES or None, initial={"key": random_numbers.uuid4()})
    if request.method == "POST" and form.is_valid():
        typed = dict(form.cleaned_data)
        try:
            subject = find_subject(codes.parse_subject_code(typed.pop("code"), today=clock.today()).value)
            if subject is None:
                raise AccessError(UNKNOWN, field="code")
            slip = subject_access.open_at_window(
                subject=subject,
                actor=request.user,
                now=clock.now(),
                **typed | {"authorisation": sent(typed["authorisation"])},
            )
        except codes.CodeError as wrong:
            form.add_error("code", str(wrong))
        except EvidenceRefused as refused:
            form.add_error("authorisation", str(refused))
        except AccessError as wrong:
            if wrong.field == "key":
                messages.info(request, str(wrong))
                return redirect("window:access-list")
            form.add_error(wrong.field if wrong.field in form.fields else None, str(wrong))
        else:
            return _slip(request, slip.access, slip.code)
    context = frame(request, form=form)
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "commitments/window/access.html", context, status=status)


def _slip(request: HttpRequest, held: SubjectAccess, code: str) -> HttpResponse:
    address = settings.SITE["address"] + reverse("me:enter")
    return render(
        request,
        "commitments/window/access_slip.html",
        frame(
            request,
            held=held,
            subject=held.subject,
            code=access_rules.shown(code),
            until=clock.now() + access_rules.CODE_LIVES,
            hours=int(access_rules.CODE_LIVES.total_seconds() // 3600),
            tries=access_rules.MOST_TRIES,
            address=address,
            qr=qr_data_uri(address),
        ),
    )


@counter
def opened(request: HttpRequest) -> HttpResponse:
    """What the department has opened, the newest first; found by the subject's code, which never stands in an address."""
    rows = SubjectAccess.objects.filter(department=request.user.department_id).select_related("subject")
    sought = request.POST.get("code", "").replace("\0", "").strip()[:60]
    error = ""
    if sought:
        try:
            subject = find_subject(codes.parse_subject_code(sought, today=clock.today()).value)
            rows = rows.filter(subject=subject) if subject else rows.none()
        except codes.CodeError as wrong:
            error, rows = str(wrong), rows.none()
    shown, following = newest_first(rows, request, size=PER_PAGE)
    log_read(
        now=clock.now(), actor_id=request.user.pk, what="网上查询开通列表", target_type="subject_access_list",
        target_id=0, purpose=ReadLog.Purpose.HANDLING,
    )  # fmt: skip
    context = frame(
        request,
        rows=shown,
        sought=sought,
        error=error,
        today=clock.today(),
        next="" if sought else following,
    )
    return render(request, "commitments/window/access_list.html", context, status=422 if error else 200)


@counter
@require_safe
def one(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One access: who, until when, on how many devices; a new code, or its end."""
    return _page(request, _own(request, uuid), EndAccessForm())


@counter
def new_code(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """POST: another slip for an access that runs; the code before is worthless."""
    held = _own(request, uuid)
    if request.method != "POST":
        return redirect("window:access", held.uuid)
    if not request.POST.get("identity_seen"):
        messages.error(request, "请先查验使用人的身份证件，人证一致才能签发代码。")
        return redirect("window:access", held.uuid)
    try:
        code = access.issue_code(access_id=held.pk, actor=request.user, now=clock.now())
    except AccessError as wrong:
        messages.error(request, str(wrong))
        return redirect("window:access", held.uuid)
    return _slip(request, held, code)


@counter
def end(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """POST: ended, every device is out."""
    held = _own(request, uuid)
    if request.method != "POST":
        return redirect("window:access", held.uuid)
    form = EndAccessForm(request.POST)
    if form.is_valid():
        try:
            with transaction.atomic():
                access.end_by_staff(
                    access_id=held.pk, actor=request.user, now=clock.now(), **form.cleaned_data
                )
        except AccessError as wrong:
            form.add_error(wrong.field if wrong.field in form.fields else None, str(wrong))
        else:
            messages.success(request, "已终止，所有设备立即退出。")
            return redirect("window:access", held.uuid)
    return _page(request, held, form, status=422)


def _page(request: HttpRequest, held: SubjectAccess, form: Any, status: int = 200) -> HttpResponse:
    now, today = clock.now(), clock.today()
    log_read(
        now=now, actor_id=request.user.pk, what="网上查询开通", target_type="subject_access", target_id=held.pk,
        subject_id=held.subject_id, purpose=ReadLog.Purpose.HANDLING,
    )  # fmt: skip
    context = frame(
        request,
        held=held,
        subject=held.subject,
        running=access_rules.runs(
            valid_from=held.valid_from,
            valid_until=held.valid_until,
            ended=held.ended_at is not None,
            today=today,
        ),
        devices=held.sessions.filter(ended_at__isnull=True).count(),
        code=held.codes.order_by("-pk").first(),
        now=now,
        most_tries=access_rules.MOST_TRIES,
        form=form,
    )
    return render(request, "commitments/window/access_one.html", context, status=status)


def _own(request: HttpRequest, uuid: UUID) -> SubjectAccess:
    found = (
        SubjectAccess.objects.select_related("subject", "opened_by", "ended_by")
        .filter(uuid=uuid, department=request.user.department_id)
        .first()
    )
    if found is None:
        raise Http404("本部门没有这次开通。")
    return found
