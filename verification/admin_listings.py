"""Listings of joint sanctions in the back office: evidence, read only. They are handled at the desk."""

from collections.abc import Iterable

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from credit_portal.audit import clock
from credit_portal.audit.admin_base import Cell, EvidenceAdmin, Section, Step
from credit_portal.registry.admin_reading import LoggedList, purpose_of

from . import listing, services
from .models import Listing


@admin.register(Listing)
class ListingAdmin(LoggedList, EvidenceAdmin):
    list_display = ["number", "list_name", "kind", "department", "state", "decided_on", "term_until"]
    list_filter = ["kind", "state", "region"]
    list_select_related = ["department"]
    search_fields = ["=number", "=document_no"]
    search_help_text = "编号或决定书文号"
    ordering = ["-pk"]
    audit_target = "listing"

    def visible(self, request: HttpRequest, rows: QuerySet[Listing]) -> QuerySet[Listing]:
        return listing.listings_visible_to(request.user)

    def opened(self, request: HttpRequest, obj: Listing) -> None:
        services.log_record_read(
            user=request.user,
            target_type="listing",
            target_id=obj.pk,
            subject_id=obj.subject_id,
            purpose=purpose_of(request.user),
            now=clock.now(),
        )

    def sections(self, request: HttpRequest, obj: Listing) -> Iterable[Section]:
        yield Section(
            "联合惩戒列入",
            rows=[
                ("主体", str(obj.subject)),
                ("名单", obj.list_name),
                ("种类", obj.get_kind_display()),
                ("部门", str(obj.department)),
                ("认定依据", obj.basis),
                ("状态", obj.shown_state),
                ("决定书文号", Cell(obj.document_no or "—", mono=True)),
                ("列入期限", obj.term_until or "—"),
                ("移出或撤销", f"{obj.ended_on} {obj.end_reason}" if obj.ended_on else "—"),
                ("办理页面", Cell("到工作台查看", url=reverse("lists:listing", args=[obj.uuid]))),
            ],
        )
        yield Section(
            "经过",
            course=[
                Step(at=step.at, text=f"{step.label}（{step.on}）", who=str(step.actor or ""))
                for step in obj.steps.select_related("actor")
            ],
        )
