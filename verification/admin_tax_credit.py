"""Tax credit of persons in the back office: evidence, read only; each reading is logged. It is kept at the desk of the tax
authority."""

from collections.abc import Iterable

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from credit_portal.audit import clock
from credit_portal.audit.admin_base import Cell, EvidenceAdmin, Section, moment
from credit_portal.audit.admin_filters import DayRangeFilter
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.registry import groups
from credit_portal.registry.admin_reading import LoggedList
from credit_portal.registry.visibility import has_role

from .models import TaxCreditEntry
from .tax_credit import keeping


@admin.register(TaxCreditEntry)
class TaxCreditEntryAdmin(LoggedList, EvidenceAdmin):
    list_display = ["subject", "tax_year", "kind", "department", "found_on", "state"]
    list_filter = ["kind", "state", ("found_on", DayRangeFilter), "region"]
    list_select_related = ["subject", "department"]
    search_fields = ["=document_no", "=commitment_code"]
    search_help_text = "文书号或者申报承诺编码"
    ordering = ["-pk"]
    audit_target = "tax_credit"

    def visible(self, request: HttpRequest, rows: QuerySet[TaxCreditEntry]) -> QuerySet[TaxCreditEntry]:
        return keeping.visible_to(request.user)

    def opened(self, request: HttpRequest, obj: TaxCreditEntry) -> None:
        audits = has_role(request.user, groups.AUDITOR)
        log_read(
            now=clock.now(), actor_id=request.user.pk, what="纳税信用信息", target_type="tax_credit",
            target_id=obj.pk, subject_id=obj.subject_id,
            purpose=ReadLog.Purpose.AUDIT if audits else ReadLog.Purpose.SUPERVISION,
        )  # fmt: skip

    def record_title(self, obj: TaxCreditEntry) -> str:
        return str(obj)

    def sections(self, request: HttpRequest, obj: TaxCreditEntry) -> Iterable[Section]:
        yield Section(
            "自然人纳税信用信息",
            rows=[
                ("纳税人", str(obj.subject)),
                ("纳税年度", str(obj.tax_year)),
                ("信息类型", obj.get_kind_display()),
                ("状态", obj.get_state_display()),
                ("认定日期", obj.found_on),
                ("文书号", obj.document_no or "—"),
                ("申报承诺编码", Cell(obj.commitment_code or "—", mono=True)),
                ("税务机关", str(obj.department)),
                ("采集", f"{moment(obj.recorded_at)} {obj.recorded_by or '系统'}"),
                ("修复、更正或者撤销", f"{obj.closed_on} {obj.reason}" if obj.closed_on else "—"),
                ("办理页面", Cell("到工作台查看", url=reverse("tax_credit:entry", args=[obj.uuid]))),
            ],
            note="不向社会公开。",
        )
