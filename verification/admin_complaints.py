"""Consumers' complaints in the back office, read only: they are entered and handled at the desk."""

from collections.abc import Iterable

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from credit_portal.audit.admin_base import Cell, HistoryAdmin, Section, moment
from credit_portal.audit.admin_filters import ChoicesPickFilter, DayRangeFilter
from credit_portal.registry.admin_reading import LoggedList

from .complaints import taking
from .models import ConsumerComplaint


@admin.register(ConsumerComplaint)
class ConsumerComplaintAdmin(LoggedList, HistoryAdmin):
    list_display = ["hotline_no", "subject_name", "domain", "received_on", "result", "department", "ending"]
    list_filter = [
        ("domain", ChoicesPickFilter),
        ("result", ChoicesPickFilter),
        ("received_on", DayRangeFilter),
    ]
    list_select_related = ["department"]
    search_fields = ["=hotline_no", "=subject_code"]
    search_help_text = "12315 编号或者统一社会信用代码"
    ordering = ["-pk"]
    audit_target = "consumer_complaint"

    def visible(self, request: HttpRequest, rows: QuerySet[ConsumerComplaint]) -> QuerySet[ConsumerComplaint]:
        return taking.complaints_visible_to(request.user)

    def sections(self, request: HttpRequest, obj: ConsumerComplaint) -> Iterable[Section]:
        yield Section(
            "消费投诉",
            rows=[
                ("12315 编号", Cell(obj.hotline_no, mono=True)),
                ("主体", obj.subject_name),
                ("统一社会信用代码", Cell(obj.subject_code, mono=True)),
                ("投诉日期", obj.received_on),
                ("领域", obj.get_domain_display()),
                ("投诉内容", obj.about),
                ("处理结果", obj.get_result_display() or "处理中"),
                ("处理情况", obj.result_text),
                ("办结日期", obj.handled_on or ""),
                ("处理部门", str(obj.department)),
                ("录入", f"{moment(obj.entered_at)} {obj.get_source_display()}"),
                (
                    "停止",
                    f"{moment(obj.ended_at)} {obj.get_ending_display()}" if obj.ended_at else "没有停止",
                ),
                ("办理页面", Cell("到工作台查看", url=reverse("consumer:complaint", args=[obj.uuid]))),
            ],
            note="不记投诉人的任何信息。",
        )
