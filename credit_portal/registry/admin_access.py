"""Subjects' access in the back office: the credit office sees who may open whose pages, and ends what should not be."""

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from credit_portal.audit import clock
from credit_portal.audit.admin_base import HistoryAdmin, Section, Tool, moment, posted
from credit_portal.audit.recording import log_read

from . import access, access_rules, codes
from .admin_reading import LoggedList, purpose_of
from .models import SubjectAccess


class RunningFilter(admin.SimpleListFilter):
    title = "状态"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("running", "有效"), ("over", "已终止或到期")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[SubjectAccess]) -> QuerySet[SubjectAccess]:
        running = access.running(queryset, today=clock.today())
        match self.value():
            case "running":
                return running
            case "over":
                return queryset.exclude(pk__in=running.values("pk"))
        return queryset


class EndForm(forms.Form):
    reason = forms.CharField(label="终止原因", max_length=200, widget=forms.Textarea(attrs={"rows": 2}))


@admin.register(SubjectAccess)
class SubjectAccessAdmin(LoggedList, HistoryAdmin):
    list_display = [
        "subject",
        "capacity",
        "scope",
        "channel",
        "department",
        "valid_from",
        "valid_until",
        "state",
    ]
    list_filter = [RunningFilter, "capacity", "channel"]
    list_select_related = ["subject", "department"]
    search_fields = ["subject__uscc"]
    search_help_text = "统一社会信用代码"
    ordering = ["-pk"]
    audit_target = "subject_access"
    refusals = (access.AccessError,)

    def visible(self, request: HttpRequest, rows: QuerySet[SubjectAccess]) -> QuerySet[SubjectAccess]:
        return rows.filter(pk__in=access.accesses_visible_to(request.user).values("pk"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def record_title(self, obj: SubjectAccess) -> str:
        return f"{obj.subject} {obj.get_capacity_display()}"

    @admin.display(description="状态")
    def state(self, row: SubjectAccess) -> str:
        if row.ended_at is not None:
            return "已终止"
        return "有效" if row.valid_until >= clock.today() else "已到期"

    def opened(self, request: HttpRequest, obj: SubjectAccess) -> None:
        log_read(
            now=clock.now(), actor_id=request.user.pk, what="主体网上查询", target_type="subject_access",
            target_id=obj.pk, subject_id=obj.subject_id, purpose=purpose_of(request.user),
        )  # fmt: skip

    def sections(self, request: HttpRequest, obj: SubjectAccess) -> Iterable[Section]:
        yield Section(
            "主体网上查询",
            rows=[
                ("主体", str(obj.subject)),
                ("使用人", codes.mask_person_name(obj.name)),
                ("身份", obj.get_capacity_display()),
                ("权限", obj.get_scope_display()),
                ("开通", f"{obj.get_channel_display()}，{obj.department or '系统'}，{moment(obj.opened_at)}"),
                ("有效期", f"{obj.valid_from} 至 {obj.valid_until}"),
                ("状态", self.state(obj)),
                ("终止", f"{moment(obj.ended_at)}，{obj.end_reason}" if obj.ended_at else "没有"),
            ],
        )
        yield Section(
            "登录的设备",
            head=["登录", "最近使用", "退出"],
            table=[
                [moment(row.began_at), moment(row.seen_at), moment(row.ended_at) if row.ended_at else "没有"]
                for row in obj.sessions.order_by("-pk")[:50]
            ],
            empty="没有登录过。",
        )

    def tools(self, request: HttpRequest, obj: SubjectAccess) -> Iterable[Tool]:
        runs = access_rules.runs(
            valid_from=obj.valid_from,
            valid_until=obj.valid_until,
            ended=obj.ended_at is not None,
            today=clock.today(),
        )
        if runs and self.has_change_permission(request, obj):
            yield Tool("终止", self.url("end", obj))

    def deeds(self) -> dict[str, Callable[..., HttpResponse]]:
        return {"end": self.end_view}

    def end_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        return self.form_page(
            request,
            title=f"终止：{self.record_title(obj)}",
            obj=obj,
            form=EndForm(posted(request)),
            submit="终止",
            warning="所有设备立即退出；需要再用的，由窗口查验身份后重新开通。",
            act=lambda typed: access.end_by_staff(
                access_id=obj.pk, reason=typed["reason"], actor=request.user, now=clock.now()
            ),
            done="已终止。",
        )
