"""The order that open cases follow a new rule: proposed by one person of the credit office with its preview, approved by
another, carried out by the sweep on its day (`carrying_out`)."""

from collections.abc import Collection
from datetime import date, datetime
from itertools import islice

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.deadlines.models import PolicyRule, RuleProposal, SwitchLine, SwitchOrder
from credit_portal.registry import groups, kept_by_two
from credit_portal.registry.models import Region, User
from credit_portal.registry.visibility import has_role

from . import kinds
from .changes import Change, of_rule, rule_of
from .kinds import Kind, Moved

State = SwitchOrder.State
BATCH = 1_000
ERROR_OFFICE = "未结事项的调整由本地区或上级地区的信用办办理。"


class OrderRefused(ValidationError):
    """An order cannot be proposed or decided; told by field, in Chinese."""


# ---- who may -----------------------------------------------------------------------------------------------


def orders_visible_to(user: User) -> QuerySet[SwitchOrder]:
    if not has_role(user, groups.CREDIT_OFFICE, groups.AUDITOR) or user.department is None:
        return SwitchOrder.objects.none()
    path = user.department.region.path
    regions = Region.objects.filter(path=path) | Region.objects.filter(path__startswith=f"{path}/")
    return SwitchOrder.objects.filter(region__in=regions)


def waiting_for(user: User) -> QuerySet[SwitchOrder]:
    """Orders of others that this user may approve or reject."""
    return SwitchOrder.objects.filter(state=State.OPEN, region__in=kept_by_two.regions_of(user)).exclude(
        proposed_by_id=user.pk
    )


def scope_for(user: User, region: Region) -> Region | None:
    """Whose records this user may move by a rule of a region: the lower of the two; None where neither lies in the other."""
    if user.department is None:
        return None
    own = user.department.region
    if region.code in own.lineage:
        return own
    return region if own.code in region.lineage else None


def may_look(user: User, region: Region) -> bool:
    return has_role(user, groups.CREDIT_OFFICE, groups.AUDITOR) and scope_for(user, region) is not None


# ---- what it would do --------------------------------------------------------------------------------------


def source_of(order: SwitchOrder) -> PolicyRule | RuleProposal:
    """The rule or the proposal that an order hangs on: one of the two (constraint)."""
    return order.rule or order.proposal  # type: ignore[return-value]


def change_of(order: SwitchOrder, *, day: date | None = None) -> Change:
    """The change of an order as it stands on a day (its own day, if none is named)."""
    source = source_of(order)
    rule = source if isinstance(source, PolicyRule) else rule_of(source)
    return of_rule(rule, scope=order.region, day=max(day or order.effective_on, order.effective_on))


# ---- proposed, approved, rejected, taken back --------------------------------------------------------------


@transaction.atomic
def propose(
    *,
    source: PolicyRule | RuleProposal,
    region: Region,
    kinds_chosen: Collection[str],
    effective_on: date,
    reason: str,
    actor: User,
    now: datetime,
    spare_worse: bool = True,
) -> SwitchOrder:
    """The first person's order. What it would do is computed and kept as it is previewed now; nothing moves. Raises
    OrderRefused."""
    _check_office(actor, region)
    is_rule = isinstance(source, PolicyRule)
    rule = source if isinstance(source, PolicyRule) else rule_of(source)
    if isinstance(source, RuleProposal) and source.state not in ("open", "approved"):
        raise OrderRefused(f"这项提议{source.get_state_display()}，不能据以调整。")
    if scope_for(actor, rule.region) is None or rule.region_id not in [*region.lineage, region.code]:
        raise OrderRefused(ERROR_OFFICE)
    _check_fields(rule, effective_on=effective_on, reason=reason, today=local_date(now))
    change = of_rule(rule, scope=region, day=effective_on)
    chosen = [kind for kind in kinds.concerned(change) if kind.name in kinds_chosen]
    if not chosen or len(chosen) < len(set(kinds_chosen)):
        raise OrderRefused({"kinds": "请选择这项规则涉及的事项。"})
    order = SwitchOrder(
        proposal=None if is_rule else source,
        rule=source if is_rule else None,
        region=region,
        kinds=[kind.name for kind in chosen],
        spare_worse=spare_worse,
        effective_on=effective_on,
        reason=reason.strip(),
        previewed_at=now,
        proposed_at=now,
        proposed_by=actor,
    )
    try:
        with transaction.atomic():
            order.save(force_insert=True)
    except IntegrityError as error:
        raise OrderRefused("这项规则在本地区已有未完成的调整令。") from error
    for kind in chosen:
        _keep_preview(order, kind, change)
    tell(order, "proposed", actor, now)
    return order


@transaction.atomic
def approve(*, order: SwitchOrder, actor: User, now: datetime, note: str = "") -> SwitchOrder:
    """Another person agrees; on its day the sweep carries it out. Raises OrderRefused."""
    locked = _open(order, State.OPEN)
    _check_office(actor, locked.region)
    if locked.proposed_by_id == actor.pk:
        raise OrderRefused("不能核准自己提出的调整令，须由信用办另一人核准。")
    if locked.proposal is not None and locked.proposal.rule is None:
        raise OrderRefused("规则变更提议尚未核准；先核准规则，再核准调整令。")
    return _close(locked, State.APPROVED, actor, note, now)


@transaction.atomic
def reject(*, order: SwitchOrder, actor: User, note: str, now: datetime) -> SwitchOrder:
    """Another person does not agree, and says why. Raises OrderRefused."""
    locked = _open(order, State.OPEN)
    _check_office(actor, locked.region)
    if locked.proposed_by_id == actor.pk:
        raise OrderRefused("不能决定自己提出的调整令；不再需要的请撤回。")
    if not note.strip():
        raise OrderRefused({"note": "请写明不核准的理由。"})
    return _close(locked, State.REJECTED, actor, note, now)


@transaction.atomic
def cancel(*, order: SwitchOrder, actor: User, now: datetime, note: str = "") -> SwitchOrder:
    """Taken back before it begins: an open one by its proposer, an approved one by anybody of the office, with a reason.
    Raises OrderRefused."""
    locked = _open(order, State.OPEN, State.APPROVED)
    _check_office(actor, locked.region)
    if locked.state == State.OPEN and locked.proposed_by_id != actor.pk:
        raise OrderRefused("只有提出人可以撤回待核准的调整令。")
    if locked.state == State.APPROVED and not note.strip():
        raise OrderRefused({"note": "调整令已经核准，撤回须写明理由。"})
    # Whoever approved it stays in the log; an order that is taken back moves nothing.
    return _close(locked, State.CANCELLED, actor, note, now)


# ---- parts -------------------------------------------------------------------------------------------------


def _check_office(actor: User, region: Region) -> None:
    if not kept_by_two.regions_of(actor).filter(pk=region.pk).exists():
        raise OrderRefused(ERROR_OFFICE)


def _check_fields(rule: PolicyRule, *, effective_on: date, reason: str, today: date) -> None:
    problems = {}
    if effective_on < today:
        problems["effective_on"] = f"施行日不能早于今天（{today}）。"
    elif effective_on < rule.effective_from:
        problems["effective_on"] = f"施行日不能早于规则生效日期 {rule.effective_from}。"
    elif rule.effective_to is not None and effective_on > rule.effective_to:
        problems["effective_on"] = f"规则于 {rule.effective_to} 失效，施行日不能在此之后。"
    if not reason.strip():
        problems["reason"] = "请写明为何调整未结事项。"
    elif len(reason.strip()) > 300:
        problems["reason"] = f"最多 300 字，现为 {len(reason.strip())} 字。"
    if problems:
        raise OrderRefused(problems)


def _keep_preview(order: SwitchOrder, kind: Kind, change: Change) -> None:
    found = kinds.touched(kind, change)
    while some := list(islice(found, BATCH)):
        SwitchLine.objects.bulk_create(
            [line_of(order, kind, moved, previewed=stored_days(moved)) for moved in some]
        )


def line_of(order: SwitchOrder, kind: Kind, moved: Moved, *, previewed: list[list[str]]) -> SwitchLine:
    return SwitchLine(
        order=order,
        kind=kind.name,
        record_id=moved.pk,
        matter=moved.matter[:60],
        department=moved.department[:100],
        previewed=previewed,
        worse=moved.worse,
        ends=moved.ends,
        note=moved.why[:300],
    )


def stored_days(moved: Moved) -> list[list[str]]:
    return [[day.label, day.old.isoformat(), day.new.isoformat()] for day in moved.days]


def _open(order: SwitchOrder, *states: str) -> SwitchOrder:
    locked = (
        SwitchOrder.objects.select_for_update(of=("self",))
        .select_related("region", "proposal__rule", "rule", "proposed_by")
        .get(pk=order.pk)
    )
    if locked.state not in states:
        raise OrderRefused(f"这项调整令{locked.get_state_display()}，不能再作决定。")
    return locked


def _close(order: SwitchOrder, state: State, actor: User, note: str, now: datetime) -> SwitchOrder:
    order.state, order.closed_by, order.closed_at = state, actor, now
    order.closing_note = note.strip()[:300]
    order.save()
    tell(order, state.value, actor, now)
    return order


def tell(order: SwitchOrder, deed: str, actor: User | None, now: datetime, **facts: int) -> None:
    events.switch_order(
        now=now,
        actor_id=actor.pk if actor else None,
        department_id=actor.department_id if actor else None,
        order_id=order.pk,
        region=order.region_id,
        effective_on=order.effective_on,
        deed=deed,
        **facts,
    )
