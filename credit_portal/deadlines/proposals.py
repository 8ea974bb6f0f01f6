"""Rules are changed by two persons: one of a region's credit office proposes, another approves, and only then a rule
holds. A rule that begins ends the one before it, so that of one rule there is one value on every day.

Open duties keep the value of their own day: to move them is an act of its own (`apply_to_open`), after a preview.
"""

from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat

from credit_portal.audit import events, history
from credit_portal.audit.clock import local_date
from credit_portal.registry import groups, kept_by_two
from credit_portal.registry.below import within
from credit_portal.registry.models import Region, User
from credit_portal.registry.visibility import has_role

from . import recounting
from .loading import DAYS, MONTHS, SHAPES, WORKING_DAYS, rule_problems
from .models import PolicyRule, RuleProposal
from .wording import PARTS

State = RuleProposal.State
IDENTITY = ("region", "key", "domain", "commitment_type", "grade")
_DAY = timedelta(days=1)


class RuleRefused(ValidationError):
    """A proposal cannot be made or decided; told by field, in Chinese."""


# ---- who may -----------------------------------------------------------------------------------------------


def proposals_visible_to(user: User) -> QuerySet[RuleProposal]:
    if not has_role(user, groups.CREDIT_OFFICE, groups.AUDITOR) or user.department is None:
        return RuleProposal.objects.none()
    return RuleProposal.objects.filter(region__in=_below(user.department.region.path))


def waiting_for(user: User) -> QuerySet[RuleProposal]:
    """Proposals of others that this user may approve or reject."""
    return RuleProposal.objects.filter(state=State.OPEN, region__in=kept_by_two.regions_of(user)).exclude(
        proposed_by_id=user.pk
    )


def unconfirmed_for(user: User, *, on: date) -> QuerySet[PolicyRule]:
    """The unconfirmed rules that hold in the user's region on a day: a rule of a region goes before its parents'."""
    if user.department is None:
        return PolicyRule.objects.none()
    lineage = user.department.region.lineage
    in_force = Q(effective_to__isnull=True) | Q(effective_to__gte=on)
    nearer = PolicyRule.objects.filter(
        in_force,
        # Of the region itself, a later one goes before, too.
        Q(region__path__startswith=Concat(OuterRef("region__path"), Value("/")))
        | Q(region=OuterRef("region"), effective_from__gt=OuterRef("effective_from")),
        effective_from__lte=on,
        key=OuterRef("key"),
        region_id__in=lineage,
    )
    for name in IDENTITY[2:]:
        nearer = nearer.filter(Q(**{name: ""}) | Q(**{name: OuterRef(name)}))
    return PolicyRule.objects.filter(in_force, ~Exists(nearer), confirmed=False, region_id__in=lineage)


def _below(path: str) -> QuerySet[Region]:
    return Region.objects.filter(within(path, ""))


# ---- proposed, approved, rejected, taken back --------------------------------------------------------------


@transaction.atomic
def propose_rule(
    *,
    region: Region,
    key: str,
    value: Any,
    basis: str,
    effective_from: date,
    actor: User,
    now: datetime,
    effective_to: date | None = None,
    domain: str = "",
    commitment_type: str = "",
    grade: str = "",
    reason: str = "",
) -> RuleProposal:
    """The first person's proposal of a rule, confirmed by the office; nothing changes yet. Raises RuleRefused.

    `value` as the shape of the key says. A day in the past needs a reason.
    """
    _check_office(actor, region)
    proposal = RuleProposal(
        region=region,
        key=key,
        domain=domain,
        commitment_type=commitment_type,
        grade=grade,
        value=value,
        unit=SHAPES[key].unit if key in SHAPES else "",
        basis=basis.strip(),
        confirmed=True,
        effective_from=effective_from,
        effective_to=effective_to,
        reason=reason.strip(),
        proposed_at=now,
        proposed_by=actor,
    )
    _check_rule(proposal)
    if effective_from < local_date(now) and not proposal.reason:
        raise RuleRefused({"reason": f"生效日期 {effective_from} 已过，须写明追溯的理由。"})
    _check_place(proposal)
    try:
        with transaction.atomic():
            proposal.save(force_insert=True)
    except IntegrityError as error:
        raise RuleRefused({"effective_from": "该规则在这一生效日期已有待核准的提议。"}) from error
    _tell("proposed", proposal, actor, now)
    return proposal


@transaction.atomic
def approve(*, proposal: RuleProposal, actor: User, now: datetime, note: str = "") -> RuleProposal:
    """Another person agrees: the rule holds from its day on, and the one before it ends. Raises RuleRefused."""
    locked = _open(proposal)
    _check_office(actor, locked.region)
    if locked.proposed_by_id == actor.pk:
        raise RuleRefused("不能核准自己的提议，须由信用办另一人核准。")
    if locked.effective_from < local_date(now) and not (locked.reason or note.strip()):
        raise RuleRefused({"note": f"生效日期 {locked.effective_from} 已过，须写明追溯的理由。"})
    # One change of a region's rules at a time: two approvals could otherwise not see each other.
    Region.objects.select_for_update(no_key=True).get(pk=locked.region_id)
    before = _check_place(locked)
    if before is not None:
        _end(before, on=locked.effective_from - _DAY, actor=actor, now=now)
    rule = PolicyRule(
        **{name: getattr(locked, name) for name in IDENTITY},
        value=locked.value,
        unit=locked.unit,
        basis=locked.basis,
        confirmed=locked.confirmed,
        effective_from=locked.effective_from,
        effective_to=locked.effective_to,
        entered_by=locked.proposed_by,
        approved_by=actor,
    )
    history.note(rule, actor=actor, now=now)
    rule.save(force_insert=True)
    events.policy_loaded(
        now=now,
        actor_id=actor.pk,
        rule_id=rule.pk,
        region=rule.region_id,
        key=rule.key,
        effective_from=rule.effective_from.isoformat(),
    )
    locked.rule = rule
    return _close(locked, State.APPROVED, actor, note, now)


@transaction.atomic
def reject(*, proposal: RuleProposal, actor: User, note: str, now: datetime) -> RuleProposal:
    """Another person does not agree, and says why. Raises RuleRefused."""
    locked = _open(proposal)
    _check_office(actor, locked.region)
    if locked.proposed_by_id == actor.pk:
        raise RuleRefused("不能决定自己的提议；不再需要的请撤回。")
    if not note.strip():
        raise RuleRefused({"note": "请写明不核准的理由。"})
    return _close(locked, State.REJECTED, actor, note, now)


@transaction.atomic
def cancel(*, proposal: RuleProposal, actor: User, now: datetime, note: str = "") -> RuleProposal:
    """The first person takes the proposal back. Raises RuleRefused."""
    locked = _open(proposal)
    if locked.proposed_by_id != actor.pk:
        raise RuleRefused("只有提议人可以撤回提议。")
    return _close(locked, State.CANCELLED, actor, note, now)


# ---- open duties -------------------------------------------------------------------------------------------


def counts_time(key: str) -> bool:
    """Whether duties are counted by rules of this key."""
    shape = SHAPES.get(key)
    return shape is not None and shape.kind == "number" and shape.unit in (WORKING_DAYS, DAYS, MONTHS)


def apply_to_open(*, proposal: RuleProposal, actor: User, now: datetime) -> list[recounting.Move]:
    """Count the open duties anew by an approved rule; each is moved with an event. Raises RuleRefused."""
    _check_office(actor, proposal.region)
    if proposal.rule is None:
        raise RuleRefused("提议尚未核准。")
    return recounting.apply_rule(proposal.rule, actor=actor, now=now)


# ---- parts -------------------------------------------------------------------------------------------------


def _check_office(actor: User, region: Region) -> None:
    if not kept_by_two.regions_of(actor).filter(pk=region.pk).exists():
        raise RuleRefused({"region": "本地区及以下的规则由信用办变更。"})


def _check_rule(proposal: RuleProposal) -> None:
    table = {
        "key": proposal.key,
        "value": proposal.value,
        "unit": proposal.unit,
        "basis": proposal.basis,
        "confirmed": proposal.confirmed,
        "effective_from": proposal.effective_from,
    }
    if proposal.effective_to is not None:
        table["effective_to"] = proposal.effective_to
    table |= {name: wanted for name in IDENTITY[2:] if (wanted := getattr(proposal, name))}
    problems: dict[str, list[str]] = {}
    for name, what in rule_problems(table, words=PARTS):
        problems.setdefault(name, []).append(what)
    if len(proposal.reason) > 300:
        problems["reason"] = [f"最多 300 字，现为 {len(proposal.reason)} 字。"]
    if problems:
        raise RuleRefused(problems)


def _check_place(proposal: RuleProposal) -> PolicyRule | None:
    """The rule that this one would end, locked. Raises RuleRefused where it would overlap a later one."""
    same = PolicyRule.objects.select_for_update().filter(
        **{name: getattr(proposal, name) for name in IDENTITY}
    )
    start = proposal.effective_from
    if same.filter(effective_from=start).exists():
        raise RuleRefused({"effective_from": f"同一规则已有自 {start} 起的取值，请另选生效日期。"})
    later = same.filter(effective_from__gt=start).order_by("effective_from").first()
    if later is not None and (proposal.effective_to is None or proposal.effective_to >= later.effective_from):
        last = later.effective_from - _DAY
        raise RuleRefused(
            {"effective_to": f"同一规则自 {later.effective_from} 起已有取值，失效日期不能晚于 {last}。"}
        )
    return same.filter(
        Q(effective_to__isnull=True) | Q(effective_to__gte=start), effective_from__lt=start
    ).first()


def _end(rule: PolicyRule, *, on: date, actor: User, now: datetime) -> None:
    rule.effective_to = on
    history.note(rule, actor=actor, now=now)
    rule.save(update_fields=["effective_to"])
    events.rule_ended(
        now=now,
        actor_id=actor.pk,
        rule_id=rule.pk,
        region=rule.region_id,
        key=rule.key,
        effective_to=on,
    )


def _open(proposal: RuleProposal) -> RuleProposal:
    locked = (
        RuleProposal.objects.select_for_update(of=("self",))
        .select_related("region", "proposed_by")
        .get(pk=proposal.pk)
    )
    if locked.state != State.OPEN:
        raise RuleRefused(f"这项提议已经办结（{locked.get_state_display()}）。")
    return locked


def _close(proposal: RuleProposal, state: State, actor: User, note: str, now: datetime) -> RuleProposal:
    proposal.state, proposal.closed_by, proposal.closed_at = state, actor, now
    proposal.closing_note = note.strip()
    proposal.save()
    _tell(state.value, proposal, actor, now)
    return proposal


def _tell(deed: str, proposal: RuleProposal, actor: User, now: datetime) -> None:
    events.rule_proposal(
        now=now,
        actor_id=actor.pk,
        department_id=actor.department_id,
        proposal_id=proposal.pk,
        region=proposal.region_id,
        key=proposal.key,
        effective_from=proposal.effective_from,
        deed=deed,
    )
