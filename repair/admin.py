"""Repair in the back office: applications as evidence, read only, handled at the desk; the list of credit services."""

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from commitments.way_back import METHOD_LABELS
from credit_portal.audit import clock
from credit_portal.audit.admin_base import Cell, EvidenceAdmin, HistoryAdmin, Section, Step, Tool, posted
from credit_portal.audit.admin_filters import DayRangeFilter
from credit_portal.audit.recording import log_read
from credit_portal.registry.admin_forms import choices
from credit_portal.registry.admin_reading import LoggedList, purpose_of
from credit_portal.registry.below import within
from credit_portal.registry.models import Region

from . import applying, helping
from .models import HelpService, RepairApplication


@admin.register(RepairApplication)
class RepairApplicationAdmin(LoggedList, EvidenceAdmin):
    list_display = [
        "number",
        "applied_on",
        "subject",
        "department",
        "channel",
        "state",
        "decided_on",
        "effective_at",
    ]
    list_filter = [
        "state",
        "channel",
        "outcome",
        ("applied_on", DayRangeFilter),
        ("decided_on", DayRangeFilter),
    ]
    list_select_related = ["subject", "department"]
    search_fields = ["=number", "=entry__document_no", "=case__number"]
    search_help_text = "申请编号、记录的文号或者案号"
    ordering = ["-pk"]
    audit_target = "repair_application"

    def visible(self, request: HttpRequest, rows: QuerySet[RepairApplication]) -> QuerySet[RepairApplication]:
        return applying.applications_visible_to(request.user).filter(number__isnull=False)

    def opened(self, request: HttpRequest, obj: RepairApplication) -> None:
        log_read(
            now=clock.now(), actor_id=request.user.pk, what="信用修复申请", target_type="repair_application",
            target_id=obj.pk, subject_id=obj.subject_id, purpose=purpose_of(request.user),
        )  # fmt: skip

    def record_title(self, obj: RepairApplication) -> str:
        return str(obj)

    def sections(self, request: HttpRequest, obj: RepairApplication) -> Iterable[Section]:
        yield Section(
            "信用修复申请",
            rows=[
                ("主体", str(obj.subject)),
                ("要修复的记录", f"{obj.entry.title} {obj.entry.document_no}".strip()),
                ("主管部门", str(obj.department)),
                ("状态", obj.get_state_display()),
                ("渠道", f"{obj.get_channel_display()} {obj.taken_in or ''}".strip()),
                ("办理人", f"{obj.applicant}，{obj.get_capacity_display()}"),
                ("修复方式", "、".join(METHOD_LABELS[code] for code in obj.methods)),
                ("修复承诺", Cell(obj.pledge.code if obj.pledge else "—", mono=True)),
                ("申请日期", obj.applied_on or "—"),
                ("告知补正", f"{obj.asked_on}：{'；'.join(obj.missing)}" if obj.asked_on else "—"),
                ("受理日期", obj.accepted_on or "—"),
                ("决定", f"{obj.decided_on} {obj.get_outcome_display()}" if obj.decided_on else "—"),
                ("提出人", str(obj.proposed_by or "—")),
                ("批准人", str(obj.decided_by or "—")),
                ("确认人", str(obj.confirmed_by or "—")),
                ("公告日期", obj.announced_on or "—"),
                ("办理页面", Cell("到工作台查看", url=reverse("repair:application", args=[obj.uuid]))),
            ],
        )
        yield Section(
            "材料",
            head=("修复方式", "文件", "校验值"),
            table=[
                (one.get_method_display(), one.file.original_name or "文件", one.file.sha256)
                for one in obj.materials.filter(removed_at=None).select_related("file")
            ],
            empty="没有提交文件。",
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


def _reach(request: HttpRequest) -> QuerySet[Region]:
    """The user's own region and those below it."""
    if request.user.department is None:
        return Region.objects.none()
    path = request.user.department.region.path
    return Region.objects.filter(within(path, ""))


class HelpServiceForm(forms.Form):
    name = forms.CharField(label="机构名称", max_length=200)
    offers = forms.ChoiceField(label="提供的服务", choices=choices(HelpService.Offers))
    description = forms.CharField(
        label="说明", max_length=300, required=False, help_text="做什么、怎样办，一句话。不作推荐、不作比较。"
    )
    contact = forms.CharField(label="联系方式", max_length=200)
    charges = forms.ChoiceField(label="是否收费", choices=choices(HelpService.Charges))
    region = forms.ModelChoiceField(Region.objects.none(), label="行政区划", empty_label="请选择")
    is_active = forms.BooleanField(label="在用（显示在办理说明上）", required=False, initial=True)

    def __init__(
        self, *args: Any, regions: QuerySet[Region], service: HelpService | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["region"].queryset = regions
        if service is not None:
            self.initial = {name: getattr(service, name) for name in self.fields if name != "region"}
            self.initial["region"] = service.region_id


@admin.register(HelpService)
class HelpServiceAdmin(HistoryAdmin):
    list_display = ["name", "offers", "charges", "region", "is_active"]
    list_filter = ["offers", "charges", "region", "is_active"]
    list_select_related = ["region"]
    search_fields = ["name"]
    search_help_text = "机构名称"
    ordering = ["region_id", "offers", "name", "pk"]
    audit_target = "help_service"
    refusals = (ValidationError,)

    def visible(self, request: HttpRequest, rows: QuerySet[HelpService]) -> QuerySet[HelpService]:
        return rows.filter(region__in=_reach(request))

    def sections(self, request: HttpRequest, obj: HelpService) -> Iterable[Section]:
        yield Section(
            "信用服务机构",
            rows=[
                ("机构名称", obj.name),
                ("提供的服务", obj.get_offers_display()),
                ("说明", obj.description or "—"),
                ("联系方式", obj.contact),
                ("是否收费", obj.get_charges_display()),
                ("行政区划", str(obj.region)),
                ("在用", "是" if obj.is_active else "否"),
            ],
        )

    def tools(self, request: HttpRequest, obj: HelpService) -> Iterable[Tool]:
        if self.has_change_permission(request, obj):
            yield Tool("修改", self.url("edit", obj), main=True)

    def deeds(self) -> dict[str, Callable[..., HttpResponse]]:
        return {"edit": self.edit_view}

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            return super().add_view(request)
        return self.form_page(
            request,
            title="登记信用服务机构",
            form=HelpServiceForm(posted(request), regions=_reach(request)),
            act=lambda typed: helping.save_service(
                service=None, actor=request.user, now=clock.now(), **typed
            ),
            done="已登记。",
        )

    def edit_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        return self.form_page(
            request,
            title=f"修改：{obj}",
            obj=obj,
            form=HelpServiceForm(posted(request), regions=_reach(request), service=obj),
            act=lambda typed: helping.save_service(service=obj, actor=request.user, now=clock.now(), **typed),
            done="已保存。",
        )
