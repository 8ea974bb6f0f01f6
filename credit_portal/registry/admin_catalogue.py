"""The catalogue of service items in the back office: drafted, published, followed by the next version, retired."""

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse

from credit_portal.audit import clock
from credit_portal.audit.admin_base import Cell, HistoryAdmin, Section, Tool, moment, posted
from credit_portal.audit.admin_filters import ChoicesPickFilter

from . import catalogue
from .admin_forms import FromDayForm, ItemForm, MaterialFormSet, RetireForm, WithdrawForm, materials_typed
from .below import within
from .models import CommitmentType, Department, ServiceItemVersion, User
from .version_models import stage_of

Status = ServiceItemVersion.Status
STATES: dict[str, str] = {
    Status.DRAFT: "waiting",
    Status.PUBLISHED: "kept",
    Status.FROZEN: "running",
    Status.WITHDRAWN: "broken",
}


WITHDRAWING = "已经发布、还没有到生效日期的可以撤回。撤回后这一版不再生效，被它替代的一版继续有效；这一版和撤回理由留存。"


def stage_cell(row: Any) -> Cell:
    """Where a version stands today, and from when."""
    label, tone = stage_of(row, clock.today())
    return Cell(label, state=tone)


def withdrawal_rows(row: Any) -> list[tuple[str, Any]]:
    """When, by whom and why a version was withdrawn; of others nothing."""
    if row.withdrawn_at is None:
        return []
    return [
        ("撤回时间", moment(row.withdrawn_at)),
        ("撤回人", str(row.withdrawn_by) if row.withdrawn_by else "—"),
        ("撤回理由", row.withdrawn_reason),
    ]


def versions_section(page: HistoryAdmin, rows: Iterable[Any]) -> Section:
    """All versions of an item or of a text, the newest first."""
    return Section(
        "各版本",
        head=["版本", "状态", "生效日期", "失效日期"],
        table=[
            [
                Cell(f"第 {row.number} 版", url=page.url("change", row)),
                stage_cell(row),
                row.valid_from or "—",
                row.valid_to or "—",
            ]
            for row in rows
        ],
    )


def in_region_of(user: User, field: str) -> Q:
    """Rows of the user's own region and below; none for an account without department."""
    if user.department is None:
        return Q(pk__in=[])
    path = user.department.region.path
    return within(path, field)


@admin.register(ServiceItemVersion)
class ServiceItemVersionAdmin(HistoryAdmin):
    list_display = ["name", "item", "number", "stage", "region", "owner", "domain", "valid_from", "valid_to"]
    list_filter = [
        "status",
        ("domain", ChoicesPickFilter),
        "scope",
        "allows_late_materials",
        "online",
        "item__region",
    ]
    list_select_related = ["item__department", "item__region", "occupation"]
    search_fields = ["name", "item__code", "pinyin", "item__department__name"]
    search_help_text = "事项名称、编码、简拼或主管部门"
    ordering = ["-pk"]
    audit_target = "item"
    refusals = (catalogue.CatalogueError,)

    def visible(
        self, request: HttpRequest, rows: QuerySet[ServiceItemVersion]
    ) -> QuerySet[ServiceItemVersion]:
        # What is in force stands on the public column; a draft is for the own region only.
        return rows.filter(~Q(status=Status.DRAFT) | in_region_of(request.user, "item__region"))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may = super().has_change_permission(request, obj)
        if obj is None or not may:
            return may
        return ServiceItemVersion.objects.filter(
            in_region_of(request.user, "item__region"), pk=obj.pk
        ).exists()

    def audit_id(self, obj: ServiceItemVersion) -> int:
        return obj.item_id

    @admin.display(description="状态")
    def stage(self, row: ServiceItemVersion) -> str:
        return stage_of(row, clock.today())[0]

    @admin.display(description="行政区划")
    def region(self, row: ServiceItemVersion) -> str:
        return str(row.item.region)

    @admin.display(description="主管部门")
    def owner(self, row: ServiceItemVersion) -> str:
        return str(row.item.department)

    def sections(self, request: HttpRequest, obj: ServiceItemVersion) -> Iterable[Section]:
        labels = dict(CommitmentType.choices)
        if obj.status == Status.DRAFT:
            yield Section(
                "发布前检查",
                head=["今天发布还缺什么"],
                table=[[sentence] for sentence in catalogue.lacking(obj, on=clock.today())],
                empty="不缺实施细则和专用文本。",
            )
        yield Section(
            "事项",
            rows=[
                ("事项编码", Cell(obj.item.code, mono=True)),
                ("事项名称", obj.name),
                ("版本", f"第 {obj.number} 版"),
                ("状态", stage_cell(obj)),
                ("行政区划", str(obj.item.region)),
                ("主管部门", str(obj.item.department)),
                ("领域", obj.get_domain_display()),
                ("可用承诺类型", "、".join(labels.get(kind, kind) for kind in obj.allowed_types)),
                ("适用要求", obj.get_scope_display()),
                ("政务服务大厅办理", "是" if obj.in_hall else "否"),
                ("信用审查环节", obj.get_checkpoint_display()),
                ("须留存查询截屏", "是" if obj.evidence_required else "否"),
                ("可容缺受理", "是" if obj.allows_late_materials else "否"),
                ("即时办理", "是" if obj.handled_at_once else "否"),
                ("可网上承诺", "是" if obj.online else "否"),
                ("每个年度一份", "是" if obj.once_a_year else "否"),
                ("重点职业人群", str(obj.occupation) if obj.occupation else "不限"),
                ("谁可以承诺", obj.made_by_label),
                (
                    "承诺办结时限",
                    f"{obj.promised_working_days} 个工作日" if obj.promised_working_days else "未写明",
                ),
                ("承诺有效期", f"{obj.validity_months} 个月" if obj.validity_months else "未写明"),
                (
                    "采用承诺制",
                    "；".join(
                        words
                        for value, words in (
                            (obj.materials_spared, f"少交材料 {obj.materials_spared} 件"),
                            (obj.days_spared, f"少等 {obj.days_spared} 个工作日"),
                        )
                        if value is not None
                    )
                    or "少交材料和少等时间未写明",
                ),
                ("默认公开类型", obj.get_publicity_class_display()),
                ("依据", obj.legal_basis or "未写明（发布前须写明）"),
                ("简拼", obj.pinyin or "无"),
            ],
        )
        yield Section(
            "申请材料",
            head=["材料", "来源", "可以后补"],
            table=[
                [row["name"], row["source"] or "—", "是" if row["late"] else "否"] for row in obj.materials
            ],
            empty="没有列出。",
        )
        yield Section(
            "有效期",
            rows=[
                ("生效日期", obj.valid_from or "未发布"),
                ("失效日期", obj.valid_to or "无"),
                ("发布时间", moment(obj.published_at) or "未发布"),
                ("发布人", str(obj.published_by) if obj.published_by else "—"),
                ("事项停用日期", obj.item.retired_on or "在用"),
                *withdrawal_rows(obj),
            ],
        )
        yield versions_section(self, self.get_queryset(request).filter(item=obj.item_id).order_by("-number"))

    def tools(self, request: HttpRequest, obj: ServiceItemVersion) -> Iterable[Tool]:
        if obj.number > 1:
            yield Tool("并排比较", f"/desk/catalogue/items/{quote(obj.item.code)}/compare/?b={obj.number}")
        if not self.has_change_permission(request, obj) or obj.item.retired_on is not None:
            return
        if obj.status == Status.DRAFT:
            yield Tool("发布", self.url("publish", obj), main=True)
            yield Tool("修改草稿", self.url("edit", obj))
        elif obj.status == Status.PUBLISHED:
            yield Tool("起草下一版", self.url("edit", obj), main=True)
            if obj.valid_from is not None and obj.valid_from > clock.today():
                yield Tool("撤回", self.url("withdraw", obj))
            yield Tool("停用事项", self.url("retire", obj))

    def deeds(self) -> dict[str, Callable[..., HttpResponse]]:
        return {
            "edit": self.edit_view,
            "publish": self.publish_view,
            "retire": self.retire_view,
            "withdraw": self.withdraw_view,
        }

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            return super().add_view(request)
        departments = Department.objects.filter(in_region_of(request.user, "region"), is_active=True)
        materials = MaterialFormSet(posted(request), prefix="materials")

        def act(typed: dict[str, Any]) -> ServiceItemVersion:
            return catalogue.draft_item(
                code=typed.pop("code"),
                department=typed.pop("department"),
                fields=typed | {"materials": materials_typed(materials)},
                actor=request.user,
                now=clock.now(),
            )

        return self.form_page(
            request,
            title="新增事项",
            form=ItemForm(posted(request), departments=departments),
            formsets=[("申请材料", materials)],
            submit="保存草稿",
            act=act,
            done="草稿已保存，发布后窗口才能选用。",
        )

    def edit_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        is_draft = obj.status == Status.DRAFT
        newest = catalogue.base_of(list(obj.item.versions.order_by("-number")))
        # A bound row that equals its initial value counts as left empty: what was posted stands for itself.
        opened = request.method != "POST"
        materials = MaterialFormSet(
            posted(request), prefix="materials", initial=newest.materials if opened and newest else None
        )
        return self.form_page(
            request,
            title=f"{'修改草稿' if is_draft else '起草下一版'}：{obj.name}",
            obj=obj,
            form=ItemForm(posted(request), version=newest),
            formsets=[("申请材料", materials)],
            submit="保存草稿",
            intro=[] if is_draft else ["现行版本不变，直到新版本发布生效；按现行版本签署的承诺不受影响。"],
            act=lambda typed: catalogue.draft_item(
                item=obj.item,
                fields=typed | {"materials": materials_typed(materials)},
                actor=request.user,
                now=clock.now(),
            ),
            done="草稿已保存，发布后窗口才能选用。",
        )

    def publish_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        return self.form_page(
            request,
            title=f"发布：{obj}",
            obj=obj,
            form=FromDayForm(posted(request), follows=obj.item.versions.filter(status="published").exists()),
            submit="发布",
            warning="发布后这一版不能再改；前一版自新版本生效的前一日止。生效日期以前可以撤回。",
            act=lambda typed: catalogue.publish_item(
                version=obj, valid_from=typed["valid_from"], actor=request.user, now=clock.now()
            ),
            done=lambda row: f"已发布，自 {row.valid_from} 起生效。",
        )

    def retire_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        return self.form_page(
            request,
            title=f"停用事项：{obj.name}",
            obj=obj,
            form=RetireForm(posted(request)),
            submit="停用",
            warning="停用日期起窗口不能再选用。已签署的承诺不受影响。",
            act=lambda typed: catalogue.retire_item(
                item=obj.item, on=typed["on"], actor=request.user, now=clock.now()
            ),
            done=lambda item: f"事项自 {item.retired_on} 起停用。",
            goto=lambda item: self.url("change", obj),
        )

    def withdraw_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        return self.form_page(
            request,
            title=f"撤回：{obj}",
            obj=obj,
            form=WithdrawForm(posted(request)),
            submit="撤回",
            intro=[WITHDRAWING],
            act=lambda typed: catalogue.withdraw_item(
                version=obj, reason=typed["reason"], actor=request.user, now=clock.now()
            ),
            done="已撤回。",
        )
