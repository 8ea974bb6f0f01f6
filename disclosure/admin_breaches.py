"""Reports and publications of breaches in the back office: evidence, read only. They are handled at the desk."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from commitments import collection_format as form
from credit_portal.audit import clock
from credit_portal.audit.admin_base import Cell, EvidenceAdmin, Section, Step, moment
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.deadlines.articles import article_text
from credit_portal.registry.admin_reading import LoggedList
from credit_portal.registry.visibility import limit_to_visible

from .models import BreachPublication, BreachReport


def _log(request: HttpRequest, what: str, case_id: int, subject_id: int) -> None:
    log_read(
        now=clock.now(),
        actor_id=request.user.pk,
        what=what,
        target_type="breach_case",
        target_id=case_id,
        subject_id=subject_id,
        purpose=ReadLog.Purpose.SUPERVISION,
    )


@admin.register(BreachReport)
class BreachReportAdmin(LoggedList, EvidenceAdmin):
    list_display = ["number", "department", "office", "state", "rounds", "submitted_at", "decided_at"]
    list_filter = ["state"]
    list_select_related = ["department", "office", "case"]
    search_fields = ["=number", "=case__number"]
    search_help_text = "上报编号或者案号"
    ordering = ["-pk"]
    audit_target = "breach_report"

    def subject_id_of(self, row: Any) -> int | None:
        return row.case.subject_id

    def visible(self, request: HttpRequest, rows: QuerySet[BreachReport]) -> QuerySet[BreachReport]:
        return limit_to_visible(rows, request.user)

    def opened(self, request: HttpRequest, obj: BreachReport) -> None:
        _log(request, "违诺上报", obj.case_id, obj.case.subject_id)

    def record_title(self, obj: BreachReport) -> str:
        return obj.number

    def sections(self, request: HttpRequest, obj: BreachReport) -> Iterable[Section]:
        yield Section(
            "违诺上报",
            rows=[
                (
                    "案号",
                    Cell(
                        obj.case.number,
                        url=reverse("admin:commitments_breachcase_change", args=[obj.case_id]),
                        mono=True,
                    ),
                ),
                ("上报部门", str(obj.department)),
                ("受理单位", str(obj.office)),
                ("状态", obj.get_state_display()),
                ("报送次数", f"{obj.rounds} 次"),
                ("办理页面", Cell("到工作台查看", url=reverse("reports:report", args=[obj.uuid]))),
            ],
        )
        rounds = list(obj.all_rounds.select_related("sent_by", "answered_by").order_by("number"))
        last = rounds[-1]
        yield Section(
            f"第 {last.number} 次上报的内容",
            rows=[
                (f"{field.number}. {field.label}", last.fields.get(str(field.number)) or "—")
                for field in form.FIELDS
            ],
        )
        course = []
        for one in rounds:
            course.append(Step(one.sent_at, f"第 {one.number} 次上报", who=str(one.sent_by)))
            if one.answered_at:
                said = "；".join(f"第 {key} 项：{text}" if key else text for key, text in one.reasons.items())
                course.append(
                    Step(
                        one.answered_at,
                        "受理" if one.accepted else "退回",
                        who=str(one.answered_by),
                        note=said,
                    )
                )
        yield Section("经过", course=course)


@admin.register(BreachPublication)
class BreachPublicationAdmin(LoggedList, EvidenceAdmin):
    list_display = [
        "decided_at",
        "case",
        "publicity_class",
        "reason",
        "public_from",
        "public_until",
        "ending",
    ]
    list_filter = ["publicity_class", "ending"]
    list_select_related = ["case"]
    search_fields = ["=case__number"]
    search_help_text = "案号"
    ordering = ["-pk"]
    audit_target = "breach_publication"

    def subject_id_of(self, row: Any) -> int | None:
        return row.case.subject_id

    def visible(self, request: HttpRequest, rows: QuerySet[BreachPublication]) -> QuerySet[BreachPublication]:
        return limit_to_visible(rows, request.user, department_field="case__department")

    def opened(self, request: HttpRequest, obj: BreachPublication) -> None:
        _log(request, "违诺公示", obj.case_id, obj.case.subject_id)

    def record_title(self, obj: BreachPublication) -> str:
        return f"{obj.case.number} 的公示"

    def sections(self, request: HttpRequest, obj: BreachPublication) -> Iterable[Section]:
        yield Section(
            "违诺公示",
            rows=[
                (
                    "案号",
                    Cell(
                        obj.case.number,
                        url=reverse("admin:commitments_breachcase_change", args=[obj.case_id]),
                        mono=True,
                    ),
                ),
                ("公开类型", obj.get_publicity_class_display()),
                ("理由", obj.get_reason_display()),
                ("说明", obj.note or "—"),
                ("决定人", str(obj.decided_by)),
                ("第二人", str(obj.second or "—")),
                ("决定时间", moment(obj.decided_at)),
                ("公示首日", obj.public_from or "—"),
                ("公示末日", obj.public_until or "—"),
                ("可申请修复之日", obj.repairable_from or "—"),
                ("公示期依据", article_text(obj.rule_basis) or "—"),
                ("异议处理中", "是" if obj.objection_under_way else "否"),
                ("停止", f"{moment(obj.ended_at)}，{obj.get_ending_display()}" if obj.ended_at else "—"),
                ("办理页面", Cell("到工作台查看", url=reverse("publications:case", args=[obj.case.uuid]))),
            ],
        )
