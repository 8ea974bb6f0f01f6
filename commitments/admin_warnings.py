"""The rules of warnings in the back office, kept by two people of the credit office, and the warnings, read only."""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from credit_portal.audit import clock
from credit_portal.audit.admin_base import Cell, HistoryAdmin, Section, Tool, moment, posted
from credit_portal.audit.admin_filters import ChoicesPickFilter, DayRangeFilter
from credit_portal.deadlines.articles import article_text
from credit_portal.registry import kept_by_two
from credit_portal.registry.admin_forms import ConfirmForm
from credit_portal.registry.admin_kept import StateFilter
from credit_portal.registry.admin_reading import LoggedList
from credit_portal.registry.models import CommitmentType, Domain
from verification.admin_measure_forms import LastDayForm
from verification.models import CreditEntry, CreditList

from .models import ClauseWarning, RequiredContent, WarningRule
from .warning_models import COMPARED
from .warnings import answering, finding, keeping
from .warnings.forms import RuleForm, TrialForm

TRIED_BACK = timedelta(days=365)
ALL = "不限"
STATES = {"open": "waiting", "true": "broken", "false": "kept", "dropped": "running"}


def _words(values: Iterable[str], labels: Any, nothing: str = ALL) -> str:
    known = dict(labels)
    return "、".join(str(known.get(one, one)) for one in values) or nothing


@admin.register(WarningRule)
class WarningRuleAdmin(HistoryAdmin):
    list_display = ["name", "version", "sort", "region", "effective_from", "effective_to", "approved_by"]
    list_filter = [StateFilter, "sort", "region"]
    list_select_related = ["region", "approved_by"]
    search_fields = ["name"]
    search_help_text = "规则名称中的几个字"
    ordering = ["-pk"]
    audit_target = "warning_rule"
    refusals = (keeping.RuleRefused,)

    def visible(self, request: HttpRequest, rows: QuerySet[WarningRule]) -> QuerySet[WarningRule]:
        return keeping.rules_visible_to(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may = super().has_change_permission(request, obj)
        return may and (obj is None or kept_by_two.regions_of(request.user).filter(pk=obj.region_id).exists())

    def sections(self, request: HttpRequest, obj: WarningRule) -> Iterable[Section]:
        lists = CreditList.objects.filter(code__in=obj.list_codes).values_list("code", "name")
        yield Section(
            "预警规则",
            rows=[
                ("名称", f"{obj.name}（第 {obj.version} 版）"),
                ("种类", obj.get_sort_display()),
                ("地区", str(obj.region)),
                ("信用记录的类别", _words(obj.entry_kinds, COMPARED)),
                ("程度", _words(obj.grades, CreditEntry.GRADES)),
                ("名单", _words(obj.list_codes, lists)),
                ("事由含有的词", "、".join(obj.keywords) or ALL),
                ("对应的承诺内容", _words(obj.contents, RequiredContent.choices)),
                ("承诺事项的领域", _words(obj.domains, Domain.choices)),
                ("承诺类型", _words(obj.types, CommitmentType.choices)),
                ("预警内容", obj.says),
                ("依据", article_text(obj.basis)),
                ("起止", f"{obj.effective_from} 至 {obj.effective_to or '未定'}"),
                (
                    "原来一版",
                    Cell(str(obj.replaces), url=self.url("change", obj.replaces)) if obj.replaces else "无",
                ),
                ("录入", f"{moment(obj.entered_at)} {obj.entered_by}"),
                ("批准", f"{moment(obj.approved_at)} {obj.approved_by}" if obj.approved_at else "未批准"),
            ],
            note="" if obj.approved_at else "未经信用办另一人批准，不产生预警。",
        )
        tally = keeping.tallies([obj]).get(obj.family, keeping.Tally())
        yield Section(
            "效果（各版合计）",
            rows=[
                ("预警", f"{tally.all} 条，其中待核实 {tally.open} 条"),
                ("属实", f"{tally.true} 条"),
                ("误报", f"{tally.false} 条"),
                ("属实率", "还没有答复" if tally.share is None else f"{tally.share}%"),
            ],
        )

    def tools(self, request: HttpRequest, obj: WarningRule) -> Iterable[Tool]:
        yield Tool("用已有的记录试算", self.url("trial", obj))
        if not self.has_change_permission(request, obj):
            return
        if obj.approved_at is None:
            if obj.entered_by_id != request.user.pk:
                yield Tool("批准", self.url("approve", obj), main=True)
            yield Tool("删除草稿", self.url("discard", obj))
        elif obj.effective_to is None or obj.effective_to >= clock.today():
            yield Tool("录入新的一版", self.url("replace", obj))
            yield Tool("写明失效日期", self.url("end", obj))

    def deeds(self) -> dict[str, Callable[..., HttpResponse]]:
        return {
            "approve": self.approve_view,
            "replace": self.replace_view,
            "end": self.end_view,
            "discard": self.discard_view,
            "trial": self.trial_view,
        }

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            return super().add_view(request)
        form = RuleForm(
            posted(request),
            regions=kept_by_two.regions_of(request.user),
            initial={
                "region": request.user.department and request.user.department.region_id,
                "effective_from": clock.today(),
            },
        )
        return self.form_page(
            request,
            title="录入预警规则",
            form=form,
            submit="录入",
            intro=["录入后可以先用已有的记录试算，再由信用办另一人批准；批准后只比对此后进入系统的记录。"],
            act=lambda typed: keeping.enter(
                region=typed["region"], content=form.content(), effective_from=typed["effective_from"],
                actor=request.user, now=clock.now(),
            ),
            done="已录入，等待信用办另一人批准。",
        )  # fmt: skip

    def replace_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        initial = dict(keeping.content_of(obj)) | {"effective_from": clock.today() + timedelta(days=1)}
        form = RuleForm(posted(request), initial=initial)
        return self.form_page(
            request,
            title=f"新的一版：{obj}",
            obj=obj,
            form=form,
            submit="录入新的一版",
            intro=["经另一人批准后生效，原来一版于前一日失效。已有的预警不变。"],
            act=lambda typed: keeping.enter(
                region=obj.region, content=form.content(), effective_from=typed["effective_from"], replaces=obj,
                actor=request.user, now=clock.now(),
            ),
            done="已录入，等待信用办另一人批准。",
        )  # fmt: skip

    def approve_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        return self.form_page(
            request,
            title=f"批准：{obj}",
            obj=obj,
            form=ConfirmForm(posted(request)),
            submit="批准",
            warning="批准后，此后进入系统的信用记录按这条规则比对，产生的预警由部门核实。",
            intro=[f"录入人：{obj.entered_by}。"],
            sections=trial_sections(obj, clock.today() - TRIED_BACK) if obj.approved_at is None else [],
            act=lambda typed: keeping.approve(rule_id=obj.pk, actor=request.user, now=clock.now()),
            done="已批准。",
        )

    def end_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        return self.form_page(
            request,
            title=f"写明失效日期：{obj}",
            obj=obj,
            form=LastDayForm(posted(request)),
            submit="写明失效日期",
            warning="填昨天的，立即停止。已有的预警仍须答复。",
            act=lambda typed: keeping.end(
                rule_id=obj.pk, last_day=typed["last_day"], actor=request.user, now=clock.now()
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
            act=lambda typed: keeping.discard(rule_id=obj.pk, actor=request.user, now=clock.now()),
            goto=lambda _: self.url("changelist"),
            done="已删除草稿。",
        )

    def trial_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What the rule would have found; nothing is stored."""
        obj = self.record_or_404(request, object_id)
        form = TrialForm(posted(request), initial={"since": clock.today() - TRIED_BACK})
        since = form.cleaned_data["since"] if form.is_bound and form.is_valid() else form.initial["since"]
        return self.page(
            request,
            "admin/form_page.html",
            title=f"试算：{obj}",
            obj=obj,
            form=form,
            formsets=(),
            submit="试算",
            intro=["按已有的信用记录和在履行的承诺试算，不产生预警，不通知任何人。"],
            warning="",
            sections=trial_sections(obj, since),
            back=self.url("change", obj),
        )


def trial_sections(rule: WarningRule, since: date) -> list[Section]:
    found = finding.try_out(rule, since=since)
    least = "（只看了最近的 5000 条）" if found.cut else ""
    return [
        Section(
            "试算结果",
            rows=[
                ("自", since),
                ("符合条件的信用记录", f"{found.entries} 条{least}"),
                ("会产生的预警", f"{found.warnings} 条"),
                ("涉及部门", f"{found.departments} 个"),
            ],
        ),
        Section(
            "前几条",
            head=["信用记录", "日期", "承诺", "条款"],
            table=[
                [
                    f"{pair.entry.get_kind_display()}：{pair.entry.title}",
                    pair.entry.from_on,
                    pair.commitment.code if pair.commitment else "没有在履行的承诺",
                    "、".join(f"第 {one.no} 条" for one in pair.clauses) or "无",
                ]
                for pair in found.examples
            ],
            empty="没有。",
        ),
    ]


@admin.register(ClauseWarning)
class ClauseWarningAdmin(LoggedList, HistoryAdmin):
    list_display = ["subject", "rule", "department", "found_at", "state"]
    list_filter = ["state", ("found_at", DayRangeFilter), ("rule__sort", ChoicesPickFilter)]
    list_select_related = ["subject", "rule", "department"]
    search_fields = ["=commitment__code", "=subject__uscc"]
    search_help_text = "承诺编码或者统一社会信用代码"
    ordering = ["-pk"]
    audit_target = "warning"

    def visible(self, request: HttpRequest, rows: QuerySet[ClauseWarning]) -> QuerySet[ClauseWarning]:
        return answering.warnings_visible_to(request.user)

    def sections(self, request: HttpRequest, obj: ClauseWarning) -> Iterable[Section]:
        yield Section(
            "预警",
            rows=[
                ("状态", Cell(obj.get_state_display(), state=STATES[obj.state])),
                ("主体", str(obj.subject)),
                ("信用记录", f"{obj.entry.get_kind_display()}：{obj.entry.title}，{obj.entry.from_on}"),
                ("承诺", Cell(obj.commitment.code, mono=True) if obj.commitment else "没有在履行的承诺"),
                ("规则", str(obj.rule)),
                ("说明", obj.note),
                ("核实部门", str(obj.department)),
                ("核实情况", obj.answer),
                ("违诺案件", str(obj.case) if obj.case else "无"),
                ("办理页面", Cell("到工作台查看", url=reverse("warnings:warning", args=[obj.uuid]))),
            ],
            note="预警只是提示核实，不影响核查、公示和履行状态。",
        )
        yield Section("有关的条款", paper=[f"第 {one['no']} 条　{one['text']}" for one in obj.clauses])
