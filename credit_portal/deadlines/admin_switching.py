"""Law switching in the back office: what a rule would do to open cases, the order of two persons, and its protocol."""

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_safe

from credit_portal.audit import clock
from credit_portal.audit.admin_base import (
    Cell,
    ReadOnlyAdmin,
    Section,
    ServiceAdmin,
    Tool,
    moment,
    posted,
)
from credit_portal.registry.admin_forms import DateInput
from credit_portal.registry.models import Region

from .models import PolicyRule, RuleProposal, SwitchLine, SwitchOrder
from .proposals import proposals_visible_to
from .switching import carrying_out, files, kinds, orders, showing
from .switching.changes import Change, of_rule, rule_of
from .switching.kinds import Sum
from .switching.orders import OrderRefused
from .wording import key_in_words, scope_in_words, value_in_words

STATES = {
    "open": "waiting", "approved": "running", "running": "running", "done": "kept", "rejected": "broken",
    "cancelled": "broken",
}  # fmt: skip
LINE_STATES = {"planned": "waiting", "moved": "kept", "skipped": "broken"}
DIFFERS = "differs"
SOURCES = 200


# ---- the preview -------------------------------------------------------------------------------------------


def impact_tools(page: ReadOnlyAdmin, request: HttpRequest, obj: Any, region: Region) -> Iterable[Tool]:
    """On the page of a rule or a proposal: what it would do to open cases."""
    if orders.may_look(request.user, region):
        yield Tool("影响预览", page.url("impact", obj))


def impact_page(
    page: ReadOnlyAdmin, request: HttpRequest, obj: PolicyRule | RuleProposal, rule: PolicyRule
) -> HttpResponse:
    """Figures by kind, records of one kind a page at a time, the whole as a file. Nothing is changed by looking."""
    scope = orders.scope_for(request.user, obj.region)
    if scope is None or not orders.may_look(request.user, obj.region):
        raise PermissionDenied("影响预览由本地区或上级地区的信用办和审计人员查看。")
    change = of_rule(rule, scope=scope, day=max(clock.today(), rule.effective_from))
    concerned = kinds.concerned(change)
    names = [kind.name for kind in concerned]
    asked = request.GET.get("kind", "")
    only = request.GET.get("only", "") if request.GET.get("only", "") in showing.ONLY else ""
    if (wanted := request.GET.get("download", "")) in files.TYPES:
        which = asked if asked in names else ""
        title = f"{key_in_words(rule.key)}影响预览"
        return files.download(change, wanted, name=title, user=request.user, only=only, which=which)
    after = _number(request.GET.get("after", ""))
    sections: list[Section] = []
    totals: list[Sum] = []
    if not after:
        totals = kinds.sums(change)
        sections.append(showing.sums_section(totals))
    first = next((one.kind.name for one in totals if one.moved), names[0] if names else "")
    shown_kind = next((kind for kind in concerned if kind.name == (asked if asked in names else first)), None)
    more = ""
    if shown_kind is not None:
        shown, last = showing.page_of(shown_kind, change, after=after, only=only, path=None)
        sections.append(showing.records_section(shown_kind, shown))
        if last is not None:
            more = _query(kind=shown_kind.name, only=only, after=str(last))
    return page.page(
        request,
        "admin/impact.html",
        title=f"影响预览：{page.record_title(obj)}",
        obj=obj,
        intro=_intro(rule, change),
        sections=sections,
        choices=[("kind", "事项", [(kind.name, kind.label) for kind in concerned],
                  shown_kind.name if shown_kind else ""),
                 ("only", "范围", [("", "全部"), *showing.ONLY.items()], only)],
        more=more,
        start=_query(kind=shown_kind.name if shown_kind else "", only=only) if after else "",
        downloads=[(kind, _query(kind=asked, only=only, download=kind)) for kind in files.TYPES],
        order_url=_order_url(request, obj),
        back=page.url("change", obj),
    )  # fmt: skip


def _intro(rule: PolicyRule, change: Change) -> list[str]:
    confirmed = "" if rule.confirmed else "这项规则未经确认：不延长公示期，不推后可修复日。"
    return [
        f"{key_in_words(rule.key)}（{scope_in_words(rule)}）：{value_in_words(rule.value, rule.unit)}，"
        f"{rule.effective_from} 生效。适用地区：{change.scope}。{confirmed}",
        f"新规则只适用于生效日以后起算的事项；此前起算的不变。下面是假定自 {change.day} 起未结事项也按新规则计算时的变化，"
        "只有另行提出、由另一人核准调整令，才会照此调整。",
    ]


def _order_url(request: HttpRequest, obj: PolicyRule | RuleProposal) -> str:
    if not request.user.has_perm("deadlines.add_switchorder"):
        return ""
    page = admin.site._registry[SwitchOrder]
    return f"{page.url('add')}?{_source_query(obj)}"


def _source_query(obj: PolicyRule | RuleProposal) -> str:
    return urlencode({"rule" if isinstance(obj, PolicyRule) else "proposal": obj.pk})


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0


def _query(**given: str) -> str:
    return "?" + urlencode({name: value for name, value in given.items() if value})


# ---- orders ------------------------------------------------------------------------------------------------


class OrderForm(forms.Form):
    kinds = forms.MultipleChoiceField(label="调整的事项", widget=forms.CheckboxSelectMultiple)
    spare_worse = forms.BooleanField(
        label="不作对当事人不利的调整",
        required=False,
        initial=True,
        help_text="公示期延长、可修复日推后、当事人期限缩短的，不调整。",
    )
    effective_on = forms.DateField(
        label="施行日", widget=DateInput(), help_text="到这一天由系统按当日情况重新计算并调整。"
    )
    reason = forms.CharField(
        label="理由",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="依据什么规定，为何须对未结事项适用新规则。",
    )

    def __init__(self, *args: Any, sums: Iterable[Sum], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kinds"].choices = [  # type: ignore[attr-defined]
            (one.kind.name, f"{one.kind.label}（{one.moved} 项）") for one in sums
        ]


class SourceForm(forms.Form):
    source = forms.ChoiceField(label="规则")

    def __init__(self, *args: Any, choices: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["source"].choices = [("", "请选择"), *choices]  # type: ignore[attr-defined]


class DecideForm(forms.Form):
    note = forms.CharField(
        label="说明", max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )


@admin.register(SwitchOrder)
class SwitchOrderAdmin(ServiceAdmin):
    list_display = ["number", "name", "region", "effective_on", "state", "proposed_by", "proposed_at"]
    list_filter = ["state"]
    list_select_related = ["region", "proposed_by", "rule", "proposal"]
    ordering = ["-pk"]
    audit_target = "switch_order"
    refusals = (OrderRefused,)

    def visible(self, request: HttpRequest, rows: QuerySet[SwitchOrder]) -> QuerySet[SwitchOrder]:
        return rows.filter(pk__in=orders.orders_visible_to(request.user).values("pk"))

    @admin.display(description="编号", ordering="pk")
    def number(self, row: SwitchOrder) -> str:
        return f"第 {row.pk} 号"

    @admin.display(description="规则")
    def name(self, row: SwitchOrder) -> str:
        return key_in_words(orders.source_of(row).key)

    def sections(self, request: HttpRequest, obj: SwitchOrder) -> Iterable[Section]:
        source = orders.source_of(obj)
        labels = {name: kind.label for name, kind in kinds.known().items()}
        yield Section(
            "调整令",
            rows=[
                ("状态", Cell(obj.get_state_display(), state=STATES[obj.state])),
                ("规则", Cell(key_in_words(source.key), url=admin.site._registry[type(source)].url("change", source))),
                ("取值", value_in_words(source.value, source.unit)),
                ("适用地区", str(obj.region)),
                ("调整的事项", "、".join(labels.get(name, name) for name in obj.kinds)),
                ("对当事人不利的", "不调整" if obj.spare_worse else "也调整"),
                ("施行日", obj.effective_on),
                ("理由", obj.reason),
                ("提出人", str(obj.proposed_by)),
                ("提出并预览", moment(obj.proposed_at)),
                ("决定人", str(obj.closed_by) if obj.closed_by else "未决定"),
                ("决定时间", moment(obj.closed_at) or "未决定"),
                ("决定说明", obj.closing_note or "无"),
                ("施行时间", f"{moment(obj.started_at)} 至 {moment(obj.finished_at) or '未完'}"
                 if obj.started_at else "未施行"),
            ],
            note="未经另一人核准，未结事项不变。" if obj.state == "open" else "",
        )  # fmt: skip
        counted = carrying_out.counts(obj)
        yield Section(
            "施行记录" if obj.started_at else "预览记录",
            rows=[
                ("已调整", counted["moved"]),
                ("未调整", counted["skipped"]),
                ("待施行", counted["planned"]),
                ("与预览不同", counted["differs"]),
                ("对当事人不利", counted["worse"]),
                ("施行当日届满", counted["ends"]),
                ("逐项", Cell("查看明细", url=self.url("lines", obj))),
            ],
            note="施行日按当日情况重新计算；与提出时的预览不同的逐项注明。",
        )

    def tools(self, request: HttpRequest, obj: SwitchOrder) -> Iterable[Tool]:
        if not self.has_change_permission(request, obj):
            return
        mine = obj.proposed_by_id == request.user.pk
        if obj.state == SwitchOrder.State.OPEN and not mine:
            yield Tool("核准", self.url("approve", obj), main=True)
            yield Tool("不核准", self.url("reject", obj))
        if obj.state == SwitchOrder.State.APPROVED or (obj.state == SwitchOrder.State.OPEN and mine):
            yield Tool("撤回", self.url("cancel", obj))

    def deeds(self) -> dict[str, Callable[..., HttpResponse]]:
        return {
            "approve": self.approve_view,
            "reject": self.reject_view,
            "cancel": self.cancel_view,
            "lines": require_safe(self.lines_view),
        }

    # ---- proposing ----

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            return super().add_view(request)
        source = self._source(request)
        scope = orders.scope_for(request.user, source.region) if source is not None else None
        if source is None or scope is None:
            return self._source_page(request)
        rule = source if isinstance(source, PolicyRule) else rule_of(source)
        change = of_rule(rule, scope=scope, day=max(clock.today(), rule.effective_from))
        totals = kinds.sums(change)
        form = OrderForm(posted(request), sums=totals, initial={"effective_on": change.day})

        def act(typed: dict[str, Any]) -> SwitchOrder:
            return orders.propose(
                source=source,
                region=scope,
                kinds_chosen=typed["kinds"],
                effective_on=typed["effective_on"],
                reason=typed["reason"],
                spare_worse=typed["spare_worse"],
                actor=request.user,
                now=clock.now(),
            )

        return self.form_page(
            request,
            title=f"提出调整令：{key_in_words(rule.key)}",
            form=form,
            submit="提出",
            intro=[
                *_intro(rule, change),
                "提出时保存预览。经另一人核准后，到施行日由系统分批调整，逐项留痕。",
            ],
            sections=[showing.sums_section(totals)],
            act=act,
            done="已提出，等待信用办另一人核准。",
        )

    def _source(self, request: HttpRequest) -> PolicyRule | RuleProposal | None:
        rule = _number(request.GET.get("rule", ""))
        proposal = _number(request.GET.get("proposal", ""))
        if rule:
            return PolicyRule.objects.select_related("region").filter(pk=rule).first()
        if proposal:
            rows = proposals_visible_to(request.user).select_related("region", "rule__region")
            return rows.filter(pk=proposal, state__in=["open", "approved"]).first()
        return None

    def _source_page(self, request: HttpRequest) -> HttpResponse:
        form = SourceForm(posted(request), choices=self._sources(request))
        if request.method == "POST" and form.is_valid():
            kind, pk = form.cleaned_data["source"].split("-")
            return HttpResponseRedirect(f"{self.url('add')}?{urlencode({kind: pk})}")
        return self.page(
            request,
            "admin/form_page.html",
            title="提出调整令",
            form=form,
            submit="下一步",
            intro=[
                "选一项规则或规则变更提议。新规则只适用于生效日以后起算的事项；要改变此前起算的未结事项，须有调整令。"
            ],
            back=self.url("changelist"),
        )

    def _sources(self, request: HttpRequest) -> list[tuple[str, str]]:
        """The newest proposals that are open, and rules of the own lineage or below, the latest to begin first."""
        own = request.user.department.region if request.user.department else None
        if own is None:
            return []
        waiting = proposals_visible_to(request.user).filter(state="open").select_related("region")
        keys = {key for kind in kinds.known().values() for key in kind.keys or ()}
        rules = (
            PolicyRule.objects.filter(region__path__startswith=own.path)
            | PolicyRule.objects.filter(region__in=own.lineage)
        ).select_related("region")
        found = [(f"proposal-{row.pk}", f"提议：{_source_label(row)}") for row in waiting[:SOURCES]]
        concerned = [
            row for row in rules.order_by("-effective_from")[: SOURCES * 2] if row.key in keys or row.unit
        ]
        return found + [(f"rule-{row.pk}", _source_label(row)) for row in concerned[:SOURCES]]

    # ---- deciding ----

    def approve_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        return self._decide(
            request, obj, "核准", orders.approve, "已核准，到施行日由系统调整。",
            warning=f"核准后，{obj.effective_on} 起对选定的未结事项适用新规则。",
        )  # fmt: skip

    def reject_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        return self._decide(request, obj, "不核准", orders.reject, "已记为不核准，未结事项不变。")

    def cancel_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        return self._decide(request, obj, "撤回", orders.cancel, "已撤回，未结事项不变。")

    def _decide(
        self,
        request: HttpRequest,
        obj: SwitchOrder,
        label: str,
        service: Callable[..., SwitchOrder],
        done: str,
        warning: str = "",
    ) -> HttpResponse:
        return self.form_page(
            request,
            title=f"{label}：{obj}",
            obj=obj,
            form=DecideForm(posted(request)),
            submit=label,
            warning=warning,
            intro=[f"提出人：{obj.proposed_by}。理由：{obj.reason}"],
            act=lambda typed: service(order=obj, actor=request.user, now=clock.now(), note=typed["note"]),
            done=done,
        )

    # ---- the protocol ----

    def lines_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.record_or_404(request, object_id)
        if (wanted := request.GET.get("download", "")) in files.TYPES:
            return files.protocol(obj, wanted)
        states = [("", "全部"), *SwitchLine.State.choices, (DIFFERS, "与预览不同")]
        state = request.GET.get("state", "")
        state = state if state in dict(states) else ""
        after = _number(request.GET.get("after", ""))
        rows = obj.lines.filter(pk__gt=after).order_by("pk")
        if state:
            rows = rows.filter(differs=True) if state == DIFFERS else rows.filter(state=state)
        found = list(rows[: showing.SHOWN + 1])
        shown = found[: showing.SHOWN]
        more = _query(state=state, after=str(shown[-1].pk)) if len(found) > showing.SHOWN else ""
        return self.page(
            request,
            "admin/impact.html",
            title=f"明细：{obj}",
            obj=obj,
            sections=[_lines_section(shown)],
            choices=[("state", "结果", states, state)],
            more=more,
            start=_query(state=state) if after else "",
            downloads=[(kind, _query(download=kind)) for kind in files.TYPES],
            back=self.url("change", obj),
        )


def _source_label(row: PolicyRule | RuleProposal) -> str:
    value = value_in_words(row.value, row.unit)
    return f"{row.region} {key_in_words(row.key)}（{scope_in_words(row)}）{value}，自 {row.effective_from}"


def _lines_section(shown: Iterable[SwitchLine]) -> Section:
    known = kinds.known()
    table = []
    for line in shown:
        kind = known.get(line.kind)
        for label, old, planned, new in files.days_of(line):
            table.append(
                [
                    kind.label if kind else line.kind,
                    Cell(line.matter or f"编号 {line.record_id}",
                         url=kind.url_of(line.record_id) if kind else "", mono=True),
                    label,
                    old or "—",
                    planned or "—",
                    new or "—",
                    Cell(line.get_state_display(), state=LINE_STATES[line.state]),
                    _line_note(line),
                ]
            )  # fmt: skip
    return Section(
        "逐项",
        head=("事项", "编号", "日期", "原", "预览", "施行", "结果", "说明"),
        table=table,
        empty="没有。",
    )


def _line_note(line: SwitchLine) -> str:
    said = [line.note]
    if line.differs:
        said.append("与预览不同" if line.previewed else "预览以后新增")
    if line.worse:
        said.append("对当事人不利")
    if line.ends:
        said.append("当日届满")
    return "；".join(part for part in said if part) or "—"
