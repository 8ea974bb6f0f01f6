"""Plans of re-checks: proposed by one, approved by another, in force as they were approved until they are stopped (R64)."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from commitments.models import RecheckPlan
from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.deadlines import policy
from credit_portal.registry import groups, numbering
from credit_portal.registry.models import CommitmentType, Department, Domain, ServiceItem, User
from credit_portal.registry.visibility import departments_visible_to, has_role

State = RecheckPlan.State
SHARE = "recheck_share"
PLANS = (groups.OFFICER, groups.HEAD, groups.CREDIT_OFFICE)
APPROVES = (groups.HEAD, groups.CREDIT_OFFICE)
MOST_ITEMS = 200


@dataclass(frozen=True)
class Told:
    """What a plan says. `department`: only its commitments; None: all of the region and below (the credit office alone)."""

    name: str
    starts_on: date
    department: Department | None = None
    types: Sequence[str] = ()
    domains: Sequence[str] = ()
    item_codes: Sequence[str] = ()
    by_risk: bool = False
    by_grade: bool = False
    higher_percent: int | None = None
    lower_percent: int | None = None


class PlanError(ValueError):
    """A plan or a round cannot be so; `field` names what is wrong, the message says it in Chinese."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def plans_visible_to(user: User) -> QuerySet[RecheckPlan]:
    """The plans that a member of staff may read: those that look at departments of its reach."""
    reach = departments_visible_to(user)
    if user.department is None or not reach.exists():
        return RecheckPlan.objects.none()
    own = Q(department__in=reach) | Q(office__in=reach)
    # A plan of a region above or of the own one concerns every department in it.
    return RecheckPlan.objects.filter(
        own | Q(department__isnull=True, region__in=user.department.region.lineage)
    )


@transaction.atomic
def propose(*, told: Told, actor: User, now: datetime, is_demo: bool = False) -> RecheckPlan:
    """Put a plan before a second person. Officers plan for their own department, the credit office for its region and
    below. Raises PlanError."""
    if not has_role(actor, *PLANS) or actor.department is None:
        raise PlanError("复核计划由部门经办人、负责人或者信用办提出。")
    regional = has_role(actor, groups.CREDIT_OFFICE)
    department = told.department if regional else actor.department
    if department is not None and not departments_visible_to(actor).filter(pk=department.pk).exists():
        raise PlanError("这个部门不在您的管理范围内。", field="department")
    if told.by_risk and told.by_grade:
        raise PlanError("按信用状况和按信用等级只选一种。", field="by_grade")
    plan = RecheckPlan(
        number=numbering.document_number("S", actor.department.region_id, local_date(now).year),
        name=_text(told.name, field="name", label="名称", most=100),
        region=department.region if department is not None else actor.department.region,
        department=department,
        office=actor.department,
        types=_among(told.types, CommitmentType.values, "types", "承诺类型"),
        domains=_among(told.domains, Domain.values, "domains", "领域"),
        item_codes=_items(told.item_codes),
        by_risk=told.by_risk,
        by_grade=told.by_grade,
        higher_percent=_percent(told.higher_percent, told.by_risk, "higher_percent", "信用状况较差的比例"),
        lower_percent=_percent(told.lower_percent, told.by_risk, "lower_percent", "信用状况良好的比例"),
        starts_on=told.starts_on,
        proposed_by=actor,
        proposed_at=now,
        is_demo=is_demo,
    )
    if plan.by_risk:
        _rates_in_order(plan)
    if told.starts_on < local_date(now):
        raise PlanError(f"首轮日期不能早于今天（{local_date(now)}）。", field="starts_on")
    plan.save()
    _tell(plan, "proposed", actor, now)
    return plan


@transaction.atomic
def approve(*, plan_id: int, actor: User, now: datetime) -> RecheckPlan:
    """Another person agrees: rounds are drawn from its first day on, by a seed that nobody has chosen and nobody has seen.
    Raises PlanError."""
    plan = _to_decide(plan_id, actor)
    if plan.proposed_by_id == actor.pk:
        raise PlanError("提出计划的人不能批准自己的计划，须由另一人批准。")
    plan.state, plan.decided_by, plan.decided_at = State.APPROVED, actor, now
    plan.next_on = max(plan.starts_on, local_date(now))
    plan.seed = secrets.token_hex(32)
    plan.save(update_fields=["state", "decided_by", "decided_at", "next_on", "seed"])
    _tell(plan, "approved", actor, now)
    return plan


@transaction.atomic
def reject(*, plan_id: int, reason: str, actor: User, now: datetime) -> RecheckPlan:
    """Another person does not agree, and says why. Raises PlanError."""
    plan = _to_decide(plan_id, actor)
    if plan.proposed_by_id == actor.pk:
        raise PlanError("提出计划的人不能自己决定，须由另一人决定。")
    plan.decision_note = _text(reason, field="reason", label="不批准的理由", most=300)
    plan.state, plan.decided_by, plan.decided_at = State.REJECTED, actor, now
    plan.save(update_fields=["state", "decided_by", "decided_at", "decision_note"])
    _tell(plan, "rejected", actor, now)
    return plan


@transaction.atomic
def end(*, plan_id: int, reason: str, actor: User, now: datetime) -> RecheckPlan:
    """No round is drawn any more; what was drawn is still to be looked at. Raises PlanError."""
    plan = _in_reach(plan_id, actor)
    if plan.state != State.APPROVED:
        raise PlanError(f"这份计划{plan.get_state_display()}，不能停止。")
    plan.end_reason = _text(reason, field="reason", label="停止的理由", most=300)
    plan.state, plan.ended_by, plan.ended_at, plan.next_on = State.ENDED, actor, now, None
    plan.save(update_fields=["state", "ended_by", "ended_at", "end_reason", "next_on"])
    _tell(plan, "ended", actor, now)
    return plan


def may_decide(plan: RecheckPlan, user: User) -> bool:
    """Whether somebody may approve, refuse, stop a plan or draw its round: of the department that it looks at or of the
    office that made it, its head; the credit office of the region or above."""
    if user.department is None or not has_role(user, *APPROVES):
        return False
    if has_role(user, groups.CREDIT_OFFICE) and user.department.region_id in plan.region.lineage:
        return True
    return has_role(user, groups.HEAD) and plan.department_id == user.department_id


def in_words(plan: RecheckPlan) -> list[tuple[str, str]]:
    """What a plan looks at, as lines of a page."""
    types, domains = dict(CommitmentType.choices), dict(Domain.choices)
    lines = [
        ("范围", plan.department.name if plan.department else f"{plan.region.name}及以下各部门"),
        ("承诺类型", "、".join(types[one] for one in plan.types) or "全部"),
        ("领域", "、".join(domains[one] for one in plan.domains) or "全部"),
        ("事项", "、".join(plan.item_codes) or "全部"),
    ]
    if plan.by_risk:
        lines.append(
            (
                "分层",
                f"信用状况较差的 {plan.higher_percent}%，良好的 {plan.lower_percent}%，其余按本地区规则的比例",
            )
        )
    elif plan.by_grade:
        lines.append(("分层", "按信用等级，各层的比例按抽取当日的本地区规则"))
    else:
        lines.append(("分层", "不分层，一律按本地区规则的比例"))
    return lines


def _in_reach(plan_id: int, actor: User) -> RecheckPlan:
    plan = (
        RecheckPlan.objects.select_for_update(of=("self",))
        .select_related("region", "department", "office")
        .get(pk=plan_id)
    )
    if not may_decide(plan, actor):
        raise PlanError("复核计划由被复核部门的负责人或者本地区或者上级的信用办批准和停止。")
    return plan


def _to_decide(plan_id: int, actor: User) -> RecheckPlan:
    plan = _in_reach(plan_id, actor)
    if plan.state != State.PROPOSED:
        raise PlanError(f"这份计划{plan.get_state_display()}，不再等待批准。")
    return plan


def _tell(plan: RecheckPlan, deed: str, actor: User, now: datetime) -> None:
    events.recheck_plan(
        now=now,
        actor_id=actor.pk,
        department_id=plan.office_id,
        plan_id=plan.pk,
        number=plan.number,
        deed=deed,
    )


def _text(value: str, *, field: str, label: str, most: int) -> str:
    written = value.strip()
    if not 2 <= len(written) <= most:
        raise PlanError(f"{label}应为 2 至 {most} 个字，现为 {len(written)} 个字。", field=field)
    return written


def _among(chosen: Sequence[str], known: Sequence[str], field: str, label: str) -> list[str]:
    if wrong := sorted(set(chosen) - set(known)):
        raise PlanError(f"没有这种{label}：{'、'.join(wrong)}。", field=field)
    return [one for one in known if one in chosen]


def _items(codes: Sequence[str]) -> list[str]:
    wanted = sorted({code.strip() for code in codes if code.strip()})
    if len(wanted) > MOST_ITEMS:
        raise PlanError(f"最多列 {MOST_ITEMS} 个事项，现为 {len(wanted)} 个。", field="item_codes")
    known = set(
        ServiceItem.objects.filter(code__in=[one[:40] for one in wanted]).values_list("code", flat=True)
    )
    if missing := [code for code in wanted if code not in known]:
        raise PlanError(f"目录中没有事项 {'、'.join(missing[:5])}。", field="item_codes")
    return wanted


def _percent(value: int | None, by_risk: bool, field: str, label: str) -> int | None:
    if not by_risk:
        if value is not None:
            raise PlanError(f"没有按信用状况分层的，不填{label}。", field=field)
        return None
    if value is None or not 1 <= value <= 100:
        raise PlanError(f"按信用状况分层的，请填写{label}（1 至 100）。", field=field)
    return value


def _rates_in_order(plan: RecheckPlan) -> None:
    """Whoever is trusted is not looked at more often than others, whoever is not, no less (S1 三（七）, S4 7; R65)."""
    try:
        share = policy.value(SHARE, lineage=plan.region.lineage, on=plan.starts_on).length
    except policy.NoRule:
        # Then none is drawn before the office has set the rule.
        return
    if plan.higher_percent is not None and plan.higher_percent < share:
        raise PlanError(f"信用状况较差的比例不能低于本地区规则的 {share}%。", field="higher_percent")
    if plan.lower_percent is not None and plan.lower_percent > share:
        raise PlanError(f"信用状况良好的比例不能高于本地区规则的 {share}%。", field="lower_percent")
