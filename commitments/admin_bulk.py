"""Uploads in the back office: what was brought in, by whom, with what outcome. The work on them is done at the desk."""

from collections.abc import Iterable

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from credit_portal.audit.admin_base import Cell, EvidenceAdmin, Section, moment
from credit_portal.audit.admin_filters import DayRangeFilter
from credit_portal.registry.visibility import limit_to_visible

from .models import BulkJob


@admin.register(BulkJob)
class BulkJobAdmin(EvidenceAdmin):
    list_display = [
        "created_at",
        "name",
        "department",
        "owner",
        "state",
        "dry_run",
        "total",
        "good",
        "bad",
        "different",
    ]
    list_filter = ["state", "dry_run", ("created_at", DayRangeFilter)]
    list_select_related = ["department", "owner"]
    search_fields = ["=file__sha256", "name"]
    search_help_text = "文件名或者完整的校验值"
    ordering = ["-pk"]
    audit_target = "bulk_job"

    def visible(self, request: HttpRequest, rows: QuerySet[BulkJob]) -> QuerySet[BulkJob]:
        return limit_to_visible(rows, request.user)

    def record_title(self, obj: BulkJob) -> str:
        return obj.name

    def sections(self, request: HttpRequest, obj: BulkJob) -> Iterable[Section]:
        yield Section(
            "批量上传",
            rows=[
                ("文件", obj.name),
                ("校验值（SHA-256）", Cell(obj.file.sha256, mono=True)),
                ("类别", obj.get_kind_display()),
                ("上传单位", str(obj.department)),
                ("上传人", str(obj.owner) if obj.owner else "命令"),
                ("上传时间", moment(obj.created_at)),
                ("试运行", "是" if obj.dry_run else "否"),
                ("状态", obj.get_state_display()),
                ("未能办理的原因", obj.failure or "无"),
                ("完成时间", moment(obj.finished_at) if obj.finished_at else "无"),
                ("行数", str(obj.total)),
                ("已处理", str(obj.done)),
                ("导入", str(obj.good)),
                ("载有违诺，待认定", str(obj.breaches)),
                ("新登记主体", str(obj.new_subjects)),
                ("原已导入、内容相同", str(obj.same)),
                ("内容不同", f"{obj.different}，已采用更正 {obj.taken}"),
                ("更正确认人", str(obj.confirmed_by) if obj.confirmed_by else "无"),
                ("有误", str(obj.bad)),
                (
                    "错误表",
                    f"保存至 {moment(obj.expires_at)}" if obj.result_name and obj.expires_at else "无",
                ),
            ],
            note="每份承诺的来源（哪个文件、第几行）在承诺的经过里。办理在工作台“批量上传”。",
        )
