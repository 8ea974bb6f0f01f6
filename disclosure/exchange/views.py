"""The desk's pages of the exchange: what goes up and came back for the credit office, what is to be corrected for the
departments."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.documents import answers, writing
from credit_portal.documents.fields import TableField
from credit_portal.documents.intake import LIST_BYTES
from credit_portal.registry import groups
from credit_portal.registry.desk_access import desk
from credit_portal.registry.models import User
from credit_portal.registry.paging import newest_first
from credit_portal.registry.visibility import has_role
from disclosure.models import ExchangeBatch, ExchangePlatform, ExchangeReceipt, ExchangeRecord

from . import batches, corrections, packages, receipt_files, receipts, setting_up
from .batches import ExchangeError
from .formats import format_of

PER_PAGE = 50
DRY_RUN = 200
CORRECTORS = (groups.OFFICER, groups.HEAD, groups.CREDIT_OFFICE)
State = ExchangeRecord.State


class PlatformForm(forms.ModelForm):
    address = forms.URLField(
        label="接口地址", required=False, assume_scheme="https",
        help_text="留空时用部署时设定的地址；文件交换不需要",
    )  # fmt: skip

    class Meta:
        model = ExchangePlatform
        fields = list(setting_up.FIELDS)
        widgets = {"since": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}

    def _post_clean(self) -> None:
        """The service checks the whole: two places that say what is right would come apart."""


class ReceiptForm(forms.Form):
    file = TableField(
        label="回执文件",
        most_bytes=LIST_BYTES,
        json=True,
        help_text="xlsx、csv 或 json，列为：记录号（见清单.json 和下面的记录）、结果（接收或退回）、字段（项号或名称）、理由、平台流水号。",
        error_messages={"required": "请选择回执文件。"},
    )


@desk(*CORRECTORS)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Platforms with what waits, and the batches; a department comes to its own work list at once."""
    if not has_role(request.user, groups.CREDIT_OFFICE):
        return redirect("exchange:refused")
    rows = ExchangeBatch.objects.filter(platform__in=batches.platforms_of(request.user)).select_related(
        "platform"
    )
    shown, following = newest_first(rows, request, size=PER_PAGE)
    places = list(
        batches.platforms_of(request.user).select_related("region").order_by("-is_active", "region_id", "pk")
    )
    counts = {
        row["platform"]: row
        for row in ExchangeRecord.objects.filter(platform__in=places, state=State.WAITING)
        .values("platform")
        .annotate(whole=Count("pk", filter=Q(running=False)), running=Count("pk", filter=Q(running=True)))
    }
    return render(
        request,
        "desk/exchange/home.html",
        {
            "places": [(place, counts.get(place.pk, {})) for place in places],
            "own": any(
                place.is_active and place.region_id == setting_up.region_of(request.user).pk
                for place in places
            ),
            "to_correct": corrections.to_correct(request.user).count(),
            "batches": shown,
            "next": following,
        },
    )


def _platform(user: User, pk: int) -> ExchangePlatform:
    found = batches.platforms_of(user).select_related("region").filter(pk=pk).first()
    if found is None:
        raise Http404("没有这个平台，或者它不在您的管理范围内。")
    return found


@desk(groups.CREDIT_OFFICE)
def platform(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """The setting of a platform, with the words by which each type would go up."""
    known = _platform(request.user, pk) if pk is not None else None
    start = {} if known else {"since": clock.today(), "batch_rows": 500, "is_active": True}
    typed = PlatformForm(request.POST or None, instance=known, initial=start)
    if request.method == "POST" and typed.is_valid():
        try:
            setting_up.save_platform(
                platform_id=pk, values=typed.cleaned_data, actor=request.user, now=clock.now()
            )
        except ExchangeError as error:
            typed.add_error(error.field or None, str(error))
        else:
            messages.success(request, "已保存。内容有变动的记录会在几分钟内重新形成。")
            return redirect("exchange:home")
    return render(
        request,
        "desk/exchange/platform.html",
        {
            "form": typed,
            "known": known,
            "region": known.region if known else setting_up.region_of(request.user),
            "mapping": setting_up.mapping(str(typed["supervisory_as"].value())),
        },
        status=422 if typed.errors else 200,
    )


@desk(groups.CREDIT_OFFICE)
@require_safe
def waiting(request: HttpRequest, pk: int) -> HttpResponse:
    """A dry run: what would go up, row by row, and what would not, with its faults."""
    place = _platform(request.user, pk)
    running = request.GET.get("running") == "1"
    rows = batches.waiting(place, running=running).select_related("department")
    invalid = ExchangeRecord.objects.filter(platform=place, state=State.INVALID).select_related("department")
    return render(
        request,
        "desk/exchange/waiting.html",
        {
            "platform": place,
            "running": running,
            "number": rows.count(),
            "rows": rows[:DRY_RUN],
            "most": DRY_RUN,
            "invalid_number": invalid.count(),
            "invalid": [
                (row, format_of(row).in_words(row.reasons)) for row in invalid.order_by("id")[:DRY_RUN]
            ],
        },
    )


@desk(groups.CREDIT_OFFICE)
@require_safe
def faults(request: HttpRequest, pk: int) -> HttpResponse:
    """Every fault that the dry run has found, a line each, as a table. (No content of a record is in it.)"""
    place = _platform(request.user, pk)
    rows = (
        ExchangeRecord.objects.filter(platform=place, state=State.INVALID)
        .select_related("department")
        .only("dataset", "number", "version", "reasons", "department__name")
        .order_by("id")
    )
    return answers.download(
        writing.write(
            "xlsx",
            ("记录号", "部门", "字段", "原因"),
            (
                (row.key, row.department.name, format_of(row).label_of(number), text)
                for row in rows.iterator(chunk_size=1_000)
                for number, text in row.reasons
            ),
            title="不符合格式",
        ),
        f"不符合格式{place.pk}.xlsx",
    )


@desk(groups.CREDIT_OFFICE)
@require_POST
def pack(request: HttpRequest, pk: int) -> HttpResponse:
    """Put what waits into a package."""
    _platform(request.user, pk)
    try:
        made = batches.make_package(
            platform_id=pk,
            running=request.POST.get("running") == "1",
            actor=request.user,
            now=clock.now(),
        )
    except ExchangeError as error:
        messages.error(request, str(error))
        return redirect("exchange:home")
    messages.success(request, f"已编成批次 {made.number}，{made.rows} 条，正在打包。")
    return redirect("exchange:batch", made.number)


def _batch(user: User, number: str) -> ExchangeBatch:
    found = (
        ExchangeBatch.objects.filter(platform__in=batches.platforms_of(user), number=number)
        .select_related("platform", "created_by", "forwarded_by")
        .first()
    )
    if found is None:
        raise Http404("没有这个批次，或者它不在您的管理范围内。")
    return found


@desk(groups.CREDIT_OFFICE)
@require_safe
def batch(request: HttpRequest, number: str) -> HttpResponse:
    """A batch: how far it is, its package, its receipts, its rows."""
    return _batch_page(request, _batch(request.user, number))


def _batch_page(
    request: HttpRequest,
    one: ExchangeBatch,
    *,
    error: ExchangeError | None = None,
    typed: Any = None,
    form: ReceiptForm | None = None,
) -> HttpResponse:
    after = request.GET.get("after", "")
    state = request.GET.get("state", "")
    rows = ExchangeRecord.objects.filter(batch=one).select_related("department").order_by("place")
    if state in State.values:
        rows = rows.filter(state=state)
    if after.isascii() and after.isdigit():
        rows = rows.filter(place__gt=int(after[:9]))
    found = list(rows[: PER_PAGE + 1])
    counts = dict(
        ExchangeRecord.objects.filter(batch=one).values_list("state").annotate(Count("pk")).order_by()
    )
    part = f"&state={state}" if state in State.values else ""
    return render(
        request,
        "desk/exchange/batch.html",
        {
            "batch": one,
            "pieces": one.pieces.all(),
            "receipts": one.receipts.select_related("by"),
            "counts": [(code, label, counts[code]) for code, label in State.choices if code in counts],
            "state": state,
            "rows": [(row, format_of(row).in_words(row.reasons)) for row in found[:PER_PAGE]],
            "next": f"?after={found[PER_PAGE - 1].place}{part}" if len(found) > PER_PAGE else "",
            "error": error,
            "typed": typed or {},
            "form": form or ReceiptForm(auto_id="%s"),
            "today": clock.today(),
        },
        status=422 if error else 200,
    )


@desk(groups.CREDIT_OFFICE)
@require_POST
def package(request: HttpRequest, number: str) -> HttpResponse | StreamingHttpResponse:
    """The package as a file. By POST: fetching it is an act that is noted, and the batch counts as sent."""
    one = _batch(request.user, number)
    try:
        parts = packages.download(batch_id=one.pk, actor=request.user, now=clock.now())
    except ExchangeError as error:
        return _batch_page(request, one, error=error)
    answer = StreamingHttpResponse(parts, content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="{one.number}.zip"'
    answer["X-Content-SHA256"] = one.sha256
    return answer


@desk(groups.CREDIT_OFFICE)
@require_POST
def receipt(request: HttpRequest, number: str) -> HttpResponse:
    """The platform's receipt as a file."""
    one = _batch(request.user, number)
    form = ReceiptForm(request.POST, request.FILES, auto_id="%s")
    try:
        if not form.is_valid():
            raise ExchangeError(form.errors["file"][0], field="file")
        file = form.cleaned_data["file"]
        content = file.read()
        taken = receipts.take_receipt(
            batch_id=one.pk,
            answers=receipt_files.read_answers(file.name, content),
            raw=content,
            source=ExchangeReceipt.Source.FILE,
            actor=request.user,
            now=clock.now(),
        )
    except ExchangeError as error:
        if error.field == "file" and not form.has_error("file"):
            form.add_error("file", str(error))
        return _batch_page(request, one, error=error, form=form)
    messages.success(request, f"已登记回执：接收 {taken.accepted} 条，退回 {taken.rejected} 条。")
    return redirect("exchange:batch", one.number)


@desk(groups.CREDIT_OFFICE)
@require_POST
def forwarded(request: HttpRequest, number: str) -> HttpResponse:
    """R6: the city has sent the batch on to the province."""
    one = _batch(request.user, number)
    typed = {"on": request.POST.get("on", ""), "reference": request.POST.get("reference", "")}
    try:
        try:
            on = date.fromisoformat(typed["on"])
        except ValueError as error:
            raise ExchangeError("请填写上送日期，如 2026-11-24。", field="on") from error
        batches.note_forwarded(
            batch_id=one.pk, on=on, reference=typed["reference"], actor=request.user, now=clock.now()
        )
    except ExchangeError as error:
        return _batch_page(request, one, error=error, typed=typed)
    messages.success(request, "已登记。")
    return redirect("exchange:batch", one.number)


# ---- the departments' work list ----------------------------------------------------------------------------


@desk(*CORRECTORS)
@require_safe
def refused(request: HttpRequest) -> HttpResponse:
    """What the platform refused or what is not in its format, with the reasons."""
    after = request.GET.get("after", "")
    rows = corrections.to_correct(request.user).select_related(
        "commitment", "measure__check_made", "platform", "department"
    )
    if after.isascii() and after.isdigit():
        rows = rows.filter(pk__gt=int(after[:18]))
    found = list(rows[: PER_PAGE + 1])
    return render(
        request,
        "desk/exchange/refused.html",
        {
            "rows": [(row, format_of(row).in_words(row.reasons)) for row in found[:PER_PAGE]],
            "next": f"?after={found[PER_PAGE - 1].pk}" if len(found) > PER_PAGE else "",
            "office": has_role(request.user, groups.CREDIT_OFFICE),
        },
    )


@desk(*CORRECTORS)
def record(request: HttpRequest, pk: int) -> HttpResponse:
    """One refused record: what was sent, why it came back, and the words that may be changed."""
    one = (
        corrections.to_correct(request.user)
        .select_related("commitment__subject", "measure__check_made__subject", "platform", "batch")
        .filter(pk=pk)
        .first()
    )
    if one is None:
        raise Http404("这条记录不在您的待更正之列，可能已由他人更正。")
    if request.method == "GET":
        log_read(
            now=clock.now(),
            actor_id=request.user.pk,
            what="报送记录",
            target_type="exchange_record",
            target_id=one.pk,
            subject_id=one.subject.pk,
            purpose=ReadLog.Purpose.SUPERVISION,
        )
    error: ExchangeError | None = None
    format = format_of(one)
    typed = {
        number: request.POST.get(f"field_{number}", one.fields.get(number, ""))
        for number in format.may_correct
    }
    if request.method == "POST":
        try:
            fresh = corrections.correct(
                record_id=one.pk,
                values=typed,
                reason=request.POST.get("reason", ""),
                actor=request.user,
                now=clock.now(),
            )
        except ExchangeError as raised:
            error = raised
        else:
            same = fresh.fields == one.fields
            said = "内容没有改动，按原样再次报送" if same else "已更正"
            messages.success(request, f"{said}，第 {fresh.version} 版等待报送。")
            return redirect("exchange:refused")
    by_number: dict[str, list[str]] = {}
    for number, text in one.reasons:
        by_number.setdefault(number, []).append(text)
    return render(
        request,
        "desk/exchange/record.html",
        {
            "record": one,
            "whole": "；".join(by_number.get("", [])),
            "fields": [
                {
                    "number": str(field.number),
                    "label": field.label,
                    "value": typed.get(str(field.number), one.fields.get(str(field.number), "")),
                    "may": str(field.number) in format.may_correct,
                    "long": field.length > 512,
                    "length": field.length,
                    "reason": "；".join(by_number.get(str(field.number), [])),
                    "wrong": str(error) if error and error.field == f"field_{field.number}" else "",
                }
                for field in format.fields
            ],
            "error": error,
            "reason": request.POST.get("reason", ""),
        },
        status=422 if error else 200,
    )
