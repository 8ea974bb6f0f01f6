"""The desk's pages of lists: who stands on which, put on and taken off one by one or by file."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from credit_portal.audit import clock
from credit_portal.audit.admin_base import event_steps
from credit_portal.audit.models import AuditEvent, ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.documents import answers
from credit_portal.registry import groups
from credit_portal.registry.desk_access import check_own, desk
from credit_portal.registry.finding import address_of, looked_up, person_of, subjects_matching
from credit_portal.registry.models import User
from credit_portal.registry.paging import newest_first
from credit_portal.registry.visibility import has_role
from verification import services as record
from verification.models import CreditEntry, CreditList, MembershipUpload
from verification.vocabulary import State

from . import taking, uploading
from .forms import LeaveForm, RowForm, UploadForm
from .reading import HEADS, FieldErrors, KnownList, read
from .taking import CURRENT, EXPIRED, MembershipRefused, RowsRefused

PER_PAGE = 50
SHOWN_LEAVING = 200
TABS = {CURRENT: "在名单上", EXPIRED: "已期满", "ended": "已移出"}
DOES = (groups.OFFICER, groups.HEAD, groups.CREDIT_OFFICE)
SEES = (*DOES, groups.AUDITOR)
QUICKER = "刚刚有人登记了同一主体，没有列入，请再提交一次。"
ROW_PROBLEMS = (FieldErrors, MembershipRefused, record.MoveRefused)


def _entries(user: User) -> QuerySet[CreditEntry]:
    return record.entries_visible_to(user).filter(credit_list__isnull=False)


def _of_tab(rows: QuerySet[CreditEntry], tab: str) -> QuerySet[CreditEntry]:
    today = clock.today()
    if tab == CURRENT:
        return taking.current(rows, today)
    if tab == EXPIRED:
        return rows.filter(state=State.EFFECTIVE, until_on__lt=today)
    return rows.exclude(state=State.EFFECTIVE)


def _note_read(
    request: HttpRequest, *, target_type: str, target_id: int | str, subject_id: int | None = None
) -> None:
    log_read(
        now=clock.now(),
        actor_id=request.user.pk,
        what="名单主体",
        target_type=target_type,
        target_id=target_id,
        subject_id=subject_id,
        purpose=(
            ReadLog.Purpose.AUDIT if has_role(request.user, groups.AUDITOR) else ReadLog.Purpose.SUPERVISION
        ),
    )


# ---- lists -------------------------------------------------------------------------------------------------


@desk(*SEES)
def home(request: HttpRequest) -> HttpResponse:
    """Every list with how many stand on it by the user's reach; or the subjects that were looked for."""
    if request.method == "POST":
        return redirect(f"{request.path}?{address_of(request.POST, today=clock.today())}")
    sought = _sought(request)
    if sought or request.GET.get("person"):
        return _rows_page(request, _entries(request.user), sought=sought, credit_list=None, tab="")
    today, state = clock.today(), State.EFFECTIVE
    counted = {
        row["credit_list"]: row
        for row in _entries(request.user)
        .order_by()
        .values("credit_list")
        .annotate(
            current=Count("pk", filter=Q(state=state) & (Q(until_on=None) | Q(until_on__gte=today))),
            expired=Count("pk", filter=Q(state=state, until_on__lt=today)),
            ended=Count("pk", filter=~Q(state=state)),
        )
    }
    mine = {one.code for one in _may_keep(request.user)}
    lists = CreditList.objects.filter(region__in=request.user.department.region.lineage).order_by(
        "sort", "pk"
    )
    return render(
        request,
        "desk/memberships/home.html",
        {
            "lists": [(row, counted.get(row.pk, {}), row.code in mine) for row in lists],
            "does": has_role(request.user, *DOES),
            "keeps": bool(mine),
            "office": has_role(request.user, groups.CREDIT_OFFICE),
            "sought": "",
        },
    )


def _may_keep(user: User) -> list[KnownList]:
    """The lists on which the user can put somebody."""
    try:
        known = taking.known_lists(taking.keeper_of(user))
    except MembershipRefused:
        return []
    return [one for key, one in known.items() if key == one.code and not (one.refusal or one.closed)]


def _sought(request: HttpRequest) -> str:
    return request.GET.get("q", "").replace("\0", "").strip()[:100]


@desk(*SEES)
def one_list(request: HttpRequest, code: str) -> HttpResponse:
    """Who stands on a list, the newest first."""
    if request.method == "POST":
        return redirect(f"{request.path}?{address_of(request.POST, today=clock.today())}")
    credit_list = get_object_or_404(CreditList.objects.select_related("region"), code=code)
    tab = request.GET.get("tab", CURRENT)
    return _rows_page(
        request,
        _entries(request.user).filter(credit_list=credit_list),
        sought=_sought(request),
        credit_list=credit_list,
        tab=tab if tab in TABS else CURRENT,
    )


def _rows_page(
    request: HttpRequest,
    rows: QuerySet[CreditEntry],
    *,
    sought: str,
    credit_list: CreditList | None,
    tab: str,
) -> HttpResponse:
    person = person_of(request.GET)
    if person is not None:
        rows, tab = rows.filter(subject__uuid=person), ""
    elif sought:
        found = subjects_matching(sought, today=clock.today())
        rows, tab = rows.filter(Q(subject__in=found) | Q(document_no=sought)), ""
    else:
        rows = _of_tab(rows, tab)
    shown, following = newest_first(rows.select_related("subject", "credit_list"), request, size=PER_PAGE)
    today = clock.today()
    _note_read(
        request,
        target_type="membership_list",
        target_id=credit_list.code if credit_list else "search",
        subject_id=looked_up(sought, shown, today=today, person=person),
    )
    return render(
        request,
        "desk/memberships/list.html",
        {
            "list": credit_list,
            "keepers": list(credit_list.keepers.all()[:PER_PAGE]) if credit_list else [],
            "rows": [(row, taking.state_of(row, today)) for row in shown],
            "states": taking.STATES,
            "tabs": [(name, label, name == tab) for name, label in TABS.items()],
            "sought": sought,
            "next": following,
        },
    )


# ---- one subject on one list -------------------------------------------------------------------------------


def _entry(request: HttpRequest, uuid: UUID) -> CreditEntry:
    found = (
        _entries(request.user)
        .select_related("subject", "credit_list", "department", "region", "entered_by")
        .filter(uuid=uuid)
        .first()
    )
    if found is None:
        raise Http404("没有这条名单记录，或者它不在您的管理范围内。")
    return found


@desk(*SEES)
@require_safe
def one(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """A subject on a list: by which decision, until when, its course."""
    return _page(request, _entry(request, uuid))


def _page(request: HttpRequest, entry: CreditEntry, *, leaving: LeaveForm | None = None) -> HttpResponse:
    _note_read(request, target_type="entry", target_id=entry.pk, subject_id=entry.subject_id)
    own = (
        has_role(request.user, *DOES)
        and taking.Keeper(request.user.department).keeps(entry)
        and not entry.credit_list.by_procedure
        and entry.state == State.EFFECTIVE
    )
    told = list(AuditEvent.objects.filter(target_type="entry", target_id=str(entry.pk)).order_by("id")[:200])
    uploads = MembershipUpload.objects.filter(
        pk__in=[one.facts["upload"] for one in told if "upload" in one.facts]
    )
    return render(
        request,
        "desk/memberships/entry.html",
        {
            "entry": entry,
            "state": taking.state_of(entry, clock.today()),
            "states": taking.STATES,
            "course": [{"on": one.at, "text": f"{one.text}，{one.who}"} for one in event_steps(told)],
            "uploads": uploads.filter(pk__in=uploading.uploads_visible_to(request.user).values("pk")).defer(
                "sealed", "faults", "missing"
            ),
            "own": own,
            "form": leaving or LeaveForm(initial={"ended_on": clock.today()}),
        },
        status=422 if leaving and leaving.errors else 200,
    )


@desk(*DOES)
@require_POST
def leave(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Take a subject off its list."""
    entry = _entry(request, uuid)
    typed = LeaveForm(request.POST)
    if typed.is_valid():
        try:
            taking.leave(entry_id=entry.pk, actor=request.user, now=clock.now(), **typed.cleaned_data)
        except ValidationError as error:
            typed.add_error(None, error)
        except (MembershipRefused, record.MoveRefused) as error:
            field = getattr(error, "field", "")
            typed.add_error(field if field in typed.fields else None, str(error))
        else:
            messages.success(request, "已移出，随之实施的措施同时结束。")
            return redirect("memberships:entry", entry.uuid)
    return _page(request, entry, leaving=typed)


@desk(*DOES)
def new(request: HttpRequest) -> HttpResponse:
    """Put one subject on a list by hand."""
    lists = _may_keep(request.user)
    keeper = taking.keeper_of(request.user)
    typed = RowForm(lists, request.POST if request.method == "POST" else None, office=keeper.office)
    if request.method == "POST":
        try:
            row = read(
                typed.told(),
                lists=taking.known_lists(keeper),
                today=clock.today(),
                for_good=taking.Bans(keeper.region).for_good,
                source="" if keeper.office else keeper.department.name,
            )
            taken = taking.take({1: row}, keeper=keeper, now=clock.now())
        except ROW_PROBLEMS as error:
            _add_errors(typed, error)
        except IntegrityError:
            # Somebody else has registered the subject between look and word: sent again, it is known.
            typed.add_error(None, QUICKER)
        else:
            entry = next(iter((taken.added | taken.same).values()))
            messages.success(request, "已列入。" if taken.added else "原已列入，内容相同。")
            return redirect("memberships:entry", entry.uuid)
    return render(
        request,
        "desk/memberships/form.html",
        {"form": typed, "lists": lists},
        status=422 if typed.is_bound and typed.errors else 200,
    )


def _add_errors(typed: RowForm, error: Exception) -> None:
    if isinstance(error, FieldErrors):
        found = list(error.errors.items())
    elif isinstance(error, RowsRefused):
        found = list(error.faults[1])
    else:
        found = [(getattr(error, "field", ""), str(error))]
    for key, text in found:
        typed.add_error(key if key in typed.fields else None, text)


# ---- files -------------------------------------------------------------------------------------------------


@desk(*DOES)
def files(request: HttpRequest) -> HttpResponse:
    """Upload a file, and the files of before."""
    typed = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and typed.is_valid():
        file = typed.cleaned_data["file"]
        try:
            upload, fresh = uploading.check_file(
                name=file.name,
                content=file.read(),
                whole=typed.cleaned_data["whole"],
                actor=request.user,
                now=clock.now(),
            )
        except MembershipRefused as error:
            typed.add_error(error.field if error.field in typed.fields else None, str(error))
        else:
            if not fresh:
                messages.info(request, "这个文件以前已经录入，没有再录入。")
            return redirect("memberships:file", upload.uuid)
    rows = (
        uploading.uploads_visible_to(request.user)
        .select_related("department")
        .annotate(wrong=~Q(faults=[]))
        .defer("sealed", "faults", "missing")
        .order_by("-pk")
    )
    shown, following = newest_first(rows, request, size=PER_PAGE)
    return render(
        request,
        "desk/memberships/files.html",
        {
            "form": typed,
            "rows": shown,
            "next": following,
            "lists": _may_keep(request.user),
        },
        status=422 if typed.is_bound and typed.errors else 200,
    )


def _upload(request: HttpRequest, uuid: UUID) -> MembershipUpload:
    found = (
        uploading.uploads_visible_to(request.user)
        .select_related("department", "uploaded_by")
        .filter(uuid=uuid)
        .first()
    )
    if found is None:
        raise Http404("没有这个文件，或者它不在您的管理范围内。")
    return found


@desk(*DOES)
def file(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """What a file would do and what is wrong in it; taking it in, or not."""
    upload, error = _upload(request, uuid), ""
    if request.method == "POST":
        check_own(request, upload.department_id)
        common: dict[str, Any] = {"upload_id": upload.pk, "actor": request.user, "now": clock.now()}
        try:
            if request.POST.get("deed") == "discard":
                uploading.discard(**common)
            else:
                uploading.start(confirmed="confirmed" in request.POST, **common)
        except MembershipRefused as refused:
            error = str(refused)
        else:
            return redirect("memberships:file", upload.uuid)
    rows = uploading.rows_of(upload) if upload.faults else {}
    leaving = list(uploading.missing_of(upload)[:SHOWN_LEAVING]) if upload.missing else []
    if rows or leaving:
        _note_read(request, target_type="membership_upload", target_id=upload.pk)
    return render(
        request,
        "desk/memberships/file.html",
        {
            "upload": upload,
            "own": upload.department_id == request.user.department_id,
            "faults": [
                (place, _told(rows.get(place, {})), fault) for place, fault in upload.faults[:PER_PAGE]
            ],
            "more_faults": max(len(upload.faults) - PER_PAGE, 0),
            "leaving": leaving,
            "more_leaving": max(len(upload.missing) - SHOWN_LEAVING, 0),
            "error": error,
        },
        status=409 if error else 200,
    )


def _told(values: dict[str, str]) -> list[tuple[str, str]]:
    """A row of the file as it stands there, without what is empty."""
    said = uploading.shown(values)
    return [(head, said[key]) for key, head in HEADS.items() if said.get(key, "").strip()]


@desk(*DOES)
@require_safe
def faults(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The rows that are wrong, as they stand in the file."""
    upload = _upload(request, uuid)
    _note_read(request, target_type="membership_upload", target_id=upload.pk)
    return answers.download(uploading.faults_table(upload), f"有误的行-{upload.name.rsplit('.', 1)[0]}.xlsx")


@desk(*DOES)
@require_safe
def missing(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """All who leave because a whole list names them no more."""
    upload = _upload(request, uuid)
    _note_read(request, target_type="membership_upload", target_id=upload.pk)
    return answers.download(
        uploading.missing_table(upload), f"移出的主体-{upload.name.rsplit('.', 1)[0]}.xlsx"
    )


@desk(*DOES)
@require_safe
def template(request: HttpRequest) -> HttpResponse:
    return answers.download(uploading.template(request.user), "名单主体模板.xlsx")
