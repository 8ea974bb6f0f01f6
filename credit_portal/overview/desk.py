"""The desk: what is due, for whom, by when and why; the notices of whoever is logged in."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import cached_property
from django.views.decorators.http import require_POST, require_safe

from credit_portal.audit import clock
from credit_portal.deadlines import duties, explaining
from credit_portal.deadlines.loading import SHAPES
from credit_portal.deadlines.models import Duty
from credit_portal.outbox import notices
from credit_portal.registry import groups
from credit_portal.registry.desk_access import AT_THE_DESK, desk
from credit_portal.registry.models import User
from credit_portal.registry.paging import newest_first
from credit_portal.registry.visibility import departments_visible_to, has_role, limit_to_visible
from repair import waiting

PER_PAGE = 50
NOTICES_SHOWN = 50
NO_DUTY = "没有这项期限，或者它不在您的管理范围内。"
State = Duty.State
TABS = {"open": "待办", "met": "已办", "suspended": "中止"}
# What the desk calls each duty: what is to be done, not the rule's name.
DEEDS = {
    "service": "送达认定书",
    "breach_report": "向信用办上报违诺",
    "report_acceptance": "受理或者退回上报",
    "breach_publication": "决定是否公示违诺",
    "statement_review": "审查主体说明",
    "rectification": "核查限期整改",
    "interview": "约谈",
    "revocation_handoff": "签收撤销许可的移交",
    "act_publication.licence": "公开行政许可",
    "act_publication.penalty": "公开行政处罚",
    "act_publication.other": "公开其他行政行为",
    "act_publication.judicial": "公开司法信息",
    "commitment_upload": "向上级平台报送承诺",
    "platform_collection": "归集到上级平台",
    "objection_acceptance": "受理异议",
    "objection_answer": "核实并书面答复异议",
    "monthly_list": "报送使用信用记录月报",
    "half_year_report": "报送半年进展报告",
    "recheck_interval": "复核抽中的承诺",
    "repair_decision": "决定信用修复申请",
    "repair_confirmation": "确认信用修复",
    "late_materials_promise": "核收容缺材料",
    "late_materials_overdue": "处理逾期未补的容缺材料",
    "handled_at_once": "即时办理出具结果",
    "warning_answer": "核实预警",
    "registration_verification": "核实自愿注册信息",
    "bulk_breach": "核实归集文件载有的违诺",
}


def deed(rule_key: str) -> str:
    shape = SHAPES.get(rule_key)
    return DEEDS.get(rule_key) or (shape.label if shape else rule_key)


@dataclass(frozen=True)
class Line:
    """A duty as the desk shows it."""

    duty: Duty
    deed: str
    progress: explaining.Progress
    on_time: bool | None


class DeskCounts:
    """Read lazily by the frame of staff pages as `desk`: what waits and what is unread, two small queries at most."""

    def __init__(self, user: Any) -> None:
        self._user = user

    @cached_property
    def admitted(self) -> bool:
        return bool(self._user.is_authenticated and has_role(self._user, *AT_THE_DESK))

    @cached_property
    def unread(self) -> int:
        return notices.unread(self._user) if self.admitted else 0

    @cached_property
    def overdue(self) -> int:
        if not self.admitted:
            return 0
        rows = _own(self._user).filter(state=State.OPEN, due_on__lt=clock.today())
        return rows.order_by()[:100].count()


def desk_context(request: HttpRequest) -> dict[str, object]:
    """Context processor: `desk`."""
    user = getattr(request, "user", None)
    return {"desk": DeskCounts(user)} if user is not None else {}


def _own(user: User) -> QuerySet[Duty]:
    return limit_to_visible(Duty.objects.all(), user)


@desk()
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The duties of the user's reach, the first to be due first."""
    today = clock.today()
    tab = request.GET.get("state", "open")
    if tab not in TABS:
        tab = "open"
    rows = _own(request.user).select_related("department")
    figures = _figures(request.user, today)
    rows = rows.filter(state=tab)
    rule = request.GET.get("rule", "")
    if rule in DEEDS:
        rows = rows.filter(rule_key=rule)
    regional = has_role(request.user, groups.CREDIT_OFFICE)
    department = request.GET.get("department", "")
    offices = list(departments_visible_to(request.user)) if regional else []
    if department and any(str(office.pk) == department for office in offices):
        rows = rows.filter(department_id=int(department))
    lines, older = _page(rows, tab, request.GET.get("after", ""), today)
    kept = {key: request.GET[key] for key in ("state", "rule", "department") if request.GET.get(key)}
    return render(
        request,
        "desk/home.html",
        {
            "today": today,
            "tabs": [(code, label, code == tab) for code, label in TABS.items()],
            "tab": tab,
            "figures": figures,
            "repairs": waiting.waiting_for(request.user).order_by().count(),
            "signs": waiting.signs_waiting_for(request.user).order_by().count(),
            "rules": list(DEEDS.items()),
            "rule": rule,
            "departments": offices,
            "department": department,
            "lines": lines,
            "next": f"?{urlencode(kept | {'after': older})}" if older else "",
            "further": bool(request.GET.get("after")),
        },
    )


def _figures(user: User, today: date) -> dict[str, int]:
    """How many are overdue, due today, due soon, and in all; one query over what is open."""
    found: dict[str, int] = (
        _own(user)
        .filter(state=State.OPEN)
        .order_by()
        .aggregate(
            overdue=Count("id", filter=Q(due_on__lt=today)),
            today=Count("id", filter=Q(due_on=today)),
            soon=Count("id", filter=Q(due_on__gt=today, stage__gte=Duty.Stage.THREE_DAYS)),
            all=Count("id"),
        )
    )
    return found


def _page(rows: QuerySet[Duty], tab: str, after: str, today: date) -> tuple[list[Line], str]:
    """A keyset page: open ones by due date, done ones by the day they were done, the last first."""
    field = "met_on" if tab == "met" else "due_on"
    sign = "lt" if tab == "met" else "gt"
    order = (f"-{field}", "-id") if tab == "met" else (field, "id")
    if after:
        day, _, number = after.partition(".")
        try:
            edge, last = date.fromisoformat(day), int(number)
        except ValueError as error:
            raise BadRequest("翻页标记无效，请从第一页看起。") from error
        rows = rows.filter(Q(**{f"{field}__{sign}": edge}) | Q(**{field: edge, f"id__{sign}": last}))
    found = list(rows.order_by(*order)[: PER_PAGE + 1])
    shown = found[:PER_PAGE]
    older = f"{getattr(shown[-1], field)}.{shown[-1].pk}" if len(found) > PER_PAGE else ""
    return [line_of(duty, today) for duty in shown], older


def line_of(duty: Duty, today: date) -> Line:
    return Line(
        duty,
        deed(duty.rule_key),
        explaining.progress(duty, today),
        duty.met_on <= duty.due_on if duty.met_on else None,
    )


@desk(*AT_THE_DESK, groups.AUDITOR)
@require_safe
def duty(request: HttpRequest, pk: int) -> HttpResponse:
    """One duty with every day that was counted, and its course."""
    found = _own(request.user).select_related("department", "region", "met_by").filter(pk=pk).first()
    if found is None:
        raise Http404(NO_DUTY)
    today = clock.today()
    return render(
        request,
        "desk/duty.html",
        {
            "line": line_of(found, today),
            "duty": found,
            "length": explaining.length_in_words(found),
            "days": explaining.day_lines(found),
            "events": list(found.events.select_related("actor").order_by("id")),
            "matter": duties.matter_label(found.matter_type),
            "matter_url": duties.matter_url(found),
            "may_suspend": has_role(request.user, groups.HEAD)
            and found.state in duties.OPEN_STATES
            and found.department_id == request.user.department_id,
            "today": today,
        },
    )


@desk(groups.HEAD)
@require_POST
def suspend(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop or resume the clock where law allows it."""
    if not _own(request.user).filter(pk=pk).exists():
        raise Http404(NO_DUTY)
    try:
        on = date.fromisoformat(request.POST.get("on", ""))
    except ValueError:
        messages.error(request, "请填写日期，如 2026-11-24。")
        return redirect("desk:duty", pk)
    try:
        if request.POST.get("deed") == "resume":
            duties.resume_duty(duty_id=pk, on=on, actor=request.user, now=clock.now())
            messages.success(request, "已恢复，到期日已重新计算。")
        else:
            duties.suspend_duty(
                duty_id=pk, on=on, basis=request.POST.get("basis", ""), actor=request.user, now=clock.now()
            )
            messages.success(request, "已中止。")
    except duties.DutyError as error:
        messages.error(request, str(error))
    return redirect("desk:duty", pk)


@desk()
@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """The user's own notices, the newest first."""
    rows = notices.inbox(request.user)
    shown, following = newest_first(rows, request, size=NOTICES_SHOWN)
    return render(
        request,
        "desk/notices.html",
        {"notices": shown, "next": following},
    )


@desk()
@require_POST
def read(request: HttpRequest) -> HttpResponse:
    """Mark notices as read: one, or all."""
    number = request.POST.get("notice", "")
    ids = [int(number)] if number.isascii() and number.isdigit() else None
    notices.mark_read(user=request.user, notice_ids=ids, now=clock.now())
    return redirect("desk:notices")
