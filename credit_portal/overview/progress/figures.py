"""The figures of a half-year (R109): what each counts, and the cases behind it by the very same condition.

Counted in sets: one query for each source, however many units and figures there are.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, F, Q, QuerySet, Sum, Value

from commitments.models import Commitment
from credit_portal.deadlines.models import Duty
from credit_portal.registry.models import CommitmentType, User
from credit_portal.registry.visibility import limit_to_visible
from disclosure.progress.parts import Figure
from verification.vocabulary import Scrutiny

from . import sources
from .sources import Case, Source
from .spans import Span

ALL = "all"
SIGNED = "signed"
TYPES = {ALL: "合计"} | {str(code): str(label) for code, label in CommitmentType.choices}
FULFILMENT = {str(code): str(label) for code, label in Commitment.Fulfilment.choices}
COLUMNS = {SIGNED: "签署"} | FULFILMENT
PAGE = 50
# Where figures that stand together count by different days, what that means: else they look wrong beside one another.
NOTES = {
    "违诺认定和上报": "立案、认定、送达、撤销各按自己的日期计，不论承诺何时签署；上面的部分履行、全部未履行只计半年内签署的承诺。"
    "上报按期限在半年内到期的计。",
    "行政行为": "各类行政行为按决定日期计，向社会公示按公示首日计；按期、逾期按公示期限在半年内到期的计。同一文书可以只在其中一处。",
    "公示": "按公示首日和停止之日计，停止的可以是以前公示的。",
}


@dataclass(frozen=True)
class Kind:
    """A figure before it is counted. `when`: which rows of its source it counts; `amount`: the number in each that is added
    up, where rows are not counted."""

    key: str
    group: str
    label: str
    source: Source
    when: Callable[[Span], Q]
    amount: str = ""


def _fixed(condition: Q) -> Callable[[Span], Q]:
    return lambda span: condition


def _by_type() -> list[Kind]:
    """Commitments by type and fulfilment: the first group, shown as one table."""
    found = []
    for type_, type_label in TYPES.items():
        of_type = Q() if type_ == ALL else Q(commitment_type=type_)
        for column, label in COLUMNS.items():
            condition = of_type if column == SIGNED else of_type & Q(fulfilment=column)
            found.append(
                Kind(
                    f"commitment.{type_}.{column}", "信用承诺", f"{type_label}：{label}", sources.COMMITMENTS,
                    # A condition that holds for every row, where nothing narrows it.
                    _fixed(condition or Q(pk__isnull=False)),
                )
            )  # fmt: skip
    return found


def _plain() -> list[Kind]:
    checks, cases, duties = sources.CHECKS, sources.CASES, sources.DUTIES
    report, acts = Q(rule_key="breach_report"), Q(rule_key__startswith="act_publication.")
    open_ = Q(state=Duty.State.OPEN)
    check, breach, public, repair = "信用核查", "违诺认定和上报", "公示", "信用修复"
    act, monthly, follow = "行政行为", "信用记录使用月报", "整改、约谈和名单"
    # The words of a report have a part called 应用成效 themselves.
    effect, warning, education = "少交材料和少等时间", "预警和消费投诉", "诚信教育"
    materials, days = "item_version__materials_spared", "item_version__days_spared"
    return [
        Kind("commitment.late_materials", "容缺受理", "容缺受理的承诺", sources.COMMITMENTS, _fixed(Q(late_materials=True))),
        Kind("effect.used", effect, "目录写明少交材料或者少等时间的承诺", sources.SPARED, _fixed(Q(pk__isnull=False))),
        Kind("effect.materials", effect, "少交材料（件）", sources.SPARED, _fixed(sources.SPARES_MATERIALS), materials),
        Kind("effect.days", effect, "少等时间（工作日）", sources.SPARED, _fixed(Q(**{f"{days}__gt": 0})), days),
        Kind("warning.all", warning, "产生预警", sources.WARNINGS, _fixed(Q(pk__isnull=False))),
        *(
            Kind(f"warning.{code}", warning, f"预警：{label}", sources.WARNINGS, _fixed(Q(state=code)))
            for code, label in (("true", "属实"), ("false", "误报"), ("open", "待核实"))
        ),
        Kind("warning.case", warning, "据预警立案", sources.WARNINGS, _fixed(Q(case__isnull=False))),
        Kind("complaint.received", warning, "消费投诉", sources.COMPLAINTS, lambda span: span.days("received_on")),
        Kind("complaint.handled", warning, "办结消费投诉", sources.COMPLAINTS, lambda span: span.days("handled_on")),
        Kind("reading.offered", education, "提供读本", sources.OFFERS, _fixed(Q(pk__isnull=False))),
        Kind("reading.read", education, "阅读读本", sources.OFFERS, _fixed(Q(read_at__isnull=False))),
        Kind("check.all", check, "核查", checks, _fixed(Q(pk__isnull=False))),
        *(
            Kind(f"check.{code}", check, f"结论：{label}", checks, _fixed(Q(route=str(code))))
            for code, label in sources.ROUTES.items()
        ),
        Kind("check.key", check, "其中重点审查", checks, _fixed(Q(scrutiny=str(Scrutiny.KEY)))),
        Kind("check.allowed", check, "同意例外", sources.OVERRIDES, _fixed(Q(state="allowed"))),
        Kind("check.declined", check, "不同意例外", sources.OVERRIDES, _fixed(Q(state="declined"))),
        Kind("case.opened", breach, "立案", cases, lambda span: span.days("opened_on")),
        Kind("case.determined", breach, "认定违诺", cases, lambda span: span.days("determined_on")),
        Kind("case.served", breach, "送达认定书", cases, lambda span: span.days("served_on")),
        Kind("case.revoked", breach, "撤销认定", cases, lambda span: span.days("revoked_on")),
        Kind("report.on_time", breach, "按期上报信用办", duties, _fixed(report & sources.MET_ON_TIME)),
        Kind("report.late", breach, "逾期上报信用办", duties, _fixed(report & sources.MET_LATE)),
        Kind("report.missing", breach, "逾期没有上报", duties, _fixed(report & open_)),
        Kind("public.commitment", public, "公示信用承诺", sources.SHOWN, _fixed(Q(pk__isnull=False))),
        Kind("public.breach", public, "公示违诺信息", sources.PUBLICATIONS, lambda span: span.days("public_from")),
        Kind("public.ended", public, "停止公示违诺信息", sources.PUBLICATIONS, lambda span: span.moments("ended_at")),
        Kind("repair.breach", repair, "违诺记录已修复", sources.ENTRIES, _fixed(Q(kind="breach"))),
        Kind("repair.other", repair, "处罚和名单记录已修复", sources.ENTRIES, _fixed(~Q(kind="breach"))),
        Kind("act.licence", act, "行政许可", sources.ACTS, lambda span: span.days("decided_on") & Q(kind="licence")),
        Kind("act.penalty", act, "行政处罚", sources.ACTS, lambda span: span.days("decided_on") & Q(kind="penalty")),
        Kind(
            "act.other", act, "其他行政行为和司法信息", sources.ACTS,
            lambda span: span.days("decided_on") & ~Q(kind__in=["licence", "penalty"]),
        ),
        Kind("act.public", act, "向社会公示", sources.ACTS, lambda span: span.days("public_from")),
        Kind("act.on_time", act, "按期公示", duties, _fixed(acts & sources.MET_ON_TIME)),
        Kind("act.late", act, "逾期公示", duties, _fixed(acts & sources.MET_LATE)),
        Kind("act.missing", act, "逾期没有公示", duties, _fixed(acts & open_)),
        Kind("list.sent", monthly, "按期报送", sources.LISTS, _fixed(Q(submitted_on__lt=F("late_from")))),
        Kind("list.late", monthly, "逾期报送", sources.LISTS, _fixed(Q(submitted_on__gte=F("late_from")))),
        Kind(
            "list.missing", monthly, "逾期没有报送", sources.LISTS,
            lambda span: Q(submitted_on__isnull=True, late_from__lte=span.as_of),
        ),
        Kind("rectification.ordered", follow, "责令限期整改", sources.RECTIFICATIONS, lambda span: span.days("ordered_on")),
        Kind(
            "rectification.passed", follow, "整改到位", sources.RECTIFICATIONS,
            lambda span: span.days("judged_on") & Q(state="passed"),
        ),
        Kind(
            "rectification.failed", follow, "整改不到位", sources.RECTIFICATIONS,
            lambda span: span.days("judged_on") & Q(state="failed"),
        ),
        Kind(
            "interview.held", follow, "约谈", sources.INTERVIEWS, lambda span: span.days("held_on") & Q(state="held")
        ),
        Kind("listing.in_force", follow, "列入名单", sources.LISTINGS, lambda span: span.days("served_on") & Q(entry__isnull=False)),
        Kind(
            "listing.exited", follow, "移出名单", sources.LISTINGS, lambda span: span.days("ended_on") & Q(state="exited")
        ),
    ]  # fmt: skip


KINDS: dict[str, Kind] = {one.key: one for one in (*_by_type(), *_plain())}


def counts(units: Sequence[int], span: Span) -> dict[int, dict[str, int]]:
    """Every figure of every unit, zeros left out. One query a source."""
    found: dict[int, dict[str, int]] = defaultdict(dict)
    for unit, key, value in _asked(units, span, _number):
        if value:
            found[unit][key] = value
    return found


def _number(kind: Kind, when: Q) -> Any:
    return Sum(kind.amount, filter=when, default=0) if kind.amount else Count("pk", filter=when)


def ids(unit: int, span: Span) -> dict[str, list[int]]:
    """The cases behind every figure of a unit, by their ids. One query a source."""
    return ids_of([unit], span)


def ids_of(units: Sequence[int], span: Span) -> dict[str, list[int]]:
    """The cases behind every figure of some units together. One query a source."""
    found: dict[str, list[int]] = defaultdict(list)
    for _, key, value in _asked(units, span, lambda _, when: ArrayAgg("pk", filter=when, default=Value([]))):
        found[key] += value
    return {key: sorted(value) for key, value in found.items() if value}


def numbers_behind(unit: int, span: Span, behind: Mapping[str, Sequence[int]]) -> dict[str, int]:
    """The figures of a unit as its cases have them: how many, or what they add up to."""
    amounts = {
        key: number
        for key, number in counts([unit], span).get(unit, {}).items()
        if KINDS[key].amount and key in behind
    }
    return {key: len(ids) for key, ids in behind.items()} | amounts


def _asked(
    units: Sequence[int], span: Span, aggregate: Callable[[Kind, Q], Any]
) -> list[tuple[int, str, Any]]:
    found = []
    for source in sources.SOURCES:
        kinds = [one for one in KINDS.values() if one.source is source]
        rows = source.rows().filter(source.within(span), **{f"{source.unit}__in": units}).order_by()
        answers = rows.values(source.unit).annotate(
            **{f"figure{place}": aggregate(one, one.when(span)) for place, one in enumerate(kinds)}
        )
        for answer in answers:
            for place, one in enumerate(kinds):
                found.append((answer[source.unit], one.key, answer[f"figure{place}"]))
    return found


def total(by_unit: Mapping[int, Mapping[str, int]]) -> dict[str, int]:
    """The figures of all units together."""
    found: dict[str, int] = defaultdict(int)
    for figures in by_unit.values():
        for key, number in figures.items():
            found[key] += number
    return found


def in_words(numbers: Mapping[str, int]) -> list[Figure]:
    """Every figure in its order, zeros too."""
    return [
        Figure(one.key, one.group, one.label, numbers.get(one.key, 0), amount=bool(one.amount))
        for one in KINDS.values()
    ]


def cases(kind: Kind, units: Sequence[int], span: Span, user: User) -> QuerySet[Any]:
    """The rows that a figure counts, the newest first: those that the user may see."""
    rows = kind.source.rows().filter(
        kind.source.within(span), kind.when(span), **{f"{kind.source.unit}__in": units}
    )
    return _shown(kind, rows, user)


def kept_cases(kind: Kind, pks: Sequence[int], user: User) -> list[Any]:
    """Rows by their ids, as a report that was sent has them, whatever has become of them since."""
    rows = _shown(kind, kind.source.rows().model._base_manager.filter(pk__in=pks), user)
    return list(rows)


def _shown(kind: Kind, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
    seen = limit_to_visible(rows, user, department_field=kind.source.unit)
    return seen.select_related(*kind.source.related).order_by("-pk")


def lines(kind: Kind, rows: Sequence[Any], user: User) -> list[Case]:
    return [kind.source.line(row, user) for row in rows]
