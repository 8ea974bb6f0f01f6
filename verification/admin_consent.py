"""Consents, releases and reports in the back office: evidence, read only, of the own region and below; each reading is logged.
Nobody's number stands here, and a person's name is masked."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from credit_portal.audit import clock
from credit_portal.audit.admin_base import Cell, EvidenceAdmin, Section, Tool, moment
from credit_portal.audit.admin_filters import DayRangeFilter
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.deadlines.articles import article_text
from credit_portal.registry import groups
from credit_portal.registry.admin_reading import LoggedList
from credit_portal.registry.visibility import has_role

from .consent import keeping
from .consent.exceptions import EXCEPTIONS
from .models import Consent, CreditReport, Release
from .reports import issuing

MARKS = {"running": "kept", "expired": "", "withdrawn": "waiting"}
MOST = 50


class _Kept(LoggedList, EvidenceAdmin):
    """What all three have: the region decides who sees it, and opening it is logged."""

    what = ""

    def opened(self, request: HttpRequest, obj: Any) -> None:
        audits = has_role(request.user, groups.AUDITOR)
        log_read(
            now=clock.now(), actor_id=request.user.pk, what=self.what, target_type=self.audit_target,
            target_id=obj.pk, subject_id=obj.subject_id,
            purpose=ReadLog.Purpose.AUDIT if audits else ReadLog.Purpose.SUPERVISION,
        )  # fmt: skip

    def record_title(self, obj: Any) -> str:
        return str(obj)

    def tools(self, request: HttpRequest, obj: Any) -> Iterable[Tool]:
        yield Tool("按月统计", reverse("credit_reports:figures"))


@admin.register(Consent)
class ConsentAdmin(_Kept):
    list_display = [
        "number",
        "subject",
        "recipient_shown",
        "scope",
        "purpose",
        "given_at",
        "expires_on",
        "state",
    ]
    list_filter = ["scope", "purpose", ("given_at", DayRangeFilter)]
    list_select_related = ["subject", "department"]
    search_fields = ["=number"]
    search_help_text = "编号"
    ordering = ["-pk"]
    audit_target = "consent"
    what = "信用信息提供同意"

    def visible(self, request: HttpRequest, rows: QuerySet[Consent]) -> QuerySet[Consent]:
        return keeping.visible_to(request.user)

    @admin.display(description="接收方")
    def recipient_shown(self, row: Consent) -> str:
        return row.recipient_shown

    @admin.display(description="状态")
    def state(self, row: Consent) -> str:
        return keeping.STATES[keeping.state_of(row, clock.today())]

    def sections(self, request: HttpRequest, obj: Consent) -> Iterable[Section]:
        state = keeping.state_of(obj, clock.today())
        yield Section(
            "信用信息提供同意",
            rows=[
                ("主体", str(obj.subject)),
                ("接收方", obj.recipient_shown),
                ("用途", obj.purpose_shown),
                ("范围", f"{obj.get_scope_display()}：{obj.parts_shown}"),
                (
                    "同意",
                    f"{moment(obj.given_at)}，{'在网上' if obj.access_id else '在窗口，凭签字的同意书'}",
                ),
                ("有效至", str(obj.expires_on)),
                ("状态", Cell(keeping.STATES[state], state=MARKS[state])),
                ("撤回", moment(obj.withdrawn_at) if obj.withdrawn_at else "—"),
            ],
        )
        yield Section(
            "提供过什么",
            head=["时间", "范围", "接收方", "校验值"],
            table=[
                [moment(one.at), one.get_scope_display(), one.recipient, one.sha256[:16]]
                for one in obj.releases.order_by("-pk")[:MOST]
            ],
            empty="没有。",
            note=f"最近 {MOST} 次。",
        )


@admin.register(Release)
class ReleaseAdmin(_Kept):
    list_display = ["at", "subject", "recipient", "scope", "basis"]
    list_filter = ["scope", "exception", ("at", DayRangeFilter)]
    list_select_related = ["subject", "consent"]
    search_fields = ["=consent__number", "=report__number"]
    search_help_text = "同意或者报告的编号"
    ordering = ["-pk"]
    audit_target = "release"
    what = "信用信息提供"

    def visible(self, request: HttpRequest, rows: QuerySet[Release]) -> QuerySet[Release]:
        return rows.filter(region__in=issuing.regions_visible_to(request.user))

    @admin.display(description="依据")
    def basis(self, row: Release) -> str:
        return f"同意 {row.consent.number}" if row.consent else EXCEPTIONS[row.exception].label

    def sections(self, request: HttpRequest, obj: Release) -> Iterable[Section]:
        yield Section(
            "信用信息提供",
            rows=[
                ("主体", str(obj.subject)),
                ("接收方", obj.recipient),
                ("范围", str(obj.get_scope_display())),
                ("用途", obj.purpose),
                ("依据", f"{self.basis(obj)}{'，' + article_text(obj.article) if obj.article else ''}"),
                ("报告", Cell(obj.report.number if obj.report else "—", mono=True)),
                ("时间", moment(obj.at)),
                ("经办", str(obj.by or obj.partner or "主体在网上")),
                ("校验值", Cell(obj.sha256, mono=True)),
            ],
            note="只增不改。部门核查、归集、通报各有自己的记录，在“按月统计”一并计数。",
        )


@admin.register(CreditReport)
class CreditReportAdmin(_Kept):
    list_display = ["number", "subject", "shown_recipient", "purpose", "issued_at", "valid_until"]
    list_filter = ["own", "purpose", ("issued_at", DayRangeFilter)]
    list_select_related = ["subject"]
    search_fields = ["=number"]
    search_help_text = "报告编号"
    ordering = ["-pk"]
    audit_target = "credit_report"
    what = "信用报告"

    def visible(self, request: HttpRequest, rows: QuerySet[CreditReport]) -> QuerySet[CreditReport]:
        return rows.filter(region__in=issuing.regions_visible_to(request.user))

    @admin.display(description="提供给")
    def shown_recipient(self, row: CreditReport) -> str:
        return "主体本人" if row.own else row.recipient

    def sections(self, request: HttpRequest, obj: CreditReport) -> Iterable[Section]:
        yield Section(
            "公共信用信息报告",
            rows=[
                ("主体", str(obj.subject)),
                ("提供给", self.shown_recipient(obj)),
                ("同意", obj.consent.number if obj.consent else "—"),
                ("用途", obj.purpose_shown),
                ("内容", f"{obj.parts_shown}，{obj.lines} 条"),
                ("出具", f"{moment(obj.issued_at)}，{obj.by or obj.partner or '主体在网上'}"),
                ("有效期至", str(obj.valid_until)),
                ("用于核查", Cell(obj.check_made.number if obj.check_made else "—", mono=True)),
                ("校验值", Cell(obj.sha256, mono=True)),
                ("核验页面", Cell("打开", url=f"/verify/{obj.verify_token}/")),
            ],
            note="内容只在报告本身，这里不显示。",
        )
