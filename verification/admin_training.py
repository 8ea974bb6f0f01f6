"""Training in the back office: evidence, read only. It is recorded at the desk."""

from collections.abc import Iterable

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from unfold.admin import ModelAdmin

from credit_portal.audit.admin_base import Cell, EvidenceAdmin, Section, moment
from credit_portal.audit.admin_filters import DayRangeFilter
from credit_portal.registry.visibility import limit_to_visible

from .models import TrainingSession


class StandingFilter(admin.SimpleListFilter):
    title = "状态"
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [("counting", "计入"), ("corrected", "已更正或者作废")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[TrainingSession]
    ) -> QuerySet[TrainingSession]:
        match self.value():
            case "counting":
                return queryset.filter(void=False, corrected_by__isnull=True)
            case "corrected":
                return queryset.exclude(void=False, corrected_by__isnull=True)
        return queryset


@admin.register(TrainingSession)
class TrainingSessionAdmin(EvidenceAdmin):
    list_display = ["number", "title", "department", "held_on", "hours", "people", "standing"]
    list_filter = [StandingFilter, ("held_on", DayRangeFilter), "region"]
    list_select_related = ["department", "corrected_by"]
    search_fields = ["=number", "title", "department__name"]
    search_help_text = "编号、主题或单位名称"
    ordering = ["-held_on", "-pk"]
    audit_target = "training"

    def visible(self, request: HttpRequest, rows: QuerySet[TrainingSession]) -> QuerySet[TrainingSession]:
        return limit_to_visible(rows, request.user)

    @admin.display(description="状态")
    def standing(self, row: TrainingSession) -> str:
        after = getattr(row, "corrected_by", None)
        if row.void:
            return "作废说明"
        return "计入" if after is None else "已作废" if after.void else "已更正"

    def record_title(self, obj: TrainingSession) -> str:
        return f"{obj.number} {obj.title}"

    def sections(self, request: HttpRequest, obj: TrainingSession) -> Iterable[Section]:
        yield Section(
            "培训",
            rows=[
                ("编号", Cell(obj.number, mono=True)),
                ("状态", self.standing(obj)),
                ("举办单位", str(obj.department)),
                ("培训日期", obj.held_on.isoformat()),
                ("学时", str(obj.hours)),
                ("授课人", obj.lecturer or "未登记"),
                ("内容", obj.content),
                ("人次", str(obj.people)),
                ("更正哪一条", Cell(obj.corrects.number, mono=True) if obj.corrects else "—"),
                ("理由", obj.reason or "—"),
                ("登记", f"{moment(obj.recorded_at)} {obj.recorded_by}"),
                ("办理页面", Cell("到工作台查看", url=reverse("training:session", args=[obj.uuid]))),
            ],
        )
        units: dict[str, list[str]] = {}
        for line in obj.lines.select_related("department"):
            units.setdefault(line.department.name, []).append(str(line))
        yield Section(
            "参加人员", rows=[(unit, "、".join(names)) for unit, names in units.items()], empty="没有。"
        )
