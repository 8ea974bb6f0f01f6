"""The office's pages of what goes up: the region's report, and assessments by outside bodies."""

from typing import Any
from uuid import UUID

from django import forms as django_forms
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from credit_portal.audit import clock
from credit_portal.audit.admin_base import posted
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.documents import answers
from credit_portal.documents.inspection import EvidenceRefused
from credit_portal.documents.models import EvidenceFile
from credit_portal.documents.services import EvidenceDamaged, read_evidence, store_evidence
from credit_portal.registry import groups
from credit_portal.registry.desk_access import desk
from credit_portal.registry.paging import newest_first
from credit_portal.registry.visibility import has_role
from disclosure.models import Assessment, ProgressSummary
from disclosure.progress import assessments, papers, periods, summaries
from disclosure.progress.files import Sheet, workbook
from disclosure.progress.parts import ProgressError, from_data

from . import figures, gathering
from .forms import CancelForm, CommissionForm, NamingForm, ResultForm, SendUpForm, SummaryForm
from .spans import span_of
from .views import back_to_half, figures_shown, half_or_404

PER_PAGE = 50
WATCHES = (groups.CREDIT_OFFICE, groups.AUDITOR)


def _refused(form: django_forms.Form, error: ProgressError) -> str:
    """Put what a service says beside its field; what has no field in this form is given back."""
    if error.field in form.fields:
        form.add_error(error.field, str(error))
        return ""
    return str(error)


def _paper(request: HttpRequest, file: EvidenceFile | None, name: str, missing: str) -> HttpResponse:
    """A stored paper; that it was opened is written down."""
    if file is None:
        raise Http404(missing)
    try:
        content = read_evidence(file)
    except EvidenceDamaged as error:
        raise Http404("文书已损坏，请联系系统管理员。") from error
    log_read(
        now=clock.now(),
        actor_id=request.user.pk,
        what="进展和评估文书",
        target_type="evidence",
        target_id=file.pk,
        purpose=ReadLog.Purpose.SUPERVISION,
    )
    return answers.download(content, name or file.original_name or "文书", file.content_type)


# ---- the region's report -----------------------------------------------------------------------------------


@desk(groups.CREDIT_OFFICE)
def new_summary(request: HttpRequest) -> HttpResponse:
    """Write the region's report with the figures of today."""
    user, today = request.user, clock.today()
    half = half_or_404(request.GET.get("half", ""))
    region = user.department.region
    before = (
        ProgressSummary.objects.filter(office=user.department, half=half.code).order_by("-version").first()
    )
    numbers = figures.in_words(figures.total(gathering.numbers_of(region, half, today)))
    form = SummaryForm(
        posted(request),
        again=before is not None,
        initial=(
            {"effects": before.effects, "problems": before.problems, "plans": before.plans} if before else {}
        ),
    )
    error = ""
    if request.method == "POST" and form.is_valid():
        try:
            made = summaries.draft(
                half=half.code, figures=numbers, cases=gathering.cases_of(region, half, today),
                as_of=span_of(half, today).until, actor=user, now=clock.now(), **form.cleaned_data,
            )  # fmt: skip
        except ProgressError as raised:
            error = _refused(form, raised)
        else:
            messages.success(request, "已拟稿，由另一人签发。")
            return redirect("progress:summary", made.uuid)
    return render(
        request,
        "desk/progress/summary_new.html",
        {
            "half": half,
            "region": region,
            "form": form,
            "error": error,
            "as_of": span_of(half, today).until,
            **figures_shown(numbers, region.code, half),
        },
        status=422 if error or form.errors else 200,
    )


def _summary(request: HttpRequest, uuid: UUID) -> ProgressSummary:
    rows = summaries.summaries_visible_to(request.user)
    return get_object_or_404(
        rows.select_related("office", "region", "document", "drafted_by", "issued_by"), uuid=uuid
    )


@desk(*WATCHES, sends=[groups.CREDIT_OFFICE])
def summary(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The region's report: signed by another, given up while it is a draft, its going up noted."""
    row, user = _summary(request, uuid), request.user
    deed = request.POST.get("deed")
    form = SendUpForm(request.POST if deed == "send_up" else None, initial={"on": clock.today()})
    error = ""
    if request.method == "POST":
        common: dict[str, Any] = {"summary_id": row.pk, "actor": user, "now": clock.now()}
        try:
            match deed:
                case "issue":
                    summaries.issue(**common)
                    messages.success(request, "已签发。")
                    return redirect("progress:summary", row.uuid)
                case "discard":
                    summaries.discard(**common)
                    messages.success(request, "已放弃这份拟稿。")
                    return redirect(back_to_half(row.half))
                case "send_up" if form.is_valid():
                    summaries.send_up(**common, **form.cleaned_data)
                    messages.success(request, "已登记上报。")
                    return redirect("progress:summary", row.uuid)
        except ProgressError as raised:
            error = _refused(form, raised)
    half = periods.parse(row.half)
    return render(
        request,
        "desk/progress/summary.html",
        {
            "summary": row,
            "half": half,
            "form": form,
            "error": error,
            "own": row.office_id == user.department_id and has_role(user, groups.CREDIT_OFFICE),
            **figures_shown(from_data(row.figures), row.region_id, half, summary=row.number),
            # Reports written before cases were kept with them open nothing.
            "linked": row.cases.exists(),
        },
        status=422 if error or (form.is_bound and form.errors) else 200,
    )


@desk(*WATCHES)
@require_safe
def summary_paper(request: HttpRequest, uuid: UUID) -> HttpResponse:
    row = _summary(request, uuid)
    return _paper(request, row.document, f"{papers.TITLE} {row.number}.pdf", "签发以后才有文书。")


@desk(*WATCHES)
@require_safe
def summary_xlsx(request: HttpRequest, uuid: UUID) -> HttpResponse:
    return summary_file(_summary(request, uuid))


def summary_file(row: ProgressSummary) -> HttpResponse:
    """The region's report as it was written, as a workbook."""
    units = [("单位", "报送情况"), *((unit["name"], unit["text"]) for unit in row.units)]
    sheet = Sheet(
        row.region.name,
        (f"{row.region.name}　{periods.in_words(row.half)}", f"编号 {row.number}　数据截至 {row.as_of}"),
        from_data(row.figures),
        [("应用成效", row.effects), ("存在的问题", row.problems), ("下一步打算", row.plans)],
    )
    return answers.download(
        workbook([sheet], overview=units), f"{row.region.name}进展总报告{row.number}.xlsx"
    )


# ---- assessments -------------------------------------------------------------------------------------------


@desk(*WATCHES)
@require_safe
def assessment_list(request: HttpRequest) -> HttpResponse:
    rows = assessments.assessments_visible_to(request.user).select_related("office")
    shown, following = newest_first(rows, request, size=PER_PAGE)
    return render(
        request,
        "desk/progress/assessments.html",
        {
            "rows": shown,
            "next": following,
            "writes": has_role(request.user, groups.CREDIT_OFFICE),
        },
    )


@desk(groups.CREDIT_OFFICE)
def new_assessment(request: HttpRequest) -> HttpResponse:
    """Register that a body has been commissioned."""
    form = CommissionForm(posted(request), initial={"commissioned_on": clock.today()})
    error = ""
    if request.method == "POST" and form.is_valid():
        try:
            made = assessments.commission(**form.cleaned_data, actor=request.user, now=clock.now())
        except ProgressError as raised:
            error = _refused(form, raised)
        else:
            messages.success(request, f"已登记委托，编号 {made.number}。")
            return redirect("progress:assessment", made.uuid)
    return render(
        request,
        "desk/progress/assessment_new.html",
        {"form": form, "error": error},
        status=422 if error or form.errors else 200,
    )


def _assessment(request: HttpRequest, uuid: UUID) -> Assessment:
    rows = assessments.assessments_visible_to(request.user).select_related(
        "office",
        "region",
        "report_file",
        "document",
        "named_file",
        "commissioned_by",
        "received_by",
        "issued_by",
    )
    return get_object_or_404(rows, uuid=uuid)


@desk(*WATCHES, sends=[groups.CREDIT_OFFICE])
def assessment(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One assessment as a record, with the step that comes next."""
    row = _assessment(request, uuid)
    deed = request.POST.get("deed", "") if request.method == "POST" else ""
    forms = _forms(request, row, deed)
    error = ""
    if deed:
        try:
            done = _do(request, row, deed, forms)
        except ProgressError as raised:
            error = _refused(forms[deed], raised) if deed in forms else str(raised)
        except EvidenceRefused as refused:
            form = forms[deed]
            form.add_error("report_file" if "report_file" in form.fields else "file", str(refused))
        else:
            if done:
                messages.success(request, done)
                return redirect("progress:assessment", row.uuid)
        row.refresh_from_db()
    bound_wrong = any(form.is_bound and form.errors for form in forms.values())
    return render(
        request,
        "desk/progress/assessment.html",
        {
            "assessment": row,
            "forms": forms,
            "error": error,
            "own": row.office_id == request.user.department_id
            and has_role(request.user, groups.CREDIT_OFFICE),
        },
        status=422 if error or bound_wrong else 200,
    )


def _forms(request: HttpRequest, row: Assessment, deed: str) -> dict[str, django_forms.Form]:
    """The forms of the steps, the one that was sent with what was typed."""
    today = clock.today()

    def typed(name: str) -> Any:
        return request.POST if deed == name else None

    result = {
        "received_on": row.received_on or today,
        "grade": row.grade,
        "result": row.result,
        **{f"unit-{unit['department']}": unit["text"] for unit in row.units},
    }
    return {
        "receive": ResultForm(
            typed("receive"),
            request.FILES or None,
            initial=result,
            units=assessments.units_to_name(row.office),
        ),
        "send_up": SendUpForm(typed("send_up"), initial={"on": today}),
        "note_naming": NamingForm(typed("note_naming"), request.FILES or None, initial={"on": today}),
        "cancel": CancelForm(typed("cancel")),
    }


def _do(request: HttpRequest, row: Assessment, deed: str, forms: dict[str, Any]) -> str:
    """Do what was asked: what to say of it, or nothing where the form is wrong. Raises ProgressError, EvidenceRefused."""
    common: dict[str, Any] = {"assessment_id": row.pk, "actor": request.user, "now": clock.now()}
    if deed == "issue":
        assessments.issue(**common)
        return "已签发。"
    form = forms.get(deed)
    if form is None or not form.is_valid():
        return ""
    data = form.cleaned_data
    # A refusal takes the file back as well.
    with transaction.atomic():
        match deed:
            case "receive":
                file = _kept(request, data["report_file"])
                given = {name: data[name] for name in ("received_on", "grade", "result")}
                assessments.receive(**common, **given, report_file=file, units=form.named())
                return "已登记评估结果，由另一人签发。"
            case "send_up":
                assessments.send_up(**common, **data)
                return "已登记上报。"
            case "note_naming":
                given = {name: data[name] for name in ("on", "by", "document_no")}
                assessments.note_naming(**common, **given, file=_kept(request, data["file"]))
                return "已登记通报。"
        assessments.cancel(**common, **data)
    return "已终止。"


def _kept(request: HttpRequest, upload: Any) -> EvidenceFile | None:
    if not upload:
        return None
    return store_evidence(
        content=upload.read(),
        kind=EvidenceFile.Kind.DOCUMENT,
        content_type=upload.content_type or "",
        original_name=upload.name or "",
        actor=request.user,
        department=request.user.department,
        now=clock.now(),
    )


@desk(*WATCHES)
@require_safe
def assessment_paper(request: HttpRequest, uuid: UUID, which: str) -> HttpResponse:
    """The body's report, the office's report of the result, or the government's notice."""
    row = _assessment(request, uuid)
    files = {
        "report": (row.report_file, ""),
        "document": (row.document, f"{papers.ASSESSMENT_TITLE} {row.number}.pdf"),
        "notice": (row.named_file, ""),
    }
    if which not in files:
        raise Http404("没有这份文书。")
    file, name = files[which]
    return _paper(request, file, name, "还没有这份文书。")
