"""The desk's pages of acts: what is to be published and by when, entering, files, one act as a record."""

from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.deadlines import duties
from credit_portal.deadlines.models import Duty
from credit_portal.documents import answers
from credit_portal.registry import codes, groups
from credit_portal.registry.desk_access import desk
from credit_portal.registry.finding import looked_up
from credit_portal.registry.models import PublicityClass
from credit_portal.registry.paging import newest_first
from credit_portal.registry.visibility import has_role
from disclosure.models import ActKind, ActUpload, AdministrativeAct

from . import entering, publishing, rules, uploading
from .fields import FieldErrors, fields_of, read
from .forms import ActForm, DecisionForm, EndForm, UploadForm
from .rules import ActRefused

PER_PAGE = 50
TABS = {"decide": "待公开", "public": "公示中", "other": "不公开和已停止"}
NO_ACT = "没有这条信息，或者它不在您的管理范围内。"
SEES = (groups.OFFICER, groups.HEAD, groups.APPROVAL_BUREAU, groups.CREDIT_OFFICE, groups.AUDITOR)


@desk(*SEES)
@require_safe
def acts(request: HttpRequest) -> HttpResponse:
    """The acts of the user's reach: those whose class is open with the first to be due first, others the newest first."""
    tab = request.GET.get("tab", "decide")
    tab = tab if tab in TABS else "decide"
    sought = request.GET.get("q", "").replace("\0", "").strip()[:100]
    rows = entering.acts_visible_to(request.user).select_related("department")
    if sought:
        cleaned = codes.clean(sought)
        rows = rows.filter(Q(number=cleaned) | Q(document_no=sought) | Q(subject__uscc=cleaned))
        found, following = _newest(rows, request)
    elif tab == "decide":
        found, following = _first_due(rows, request)
    else:
        shown = Q(publicity_class=PublicityClass.PUBLIC, ended_at__isnull=True)
        kept = Q(decided_at__isnull=False) | Q(ended_at__isnull=False)
        found, following = _newest(rows.filter(shown if tab == "public" else kept & ~shown), request)
    log_read(
        now=clock.now(),
        actor_id=request.user.pk,
        what="行政行为列表",
        target_type="act_list",
        target_id=0,
        subject_id=looked_up(sought, found, today=clock.today()),
        purpose=ReadLog.Purpose.SUPERVISION,
    )
    today = clock.today()
    return render(
        request,
        "desk/acts/list.html",
        {
            "tabs": [(code, label, code == tab) for code, label in TABS.items()],
            "tab": "" if sought else tab,
            "rows": [(act, _left(act.due_on, today), _may_tick(act, request)) for act in found],
            "sought": sought,
            "does": has_role(request.user, *rules.DOES),
            "error": request.session.pop("act_error", ""),
            "next": following,
        },
    )


def _left(due_on: date | None, today: date) -> dict[str, Any] | None:
    return None if due_on is None else {"on": due_on, "days": (due_on - today).days}


def _may_tick(act: AdministrativeAct, request: HttpRequest) -> bool:
    """Whether it can be published with others by one press: what needs a reason or another person is decided alone."""
    return (
        act.undecided
        and act.department_id == request.user.department_id
        and act.subject_kind != rules.PERSON
        and not (act.kind in rules.SEEN_BY_ANOTHER and act.entered_by_id == request.user.pk)
        and act.grade != "minor"
    )


def _with_due(rows: QuerySet[AdministrativeAct]) -> QuerySet[AdministrativeAct]:
    due = Duty.objects.filter(matter_type=entering.MATTER, matter_id=OuterRef("pk"), state=Duty.State.OPEN)
    return rows.annotate(due_on=Subquery(due.values("due_on")[:1]))


def _first_due(
    rows: QuerySet[AdministrativeAct], request: HttpRequest
) -> tuple[list[AdministrativeAct], str]:
    # What was decided earlier is due earlier: the order of an index instead of a sort.
    rows = _with_due(rows.filter(decided_at__isnull=True, ended_at__isnull=True))
    day, _, edge = request.GET.get("after", "").partition("_")
    try:
        place = (date.fromisoformat(day), int(edge)) if edge.isascii() and edge.isdigit() else None
    except ValueError:
        place = None
    if place is not None:
        rows = rows.filter(Q(decided_on__gt=place[0]) | Q(decided_on=place[0], pk__gt=min(place[1], 2**62)))
    found = list(rows.order_by("decided_on", "pk")[: PER_PAGE + 1])
    shown = found[:PER_PAGE]
    more = len(found) > PER_PAGE
    return shown, f"?tab=decide&after={shown[-1].decided_on}_{shown[-1].pk}" if more else ""


def _newest(rows: QuerySet[AdministrativeAct], request: HttpRequest) -> tuple[list[AdministrativeAct], str]:
    return newest_first(_with_due(rows), request, size=PER_PAGE)


# ---- entered -----------------------------------------------------------------------------------------------


@desk(*rules.DOES)
def new(request: HttpRequest) -> HttpResponse:
    """Enter one by hand: first the kind, then its fields."""
    kinds = entering.kinds_open(request.user.department, on=clock.today())
    kind = request.POST.get("kind", request.GET.get("kind", ""))
    if kind not in kinds:
        return render(
            request, "desk/acts/kinds.html", {"kinds": [(one, ActKind(one).label) for one in kinds]}
        )
    typed = ActForm(kind, request.POST if request.method == "POST" else None)
    if request.method == "POST":
        try:
            act, fresh = entering.enter(
                data=read(kind, typed.told(), today=clock.today()),
                department=request.user.department,
                source=AdministrativeAct.Source.FORM,
                now=clock.now(),
                actor=request.user,
            )
        except (FieldErrors, ActRefused) as error:
            _add_errors(typed, error)
        else:
            messages.success(
                request, f"已录入，编号 {act.number}。" if fresh else f"这份文书原已录入（{act.number}）。"
            )
            return redirect("acts:act", act.uuid)
    return _form_page(request, typed, title=f"录入{ActKind(kind).label}", button="录入", back=None)


@desk(*rules.DOES)
def correct(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Put the right content in the place of a wrong one."""
    act = _visible(request, uuid)
    _log(request, act)
    start = uploading.values_of(act)
    if "category" in start and act.kind == ActKind.PENALTY:
        start |= {"category": start["category"].split("；")}  # type: ignore[dict-item]
    typed = ActForm(act.kind, request.POST if request.method == "POST" else None, initial=start)
    if request.method == "POST":
        try:
            fresh = entering.correct(
                act_id=act.pk,
                data=read(act.kind, typed.told(), today=clock.today()),
                actor=request.user,
                now=clock.now(),
            )
        except (FieldErrors, ActRefused) as error:
            _add_errors(typed, error)
        else:
            messages.success(
                request, f"已更正，新编号 {fresh.number}。原记录已停止，新记录请重新确定公开类型。"
            )
            return redirect("acts:act", fresh.uuid)
    return _form_page(request, typed, title=f"更正 {act.number}", button="更正", back=act)


def _add_errors(typed: ActForm, error: FieldErrors | ActRefused) -> None:
    found = error.errors if isinstance(error, FieldErrors) else {error.field: str(error)}
    for key, text in found.items():
        typed.add_error(key if key in typed.fields else None, text)


def _form_page(
    request: HttpRequest, typed: ActForm, *, title: str, button: str, back: AdministrativeAct | None
) -> HttpResponse:
    return render(
        request,
        "desk/acts/form.html",
        {"form": typed, "title": title, "button": button, "act": back, "kind": typed.kind},
        status=422 if typed.is_bound and typed.errors else 200,
    )


# ---- one act -----------------------------------------------------------------------------------------------


def _visible(request: HttpRequest, uuid: UUID) -> AdministrativeAct:
    found = (
        entering.acts_visible_to(request.user)
        .select_related(
            "department", "region", "subject", "entered_by", "partner", "upload", "decided_by", "second",
            "proposed_by", "ended_by", "corrects",
        )
        .filter(uuid=uuid)
        .first()
    )  # fmt: skip
    if found is None:
        raise Http404(NO_ACT)
    return found


@desk(*SEES)
@require_safe
def act(request: HttpRequest, uuid: UUID) -> HttpResponse:
    return _page(request, _visible(request, uuid))


def _log(request: HttpRequest, act: AdministrativeAct) -> None:
    log_read(
        now=clock.now(),
        actor_id=request.user.pk,
        what="行政行为信息",
        target_type="act",
        target_id=act.pk,
        subject_id=act.subject_id,
        purpose=ReadLog.Purpose.SUPERVISION,
    )


def _page(
    request: HttpRequest,
    found: AdministrativeAct,
    *,
    decision: DecisionForm | None = None,
    ending: EndForm | None = None,
) -> HttpResponse:
    _log(request, found)
    own = found.department_id == request.user.department_id and has_role(request.user, *rules.DOES)
    period, refused = None, ""
    if own and found.undecided:
        try:
            period, _ = publishing.period_for(found, on=clock.today())
        except ActRefused as error:
            refused = str(error)
    # A person's stays limited, unless a colleague has proposed it: then that is what the second one is asked.
    limited = found.subject_kind == rules.PERSON and found.proposed_by_id is None
    start = {"publicity_class": "limited" if limited else "public"}
    told = uploading.values_of(found)
    told["subject_code"] = found.subject.shown_code
    return render(
        request,
        "desk/acts/act.html",
        {
            "act": found,
            "own": own,
            "told": [(one.head, told[one.key]) for one in fields_of(found.kind) if told.get(one.key)],
            "duties": [(one, _left(one.due_on, clock.today())) for one in duties.duties_of(entering.matter_of(found))],
            "period": period,
            "refused": refused,
            "another": found.kind in rules.SEEN_BY_ANOTHER and found.entered_by_id == request.user.pk,
            "person": found.subject_kind == rules.PERSON,
            "decision": decision or DecisionForm(found, initial=start),
            "ending": ending or EndForm(),
            "correction": AdministrativeAct.objects.filter(corrects=found).first(),
        },
        status=422 if (decision and decision.errors) or (ending and ending.errors) else 200,
    )  # fmt: skip


@desk(*rules.DOES)
@require_POST
def decide(request: HttpRequest, uuid: UUID) -> HttpResponse:
    found = _visible(request, uuid)
    typed = DecisionForm(found, request.POST)
    if typed.is_valid():
        try:
            done = publishing.decide(
                act_ids=[found.pk],
                publicity_class=typed.cleaned_data["publicity_class"],
                reason=typed.cleaned_data["reason"],
                note_text=typed.cleaned_data["note"],
                actor=request.user,
                now=clock.now(),
            )[0]
        except ActRefused as error:
            typed.add_error(error.field if error.field in typed.fields else None, str(error))
        else:
            messages.success(
                request,
                f"公开类型已确定：{done.get_publicity_class_display()}。"
                if done.decided_at
                else "已提议公开，等本部门另一人同意。",
            )
            return redirect("acts:act", found.uuid)
    return _page(request, found, decision=typed)


@desk(*rules.DOES)
@require_POST
def end(request: HttpRequest, uuid: UUID) -> HttpResponse:
    found = _visible(request, uuid)
    typed = EndForm(request.POST)
    if typed.is_valid():
        try:
            publishing.end_by_hand(
                act_id=found.pk,
                ending=typed.cleaned_data["ending"],
                note_text=typed.cleaned_data["note"],
                actor=request.user,
                now=clock.now(),
            )
        except ActRefused as error:
            typed.add_error(error.field if error.field in typed.fields else None, str(error))
        else:
            messages.success(request, "已停止，各处同时不再显示。")
            return redirect("acts:act", found.uuid)
    return _page(request, found, ending=typed)


@desk(*rules.DOES)
@require_POST
def publish(request: HttpRequest) -> HttpResponse:
    """Publish what was ticked in the list, all or none."""
    ticked = [int(pk) for pk in request.POST.getlist("act") if pk.isascii() and pk.isdigit() and len(pk) < 19]
    known = list(
        entering.acts_visible_to(request.user).filter(pk__in=ticked[:PER_PAGE]).values_list("pk", flat=True)
    )
    if not known:
        request.session["act_error"] = "没有勾选要公开的信息。"
        return redirect("acts:list")
    try:
        done = publishing.decide(
            act_ids=known,
            publicity_class=PublicityClass.PUBLIC,
            reason="",
            actor=request.user,
            now=clock.now(),
        )
    except ActRefused as error:
        request.session["act_error"] = f"一条也没有公开。{error}"
    else:
        messages.success(request, f"已公开 {len(done)} 条。")
    return redirect("acts:list")


# ---- files -------------------------------------------------------------------------------------------------


@desk(*rules.DOES)
def files(request: HttpRequest) -> HttpResponse:
    """Upload a file, and the files of before."""
    kinds = entering.kinds_open(request.user.department, on=clock.today())
    typed = UploadForm(kinds, request.POST or None, request.FILES or None)
    if request.method == "POST" and typed.is_valid():
        file = typed.cleaned_data["file"]
        try:
            upload = uploading.check_file(
                kind=typed.cleaned_data["kind"],
                name=file.name,
                content=file.read(),
                actor=request.user,
                now=clock.now(),
            )
        except ActRefused as error:
            typed.add_error(error.field if error.field in typed.fields else None, str(error))
        else:
            return redirect("acts:file", upload.uuid)
    rows = uploading.uploads_visible_to(request.user).defer("sealed", "faults").order_by("-pk")[:PER_PAGE]
    return render(
        request,
        "desk/acts/files.html",
        {"form": typed, "rows": rows, "kinds": [(kind, ActKind(kind).label) for kind in kinds]},
        status=422 if typed.is_bound and typed.errors else 200,
    )


def _upload(request: HttpRequest, uuid: UUID) -> ActUpload:
    found = uploading.uploads_visible_to(request.user).defer("sealed").filter(uuid=uuid).first()
    if found is None:
        raise Http404("没有这个文件，或者它不是本部门上传的。")
    return found


@desk(*rules.DOES)
def file(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """What is right and what is wrong of a file; entering it, or not; how far it is."""
    found = _upload(request, uuid)
    error = ""
    if request.method == "POST":
        service = uploading.discard if request.POST.get("deed") == "discard" else uploading.start
        try:
            service(upload_id=found.pk, actor=request.user, now=clock.now())
        except ActRefused as refused:
            error = str(refused)
        else:
            return redirect("acts:file", found.uuid)
    return render(
        request,
        "desk/acts/file.html",
        {
            "upload": found,
            "faults": found.faults[:PER_PAGE],
            "more": max(len(found.faults) - PER_PAGE, 0),
            "error": error,
        },
        status=409 if error else 200,
    )


@desk(*rules.DOES)
@require_safe
def faults(request: HttpRequest, uuid: UUID) -> HttpResponse:
    found = _upload(request, uuid)
    return answers.download(uploading.faults_table(found), f"有误的行-{found.name.rsplit('.', 1)[0]}.xlsx")


@desk(*rules.DOES)
@require_safe
def template(request: HttpRequest, kind: str) -> HttpResponse:
    if kind not in ActKind.values:
        raise Http404("没有这个类别的模板。")
    return answers.download(uploading.template(kind), f"{ActKind(kind).label}模板.xlsx")
