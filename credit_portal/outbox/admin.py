"""Messages of the outbox in the back office: what failed stands first and can be taken up again."""

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse

from credit_portal.audit import clock
from credit_portal.audit.admin_base import Cell, Section, ServiceAdmin, Tool, moment, posted
from credit_portal.registry import groups
from credit_portal.registry.visibility import has_role

from . import effects, services
from .admin_partners import PartnerSystemAdmin as PartnerSystemAdmin
from .models import Message


@admin.register(Message)
class MessageAdmin(ServiceAdmin):
    list_display = ["created_at", "shown_effect", "state", "attempts", "due_at", "done_at", "last_error"]
    list_filter = ["state"]
    search_fields = ["=key"]
    search_help_text = "唯一键"
    audit_target = "message"
    refusals = (services.MessageError,)

    def visible(self, request: HttpRequest, rows: QuerySet[Message]) -> QuerySet[Message]:
        # Ids and states only: whoever keeps the machine or answers for the whole may see them.
        if not has_role(request.user, groups.CREDIT_OFFICE, groups.SYSTEM_ADMIN):
            return rows.none()
        rank = Case(
            When(state=Message.State.FAILED, then=Value(0)), default=Value(1), output_field=IntegerField()
        )
        return rows.order_by(rank, "-pk")

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        return []

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.display(description="事项")
    def shown_effect(self, row: Message) -> str:
        return effects.labels().get(row.effect, row.effect)

    def record_title(self, obj: Message) -> str:
        return f"{self.shown_effect(obj)} {obj.pk}"

    def deeds(self) -> dict[str, Callable[..., HttpResponse]]:
        return {"retry": self.retry_view}

    def tools(self, request: HttpRequest, obj: Message) -> Iterable[Tool]:
        if obj.state == Message.State.FAILED and self.has_change_permission(request, obj):
            yield Tool("重新发送", self.url("retry", obj), main=True)

    def sections(self, request: HttpRequest, obj: Message) -> Iterable[Section]:
        state = {"failed": "broken", "waiting": "waiting", "done": "kept"}.get(obj.state, "")
        yield Section(
            "外发事项",
            rows=[
                ("事项", self.shown_effect(obj)),
                ("唯一键", Cell(obj.key, mono=True)),
                ("状态", Cell(obj.get_state_display(), state=state)),
                ("已尝试", f"{obj.attempts} 次"),
                ("写入时间", moment(obj.created_at)),
                ("下次尝试", moment(obj.due_at)),
                ("完成时间", moment(obj.done_at) if obj.done_at else "—"),
                ("最近错误", Cell(obj.last_error or "无", mono=True)),
                (
                    "内容",
                    Cell(
                        "、".join(f"{key} {value}" for key, value in obj.payload.items()) or "无", mono=True
                    ),
                ),
            ],
            note="尝试多次仍未成功的会停下来等人处理；排除原因后可以重新发送，同一事项不会做两次。",
        )

    def retry_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        return self.form_page(
            request,
            title="重新发送",
            form=forms.Form(posted(request)),
            submit="重新发送",
            intro=["请先排除失败的原因。同一事项不会做两次。"],
            obj=obj,
            act=lambda _typed: services.retry(message_id=obj.pk, actor=request.user, now=clock.now()),
            done="已交回待发，稍后可在这里看到结果。",
        )
