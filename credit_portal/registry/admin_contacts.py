"""Who answers for a unit, in the back office: the credit office names it for every unit of its reach."""

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin

from credit_portal.audit import clock
from credit_portal.audit.admin_base import Cell, HistoryAdmin, Section, Tool, moment, posted
from credit_portal.audit.models import ReadLog
from credit_portal.audit.recording import log_read

from . import contacts
from .admin_forms import DateInput, choices
from .models import Department, UnitContact, User
from .visibility import departments_visible_to


class LackingFilter(admin.SimpleListFilter):
    """Units in which nobody is the leader or the contact."""

    title = "责任人"
    parameter_name = "contacts"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [("lacking", "没有登记齐"), ("complete", "已登记齐")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Department]) -> QuerySet[Department]:
        match self.value():
            case "lacking":
                return contacts.lacking(queryset)
            case "complete":
                return contacts.units_of(queryset).exclude(pk__in=contacts.lacking(queryset).values("pk"))
        return queryset


class StandingFilter(admin.SimpleListFilter):
    title = "任职"
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [("current", "现任"), ("past", "已结束")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[UnitContact]) -> QuerySet[UnitContact]:
        match self.value():
            case "current":
                return queryset.filter(until_on__isnull=True)
            case "past":
                return queryset.filter(until_on__isnull=False)
        return queryset


class ContactForm(forms.Form):
    """The unit is chosen once; of its accounts one is named by its user name."""

    department = forms.ModelChoiceField(Department.objects.none(), label="单位", empty_label="请选择")
    role = forms.ChoiceField(label="职责", choices=choices(UnitContact.Role))
    person = forms.CharField(
        label="用户名", max_length=150, required=False, help_text="有账号的填用户名，姓名从账号取。"
    )
    name = forms.CharField(label="姓名", max_length=contacts.MOST_NAME, required=False)
    post = forms.CharField(label="职务", max_length=contacts.MOST_POST, required=False)
    office_phone = forms.CharField(
        label="办公电话",
        max_length=contacts.MOST_PHONE,
        required=False,
        help_text="办公电话和手机号码至少填写一项。",
    )
    mobile = forms.CharField(
        label="手机号码",
        max_length=20,
        required=False,
        help_text="加密保存。",
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )
    from_on = forms.DateField(label="任职自", widget=DateInput(), initial=clock.today)

    def __init__(
        self,
        *args: Any,
        departments: QuerySet[Department] | None = None,
        contact: UnitContact | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.contact = contact
        if contact is None:
            self.fields["department"].queryset = departments
            return
        del self.fields["department"], self.fields["role"], self.fields["from_on"]
        self.initial = {
            name: getattr(contact, name) for name in ("name", "post", "office_phone", "mobile")
        } | {"person": contact.person.username if contact.person else ""}

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or {}
        username = told.get("person") or ""
        unit = self.contact.department if self.contact else told.get("department")
        person = (
            User.objects.filter(username=username, department=unit).first() if username and unit else None
        )
        if username and unit and person is None:
            self.add_error("person", "这个单位没有这个用户名的账号。")
        told["person"] = person
        return told


class EndForm(forms.Form):
    until_on = forms.DateField(label="任职至", widget=DateInput(), initial=clock.today)


@admin.register(UnitContact)
class UnitContactAdmin(HistoryAdmin):
    list_display = ["department", "role", "name", "post", "office_phone", "from_on", "until_on"]
    list_filter = ["role", StandingFilter, "department__region"]
    list_select_related = ["department"]
    search_fields = ["department__name", "name"]
    search_help_text = "单位名称或姓名"
    ordering = ["department__name", "role", "-from_on"]
    audit_target = "unit_contact"
    refusals = (contacts.ContactError,)

    def visible(self, request: HttpRequest, rows: QuerySet[UnitContact]) -> QuerySet[UnitContact]:
        return rows.filter(department__in=departments_visible_to(request.user))

    def record_title(self, obj: UnitContact) -> str:
        return f"{obj.department} {obj}"

    def opened(self, request: HttpRequest, obj: UnitContact) -> None:
        log_read(
            now=clock.now(),
            actor_id=request.user.pk,
            what="单位责任人",
            target_type="unit_contact",
            target_id=obj.pk,
            purpose=ReadLog.Purpose.SUPERVISION,
        )

    def sections(self, request: HttpRequest, obj: UnitContact) -> Iterable[Section]:
        yield Section(
            "单位责任人",
            rows=[
                ("单位", str(obj.department)),
                ("职责", obj.get_role_display()),
                ("姓名", obj.name),
                ("账号", Cell(obj.person.username, mono=True) if obj.person else "没有"),
                ("职务", obj.post or "未登记"),
                ("办公电话", obj.office_phone or "未登记"),
                ("手机号码", Cell(obj.mobile, mono=True) if obj.mobile_sealed else "未登记"),
                ("任职", f"{obj.from_on} 至 {obj.until_on or '今'}"),
                ("登记", f"{moment(obj.recorded_at)} {obj.recorded_by or '系统'}"),
            ],
        )

    def tools(self, request: HttpRequest, obj: UnitContact) -> Iterable[Tool]:
        if self.has_change_permission(request, obj) and obj.until_on is None:
            yield Tool("更正", self.url("edit", obj), main=True)
            yield Tool("任职结束", self.url("end", obj))

    def deeds(self) -> dict[str, Callable[..., HttpResponse]]:
        return {"edit": self.edit_view, "end": self.end_view}

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            return super().add_view(request)
        units = contacts.units_of(departments_visible_to(request.user)).order_by("region_id", "name")
        start = {"department": request.GET.get("department", "")[:9], "from_on": clock.today()}
        return self.form_page(
            request,
            title="登记单位责任人",
            form=ContactForm(posted(request), departments=units, initial=start),
            intro=["单位原有现任人员的，任职到前一日为止；登记有误的请打开那一条更正。"],
            act=lambda typed: contacts.appoint(actor=request.user, now=clock.now(), **typed),
            done=lambda row: f"已登记：{row}。",
        )

    def edit_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        return self.form_page(
            request,
            title=f"更正：{self.record_title(obj)}",
            obj=obj,
            form=ContactForm(posted(request), contact=obj),
            intro=["换人的不要更正，请另行登记新的责任人。"],
            act=lambda typed: contacts.correct(
                contact_id=obj.pk, actor=request.user, now=clock.now(), **typed
            ),
            done="已更正。",
        )

    def end_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        return self.form_page(
            request,
            title=f"任职结束：{self.record_title(obj)}",
            obj=obj,
            form=EndForm(posted(request)),
            submit="登记结束",
            warning="结束以后没有登记新人的，这个单位列入没有责任人的单位。",
            act=lambda typed: contacts.end(
                contact_id=obj.pk, on=typed["until_on"], actor=request.user, now=clock.now()
            ),
            done="已登记任职结束。",
        )
