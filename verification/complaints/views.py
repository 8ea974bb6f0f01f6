"""The desk's pages of consumers' complaints: the list, entering one or a file, one as a record with its result."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.documents import answers
from credit_portal.registry import codes, groups
from credit_portal.registry.desk_access import desk
from credit_portal.registry.finding import looked_up
from credit_portal.registry.models import Domain
from credit_portal.registry.paging import newest_first
from credit_portal.registry.visibility import has_role
from verification.memberships.reading import FieldErrors
from verification.models import ConsumerComplaint

from . import files, taking
from .forms import ComplaintForm, FileForm, StopForm
from .reading import HEADS, Told, read
from .taking import ComplaintRefused, RowsRefused

PER_PAGE = 50
MOST_FAULTS = 50
TABS = {"open": "处理中", "handled": "已办结", "ended": "已停止"}
_IN_TAB = {
    "open": Q(result="", ended_at__isnull=True),
    "handled": ~Q(result="") & Q(ended_at__isnull=True),
    "ended": Q(ended_at__isnull=False),
}
SEES = (groups.OFFICER, groups.HEAD, groups.CREDIT_OFFICE, groups.AUDITOR)
NO_COMPLAINT = "没有这条投诉，或者它不在您的管理范围内。"


@desk(*SEES)
@require_safe
def complaints(request: HttpRequest) -> HttpResponse:
    """The complaints of the user's reach, the newest first; found by their number or the code of the business."""
    tab = request.GET.get("state", "open")
    tab = tab if tab in TABS else "open"
    domain = request.GET.get("domain", "")
    domain = domain if domain in Domain.values else ""
    sought = request.GET.get("q", "").replace("\0", "").strip()[:60]
    rows = taking.complaints_visible_to(request.user).select_related("department")
    if sought:
        rows = rows.filter(Q(hotline_no=sought) | Q(subject__uscc=codes.clean(sought)))
    else:
        rows = rows.filter(_IN_TAB[tab])
    if domain:
        rows = rows.filter(domain=domain)
    shown, following = newest_first(rows, request, size=PER_PAGE)
    _log(request, "consumer_complaint_list", 0, "消费投诉列表", looked_up(sought, shown, today=clock.today()))
    return render(
        request,
        "desk/consumer/list.html",
        {
            "tabs": [(code, label, code == tab) for code, label in TABS.items()],
            "rows": shown,
            "sought": sought,
            "domain": domain,
            "domains": Domain.choices,
            "tab": tab,
            "does": has_role(request.user, *taking.DOES),
            "next": following,
        },
    )


@desk(*taking.DOES)
def new(request: HttpRequest) -> HttpResponse:
    """Enter one by hand."""
    form = ComplaintForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        try:
            row, fresh = _taken(request, form.told())
        except (FieldErrors, ComplaintRefused) as error:
            form.refuse(errors_of(error))
        else:
            messages.success(request, "已录入。" if fresh else "这个编号的投诉原已录入。")
            return redirect("consumer:complaint", row.uuid)
    return _form(request, form, title="录入消费投诉", button="录入", back=None)


def _taken(request: HttpRequest, told: dict[str, str]) -> tuple[ConsumerComplaint, bool]:
    taken = taking.take(
        {1: read(told, today=clock.today())}, by=taking.by_person(request.user), now=clock.now()
    )
    return taken.all[1], 1 in taken.new


def errors_of(error: FieldErrors | ComplaintRefused) -> Iterable[tuple[str, str]]:
    """What is wrong with one complaint, by key."""
    if isinstance(error, FieldErrors):
        return list(error.errors.items())
    if isinstance(error, RowsRefused):
        return [fault for faults in error.faults.values() for fault in faults]
    return [(error.field, str(error))]


def _form(
    request: HttpRequest, form: ComplaintForm, *, title: str, button: str, back: ConsumerComplaint | None
) -> HttpResponse:
    return render(
        request,
        "desk/consumer/form.html",
        {"form": form, "title": title, "button": button, "complaint": back},
        status=422 if form.is_bound and form.errors else 200,
    )


@desk(*taking.DOES)
def file(request: HttpRequest) -> HttpResponse:
    """Upload a file: every row is right and all are taken in, or none is."""
    form = FileForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"form": form, "faults": [], "more": 0, "looked": None}
    if request.method == "POST" and form.is_valid():
        upload, look = form.cleaned_data["file"], form.cleaned_data["look"]
        try:
            taken = files.take_file(
                name=upload.name, content=upload.read(), look=look, actor=request.user, now=clock.now()
            )
        except RowsRefused as error:
            faults = [
                (place, [(HEADS.get(key, ""), text) for key, text in fault])
                for place, fault in sorted(error.faults.items())
            ]
            context |= {"faults": faults[:MOST_FAULTS], "more": max(0, len(faults) - MOST_FAULTS)}
            form.add_error("file", f"{len(faults)} 行有误，一条也没有录入。")
        except ComplaintRefused as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            if not look:
                messages.success(request, f"已录入 {len(taken.new)} 条，{_others(taken)}。")
                return redirect("consumer:list")
            context["looked"] = (len(taken.new), _others(taken))
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "desk/consumer/file.html", context, status=status)


def _others(taken: taking.Taken) -> str:
    return f"补登处理结果 {len(taken.completed)} 条，原已录入 {len(taken.same)} 条"


@desk(*taking.DOES)
@require_safe
def template(request: HttpRequest) -> HttpResponse:
    return answers.download(files.template(), "消费投诉模板.xlsx")


@desk(*SEES, sends=taking.DOES)
def one(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One complaint as a record; its result, and taking it away."""
    row = _visible(request, uuid)
    deed = request.POST.get("deed", "") if request.method == "POST" else ""
    result = ComplaintForm(request.POST if deed == "result" else None, only_result=True)
    stop = StopForm(request.POST if deed == "stop" else None)
    try:
        if deed == "result":
            told = read(taking.told_of(row) | result.told(), today=clock.today())
            taking.give_result(complaint_id=row.pk, told=told, actor=request.user, now=clock.now())
            messages.success(request, "已登记处理结果。")
            return redirect("consumer:complaint", row.uuid)
        if deed == "stop" and stop.is_valid():
            taking.stop(
                complaint_id=row.pk, ending=stop.cleaned_data["ending"], note_text=stop.cleaned_data["note"],
                actor=request.user, now=clock.now(),
            )  # fmt: skip
            messages.success(request, "已停止，各处同时不再显示。")
            return redirect("consumer:complaint", row.uuid)
    except (FieldErrors, ComplaintRefused) as error:
        if deed == "result":
            result.refuse(errors_of(error))
        else:
            for key, text in errors_of(error):
                stop.add_error(key if key in stop.fields else None, text)
    _log(request, "consumer_complaint", row.pk, "消费投诉", row.subject_id)
    own = row.department_id == request.user.department_id and has_role(request.user, *taking.DOES)
    return render(
        request,
        "desk/consumer/complaint.html",
        {
            "complaint": row,
            "own": own and row.ended_at is None,
            "result": result,
            "stop": stop,
            "correction": ConsumerComplaint.objects.filter(corrects=row).first(),
        },
        status=422 if deed else 200,
    )


@desk(*taking.DOES)
def correct(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Put the right content in the place of a wrong one."""
    row = _visible(request, uuid)
    _log(request, "consumer_complaint", row.pk, "消费投诉", row.subject_id)
    form = ComplaintForm(request.POST if request.method == "POST" else None, initial=taking.told_of(row))
    if request.method == "POST":
        try:
            told: Told = read(form.told(), today=clock.today())
            fresh = taking.correct(complaint_id=row.pk, told=told, actor=request.user, now=clock.now())
        except (FieldErrors, ComplaintRefused) as error:
            form.refuse(errors_of(error))
        else:
            messages.success(request, "已更正，原记录已停止并保留存档。")
            return redirect("consumer:complaint", fresh.uuid)
    return _form(request, form, title=f"更正 {row.hotline_no}", button="更正", back=row)


def _visible(request: HttpRequest, uuid: UUID) -> ConsumerComplaint:
    found = (
        taking.complaints_visible_to(request.user)
        .select_related("department", "region", "entered_by", "partner", "corrects", "ended_by", "entry")
        .filter(uuid=uuid)
        .first()
    )
    if found is None:
        raise Http404(NO_COMPLAINT)
    return found


def _log(request: HttpRequest, target: str, target_id: int, what: str, subject_id: int | None = None) -> None:
    log_read(
        now=clock.now(), actor_id=request.user.pk, what=what, target_type=target, target_id=target_id,
        subject_id=subject_id, purpose=ReadLog.Purpose.SUPERVISION,
    )  # fmt: skip
