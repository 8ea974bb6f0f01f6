"""The record and its checks in the back office: entered once by the credit office, then moved or only read; every
reading is logged."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from credit_portal.audit import clock
from credit_portal.audit.admin_base import Cell, EvidenceAdmin, HistoryAdmin, Section, Tool, moment, posted
from credit_portal.audit.admin_filters import ChoicesPickFilter, DayRangeFilter
from credit_portal.deadlines.articles import article_text
from credit_portal.deadlines.wording import key_in_words, value_in_words
from credit_portal.registry import groups
from credit_portal.registry.admin_forms import ConfirmForm
from credit_portal.registry.admin_reading import LoggedList, purpose_of
from credit_portal.registry.finding import subjects_matching
from credit_portal.registry.models import CreditSubject
from credit_portal.registry.visibility import departments_visible_to, has_role

from . import correcting, services
from .admin_forms import CorrectForm, EndForm, EntryForm, MeasureFormSet, RepairForm
from .models import Check, CheckOutcome, CheckOverride, CreditEntry
from .vocabulary import State

ENTRY_STATES = {
    State.EFFECTIVE: "running",
    State.REPAIRED: "kept",
    State.ENDED: "running",
    State.REVOKED: "running",
}
ROUTE_STATES = {"commitment": "kept", "ordinary": "waiting", "refused": "broken", "not_needed": "running"}


class LoggedReading(LoggedList):
    """Lists and records of this kind are credit records: whoever reads them is written down, with the purpose."""

    def opened(self, request: HttpRequest, obj: Any) -> None:
        self.log(request, target_type=self.audit_target, target_id=obj.pk, subject_id=obj.subject_id)  # type: ignore[attr-defined]

    def log(
        self, request: HttpRequest, *, target_type: str, target_id: int | str, subject_id: int | None
    ) -> None:
        services.log_record_read(
            user=request.user,
            target_type=target_type,
            target_id=target_id,
            subject_id=subject_id,
            purpose=purpose_of(request.user),
            now=clock.now(),
        )

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        own = queryset.filter(**{self.number_field: term})  # type: ignore[attr-defined]
        if own.exists():
            return own, False
        found = subjects_matching(term, today=clock.today())
        return queryset.filter(subject__in=found.values("pk")), False


@admin.register(CreditEntry)
class CreditEntryAdmin(LoggedReading, HistoryAdmin):
    """Entered once by the credit office, then only moved: repaired, ended, revoked."""

    list_display = ["subject", "kind", "title", "document_no", "source", "from_on", "shown_public", "state"]
    list_filter = [
        ("kind", ChoicesPickFilter),
        "state",
        "grade",
        "objection_under_way",
        ("from_on", DayRangeFilter),
        "region",
    ]
    list_select_related = ["subject"]
    search_fields = ["document_no"]
    search_help_text = "文书号，或者主体的名称、统一社会信用代码、完整的身份证号码"
    number_field = "document_no"
    ordering = ["-pk"]
    audit_target = "entry"
    list_target = "creditentry_list"
    refusals = (ValidationError, services.MoveRefused)

    def visible(self, request: HttpRequest, rows: QuerySet[CreditEntry]) -> QuerySet[CreditEntry]:
        if not has_role(request.user, *groups.REGIONAL):
            return rows.none()
        return services.entries_visible_to(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may = super().has_change_permission(request, obj)
        return may and (obj is None or services.may_change(request.user, obj))

    @admin.display(description="公示期")
    def shown_public(self, row: CreditEntry) -> str:
        if row.public_from is None:
            return "不公示"
        return f"{row.public_from} 至 {row.public_until or '未定'}"

    def sections(self, request: HttpRequest, obj: CreditEntry) -> Iterable[Section]:
        yield Section(
            "信用记录",
            rows=[
                (
                    "主体",
                    Cell(
                        f"{obj.subject}（{obj.subject.shown_code}）", url=_subject_url(request, obj.subject)
                    ),
                ),
                ("类别", obj.get_kind_display()),
                (
                    "名单",
                    Cell(
                        str(obj.credit_list),
                        url=reverse("memberships:entry", args=[obj.uuid])
                        if has_role(request.user, *groups.REGIONAL)
                        else "",
                    )
                    if obj.credit_list
                    else "无",
                ),
                ("事由", obj.title),
                ("程度", obj.get_grade_display() if obj.grade else "不适用"),
                (
                    "状态",
                    Cell(
                        obj.get_state_display() + ("，异议处理中" if obj.objection_under_way else ""),
                        state=ENTRY_STATES[State(obj.state)],
                    ),
                ),
                ("核实", "已核实" if obj.verified else "未核实，不影响核查"),
                *self._corrected(obj),
                *self._owned(request, obj),
            ],
        )
        yield Section(
            "来源",
            rows=[
                ("来源", obj.source),
                ("作出机关", str(obj.department) if obj.department else "不在本系统"),
                ("行政区划", str(obj.region)),
                ("文书号", obj.document_no or "无"),
                ("依据", obj.basis or "无"),
                ("备注", obj.remark or "无"),
                ("录入人", str(obj.entered_by) if obj.entered_by else "系统"),
                ("录入时间", moment(obj.entered_at)),
            ],
        )
        yield Section(
            "日期",
            rows=[
                ("起止", f"{obj.from_on} 至 {obj.until_on or '未定'}"),
                ("送达日期", obj.served_on or "无"),
                ("公示期", self.shown_public(obj)),
                ("可申请修复之日", obj.repairable_from or "无"),
                ("修复日期", obj.repaired_on or "未修复"),
                ("终止", f"{obj.ended_on or ''} {obj.end_reason}".strip() or "未终止"),
            ],
        )
        yield Section(
            "措施",
            head=["领域", "措施", "依据"],
            table=[
                [row.get_domain_display() if row.domain else "所有领域", row.get_effect_display(), row.basis]
                for row in obj.measures.all()
            ],
            empty="没有附带措施。",
        )

    def _corrected(self, obj: CreditEntry) -> Iterable[tuple[str, Cell]]:
        if obj.corrects is not None:
            yield "更正的记录", Cell(str(obj.corrects), url=self.url("change", obj.corrects))
        if new := CreditEntry.objects.filter(corrects=obj).first():
            yield "已由新记录更正", Cell(str(new), url=self.url("change", new))

    def _owned(self, request: HttpRequest, obj: CreditEntry) -> Iterable[tuple[str, Cell]]:
        """The procedure that it belongs to, where it is moved and put right; its page, where the back office has one to show."""
        owner = correcting.owner_of(obj)
        if owner is None:
            return
        page: Any = admin.site._registry.get(type(owner))
        seen = (
            page is not None
            and page.has_view_permission(request)
            and page.get_queryset(request).filter(pk=owner.pk).exists()
        )
        yield (
            "办理程序",
            Cell(f"{owner._meta.verbose_name} {owner}", url=page.url("change", owner) if seen else ""),
        )

    def tools(self, request: HttpRequest, obj: CreditEntry) -> Iterable[Tool]:
        if not self.has_change_permission(request, obj) or correcting.owner_of(obj) is not None:
            return
        onward = services.MOVES[State(obj.state)]
        if onward:
            yield Tool("更正", self.url("correct", obj))
        if State.REPAIRED in onward:
            yield Tool("登记为已修复", self.url("repair", obj))
        if State.ENDED in onward:
            yield Tool("终止", self.url("end", obj))
        if State.REVOKED in onward:
            yield Tool("撤销", self.url("revoke", obj))

    def deeds(self) -> dict[str, Callable[..., HttpResponse]]:
        return {
            "repair": self.repair_view,
            "end": self.end_view,
            "revoke": self.revoke_view,
            "correct": self.correct_view,
        }

    @staticmethod
    def _by_hand(
        obj: CreditEntry, deed: str, move: Callable[[dict[str, Any]], Any], said: str = correcting.BY_HAND
    ) -> Callable[[dict[str, Any]], Any]:
        def act(typed: dict[str, Any]) -> Any:
            correcting.check_by_hand(obj, deed, said)
            return move(typed)

        return act

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            return super().add_view(request)
        form = EntryForm(posted(request), departments=departments_visible_to(request.user))
        measures = MeasureFormSet(posted(request), prefix="measures")

        def act(typed: dict[str, Any]) -> CreditEntry:
            given = {name: value for name, value in typed.items() if name != "subject_code"}
            return services.add_entry(
                subject=form.subject,
                measures=[row.measure() for row in measures if row.has_changed()],
                operator=request.user,
                now=clock.now(),
                **given,
            )

        return self.form_page(
            request,
            title="录入信用记录",
            form=form,
            formsets=[("措施", measures)],
            submit="录入",
            intro=["录入后不能改写，只能登记修复、终止或撤销；录入前请核对。"],
            act=act,
            done="已录入信用记录。",
        )

    def repair_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        return self.form_page(
            request,
            title=f"登记为已修复：{obj}",
            obj=obj,
            form=RepairForm(posted(request)),
            submit="登记",
            warning="登记后这条记录不再影响核查。",
            act=self._by_hand(
                obj,
                "登记修复",
                lambda typed: services.mark_repaired(
                    entry_id=obj.pk, repaired_on=typed["repaired_on"], operator=request.user, now=clock.now()
                ),
                correcting.BY_REPAIR,
            ),
            done="已登记为已修复。",
        )

    def end_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        return self.form_page(
            request,
            title=f"终止：{obj}",
            obj=obj,
            form=EndForm(posted(request)),
            submit="终止",
            warning="用于作出机关已移出名单、解除措施的记录。终止后不再影响核查。",
            act=self._by_hand(
                obj,
                "终止",
                lambda typed: services.end_entry(
                    entry_id=obj.pk, operator=request.user, now=clock.now(), **typed
                ),
            ),
            done="已终止。",
        )

    def revoke_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        return self.form_page(
            request,
            title=f"撤销：{obj}",
            obj=obj,
            form=ConfirmForm(posted(request)),
            submit="撤销",
            warning="用于本不应有的记录：记录有误、认定被撤销。撤销后不能恢复。",
            act=self._by_hand(
                obj,
                "撤销",
                lambda typed: services.revoke_entry(entry_id=obj.pk, operator=request.user, now=clock.now()),
            ),
            done="已撤销。",
        )

    def correct_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.changeable_or_refused(request, object_id)
        return self.form_page(
            request,
            title=f"更正：{obj}",
            obj=obj,
            form=CorrectForm(
                posted(request), initial={name: getattr(obj, name) for name in services.CORRECTABLE}
            ),
            submit="更正",
            warning="原记录随之撤销并指向新的一条，两条都可以查到；随原记录实施的措施由新的一条接续。",
            act=lambda typed: correcting.correct_anew(
                entry_id=obj.pk,
                changes={name: typed[name] for name in services.CORRECTABLE},
                reason=typed["reason"],
                actor=request.user,
                now=clock.now(),
            ),
            done="已更正，原记录已撤销。",
        )


@admin.register(Check)
class CheckAdmin(LoggedReading, EvidenceAdmin):
    """Every check as it was seen and answered."""

    list_display = [
        "number",
        "shown_subject",
        "item_name",
        "commitment_type",
        "route",
        "scrutiny",
        "department",
        "operator",
        "checked_at",
    ]
    list_filter = [
        "route",
        "scrutiny",
        "commitment_type",
        ("domain", ChoicesPickFilter),
        "purpose",
        ("checked_at", DayRangeFilter),
    ]
    list_select_related = ["item_version", "department", "operator"]
    search_fields = ["=number"]
    search_help_text = "核查编号，或者主体的名称、统一社会信用代码、完整的身份证号码"
    number_field = "number"
    ordering = ["-pk"]
    audit_target = "check"

    def visible(self, request: HttpRequest, rows: QuerySet[Check]) -> QuerySet[Check]:
        if not has_role(request.user, *groups.REGIONAL):
            return rows.none()
        return services.checks_visible_to(request.user)

    @admin.display(description="主体名称")
    def shown_subject(self, row: Check) -> str:
        return row.subject_name

    @admin.display(description="事项")
    def item_name(self, row: Check) -> str:
        return row.item_version.name

    def sections(self, request: HttpRequest, obj: Check) -> Iterable[Section]:
        yield Section(
            "结论",
            rows=[
                ("核查编号", Cell(obj.number, mono=True)),
                ("结论", obj.one_line),
                ("办理方式", Cell(obj.get_route_display(), state=ROUTE_STATES[obj.route])),
                ("审查方式", obj.get_scrutiny_display()),
            ],
        )
        yield Section(
            "核查",
            rows=[
                (
                    "主体",
                    Cell(
                        f"{obj.subject_name}（{obj.subject_code or obj.subject.shown_code}）",
                        url=_subject_url(request, obj.subject),
                    ),
                ),
                ("事项", f"{obj.item_version.name}（第 {obj.item_version.number} 版）"),
                (
                    "承诺类型",
                    obj.get_commitment_type_display() + ("，容缺受理" if obj.late_materials else ""),
                ),
                ("领域", obj.get_domain_display()),
                ("目的", obj.get_purpose_display()),
                ("办件编号", Cell(obj.case_ref or "无", mono=bool(obj.case_ref))),
                ("来源", "、".join(obj.sources) or "无"),
                ("看到的记录", f"{len(obj.entries_seen)} 条"),
                ("核查部门", str(obj.department)),
                ("核查人", str(obj.operator or obj.partner or "系统")),
                ("核查时间", moment(obj.checked_at)),
            ],
        )
        yield Section(
            "理由",
            head=["理由", "条款"],
            table=[[reason["text"], reason.get("article") or "—"] for reason in obj.reasons],
            empty="没有不利理由。",
        )
        yield Section(
            "查询来源",
            head=["来源", "结果", "登记", "截屏校验值"],
            table=[
                [
                    look.source_name,
                    look.get_result_display(),
                    f"{moment(look.looked_at)}，{look.looked_by}",
                    Cell(look.screenshot.sha256 if look.screenshot else "—", mono=True),
                ]
                for look in obj.looks.select_related("looked_by", "screenshot")
            ],
            empty="没有登记其他来源。",
        )
        outcome = CheckOutcome.objects.filter(check_made=obj).select_related("decided_by").first()
        override = CheckOverride.objects.filter(check_made=obj).first()
        yield Section(
            "办理",
            rows=[
                ("办理结果", outcome.get_result_display() if outcome else "没有办结"),
                ("办结", f"{moment(outcome.decided_at)}，{outcome.decided_by}" if outcome else "—"),
                ("实施的措施", "；".join(str(one) for one in obj.applied.all()) or "无"),
                ("例外", override.get_state_display() if override else "无"),
                (
                    "异议材料",
                    "；".join(f"{one}，{one.get_state_display()}" for one in obj.objections.all()) or "无",
                ),
            ],
        )
        yield Section(
            "救济途径",
            head=["途径", "条款"],
            table=[[way["text"], way.get("article") or "—"] for way in obj.remedies],
            empty="不需要。",
        )
        yield Section(
            "当时的规则",
            head=["规则", "取值", "依据", "确认"],
            table=[
                [
                    key_in_words(key),
                    value_in_words(used["value"]),
                    article_text(used["basis"]) or "—",
                    Cell("已确认", state="kept") if used["confirmed"] else Cell("待确认", state="waiting"),
                ]
                for key, used in sorted(obj.switches.items())
            ],
            empty="没有用到地区规则。",
        )


def _subject_url(request: HttpRequest, subject: CreditSubject) -> str:
    page = admin.site._registry[CreditSubject]
    return page.url("change", subject) if page.has_view_permission(request) else ""


from .admin_checking import CheckSourceAdmin as CheckSourceAdmin  # noqa: E402
from .admin_complaints import ConsumerComplaintAdmin as ConsumerComplaintAdmin  # noqa: E402
from .admin_consent import ConsentAdmin as ConsentAdmin  # noqa: E402
from .admin_consent import CreditReportAdmin as CreditReportAdmin  # noqa: E402
from .admin_consent import ReleaseAdmin as ReleaseAdmin  # noqa: E402
from .admin_grades import EvaluationPassingAdmin as EvaluationPassingAdmin  # noqa: E402
from .admin_grades import GradingStandardAdmin as GradingStandardAdmin  # noqa: E402
from .admin_list_methods import ListMethodAdmin as ListMethodAdmin  # noqa: E402
from .admin_listings import ListingAdmin as ListingAdmin  # noqa: E402
from .admin_lists import CreditListAdmin as CreditListAdmin  # noqa: E402
from .admin_measures import AppliedMeasureAdmin as AppliedMeasureAdmin  # noqa: E402
from .admin_measures import ListedMeasureAdmin as ListedMeasureAdmin  # noqa: E402
from .admin_reading_watch import AvoidedCodeAdmin as AvoidedCodeAdmin  # noqa: E402
from .admin_reading_watch import UnusualReadingAdmin as UnusualReadingAdmin  # noqa: E402
from .admin_tax_credit import TaxCreditEntryAdmin as TaxCreditEntryAdmin  # noqa: E402
from .admin_training import TrainingSessionAdmin as TrainingSessionAdmin  # noqa: E402
from .admin_usage import UsageListAdmin as UsageListAdmin  # noqa: E402  (its page stands beside those of the record)
