"""Who did what when, and who read what: the two logs. Here, because their lines lead into every room."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from unfold.contrib.filters.admin import TextFilter

from credit_portal.audit.admin_base import Cell, EvidenceAdmin, Section, Tool, moment, people_by_id
from credit_portal.audit.admin_filters import DayRangeFilter, PickFilter
from credit_portal.audit.events import sentence
from credit_portal.audit.models import AuditEvent, ReadLog
from credit_portal.deadlines.wording import key_in_words
from credit_portal.outbox.models import PartnerSystem
from credit_portal.registry import groups
from credit_portal.registry.access import accesses_visible_to
from credit_portal.registry.models import Department, User
from credit_portal.registry.visibility import departments_visible_to, has_role

from .log_words import PAGES, TARGETS, VERBS

# What the security administrator answers for; the business of others is not shown to them.
ACCOUNT_TARGETS = ["user"]


def page_of(request: HttpRequest, target_type: str, target_id: str) -> str:
    """The address of the record that a line speaks of, for those who may open it."""
    label = PAGES.get(target_type)
    if label is None:
        return ""
    for model, page in admin.site._registry.items():
        if model._meta.label_lower == label and page.has_view_permission(request):
            return f"{page.url('changelist')}{target_id}/change/"
    return ""


class VerbFilter(PickFilter):
    title = "事件"
    parameter_name = "verb"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(VERBS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEvent]) -> QuerySet[AuditEvent]:
        return queryset.filter(verb=self.value()) if self.value() else queryset


class TargetFilter(PickFilter):
    title = "对象"
    parameter_name = "target"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(TARGETS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(target_type=self.value()) if self.value() else queryset


class ActorFilter(TextFilter):
    title = "操作人（用户名或姓名）"
    parameter_name = "actor"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        wanted = (self.value() or "").strip()
        if not wanted:
            return queryset
        people = User.objects.filter(Q(username__iexact=wanted) | Q(display_name=wanted))
        return queryset.filter(actor_id__in=list(people.values_list("pk", flat=True)))


class DepartmentFilter(PickFilter):
    title = "部门"
    parameter_name = "department"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(row.pk), row.short_name) for row in departments_visible_to(request.user)[:200]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEvent]) -> QuerySet[AuditEvent]:
        value = self.value() or ""
        return queryset.filter(department_id=int(value)) if value.isascii() and value.isdigit() else queryset


class LogAdmin(EvidenceAdmin):
    """Names of people and departments for one page of lines, asked once."""

    list_display_links = ["shown_at"]

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        page = super().get_changelist_instance(request)
        rows = list(page.result_list)
        self.name_them(rows)
        page.result_list = rows
        return page

    def name_them(self, rows: list[Any]) -> None:
        people = people_by_id(row.actor_id for row in rows)
        wanted = {getattr(row, "department_id", None) for row in rows} - {None}
        departments = dict(Department.objects.filter(pk__in=wanted).values_list("pk", "short_name"))
        for row in rows:
            row.actor_name = people.get(row.actor_id, "系统") if row.actor_id else "系统"
            row.department_name = departments.get(getattr(row, "department_id", None), "")

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        row = super().get_object(request, object_id, from_field)
        if row is not None:
            self.name_them([row])
        return row

    def history_tool(self, obj: Any) -> list[Tool]:
        return []  # a line of the log cannot change

    @admin.display(description="时间")
    def shown_at(self, row: Any) -> str:
        return moment(row.at)

    @admin.display(description="操作人")
    def actor(self, row: Any) -> str:
        return row.actor_name

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        return self.change_view(request, object_id)


@admin.register(AuditEvent)
class AuditEventAdmin(LogAdmin):
    list_display = ["shown_at", "actor", "department", "verb_name", "what", "target"]
    list_filter = [("at", DayRangeFilter), ActorFilter, DepartmentFilter, VerbFilter, TargetFilter]
    search_fields = ["=target_id"]
    search_help_text = "对象编号"
    ordering = ["-pk"]

    def visible(self, request: HttpRequest, rows: QuerySet[AuditEvent]) -> QuerySet[AuditEvent]:
        user = request.user
        if has_role(user, groups.SECURITY_ADMIN):
            return rows.filter(target_type__in=ACCOUNT_TARGETS)
        if not has_role(user, groups.HEAD, groups.CREDIT_OFFICE, groups.AUDITOR):
            return rows.none()
        departments = departments_visible_to(user)
        staff = User.objects.filter(department__in=departments)
        seen = Q(department_id__in=departments.values("pk")) | Q(
            department_id__isnull=True, actor_id__in=staff.values("pk")
        )
        if has_role(user, groups.AUDITOR):
            # What the system or the shell did belongs to no department.
            seen |= Q(department_id__isnull=True, actor_id__isnull=True)
        return rows.filter(seen)

    @admin.display(description="部门")
    def department(self, row: AuditEvent) -> str:
        return row.department_name or "—"

    @admin.display(description="事件")
    def verb_name(self, row: AuditEvent) -> str:
        return VERBS.get(row.verb, row.verb)

    @admin.display(description="内容")
    def what(self, row: AuditEvent) -> str:
        return sentence_of(row)

    @admin.display(description="对象")
    def target(self, row: AuditEvent) -> str:
        text = f"{TARGETS.get(row.target_type, row.target_type)} {row.target_id[:12]}"
        url = page_of(self.request, row.target_type, row.target_id)
        return format_html('<a href="{}">{}</a>', url, text) if url else text

    def record_title(self, obj: AuditEvent) -> str:
        return f"操作日志第 {obj.pk} 条"

    def sections(self, request: HttpRequest, obj: AuditEvent) -> Iterable[Section]:
        yield Section(
            "事件",
            rows=[
                ("序号", Cell(obj.pk, mono=True)),
                ("时间", moment(obj.at)),
                ("操作人", obj.actor_name),
                ("部门", obj.department_name or "—"),
                ("事件", VERBS.get(obj.verb, obj.verb)),
                ("内容", sentence_of(obj)),
                (
                    "对象",
                    Cell(
                        f"{TARGETS.get(obj.target_type, obj.target_type)} {obj.target_id}",
                        url=page_of(request, obj.target_type, obj.target_id),
                    ),
                ),
            ],
        )
        yield Section(
            "封存内容",
            rows=[
                ("摘要（SHA-256）", Cell(bytes(obj.digest).hex(), mono=True)),
                ("规范字节", Cell(bytes(obj.canonical).decode(), mono=True)),
            ],
            note="日志只增不改。摘要按规范字节计算，可据此核对。其中只有编号、代码和校验值，没有个人信息。",
        )


@admin.register(ReadLog)
class ReadLogAdmin(LogAdmin):
    list_display = ["shown_at", "actor", "online", "system", "what", "purpose", "target", "subject"]
    list_filter = [("at", DayRangeFilter), ActorFilter, "purpose", TargetFilter]
    search_fields = ["=subject_id"]
    search_help_text = "主体编号"
    ordering = ["-pk"]

    def visible(self, request: HttpRequest, rows: QuerySet[ReadLog]) -> QuerySet[ReadLog]:
        if not has_role(request.user, groups.AUDITOR):
            return rows.none()
        staff = User.objects.filter(department__in=departments_visible_to(request.user))
        held = accesses_visible_to(request.user)
        systems = PartnerSystem.objects.filter(department__in=departments_visible_to(request.user))
        return rows.filter(
            Q(actor_id__in=staff.values("pk"))
            | Q(access_id__in=held.values("pk"))
            | Q(partner_id__in=systems.values("pk"))
        )

    @admin.display(description="网上查询")
    def online(self, row: ReadLog) -> str:
        """By which access a subject, or its agent, read on its own pages."""
        if row.access_id is None:
            return "—"
        url = page_of(self.request, "subject_access", str(row.access_id))
        return format_html('<a href="{}">第 {} 号</a>', url, row.access_id) if url else str(row.access_id)

    @admin.display(description="对接系统")
    def system(self, row: ReadLog) -> str:
        if row.partner_id is None:
            return "—"
        url = page_of(self.request, "partner", str(row.partner_id))
        return (
            format_html('<a href="{}">第 {} 号</a>', url, row.partner_id)
            if url
            else f"第 {row.partner_id} 号"
        )

    @admin.display(description="对象")
    def target(self, row: ReadLog) -> str:
        number = "" if row.target_id == "list" else f" {row.target_id[:12]}"
        text = f"{TARGETS.get(row.target_type, row.target_type)}{number}"
        url = page_of(self.request, row.target_type, row.target_id) if number else ""
        return format_html('<a href="{}">{}</a>', url, text) if url else text

    @admin.display(description="主体")
    def subject(self, row: ReadLog) -> str:
        return f"主体 {row.subject_id}" if row.subject_id else "—"

    def record_title(self, obj: ReadLog) -> str:
        return f"查阅日志第 {obj.pk} 条"

    def sections(self, request: HttpRequest, obj: ReadLog) -> Iterable[Section]:
        yield Section(
            "查阅",
            rows=[
                ("时间", moment(obj.at)),
                ("查阅人", obj.actor_name),
                (
                    "网上查询",
                    Cell(
                        f"第 {obj.access_id} 号",
                        url=page_of(request, "subject_access", str(obj.access_id)),
                    )
                    if obj.access_id
                    else "—",
                ),
                (
                    "对接系统",
                    Cell(f"第 {obj.partner_id} 号", url=page_of(request, "partner", str(obj.partner_id)))
                    if obj.partner_id
                    else "—",
                ),
                ("查阅内容", obj.what),
                ("目的", obj.get_purpose_display()),
                (
                    "对象",
                    Cell(
                        f"{TARGETS.get(obj.target_type, obj.target_type)} {obj.target_id}",
                        url=page_of(request, obj.target_type, obj.target_id),
                    ),
                ),
                ("主体", Cell(f"主体 {obj.subject_id}", url=page_of(request, "subject", str(obj.subject_id))))
                if obj.subject_id
                else ("主体", "—"),
            ],
        )


def sentence_of(row: AuditEvent) -> str:
    """The sentence, with the key of a policy rule by its name."""
    said = sentence(row)
    key = row.facts.get("key") if row.verb == "policy.loaded" else None
    return said.replace(key, key_in_words(key)) if key else said


from .admin_progress import ProgressReportAdmin as ProgressReportAdmin  # noqa: E402  (registered with the rest)
