"""Rosters, campaigns, voluntary registration in the back office: read only, but for who verifies which kind. They are worked
on at the desk."""

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from credit_portal.audit import clock
from credit_portal.audit.admin_base import Cell, EvidenceAdmin, HistoryAdmin, Section, Tool, moment, posted
from credit_portal.audit.admin_filters import DayRangeFilter
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read
from credit_portal.registry import groups
from credit_portal.registry.admin_reading import LoggedList
from credit_portal.registry.models import Department, Region
from credit_portal.registry.visibility import departments_visible_to, has_role, limit_to_visible

from .associations import campaigns, coverage
from .models import Campaign, Registration, RegistrationKind, RegistrationVerifier, RosterEntry
from .registrations import assigning, verifying
from .rosters import taking


def _note_read(request: HttpRequest, what: str, target_type: str, obj: Any, subject_id: int | None) -> None:
    audits = has_role(request.user, groups.AUDITOR)
    log_read(
        now=clock.now(),
        actor_id=request.user.pk,
        what=what,
        target_type=target_type,
        target_id=obj.pk,
        subject_id=subject_id,
        purpose=ReadLog.Purpose.AUDIT if audits else ReadLog.Purpose.SUPERVISION,
    )


@admin.register(RosterEntry)
class RosterEntryAdmin(LoggedList, HistoryAdmin):
    list_display = ["subject", "sort", "department", "from_on", "left_on"]
    list_filter = ["sort", ("from_on", DayRangeFilter)]
    list_select_related = ["subject", "department"]
    search_fields = ["=subject__uscc", "department__name"]
    search_help_text = "统一社会信用代码或者单位名称"
    list_target = "roster_entry_list"
    ordering = ["-pk"]

    def visible(self, request: HttpRequest, rows: QuerySet[RosterEntry]) -> QuerySet[RosterEntry]:
        return rows.filter(pk__in=taking.entries_visible_to(request.user))

    def opened(self, request: HttpRequest, obj: RosterEntry) -> None:
        _note_read(request, "会员名单", "roster_entry", obj, obj.subject_id)

    def sections(self, request: HttpRequest, obj: RosterEntry) -> Iterable[Section]:
        yield Section(
            "名册",
            rows=[
                ("名单", obj.get_sort_display()),
                ("单位", str(obj.department)),
                ("主体", str(obj.subject)),
                ("代码", Cell(obj.subject.shown_code, mono=True)),
                ("编号", obj.number or "—"),
                ("列入日期", obj.from_on),
                ("移出", f"{obj.left_on} {obj.leave_reason}" if obj.left_on else "—"),
                ("来自的文件", str(obj.upload) if obj.upload else "—"),
                ("录入", f"{moment(obj.added_at)} {obj.added_by or '系统'}"),
            ],
        )


@admin.register(Campaign)
class CampaignAdmin(EvidenceAdmin):
    list_display = ["name", "department", "from_on", "until_on", "ended_on"]
    list_filter = [("from_on", DayRangeFilter)]
    list_select_related = ["department"]
    search_fields = ["name", "department__name"]
    search_help_text = "活动或者协会的名称"
    ordering = ["-pk"]
    audit_target = "campaign"

    def visible(self, request: HttpRequest, rows: QuerySet[Campaign]) -> QuerySet[Campaign]:
        return limit_to_visible(rows, request.user)

    def sections(self, request: HttpRequest, obj: Campaign) -> Iterable[Section]:
        today = clock.today()
        day = min(today, coverage.last_day(obj))
        found, total = coverage.figures(obj.department, day, obj), coverage.figures(obj.department, today)
        yield Section(
            "活动",
            rows=[
                ("协会", str(obj.department)),
                ("文本", str(obj.text_version)),
                ("期间", f"{obj.from_on} 至 {obj.until_on}"),
                ("状态", campaigns.STATES[campaigns.state_of(obj, today)]),
                ("设立", f"{moment(obj.created_at)} {obj.created_by}"),
                ("已签署", f"{found.signed} / {found.members}（截至 {day}）"),
                ("没有签署", str(found.missing)),
                (
                    "协会总的覆盖",
                    f"承诺有效 {total.running}，已到期 {total.ended}，没有签署 {total.missing}，共 {total.members} 个会员",
                ),
                (
                    "办理页面",
                    Cell(
                        "到工作台查看",
                        url=reverse("associations:campaign", args=[obj.department.uscc, obj.uuid]),
                    ),
                ),
                ("全部协会", Cell("各协会的覆盖", url=reverse("associations:home"))),
            ],
        )


@admin.register(Registration)
class RegistrationAdmin(LoggedList, EvidenceAdmin):
    list_display = ["subject", "kind", "title", "department", "state", "submitted_at", "valid_until"]
    list_filter = ["kind", "state", ("valid_until", DayRangeFilter)]
    list_select_related = ["subject", "department"]
    search_fields = ["=subject__uscc", "=document_no", "=batch__number"]
    search_help_text = "统一社会信用代码、证明编号或者登记清单编号"
    ordering = ["-pk"]
    audit_target = "registration"

    def visible(self, request: HttpRequest, rows: QuerySet[Registration]) -> QuerySet[Registration]:
        return rows.filter(pk__in=verifying.visible_to(request.user))

    def opened(self, request: HttpRequest, obj: Registration) -> None:
        _note_read(request, "自愿注册信息", "registration", obj, obj.subject_id)

    def sections(self, request: HttpRequest, obj: Registration) -> Iterable[Section]:
        yield Section(
            "自愿注册信息",
            rows=[
                ("主体", str(obj.subject)),
                ("种类", obj.get_kind_display()),
                ("名称", obj.title),
                ("内容", obj.facts or "—"),
                ("出具单位", obj.issuer),
                ("证明编号", obj.document_no or "—"),
                ("出具日期", obj.issued_on),
                ("有效期至", obj.valid_until or "长期"),
                ("状态", obj.get_state_display()),
                ("核实部门", str(obj.department)),
                ("登记清单", Cell(obj.batch.number if obj.batch else "—", mono=True)),
                ("办理页面", Cell("到工作台查看", url=reverse("registration:one", args=[obj.uuid]))),
            ],
            note="核实以前不进入信用记录。" if obj.entry_id is None else "",
        )


class VerifierForm(forms.Form):
    region = forms.ModelChoiceField(Region.objects.none(), label="行政区划", empty_label="请选择")
    kind = forms.ChoiceField(label="信息种类", choices=[("", "请选择"), *RegistrationKind.choices])
    department = forms.ModelChoiceField(Department.objects.none(), label="核实部门", empty_label="请选择")

    def __init__(
        self, *args: Any, request: HttpRequest, verifier: RegistrationVerifier | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        departments = departments_visible_to(request.user).filter(is_active=True)
        self.fields["department"].queryset = departments.exclude(kind=Department.Kind.ASSOCIATION)
        self.fields["region"].queryset = Region.objects.filter(departments__in=departments).distinct()
        if verifier is not None:
            # Of another kind or place somebody else may be competent: that is a row of its own.
            del self.fields["region"], self.fields["kind"]
            self.initial = {"department": verifier.department_id}


@admin.register(RegistrationVerifier)
class RegistrationVerifierAdmin(HistoryAdmin):
    list_display = ["region", "kind", "department"]
    list_filter = ["kind", "region"]
    list_select_related = ["region", "department"]
    search_fields = ["department__name"]
    search_help_text = "部门名称"
    ordering = ["region_id", "kind"]
    audit_target = "registration_verifier"

    def visible(
        self, request: HttpRequest, rows: QuerySet[RegistrationVerifier]
    ) -> QuerySet[RegistrationVerifier]:
        return limit_to_visible(rows, request.user)

    def sections(self, request: HttpRequest, obj: RegistrationVerifier) -> Iterable[Section]:
        yield Section(
            "核实分工",
            rows=[
                ("行政区划", str(obj.region)),
                ("信息种类", obj.get_kind_display()),
                ("核实部门", str(obj.department)),
            ],
            note="没有登记的种类，由本地区信用办核实。已经提交的不随之转交。",
        )

    def tools(self, request: HttpRequest, obj: RegistrationVerifier) -> Iterable[Tool]:
        if self.has_change_permission(request, obj):
            yield Tool("改由其他部门核实", self.url("edit", obj), main=True)

    def deeds(self) -> dict[str, Callable[..., HttpResponse]]:
        return {"edit": self.edit_view}

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            return super().add_view(request)
        return self.form_page(
            request,
            title="登记核实分工",
            form=VerifierForm(posted(request), request=request),
            act=lambda typed: assigning.save_verifier(
                verifier=None, actor=request.user, now=clock.now(), **typed
            ),
            done="已登记，以后提交的由这个部门核实。",
        )

    def edit_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        return self.form_page(
            request,
            title="改由其他部门核实",
            obj=obj,
            form=VerifierForm(posted(request), request=request, verifier=obj),
            act=lambda typed: assigning.save_verifier(
                verifier=obj,
                region=obj.region,
                kind=obj.kind,
                department=typed["department"],
                actor=request.user,
                now=clock.now(),
            ),
            done="已改，以后提交的由这个部门核实。",
        )
