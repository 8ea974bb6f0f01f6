"""The desk's pages of training: what was held in a year, one session, the units' totals, the workbook."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from credit_portal.audit import clock
from credit_portal.documents import answers
from credit_portal.documents.services import EvidenceDamaged, read_evidence
from credit_portal.documents.workbook import tables
from credit_portal.registry import contacts, groups
from credit_portal.registry.desk_access import check_own, desk
from credit_portal.registry.models import Department
from credit_portal.registry.visibility import departments_visible_to, has_role
from verification import training
from verification.models import TrainingSession
from verification.training import TrainingError

from . import chasing
from .forms import Attendance, TrainingForm, VoidForm
from .views import chase_ticked

PER_PAGE = 50
MOST_EXPORTED = 5_000
FIRST_YEAR = 2000
NO_SESSION = "没有这次培训，或者不在您的管理范围内。"
RECORDS = tuple(sorted(training.RECORDS))


def _year(request: HttpRequest) -> int:
    """The year of the address; this one where there is none or it is none."""
    text, today = request.GET.get("year", ""), clock.today()
    if text.isascii() and text.isdigit() and len(text) == 4 and FIRST_YEAR <= int(text) <= today.year:
        return int(text)
    return today.year


def _years() -> list[int]:
    this = clock.today().year
    return list(range(this, this - 6, -1))


@desk()
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The year's sessions, the newest first, with the own unit's total or the number of units without any."""
    user, year = request.user, _year(request)
    office = has_role(user, groups.CREDIT_OFFICE)
    rows = training.counting(training.sessions_visible_to(user)).filter(held_on__year=year)
    page = Paginator(rows.select_related("department").order_by("-held_on", "-pk"), PER_PAGE).get_page(
        request.GET.get("page")
    )
    own = training.totals_of(Department.objects.filter(pk=user.department_id), year=year)[0]
    reach = departments_visible_to(user)
    return render(
        request,
        "desk/training/home.html",
        {
            "page": page,
            "year": year,
            "years": _years(),
            "query": f"year={year}",
            "office": office,
            "own": own,
            "does": has_role(user, *RECORDS),
            "units": contacts.units_of(reach).count() if office else 0,
            "without": training.without_training(reach, year=year).count() if office else 0,
            "asked": not office and user.department.kind in contacts.UNITS,
        },
    )


@desk(groups.CREDIT_OFFICE)
@require_safe
def units(request: HttpRequest) -> HttpResponse:
    """Unit by unit the year's totals; only those without any where asked."""
    year, reach = _year(request), departments_visible_to(request.user)
    only = request.GET.get("show") == "none"
    rows = training.without_training(reach, year=year) if only else contacts.units_of(reach)
    page = Paginator(rows.order_by("region_id", "name"), PER_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "desk/training/units.html",
        {
            "page": page,
            "rows": training.totals_of(page.object_list, year=year),
            "year": year,
            "years": _years(),
            "this_year": year == clock.today().year,
            "only": only,
            "query": f"year={year}&show=none" if only else f"year={year}",
        },
    )


@desk(groups.CREDIT_OFFICE)
@require_POST
def chase(request: HttpRequest) -> HttpResponse:
    """Ask the units that were ticked to train their staff this year."""
    return chase_ticked(request, what=chasing.TRAINING, back="/desk/training/units/?show=none")


@desk()
@require_safe
def as_xlsx(request: HttpRequest) -> HttpResponse:
    """The year as a workbook: totals by unit, and the sessions. Every cell is text."""
    user, year = request.user, _year(request)
    reach = contacts.units_of(departments_visible_to(user)).order_by("region_id", "name")
    totals: list[tuple[str, ...]] = [("单位", "场次", "人次", "人学时")]
    totals += [
        (one.department.name, str(one.sessions), str(one.people), str(one.person_hours))
        for one in training.totals_of(reach, year=year)
    ]
    rows = training.counting(training.sessions_visible_to(user)).filter(held_on__year=year)
    sessions: list[tuple[str, ...]] = [
        ("编号", "举办单位", "主题", "培训日期", "学时", "授课人", "内容", "人次")
    ]
    sessions += [
        (
            row.number, row.department.name, row.title, row.held_on.isoformat(), str(row.hours), row.lecturer,
            row.content, str(row.people),
        )
        for row in rows.select_related("department").order_by("held_on", "pk")[:MOST_EXPORTED]
    ]  # fmt: skip
    return answers.download(tables([("各单位合计", totals), ("培训记录", sessions)]), f"培训记录{year}.xlsx")


# ---- recorded ----------------------------------------------------------------------------------------------


@desk(*RECORDS)
def new(request: HttpRequest) -> HttpResponse:
    """Record a session that the own unit has held."""
    choice = training.units_to_choose(request.user)
    if request.method != "POST":
        return _form(request, TrainingForm(initial={"held_on": clock.today()}), Attendance(choice))
    form, attendance = TrainingForm(request.POST, request.FILES), Attendance(choice, request.POST)
    if form.is_valid() and not attendance.errors:
        try:
            made = training.record_training(
                details=form.details(), people=attendance.people, others=attendance.others,
                actor=request.user, now=clock.now(),
            )  # fmt: skip
        except TrainingError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            messages.success(request, f"已登记，编号 {made.number}，{made.people} 人次。")
            return redirect("training:session", made.uuid)
    return _form(request, form, attendance)


@desk(*RECORDS)
def correct(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Say anew what was wrong."""
    row = _session(request, uuid)
    if not _may_change(request, row):
        raise Http404("由登记的单位更正；已经更正或者作废的不再更正。")
    lines = list(row.lines.select_related("department", "person"))
    choice = _with_those_who_were_there(training.units_to_choose(request.user), lines)
    if request.method != "POST":
        start = {name: getattr(row, name) for name in ("title", "held_on", "hours", "lecturer", "content")}
        attendance = Attendance(
            choice,
            people=[line.person_id for line in lines if line.person_id],
            others={line.department_id: line.people for line in lines if line.person_id is None},
        )
        return _form(request, TrainingForm(initial=start, again=True), attendance, row=row)
    form = TrainingForm(request.POST, request.FILES, again=True)
    attendance = Attendance(choice, request.POST)
    if form.is_valid() and not attendance.errors:
        try:
            made = training.correct_training(
                session_id=row.pk, details=form.details(), people=attendance.people,
                others=attendance.others, reason=form.cleaned_data["reason"], actor=request.user,
                now=clock.now(),
            )  # fmt: skip
        except TrainingError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            messages.success(request, f"已更正，新编号 {made.number}。")
            return redirect("training:session", made.uuid)
    return _form(request, form, attendance, row=row)


def _with_those_who_were_there(choice: list[Any], lines: list[Any]) -> list[Any]:
    """The units to choose from, with people and units of the row before that are no longer among them."""
    known = {unit.pk: (unit, list(users)) for unit, users in choice}
    for line in lines:
        _unit, users = known.setdefault(line.department_id, (line.department, []))
        if line.person is not None and line.person not in users:
            users.append(line.person)
    return list(known.values())


def _form(
    request: HttpRequest, form: TrainingForm, attendance: Attendance, *, row: TrainingSession | None = None
) -> HttpResponse:
    failed = form.is_bound and (form.errors or attendance.errors)
    return render(
        request,
        "desk/training/form.html",
        {
            "form": form,
            "attendance": attendance,
            "session": row,
            "one": len(attendance.units) == 1,
            "wrong": list(attendance.errors.values()),
        },
        status=422 if failed else 200,
    )


# ---- one session -------------------------------------------------------------------------------------------


def _session(request: HttpRequest, uuid: UUID) -> TrainingSession:
    row = (
        training.sessions_visible_to(request.user)
        .select_related("department", "material", "recorded_by", "corrects", "corrected_by")
        .filter(uuid=uuid)
        .first()
    )
    if row is None:
        raise Http404(NO_SESSION)
    return row


@desk()
@require_safe
def one(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """A session as it was recorded, and what was said of it since."""
    return _page(request, _session(request, uuid), VoidForm())


def _may_change(request: HttpRequest, row: TrainingSession) -> bool:
    own = row.department_id == request.user.department_id and has_role(request.user, *RECORDS)
    return own and not row.void and getattr(row, "corrected_by", None) is None


def _page(request: HttpRequest, row: TrainingSession, form: VoidForm) -> HttpResponse:
    user = request.user
    lines: dict[Department, dict[str, Any]] = {}
    shown = row.lines.select_related("department")
    if not has_role(user, groups.CREDIT_OFFICE) and row.department_id != user.department_id:
        # Of a session that another held a unit sees its own people.
        shown = shown.filter(department=user.department_id)
    for line in shown:
        here = lines.setdefault(line.department, {"names": [], "others": 0})
        if line.person_id is None:
            here["others"] += line.people
        else:
            here["names"].append(line.name)
    after = getattr(row, "corrected_by", None)
    return render(
        request,
        "desk/training/session.html",
        {
            "session": row,
            "lines": lines.items(),
            "after": after,
            "may": _may_change(request, row),
            "form": form,
        },
        status=422 if form.is_bound and form.errors else 200,
    )


@desk(*RECORDS)
@require_POST
def void(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """It did not take place, or was recorded twice."""
    row = _session(request, uuid)
    check_own(request, row.department_id)
    form = VoidForm(request.POST)
    if form.is_valid():
        try:
            training.void_training(
                session_id=row.pk, reason=form.cleaned_data["reason"], actor=request.user, now=clock.now()
            )
        except TrainingError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            messages.success(request, f"{row.number} 已作废，不再计入。")
            return redirect("training:home")
    return _page(request, row, form)


@desk()
@require_safe
def material(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The file that was kept with a session."""
    row = _session(request, uuid)
    if row.material is None:
        raise Http404("这次培训没有材料。")
    try:
        content = read_evidence(row.material)
    except EvidenceDamaged as error:
        raise Http404("文件已损坏，请联系系统管理员。") from error
    return answers.download(content, row.material.original_name, row.material.content_type)
