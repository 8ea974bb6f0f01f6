"""Monthly lists in the back office: any unit's month as a file, or every unit's of that month in one workbook."""

from collections.abc import Callable, Iterable

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from credit_portal.audit import clock
from credit_portal.audit.admin_base import Cell, HistoryAdmin, Section, Tool, moment
from credit_portal.registry import groups
from credit_portal.registry.visibility import has_role

from .models import UsageList
from .usage import gathering, lists, views

STATE_MARKS = {"sent": "kept", "late": "broken", "missing": "broken", "open": "waiting"}


@admin.register(UsageList)
class UsageListAdmin(HistoryAdmin):
    list_display = ["month_shown", "department", "due_on", "submitted_on", "state_shown"]
    list_filter = ["month", "region"]
    list_select_related = ["department"]
    search_fields = ["department__name"]
    search_help_text = "单位名称"
    ordering = ["-month", "department__name"]
    audit_target = "usage_list"

    def visible(self, request: HttpRequest, rows: QuerySet[UsageList]) -> QuerySet[UsageList]:
        return lists.lists_visible_to(request.user)

    @admin.display(description="月份", ordering="month")
    def month_shown(self, row: UsageList) -> str:
        return row.month_in_words

    @admin.display(description="状态")
    def state_shown(self, row: UsageList) -> str:
        return gathering.STATES[gathering.state_of(row, clock.today())]

    def record_title(self, obj: UsageList) -> str:
        return f"{obj.department} {obj.month_in_words}"

    def opened(self, request: HttpRequest, obj: UsageList) -> None:
        gathering.note_read(user=request.user, target_id=str(obj.pk), now=clock.now())

    def sections(self, request: HttpRequest, obj: UsageList) -> Iterable[Section]:
        state = gathering.state_of(obj, clock.today())
        yield Section(
            "使用情况月报",
            rows=[
                ("单位", str(obj.department)),
                ("编号", Cell(obj.number, mono=True)),
                ("期间", f"{obj.period_from} 至 {obj.period_to}"),
                ("应报日", f"{obj.due_on}，{obj.late_from} 起算逾期"),
                ("状态", Cell(gathering.STATES[state], state=STATE_MARKS[state])),
                ("办理页面", Cell("到工作台查看", url=reverse("usage:list", args=[obj.uuid]))),
            ],
        )
        yield Section(
            "报送经过",
            rows=[
                (
                    f"第 {one.version} 次",
                    f"{moment(one.submitted_at)}，报送人 {one.reporter}，{one.rows} 条"
                    f"{'；' + one.reason if one.reason else ''}",
                )
                for one in obj.submissions.order_by("version")
            ],
        )

    def tools(self, request: HttpRequest, obj: UsageList) -> Iterable[Tool]:
        yield Tool("下载这个单位的清单", self.url("xlsx", obj), main=True)
        if has_role(request.user, *groups.REGIONAL):
            yield Tool("下载本月各单位的清单", self.url("county", obj))

    def deeds(self) -> dict[str, Callable[..., HttpResponse]]:
        return {"xlsx": require_safe(self.xlsx_view), "county": require_safe(self.county_view)}

    def xlsx_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return views.list_file(request, self.record_or_404(request, object_id))

    def county_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return views.county_file(request, self.record_or_404(request, object_id).month)
