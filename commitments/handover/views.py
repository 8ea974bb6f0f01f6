"""The desk's pages of hand-overs: mappings, trials, receptions, and the list that both sides sign."""

from uuid import UUID

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from commitments.bulk import jobs
from commitments.bulk import keeping as kept
from commitments.bulk.jobs import DOES, BulkRefused
from commitments.models import BulkFault, BulkJob, HandoverMapping, HandoverProtocol
from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.documents import answers
from credit_portal.documents.intake import MOST_BYTES
from credit_portal.documents.services import EvidenceDamaged, read_evidence
from credit_portal.registry.desk_access import check_own, desk
from credit_portal.registry.paging import newest_first

from . import protocol as protocols
from . import running
from .fields import NAMES, WORDS
from .forms import MappingForm, ProtocolForm, SampleForm, TrialForm
from .summing import DIFFERENT

PER_PAGE = 30
MOST_ROWS_SHOWN = 50
NO_MAPPING = "没有这份对照，或者它不在您的管理范围内。"
NO_JOB = "没有这次移交，或者它不在您的管理范围内。"


@desk(*DOES)
def home(request: HttpRequest) -> HttpResponse:
    """Read the head of a register, and the mappings and hand-overs of before."""
    typed = SampleForm(request.POST, request.FILES) if request.method == "POST" else SampleForm()
    if request.method == "POST" and typed.is_valid():
        try:
            saved = running.begin(
                name=typed.cleaned_data["name"], source=typed.cleaned_data["source"],
                file=_upload(typed.cleaned_data["file"]), actor=request.user, now=clock.now(),
            )  # fmt: skip
        except BulkRefused as error:
            typed.add_error(error.field if error.field in typed.fields else None, str(error))
        else:
            return redirect("handover:mapping", saved.pk)
    newest = running.latest(running.mappings_visible_to(request.user)).select_related("department", "made_by")
    found, more_mappings = newest_first(newest, request, size=PER_PAGE, edge="mappings_before")
    rows = running.jobs_visible_to(request.user).select_related("owner", "department", "mapping", "protocol")
    shown, more = newest_first(rows, request, size=PER_PAGE)
    return render(
        request,
        "desk/handover/home.html",
        {"form": typed, "mappings": found, "more_mappings": more_mappings, "rows": shown, "next": more},
        status=422 if typed.is_bound and typed.errors else 200,
    )  # fmt: skip


def _upload(file: UploadedFile) -> jobs.Upload:
    if (file.size or 0) > MOST_BYTES:
        raise BulkRefused(f"文件超过 {MOST_BYTES // 1024 // 1024} MB，请分成几个文件。", field="file")
    return jobs.Upload(file.name or "", file.read())


@desk(*DOES)
def mapping(request: HttpRequest, pk: int) -> HttpResponse:
    """One version: looked at, confirmed or changed, which makes the next."""
    saved = (
        running.mappings_visible_to(request.user)
        .select_related("department", "made_by")
        .filter(pk=pk)
        .first()
    )
    if saved is None:
        raise Http404(NO_MAPPING)
    own = saved.department_id == request.user.department_id
    if request.method == "POST":
        check_own(request, saved.department_id)
    newest = running.is_latest(saved)
    data = request.POST if request.method == "POST" else None
    form = MappingForm(saved, _unknown(saved), data)
    if request.method == "POST" and form.is_valid():
        try:
            fresh = running.save(
                mapping_id=saved.pk, columns=form.told_columns, constants=form.told_constants,
                words=form.told_words, day_order=form.cleaned_data["day_order"], actor=request.user,
                now=clock.now(),
            )  # fmt: skip
        except BulkRefused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"已保存为第 {fresh.version} 版。请用整份登记簿试运行。")
            return redirect("handover:mapping", fresh.pk)
    return _show_mapping(request, saved, form, TrialForm(), own=own, newest=newest)


def _show_mapping(
    request: HttpRequest, saved: HandoverMapping, form: MappingForm, trial_form: TrialForm, *, own: bool, newest: bool,
) -> HttpResponse:  # fmt: skip
    wrong = (form.is_bound and form.errors) or (trial_form.is_bound and trial_form.errors)
    return render(
        request,
        "desk/handover/mapping.html",
        {
            "saved": saved, "form": form, "trial": trial_form, "does": own and newest,
            "newest": newest, "own": own,
            "versions": HandoverMapping.objects.filter(department=saved.department_id, name=saved.name)
            .select_related("made_by").order_by("-version")[:PER_PAGE],
        },
        status=422 if wrong else 200,
    )  # fmt: skip


def _unknown(saved: HandoverMapping) -> dict[int, list[tuple[str, int]]]:
    """The words that the last trial of this version, or of the one that it came from, has found without a table."""
    last = (
        BulkJob.objects.filter(
            mapping__department=saved.department_id, mapping__name=saved.name, dry_run=True
        )
        .exclude(summary={})
        .order_by("-pk")
        .values_list("summary", flat=True)
        .first()
    )
    words = (last or {}).get("words", {})
    return {int(number): [(word, count) for word, count in table] for number, table in words.items()}


@desk(*DOES)
@require_POST
def trial(request: HttpRequest, pk: int) -> HttpResponse:
    """The whole register through this version, nothing stored."""
    saved = running.mappings_visible_to(request.user).select_related("department").filter(pk=pk).first()
    if saved is None:
        raise Http404(NO_MAPPING)
    check_own(request, saved.department_id)
    typed = TrialForm(request.POST, request.FILES)
    if typed.is_valid():
        try:
            job = running.try_out(
                mapping_id=saved.pk, file=_upload(typed.cleaned_data["file"]),
                department=request.user.department, actor=request.user,
                other_as=typed.cleaned_data["other_as"], now=clock.now(),
            )  # fmt: skip
        except BulkRefused as error:
            typed.add_error(error.field if error.field in typed.fields else None, str(error))
        else:
            return redirect("handover:job", job.uuid)
    own = saved.department_id == request.user.department_id
    return _show_mapping(
        request, saved, MappingForm(saved, _unknown(saved)), typed, own=own, newest=running.is_latest(saved)
    )


@desk(*DOES)
@require_safe
def job(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """A trial or a reception: how far it is, and what could not be taken."""
    return _show_job(request, _visible(request, uuid))


def _show_job(
    request: HttpRequest, found: BulkJob, *, error: str = "", form: ProtocolForm | None = None
) -> HttpResponse:
    own = found.department_id == request.user.department_id
    _log(request, found, "登记簿移交", own=own)
    faults = [
        (fault, fault.faults if fault.kind == BulkFault.Kind.BAD else [["", DIFFERENT]])
        for fault in found.faults.defer("sealed").order_by("row")[:MOST_ROWS_SHOWN]
    ]
    words = [
        (NAMES[int(number)], table)
        for number, table in found.summary.get("words", {}).items()
        if int(number) in WORDS
    ]
    report = [one | {"firsts": protocols.firsts(one["first"])} for one in found.summary.get("reasons", [])]
    made = HandoverProtocol.objects.filter(job=found).first()
    can_make = own and not found.dry_run and found.state == BulkJob.State.DONE and made is None
    return render(
        request,
        "desk/handover/job.html",
        {
            "job": found, "own": own, "error": error, "faults": faults, "reasons": report, "words": words,
            "more": max(found.bad + found.different - len(faults), 0),
            "percent": found.done * 100 // found.total if found.total else 0,
            "why_not": running.why_not(found, request.user) if found.dry_run else "",
            "runs": list(found.runs.order_by("-pk")[:5]) if found.dry_run else [],
            "protocol": made, "asked": kept.asked(found, request.user, clock.today()),
            "note": request.POST.get("note", ""), "early": "early" in request.POST,
            "form": form or (ProtocolForm(initial={
                "giver": found.department.name, "giver_person": found.trial.owner if found.trial else "",
                "receiver": _unit_of(found), "receiver_person": found.owner,
                "on": clock.today(),
            }) if can_make else None),
        },
        status=409 if error else 422 if form is not None and form.errors else 200,
    )  # fmt: skip


def _unit_of(found: BulkJob) -> str:
    """Whose the receiver is."""
    unit = found.owner.department if found.owner else None
    return (unit or found.department).name


@desk(*DOES)
@require_POST
def receive(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Take in what the trial has shown."""
    found = _visible(request, uuid)
    check_own(request, found.department_id)
    try:
        begun = running.receive(trial_id=found.pk, actor=request.user, now=clock.now())
    except BulkRefused as refused:
        return _show_job(request, found, error=str(refused))
    return redirect("handover:job", begun.uuid)


@desk(*DOES)
@require_POST
def keep(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Another person than the one of the reception confirms what the register tells of as kept in full."""
    found = _visible(request, uuid)
    check_own(request, found.department_id)
    try:
        kept.confirm(
            job_id=found.pk,
            note=request.POST.get("note", ""),
            early="early" in request.POST,
            actor=request.user,
            now=clock.now(),
        )
    except BulkRefused as refused:
        return _show_job(request, found, error=str(refused))
    return redirect("handover:job", found.uuid)


@desk(*DOES)
@require_POST
def protocol(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Make the list that both sides sign."""
    found = _visible(request, uuid)
    check_own(request, found.department_id)
    form = ProtocolForm(request.POST)
    if form.is_valid():
        try:
            protocols.make(
                job_id=found.pk,
                sides=protocols.Sides(**form.cleaned_data),
                actor=request.user,
                now=clock.now(),
            )
        except BulkRefused as error:
            if error.field not in form.fields:
                return _show_job(request, found, error=str(error))
            form.add_error(error.field, str(error))
        else:
            messages.success(request, "移交清单已制作，请打印后由双方签字盖章。")
            return redirect("handover:job", found.uuid)
    return _show_job(request, found, form=form)


@desk(*DOES)
@require_safe
def protocol_pdf(request: HttpRequest, uuid: UUID) -> HttpResponse:
    found = _visible(request, uuid)
    made = HandoverProtocol.objects.select_related("pdf").filter(job=found).first()
    if made is None:
        raise Http404("还没有制作移交清单。")
    _log(request, found, "移交清单", own=found.department_id == request.user.department_id)
    try:
        content = read_evidence(made.pdf)
    except EvidenceDamaged as damage:
        raise Http404(f"移交清单打不开：{damage}") from damage
    return answers.download(content, f"移交清单-{made.number}.pdf", "application/pdf")


@desk(*DOES)
@require_safe
def report(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """What could not be taken, as a workbook."""
    found = _visible(request, uuid)
    _log(request, found, "移交报告", own=found.department_id == request.user.department_id)
    what = "试运行" if found.dry_run else "接收"
    return answers.download(protocols.workbook(found), f"{found.name.rsplit('.', 1)[0]}-移交{what}报告.xlsx")


# ---- parts -------------------------------------------------------------------------------------------------


def _visible(request: HttpRequest, uuid: UUID) -> BulkJob:
    found = (
        running.jobs_visible_to(request.user)
        .select_related(
            "owner__department", "department", "file", "mapping__department", "trial__owner", "kept_by"
        )
        .filter(uuid=uuid)
        .first()
    )
    if found is None:
        raise Http404(NO_JOB)
    return found


def _log(request: HttpRequest, found: BulkJob, what: str, *, own: bool) -> None:
    log_read(
        now=clock.now(), actor_id=request.user.pk, what=what, target_type="bulk_job", target_id=found.pk,
        subject_id=None, purpose=ReadLog.Purpose.HANDLING if own else ReadLog.Purpose.SUPERVISION,
    )  # fmt: skip
