"""Credit subjects in the back office: who they are, their names and responsible persons. Looked at, not edited here."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from credit_portal.audit import clock
from credit_portal.audit.admin_base import Cell, Entry, HistoryAdmin, Section, moment
from credit_portal.audit.recording import log_read

from . import codes, groups
from .admin_catalogue import in_region_of
from .admin_reading import LoggedList, purpose_of
from .finding import subjects_matching
from .models import CreditSubject
from .visibility import has_role


@admin.register(CreditSubject)
class CreditSubjectAdmin(LoggedList, HistoryAdmin):
    list_display = ["shown_name", "shown_code", "kind", "region", "name_source", "registered_at"]
    list_filter = ["kind", "state_owned", "region"]
    list_select_related = ["region"]
    search_fields = ["uscc"]
    search_help_text = "名称中的几个字、统一社会信用代码，或完整的身份证号码"
    ordering = ["-pk"]
    audit_target = "subject"

    def subject_id_of(self, row: Any) -> int | None:
        return row.pk

    def visible(self, request: HttpRequest, rows: QuerySet[CreditSubject]) -> QuerySet[CreditSubject]:
        if not has_role(request.user, *groups.REGIONAL):
            return rows.none()
        return rows.filter(in_region_of(request.user, "region"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[CreditSubject], search_term: str
    ) -> tuple[QuerySet[CreditSubject], bool]:
        if not search_term.strip():
            return queryset, False
        found = subjects_matching(search_term, today=clock.today())
        return queryset.filter(pk__in=found.values("pk")), False

    def row_history(self, obj: CreditSubject) -> list[Entry]:
        entries = super().row_history(obj)
        if obj.kind != CreditSubject.Kind.PERSON:
            return entries
        hidden = {str(obj._meta.get_field("name").verbose_name)}
        return [
            replace(
                entry,
                changes=[
                    replace(
                        change, old=codes.mask_person_name(change.old), new=codes.mask_person_name(change.new)
                    )
                    if change.label in hidden
                    else change
                    for change in entry.changes
                ],
            )
            for entry in entries
        ]

    @admin.display(description="名称")
    def shown_name(self, row: CreditSubject) -> str:
        return str(row)

    @admin.display(description="代码")
    def shown_code(self, row: CreditSubject) -> str:
        return row.shown_code

    def opened(self, request: HttpRequest, obj: CreditSubject) -> None:
        if obj.kind == CreditSubject.Kind.PERSON or obj.responsible.exists():
            log_read(
                now=clock.now(),
                actor_id=request.user.pk,
                what="主体信息",
                target_type="subject",
                target_id=obj.pk,
                subject_id=obj.pk,
                purpose=purpose_of(request.user),
            )

    def sections(self, request: HttpRequest, obj: CreditSubject) -> Iterable[Section]:
        yield Section(
            "主体",
            rows=[
                ("名称", str(obj)),
                ("类别", obj.get_kind_display()),
                ("代码", Cell(obj.shown_code, mono=True)),
                ("名称来源", obj.get_name_source_display()),
                ("登记时所在区划", str(obj.region)),
                ("国有企业或公共机构", "是" if obj.state_owned else "否"),
                ("联系电话", "已登记（加密保存）" if obj.phone_sealed else "未登记"),
                ("登记时间", moment(obj.registered_at)),
                ("登记人", str(obj.registered_by) if obj.registered_by else "系统"),
            ],
        )
        person = obj.kind == CreditSubject.Kind.PERSON
        yield Section(
            "名称沿革",
            head=["名称", "自", "至", "来源", "登记时间"],
            table=[
                [
                    codes.mask_person_name(row.name) if person else row.name,
                    row.valid_from or "登记时",
                    row.valid_to or "现用",
                    row.get_source_display(),
                    moment(row.recorded_at),
                ]
                for row in obj.names.all()
            ],
        )
        yield Section(
            "责任人员",
            head=["身份", "姓名", "任职自", "任职至", "来源"],
            table=[
                [
                    row.get_capacity_display(),
                    codes.mask_person_name(row.name),
                    row.from_on or "不详",
                    row.until_on or "在任",
                    row.get_source_display(),
                ]
                for row in obj.responsible.order_by("-pk")
            ],
            empty="没有登记责任人员。",
        )
