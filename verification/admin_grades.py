"""Standards of grading and what was passed on, in the back office: to be read only. They are handled at the desk."""

from collections.abc import Iterable

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from credit_portal.audit import clock
from credit_portal.audit.admin_base import Cell, EvidenceAdmin, Section, moment
from credit_portal.deadlines.articles import article_text
from credit_portal.registry import kept_by_two
from credit_portal.registry.admin_kept import StateFilter

from .grades import keeping, passing, showing
from .models import EvaluationPassing, GradingStandard


@admin.register(GradingStandard)
class GradingStandardAdmin(EvidenceAdmin):
    list_display = ["name", "number", "region", "effective_from", "effective_to", "confirmed", "shown_state"]
    list_filter = [StateFilter, "region"]
    list_select_related = ["region"]
    search_fields = ["name", "basis"]
    search_help_text = "名称或者依据中的几个字"
    ordering = ["-pk"]
    audit_target = "grading_standard"

    def visible(self, request: HttpRequest, rows: QuerySet[GradingStandard]) -> QuerySet[GradingStandard]:
        return keeping.standards_visible_to(request.user)

    @admin.display(description="状态")
    def shown_state(self, row: GradingStandard) -> str:
        return kept_by_two.standing(row, today=clock.today())[0]

    def sections(self, request: HttpRequest, obj: GradingStandard) -> Iterable[Section]:
        label, state = kept_by_two.standing(obj, today=clock.today())
        yield Section(
            "评级标准",
            rows=[
                ("状态", Cell(label, state=state)),
                ("地区", str(obj.region)),
                ("依据", article_text(obj.basis)),
                ("本地区文件已确定", "是" if obj.confirmed else "否，只作提示"),
                ("起止", f"{obj.effective_from} 至 {obj.effective_to or '未定'}"),
                ("起评分", str(obj.base)),
                ("起草", f"{moment(obj.entered_at)} {obj.entered_by}"),
                ("批准", f"{moment(obj.approved_at)} {obj.approved_by}" if obj.approved_at else "未批准"),
                ("办理页面", Cell("到工作台查看", url=reverse("grades:standard", args=[obj.uuid]))),
            ],
        )
        yield Section("等级", head=["等级", "得分", "抽查"], table=showing.bounds_in_words(obj))
        yield Section(
            "指标",
            head=["序号", "指标", "每条分数", "最多计"],
            table=[
                (one.number, one.in_words, one.points, one.most or "不限") for one in obj.indicators.all()
            ],
        )


@admin.register(EvaluationPassing)
class EvaluationPassingAdmin(EvidenceAdmin):
    list_display = ["number", "recipient", "period", "rows", "passed_at"]
    list_filter = ["recipient__kind", "region"]
    list_select_related = ["recipient"]
    search_fields = ["=number"]
    search_help_text = "编号"
    ordering = ["-pk"]
    audit_target = "evaluation_passing"

    def visible(self, request: HttpRequest, rows: QuerySet[EvaluationPassing]) -> QuerySet[EvaluationPassing]:
        return passing.passings_visible_to(request.user)

    def sections(self, request: HttpRequest, obj: EvaluationPassing) -> Iterable[Section]:
        held_back = "，".join(f"{reason} {number} 行" for reason, number in obj.held_back)
        yield Section(
            "综合评价提供",
            rows=[
                ("编号", Cell(obj.number, mono=True)),
                ("接收单位", f"{obj.recipient}（{obj.recipient.get_kind_display()}）"),
                ("依据", article_text(obj.basis)),
                ("评价期间", obj.period),
                ("行数", str(obj.rows)),
                ("没有提供的", held_back or "无"),
                ("校验值", Cell(obj.sha256, mono=True)),
                ("提供", f"{moment(obj.passed_at)} {obj.passed_by}"),
                ("办理页面", Cell("到工作台查看", url=reverse("evaluations:passing", args=[obj.uuid]))),
            ],
        )
