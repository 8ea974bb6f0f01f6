"""Methods of lists in the back office: read only. They are drafted, put before the public and adopted at the desk."""

from collections.abc import Iterable

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from credit_portal.audit.admin_base import Cell, EvidenceAdmin, Section, moment

from .list_methods import keeping
from .models import ListMethod


@admin.register(ListMethod)
class ListMethodAdmin(EvidenceAdmin):
    list_display = ["list_name", "number", "kind", "department", "region", "state", "in_force_from"]
    list_filter = ["kind", "state", "region"]
    list_select_related = ["department", "region"]
    search_fields = ["list_name"]
    search_help_text = "名单名称"
    ordering = ["-pk"]
    audit_target = "list_method"

    def visible(self, request: HttpRequest, rows: QuerySet[ListMethod]) -> QuerySet[ListMethod]:
        return keeping.methods_visible_to(request.user)

    def sections(self, request: HttpRequest, obj: ListMethod) -> Iterable[Section]:
        yield Section(
            "名单认定办法",
            rows=[
                ("名单", f"{obj.list_name}（{obj.get_kind_display()}）"),
                ("版次", f"第 {obj.number} 版"),
                ("部门", str(obj.department)),
                ("适用地区", str(obj.region)),
                ("状态", obj.get_state_display()),
                *((str(obj._meta.get_field(key).verbose_name), getattr(obj, key)) for key in obj.PARTS),
                ("征求意见", f"{obj.asked_from} 至 {obj.asked_until}" if obj.asked_from else "—"),
                ("意见采纳情况", obj.considered or "—"),
                ("提请和批准", f"{obj.proposed_by or '—'}，{obj.adopted_by or '—'}"),
                (
                    "施行",
                    f"{obj.in_force_from} 至 {obj.in_force_until or '未定'}" if obj.in_force_from else "—",
                ),
                ("办理页面", Cell("到工作台查看", url=reverse("list_methods:method", args=[obj.uuid]))),
            ],
        )
        yield Section(
            "公众意见",
            head=["收到", "途径", "意见", "采纳", "答复"],
            table=[
                [
                    moment(one.received_at), one.get_way_display(), one.text,
                    {True: "采纳", False: "不采纳", None: "未答复"}[one.taken], one.answer or "—",
                ]
                for one in obj.opinions.all()[:200]
            ],
            empty="没有收到意见。",
        )  # fmt: skip
