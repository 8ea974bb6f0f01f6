"""Duties in the back office: read only. A duty is met by its act; there is nothing here to tick off."""

from collections.abc import Iterable

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from credit_portal.audit.admin_base import Cell, EvidenceAdmin, Section, Step
from credit_portal.audit.admin_filters import DayRangeFilter
from credit_portal.registry.visibility import limit_to_visible

from . import duties, explaining
from .articles import article_text
from .models import Duty
from .wording import key_in_words


@admin.register(Duty)
class DutyAdmin(EvidenceAdmin):
    list_display = ["due_on", "deed", "number", "department", "state", "stage", "provisional", "confirmed"]
    list_filter = ["state", "stage", "provisional", "confirmed", ("due_on", DayRangeFilter)]
    list_select_related = ["department"]
    search_fields = ["=number"]
    search_help_text = "文号"
    ordering = ["-pk"]
    audit_target = "duty"

    def visible(self, request: HttpRequest, rows: QuerySet[Duty]) -> QuerySet[Duty]:
        return limit_to_visible(rows, request.user)

    @admin.display(description="期限")
    def deed(self, row: Duty) -> str:
        return key_in_words(row.rule_key)

    def record_title(self, obj: Duty) -> str:
        return f"{key_in_words(obj.rule_key)} {obj.number}"

    def sections(self, request: HttpRequest, obj: Duty) -> Iterable[Section]:
        url = duties.matter_url(obj)
        yield Section(
            "期限",
            rows=[
                ("要办的事", key_in_words(obj.rule_key)),
                (duties.matter_label(obj.matter_type), Cell(obj.number or "查看", url=url or "", mono=True)),
                ("责任部门", str(obj.department)),
                ("起算日（不计入）", obj.triggered_on),
                ("长度", explaining.length_in_words(obj)),
                ("到期日", f"{obj.due_on}（暂定）" if obj.provisional else obj.due_on),
                ("依据", article_text(obj.basis)),
                ("规则", "已确认" if obj.confirmed else "未确认，只作提醒"),
                ("状态", obj.get_state_display()),
                ("提醒", obj.get_stage_display()),
                ("履行日", obj.met_on or "—"),
                ("日历版本", Cell(obj.calendar_version, mono=True)),
            ],
        )
        days = explaining.day_lines(obj)
        if days:
            yield Section(
                "逐日计算",
                head=("日期", "计入", "说明"),
                table=[
                    (line.day, f"第 {line.number} 个" if line.number else "不计", line.why or "—")
                    for line in days
                ],
            )
        yield Section(
            "经过",
            course=[
                Step(event.at, event.get_kind_display(), who=str(event.actor or ""), note=event.note)
                for event in obj.events.select_related("actor").order_by("id")
            ],
        )
