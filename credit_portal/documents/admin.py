"""Evidence in the back office: what there is, never its content. That opens only in the case it belongs to."""

from collections.abc import Iterable

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from credit_portal.audit.admin_base import Cell, EvidenceAdmin, Section, moment
from credit_portal.audit.admin_filters import DayRangeFilter
from credit_portal.documents.models import EvidenceFile
from credit_portal.registry.visibility import limit_to_visible


@admin.register(EvidenceFile)
class EvidenceFileAdmin(EvidenceAdmin):
    list_display = [
        "created_at",
        "kind",
        "department",
        "created_by",
        "shown_size",
        "content_type",
        "short_hash",
    ]
    list_filter = ["kind", ("created_at", DayRangeFilter)]
    list_select_related = ["department", "created_by"]
    search_fields = ["=sha256"]
    search_help_text = "完整的校验值"
    ordering = ["-pk"]
    audit_target = "evidence"

    def visible(self, request: HttpRequest, rows: QuerySet[EvidenceFile]) -> QuerySet[EvidenceFile]:
        return limit_to_visible(rows, request.user)

    @admin.display(description="校验值")
    def short_hash(self, row: EvidenceFile) -> str:
        return row.sha256[:16]

    @admin.display(description="大小")
    def shown_size(self, row: EvidenceFile) -> str:
        return f"{row.size / 1024:.1f} KB"

    def sections(self, request: HttpRequest, obj: EvidenceFile) -> Iterable[Section]:
        yield Section(
            "证据文件",
            rows=[
                ("编号", Cell(obj.uuid, mono=True)),
                ("类别", obj.get_kind_display()),
                ("校验值（SHA-256）", Cell(obj.sha256, mono=True)),
                ("大小", f"{obj.size} 字节"),
                ("内容类型", Cell(obj.content_type, mono=True)),
                ("原文件名", obj.original_name or "无"),
                ("存入时间", moment(obj.created_at)),
                ("存入人", str(obj.created_by) if obj.created_by else "系统"),
                ("部门", str(obj.department) if obj.department else "无"),
            ],
            note="内容加密保存，只能在所属承诺的页面上写明目的后打开，每次打开都有记录。",
        )
