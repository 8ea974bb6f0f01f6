"""The way back from a breach, told with the determination and wherever the breach is shown: from which day repair can be
asked for, how, with what, of whom, for nothing, and what a broken repair commitment brings (R98, R100, R127).

The days and methods are dated policy; an unconfirmed rule is told as a suggestion and holds nobody up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from credit_portal.deadlines import policy
from credit_portal.deadlines.articles import article_text
from credit_portal.deadlines.periods import last_day_after_months

from .models import BreachCase

METHODS_KEY, TERM_KEY, LOCKOUT_KEY, PUBLICITY_KEY = (
    "repair_methods", "repair_commitment_term", "repair_lockout", "publicity",
)  # fmt: skip
DECISION_KEY, CONFIRMATION_KEY, ANNOUNCED_KEY = "repair_decision", "repair_confirmation", "repair_announced"
KEYS = (METHODS_KEY, TERM_KEY, LOCKOUT_KEY, DECISION_KEY, CONFIRMATION_KEY, ANNOUNCED_KEY)

COMMITMENT, OTHER = "commitment", "other"
METHOD_LABELS = {
    "performance": "主动履行承诺",
    COMMITMENT: "作出修复承诺",
    "rectification": "完成信用整改",
    "check": "通过信用核查",
    "training": "接受专题培训",
    "report": "提交信用报告",
    "public_service": "参加公益慈善活动",
    OTHER: "其他方式",
}
# What to bring for each. Empty: nothing, it is done in the portal or by the department.
BRING = {
    "performance": "能够证明承诺已经履行的材料，例如补交的材料、缴款凭证、验收或者交付的记录、现场照片",
    COMMITMENT: "",
    "rectification": "整改情况说明，以及整改完成的证明，例如验收意见、复查记录、照片",
    "check": "",
    "training": "参加信用修复培训的证明，例如结业证明、考核结果",
    "report": "信用报告，写明出具机构、编号和日期",
    "public_service": "公益慈善组织出具的证明，或者捐赠票据",
    OTHER: "说明采取的方式，并附能够证明的材料",
}
# What the department does itself, so that nothing need be brought.
BY_DEPARTMENT = "由主管部门核查，不需要您提交材料"
# Whichever door: the department decides (S1 十三, S4 13: 一网通办).
WHERE = "网上、任一政务服务窗口或者{department}"
IN_PORTAL = "在本门户阅读并签署，不需要另外准备材料"


@dataclass(frozen=True)
class Method:
    code: str
    label: str
    bring: str
    required: bool

    @property
    def needs_file(self) -> bool:
        return bool(BRING[self.code])


@dataclass(frozen=True)
class WayBack:
    """`from_on`: the first day on which repair can be asked for (None: not known yet, `from_text` says on what it hangs).
    `term_months`, `lockout_months`: None where the region has not confirmed a length; then none holds."""

    from_on: date | None
    from_text: str
    methods: tuple[Method, ...]
    article: str
    confirmed: bool
    decision_days: int | None
    confirmation_days: int | None
    term_months: int | None
    lockout_months: int | None
    announced: bool
    to: str = ""

    @property
    def at_least_one_of(self) -> tuple[Method, ...]:
        """Of these one at least has to be taken, beside what is required."""
        free = tuple(method for method in self.methods if not method.required)
        return free or self.methods

    @property
    def required(self) -> tuple[Method, ...]:
        return tuple(method for method in self.methods if method.required)


def methods_of(rule: policy.Value | None) -> tuple[Method, ...]:
    """The methods of a region's rule, what is required first. A rule that nobody confirmed requires nothing."""
    if rule is None:
        return ()
    codes = list(rule.value["methods"]) + ([OTHER] if rule.value.get("open") else [])
    required = set(rule.value.get("required", ())) if rule.confirmed else set()
    known = [code for code in METHOD_LABELS if code in codes]
    return tuple(
        Method(code, METHOD_LABELS[code], _bring(code), code in required)
        for code in sorted(known, key=lambda code: code not in required)
    )


def _bring(code: str) -> str:
    return BRING[code] or (IN_PORTAL if code == COMMITMENT else BY_DEPARTMENT)


def way_back(
    rules: Mapping[str, policy.Value], *, from_on: date | None, from_text: str, to: str = ""
) -> WayBack:
    """What can be done, from the rules of a region on a day. Pure."""
    methods = rules.get(METHODS_KEY)
    announced = rules.get(ANNOUNCED_KEY)
    return WayBack(
        from_on=from_on,
        from_text=from_text,
        methods=methods_of(methods),
        article=article_text(methods.basis) if methods is not None and methods.confirmed else "",
        confirmed=methods is not None and methods.confirmed,
        decision_days=_days(rules.get(DECISION_KEY)),
        confirmation_days=_days(rules.get(CONFIRMATION_KEY)),
        term_months=confirmed_months(rules.get(TERM_KEY)),
        lockout_months=confirmed_months(rules.get(LOCKOUT_KEY)),
        announced=announced is not None and announced.confirmed and bool(announced.value),
        to=to,
    )


def confirmed_months(rule: policy.Value | None) -> int | None:
    """A length that may be held against somebody: only one that the region has confirmed."""
    return int(rule.value) if rule is not None and rule.confirmed else None


def _days(rule: policy.Value | None) -> int | None:
    return int(rule.value) if rule is not None else None


def rules_of(lineage: Sequence[str], on: date) -> dict[str, policy.Value]:
    """The rules on repair in force in a region on a day, in one query."""
    return policy.values(KEYS, lineage=lineage, on=on)


def first_day_told(
    *,
    determined_on: date,
    served_on: date | None,
    publicity: policy.Value | None,
    day_text: str = "%Y年%-m月%-d日",
) -> tuple[date | None, str]:
    """What a determination can say of the first day before anybody has decided on its publication: unpublished, at once
    after service; published, after the minimum of the rule, which runs from the determination. Pure."""
    at_once = "不予公示的，自认定书送达之日起即可申请信用修复"
    if publicity is None or not publicity.confirmed:
        return served_on, at_once + "；予以公示的，自公示决定中写明的日期起可以申请"
    if publicity.value.get("published") is False:
        return served_on, "轻微违诺原则上不公示，自认定书送达之日起即可申请信用修复"
    after = last_day_after_months(determined_on, int(publicity.value["min"])) + timedelta(days=1)
    return after, f"{at_once}；予以公示的，自{after.strftime(day_text)}起可以申请"


def told_with(case: BreachCase) -> WayBack:
    """The way back as the determination of a case says it, on its day and before it is served or published."""
    day = case.determined_on or case.opened_on
    lineage = case.region.lineage
    commitment = case.commitment
    publicity = policy.values(
        (PUBLICITY_KEY,), lineage=lineage, on=day, domain=commitment.item_version.domain,
        commitment_type=commitment.commitment_type, grade=case.grade,
    ).get(PUBLICITY_KEY)  # fmt: skip
    from_on, text = first_day_told(determined_on=day, served_on=None, publicity=publicity)
    return way_back(rules_of(lineage, day), from_on=from_on, from_text=text, to=case.department.name)
