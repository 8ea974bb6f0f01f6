"""Key occupational groups in the back office: the credit office keeps the list, everybody there sees it (R9, R19)."""

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from credit_portal.audit import clock
from credit_portal.audit.admin_base import Cell, HistoryAdmin, Section, Tool, posted

from . import occupations
from .admin_forms import DateInput
from .models import OccupationGroup


class OccupationForm(forms.Form):
    code = forms.SlugField(label="编码", max_length=30, help_text="小写字母和数字，登记后不能更改。")
    name = forms.CharField(label="名称", max_length=60)
    positions = forms.CharField(
        label="包括的岗位", max_length=300, required=False, help_text="例如：注册会计师、审计师"
    )
    basis = forms.CharField(label="依据", max_length=300)
    valid_from = forms.DateField(label="生效日期", widget=DateInput(), initial=clock.today)
    valid_to = forms.DateField(
        label="停用日期",
        widget=DateInput(),
        required=False,
        help_text="不填为一直在用；已签署的承诺不受影响。",
    )
    order = forms.IntegerField(label="顺序", min_value=0, max_value=30_000, initial=0)

    def __init__(self, *args: Any, group: OccupationGroup | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if group is not None:
            del self.fields["code"]
            self.initial = {name: getattr(group, name) for name in self.fields}


@admin.register(OccupationGroup)
class OccupationGroupAdmin(HistoryAdmin):
    list_display = ["name", "positions", "valid_from", "valid_to"]
    search_fields = ["name", "positions", "code"]
    search_help_text = "名称或者岗位"
    ordering = ["order", "code"]
    audit_target = "occupation_group"
    refusals = (occupations.OccupationError,)

    def visible(self, request: HttpRequest, rows: QuerySet[OccupationGroup]) -> QuerySet[OccupationGroup]:
        # One list for everybody; nothing in it is restricted.
        return rows

    def record_title(self, obj: OccupationGroup) -> str:
        return obj.name

    def sections(self, request: HttpRequest, obj: OccupationGroup) -> Iterable[Section]:
        yield Section(
            "重点职业人群",
            rows=[
                ("名称", obj.name),
                ("编码", Cell(obj.code, mono=True)),
                ("包括的岗位", obj.positions or "—"),
                ("依据", obj.basis),
                ("生效日期", obj.valid_from),
                ("停用日期", obj.valid_to or "在用"),
            ],
        )

    def tools(self, request: HttpRequest, obj: OccupationGroup) -> Iterable[Tool]:
        if self.has_change_permission(request, obj):
            yield Tool("修改", self.url("edit", obj), main=True)

    def deeds(self) -> dict[str, Callable[..., HttpResponse]]:
        return {"edit": self.edit_view}

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            return super().add_view(request)
        return self.form_page(
            request,
            title="新增职业人群",
            form=OccupationForm(posted(request)),
            submit="保存",
            act=lambda typed: occupations.save_group(
                group=None, actor=request.user, now=clock.now(), **typed
            ),
            done="已保存，起草事项时可以选用。",
        )

    def edit_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        return self.form_page(
            request,
            title=f"修改：{obj.name}",
            obj=obj,
            form=OccupationForm(posted(request), group=obj),
            submit="保存",
            act=lambda typed: occupations.save_group(group=obj, actor=request.user, now=clock.now(), **typed),
            done="已保存。",
        )
