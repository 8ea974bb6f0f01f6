"""Partner systems in the back office: registered by the security administrator, tokens issued and revoked."""

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from credit_portal.audit import clock
from credit_portal.audit.admin_base import Cell, HistoryAdmin, Section, Tool, moment, posted
from credit_portal.registry import groups
from credit_portal.registry.admin_forms import DateInput
from credit_portal.registry.models import Department
from credit_portal.registry.visibility import has_role, limit_to_visible

from . import partners
from .models import PartnerSystem, PartnerToken, Scope


class PartnerForm(forms.Form):
    name = forms.CharField(label="系统名称", max_length=100)
    department = forms.ModelChoiceField(
        Department.objects.filter(is_active=True), label="所属部门", empty_label="请选择"
    )
    scopes = forms.MultipleChoiceField(
        label="权限范围", choices=Scope.choices, widget=forms.CheckboxSelectMultiple
    )
    contact = forms.CharField(label="联系人", max_length=100, required=False, help_text="姓名和办公电话。")
    is_active = forms.BooleanField(label="在用", required=False, initial=True)

    def __init__(self, *args: Any, system: PartnerSystem | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if system is not None:
            self.initial = {name: getattr(system, name) for name in self.fields if name != "department"} | {
                "department": system.department_id
            }


class TokenForm(forms.Form):
    expires_on = forms.DateField(label="有效期至", widget=DateInput(), help_text="最长一年。")
    # How many tokens there were when the form was shown: sent again, it would find one more.
    issued = forms.IntegerField(widget=forms.HiddenInput())


class RevokeForm(forms.Form):
    token = forms.ModelChoiceField(PartnerToken.objects.none(), label="作废哪一个", empty_label="请选择")

    def __init__(self, *args: Any, system: PartnerSystem, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["token"].queryset = system.tokens.filter(revoked_at__isnull=True)


@admin.register(PartnerSystem)
class PartnerSystemAdmin(HistoryAdmin):
    list_display = ["name", "department", "is_active", "created_at"]
    list_filter = ["is_active"]
    list_select_related = ["department"]
    search_fields = ["name"]
    search_help_text = "系统名称"
    ordering = ["name"]
    audit_target = "partner"
    refusals = (partners.PartnerError,)

    def visible(self, request: HttpRequest, rows: QuerySet[PartnerSystem]) -> QuerySet[PartnerSystem]:
        if has_role(request.user, groups.SECURITY_ADMIN):
            return rows
        return limit_to_visible(rows, request.user)

    def sections(self, request: HttpRequest, obj: PartnerSystem) -> Iterable[Section]:
        words = dict(Scope.choices)
        yield Section(
            "对接系统",
            rows=[
                ("系统名称", obj.name),
                ("所属部门", str(obj.department)),
                ("权限范围", "、".join(str(words.get(one, one)) for one in obj.scopes)),
                ("联系人", obj.contact or "—"),
                ("状态", Cell("在用", state="kept") if obj.is_active else Cell("停用", state="running")),
                ("登记", f"{moment(obj.created_at)} {obj.created_by}"),
            ],
        )
        yield Section(
            "令牌",
            head=["开头", "签发", "有效期至", "最近使用", "作废"],
            table=[
                [
                    Cell(f"{token.prefix}…", mono=True),
                    f"{moment(token.issued_at)} {token.issued_by}",
                    token.expires_on,
                    token.last_used_on or "未用过",
                    f"{moment(token.revoked_at)} {token.revoked_by}" if token.revoked_at else "—",
                ]
                for token in obj.tokens.select_related("issued_by", "revoked_by")[:20]
            ],
        )

    def tools(self, request: HttpRequest, obj: PartnerSystem) -> Iterable[Tool]:
        if self.has_change_permission(request, obj):
            yield Tool("签发令牌", self.url("token", obj), main=True)
            yield Tool("作废令牌", self.url("revoke", obj))
            yield Tool("修改", self.url("edit", obj))

    def deeds(self) -> dict[str, Callable[..., HttpResponse]]:
        return {"edit": self.edit_view, "token": self.token_view, "revoke": self.revoke_view}

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            return super().add_view(request)
        return self.form_page(
            request,
            title="登记对接系统",
            form=PartnerForm(posted(request)),
            act=lambda typed: partners.save_partner(
                system_id=None, actor=request.user, now=clock.now(), **typed
            ),
            done="已登记，请签发令牌。",
        )

    def edit_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        return self.form_page(
            request,
            title=f"修改：{obj}",
            obj=obj,
            form=PartnerForm(posted(request), system=obj),
            act=lambda typed: partners.save_partner(
                system_id=obj.pk, actor=request.user, now=clock.now(), **typed
            ),
            done="已保存。",
        )

    def token_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)

        def shown_once(token: str) -> HttpResponse:
            # Not by way of a message: that would be kept in the session.
            return self.page(
                request,
                "admin/one_time_token.html",
                title="对接令牌",
                obj=obj,
                token=token,
                back=self.url("change", obj),
            )

        return self.form_page(
            request,
            title=f"签发令牌：{obj}",
            obj=obj,
            form=TokenForm(posted(request), initial={"issued": obj.tokens.count()}),
            submit="签发",
            intro=["最多同时有两个有效令牌：先签发新的，对方换用以后再作废旧的。"],
            act=lambda typed: partners.issue_token(
                system_id=obj.pk, actor=request.user, now=clock.now(), **typed
            ),
            done="",
            goto=shown_once,
        )

    def revoke_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        return self.form_page(
            request,
            title=f"作废令牌：{obj}",
            obj=obj,
            form=RevokeForm(posted(request), system=obj),
            submit="作废",
            warning="作废立即生效，使用这个令牌的推送从下一次起被拒绝。",
            act=lambda typed: partners.revoke_token(
                token_id=typed["token"].pk, actor=request.user, now=clock.now()
            ),
            done="令牌已作废。",
            goto=lambda _row: self.url("change", obj),
        )
