"""Objections, complaints and tips in the back office: evidence, read only. They are handled at the desk."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from credit_portal.audit import clock
from credit_portal.audit.admin_base import Cell, EvidenceAdmin, HistoryAdmin, Section, moment
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.registry.admin_reading import LoggedList

from .models import Complaint, ErrorTip, Objection
from .objections import complaints, handling, tips
from .objections.knowing import identity_label


@admin.register(Objection)
class ObjectionAdmin(LoggedList, EvidenceAdmin):
    list_display = ["number", "of", "record_no", "department", "state", "outcome", "filed_at"]
    list_filter = ["state", "of", "outcome", "way"]
    list_select_related = ["department"]
    search_fields = ["=number", "=record_no"]
    search_help_text = "异议编号，或者文书号、承诺编码"
    ordering = ["-pk"]
    audit_target = "objection"
    row_history = HistoryAdmin.row_history

    def visible(self, request: HttpRequest, rows: QuerySet[Objection]) -> QuerySet[Objection]:
        return rows.filter(pk__in=handling.objections_visible_to(request.user).values("pk"))

    def opened(self, request: HttpRequest, obj: Objection) -> None:
        log_read(
            now=clock.now(), actor_id=request.user.pk, what="异议", target_type="objection", target_id=obj.pk,
            subject_id=obj.subject_id, purpose=ReadLog.Purpose.SUPERVISION,
        )  # fmt: skip

    def record_title(self, obj: Objection) -> str:
        return obj.number

    def sections(self, request: HttpRequest, obj: Objection) -> Iterable[Section]:
        yield Section(
            "异议",
            rows=[
                ("编号", Cell(obj.number, mono=True)),
                ("记录", f"{obj.record_title}，{obj.record_no}"),
                ("作出单位", str(obj.department)),
                ("受理的信用办", str(obj.office)),
                ("途径", obj.get_way_display()),
                ("异议人", f"{obj.by_name}，{obj.get_capacity_display()}"),
                (
                    "身份核实",
                    f"{identity_label(obj)} {moment(obj.identity_at)}" if obj.identity else "未核实",
                ),
                ("请求", obj.get_wanted_display()),
                ("事实和理由", obj.reasons),
                ("状态", obj.get_state_display()),
                ("办理页面", Cell("到工作台查看", url=reverse("objections_desk:objection", args=[obj.uuid]))),
            ],
        )
        yield Section(
            "书面答复",
            rows=[
                ("结论", obj.get_outcome_display()),
                ("理由", obj.answer),
                *((one["label"], f"{one['old'] or '（空）'} → {one['new']}") for one in obj.changes),
                ("提出", f"{moment(obj.proposed_at)} {obj.proposed_by or '—'}"),
                ("批准", f"{moment(obj.approved_at)} {obj.approved_by or '—'}"),
                ("执行", f"{moment(obj.carried_out_at)} {obj.carried_out_by or '—'}"),
            ]
            if obj.outcome
            else [],
            empty="还没有答复。",
        )
        yield Section(
            "消除影响",
            rows=[
                (
                    one.get_kind_display(),
                    f"{one.name}，{one.detail}；"
                    f"{f'{moment(one.confirmed_at)} {one.confirmation}' if one.confirmed_at else '未确认'}",
                )
                for one in obj.recipients.all()
            ],
            empty="没有。",
        )
        yield Section(
            "经过",
            rows=[
                (one.label, f"{moment(one.at)} {one.actor or ''}")
                for one in obj.steps.select_related("actor")
            ],
        )


@admin.register(Complaint)
class ComplaintAdmin(LoggedList, EvidenceAdmin):
    list_display = ["number", "kind", "about", "office", "state", "filed_at"]
    list_filter = ["state", "kind"]
    list_select_related = ["about", "office"]
    search_fields = ["=number"]
    search_help_text = "投诉编号"
    ordering = ["-pk"]
    audit_target = "complaint"
    row_history = HistoryAdmin.row_history

    def subject_id_of(self, row: Any) -> int | None:
        return None

    def visible(self, request: HttpRequest, rows: QuerySet[Complaint]) -> QuerySet[Complaint]:
        return rows.filter(pk__in=complaints.complaints_visible_to(request.user).values("pk"))

    def opened(self, request: HttpRequest, obj: Complaint) -> None:
        log_read(
            now=clock.now(), actor_id=request.user.pk, what="投诉", target_type="complaint", target_id=obj.pk,
            purpose=ReadLog.Purpose.SUPERVISION,
        )  # fmt: skip

    def record_title(self, obj: Complaint) -> str:
        return obj.number

    def sections(self, request: HttpRequest, obj: Complaint) -> Iterable[Section]:
        yield Section(
            "投诉",
            rows=[
                ("编号", Cell(obj.number, mono=True)),
                ("类别", obj.get_kind_display()),
                ("被投诉的单位", str(obj.about or "没有指明")),
                ("办理的信用办", str(obj.office)),
                ("内容", obj.text),
                ("提交时间", moment(obj.filed_at)),
                ("状态", obj.get_state_display()),
                ("调查", f"{moment(obj.taken_at)} {obj.taken_by}" if obj.taken_by else "—"),
                (
                    "答复",
                    f"{obj.answer}（{moment(obj.answered_at)} {obj.answered_by}）"
                    if obj.answered_by
                    else "—",
                ),
            ],
        )


@admin.register(ErrorTip)
class ErrorTipAdmin(EvidenceAdmin):
    list_display = ["number", "page", "state", "became", "times", "filed_at"]
    list_filter = ["state", "became"]
    search_fields = ["=number", "page"]
    search_help_text = "报错编号，或者页面"
    ordering = ["-pk"]
    audit_target = "error_tip"
    row_history = HistoryAdmin.row_history

    def visible(self, request: HttpRequest, rows: QuerySet[ErrorTip]) -> QuerySet[ErrorTip]:
        return rows.filter(pk__in=tips.tips_visible_to(request.user).values("pk"))

    def record_title(self, obj: ErrorTip) -> str:
        return obj.number

    def sections(self, request: HttpRequest, obj: ErrorTip) -> Iterable[Section]:
        yield Section(
            "报错",
            rows=[
                ("编号", Cell(obj.number, mono=True)),
                ("页面", obj.page),
                ("哪里有误", obj.text),
                ("次数", str(obj.times)),
                ("提交时间", moment(obj.filed_at)),
                ("状态", obj.get_state_display()),
                ("处理", f"{obj.get_became_display()} {obj.passed_to or ''}"),
                (
                    "处理情况",
                    f"{obj.answer}（{moment(obj.answered_at)} {obj.answered_by}）"
                    if obj.answered_by
                    else "—",
                ),
            ],
        )
