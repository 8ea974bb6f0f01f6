"""Grades at the desk: the current ones of the user's reach, and one with its reasons; each reading is logged. (R66)"""

from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from credit_portal.audit import clock
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.registry import groups
from credit_portal.registry.desk_access import AT_THE_DESK, desk
from credit_portal.registry.finding import looked_up
from credit_portal.registry.paging import newest_first
from credit_portal.registry.visibility import has_role
from verification.models import Grade, SubjectGrade
from verification.services import entries_visible_to

from . import grading, showing

SEES = (*AT_THE_DESK, groups.AUDITOR)
PER_PAGE = 50
NO_GRADE = "没有这个主体的信用等级，或者它不在您的管理范围内。"


def log(request: HttpRequest, *, target_type: str, target_id: int | str, subject_id: int | None) -> None:
    audits = has_role(request.user, groups.AUDITOR)
    log_read(
        now=clock.now(),
        actor_id=request.user.pk,
        what="信用等级",
        target_type=target_type,
        target_id=target_id,
        subject_id=subject_id,
        purpose=ReadLog.Purpose.AUDIT if audits else ReadLog.Purpose.SUPERVISION,
    )


@desk(*SEES)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The current grades of the user's reach, the newest first."""
    wanted = request.GET.get("grade", "")
    wanted = wanted if wanted in Grade.values else ""
    sought = request.GET.get("q", "").replace("\0", "").strip()[:100]
    rows = showing.grades_visible_to(request.user)
    if wanted:
        rows = rows.filter(grade=wanted)
    if sought:
        rows = rows.filter(subject__uscc=sought.upper())
    rows = rows.select_related("subject", "standard").prefetch_related("standard__indicators")
    shown, following = newest_first(rows, request, size=PER_PAGE)
    today = clock.today()
    moved = showing.moved_since(shown, on=today)
    log(
        request,
        target_type="subject_grade_list",
        target_id="list",
        subject_id=looked_up(sought, shown, today=today),
    )
    here = request.user.department.region
    return render(
        request,
        "desk/grades/home.html",
        {
            "rows": [(row, moved.get(row.pk)) for row in shown],
            "tabs": [
                (f"?{urlencode({'grade': code})}" if code else "?", label, code == wanted)
                for code, label in [("", "全部"), *Grade.choices]
            ],
            "sought": sought,
            "wanted": wanted,
            "standard": grading.standard_of(here, today),
            "today": today,
            "office": has_role(request.user, groups.CREDIT_OFFICE),
            "regional": has_role(request.user, groups.CREDIT_OFFICE, groups.AUDITOR),
            "next": following,
        },
    )


@desk(*SEES)
@require_safe
def one(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The current grade of one subject and why."""
    row: SubjectGrade | None = (
        showing.grades_visible_to(request.user)
        .select_related("subject", "standard__region", "run")
        .filter(uuid=uuid)
        .first()
    )
    if row is None:
        raise Http404(NO_GRADE)
    log(request, target_type="subject_grade", target_id=row.pk, subject_id=row.subject_id)
    return render(
        request,
        "desk/grades/grade.html",
        {
            "shown": showing.shown(row, on=clock.today(), readable=entries_visible_to(request.user)),
            "earlier": list(SubjectGrade.objects.filter(subject=row.subject_id, pk__lt=row.pk)[:PER_PAGE]),
        },
    )
