"""Changes of rules in the back office: proposed by one, approved by another, and open duties moved only after a look."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_safe

from credit_portal.audit import clock
from credit_portal.audit.admin_base import Cell, Section, ServiceAdmin, Tool, moment, posted
from credit_portal.registry import kept_by_two
from credit_portal.registry.admin_forms import ConfirmForm
from credit_portal.registry.models import Region

from . import proposals, recounting
from .admin_forms import ApproveForm, KeyForm, RejectForm, RuleForm
from .admin_switching import impact_page, impact_tools
from .articles import article_text
from .loading import SHAPES
from .models import PolicyRule, RuleProposal
from .proposals import RuleRefused
from .recounting import Move
from .switching.changes import rule_of
from .wording import key_in_words, scope_in_words, value_in_words

# What a page of a preview shows of them; the number of all stands above.
SHOWN = 200
STATES = {"open": "waiting", "approved": "kept", "rejected": "broken", "cancelled": "running"}


def moves_section(request: HttpRequest, moves: Sequence[Move], *, title: str, empty: str) -> Section:
    """What becomes of open duties, before anything is kept: those of the user's own region and below by name."""
    user = request.user
    path = user.department.region.path if user.department else None
    own = [move for move in moves if path is not None and f"{move.duty.region.path}/".startswith(f"{path}/")]
    notes = [f"共 {len(moves)} 项，其中 {sum(move.moves for move in moves)} 项到期日改变。"] if moves else []
    if len(own) > SHOWN:
        notes.append(f"只列出前 {SHOWN} 项。")
    if len(own) < len(moves):
        notes.append(f"另有 {len(moves) - len(own)} 项属于其他地区。")
    return Section(
        title,
        head=["文号", "责任部门", "期限", "原到期日", "现到期日", "说明"],
        table=[
            [
                move.duty.number or "—",
                str(move.duty.department),
                key_in_words(move.duty.rule_key),
                _due(move.duty.due_on, move.duty.provisional),
                Cell(
                    _due(move.counted.due, move.counted.provisional),
                    state="waiting" if move.moves else "kept",
                ),
                _meaning(move),
            ]
            for move in own[:SHOWN]
        ],
        note="".join(notes),
        empty=empty,
    )


def _due(day: Any, provisional: bool) -> str:
    return f"{day}（暂定）" if provisional else str(day)


def _meaning(move: Move) -> str:
    if move.moves:
        days = (move.counted.due - move.duty.due_on).days
        return f"{'推后' if days > 0 else '提前'} {abs(days)} 天"
    if move.duty.provisional and not move.counted.provisional:
        return "到期日不变，由暂定变为确定"
    return "到期日不变，计入的日子或依据改变"


@admin.register(RuleProposal)
class RuleProposalAdmin(ServiceAdmin):
    list_display = ["proposed_at", "name", "region", "shown_value", "effective_from", "state", "proposed_by"]
    list_filter = ["state"]
    list_select_related = ["region", "proposed_by"]
    ordering = ["-pk"]
    audit_target = "rule_proposal"
    refusals = (RuleRefused,)

    def visible(self, request: HttpRequest, rows: QuerySet[RuleProposal]) -> QuerySet[RuleProposal]:
        return rows.filter(pk__in=proposals.proposals_visible_to(request.user).values("pk"))

    @admin.display(description="规则")
    def name(self, row: RuleProposal) -> str:
        return key_in_words(row.key)

    @admin.display(description="取值")
    def shown_value(self, row: RuleProposal) -> str:
        return value_in_words(row.value, row.unit)

    def record_title(self, obj: RuleProposal) -> str:
        return f"{obj.region}：{key_in_words(obj.key)}"

    def sections(self, request: HttpRequest, obj: RuleProposal) -> Iterable[Section]:
        is_open = obj.state == RuleProposal.State.OPEN
        yield Section(
            "提议",
            rows=[
                ("状态", Cell(obj.get_state_display(), state=STATES[obj.state])),
                ("行政区划", f"{obj.region}（{obj.region_id}）"),
                ("规则", key_in_words(obj.key)),
                ("适用", scope_in_words(obj)),
                ("取值", value_in_words(obj.value, obj.unit)),
                ("依据", article_text(obj.basis)),
                ("生效日期", obj.effective_from),
                ("失效日期", obj.effective_to or "无"),
                ("理由", obj.reason or "无"),
                ("提议人", str(obj.proposed_by)),
                ("提议时间", moment(obj.proposed_at)),
                ("办结人", str(obj.closed_by) if obj.closed_by else "未办结"),
                ("办结时间", moment(obj.closed_at) or "未办结"),
                ("办结说明", obj.closing_note or "无"),
            ],
            note="未经另一人核准，规则不变。" if is_open else "",
        )
        if is_open:
            yield self._present_section(obj)
        elif obj.rule is not None:
            page = admin.site._registry[PolicyRule]
            yield Section(
                "形成的规则", rows=[("规则", Cell(self.record_title(obj), url=page.url("change", obj.rule)))]
            )

    def _present_section(self, obj: RuleProposal) -> Section:
        """What holds now of the same rule and what the regions above say: to compare with."""
        rows = (
            PolicyRule.objects.filter(
                region_id__in=obj.region.lineage,
                key=obj.key,
                domain=obj.domain,
                commitment_type=obj.commitment_type,
                grade=obj.grade,
            )
            .select_related("region")
            .order_by("-region__path", "-effective_from")[:20]
        )
        page = admin.site._registry[PolicyRule]
        return Section(
            "现有的同一规则（本地区和上级）",
            head=["行政区划", "取值", "依据", "生效", "失效", "确认"],
            table=[
                [
                    Cell(str(row.region), url=page.url("change", row)),
                    value_in_words(row.value, row.unit),
                    article_text(row.basis),
                    row.effective_from,
                    row.effective_to or "—",
                    Cell("已确认", state="kept") if row.confirmed else Cell("待确认", state="waiting"),
                ]
                for row in rows
            ],
            empty="没有。",
        )

    def tools(self, request: HttpRequest, obj: RuleProposal) -> Iterable[Tool]:
        if obj.state in ("open", "approved"):
            yield from impact_tools(self, request, obj, obj.region)
        if not self.has_change_permission(request, obj):
            return
        if obj.state == RuleProposal.State.OPEN:
            if obj.proposed_by_id == request.user.pk:
                yield Tool("撤回提议", self.url("cancel", obj))
                return
            yield Tool("核准", self.url("approve", obj), main=True)
            yield Tool("不核准", self.url("reject", obj))
        elif obj.rule is not None and proposals.counts_time(obj.key):
            yield Tool("补算生效后起算的期限", self.url("apply", obj))

    def deeds(self) -> dict[str, Callable[..., HttpResponse]]:
        return {
            "approve": self.approve_view,
            "reject": self.reject_view,
            "cancel": self.cancel_view,
            "apply": self.apply_view,
            "impact": require_safe(self.impact_view),
        }

    # ---- proposing ----

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            return super().add_view(request)
        base = self._base(request)
        key = base.key if base else request.GET.get("key", "")
        if key not in SHAPES:
            return self._key_page(request)
        regions = kept_by_two.regions_of(request.user)
        form = RuleForm(
            posted(request),
            key=key,
            regions=regions,
            value=base.value if base else None,
            initial=self._initial(request, base, regions),
        )
        intro = ["提议须由信用办另一人核准后才成为规则。新规则生效时，同一规则的前一取值于前一日失效。"]
        if base and not base.confirmed:
            intro.insert(0, f"确认后，“{key_in_words(key)}”在本地区即为已确认的规则，可据以办理。")
        return self.form_page(
            request,
            title=f"提议规则：{key_in_words(key)}",
            form=form,
            submit="提议",
            intro=intro,
            act=lambda typed: proposals.propose_rule(key=key, actor=request.user, now=clock.now(), **typed),
            done="已提议，等待信用办另一人核准。",
        )

    def _key_page(self, request: HttpRequest) -> HttpResponse:
        form = KeyForm(posted(request))
        if request.method == "POST" and form.is_valid():
            return HttpResponseRedirect(f"{self.url('add')}?{urlencode({'key': form.cleaned_data['key']})}")
        return self.page(
            request,
            "admin/form_page.html",
            title="提议规则",
            form=form,
            submit="下一步",
            intro=["先选规则，再填取值和依据。确认建议值的，在该规则的页面点“确认为本地区规则”更方便。"],
            back=self.url("changelist"),
        )

    def _base(self, request: HttpRequest) -> PolicyRule | None:
        """The rule that a proposal starts from: named in the address, of the own region, above or below it."""
        wanted = request.GET.get("rule", "")
        if not wanted.isascii() or not wanted.isdigit() or len(wanted) > 18:
            return None
        rule = PolicyRule.objects.filter(pk=int(wanted)).select_related("region").first()
        return rule if rule is not None and within_reach(request, rule) else None

    def _initial(
        self, request: HttpRequest, base: PolicyRule | None, regions: QuerySet[Region]
    ) -> dict[str, Any]:
        own = request.user.department.region if request.user.department else None
        if base is None:
            return {"region": own}
        basis = base.basis
        if not base.confirmed:
            basis = f"经本地区信用办确认；建议值的出处：{base.basis}"[:300]
        return {
            "region": base.region if regions.filter(pk=base.region_id).exists() else own,
            "domain": base.domain,
            "commitment_type": base.commitment_type,
            "grade": base.grade,
            "basis": basis,
        }

    # ---- deciding ----

    def approve_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        return self.form_page(
            request,
            title=f"核准：{self.record_title(obj)}",
            obj=obj,
            form=ApproveForm(posted(request)),
            submit="核准",
            warning=f"核准后自 {obj.effective_from} 起为 {value_in_words(obj.value, obj.unit)}，同一规则的前一取值于前一日失效。",
            intro=[f"提议人：{obj.proposed_by}。依据：{article_text(obj.basis)}"],
            act=lambda typed: proposals.approve(
                proposal=obj, actor=request.user, note=typed["note"], now=clock.now()
            ),
            done="已核准，规则已生成。未办结的期限不变；生效日以后起算而先前按旧规则计算的，点“补算生效后起算的期限”；要改变此前起算的，另行提出调整令。",
        )

    def reject_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        return self.form_page(
            request,
            title=f"不核准：{self.record_title(obj)}",
            obj=obj,
            form=RejectForm(posted(request)),
            submit="不核准",
            act=lambda typed: proposals.reject(
                proposal=obj, actor=request.user, note=typed["note"], now=clock.now()
            ),
            done="已记为不核准，规则不变。",
        )

    def cancel_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        return self.form_page(
            request,
            title=f"撤回提议：{self.record_title(obj)}",
            obj=obj,
            form=ConfirmForm(posted(request)),
            submit="撤回",
            act=lambda typed: proposals.cancel(proposal=obj, actor=request.user, now=clock.now()),
            done="已撤回提议。",
        )

    def impact_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.record_or_404(request, object_id)
        return impact_page(self, request, obj, rule_of(obj))

    def apply_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        moves = [] if obj.rule is None else [m for m in recounting.moves_by_rule(obj.rule) if m.changes]

        def act(typed: dict[str, Any]) -> RuleProposal:
            proposals.apply_to_open(proposal=obj, actor=request.user, now=clock.now())
            return obj

        return self.form_page(
            request,
            title=f"补算生效后起算的期限：{self.record_title(obj)}",
            obj=obj,
            form=ConfirmForm(posted(request)),
            submit="重算这些期限",
            intro=["只改变起算日在规则生效之后、尚未办结的期限。逐项记入期限的经过和日志。"],
            sections=[
                moves_section(request, moves, title="将改变的期限", empty="没有未办结的期限因此改变。")
            ],
            act=act,
            done="已重算未办结的期限。",
        )


def within_reach(request: HttpRequest, rule: PolicyRule) -> bool:
    """Whether this user may propose from this rule: of the own region, of one above it, or of one below it."""
    if not request.user.has_perm("deadlines.add_ruleproposal") or request.user.department is None:
        return False
    own = request.user.department.region
    return rule.region_id in own.lineage or own.code in rule.region.lineage


def proposal_tools(request: HttpRequest, rule: PolicyRule) -> Iterable[Tool]:
    """On the page of a rule: confirm it for the own region, or propose another value."""
    if not within_reach(request, rule):
        return
    page = admin.site._registry[RuleProposal]
    url = f"{page.url('add')}?rule={rule.pk}"
    if rule.confirmed:
        yield Tool("提议变更", url)
    else:
        yield Tool("确认为本地区规则", url, main=True)
