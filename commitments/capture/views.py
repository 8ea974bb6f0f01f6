"""The desk's pages of paper commitments: scans in, the sheets of a batch, one sheet beside its scan."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from commitments.concluding import Upload
from commitments.models import CaptureBatch, CaptureSheet, Commitment
from commitments.views_papers import NO_PAGE_POLICY
from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.documents import answers
from credit_portal.documents.services import EvidenceDamaged, read_evidence
from credit_portal.registry.desk_access import AT_THE_DESK, desk
from credit_portal.registry.paging import newest_first
from credit_portal.registry.visibility import has_role, limit_to_visible

from . import keying, rules
from .forms import FirstForm, RefuseForm, TwiceForm, UploadForm
from .keying import DOES
from .rules import CaptureError

PER_PAGE = 50
State = CaptureSheet.State


@desk(*DOES)
def home(request: HttpRequest) -> HttpResponse:
    """Bring scans, and the batches of before with how far each is."""
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    if request.method == "POST" and form.is_valid():
        try:
            made, refused = keying.start(
                files=[
                    Upload(one.read(), one.content_type or "", one.name or "")
                    for one in request.FILES.getlist("scans")[: keying.MOST_FILES + 1]
                ],
                name=form.cleaned_data["name"],
                actor=request.user,
                now=clock.now(),
            )
        except CaptureError as error:
            form.add_error("scans", str(error))
        else:
            for line in refused:
                messages.warning(request, f"没有收下 {line}")
            return redirect("capture:batch", made.uuid)
    rows = keying.counted(keying.batches_visible_to(request.user)).select_related("owner", "department")
    shown, following = newest_first(rows, request)
    return render(
        request,
        "desk/capture/home.html",
        {"form": form, "rows": shown, "next": following},
        status=422 if form.is_bound and form.errors else 200,
    )


@desk(*DOES)
@require_safe
def batch(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The sheets of a batch; none leaves the list."""
    found = (
        keying.counted(keying.batches_visible_to(request.user))
        .select_related("department", "owner")
        .filter(uuid=uuid)
        .first()
    )
    if found is None:
        raise Http404("没有这一批，或者它不在您的管理范围内。")
    rows = found.sheets.select_related("scan", "first_by", "ended_by", "commitment").order_by("pk")
    state, after = request.GET.get("state", ""), request.GET.get("after", "")
    if state in State.values:
        rows = rows.filter(state=state)
    if after.isascii() and after.isdigit():
        rows = rows.filter(pk__gt=int(after[:18]))
    shown = list(rows[: PER_PAGE + 1])
    kept = {"state": state} if state in State.values else {}
    return render(
        request,
        "desk/capture/batch.html",
        {
            "batch": found,
            "rows": shown[:PER_PAGE],
            "next": "?" + urlencode({**kept, "after": shown[PER_PAGE - 1].pk})
            if len(shown) > PER_PAGE
            else "",
            "tabs": [
                (code, label, getattr(found, f"n_{code}"), code == state) for code, label in State.choices
            ],
            "all": state not in State.values,
            "go_on": keying.next_for(request.user, found),
        },
    )


@desk(*DOES)
def sheet(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One sheet: its scan, and what is to be done with it now."""
    found = _visible(request, uuid)
    form = _form(request, found)
    if request.method == "POST":
        try:
            if answer := _deed(request, found, form):
                return answer
        except CaptureError as error:
            return _refused(request, found, form, error)
    return _show(
        request, found, form, status=422 if form is not None and form.is_bound and form.errors else 200
    )


def _refused(
    request: HttpRequest, was: CaptureSheet, form: TwiceForm | None, error: CaptureError
) -> HttpResponse:
    """The page as the sheet stands now, which another person may have moved on, with what was typed and why it was not taken."""
    found = _visible(request, was.uuid)
    if error.field == "draft":
        typed = FirstForm(initial=_typed(request), department=found.department, **_told(found))
        return _show(request, found, typed, error=str(error), status=409, unsaved=True)
    if found.state != was.state:
        form = _form(request, found)
    elif form is not None and error.field in form.fields:
        form.add_error(error.field, str(error))
        return _show(request, found, form, status=409, existing=error.existing)
    return _show(
        request, found, form, error=str(error), status=409, existing=error.existing,
        ask=error.field == "confirm_duplicate",
    )  # fmt: skip


def _told(found: CaptureSheet) -> dict[str, Any]:
    return {"today": clock.today(), "region": found.department.region_id}


def _form(request: HttpRequest, found: CaptureSheet) -> TwiceForm | None:
    told = _told(found)
    keys = request.method == "POST" and request.POST.get("deed") in ("first", "second", "draft")
    data = request.POST if keys else None
    if found.state == State.WAITING:
        initial = {} if keys else keying.draft_of(found, request.user)
        return FirstForm(data, initial=initial, department=found.department, **told)
    # Told a second time after the other person has been quicker, it is read as it was meant.
    return TwiceForm(data, **told) if found.state == State.SECOND else None


def _deed(request: HttpRequest, found: CaptureSheet, form: TwiceForm | None) -> HttpResponse | None:
    act: dict[str, Any] = {"sheet_id": found.pk, "actor": request.user}
    now, deed = clock.now(), request.POST.get("deed", "")
    confirmed = request.POST.get("confirm_duplicate") == "on"
    match deed:
        case "draft":
            keying.save_draft(typed=_typed(request), **act)
            messages.success(request, "已暂存，还没有录入。")
            return redirect("capture:sheet", found.uuid)
        case "first" if found.state == State.WAITING and form is not None:
            if not form.is_valid():
                keying.save_draft(typed=_typed(request), **act)
                return None
            keying.key_first(values=form.cleaned_data, now=now, **act)
            messages.success(request, f"{found}的第一遍已保存，待另一人复核；还没有登记。")
        case "second" if found.state == State.SECOND and form is not None:
            if not form.is_valid():
                return None
            _say(
                request,
                keying.key_second(values=form.cleaned_data, confirm_duplicate=confirmed, now=now, **act),
            )
        case "settle":
            chosen = {key: request.POST.get(key, "") for key in rules.TWICE}
            _say(request, keying.settle(chosen=chosen, confirm_duplicate=confirmed, now=now, **act))
        case "back":
            keying.send_back(now=now, **act)
            messages.success(request, "已退回，请重新录入。")
        case "refuse":
            keying.refuse(refusal=request.POST.get("refusal", ""), now=now, **act)
            messages.success(request, f"{found}不予录入，扫描件保留。")
        case _:
            raise CaptureError(f"这一份现为“{found.get_state_display()}”，没有再办理一次。")
    following = keying.next_for(request.user, found.batch)
    if deed in ("first", "second") and following is not None and following.pk != found.pk:
        return redirect("capture:sheet", following.uuid)
    return (
        redirect("capture:sheet", found.uuid)
        if deed == "back"
        else redirect("capture:batch", found.batch.uuid)
    )


def _say(request: HttpRequest, done: CaptureSheet) -> None:
    """Only what is stored is called registered; it is said on the page after."""
    if done.commitment is not None:
        messages.success(request, f"{done}已登记，承诺编码 {done.commitment.code}。")
    else:
        messages.warning(request, f"{done}两遍不同，待核定；还没有登记。")


def _typed(request: HttpRequest) -> dict[str, str]:
    return {key: request.POST.get(key, "")[:5000].replace("\0", "") for key in FirstForm.base_fields}


def _show(
    request: HttpRequest,
    found: CaptureSheet,
    form: TwiceForm | None,
    *,
    error: str = "",
    status: int = 200,
    existing: str = "",
    ask: bool = False,
    unsaved: bool = False,
) -> HttpResponse:
    """`unsaved`: the form holds what was typed for a sheet that has left 待录入; nothing of it was kept."""
    own = found.department_id == request.user.department_id
    compared = own and found.state == State.DIFFERS and not unsaved
    differing = keying.compare(sheet=found, actor=request.user) if compared else []
    blind = found.state != State.SECOND or not keying.has_seen(found, request.user)
    _log(request, found, "纸质承诺两遍对照" if compared else "纸质承诺的录入", own=own)
    counts = keying.counted(CaptureBatch.objects.filter(pk=found.batch_id)).get()
    return render(
        request,
        "desk/capture/sheet.html",
        {
            "sheet": found,
            "form": form if own and (blind or unsaved) else None,
            "unsaved": unsaved,
            "own": own,
            "another": keying.ANOTHER,
            "open": found.state in (State.WAITING, State.SECOND, State.DIFFERS),
            "differing": differing,
            "refuse_form": RefuseForm(),
            "left": counts.n_waiting + counts.n_second + counts.n_differs,
            "picture": found.scan.content_type.startswith("image/"),
            "error": error,
            "existing": existing,
            # A code is no secret; what it names is shown to whom it is meant for.
            "opens": _opens(request, existing or (found.commitment.code if found.commitment else "")),
            "ask": ask,
            "keyings": found.keyings.select_related("by"),
        },
        status=status,
    )


def _opens(request: HttpRequest, code: str) -> bool:
    """Whether the reader may open the desk's page of a commitment."""
    return (
        bool(code)
        and has_role(request.user, *AT_THE_DESK)
        and limit_to_visible(Commitment.objects.filter(code=code), request.user).exists()
    )


@desk(*DOES)
@NO_PAGE_POLICY
@require_safe
def scan(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The scan as it came; that somebody read it is logged."""
    found = _visible(request, uuid)
    try:
        content = read_evidence(found.scan)
    except EvidenceDamaged as error:
        raise Http404(f"扫描件无法打开：{error}") from error
    _log(request, found, "纸质承诺扫描件", own=found.department_id == request.user.department_id)
    response = answers.shown(content, found.scan.original_name or "扫描件", found.scan.content_type)
    # The page of the sheet holds a PDF in a frame.
    response["X-Frame-Options"] = "SAMEORIGIN"
    return response


def _visible(request: HttpRequest, uuid: UUID) -> CaptureSheet:
    found = (
        keying.sheets_visible_to(request.user)
        .select_related("batch", "department__region", "scan", "first_by", "ended_by", "commitment")
        .filter(uuid=uuid)
        .first()
    )
    if found is None:
        raise Http404("没有这一份，或者它不在您的管理范围内。")
    return found


def _log(request: HttpRequest, found: CaptureSheet, what: str, *, own: bool) -> None:
    log_read(
        now=clock.now(), actor_id=request.user.pk, what=what, target_type="capture_sheet", target_id=found.pk,
        subject_id=found.commitment.subject_id if found.commitment else None,
        purpose=ReadLog.Purpose.HANDLING if own else ReadLog.Purpose.SUPERVISION,
    )  # fmt: skip
