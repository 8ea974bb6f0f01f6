"""The catalogue as a file: exported, handed in, looked through, taken in as drafts."""

from datetime import date
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from credit_portal.audit import clock
from credit_portal.documents import answers
from credit_portal.documents.intake import IntakeRefused
from credit_portal.registry.catalogue import CatalogueError
from credit_portal.registry.desk_access import desk
from credit_portal.registry.reach import KEEPERS
from disclosure.models import CatalogueImport

from . import importing
from .exporting import TooMany, as_csv, as_xlsx, regions_of, versions_of
from .forms import UploadForm
from .planning import CHANGED, NEW, REFUSED, SAME, VERDICTS
from .views import PER_PAGE, SEES, chosen_region, keeps

NO_IMPORT = "没有这个目录文件，或者它不是您的单位上传的。"
TONES = {NEW: "kept", CHANGED: "waiting", SAME: "running", REFUSED: "broken"}
SHOWN = 100


@desk(*SEES)
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """The catalogue of a region (else of the own one and those below) on a day, as xlsx or csv."""
    region, today = chosen_region(request), clock.today()
    try:
        on = date.fromisoformat(request.GET.get("on", "") or today.isoformat())
    except ValueError:
        messages.error(request, "日期：请按 2026-09-14 的样子填写。")
        return redirect("catalogue:home")
    if request.GET.get("region") and region is None:
        messages.error(request, "地区：不在您的管理范围内。")
        return redirect("catalogue:home")
    drafts = request.GET.get("drafts") == "1" and keeps(request.user)
    try:
        versions = versions_of([region.code] if region else regions_of(request.user), on=on, drafts=drafts)
    except TooMany as error:
        messages.error(request, str(error))
        return redirect("catalogue:home")
    where = region or request.user.department.region
    name = f"信用承诺应用事项目录-{where.code}-{on:%Y%m%d}{'-含草稿' if drafts else ''}"
    if request.GET.get("format") == "csv":
        return answers.download(as_csv(versions, today=today), f"{name}.csv", "text/csv; charset=utf-8")
    return answers.download(as_xlsx(versions, today=today), f"{name}.xlsx")


@desk(*KEEPERS)
def imports(request: HttpRequest) -> HttpResponse:
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            row = importing.hand_in(name=file.name, content=file.read(), actor=request.user, now=clock.now())
        except IntakeRefused as error:
            form.add_error("file", str(error))
        else:
            return redirect("catalogue:import", row.uuid)
    page = Paginator(importing.imports_of(request.user), PER_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "desk/catalogue/imports.html",
        {"form": form, "page": page, "query": "", "at": "imports", "keeps": True},
        status=422 if form.is_bound and form.errors else 200,
    )


def _import(request: HttpRequest, uuid: UUID) -> CatalogueImport:
    row = (
        CatalogueImport.objects.filter(department=request.user.department, uuid=uuid)
        .select_related("uploaded_by")
        .first()
    )
    if row is None:
        raise Http404(NO_IMPORT)
    return row


@desk(*KEEPERS)
def one(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """What a file would do, to be looked at and agreed to; afterwards what it did."""
    row = _import(request, uuid)
    problem = ""
    if request.method == "POST":
        try:
            if request.POST.get("deed") == "discard":
                importing.discard(import_id=row.pk, actor=request.user, now=clock.now())
                messages.success(request, "已放弃，目录没有变动。")
                return redirect("catalogue:imports")
            done = importing.take_in(
                import_id=row.pk,
                seen=request.POST.get("seen", ""),
                overwrite=request.POST.getlist("overwrite"),
                actor=request.user,
                now=clock.now(),
            )
        except (importing.ImportRefused, CatalogueError, IntakeRefused) as error:
            problem = str(error)
        else:
            messages.success(request, f"已写成 {done.drafts} 项草稿，发布后才生效。")
            return redirect("catalogue:import", row.uuid)
    waits = row.state == CatalogueImport.State.CHECKED
    looked = importing.plan_of(row, request.user, today=clock.today()) if waits else None
    sections = (
        [
            (verdict, VERDICTS[verdict], TONES[verdict], found[:SHOWN], len(found))
            for verdict in (REFUSED, NEW, CHANGED, SAME)
            if (found := looked.of(verdict))
        ]
        if looked
        else []
    )
    return render(
        request,
        "desk/catalogue/import.html",
        {
            "row": row,
            "looked": looked,
            "sections": sections,
            "good": looked.counts[NEW] + looked.counts[CHANGED] if looked else 0,
            "bad": looked.counts[REFUSED] if looked else 0,
            "asked": [line for line in looked.lines if line.asks] if looked else [],
            "coming": [line for line in looked.of(SAME) if line.scheduled] if looked else [],
            "problem": problem,
            "shown": SHOWN,
        },
        status=422 if problem else 200,
    )


@desk(*KEEPERS)
@require_safe
def faults(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The refused rows in the same workbook, each with what is wrong."""
    row = _import(request, uuid)
    content = importing.faults_book(importing.plan_of(row, request.user, today=clock.today()))
    return answers.download(content, f"{row.name.rsplit('.', 1)[0][:80]}-有误的行.xlsx")
