"""The desk's pages of a roster's files: upload, look at what it would do, take it in or not."""

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from commitments.models import RosterSort, RosterUpload
from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.documents import answers
from credit_portal.registry import groups
from credit_portal.registry.desk_access import desk
from credit_portal.registry.paging import newest_first

from . import taking, uploading
from .forms import UploadForm
from .taking import RosterRefused

SHOWN = 50
SHOWN_LEAVING = 200
DOES = (groups.ASSOCIATION, groups.CREDIT_OFFICE)
NAMES = {
    RosterSort.MEMBERS: "会员名单",
    RosterSort.MODEL: "诚信创建企业名单",
    RosterSort.ABOVE_SCALE: "规模以上企业名单",
}


def _sort(request: HttpRequest, sort: str) -> str:
    if sort not in NAMES:
        raise Http404("没有这种名单。")
    if sort not in taking.sorts_of(request.user):
        raise PermissionDenied(taking.NOT_YOURS)
    return sort


def _about(sort: str) -> dict[str, Any]:
    return {"sort": sort, "name": NAMES[RosterSort(sort)], "members": sort == RosterSort.MEMBERS}


@desk(*DOES)
def files(request: HttpRequest, sort: str) -> HttpResponse:
    """Upload a list, and the lists of before."""
    sort = _sort(request, sort)
    sent = request.method == "POST"
    form = UploadForm(
        request.POST if sent else None,
        request.FILES if sent else None,
        initial={"as_of": clock.today()},
    )
    if sent and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            upload = uploading.check_file(
                sort=sort,
                name=file.name,
                content=file.read(),
                as_of=form.cleaned_data["as_of"],
                actor=request.user,
                now=clock.now(),
            )
        except RosterRefused as refused:
            form.add_error(refused.field if refused.field in form.fields else None, str(refused))
        else:
            return redirect("rosters:file", sort, upload.uuid)
    rows = uploading.uploads_visible_to(request.user, sort).defer("sealed", "faults", "missing")
    shown, following = newest_first(rows, request, size=SHOWN)
    return render(
        request,
        "desk/rosters/files.html",
        {
            **_about(sort),
            "form": form,
            "rows": shown,
            "next": following,
            "heads": list(uploading.HEADS.values()),
        },
        status=422 if form.is_bound and form.errors else 200,
    )


def _upload(request: HttpRequest, sort: str, uuid: UUID) -> RosterUpload:
    found = (
        uploading.uploads_visible_to(request.user, _sort(request, sort))
        .select_related("department", "uploaded_by")
        .filter(uuid=uuid)
        .first()
    )
    if found is None:
        raise Http404("没有这个文件，或者它不在您的管理范围内。")
    return found


@desk(*DOES)
def file(request: HttpRequest, sort: str, uuid: UUID) -> HttpResponse:
    """What a list would do and what is wrong in it; taking it in, or not."""
    upload, error = _upload(request, sort, uuid), ""
    if request.method == "POST":
        common: dict[str, Any] = {"upload_id": upload.pk, "actor": request.user, "now": clock.now()}
        try:
            if request.POST.get("deed") == "discard":
                uploading.discard(**common)
            else:
                uploading.confirm(confirmed="confirmed" in request.POST, **common)
        except RosterRefused as refused:
            error = str(refused)
        else:
            return redirect("rosters:file", sort, upload.uuid)
    rows = uploading.rows_of(upload) if upload.faults else {}
    leaving = list(uploading.missing_of(upload)[:SHOWN_LEAVING]) if upload.missing else []
    if rows or leaving:
        _note_read(request, upload)
    return render(
        request,
        "desk/rosters/file.html",
        {
            **_about(sort),
            "upload": upload,
            "own": upload.department_id == request.user.department_id,
            "faults": [
                (
                    place,
                    uploading.shown(rows.get(place, {})),
                    [(uploading.cell(place, head), head, text) for head, text in fault],
                )
                for place, fault in upload.faults[:SHOWN]
            ],
            "more_faults": max(len(upload.faults) - SHOWN, 0),
            "leaving": leaving,
            "more_leaving": max(len(upload.missing) - SHOWN_LEAVING, 0),
            "error": error,
        },
        status=409 if error else 200,
    )


def _note_read(request: HttpRequest, upload: RosterUpload) -> None:
    log_read(
        now=clock.now(),
        actor_id=request.user.pk,
        what="名册文件",
        target_type="roster_upload",
        target_id=upload.pk,
        purpose=ReadLog.Purpose.HANDLING,
    )


@desk(*DOES)
@require_safe
def faults(request: HttpRequest, sort: str, uuid: UUID) -> HttpResponse:
    """The file as it stands, with a column that says what is wrong."""
    upload = _upload(request, sort, uuid)
    if not upload.sealed:
        raise Http404("这个文件已经录入或者放弃，没有检查结果。")
    _note_read(request, upload)
    return answers.download(uploading.faults_table(upload), f"检查结果-{upload.name.rsplit('.', 1)[0]}.xlsx")


@desk(*DOES)
@require_safe
def template(request: HttpRequest, sort: str) -> HttpResponse:
    sort = _sort(request, sort)
    return answers.download(uploading.template(sort), f"{NAMES[RosterSort(sort)]}模板.xlsx")
