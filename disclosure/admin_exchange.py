"""The exchange in the back office: evidence, read only. It is handled at the desk."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from credit_portal.audit import clock
from credit_portal.audit.admin_base import Cell, EvidenceAdmin, Section, moment
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.registry.admin_reading import LoggedList
from credit_portal.registry.visibility import limit_to_visible

from .exchange.batches import platforms_of
from .exchange.formats import format_of
from .models import ExchangeBatch, ExchangeRecord


@admin.register(ExchangeBatch)
class ExchangeBatchAdmin(EvidenceAdmin):
    list_display = ["number", "platform", "rows", "state", "created_at", "answered_at", "forwarded_on"]
    list_filter = ["state", "adapter"]
    list_select_related = ["platform"]
    search_fields = ["=number"]
    search_help_text = "批次号"
    ordering = ["-pk"]
    audit_target = "exchange_batch"

    def visible(self, request: HttpRequest, rows: QuerySet[ExchangeBatch]) -> QuerySet[ExchangeBatch]:
        return rows.filter(platform__in=platforms_of(request.user))

    def record_title(self, obj: ExchangeBatch) -> str:
        return f"批次 {obj.number}"

    def sections(self, request: HttpRequest, obj: ExchangeBatch) -> Iterable[Section]:
        yield Section(
            "报送批次",
            rows=[
                ("平台", str(obj.platform)),
                ("方式", obj.get_adapter_display()),
                ("条数", f"{obj.rows}{'（履行中）' if obj.running else ''}"),
                ("状态", obj.get_state_display()),
                ("编批", f"{moment(obj.created_at)} {obj.created_by or ''}"),
                ("送出", moment(obj.sent_at) if obj.sent_at else "—"),
                ("回执齐全", moment(obj.answered_at) if obj.answered_at else "—"),
                ("文件包校验值", Cell(obj.sha256 or "—", mono=True)),
                ("办理页面", Cell("到工作台查看", url=reverse("exchange:batch", args=[obj.number]))),
            ],
        )


@admin.register(ExchangeRecord)
class ExchangeRecordAdmin(LoggedList, EvidenceAdmin):
    list_display = ["number", "version", "operation", "department", "state", "created_at", "answered_at"]
    list_filter = ["state", "operation"]
    list_select_related = ["department"]
    search_fields = ["=number"]
    search_help_text = "承诺编码、约谈编号或者措施编号"
    ordering = ["-pk"]
    audit_target = "exchange_record"

    def subject_id_of(self, row: Any) -> int | None:
        return None

    def visible(self, request: HttpRequest, rows: QuerySet[ExchangeRecord]) -> QuerySet[ExchangeRecord]:
        return limit_to_visible(rows, request.user)

    def opened(self, request: HttpRequest, obj: ExchangeRecord) -> None:
        log_read(
            now=clock.now(),
            actor_id=request.user.pk,
            what="报送记录",
            target_type="exchange_record",
            target_id=obj.pk,
            subject_id=obj.subject.pk,
            purpose=ReadLog.Purpose.SUPERVISION,
        )

    def record_title(self, obj: ExchangeRecord) -> str:
        return f"{obj.number} 第 {obj.version} 版"

    def sections(self, request: HttpRequest, obj: ExchangeRecord) -> Iterable[Section]:
        yield Section(
            "报送记录",
            rows=[
                ("平台", str(obj.platform)),
                ("操作", obj.get_operation_display()),
                ("状态", obj.get_state_display()),
                ("批次", Cell(obj.batch.number if obj.batch else "—", mono=True)),
                ("平台流水号", Cell(obj.reference or "—", mono=True)),
                (
                    "退回理由",
                    format_of(obj).in_words(obj.reasons) or "—",
                ),
                ("更正", f"{obj.overridden_by}：{obj.override_reason}" if obj.overridden_by else "—"),
            ],
        )
        if obj.fields:
            yield Section(
                "报送的内容",
                rows=[
                    (f"{field.number}. {field.label}", obj.fields.get(str(field.number)) or "—")
                    for field in format_of(obj).fields
                ],
            )
