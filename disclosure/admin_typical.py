"""Typical cases in the back office: evidence, read only. They are handled at the desk."""

from collections.abc import Iterable

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from credit_portal.audit import clock
from credit_portal.audit.admin_base import Cell, EvidenceAdmin, HistoryAdmin, Section, moment
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read

from .models import TypicalCase
from .typical import writing


@admin.register(TypicalCase)
class TypicalCaseAdmin(EvidenceAdmin):
    list_display = ["number", "title", "kind", "department", "state", "answered_at"]
    list_filter = ["state", "kind", "region"]
    list_select_related = ["department"]
    search_fields = ["=number", "title", "department__name"]
    search_help_text = "编号、标题或单位名称"
    ordering = ["-pk"]
    audit_target = "typical_case"
    row_history = HistoryAdmin.row_history

    def visible(self, request: HttpRequest, rows: QuerySet[TypicalCase]) -> QuerySet[TypicalCase]:
        return rows.filter(pk__in=writing.cases_visible_to(request.user).values("pk"))

    def opened(self, request: HttpRequest, obj: TypicalCase) -> None:
        log_read(
            now=clock.now(),
            actor_id=request.user.pk,
            what="典型案例",
            target_type="typical_case",
            target_id=obj.pk,
            purpose=ReadLog.Purpose.SUPERVISION,
        )

    def record_title(self, obj: TypicalCase) -> str:
        return f"{obj.number} {obj.title}"

    def sections(self, request: HttpRequest, obj: TypicalCase) -> Iterable[Section]:
        yield Section(
            "典型案例",
            rows=[
                ("编号", Cell(obj.number, mono=True)),
                ("类别", obj.get_kind_display()),
                ("状态", obj.get_state_display()),
                ("报送单位", str(obj.department)),
                *((label, getattr(obj, field)) for field, label in writing.TEXTS.items()),
                ("办理页面", Cell("到工作台查看", url=reverse("typical:case", args=[obj.uuid]))),
            ],
        )
        yield Section(
            "来源（不公开）",
            rows=[
                ("信用核查", Cell(obj.check_made.number if obj.check_made else "—", mono=True)),
                ("违诺认定", Cell(obj.breach_case.number if obj.breach_case else "—", mono=True)),
                ("信用承诺", Cell(obj.commitment.code if obj.commitment else "—", mono=True)),
            ],
        )
        yield Section(
            "办理",
            rows=[
                ("起草", f"{moment(obj.written_at)} {obj.written_by}"),
                ("报送", f"{moment(obj.submitted_at)} {obj.submitted_by}" if obj.submitted_by else "—"),
                ("受理的信用办", str(obj.office or "—")),
                ("处理", f"{moment(obj.answered_at)} {obj.answered_by}" if obj.answered_by else "—"),
                ("退回理由", obj.return_reason or "—"),
            ],
        )
        yield Section(
            "上报",
            rows=[
                (str(one.from_office), f"{one.reported_on} 报送 {one.to_name}")
                for one in obj.reports.select_related("from_office")
            ],
            empty="没有上报。",
        )
        yield Section(
            "公开",
            rows=[
                (
                    one.get_state_display(),
                    f"{one.proposed_by} 提出"
                    f"{f'，{one.decided_by} 决定 {moment(one.decided_at)}' if one.decided_by else ''}"
                    f"{f'，{one.withdrawn_by} 撤下 {moment(one.withdrawn_at)}' if one.withdrawn_by else ''}"
                    f"{f'：{one.reason}' if one.reason else ''}",
                )
                for one in obj.publications.select_related("proposed_by", "decided_by", "withdrawn_by")
            ],
            empty="没有公开。",
        )
