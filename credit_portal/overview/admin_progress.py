"""Half-year reports, the region's reports and assessments in the back office, read only; here, for a region's workbook is
counted across all rooms."""

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from credit_portal.audit import clock
from credit_portal.audit.admin_base import Cell, HistoryAdmin, Section, Tool, moment
from credit_portal.registry import groups
from credit_portal.registry.visibility import has_role
from disclosure.models import Assessment, ProgressReport, ProgressSummary
from disclosure.progress import assessments, periods, reports, summaries
from disclosure.progress.papers import crossed, in_groups
from disclosure.progress.parts import Figure, from_data

from .progress import upward, views

STATE_MARKS = {"sent": "kept", "late": "broken", "missing": "broken", "open": "waiting"}


def figure_sections(figures: list[Figure]) -> Iterable[Section]:
    """Figures by group, as they were sent or signed."""
    for table in crossed(figures):
        rows = [[label, *numbers] for label, numbers in table.rows]
        yield Section(table.group, head=["类型", *table.columns], table=rows)
    for group, found in in_groups(figures):
        yield Section(group, rows=[(one.label, Cell(one.number, mono=True)) for one in found])


def paragraphs(*words: tuple[str, str]) -> Section:
    return Section("内容", rows=list(words))


@admin.register(ProgressReport)
class ProgressReportAdmin(HistoryAdmin):
    list_display = ["half_shown", "department", "due_on", "submitted_on", "state_shown"]
    list_filter = ["half", "region"]
    list_select_related = ["department"]
    search_fields = ["department__name"]
    search_help_text = "单位名称"
    ordering = ["-half", "department__name"]
    audit_target = "progress_report"

    def visible(self, request: HttpRequest, rows: QuerySet[ProgressReport]) -> QuerySet[ProgressReport]:
        return reports.reports_visible_to(request.user)

    @admin.display(description="半年", ordering="half")
    def half_shown(self, row: ProgressReport) -> str:
        return periods.in_words(row.half)

    @admin.display(description="状态")
    def state_shown(self, row: ProgressReport) -> str:
        return reports.STATES[reports.state_of(row, clock.today())]

    def record_title(self, obj: ProgressReport) -> str:
        return f"{obj.department} {periods.in_words(obj.half)}"

    def sections(self, request: HttpRequest, obj: ProgressReport) -> Iterable[Section]:
        state = reports.state_of(obj, clock.today())
        yield Section(
            "半年进展报告",
            rows=[
                ("单位", str(obj.department)),
                ("编号", Cell(obj.number, mono=True)),
                ("期间", f"{obj.period_from} 至 {obj.period_to}"),
                ("应报日", f"{obj.due_on}，{obj.late_from} 起算逾期"),
                ("状态", Cell(reports.STATES[state], state=STATE_MARKS[state])),
                ("办理页面", Cell("到工作台查看", url=reverse("progress:report", args=[obj.uuid]))),
            ],
        )
        sent = list(obj.versions.order_by("version"))
        yield Section(
            "报送经过",
            rows=[
                (
                    f"第 {one.version} 次",
                    f"{moment(one.submitted_at)}，报送人 {one.reporter}，数据截至 {one.as_of}"
                    f"{'；' + one.reason if one.reason else ''}；校验值 {one.sha256}",
                )
                for one in sent
            ],
        )
        if sent:
            last = sent[-1]
            yield paragraphs(
                ("工作开展情况", last.done), ("存在的问题", last.problems), ("下一步打算", last.plans)
            )
            yield from figure_sections(from_data(last.figures))

    def tools(self, request: HttpRequest, obj: ProgressReport) -> Iterable[Tool]:
        yield Tool("下载这个单位的报告", self.url("xlsx", obj), main=True)
        if has_role(request.user, *groups.REGIONAL):
            yield Tool("下载本地区各单位的报告", self.url("region", obj))

    def deeds(self) -> dict[str, Callable[..., HttpResponse]]:
        return {"xlsx": require_safe(self.xlsx_view), "region": require_safe(self.region_view)}

    def xlsx_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return views.report_file(self.record_or_404(request, object_id))

    def region_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.record_or_404(request, object_id)
        if not has_role(request.user, *groups.REGIONAL):
            raise PermissionDenied("全区的报告由信用办下载。")
        return views.region_file(row.region, periods.parse(row.half))


class UpwardAdmin(HistoryAdmin):
    """What goes up from an office: found by number."""

    search_fields = ["=number"]
    search_help_text = "编号"
    ordering = ["-pk"]
    list_select_related = ["office"]

    @admin.display(description="半年", ordering="half")
    def half_shown(self, row: Any) -> str:
        return periods.in_words(row.half)


@admin.register(ProgressSummary)
class ProgressSummaryAdmin(UpwardAdmin):
    list_display = ["number", "half_shown", "office", "state", "sent_up_on", "sent_up_to"]
    list_filter = ["state", "half"]
    audit_target = "progress_summary"

    def visible(self, request: HttpRequest, rows: QuerySet[ProgressSummary]) -> QuerySet[ProgressSummary]:
        return summaries.summaries_visible_to(request.user)

    def record_title(self, obj: ProgressSummary) -> str:
        return f"进展总报告 {obj.number}"

    def sections(self, request: HttpRequest, obj: ProgressSummary) -> Iterable[Section]:
        yield Section(
            "进展总报告",
            rows=[
                ("报告机关", str(obj.office)),
                ("半年", periods.in_words(obj.half)),
                ("数据截至", obj.as_of),
                ("状态", obj.get_state_display()),
                ("拟稿", f"{obj.drafted_on}，{obj.drafted_by}"),
                ("签发", f"{obj.issued_on}，{obj.issued_by}" if obj.issued_on else "没有签发"),
                ("上报", f"{obj.sent_up_on}，{obj.sent_up_to}" if obj.sent_up_on else "没有上报"),
                ("办理页面", Cell("到工作台查看", url=reverse("progress:summary", args=[obj.uuid]))),
            ],
        )
        yield paragraphs(("应用成效", obj.effects), ("存在的问题", obj.problems), ("下一步打算", obj.plans))
        yield from figure_sections(from_data(obj.figures))

    def tools(self, request: HttpRequest, obj: ProgressSummary) -> Iterable[Tool]:
        yield Tool("下载 xlsx", self.url("xlsx", obj), main=True)

    def deeds(self) -> dict[str, Callable[..., HttpResponse]]:
        return {"xlsx": require_safe(self.xlsx_view)}

    def xlsx_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return upward.summary_file(self.record_or_404(request, object_id))


@admin.register(Assessment)
class AssessmentAdmin(UpwardAdmin):
    list_display = ["number", "body_name", "office", "state", "grade", "sent_up_on", "named_on"]
    list_filter = ["state", "grade"]
    search_fields = ["=number", "body_name"]
    search_help_text = "编号或者第三方机构的名称"
    audit_target = "assessment"

    def visible(self, request: HttpRequest, rows: QuerySet[Assessment]) -> QuerySet[Assessment]:
        return assessments.assessments_visible_to(request.user)

    def record_title(self, obj: Assessment) -> str:
        return f"第三方评估 {obj.number}"

    def sections(self, request: HttpRequest, obj: Assessment) -> Iterable[Section]:
        yield Section(
            "第三方评估",
            rows=[
                ("委托机关", str(obj.office)),
                ("第三方机构", obj.body_name),
                ("统一社会信用代码", Cell(obj.body_code, mono=True)),
                ("评估内容", obj.subject_matter),
                ("评估期间", f"{obj.period_from} 至 {obj.period_to}"),
                ("状态", obj.get_state_display()),
                ("委托", f"{obj.commissioned_on}，{obj.commissioned_by}"),
                ("收到结果", f"{obj.received_on}，{obj.received_by}" if obj.received_on else "没有收到"),
                ("签发", f"{obj.issued_on}，{obj.issued_by}" if obj.issued_on else "没有签发"),
                ("上报", f"{obj.sent_up_on}，{obj.sent_up_to}" if obj.sent_up_on else "没有上报"),
                ("通报", f"{obj.named_on}，{obj.named_by} {obj.named_no}" if obj.named_on else "没有通报"),
                ("终止", f"{obj.cancelled_on}，{obj.cancel_reason}" if obj.cancelled_on else "—"),
                ("办理页面", Cell("到工作台查看", url=reverse("progress:assessment", args=[obj.uuid]))),
            ],
        )
        if obj.result:
            yield Section("评估结果", rows=[("评定", obj.get_grade_display()), ("内容", obj.result)])
            yield Section("提请通报的单位", rows=[(unit["name"], unit["text"]) for unit in obj.units])
