"""Whom letters go to, in the back office: registered by the credit office, by role, for a region or for one subject."""

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from credit_portal.audit import clock
from credit_portal.audit.admin_base import HistoryAdmin, Section, Tool, posted
from credit_portal.registry.admin_forms import choices
from credit_portal.registry.below import within
from credit_portal.registry.models import Region

from .case_rules import CaseError
from .consequences import letters
from .models import Recipient


def _reach(request: HttpRequest) -> QuerySet[Region]:
    """The user's own region and those below it."""
    if request.user.department is None:
        return Region.objects.none()
    path = request.user.department.region.path
    return Region.objects.filter(within(path, ""))


class RecipientForm(forms.Form):
    role = forms.ChoiceField(label="身份", choices=choices(Recipient.Role))
    name = forms.CharField(label="名称", max_length=200)
    address = forms.CharField(label="通信地址", max_length=200, required=False)
    region = forms.ModelChoiceField(Region.objects.none(), label="行政区划", empty_label="请选择")
    subject_code = forms.CharField(
        label="只用于这个主体",
        max_length=40,
        required=False,
        help_text="上级主管单位因主体而异：填主体的统一社会信用代码。审计、纪检监察等留空，用于整个地区。",
    )
    is_active = forms.BooleanField(label="在用", required=False, initial=True)

    def __init__(
        self, *args: Any, regions: QuerySet[Region], recipient: Recipient | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["region"].queryset = regions
        if recipient is not None:
            self.initial = {
                "role": recipient.role,
                "name": recipient.name,
                "address": recipient.address,
                "region": recipient.region_id,
                "subject_code": recipient.subject.uscc if recipient.subject else "",
                "is_active": recipient.is_active,
            }


@admin.register(Recipient)
class RecipientAdmin(HistoryAdmin):
    list_display = ["name", "role", "region", "subject", "is_active"]
    list_filter = ["role", "region", "is_active"]
    list_select_related = ["region", "subject"]
    search_fields = ["name"]
    search_help_text = "收函单位的名称"
    ordering = ["region_id", "role", "pk"]
    audit_target = "recipient"
    refusals = (ValidationError, CaseError)

    def visible(self, request: HttpRequest, rows: QuerySet[Recipient]) -> QuerySet[Recipient]:
        return rows.filter(region__in=_reach(request))

    def sections(self, request: HttpRequest, obj: Recipient) -> Iterable[Section]:
        yield Section(
            "通报对象",
            rows=[
                ("身份", obj.get_role_display()),
                ("名称", obj.name),
                ("通信地址", obj.address or "—"),
                ("行政区划", str(obj.region)),
                ("只用于这个主体", str(obj.subject) if obj.subject else "整个地区"),
                ("在用", "是" if obj.is_active else "否"),
            ],
        )

    def tools(self, request: HttpRequest, obj: Recipient) -> Iterable[Tool]:
        if self.has_change_permission(request, obj):
            yield Tool("修改", self.url("edit", obj), main=True)

    def deeds(self) -> dict[str, Callable[..., HttpResponse]]:
        return {"edit": self.edit_view}

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            return super().add_view(request)
        return self.form_page(
            request,
            title="登记通报对象",
            form=RecipientForm(posted(request), regions=_reach(request)),
            act=lambda typed: letters.save_recipient(
                recipient=None, actor=request.user, now=clock.now(), **typed
            ),
            done="已登记。",
        )

    def edit_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        return self.form_page(
            request,
            title=f"修改：{obj}",
            obj=obj,
            form=RecipientForm(posted(request), regions=_reach(request), recipient=obj),
            act=lambda typed: letters.save_recipient(
                recipient=obj, actor=request.user, now=clock.now(), **typed
            ),
            done="已保存。",
        )
