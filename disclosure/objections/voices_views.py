"""The credit office's pages of complaints and of errors that people have pointed out."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.registry import groups
from credit_portal.registry.desk_access import check_own, desk
from credit_portal.registry.desk_reading import note_list
from credit_portal.registry.paging import newest_first
from credit_portal.registry.visibility import departments_visible_to
from disclosure.models import Complaint, ErrorTip

from . import complaints as service
from . import tips as tip_service
from .forms import ComplaintAnswerForm, TipAnswerForm
from .rules import ObjectionError

PER_PAGE = 50
OPEN = {"open": "待办理", "low": "排后处理", "done": "已答复"}


def _paged(request: HttpRequest, rows: QuerySet[Any], *, done: str) -> dict[str, Any]:
    """A keyset page by tab, the newest first."""
    tab = request.GET.get("tab", "open")
    tab = tab if tab in OPEN else "open"
    rows = rows.filter(**({done: False} if tab == "done" else {done: True, "low": tab == "low"}))
    shown, following = newest_first(rows, request, size=PER_PAGE)
    return {
        "tabs": [(code, label, code == tab) for code, label in OPEN.items()],
        "tab": tab,
        "rows": shown,
        "next": following,
    }


@desk(groups.CREDIT_OFFICE)
@require_safe
def complaints(request: HttpRequest) -> HttpResponse:
    """What was complained of; leaks stand out."""
    rows = service.complaints_visible_to(request.user).select_related("about", "office")
    note_list(request, what="投诉列表", target_type="complaint_list")
    return render(
        request, "desk/objections/complaints.html", _paged(request, rows, done="answered_at__isnull")
    )


def _complaint(request: HttpRequest, uuid: UUID) -> Complaint:
    found = (
        service.complaints_visible_to(request.user)
        .select_related("about", "office", "taken_by", "answered_by", "same_as")
        .filter(uuid=uuid)
        .first()
    )
    if found is None:
        raise Http404("没有这件投诉，或者它不由您的信用办办理。")
    return found


@desk(groups.CREDIT_OFFICE)
def complaint(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One complaint; taken up, then answered."""
    row = _complaint(request, uuid)
    form = ComplaintAnswerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            service.answer(
                complaint_id=row.pk, text=form.cleaned_data["text"], actor=request.user, now=clock.now()
            )
        except ObjectionError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            messages.success(request, "已答复。")
            return redirect("objections_desk:complaint", row.uuid)
    log_read(
        now=clock.now(), actor_id=request.user.pk, what="投诉", target_type="complaint", target_id=row.pk,
        purpose=ReadLog.Purpose.SUPERVISION,
    )  # fmt: skip
    own = row.office_id == request.user.department_id
    return render(
        request,
        "desk/objections/complaint.html",
        {"row": row, "form": form, "own": own},
        status=422 if form.is_bound and form.errors else 200,
    )


@desk(groups.CREDIT_OFFICE)
@require_POST
def take(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Begin to look into a complaint."""
    row = _complaint(request, uuid)
    check_own(request, row.office_id)
    try:
        service.take(complaint_id=row.pk, actor=request.user, now=clock.now())
    except ObjectionError as error:
        messages.error(request, str(error))
    return redirect("objections_desk:complaint", row.uuid)


@desk(groups.CREDIT_OFFICE)
@require_safe
def tips(request: HttpRequest) -> HttpResponse:
    """Errors that people have pointed out."""
    rows = tip_service.tips_visible_to(request.user)
    return render(request, "desk/objections/tips.html", _paged(request, rows, done="answered_at__isnull"))


@desk(groups.CREDIT_OFFICE)
def tip(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One of them: taken, with what becomes of it, or not."""
    row: ErrorTip | None = (
        tip_service.tips_visible_to(request.user)
        .select_related("office", "passed_to", "answered_by")
        .filter(uuid=uuid)
        .first()
    )
    if row is None:
        raise Http404("没有这条报错，或者它不由您的信用办处理。")
    units = departments_visible_to(request.user).filter(is_active=True).order_by("name")
    form = TipAnswerForm(request.POST or None, units=units)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            tip_service.answer(
                tip_id=row.pk, taken=data["taken"] == "yes", text=data["text"], became=data["became"],
                passed_to_id=data["passed_to"], actor=request.user, now=clock.now(),
            )  # fmt: skip
        except ObjectionError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            messages.success(request, "已处理。")
            return redirect("objections_desk:tips")
    log_read(
        now=clock.now(), actor_id=request.user.pk, what="报错", target_type="error_tip", target_id=row.pk,
        purpose=ReadLog.Purpose.SUPERVISION,
    )  # fmt: skip
    return render(
        request,
        "desk/objections/tip.html",
        {"row": row, "form": form, "own": row.office_id == request.user.department_id},
        status=422 if form.is_bound and form.errors else 200,
    )
