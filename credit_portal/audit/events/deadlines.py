"""Events of deadlines and the outbox: duties, calendar, rules by two persons, messages that were taken up again."""

from datetime import date, datetime
from typing import Any

from credit_portal.audit.models import AuditEvent
from credit_portal.audit.recording import record


def _duty(
    verb: str, duty_id: int, *, now: datetime, actor_id: int | None, department_id: int, **facts: Any
) -> AuditEvent:
    return record(
        verb,
        now=now,
        actor_id=actor_id,
        department_id=department_id,
        target_type="duty",
        target_id=duty_id,
        **facts,
    )


def duty_opened(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int,
    duty_id: int,
    rule: str,
    matter: str,
    due_on: date,
    provisional: bool,
) -> AuditEvent:
    return _duty(
        "duty.opened", duty_id, now=now, actor_id=actor_id, department_id=department_id,
        rule=rule, matter=matter, due_on=due_on.isoformat(), provisional=provisional,
    )  # fmt: skip


def duty_met(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int,
    duty_id: int,
    on: date,
    due_on: date,
    on_time: bool,
) -> AuditEvent:
    return _duty(
        "duty.met", duty_id, now=now, actor_id=actor_id, department_id=department_id,
        on=on.isoformat(), due_on=due_on.isoformat(), on_time=on_time,
    )  # fmt: skip


def duty_reopened(
    *, now: datetime, actor_id: int | None, department_id: int, duty_id: int, due_on: date
) -> AuditEvent:
    return _duty(
        "duty.reopened", duty_id, now=now, actor_id=actor_id, department_id=department_id,
        due_on=due_on.isoformat(),
    )  # fmt: skip


def duty_cancelled(*, now: datetime, actor_id: int | None, department_id: int, duty_id: int) -> AuditEvent:
    return _duty("duty.cancelled", duty_id, now=now, actor_id=actor_id, department_id=department_id)


def duty_suspended(
    *, now: datetime, actor_id: int | None, department_id: int, duty_id: int, on: date
) -> AuditEvent:
    return _duty(
        "duty.suspended", duty_id, now=now, actor_id=actor_id, department_id=department_id, on=on.isoformat()
    )


def duty_resumed(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int,
    duty_id: int,
    on: date,
    before: date,
    after: date,
) -> AuditEvent:
    return _duty(
        "duty.resumed", duty_id, now=now, actor_id=actor_id, department_id=department_id,
        on=on.isoformat(), before=before.isoformat(), after=after.isoformat(),
    )  # fmt: skip


def duty_moved(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int,
    duty_id: int,
    before: date,
    after: date,
    provisional: bool,
    cause: str,
) -> AuditEvent:
    """A changed calendar or rule has moved an open duty. `cause`: `calendar:2027` or `rule:12`."""
    return _duty(
        "duty.moved", duty_id, now=now, actor_id=actor_id, department_id=department_id,
        before=before.isoformat(), after=after.isoformat(), provisional=provisional, cause=cause,
    )  # fmt: skip


def duties_reminded(*, now: datetime, stage: int, duty_ids: list[int]) -> AuditEvent:
    """One event for all the duties that one pass has brought to a stage of reminding."""
    return record(
        "duty.reminded",
        now=now,
        actor_id=None,
        target_type="duty_stage",
        target_id=stage,
        stage=stage,
        number=len(duty_ids),
        duties=duty_ids,
    )


def calendar_loaded(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int | None,
    year: int,
    number: str,
    days: int,
    replaced: bool,
    put: list[str],
    taken_out: list[str],
) -> AuditEvent:
    """`put`, `taken_out`: the arrangements that are new and those that no longer hold, as `2027-01-01 rest`."""
    return record(
        "calendar.loaded",
        now=now,
        actor_id=actor_id,
        department_id=department_id,
        target_type="calendar",
        target_id=year,
        year=year,
        number=number,
        days=days,
        replaced=replaced,
        put=put,
        taken_out=taken_out,
    )


def rule_proposal(
    *,
    now: datetime,
    actor_id: int,
    department_id: int | None,
    proposal_id: int,
    region: str,
    key: str,
    effective_from: date,
    deed: str,
) -> AuditEvent:
    return record(
        "policy.proposal",
        now=now,
        actor_id=actor_id,
        department_id=department_id,
        target_type="rule_proposal",
        target_id=proposal_id,
        region=region,
        key=key,
        effective_from=effective_from.isoformat(),
        deed=deed,
    )


def rule_ended(
    *, now: datetime, actor_id: int, rule_id: int, region: str, key: str, effective_to: date
) -> AuditEvent:
    """A rule ends because another takes its place."""
    return record(
        "policy.ended",
        now=now,
        actor_id=actor_id,
        target_type="policy_rule",
        target_id=rule_id,
        region=region,
        key=key,
        effective_to=effective_to.isoformat(),
    )


def switch_order(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int | None,
    order_id: int,
    region: str,
    effective_on: date,
    deed: str,
    moved: int = 0,
    skipped: int = 0,
) -> AuditEvent:
    """An order to move open cases was proposed, decided, begun or carried out (`moved`, `skipped`: of the last)."""
    return record(
        "switch.order",
        now=now,
        actor_id=actor_id,
        department_id=department_id,
        target_type="switch_order",
        target_id=order_id,
        region=region,
        effective_on=effective_on.isoformat(),
        deed=deed,
        moved=moved,
        skipped=skipped,
    )


def switch_moved(
    *,
    now: datetime,
    target_type: str,
    target_id: int,
    order_id: int | None,
    cause: str,
    days: list[str],
) -> AuditEvent:
    """A record's days were moved by an order or by a holiday notice. `cause`: `order:3` or `calendar:2027`."""
    return record(
        "switch.moved",
        now=now,
        actor_id=None,
        target_type=target_type,
        target_id=target_id,
        order=order_id,
        cause=cause,
        days=days,
    )


def message_retried(
    *, now: datetime, actor_id: int, department_id: int | None, message_id: int, effect: str
) -> AuditEvent:
    return record(
        "message.retried",
        now=now,
        actor_id=actor_id,
        department_id=department_id,
        target_type="message",
        target_id=message_id,
        effect=effect,
    )


def message_failed(*, now: datetime, message_id: int, effect: str, attempts: int) -> AuditEvent:
    return record(
        "message.failed",
        now=now,
        actor_id=None,
        target_type="message",
        target_id=message_id,
        effect=effect,
        attempts=attempts,
    )
