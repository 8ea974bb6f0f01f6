"""Departments and accounts in the back office. The catalogue and the subjects have files of their own."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin

from credit_portal.audit import clock
from credit_portal.audit.admin_base import Cell, HistoryAdmin, ReadOnlyAdmin, Section, Tool, moment, posted
from credit_portal.audit.admin_filters import PickFilter

from . import contacts, groups, staff
from .admin_access import SubjectAccessAdmin
from .admin_catalogue import ServiceItemVersionAdmin
from .admin_contacts import LackingFilter, UnitContactAdmin
from .admin_forms import ConfirmForm, DepartmentForm, LeaveForm, LinkForm, StaffForm
from .admin_occupations import OccupationGroupAdmin as OccupationGroupAdmin
from .admin_subjects import CreditSubjectAdmin
from .models import Department, Region, User
from .visibility import departments_visible_to, has_role

__all__ = [
    "CreditSubjectAdmin",
    "DepartmentAdmin",
    "RegionAdmin",
    "ServiceItemVersionAdmin",
    "SubjectAccessAdmin",
    "UnitContactAdmin",
    "UserAdmin",
]

# Groups follow `permissions.py` and are nobody's to edit; other apps' tables are not shown either.
for model in [
    row for row in admin.site._registry if row is Group or row._meta.app_label in ("account", "mfa", "axes")
]:
    admin.site.unregister(model)


@admin.register(Region)
class RegionAdmin(ReadOnlyAdmin):
    list_display = ["code", "indented", "parent"]
    list_select_related = ["parent"]
    ordering = ["path"]

    def visible(self, request: HttpRequest, rows: QuerySet[Region]) -> QuerySet[Region]:
        return rows

    @admin.display(description="名称")
    def indented(self, row: Region) -> str:
        return "\u3000" * row.path.count("/") + row.name

    def sections(self, request: HttpRequest, obj: Region) -> Iterable[Section]:
        above = "、".join(
            str(row) for row in Region.objects.filter(code__in=obj.lineage[1:]).order_by("path")
        )
        return [
            Section(
                "行政区划",
                rows=[
                    ("代码", Cell(obj.code, mono=True)),
                    ("名称", obj.name),
                    ("上级", above or "无"),
                    ("下级", "、".join(str(row) for row in obj.region_set.all()) or "无"),
                    ("在用部门", f"{obj.departments.filter(is_active=True).count()} 个"),
                ],
            )
        ]


@admin.register(Department)
class DepartmentAdmin(HistoryAdmin):
    list_display = ["name", "uscc", "kind", "region", "head", "is_active"]
    list_filter = ["kind", "is_active", LackingFilter, "region"]
    list_select_related = ["region", "head"]
    search_fields = ["name", "uscc", "short_name"]
    search_help_text = "名称、简称或统一社会信用代码"
    audit_target = "department"
    refusals = (staff.StaffError,)

    def visible(self, request: HttpRequest, rows: QuerySet[Department]) -> QuerySet[Department]:
        # Which departments there are is public; what they do is not.
        return rows

    def sections(self, request: HttpRequest, obj: Department) -> Iterable[Section]:
        return [
            Section(
                "部门",
                rows=[
                    ("名称", obj.name),
                    ("简称", obj.short_name),
                    ("统一社会信用代码", Cell(obj.uscc, mono=True)),
                    ("类别", obj.get_kind_display()),
                    ("行政区划", f"{obj.region}（{obj.region_id}）"),
                    ("负责人", str(obj.head) if obj.head else "未登记"),
                    ("责任人", self._contacts(obj)),
                    ("地址", obj.address or "未登记"),
                    ("公开电话", obj.phone or "未登记"),
                    ("状态", Cell("在用", state="kept") if obj.is_active else Cell("停用", state="broken")),
                    ("在用账号", f"{obj.staff.filter(is_active=True).count()} 个"),
                ],
            )
        ]

    def _contacts(self, obj: Department) -> str:
        named = contacts.current(obj.contacts.order_by("-role"))
        return "、".join(str(one) for one in named) or (
            "未登记" if obj.kind in contacts.UNITS else "不需要登记"
        )

    def tools(self, request: HttpRequest, obj: Department) -> Iterable[Tool]:
        if self.has_change_permission(request, obj):
            yield Tool("修改", self.url("edit", obj), main=True)

    def deeds(self) -> dict[str, Callable[..., HttpResponse]]:
        return {"edit": self.edit_view}

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            return super().add_view(request)
        return self.form_page(
            request,
            title="登记部门",
            form=DepartmentForm(posted(request)),
            act=lambda typed: staff.save_department(
                department=None, actor=request.user, now=clock.now(), **typed
            ),
            done=lambda row: f"已登记部门“{row}”。",
        )

    def edit_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        return self.form_page(
            request,
            title=f"修改部门：{obj}",
            obj=obj,
            form=DepartmentForm(posted(request), department=obj),
            intro=[f"统一社会信用代码 {obj.uscc} 不能变更；代码变了的是另一个部门，请另行登记。"],
            act=lambda typed: staff.save_department(
                department=obj, uscc=obj.uscc, actor=request.user, now=clock.now(), **typed
            ),
            done=lambda row: f"已保存部门“{row}”。",
        )


class StateFilter(admin.SimpleListFilter):
    title = "状态"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [
            ("active", "在用"),
            ("left", "已离岗"),
            ("unused", "在用而未登录过"),
            ("orphan", "部门已停用"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        wanted = {
            "active": Q(is_active=True),
            "left": Q(is_active=False),
            "unused": Q(is_active=True, last_login__isnull=True),
            "orphan": Q(is_active=True, department__is_active=False),
        }.get(self.value() or "")
        return queryset.filter(wanted) if wanted is not None else queryset


class RoleFilter(PickFilter):
    title = "角色"
    parameter_name = "role"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> Iterator[tuple[str, str]]:
        return iter(groups.LABELS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        return queryset.filter(groups__name=self.value()) if self.value() else queryset


@admin.register(User)
class UserAdmin(HistoryAdmin):
    list_display = ["username", "display_name", "department", "roles", "state", "last_login"]
    list_filter = [StateFilter, RoleFilter, "department__region"]
    list_select_related = ["department"]
    search_fields = ["username", "display_name", "department__name"]
    search_help_text = "用户名、姓名或部门"
    audit_target = "user"
    refusals = (staff.StaffError,)

    def visible(self, request: HttpRequest, rows: QuerySet[User]) -> QuerySet[User]:
        rows = rows.prefetch_related("groups")
        if has_role(request.user, groups.SECURITY_ADMIN):
            return rows
        if has_role(request.user, groups.AUDITOR):
            return rows.filter(department__in=departments_visible_to(request.user))
        return rows.none()

    @admin.display(description="角色")
    def roles(self, row: User) -> str:
        held = {group.name for group in row.groups.all()}
        return "、".join(label for name, label in groups.LABELS.items() if name in held)

    @admin.display(description="状态")
    def state(self, row: User) -> str:
        if row.left_on:
            return f"{row.left_on} 离岗"
        return "在用" if row.is_active else "停用"

    def record_title(self, obj: User) -> str:
        return f"{obj.display_name}（{obj.username}）"

    def sections(self, request: HttpRequest, obj: User) -> Iterable[Section]:
        second = obj.authenticator_set.filter(type="totp").exists()
        return [
            Section(
                "账号",
                rows=[
                    ("用户名", Cell(obj.username, mono=True)),
                    ("姓名", obj.display_name),
                    ("部门", str(obj.department) if obj.department else "无"),
                    ("窗口", obj.window_label or "无"),
                    ("角色", self.roles(obj)),
                    ("电子邮件地址", obj.email or "未登记"),
                    ("手机号码", "已登记" if obj.mobile_sealed else "未登记"),
                    ("状态", Cell(self.state(obj), state="kept" if obj.is_active else "broken")),
                    ("密码", "已设置" if obj.has_usable_password() else "未设置（等待本人用链接设置）"),
                    ("两步验证", "已启用" if second else "未启用"),
                    ("开设时间", moment(obj.date_joined)),
                    ("上次登录", moment(obj.last_login) or "没有登录过"),
                ],
            )
        ]

    def tools(self, request: HttpRequest, obj: User) -> Iterable[Tool]:
        if not self.has_change_permission(request, obj) or obj.pk == request.user.pk:
            return
        if obj.left_on is not None:
            yield Tool("恢复使用", self.url("return", obj), main=True)
            return
        yield Tool("修改", self.url("edit", obj), main=True)
        yield Tool("签发设置密码链接", self.url("link", obj))
        yield Tool("办理离岗", self.url("leave", obj))

    def deeds(self) -> dict[str, Callable[..., HttpResponse]]:
        return {
            "edit": self.edit_view,
            "leave": self.leave_view,
            "return": self.return_view,
            "link": self.link_view,
        }

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            return super().add_view(request)
        return self.form_page(
            request,
            title="开设账号",
            form=StaffForm(posted(request)),
            submit="开设",
            intro=["账号开设后，再为本人签发一次性的设置密码链接；密码只由本人设置，管理员不经手。"],
            act=lambda typed: staff.create_staff(actor=request.user, now=clock.now(), **typed),
            done=lambda row: f"已开设账号“{row.username}”。请签发设置密码链接，当面交给本人。",
        )

    def edit_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        return self.form_page(
            request,
            title=f"修改账号：{self.record_title(obj)}",
            obj=obj,
            form=StaffForm(posted(request), user=obj),
            act=lambda typed: staff.change_staff(user=obj, actor=request.user, now=clock.now(), **typed),
            done="已保存账号。",
        )

    def leave_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        return self.form_page(
            request,
            title=f"办理离岗：{self.record_title(obj)}",
            obj=obj,
            form=LeaveForm(posted(request)),
            submit="办理离岗",
            warning="账号立即停用：正在使用的页面退出，密码、两步验证和未用的链接全部失效。本人办过的业务保留不变。",
            act=lambda typed: staff.mark_left(
                user=obj, on=typed["left_on"], actor=request.user, now=clock.now()
            ),
            done="已办理离岗，账号已停用。",
        )

    def return_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        return self.form_page(
            request,
            title=f"恢复使用：{self.record_title(obj)}",
            obj=obj,
            form=ConfirmForm(posted(request)),
            submit="恢复使用",
            intro=["恢复后须签发设置密码链接，本人才能登录。角色与离岗前相同。"],
            act=lambda typed: staff.bring_back(user=obj, actor=request.user, now=clock.now()),
            done="账号已恢复使用，请签发设置密码链接。",
        )

    def link_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)

        def shown_once(link: str) -> HttpResponse:
            # Not by way of a message: that would be kept in the session.
            return self.page(
                request,
                "admin/one_time_link.html",
                title="设置密码链接",
                obj=obj,
                link=request.build_absolute_uri(link),
                back=self.url("change", obj),
            )

        return self.form_page(
            request,
            title=f"签发设置密码链接：{self.record_title(obj)}",
            obj=obj,
            form=LinkForm(posted(request)),
            submit="签发",
            warning="现在的密码、以前签发的链接和正在使用的页面立即失效；因多次输错密码的锁定同时解除。",
            act=lambda typed: staff.issue_link(user=obj, actor=request.user, now=clock.now(), **typed),
            done="",
            goto=shown_once,
        )
