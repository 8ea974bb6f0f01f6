"""Policy rules in the back office: what holds where, since when, on what basis, and whether it is confirmed."""

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from credit_portal.audit import clock
from credit_portal.audit.admin_base import Cell, HistoryAdmin, Section, Tool
from credit_portal.audit.admin_filters import PickFilter
from credit_portal.registry.visibility import group_names

from .admin_calendar import CalendarNoticeAdmin
from .admin_duties import DutyAdmin
from .admin_proposals import RuleProposalAdmin, proposal_tools
from .admin_switching import SwitchOrderAdmin, impact_page, impact_tools
from .articles import article_text
from .loading import SHAPES
from .models import PolicyRule
from .proposals import unconfirmed_for
from .wording import UNCONFIRMED, key_in_words, scope_in_words, value_in_words

__all__ = ["CalendarNoticeAdmin", "DutyAdmin", "PolicyRuleAdmin", "RuleProposalAdmin", "SwitchOrderAdmin"]


class KeyFilter(PickFilter):
    title = "规则"
    parameter_name = "key"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(key, shape.label) for key, shape in SHAPES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[PolicyRule]) -> QuerySet[PolicyRule]:
        return queryset.filter(key=self.value()) if self.value() else queryset


class OwnRegionFilter(PickFilter):
    title = "本地区"
    parameter_name = "mine"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("unconfirmed", "现行而未经确认")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[PolicyRule]) -> QuerySet[PolicyRule]:
        if self.value() != "unconfirmed":
            return queryset
        mine = unconfirmed_for(request.user, on=clock.today())
        return queryset.filter(pk__in=mine.values("pk"))


@admin.register(PolicyRule)
class PolicyRuleAdmin(HistoryAdmin):
    """Read only: a rule is entered by one and approved by another."""

    list_display = [
        "name",
        "region",
        "scope",
        "shown_value",
        "shown_basis",
        "standing",
        "effective_from",
        "effective_to",
    ]
    list_filter = ["confirmed", OwnRegionFilter, KeyFilter, "region"]
    list_select_related = ["region"]
    search_fields = ["basis"]
    search_help_text = "依据中的文字"
    ordering = ["region__path", "key", "-effective_from"]
    audit_target = "policy_rule"

    def visible(self, request: HttpRequest, rows: QuerySet[PolicyRule]) -> QuerySet[PolicyRule]:
        # Rules bind everybody and are no secret: whoever works here may read them all.
        return rows if group_names(request.user) else rows.none()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="规则")
    def name(self, row: PolicyRule) -> str:
        return key_in_words(row.key)

    @admin.display(description="适用")
    def scope(self, row: PolicyRule) -> str:
        return scope_in_words(row)

    @admin.display(description="取值")
    def shown_value(self, row: PolicyRule) -> str:
        return value_in_words(row.value, row.unit)

    @admin.display(description="依据")
    def shown_basis(self, row: PolicyRule) -> str:
        return article_text(row.basis)

    @admin.display(description="确认")
    def standing(self, row: PolicyRule) -> str:
        return "已确认" if row.confirmed else UNCONFIRMED

    def record_title(self, obj: PolicyRule) -> str:
        return f"{obj.region}：{key_in_words(obj.key)}"

    def sections(self, request: HttpRequest, obj: PolicyRule) -> Iterable[Section]:
        yield Section(
            "规则",
            rows=[
                ("行政区划", f"{obj.region}（{obj.region_id}）"),
                ("规则", key_in_words(obj.key)),
                ("适用", self.scope(obj)),
                ("取值", self.shown_value(obj)),
                ("依据", article_text(obj.basis)),
                (
                    "确认",
                    Cell("已确认", state="kept") if obj.confirmed else Cell("待确认", state="waiting"),
                ),
                ("生效日期", obj.effective_from),
                ("失效日期", obj.effective_to or "无"),
                ("录入人", str(obj.entered_by) if obj.entered_by else "随系统载入"),
                ("核准人", str(obj.approved_by) if obj.approved_by else "—"),
            ],
            note="" if obj.confirmed else f"{UNCONFIRMED}。未确认的规则只能提醒，不能据以作出不利处理。",
        )

    def tools(self, request: HttpRequest, obj: PolicyRule) -> Iterable[Tool]:
        yield from impact_tools(self, request, obj, obj.region)
        yield from proposal_tools(request, obj)

    def deeds(self) -> dict[str, Callable[..., HttpResponse]]:
        return {"impact": require_safe(self.impact_view)}

    def impact_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.record_or_404(request, object_id)
        return impact_page(self, request, obj, obj)
