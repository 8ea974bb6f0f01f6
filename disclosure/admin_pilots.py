"""Pilots in the back office, read only: they are handled at the desk."""

from collections.abc import Iterable

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from credit_portal.audit.admin_base import Cell, HistoryAdmin, Section, Step

from .models import Pilot
from .pilots import keeping


@admin.register(Pilot)
class PilotAdmin(HistoryAdmin):
    list_display = ["title", "region", "unit", "from_on", "until_on", "state", "public_at"]
    list_filter = ["state", "region"]
    list_select_related = ["region", "unit"]
    search_fields = ["title", "=number"]
    search_help_text = "名称中的几个字或者编号"
    ordering = ["-pk"]
    audit_target = "pilot"

    def visible(self, request: HttpRequest, rows: QuerySet[Pilot]) -> QuerySet[Pilot]:
        return keeping.pilots_visible_to(request.user)

    def sections(self, request: HttpRequest, obj: Pilot) -> Iterable[Section]:
        yield Section(
            "试点",
            rows=[
                ("编号", Cell(obj.number, mono=True)),
                ("组织机关", str(obj.office)),
                ("试点单位", str(obj.unit) if obj.unit else str(obj.region)),
                ("期间", f"{obj.from_on} 至 {obj.until_on}"),
                ("负责人", obj.leader),
                ("目标", obj.goals),
                ("状态", obj.get_state_display()),
                ("结论", obj.get_verdict_display() or "无"),
                ("总结", obj.summary),
                ("公开", str(obj.public_at) if obj.public_at else "没有公开"),
                ("办理页面", Cell("到工作台查看", url=reverse("pilots:pilot", args=[obj.uuid]))),
            ],
        )
        yield Section(
            "进展",
            course=[
                Step(one.at, f"{one.on}：{one.text}", str(one.by)) for one in obj.notes.select_related("by")
            ],
            empty="还没有登记进展。",
        )
