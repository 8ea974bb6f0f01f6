"""A broken repair commitment (S0 一（一）, R45, R46): a new adverse entry within its term is found from the record and put to
the department; only what the department then determines and serves locks out, for the time that the region has confirmed.
"""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.db.models import F, Q, QuerySet

from commitments import way_back
from commitments.breaches import open_case
from commitments.models import BreachCase, Commitment
from credit_portal.audit import events
from credit_portal.audit.clock import local_date
from credit_portal.deadlines.periods import last_day_after_months
from credit_portal.outbox import notices
from credit_portal.registry import groups
from credit_portal.registry.models import CommitmentType, User
from credit_portal.registry.visibility import limit_to_visible
from verification import services as verification
from verification.models import CreditEntry
from verification.vocabulary import ADVERSE
from verification.vocabulary import Kind as EntryKind
from verification.vocabulary import State as EntryState

from .models import BrokenPledge, LockOut
from .rules import RepairError

Sign = BrokenPledge
BATCH = 500
TITLE = "修复承诺期内出现新的失信记录"
LOCKED = "违反修复承诺，限制信用修复"


def signs_visible_to(user: User) -> QuerySet[BrokenPledge]:
    """Signs about commitments of the own department, for the credit office of the region and below."""
    return limit_to_visible(BrokenPledge.objects.all(), user, department_field="pledge__department")


# ---- found from the record ---------------------------------------------------------------------------------


def look_for_broken(*, now: datetime) -> int:
    """Step of the sweep: put each new entry that falls into a running repair commitment before its department, once. An
    entry counts from its day; a breach only once it was served. Gives how many are new."""
    today = local_date(now)
    found = list(_new_signs(today)[:BATCH])
    return sum(_put(commitment_id, entry_id, now=now) for commitment_id, entry_id in found)


def _new_signs(today: date) -> QuerySet[CreditEntry, tuple[int, int]]:
    """Pairs of repair commitment and entry. The commitment of the entry's own repair lies after it; a breach of the repair
    commitment itself is no new dishonesty."""
    pledged = Q(
        subject__commitments__commitment_type=CommitmentType.REPAIR,
        subject__commitments__voided_at__isnull=True,
        subject__commitments__valid_until__gte=F("from_on"),
        subject__commitments__made_on__lt=F("from_on"),
    )
    return (
        CreditEntry.objects.filter(
            pledged,
            kind__in=[str(kind) for kind in ADVERSE],
            state=EntryState.EFFECTIVE,
            verified=True,
            from_on__lte=today,
        )
        .exclude(kind=EntryKind.BREACH, served_on__isnull=True)
        .exclude(breach_case__commitment__commitment_type=CommitmentType.REPAIR)
        .exclude(pk__in=BrokenPledge.objects.filter(pledge__subject=F("entry__subject")).values("entry"))
        .order_by("pk")
        .values_list("subject__commitments", "pk")
    )


@transaction.atomic
def _put(commitment_id: int, entry_id: int, *, now: datetime) -> int:
    sign, new = BrokenPledge.objects.get_or_create(
        pledge_id=commitment_id, entry_id=entry_id, defaults={"found_at": now}
    )
    if not new:
        return 0
    pledge = sign.pledge
    _tell(sign, "发现", actor=None, now=now)
    notices.notify(
        users=User.objects.filter(
            department=pledge.department_id, is_active=True, groups__name__in=[groups.OFFICER, groups.HEAD]
        ).distinct(),
        key=f"repair.sign:{sign.pk}",
        kind="repair",
        title=TITLE,
        body=f"修复承诺 {pledge.code} 的承诺人在承诺期内有新的失信记录，请核实是否违反承诺。",
        link=f"/desk/repair/signs/{sign.pk}/",
        now=now,
    )
    return 1


# ---- answered by the department ----------------------------------------------------------------------------


@transaction.atomic
def not_broken(*, sign_id: int, note: str, actor: User, now: datetime) -> BrokenPledge:
    """The department has looked: it is not a breach of the commitment, and why. Raises RepairError."""
    sign = _taken(sign_id, actor)
    said = note.replace("\0", "").strip()
    if not 4 <= len(said) <= 300:
        raise RepairError(f"请写明核实情况（4 至 300 个字，现为 {len(said)} 个字）。", field="note")
    return _answer(sign, Sign.State.FALSE, said, actor, now)


@transaction.atomic
def open_case_on(*, sign_id: int, facts: str, actor: User, now: datetime) -> BreachCase:
    """The department takes it further: a case about the repair commitment, with its notice, statement and second person.
    Raises RepairError and CaseError."""
    sign = _taken(sign_id, actor)
    sign.case = open_case(
        commitment_id=sign.pledge_id,
        source=BreachCase.Source.OTHER,
        facts=facts,
        actor=actor,
        now=now,
        is_demo=sign.pledge.is_demo,
    )
    _answer(sign, Sign.State.CASE, f"立案 {sign.case.number}", actor, now)
    return sign.case


def _taken(sign_id: int, actor: User) -> BrokenPledge:
    sign = (
        BrokenPledge.objects.select_for_update(of=("self",))
        .select_related("pledge")
        .filter(pk=sign_id, pledge__department=actor.department_id)
        .first()
    )
    if sign is None:
        raise RepairError("这条线索不由您的单位核实。")
    if sign.state != Sign.State.OPEN:
        raise RepairError(f"这条线索{sign.get_state_display()}。")
    return sign


def _answer(sign: BrokenPledge, state: str, note: str, actor: User, now: datetime) -> BrokenPledge:
    sign.state, sign.note, sign.answered_by, sign.answered_at = state, note, actor, now
    sign.save()
    _tell(sign, str(sign.get_state_display()), actor=actor, now=now)
    return sign


def _tell(sign: BrokenPledge, deed: str, *, actor: User | None, now: datetime) -> None:
    events.pledge_sign(
        now=now,
        actor_id=actor.pk if actor else None,
        department_id=sign.pledge.department_id,
        sign_id=sign.pk,
        pledge_id=sign.pledge_id,
        deed=deed,
    )


# ---- locked out --------------------------------------------------------------------------------------------


def lockout_for(commitment: Commitment, on: date) -> tuple[date, int | None, str] | None:
    """Last day, rule and basis of the lock-out that a breach determined on a day brings. None where the commitment is not
    one of repair, had no term, or the region has confirmed no length: what is not confirmed locks nobody out."""
    if commitment.commitment_type != CommitmentType.REPAIR or commitment.valid_until is None:
        return None
    rule = way_back.rules_of(commitment.department.region.lineage, on).get(way_back.LOCKOUT_KEY)
    months = way_back.confirmed_months(rule)
    if rule is None or months is None:
        return None
    return last_day_after_months(on, months), rule.rule_id, rule.basis


def on_served(*, case: BreachCase, actor: User | None, now: datetime) -> None:
    """After a determination was served: a broken repair commitment locks out from that day to the day shown."""
    if case.determined_on is None or case.served_on is None:
        return
    found = lockout_for(case.commitment, case.determined_on)
    if found is None or LockOut.objects.filter(case=case).exists():
        return
    until_on, rule_id, basis = found
    if until_on < case.served_on:
        return
    entry = verification.add_entry(
        subject=case.subject,
        kind=EntryKind.LOCKOUT,
        title=LOCKED,
        source=case.department.name,
        department=case.department,
        region=case.region,
        document_no=case.document_no,
        basis=basis,
        from_on=case.served_on,
        until_on=until_on,
        operator=actor,
        now=now,
        is_demo=case.is_demo,
    )
    LockOut.objects.create(case=case, entry=entry, until_on=until_on, rule_id=rule_id, made_at=now)
    events.locked_out(
        now=now,
        actor_id=actor.pk if actor else None,
        department_id=case.department_id,
        case_id=case.pk,
        entry_id=entry.pk,
        until_on=until_on,
    )


def on_revoked(*, case: BreachCase, actor: User | None, now: datetime) -> None:
    """After its determination was revoked the lock-out has never been."""
    lock = LockOut.objects.select_for_update().filter(case=case).first()
    if lock is not None and lock.entry.state != EntryState.REVOKED:
        verification.revoke_entry(entry_id=lock.entry_id, operator=actor, now=now)
