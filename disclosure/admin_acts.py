"""Administrative acts, the catalogue of credit information and launch dates in the back office."""

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from credit_portal.audit import clock
from credit_portal.audit.admin_base import (
    Cell,
    EvidenceAdmin,
    HistoryAdmin,
    Section,
    Tool,
    moment,
    posted,
)
from credit_portal.audit.admin_filters import DayRangeFilter
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.registry.admin_forms import DateInput, choices
from credit_portal.registry.admin_reading import LoggedList
from credit_portal.registry.models import Department, PublicityClass, Region
from credit_portal.registry.visibility import departments_visible_to, limit_to_visible

from . import information
from .acts.fields import fields_of
from .acts.uploading import values_of
from .models import AdministrativeAct, InformationItem, LaunchDate


@admin.register(AdministrativeAct)
class AdministrativeActAdmin(LoggedList, EvidenceAdmin):
    """Read only: acts are handled at the desk."""

    list_display = ["number", "kind", "subject_name", "document_no", "department", "decided_on", "standing"]
    list_filter = ["kind", "publicity_class", ("decided_on", DayRangeFilter)]
    list_select_related = ["department"]
    search_fields = ["=number", "=document_no", "=subject_code"]
    search_help_text = "编号、文书号或统一社会信用代码"
    ordering = ["-pk"]
    audit_target = "act"

    def visible(self, request: HttpRequest, rows: QuerySet[AdministrativeAct]) -> QuerySet[AdministrativeAct]:
        return limit_to_visible(rows, request.user)

    @admin.display(description="状态")
    def standing(self, row: AdministrativeAct) -> str:
        if row.ended_at:
            return str(row.get_ending_display())
        return str(row.get_publicity_class_display()) if row.decided_at else "待公开"

    def opened(self, request: HttpRequest, obj: AdministrativeAct) -> None:
        log_read(
            now=clock.now(),
            actor_id=request.user.pk,
            what="行政行为信息",
            target_type="act",
            target_id=obj.pk,
            subject_id=obj.subject_id,
            purpose=ReadLog.Purpose.SUPERVISION,
        )

    def record_title(self, obj: AdministrativeAct) -> str:
        return f"{obj.get_kind_display()} {obj.number}"

    def sections(self, request: HttpRequest, obj: AdministrativeAct) -> Iterable[Section]:
        told = values_of(obj) | {"subject_code": obj.subject.shown_code}
        yield Section(
            str(obj.get_kind_display()),
            rows=[(one.head, told[one.key] or "—") for one in fields_of(obj.kind)]
            + [("作出机关", str(obj.department)), ("内容校验值", Cell(obj.sha256, mono=True))],
        )
        yield Section(
            "公开",
            rows=[
                ("状态", self.standing(obj)),
                (
                    "公开类型",
                    f"{obj.get_publicity_class_display()}，{obj.get_class_reason_display()}"
                    if obj.decided_at
                    else "待确定",
                ),
                (
                    "确定",
                    f"{moment(obj.decided_at)} {obj.decided_by}{f'、{obj.second}' if obj.second else ''}"
                    if obj.decided_at
                    else "—",
                ),
                ("公示期", f"{obj.public_from} 至 {obj.public_until or '长期'}" if obj.public_from else "—"),
                ("停止", f"{moment(obj.ended_at)} {obj.ended_by or ''} {obj.ending_note}" if obj.ended_at else "—"),
                ("办理页面", Cell("到工作台查看", url=reverse("acts:act", args=[obj.uuid]))),
            ],
        )  # fmt: skip


class InformationItemForm(forms.Form):
    code = forms.CharField(label="目录编码", max_length=40)
    name = forms.CharField(label="信息名称", max_length=200)
    region = forms.ModelChoiceField(Region.objects.all(), label="行政区划", empty_label="请选择")
    department = forms.ModelChoiceField(Department.objects.none(), label="提供部门", empty_label="请选择")
    collected = forms.ChoiceField(label="归集方式", choices=choices(InformationItem.Collected))
    publicity_class = forms.ChoiceField(label="公开类型", choices=choices(PublicityClass))
    cycle = forms.CharField(label="更新周期", max_length=100, help_text="例如：作出决定之日起 7 个工作日内。")
    basis = forms.CharField(label="依据", max_length=300, required=False)
    collected_from = forms.DateField(label="开始归集日期", widget=DateInput(), required=False)
    retired_on = forms.DateField(label="停用日期", widget=DateInput(), required=False)

    def __init__(
        self, *args: Any, departments: Any, item: InformationItem | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["department"].queryset = departments
        if item is not None:
            self.initial = {
                name: getattr(item, name) for name in self.fields if name not in ("region", "department")
            } | {"region": item.region_id, "department": item.department_id}


@admin.register(InformationItem)
class InformationItemAdmin(HistoryAdmin):
    list_display = ["code", "name", "department", "collected", "publicity_class", "cycle", "retired_on"]
    list_filter = ["collected", "publicity_class", "region"]
    list_select_related = ["department"]
    search_fields = ["=code", "name"]
    search_help_text = "目录编码或信息名称"
    ordering = ["region_id", "code"]
    audit_target = "information_item"
    refusals = (ValidationError,)

    def visible(self, request: HttpRequest, rows: QuerySet[InformationItem]) -> QuerySet[InformationItem]:
        # The catalogue is public.
        return rows

    def tools(self, request: HttpRequest, obj: InformationItem) -> Iterable[Tool]:
        if self.has_change_permission(request, obj):
            yield Tool("修改", self.url("edit", obj), main=True)

    def deeds(self) -> dict[str, Callable[..., HttpResponse]]:
        return {"edit": self.edit_view}

    def _departments(self, request: HttpRequest) -> QuerySet[Department]:
        return departments_visible_to(request.user).filter(is_active=True)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            return super().add_view(request)
        return self.form_page(
            request,
            title="登记信用信息目录",
            form=InformationItemForm(posted(request), departments=self._departments(request)),
            act=lambda typed: information.save_item(item=None, actor=request.user, now=clock.now(), **typed),
            done="已登记。",
        )

    def edit_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        return self.form_page(
            request,
            title=f"修改：{obj}",
            obj=obj,
            form=InformationItemForm(posted(request), departments=self._departments(request), item=obj),
            act=lambda typed: information.save_item(item=obj, actor=request.user, now=clock.now(), **typed),
            done="已保存。",
        )


class LaunchForm(forms.Form):
    region = forms.ModelChoiceField(Region.objects.all(), label="行政区划", empty_label="请选择")
    what = forms.ChoiceField(label="内容", choices=choices(LaunchDate.What))
    due_on = forms.DateField(label="文件要求的日期", widget=DateInput(), required=False)
    basis = forms.CharField(label="依据", max_length=200, required=False)
    launched_on = forms.DateField(label="实际上线日期", widget=DateInput(), required=False)

    def __init__(self, *args: Any, launch: LaunchDate | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if launch is not None:
            self.initial = {name: getattr(launch, name) for name in self.fields if name != "region"} | {
                "region": launch.region_id
            }


@admin.register(LaunchDate)
class LaunchDateAdmin(HistoryAdmin):
    list_display = ["region", "what", "due_on", "basis", "launched_on"]
    list_select_related = ["region"]
    ordering = ["region__path", "what"]
    audit_target = "launch"
    refusals = (ValidationError,)

    def visible(self, request: HttpRequest, rows: QuerySet[LaunchDate]) -> QuerySet[LaunchDate]:
        # They are public.
        return rows

    def tools(self, request: HttpRequest, obj: LaunchDate) -> Iterable[Tool]:
        if self.has_change_permission(request, obj):
            yield Tool("修改", self.url("edit", obj), main=True)

    def deeds(self) -> dict[str, Callable[..., HttpResponse]]:
        return {"edit": self.edit_view}

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            return super().add_view(request)
        return self.form_page(
            request,
            title="登记上线日期",
            form=LaunchForm(posted(request)),
            act=lambda typed: information.save_launch(
                launch=None, actor=request.user, now=clock.now(), **typed
            ),
            done="已登记。",
        )

    def edit_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        return self.form_page(
            request,
            title=f"修改：{obj}",
            obj=obj,
            form=LaunchForm(posted(request), launch=obj),
            act=lambda typed: information.save_launch(
                launch=obj, actor=request.user, now=clock.now(), **typed
            ),
            done="已保存。",
        )
