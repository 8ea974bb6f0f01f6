"""The public list of measures in the back office, entered by one and approved by another; and the measures that were
applied, to be read only."""

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from credit_portal.audit import clock
from credit_portal.audit.admin_base import (
    Cell,
    EvidenceAdmin,
    HistoryAdmin,
    Section,
    Step,
    Tool,
    moment,
    posted,
)
from credit_portal.audit.admin_filters import ChoicesPickFilter, DayRangeFilter
from credit_portal.deadlines.articles import article_text
from credit_portal.registry import kept_by_two
from credit_portal.registry.admin_forms import ConfirmForm
from credit_portal.registry.admin_kept import StateFilter
from credit_portal.registry.admin_reading import LoggedList, purpose_of

from . import services
from .admin_measure_forms import LastDayForm, MeasureRowForm
from .measures import keeping, lifting, previewing
from .models import AppliedMeasure, ListedMeasure


@admin.register(ListedMeasure)
class ListedMeasureAdmin(HistoryAdmin):
    """In force and public when another person of the office has approved it; changed by a new row, ended by a day."""

    list_display = [
        "whom", "shown_kind", "text", "shown_domain", "nature", "region", "effective_from", "effective_to", "shown_state",
    ]  # fmt: skip
    list_filter = [
        StateFilter,
        "whom",
        "nature",
        ("effect", ChoicesPickFilter),
        ("domain", ChoicesPickFilter),
        "region",
        ("effective_from", DayRangeFilter),
    ]
    list_select_related = ["whom", "region", "item"]
    search_fields = ["text", "basis"]
    search_help_text = "措施或者依据中的几个字"
    ordering = ["-pk"]
    audit_target = "listed_measure"
    refusals = (keeping.MeasureRefused,)

    def visible(self, request: HttpRequest, rows: QuerySet[ListedMeasure]) -> QuerySet[ListedMeasure]:
        return keeping.measures_visible_to(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may = super().has_change_permission(request, obj)
        return may and (obj is None or kept_by_two.regions_of(request.user).filter(pk=obj.region_id).exists())

    @admin.display(description="作用", ordering="effect")
    def shown_kind(self, row: ListedMeasure) -> str:
        return row.get_effect_display()

    @admin.display(description="领域")
    def shown_domain(self, row: ListedMeasure) -> str:
        return row.where

    @admin.display(description="状态")
    def shown_state(self, row: ListedMeasure) -> str:
        return kept_by_two.standing(row, today=clock.today())[0]

    def sections(self, request: HttpRequest, obj: ListedMeasure) -> Iterable[Section]:
        label, state = kept_by_two.standing(obj, today=clock.today())
        yield Section(
            "措施",
            rows=[
                ("状态", Cell(label, state=state)),
                ("地区", str(obj.region)),
                ("对象", f"{obj.whom}（{obj.whom.get_sort_display()}）"),
                ("类别", obj.get_nature_display()),
                ("作用", f"{'激励' if obj.supports else '惩戒'}：{obj.get_effect_display()}"),
                ("措施", obj.text),
                ("领域、事项和环节", obj.where),
                ("法律依据", article_text(obj.basis)),
                ("起止", f"{obj.effective_from} 至 {obj.effective_to or '未定'}"),
                ("变更自", self._link(obj.replaces)),
                ("录入", f"{moment(obj.entered_at)} {obj.entered_by or '随文件载入'}"),
                (
                    "批准",
                    f"{moment(obj.approved_at)} {obj.approved_by or '随文件'}"
                    if obj.approved_at
                    else "未批准",
                ),
            ],
            note="未经信用办另一人批准，不公开，也不影响核查。" if obj.approved_at is None else "",
        )
        if obj.approved_at is None:
            yield preview_section(obj)
        else:
            running = obj.applied.filter(ended_on=None).count()
            yield Section(
                "实施情况",
                rows=[("已实施", f"{obj.applied.count()} 次，其中 {running} 次仍在执行")],
            )

    def _link(self, row: ListedMeasure | None) -> Any:
        return Cell(str(row), url=self.url("change", row)) if row is not None else "无"

    def tools(self, request: HttpRequest, obj: ListedMeasure) -> Iterable[Tool]:
        if not self.has_change_permission(request, obj):
            return
        if obj.approved_at is None:
            if obj.entered_by_id != request.user.pk:
                yield Tool("批准", self.url("approve", obj), main=True)
            yield Tool("删除草稿", self.url("discard", obj))
        elif obj.effective_to is None or obj.effective_to >= clock.today():
            yield Tool("变更", self.url("replace", obj))
            yield Tool("写明失效日期", self.url("end", obj))

    def deeds(self) -> dict[str, Callable[..., HttpResponse]]:
        return {
            "approve": self.approve_view,
            "replace": self.replace_view,
            "end": self.end_view,
            "discard": self.discard_view,
        }

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            return super().add_view(request)
        regions = kept_by_two.regions_of(request.user)
        form = MeasureRowForm(
            posted(request),
            regions=regions,
            lists=keeping.lists_for(request.user),
            initial={"region": request.user.department and request.user.department.region_id},
        )
        return self.form_page(
            request,
            title="录入奖惩措施",
            form=form,
            submit="录入",
            intro=[
                "录入后由信用办另一人批准，批准后才公开、才影响核查；批准后不能改写，只能变更或者写明失效日期。"
            ],
            act=lambda typed: keeping.enter(actor=request.user, now=clock.now(), **typed),
            done="已录入，等待信用办另一人批准。",
        )

    def replace_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        form = MeasureRowForm(
            posted(request),
            regions=kept_by_two.regions_of(request.user),
            lists=keeping.lists_for(request.user),
            row=obj,
        )
        return self.form_page(
            request,
            title=f"变更：{obj}",
            obj=obj,
            form=form,
            submit="录入变更",
            intro=["变更是新的一项：经另一人批准后生效，原措施于前一日失效，按原措施实施的随之结束。"],
            act=lambda typed: keeping.enter(
                region=obj.region, replaces=obj, actor=request.user, now=clock.now(), **typed
            ),
            done="已录入变更，等待信用办另一人批准。",
        )

    def approve_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        intro = [f"录入人：{obj.entered_by or '系统'}。依据：{article_text(obj.basis)}"]
        if obj.effective_from < clock.today():
            intro.append(f"录入的生效日期 {obj.effective_from} 已过，自批准之日起生效。")
        if obj.replaces is not None:
            intro.append(f"批准后原措施“{obj.replaces}”于前一日失效。")
        return self.form_page(
            request,
            title=f"批准：{obj}",
            obj=obj,
            form=ConfirmForm(posted(request)),
            submit="批准",
            warning="批准后即向社会公开，自生效之日起用于核查。",
            intro=intro,
            sections=[preview_section(obj)] if obj.approved_at is None else [],
            act=lambda typed: keeping.approve(measure_id=obj.pk, actor=request.user, now=clock.now()),
            done="已批准，措施已公开。",
        )

    def end_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        return self.form_page(
            request,
            title=f"写明失效日期：{obj}",
            obj=obj,
            form=LastDayForm(posted(request)),
            submit="写明失效日期",
            warning="失效以后不再用于核查，按它实施的措施随之结束。失效日期只能提前，不能推后。",
            act=lambda typed: keeping.end(
                measure_id=obj.pk, last_day=typed["last_day"], actor=request.user, now=clock.now()
            ),
            done="已写明失效日期。",
        )

    def discard_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        return self.form_page(
            request,
            title=f"删除草稿：{obj}",
            obj=obj,
            form=ConfirmForm(posted(request)),
            submit="删除草稿",
            act=lambda typed: keeping.discard(measure_id=obj.pk, actor=request.user, now=clock.now()),
            goto=lambda _: self.url("changelist"),
            done="已删除草稿。",
        )


def preview_section(row: ListedMeasure) -> Section:
    """What approving would bring."""
    found = previewing.preview(row, today=clock.today())
    least = "至少 " if found.cut else ""
    return Section(
        "批准以后",
        rows=[
            ("现在名单上的主体", f"{found.subjects} 个"),
            (
                f"最近 {previewing.DAYS} 日这些主体未办结的核查",
                f"{least}{found.checks} 次",
            ),
            ("其中结论将变为更严的", f"{least}{found.stricter} 次"),
            ("其中只增加一条理由的", f"{least}{found.added} 次"),
            *((f"涉及的{label}", f"{number} 件") for label, number in found.open_work),
        ],
        note="已作出的核查不会改写；再次核查时才按新的清单。",
    )


@admin.register(AppliedMeasure)
class AppliedMeasureAdmin(LoggedList, EvidenceAdmin):
    """Evidence, read only. They are handled at the desk."""

    list_display = ["text", "effect", "department", "domain", "applied_on", "ended_on", "end_reason"]
    list_filter = [
        ("effect", ChoicesPickFilter),
        ("domain", ChoicesPickFilter),
        "end_reason",
        ("applied_on", DayRangeFilter),
    ]
    list_select_related = ["department", "check_made"]
    search_fields = ["=check_made__number"]
    search_help_text = "信用核查编号"
    ordering = ["-pk"]
    audit_target = "applied_measure"

    def subject_id_of(self, row: AppliedMeasure) -> int | None:
        return row.check_made.subject_id

    def visible(self, request: HttpRequest, rows: QuerySet[AppliedMeasure]) -> QuerySet[AppliedMeasure]:
        return lifting.applied_visible_to(request.user)

    def opened(self, request: HttpRequest, obj: AppliedMeasure) -> None:
        services.log_record_read(
            user=request.user,
            target_type="applied_measure",
            target_id=obj.pk,
            subject_id=obj.check_made.subject_id,
            purpose=purpose_of(request.user),
            now=clock.now(),
        )

    def sections(self, request: HttpRequest, obj: AppliedMeasure) -> Iterable[Section]:
        yield Section(
            "已实施的措施",
            rows=[
                ("主体", obj.check_made.subject_name),
                ("措施", obj.text),
                ("作用", obj.get_effect_display()),
                ("依据", article_text(obj.basis)),
                ("领域", obj.get_domain_display()),
                ("实施部门", str(obj.department)),
                ("实施", f"{obj.applied_on} {obj.applied_by or '系统'}"),
                ("结束", f"{obj.ended_on} {obj.get_end_reason_display()}" if obj.ended_on else "仍在执行"),
                ("反馈时间", moment(obj.fed_back_at) or "等待平台回执"),
                ("办理页面", Cell("到工作台查看", url=reverse("measures:measure", args=[obj.uuid]))),
            ],
        )
        yield Section(
            "提前解除",
            course=[
                Step(one.decided_at or one.asked_at, one.get_state_display(), str(one.decided_by or one.asked_by),
                     one.answer or one.reason)
                for one in obj.liftings.select_related("asked_by", "decided_by")
            ],
            empty="没有申请过。",
        )  # fmt: skip
