"""Breach cases in the back office: evidence, read only. The work on them is done at the desk."""

from collections.abc import Iterable

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from credit_portal.audit import clock
from credit_portal.audit.admin_base import Cell, EvidenceAdmin, Section, Step
from credit_portal.audit.admin_filters import DayRangeFilter
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.registry.admin_reading import LoggedList
from credit_portal.registry.visibility import limit_to_visible

from .models import BreachCase


@admin.register(BreachCase)
class BreachCaseAdmin(LoggedList, EvidenceAdmin):
    list_display = ["opened_on", "number", "department", "state", "grade", "determined_on", "served_on"]
    list_filter = ["state", "grade", ("determined_on", DayRangeFilter)]
    list_select_related = ["department"]
    search_fields = ["=number", "=document_no", "=commitment__code"]
    search_help_text = "案号、文号或者承诺编码"
    ordering = ["-pk"]
    audit_target = "breach_case"

    def visible(self, request: HttpRequest, rows: QuerySet[BreachCase]) -> QuerySet[BreachCase]:
        return limit_to_visible(rows, request.user)

    def opened(self, request: HttpRequest, obj: BreachCase) -> None:
        log_read(
            now=clock.now(),
            actor_id=request.user.pk,
            what="违诺认定",
            target_type="breach_case",
            target_id=obj.pk,
            subject_id=obj.subject_id,
            purpose=ReadLog.Purpose.SUPERVISION,
        )

    def record_title(self, obj: BreachCase) -> str:
        return obj.number

    def sections(self, request: HttpRequest, obj: BreachCase) -> Iterable[Section]:
        commitment = obj.commitment
        yield Section(
            "违诺认定",
            rows=[
                (
                    "主体",
                    Cell(
                        str(obj.subject),
                        url=reverse("admin:registry_creditsubject_change", args=[obj.subject_id]),
                    ),
                ),
                (
                    "承诺",
                    Cell(
                        commitment.code,
                        url=reverse("admin:commitments_commitment_change", args=[commitment.pk]),
                        mono=True,
                    ),
                ),
                ("认定部门", str(obj.department)),
                ("状态", obj.get_state_display()),
                ("线索来源", obj.get_source_display()),
                ("以欺骗方式取得", "是" if obj.by_deceit else "否"),
                ("告知日期", obj.noticed_on or "—"),
                ("陈述申辩期限", obj.statement_until or "—"),
                ("履行状态认定", obj.get_outcome_display() or "—"),
                ("程度", obj.get_grade_display() or "—"),
                ("认定日期", obj.determined_on or "—"),
                ("文号", obj.document_no or "—"),
                ("提出人", str(obj.proposed_by or "—")),
                ("批准人", str(obj.approved_by or "—")),
                ("认定书校验值", Cell(obj.document_sha256 or "—", mono=True)),
                ("送达", f"{obj.served_on}，{obj.get_service_method_display()}" if obj.served_on else "—"),
                (
                    "撤销",
                    f"{obj.revoked_on}，{obj.get_revocation_reason_display()}" if obj.revoked_on else "—",
                ),
                ("办理页面", Cell("到工作台查看", url=reverse("cases:case", args=[obj.uuid]))),
            ],
        )
        yield Section(
            "没有履行的条款",
            head=("条", "签署的条文", "没有履行的内容"),
            table=[
                (f"第 {row.clause_no} 条", row.text, row.not_kept)
                for row in obj.clauses.order_by("clause_no")
            ],
            empty="还没有。",
        )
        yield Section(
            "经过",
            course=[
                Step(
                    step.at,
                    f"{step.get_kind_display()}（{step.on}）",
                    who=str(step.actor or ""),
                    note=step.note,
                )
                for step in obj.steps.select_related("actor").order_by("id")
            ],
        )
