"""The sites where departments look subjects up, in the back office: kept by the credit office, by region."""

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse

from credit_portal.audit import clock
from credit_portal.audit.admin_base import HistoryAdmin, Section, Tool, posted
from credit_portal.deadlines.articles import article_text
from credit_portal.registry.below import within
from credit_portal.registry.models import Region

from .checking import looking
from .checking.handling import CheckError
from .models import CheckSource


def _reach(request: HttpRequest) -> QuerySet[Region]:
    """The user's own region and those below it."""
    if request.user.department is None:
        return Region.objects.none()
    path = request.user.department.region.path
    return Region.objects.filter(within(path, ""))


class SourceForm(forms.Form):
    name = forms.CharField(label="来源", max_length=100)
    address = forms.URLField(label="网址", max_length=300, required=False, assume_scheme="https")
    region = forms.ModelChoiceField(
        Region.objects.none(),
        label="地区",
        empty_label="请选择",
        help_text="这个地区和它下面的地区都能选用。",
    )
    basis = forms.CharField(label="依据", max_length=300, required=False)
    order = forms.IntegerField(
        label="次序", min_value=0, max_value=32_000, initial=100, help_text="小的在前。"
    )
    is_active = forms.BooleanField(label="使用中", required=False, initial=True)

    def __init__(
        self, *args: Any, regions: QuerySet[Region], source: CheckSource | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["region"].queryset = regions
        if source is not None:
            self.initial = {
                name: getattr(source, name) for name in ("name", "address", "basis", "order", "is_active")
            }
            self.initial["region"] = source.region_id


@admin.register(CheckSource)
class CheckSourceAdmin(HistoryAdmin):
    list_display = ["name", "address", "region", "order", "is_active"]
    list_filter = ["region", "is_active"]
    list_select_related = ["region"]
    search_fields = ["name"]
    search_help_text = "来源的名称"
    ordering = ["region_id", "order", "pk"]
    audit_target = "check_source"
    refusals = (CheckError,)

    def visible(self, request: HttpRequest, rows: QuerySet[CheckSource]) -> QuerySet[CheckSource]:
        department = request.user.department
        if department is None:
            return rows.none()
        # Those of the regions above are used here, too.
        return rows.filter(Q(region__in=_reach(request)) | Q(region__in=department.region.lineage))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may = super().has_change_permission(request, obj)
        return may and (obj is None or _reach(request).filter(pk=obj.region_id).exists())

    def sections(self, request: HttpRequest, obj: CheckSource) -> Iterable[Section]:
        yield Section(
            "查询来源",
            rows=[
                ("来源", obj.name),
                ("网址", obj.address or "—"),
                ("地区", str(obj.region)),
                ("依据", article_text(obj.basis) or "—"),
                ("次序", str(obj.order)),
                ("使用中", "是" if obj.is_active else "否"),
            ],
        )

    def tools(self, request: HttpRequest, obj: CheckSource) -> Iterable[Tool]:
        if self.has_change_permission(request, obj):
            yield Tool("修改", self.url("edit", obj), main=True)

    def deeds(self) -> dict[str, Callable[..., HttpResponse]]:
        return {"edit": self.edit_view}

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            return super().add_view(request)
        return self.form_page(
            request,
            title="登记查询来源",
            form=SourceForm(posted(request), regions=_reach(request)),
            act=lambda typed: looking.save_source(source=None, actor=request.user, now=clock.now(), **typed),
            done="已登记。",
        )

    def edit_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        return self.form_page(
            request,
            title=f"修改：{obj}",
            obj=obj,
            form=SourceForm(posted(request), regions=_reach(request), source=obj),
            act=lambda typed: looking.save_source(source=obj, actor=request.user, now=clock.now(), **typed),
            done="已保存。",
        )
