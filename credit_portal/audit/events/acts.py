"""Events of partner systems, administrative acts and the catalogue of credit information."""

from datetime import date, datetime

from credit_portal.audit.models import AuditEvent
from credit_portal.audit.recording import record


def partner_saved(
    *, now: datetime, actor_id: int, department_id: int, system_id: int, scopes: str, is_active: bool
) -> AuditEvent:
    return record(
        "partner.saved",
        now=now,
        actor_id=actor_id,
        department_id=department_id,
        target_type="partner",
        target_id=system_id,
        scopes=scopes,
        state="在用" if is_active else "停用",
    )


def partner_token(
    *, now: datetime, actor_id: int, system_id: int, prefix: str, deed: str, expires_on: date
) -> AuditEvent:
    return record(
        "partner.token",
        now=now,
        actor_id=actor_id,
        target_type="partner",
        target_id=system_id,
        prefix=prefix,
        deed=deed,
        expires_on=expires_on.isoformat(),
    )


def partner_acted(*, now: datetime, department_id: int, system_id: int, deed: str, number: str) -> AuditEvent:
    """What a system has done that is nobody's own act; `number` names the commitment or case."""
    return record(
        "partner.acted",
        now=now,
        actor_id=None,
        department_id=department_id,
        target_type="partner",
        target_id=system_id,
        deed=deed,
        number=number,
    )


def act_entered(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int,
    act_id: int,
    number: str,
    kind: str,
    source: str,
    sha256: str,
) -> AuditEvent:
    return record(
        "act.entered",
        now=now,
        actor_id=actor_id,
        department_id=department_id,
        target_type="act",
        target_id=act_id,
        number=number,
        kind=kind,
        source=source,
        sha256=sha256,
    )


def act_proposed(*, now: datetime, actor_id: int, department_id: int, act_id: int, number: str) -> AuditEvent:
    return record(
        "act.proposed",
        now=now,
        actor_id=actor_id,
        department_id=department_id,
        target_type="act",
        target_id=act_id,
        number=number,
    )


def act_decided(
    *,
    now: datetime,
    actor_id: int,
    second_id: int | None,
    department_id: int,
    act_id: int,
    number: str,
    publicity_class: str,
    reason: str,
    public_from: date | None,
    public_until: date | None,
) -> AuditEvent:
    return record(
        "act.decided",
        now=now,
        actor_id=actor_id,
        department_id=department_id,
        target_type="act",
        target_id=act_id,
        number=number,
        second_id=second_id,
        publicity_class=publicity_class,
        reason=reason,
        public_from=public_from.isoformat() if public_from else None,
        public_until=public_until.isoformat() if public_until else None,
    )


def act_ended(
    *, now: datetime, actor_id: int | None, department_id: int, act_id: int, number: str, ending: str
) -> AuditEvent:
    return record(
        "act.ended",
        now=now,
        actor_id=actor_id,
        department_id=department_id,
        target_type="act",
        target_id=act_id,
        number=number,
        ending=ending,
    )


def act_upload(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int,
    upload_id: int,
    deed: str,
    sha256: str,
    rows: int,
) -> AuditEvent:
    return record(
        "act.upload",
        now=now,
        actor_id=actor_id,
        department_id=department_id,
        target_type="act_upload",
        target_id=upload_id,
        deed=deed,
        sha256=sha256,
        rows=rows,
    )


def information_item_saved(
    *, now: datetime, actor_id: int | None, department_id: int, item_id: int, code: str
) -> AuditEvent:
    return record(
        "information.saved",
        now=now,
        actor_id=actor_id,
        department_id=department_id,
        target_type="information_item",
        target_id=item_id,
        code=code,
    )


def launch_saved(
    *, now: datetime, actor_id: int | None, launch_id: int, what: str, launched_on: date | None
) -> AuditEvent:
    return record(
        "launch.saved",
        now=now,
        actor_id=actor_id,
        target_type="launch",
        target_id=launch_id,
        what=what,
        launched_on=launched_on.isoformat() if launched_on else None,
    )
