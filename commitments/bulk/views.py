"""The desk's pages of uploads: a file in, how far it is, what did not go in, old beside new, and breaches to look into."""

from uuid import UUID

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from commitments.case_rules import DOES as JUDGES
from commitments.models import BulkFault, BulkJob, ImportedCommitment
from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.deadlines import duties
from credit_portal.documents import answers
from credit_portal.documents.intake import MOST_BYTES
from credit_portal.registry.desk_access import check_own, desk
from credit_portal.registry.paging import newest_first
from credit_portal.registry.visibility import has_role

from . import jobs, keeping, results, settling, takeover, writing
from .forms import SettleForm, UploadForm
from .jobs import DOES, BulkRefused

PER_PAGE = 50
CSV = "text/csv; charset=utf-8"
NO_JOB = "没有这次上传，或者它不在您的管理范围内。"
TABS = {"waiting": "待认定", "case": "已立案", "dismissed": "不立案"}
Kind, FaultState = BulkFault.Kind, BulkFault.State


@desk(*DOES)
def home(request: HttpRequest) -> HttpResponse:
    """Upload a file, and the uploads of before."""
    typed = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    if request.method == "POST" and typed.is_valid():
        try:
            job = jobs.start(
                file=_upload(typed.cleaned_data["file"], "file"),
                scans=_upload(typed.cleaned_data["scans"], "scans") if typed.cleaned_data["scans"] else None,
                department=request.user.department,
                actor=request.user,
                other_as=typed.cleaned_data["other_as"],
                dry_run=typed.cleaned_data["dry_run"],
                now=clock.now(),
            )
        except BulkRefused as error:
            typed.add_error(error.field if error.field in typed.fields else None, str(error))
        else:
            return redirect("bulk:job", job.uuid)
    # Hand-overs have a list of their own (`/desk/handover/`).
    own = jobs.jobs_visible_to(request.user).filter(mapping=None)
    rows, more = newest_first(own.select_related("owner", "department"), request, size=PER_PAGE)
    return render(
        request,
        "desk/bulk/home.html",
        {"form": typed, "rows": rows, "next": more, "waiting": settling.open_for(request.user), "kept_days": results.KEPT_DAYS},
        status=422 if typed.is_bound and typed.errors else 200,
    )  # fmt: skip


def _upload(file: UploadedFile, field: str) -> jobs.Upload:
    if (file.size or 0) > MOST_BYTES:
        raise BulkRefused(f"文件超过 {MOST_BYTES // 1024 // 1024} MB，请分成几个文件。", field=field)
    return jobs.Upload(file.name or "", file.read())


@desk(*DOES)
@require_safe
def template(request: HttpRequest, kind: str) -> HttpResponse:
    if kind not in ("xlsx", "csv"):
        raise Http404("没有这种模板。")
    return _download(results.template(kind), f"承诺归集模板.{kind}", kind)


@desk(*DOES)
@require_safe
def job(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One upload: how far it is, and what became of its rows."""
    return _show(request, _visible(request, uuid))


def _show(request: HttpRequest, found: BulkJob, *, error: str = "") -> HttpResponse:
    faults = list(
        found.faults.filter(kind=Kind.BAD).only("row", "faults", "kind", "job").order_by("row")[:PER_PAGE]
    )
    own = found.department_id == request.user.department_id
    _log(request, "bulk_job", found.pk, "批量上传", own=own)
    return render(
        request,
        "desk/bulk/job.html",
        {
            "job": found,
            "own": own,
            "faults": faults,
            "more": max(found.bad - len(faults), 0),
            "open_corrections": found.faults.filter(kind=Kind.DIFFERENT, state=FaultState.OPEN).count(),
            "not_taken": found.faults.filter(kind=Kind.DIFFERENT, state=FaultState.REFUSED).count(),
            "percent": found.done * 100 // found.total if found.total else 0,
            "error": error,
            "note": request.POST.get("note", ""),
            "early": "early" in request.POST,
            "asked": keeping.asked(found, request.user, clock.today()),
        },
        status=409 if error else 200,
    )


@desk(*DOES)
@require_POST
def deed(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Cancel an upload, take its corrections over, or confirm what it tells of as kept in full."""
    found = _visible(request, uuid)
    check_own(request, found.department_id)
    told = {"job_id": found.pk, "actor": request.user, "now": clock.now()}
    try:
        match request.POST.get("deed"):
            case "take":
                takeover.confirm(**told)
            case "keep":
                keeping.confirm(note=request.POST.get("note", ""), early="early" in request.POST, **told)
            case _:
                jobs.cancel(**told)
    except BulkRefused as refused:
        return _show(request, found, error=str(refused))
    return redirect("bulk:job", found.uuid)


@desk(*DOES)
@require_safe
def changes(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The rows that say something else than before: old beside new."""
    found = _visible(request, uuid)
    after = request.GET.get("after", "")
    rows = found.faults.filter(kind=Kind.DIFFERENT).defer("sealed")
    if after.isascii() and after.isdigit():
        rows = rows.filter(row__gt=int(after[:9]))
    shown = list(rows.order_by("row")[: PER_PAGE + 1])
    _log(
        request, "bulk_job", found.pk, "批量上传的更正", own=found.department_id == request.user.department_id
    )
    return render(
        request,
        "desk/bulk/changes.html",
        {
            "job": found,
            "own": found.department_id == request.user.department_id,
            "rows": [
                (one, [(results.label_of(number), old, new) for number, old, new in one.changes])
                for one in shown[:PER_PAGE]
            ],
            "next": f"?after={shown[PER_PAGE - 1].row}" if len(shown) > PER_PAGE else "",
            "open_corrections": found.faults.filter(kind=Kind.DIFFERENT, state=FaultState.OPEN).count(),
        },
    )


@desk(*DOES)
@require_safe
def result(request: HttpRequest, uuid: UUID, kind: str) -> HttpResponse:
    """What did not go in, as a table; it holds numbers of persons, so who fetches it is logged."""
    found = _visible(request, uuid)
    try:
        content = results.content_of(found, kind if kind in ("xlsx", "csv") else "xlsx")
    except results.ResultGone as gone:
        raise Http404(str(gone)) from gone
    _log(
        request,
        "bulk_job",
        found.pk,
        "批量上传的错误表",
        own=found.department_id == request.user.department_id,
    )
    return _download(content, f"{found.name.rsplit('.', 1)[0]}-错误.{kind}", kind)


# ---- breaches that files tell of ---------------------------------------------------------------------------


@desk(*DOES)
@require_safe
def breaches(request: HttpRequest) -> HttpResponse:
    tab = request.GET.get("state", "waiting")
    tab = tab if tab in TABS else "waiting"
    rows = (
        settling.waiting_for(request.user)
        .filter(breach=tab)
        .select_related("commitment__subject", "department", "case")
    )
    shown, more = newest_first(rows, request, size=PER_PAGE)
    _log(request, "bulk_breaches", 0, "归集文件载有的违诺", own=False)
    return render(
        request,
        "desk/bulk/breaches.html",
        {
            "rows": [(one, settling.outcome_in_words(one)) for one in shown],
            "next": more,
            "tabs": [(code, label, code == tab) for code, label in TABS.items()],
        },
    )


@desk(*DOES)
def breach(request: HttpRequest, pk: int) -> HttpResponse:
    """What the file told, and what the department makes of it."""
    row = (
        settling.waiting_for(request.user)
        .select_related("commitment__subject", "department", "job", "case", "settled_by")
        .filter(pk=pk)
        .first()
    )
    if row is None:
        raise Http404("没有这一件，或者它不在您的管理范围内。")
    if request.method == "POST":
        check_own(request, row.department_id)
    form = SettleForm(
        request.POST if request.method == "POST" else None, initial={"facts": settling.facts_of(row)}
    )
    if request.method == "POST" and form.is_valid():
        try:
            return _settled(request, row, form)
        except BulkRefused as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
    own = row.department_id == request.user.department_id
    _log(request, "commitment", row.pk, "归集文件载有的违诺", own=own, subject_id=row.commitment.subject_id)
    return render(
        request,
        "desk/bulk/breach.html",
        {
            "row": row,
            "commitment": row.commitment,
            "outcome": settling.outcome_in_words(row),
            "form": form,
            "does": own
            and row.breach == ImportedCommitment.Breach.WAITING
            and has_role(request.user, *JUDGES),
            "duties": duties.duties_of(writing.matter_of(row.commitment)),
            "today": clock.today(),
        },
        status=422 if form.is_bound and form.errors else 200,
    )


def _settled(request: HttpRequest, row: ImportedCommitment, form: SettleForm) -> HttpResponse:
    told = form.cleaned_data
    if told["outcome"] == "case":
        case = settling.open_case(
            commitment_id=row.pk,
            facts=told["facts"],
            note=told["note"],
            actor=request.user,
            now=clock.now(),
        )
        messages.success(request, f"已立案 {case.number}。")
        return redirect("cases:case", case.uuid)
    settling.dismiss(commitment_id=row.pk, note=told["note"], actor=request.user, now=clock.now())
    messages.success(request, "已登记：核实后不立案。")
    return redirect("bulk:breaches")


# ---- parts -------------------------------------------------------------------------------------------------


def _visible(request: HttpRequest, uuid: UUID) -> BulkJob:
    found = (
        jobs.jobs_visible_to(request.user)
        .select_related("owner", "department", "file", "confirmed_by", "kept_by")
        .filter(uuid=uuid)
        .first()
    )
    if found is None:
        raise Http404(NO_JOB)
    return found


def _log(
    request: HttpRequest, target: str, target_id: int, what: str, *, own: bool, subject_id: int | None = None
) -> None:
    log_read(
        now=clock.now(), actor_id=request.user.pk, what=what, target_type=target, target_id=target_id,
        subject_id=subject_id, purpose=ReadLog.Purpose.HANDLING if own else ReadLog.Purpose.SUPERVISION,
    )  # fmt: skip


def _download(content: bytes, name: str, kind: str) -> HttpResponse:
    return answers.download(content, name, CSV if kind == "csv" else answers.XLSX)
