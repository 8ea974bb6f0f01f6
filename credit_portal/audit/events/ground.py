"""Events of the ground: staff, departments, subjects, catalogue, policy, evidence."""

from datetime import datetime

from credit_portal.audit.models import AuditEvent
from credit_portal.audit.recording import record


def staff_created(
    *, now: datetime, actor_id: int | None, user_id: int, username: str, groups: str
) -> AuditEvent:
    return record(
        "staff.created",
        now=now,
        actor_id=actor_id,
        target_type="user",
        target_id=user_id,
        username=username,
        groups=groups,
    )


def staff_changed(
    *, now: datetime, actor_id: int | None, user_id: int, username: str, changed: str
) -> AuditEvent:
    return record(
        "staff.changed",
        now=now,
        actor_id=actor_id,
        target_type="user",
        target_id=user_id,
        username=username,
        changed=changed,
    )


def staff_left(*, now: datetime, actor_id: int | None, user_id: int, username: str) -> AuditEvent:
    return record(
        "staff.left", now=now, actor_id=actor_id, target_type="user", target_id=user_id, username=username
    )


def staff_link_issued(*, now: datetime, actor_id: int | None, user_id: int, username: str) -> AuditEvent:
    return record(
        "staff.link_issued",
        now=now,
        actor_id=actor_id,
        target_type="user",
        target_id=user_id,
        username=username,
    )


def department_saved(*, now: datetime, actor_id: int | None, department_id: int, uscc: str) -> AuditEvent:
    return record(
        "department.saved",
        now=now,
        actor_id=actor_id,
        target_type="department",
        target_id=department_id,
        uscc=uscc,
    )


def subject_registered(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int | None,
    subject_id: int,
    kind: str,
    code_hash: str,
) -> AuditEvent:
    return record(
        "subject.registered",
        now=now,
        actor_id=actor_id,
        department_id=department_id,
        target_type="subject",
        target_id=subject_id,
        kind=kind,
        code_hash=code_hash,
    )


def subject_renamed(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int | None,
    subject_id: int,
    source: str,
    name_hash: str,
) -> AuditEvent:
    return record(
        "subject.renamed",
        now=now,
        actor_id=actor_id,
        department_id=department_id,
        target_type="subject",
        target_id=subject_id,
        source=source,
        name_hash=name_hash,
    )


def subject_contact_changed(
    *, now: datetime, actor_id: int | None, department_id: int | None, subject_id: int
) -> AuditEvent:
    return record(
        "subject.contact_changed",
        now=now,
        actor_id=actor_id,
        department_id=department_id,
        target_type="subject",
        target_id=subject_id,
    )


def responsible_set(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int | None,
    subject_id: int,
    person_id: int,
    capacity: str,
) -> AuditEvent:
    return record(
        "responsible.set",
        now=now,
        actor_id=actor_id,
        department_id=department_id,
        target_type="subject",
        target_id=subject_id,
        person=person_id,
        capacity=capacity,
    )


def responsible_ended(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int | None,
    subject_id: int,
    person_id: int,
    capacity: str,
) -> AuditEvent:
    return record(
        "responsible.ended",
        now=now,
        actor_id=actor_id,
        department_id=department_id,
        target_type="subject",
        target_id=subject_id,
        person=person_id,
        capacity=capacity,
    )


def item_drafted(*, now: datetime, actor_id: int | None, item_id: int, code: str, number: int) -> AuditEvent:
    return record(
        "item.drafted",
        now=now,
        actor_id=actor_id,
        target_type="item",
        target_id=item_id,
        code=code,
        number=number,
    )


def item_published(
    *, now: datetime, actor_id: int | None, item_id: int, code: str, number: int
) -> AuditEvent:
    return record(
        "item.published",
        now=now,
        actor_id=actor_id,
        target_type="item",
        target_id=item_id,
        code=code,
        number=number,
    )


def item_retired(*, now: datetime, actor_id: int | None, item_id: int, code: str) -> AuditEvent:
    return record(
        "item.retired", now=now, actor_id=actor_id, target_type="item", target_id=item_id, code=code
    )


def policy_loaded(
    *, now: datetime, actor_id: int | None, rule_id: int, region: str, key: str, effective_from: str
) -> AuditEvent:
    return record(
        "policy.loaded",
        now=now,
        actor_id=actor_id,
        target_type="policy_rule",
        target_id=rule_id,
        region=region,
        key=key,
        effective_from=effective_from,
    )


def evidence_stored(
    *,
    now: datetime,
    actor_id: int | None,
    department_id: int | None,
    evidence_id: int,
    kind: str,
    sha256: str,
) -> AuditEvent:
    return record(
        "evidence.stored",
        now=now,
        actor_id=actor_id,
        department_id=department_id,
        target_type="evidence",
        target_id=evidence_id,
        kind=kind,
        sha256=sha256,
    )
