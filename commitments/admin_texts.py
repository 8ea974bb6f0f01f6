"""Commitment texts and reading material in the back office: drafted, published, followed by the next version."""

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote

from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse

from credit_portal.audit import clock
from credit_portal.audit.admin_base import Cell, HistoryAdmin, Section, Tool, moment, posted
from credit_portal.audit.admin_filters import ChoicesPickFilter
from credit_portal.registry.admin_catalogue import (
    WITHDRAWING,
    in_region_of,
    stage_cell,
    versions_section,
    withdrawal_rows,
)
from credit_portal.registry.admin_forms import ConfirmForm, FromDayForm, WithdrawForm
from credit_portal.registry.models import Department, ServiceItem
from credit_portal.registry.version_models import stage_of

from . import adopting, model_texts, reading, texts
from .admin_forms import (
    FIRST_CLAUSES,
    AdoptForm,
    BlankFormSet,
    ClauseFormSet,
    IssueForm,
    ReadingForm,
    TextForm,
    blanks_initial,
    blanks_typed,
    clauses_initial,
    clauses_typed,
    issued_typed,
)
from .models import Clause, ReadingMaterial, RequiredContent, TextVersion

Status = TextVersion.Status


@admin.register(TextVersion)
class TextVersionAdmin(HistoryAdmin):
    list_display = ["title", "text", "number", "stage", "kind", "region", "owner", "valid_from", "valid_to"]
    list_filter = ["status", "text__commitment_type", "text__late_materials", "text__origin", "text__region"]
    list_select_related = ["text__department", "text__region"]
    search_fields = ["title", "text__code", "text__department__name"]
    search_help_text = "标题、文本编码或制定部门"
    ordering = ["-pk"]
    audit_target = "text"
    refusals = (texts.TextError, ValidationError)

    def visible(self, request: HttpRequest, rows: QuerySet[TextVersion]) -> QuerySet[TextVersion]:
        # What is or was in force stands on the public column; a draft is for the own region only.
        return rows.filter(~Q(status=Status.DRAFT) | in_region_of(request.user, "text__region"))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may = super().has_change_permission(request, obj)
        if obj is None or not may:
            return may
        return TextVersion.objects.filter(in_region_of(request.user, "text__region"), pk=obj.pk).exists()

    def audit_id(self, obj: TextVersion) -> int:
        return obj.text_id

    @admin.display(description="状态")
    def stage(self, row: TextVersion) -> str:
        return stage_of(row, clock.today())[0]

    @admin.display(description="承诺类型")
    def kind(self, row: TextVersion) -> str:
        return row.text.get_commitment_type_display() + ("，容缺受理" if row.text.late_materials else "")

    @admin.display(description="行政区划")
    def region(self, row: TextVersion) -> str:
        return str(row.text.region)

    @admin.display(description="制定部门")
    def owner(self, row: TextVersion) -> str:
        return str(row.text.department)

    def sections(self, request: HttpRequest, obj: TextVersion) -> Iterable[Section]:
        if obj.status == Status.DRAFT:
            problems = texts.problems_of(obj, on=clock.today())
            yield Section(
                "发布前检查",
                head=["发现的问题", "处理"],
                table=[
                    [
                        problem.message,
                        Cell("须补齐", state="broken")
                        if problem.blocks
                        else Cell("提醒（规则未确认）", state="waiting"),
                    ]
                    for problem in problems
                ],
                empty="内容齐全，可以发布。",
            )
        yield Section(
            "文本",
            rows=[
                ("文本编码", Cell(obj.text.code, mono=True)),
                ("标题", obj.title or "未填写"),
                ("版本", f"第 {obj.number} 版"),
                ("状态", stage_cell(obj)),
                ("承诺类型", self.kind(obj)),
                ("来源", obj.text.get_origin_display()),
                ("行政区划", str(obj.text.region)),
                ("制定部门", str(obj.text.department)),
                ("专用事项", str(obj.text.item) if obj.text.item else "通用"),
                ("适用范围", obj.scope or "未填写"),
                ("生效日期", obj.valid_from or "未发布"),
                ("失效日期", obj.valid_to or "无"),
                ("发布时间", moment(obj.published_at) or "未发布"),
                ("发布人", str(obj.published_by) if obj.published_by else "—"),
                ("校验值", Cell(obj.sha256 or "发布时生成", mono=bool(obj.sha256))),
                *withdrawal_rows(obj),
            ],
        )
        if model_texts.is_model(obj.text) or obj.adopts is not None:
            yield model_section(obj)
        labels = dict(RequiredContent.choices)
        yield Section(
            "条款",
            head=["序号", "性质", "条文", "对应的一般承诺内容", "怎样履行"],
            table=[
                [
                    row.number,
                    row.get_kind_display(),
                    row.body,
                    "、".join(labels.get(part, part) for part in row.covers) or "—",
                    ("按对应的一般承诺内容" if not row.keeping else row.get_keeping_display().split("：")[0])
                    if row.kind == Clause.Kind.PLEDGE
                    else "—",
                ]
                for row in obj.clauses.all()
            ],
            empty="还没有条款。",
        )
        yield Section(
            "填写项",
            head=["键", "名称", "类型", "选项", "必填", "最多字数", "说明"],
            table=[
                [
                    row.key,
                    row.label,
                    row.get_kind_display(),
                    "、".join(row.choices) or "—",
                    "是" if row.required else "否",
                    row.max_length,
                    row.help_text or "—",
                ]
                for row in obj.blanks.all()
            ],
            empty="没有填写项。",
        )
        yield Section("告知书", paper=obj.notice.splitlines(), empty="未填写。")
        yield Section("个人信息处理告知", paper=obj.privacy_notice.splitlines(), empty="未填写。")
        yield versions_section(self, self.get_queryset(request).filter(text=obj.text_id).order_by("-number"))

    def tools(self, request: HttpRequest, obj: TextVersion) -> Iterable[Tool]:
        if obj.number > 1:
            yield Tool("并排比较", f"/desk/catalogue/texts/{quote(obj.text.code)}/compare/?b={obj.number}")
        is_model, published = model_texts.is_model(obj.text), obj.status == Status.PUBLISHED
        if is_model and published and self.has_add_permission(request):
            region = request.user.department.region if request.user.department else None
            if region is not None and obj.text.region_id in region.lineage[1:]:
                yield Tool("在本地区采用", self.url("adopt", obj), main=True)
        if not self.has_change_permission(request, obj):
            return
        if obj.status == Status.DRAFT:
            yield Tool("发布", self.url("publish", obj), main=True)
            yield Tool("修改草稿", self.url("edit", obj))
            if is_model:
                yield Tool("登记印发文件", self.url("issue", obj))
        elif published:
            if obj.text.model_id is None:
                yield Tool("起草下一版", self.url("next", obj), main=True)
            else:
                yield Tool("采用示范文本的一版", self.url("follow", obj), main=True)
            if obj.valid_from is not None and obj.valid_from > clock.today():
                yield Tool("撤回", self.url("withdraw", obj))

    def deeds(self) -> dict[str, Callable[..., HttpResponse]]:
        return {
            "edit": self.edit_view,
            "publish": self.publish_view,
            "next": self.next_view,
            "withdraw": self.withdraw_view,
            "issue": self.issue_view,
            "adopt": self.adopt_view,
            "follow": self.follow_view,
        }

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            return super().add_view(request)
        form = TextForm(
            posted(request),
            departments=Department.objects.filter(in_region_of(request.user, "region"), is_active=True),
            items=ServiceItem.objects.filter(
                in_region_of(request.user, "region"), retired_on__isnull=True
            ).order_by("code"),
        )
        clauses = ClauseFormSet(posted(request), prefix="clauses")
        clauses.extra = FIRST_CLAUSES
        blanks = BlankFormSet(posted(request), prefix="blanks")

        def act(typed: dict[str, Any]) -> TextVersion:
            words = {name: typed[name] for name in texts.WORDS}
            return texts.draft_text(
                code=typed["code"],
                department=typed["department"],
                commitment_type=typed["commitment_type"],
                late_materials=typed["late_materials"],
                item=typed["item"],
                origin=typed["origin"],
                words=words,
                clauses=clauses_typed(clauses),
                blanks=blanks_typed(blanks),
                actor=request.user,
                now=clock.now(),
            )

        return self.form_page(
            request,
            title="新增承诺书文本",
            form=form,
            formsets=[("条款", clauses), ("填写项", blanks)],
            submit="保存草稿",
            act=act,
            done="草稿已保存，发布后窗口才能选用。",
        )

    def edit_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        # A bound row that equals its initial value counts as left empty: what was posted stands for itself.
        opened = request.method != "POST"
        clauses = ClauseFormSet(
            posted(request), prefix="clauses", initial=clauses_initial(obj) if opened else None
        )
        blanks = BlankFormSet(
            posted(request), prefix="blanks", initial=blanks_initial(obj) if opened else None
        )
        return self.form_page(
            request,
            title=f"修改草稿：{obj}",
            obj=obj,
            form=TextForm(posted(request), version=obj),
            formsets=[("条款", clauses), ("填写项", blanks)],
            submit="保存草稿",
            act=lambda typed: texts.revise_draft(
                version=obj,
                words=typed,
                clauses=clauses_typed(clauses),
                blanks=blanks_typed(blanks),
                actor=request.user,
                now=clock.now(),
            ),
            done="草稿已保存，发布后窗口才能选用。",
        )

    def next_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        return self.form_page(
            request,
            title=f"起草下一版：{obj.title}",
            obj=obj,
            form=ConfirmForm(posted(request)),
            submit="起草",
            intro=["以现行版本为底稿起草。现行版本不变，直到新版本发布生效；已签署的承诺不受影响。"],
            act=lambda typed: texts.next_version(text=obj.text, actor=request.user, now=clock.now()),
            done=lambda row: f"已起草第 {row.number} 版。",
        )

    def publish_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        return self.form_page(
            request,
            title=f"发布：{obj}",
            obj=obj,
            form=FromDayForm(posted(request), follows=obj.text.versions.filter(status="published").exists()),
            submit="发布",
            warning="发布后这一版不能再改；前一版自新版本生效的前一日止。",
            act=lambda typed: texts.publish_text(
                version=obj, valid_from=typed["valid_from"], actor=request.user, now=clock.now()
            ),
            done=lambda row: f"已发布，自 {row.valid_from} 起生效。",
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
            act=lambda typed: texts.withdraw_text(
                version=obj, reason=typed["reason"], actor=request.user, now=clock.now()
            ),
            done="已撤回。",
        )

    def issue_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        return self.form_page(
            request,
            title=f"登记印发文件：{obj}",
            obj=obj,
            form=IssueForm(posted(request), request.FILES or None, version=obj),
            submit="保存",
            intro=["示范文本按印发的原样录入。发布后连同印发文件一起不能再改。"],
            act=lambda typed: model_texts.enter_issue(
                version=obj, issued=issued_typed(typed), actor=request.user, now=clock.now()
            ),
            done="已登记印发文件。",
            goto=lambda _: self.url("change", obj),
        )

    def adopt_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.record_or_404(request, object_id)
        if not self.has_add_permission(request):
            raise PermissionDenied("您的角色不能变更这项内容。")
        form = AdoptForm(
            posted(request),
            model=obj,
            departments=Department.objects.filter(in_region_of(request.user, "region"), is_active=True),
            items=ServiceItem.objects.filter(
                in_region_of(request.user, "region"), retired_on__isnull=True
            ).order_by("code"),
        )
        return self.form_page(
            request,
            title=f"在本地区采用：{obj}",
            obj=obj,
            form=form,
            submit="采用",
            intro=["示范文本一字不改；只填写它留给本地的空白。示范文本有新版时会通知您。"],
            act=lambda typed: adopting.adopt(
                model=obj,
                code=typed["code"],
                department=typed["department"],
                item=typed["item"],
                values=form.values(),
                valid_from=typed["valid_from"],
                actor=request.user,
                now=clock.now(),
            ),
            done=lambda row: f"已采用，自 {row.valid_from} 起使用。",
        )

    def follow_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        model = model_texts.newest_model(obj.text.model) if obj.text.model else None
        form = AdoptForm(posted(request), model=model or obj, filled=obj.place_values)
        return self.form_page(
            request,
            title=f"采用示范文本的一版：{obj.text.code}",
            obj=obj,
            form=form,
            submit="采用",
            intro=[
                f"示范文本的最新一版：{model}，自 {model.valid_from} 起。"
                if model
                else "没有可以采用的示范文本。"
            ],
            act=lambda typed: adopting.follow(
                text=obj.text,
                model=model or obj,
                values=form.values(),
                valid_from=typed["valid_from"],
                actor=request.user,
                now=clock.now(),
            ),
            done=lambda row: f"已采用，第 {row.number} 版自 {row.valid_from} 起使用。",
        )


def model_section(obj: TextVersion) -> Section:
    """How a model was issued; of a place's text which version it adopts and what the place has filled in."""
    model = obj.adopts or obj
    issue = model_texts.issue_of(model)
    rows: list[tuple[str, Any]] = []
    if obj.adopts is not None:
        rows += [
            ("采用的示范文本", f"{model.text.code} {model}"),
            ("示范文本校验值", Cell(model.sha256, mono=True)),
            (
                "本地填写",
                "；".join(f"{key}：{value}" for key, value in obj.place_values.items()) or "没有空白",
            ),
        ]
    if issue is None:
        return Section("示范文本", rows=[*rows, ("印发文件", "没有登记（发布前须登记）")])
    return Section(
        "示范文本",
        rows=[
            *rows,
            ("印发文件", str(issue)),
            ("印发日期", issue.issued_on),
            ("文件校验值", Cell(issue.file_sha256, mono=True)),
            ("由采用地区填写", "、".join(issue.place_keys) or "没有"),
        ],
    )


@admin.register(ReadingMaterial)
class ReadingMaterialAdmin(HistoryAdmin):
    list_display = ["title", "domain", "department", "published_on", "is_current"]
    list_filter = ["is_current", ("domain", ChoicesPickFilter)]
    list_select_related = ["department", "occupation"]
    search_fields = ["title"]
    search_help_text = "标题"
    ordering = ["-pk"]
    audit_target = "reading"

    def visible(self, request: HttpRequest, rows: QuerySet[ReadingMaterial]) -> QuerySet[ReadingMaterial]:
        # Offered to every applicant; nothing in it is restricted.
        return rows

    def sections(self, request: HttpRequest, obj: ReadingMaterial) -> Iterable[Section]:
        yield Section(
            "读本",
            rows=[
                ("标题", obj.title),
                ("领域", obj.get_domain_display()),
                ("面向的职业人群", str(obj.occupation) if obj.occupation else "不限"),
                ("编制部门", str(obj.department)),
                ("发布日期", obj.published_on),
                (
                    "状态",
                    Cell("现行", state="kept") if obj.is_current else Cell("停用", state="running"),
                ),
            ],
            note="提供给申请人自愿阅读，读与不读都不影响办理。",
        )
        yield Section("正文", paper=obj.body.splitlines(), paper_title=obj.title)

    def tools(self, request: HttpRequest, obj: ReadingMaterial) -> Iterable[Tool]:
        if obj.is_current and self.has_change_permission(request, obj):
            yield Tool("停用", self.url("withdraw", obj))

    def deeds(self) -> dict[str, Callable[..., HttpResponse]]:
        return {"withdraw": self.withdraw_view}

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            return super().add_view(request)
        departments = Department.objects.filter(in_region_of(request.user, "region"), is_active=True)

        return self.form_page(
            request,
            title="发布诚信教育读本",
            form=ReadingForm(posted(request), departments=departments),
            submit="发布",
            intro=["同一领域（或者同一职业人群）只有一份现行读本；发布后原来的一份停用，但保留。"],
            act=lambda typed: reading.publish_reading(actor=request.user, now=clock.now(), **typed),
            done="已发布读本。",
        )

    def withdraw_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        return self.form_page(
            request,
            title=f"停用读本：{obj}",
            obj=obj,
            form=ConfirmForm(posted(request)),
            submit="停用",
            warning="停用后窗口不再提供这份读本。",
            act=lambda typed: reading.withdraw_reading(reading=obj, actor=request.user, now=clock.now()),
            done="已停用读本。",
        )
