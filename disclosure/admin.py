"""Publicity in the back office: the class of a commitment decided with its reason, two people for a natural person,
and the documents on the column."""

from collections.abc import Callable, Iterable
from typing import Any, cast

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from commitments import admin as commitments_admin
from commitments.models import Commitment
from credit_portal.audit import clock
from credit_portal.audit.admin_base import Cell, ReadOnlyAdmin, Section, ServiceAdmin, Tool, moment, posted
from credit_portal.audit.admin_filters import ChoicesPickFilter, DayRangeFilter
from credit_portal.registry.admin_forms import ConfirmForm
from credit_portal.registry.models import CreditSubject, Department, PublicityClass
from credit_portal.registry.visibility import departments_visible_to, limit_to_visible

from . import proposals, rule_documents, services
from .admin_acts import AdministrativeActAdmin as AdministrativeActAdmin
from .admin_acts import InformationItemAdmin as InformationItemAdmin
from .admin_acts import LaunchDateAdmin as LaunchDateAdmin
from .admin_breaches import BreachPublicationAdmin as BreachPublicationAdmin
from .admin_breaches import BreachReportAdmin as BreachReportAdmin
from .admin_exchange import ExchangeBatchAdmin as ExchangeBatchAdmin
from .admin_exchange import ExchangeRecordAdmin as ExchangeRecordAdmin
from .admin_forms import DecideForm, NoteForm, ReasonedForm, RuleDocumentForm
from .admin_objections import ComplaintAdmin as ComplaintAdmin
from .admin_objections import ErrorTipAdmin as ErrorTipAdmin
from .admin_objections import ObjectionAdmin as ObjectionAdmin
from .admin_pilots import PilotAdmin as PilotAdmin
from .admin_typical import TypicalCaseAdmin as TypicalCaseAdmin
from .models import PublicityDecision, PublicityProposal, RuleDocument
from .rules import PublicityRefused

CLASS_STATES = {"public": "kept", "limited": "waiting", "closed": "running"}
PROPOSAL_STATES = {"open": "waiting", "confirmed": "kept", "rejected": "broken", "cancelled": "running"}
MAY_DECIDE = "disclosure.add_publicitydecision"


def _commitment_cell(request: HttpRequest, commitment: Commitment) -> Cell:
    page = admin.site._registry[Commitment]
    url = page.url("change", commitment) if page.has_view_permission(request) else ""
    return Cell(commitment.code, url=url, mono=True)


@admin.register(PublicityDecision)
class PublicityDecisionAdmin(ServiceAdmin):
    """Decisions are added to, never changed (trigger)."""

    list_display = ["decided_at", "code", "publicity_class", "reason", "decider", "second", "note"]
    list_filter = ["publicity_class", ("reason", ChoicesPickFilter), ("decided_at", DayRangeFilter)]
    list_select_related = ["commitment", "decided_by", "second"]
    search_fields = ["=commitment__code"]
    search_help_text = "承诺编码"
    ordering = ["-pk"]
    audit_target = "commitment"
    refusals = (PublicityRefused,)

    def visible(self, request: HttpRequest, rows: QuerySet[PublicityDecision]) -> QuerySet[PublicityDecision]:
        return limit_to_visible(rows, request.user, department_field="commitment__department")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def audit_id(self, obj: PublicityDecision) -> int:
        return obj.commitment_id

    @admin.display(description="承诺")
    def code(self, row: PublicityDecision) -> str:
        return row.commitment.code

    @admin.display(description="决定人")
    def decider(self, row: PublicityDecision) -> str:
        return str(row.decided_by) if row.decided_by else "按规则自动确定"

    def sections(self, request: HttpRequest, obj: PublicityDecision) -> Iterable[Section]:
        yield Section(
            "决定",
            rows=[
                ("承诺", _commitment_cell(request, obj.commitment)),
                (
                    "公开类型",
                    Cell(obj.get_publicity_class_display(), state=CLASS_STATES[obj.publicity_class]),
                ),
                ("理由", obj.get_reason_display()),
                ("说明", obj.note or "无"),
                ("决定时间", moment(obj.decided_at)),
                ("决定人", self.decider(obj)),
                ("第二人", str(obj.second) if obj.second else "不需要"),
            ],
        )

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            return super().add_view(request)
        form = DecideForm(
            posted(request),
            initial={"code": request.GET.get("code", "")},
            commitments=limit_to_visible(Commitment.objects.all(), request.user),
        )

        def act(typed: dict[str, Any]) -> PublicityDecision | PublicityProposal:
            commitment = form.commitment
            is_person = commitment.subject_kind == CreditSubject.Kind.PERSON
            if is_person and typed["publicity_class"] == PublicityClass.PUBLIC:
                return proposals.propose(
                    commitment=commitment, note=typed["note"], actor=request.user, now=clock.now()
                )
            return services.decide_publicity(
                commitment=commitment,
                publicity_class=typed["publicity_class"],
                reason=typed["reason"],
                note=typed["note"],
                decided_by=request.user,
                second=None,
                now=clock.now(),
            )

        def done(result: PublicityDecision | PublicityProposal) -> str:
            if isinstance(result, PublicityProposal):
                return "已提议公开；须由信用办另一人同意后才公开。"
            return "已决定公开类型，公示页面立即按此显示。"

        def goto(result: PublicityDecision | PublicityProposal) -> str:
            name = result._meta.model_name
            return reverse(f"admin:disclosure_{name}_change", args=[result.pk])

        return self.form_page(
            request,
            title="决定公开类型",
            form=form,
            submit="决定",
            intro=[
                "改为特定范围内公开或不可公开的，立即从所有公示页面撤下。",
                "公开自然人的承诺须两人决定：您提议，信用办另一人同意后才公开，公开时姓名只显示姓。",
            ],
            act=act,
            done=done,
            goto=goto,
        )


@admin.register(PublicityProposal)
class PublicityProposalAdmin(ServiceAdmin):
    list_display = ["proposed_at", "code", "state", "proposed_by", "closed_by", "note"]
    list_filter = ["state"]
    list_select_related = ["commitment", "proposed_by", "closed_by"]
    search_fields = ["=commitment__code"]
    search_help_text = "承诺编码"
    ordering = ["-pk"]
    audit_target = "commitment"
    refusals = (PublicityRefused,)

    def visible(self, request: HttpRequest, rows: QuerySet[PublicityProposal]) -> QuerySet[PublicityProposal]:
        return limit_to_visible(rows, request.user, department_field="commitment__department")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # made by deciding on a person's commitment

    def audit_id(self, obj: PublicityProposal) -> int:
        return obj.commitment_id

    @admin.display(description="承诺")
    def code(self, row: PublicityProposal) -> str:
        return row.commitment.code

    def sections(self, request: HttpRequest, obj: PublicityProposal) -> Iterable[Section]:
        yield Section(
            "提议",
            rows=[
                ("承诺", _commitment_cell(request, obj.commitment)),
                ("承诺事由", obj.commitment.item_name),
                ("状态", Cell(obj.get_state_display(), state=PROPOSAL_STATES[obj.state])),
                ("公开的理由", obj.note),
                ("提议人", str(obj.proposed_by)),
                ("提议时间", moment(obj.proposed_at)),
                ("办结人", str(obj.closed_by) if obj.closed_by else "未办结"),
                ("办结时间", moment(obj.closed_at) or "未办结"),
                ("办结说明", obj.closing_note or "无"),
            ],
            note="未经第二人同意，什么都不会公开。" if obj.state == PublicityProposal.State.OPEN else "",
        )

    def tools(self, request: HttpRequest, obj: PublicityProposal) -> Iterable[Tool]:
        if obj.state != PublicityProposal.State.OPEN or not self.has_change_permission(request, obj):
            return
        if obj.proposed_by_id == request.user.pk:
            yield Tool("撤回提议", self.url("cancel", obj))
            return
        yield Tool("同意公开", self.url("confirm", obj), main=True)
        yield Tool("不同意", self.url("reject", obj))

    def deeds(self) -> dict[str, Callable[..., HttpResponse]]:
        return {"confirm": self.confirm_view, "reject": self.reject_view, "cancel": self.cancel_view}

    def confirm_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        return self.form_page(
            request,
            title=f"同意公开：承诺 {obj.commitment.code}",
            obj=obj,
            form=NoteForm(posted(request)),
            submit="同意公开",
            warning="同意后立即公示，姓名只显示姓，不显示证件号码、电话和住址。",
            intro=[f"提议人：{obj.proposed_by}。公开的理由：{obj.note}"],
            act=lambda typed: proposals.confirm(
                proposal=obj, actor=request.user, note=typed["note"], now=clock.now()
            ),
            done="已同意，承诺即时公示。",
            goto=lambda decision: self.url("change", obj),
        )

    def reject_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        return self.form_page(
            request,
            title=f"不同意公开：承诺 {obj.commitment.code}",
            obj=obj,
            form=ReasonedForm(posted(request)),
            submit="不同意",
            act=lambda typed: proposals.reject(
                proposal=obj, actor=request.user, note=typed["note"], now=clock.now()
            ),
            done="已记为不同意，承诺不公开。",
        )

    def cancel_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        return self.form_page(
            request,
            title=f"撤回提议：承诺 {obj.commitment.code}",
            obj=obj,
            form=ConfirmForm(posted(request)),
            submit="撤回",
            act=lambda typed: proposals.cancel(proposal=obj, actor=request.user, now=clock.now()),
            done="已撤回提议。",
        )


@admin.register(RuleDocument)
class RuleDocumentAdmin(ServiceAdmin):
    list_display = ["title", "number", "issuer", "region", "issued_on", "effective_from", "is_public"]
    list_filter = ["is_public", "region"]
    list_select_related = ["region"]
    search_fields = ["title", "number", "issuer"]
    search_help_text = "标题、文号或发文机关"
    ordering = ["-issued_on", "-pk"]
    audit_target = "rule_document"
    refusals = (ValidationError,)

    def visible(self, request: HttpRequest, rows: QuerySet[RuleDocument]) -> QuerySet[RuleDocument]:
        return rows if self.has_change_permission(request) else rows.filter(is_public=True)

    def sections(self, request: HttpRequest, obj: RuleDocument) -> Iterable[Section]:
        yield Section(
            "制度文件",
            rows=[
                ("标题", obj.title),
                ("文号", obj.number or "无"),
                ("发文机关", obj.issuer),
                ("行政区划", str(obj.region)),
                ("发文日期", obj.issued_on),
                ("施行日期", obj.effective_from or "未写明"),
                ("发布部门", str(obj.department) if obj.department else "不在本系统"),
                ("原文地址", obj.source_url or "无"),
                (
                    "公开",
                    Cell("公开", state="kept") if obj.is_public else Cell("不公开", state="running"),
                ),
            ],
        )
        yield Section("内容摘要", paper=obj.summary.splitlines())

    def tools(self, request: HttpRequest, obj: RuleDocument) -> Iterable[Tool]:
        if self.has_change_permission(request, obj):
            yield Tool("修改", self.url("edit", obj), main=True)

    def deeds(self) -> dict[str, Callable[..., HttpResponse]]:
        return {"edit": self.edit_view}

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            return super().add_view(request)
        return self.form_page(
            request,
            title="登记制度文件",
            form=RuleDocumentForm(posted(request), departments=self._departments(request)),
            act=lambda typed: rule_documents.save_document(
                document=None, actor=request.user, now=clock.now(), **typed
            ),
            done="已登记制度文件。",
        )

    def edit_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        return self.form_page(
            request,
            title=f"修改制度文件：{obj}",
            obj=obj,
            form=RuleDocumentForm(posted(request), departments=self._departments(request), document=obj),
            act=lambda typed: rule_documents.save_document(
                document=obj, actor=request.user, now=clock.now(), **typed
            ),
            done="已保存制度文件。",
        )

    def _departments(self, request: HttpRequest) -> QuerySet[Department]:
        return departments_visible_to(request.user).filter(is_active=True)


# ---- on the page of a commitment ----


def publicity_sections(request: HttpRequest, commitment: Commitment) -> Iterable[Section]:
    page = admin.site._registry[PublicityDecision]
    rows = commitment.publicity_decisions.select_related("decided_by", "second")
    yield Section(
        "公开类型决定",
        head=["决定时间", "公开类型", "理由", "决定人", "第二人", "说明"],
        table=[
            [
                Cell(
                    moment(row.decided_at),
                    url=page.url("change", row) if page.has_view_permission(request) else "",
                ),
                Cell(row.get_publicity_class_display(), state=CLASS_STATES[row.publicity_class]),
                row.get_reason_display(),
                str(row.decided_by) if row.decided_by else "按规则自动确定",
                str(row.second) if row.second else "—",
                row.note or "—",
            ]
            for row in rows
        ],
        empty="还没有决定。",
    )


def publicity_tools(request: HttpRequest, commitment: Commitment) -> Iterable[Tool]:
    waiting = commitment.publicity_proposals.filter(state=PublicityProposal.State.OPEN).first()
    page = cast(ReadOnlyAdmin, admin.site._registry[PublicityProposal])
    if waiting is not None and page.has_view_permission(request):
        yield Tool("待第二人决定的公开提议", page.url("change", waiting), main=True)
    elif commitment.voided_at is None and request.user.has_perm(MAY_DECIDE):
        yield Tool(
            "决定公开类型",
            f"{reverse('admin:disclosure_publicitydecision_add')}?code={commitment.code}",
            main=True,
        )


commitments_admin.more_sections.append(publicity_sections)
commitments_admin.more_tools.append(publicity_tools)
