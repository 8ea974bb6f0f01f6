"""Objections in tests: a stage with something public, and short ways through the procedure."""

from datetime import datetime
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from credit_portal.deadlines.models import PolicyRule
from credit_portal.registry.models import CreditSubject, ResponsiblePerson, User
from disclosure.models import Objection
from disclosure.objections import filing, handling
from disclosure.objections.records import Target, public_target
from tests import factories
from tests.factories import NOW

PHONE = "13800000000"


def target(of: str, *, now: datetime) -> Target:
    found = public_target(of, now=now)
    assert found is not None, of
    return found


def objector(target: Target, **changes: Any) -> filing.Objector:
    code = (target.subject.uscc or "") if target.subject else ""
    return filing.Objector(**({"name": "钱多多", "phone": PHONE, "code": code} | changes))


def filed(
    target: Target, *, now: datetime, clerk: User | None = None, points: tuple[str, ...] = (), **more: Any
) -> Objection:
    """At the desk where there is a clerk, who has seen the identity; else online."""
    by = objector(target, identity="document" if clerk else "")
    said = filing.Said(
        points or (target.points[0].key,),
        more.pop("wanted", "change"),
        more.pop("reasons", "与实际情况不符。"),
    )
    return filing.file_objection(
        target=target, by=more.pop("by", by), said=said, way="desk" if clerk else "online", actor=clerk,
        now=now, **more,
    )  # fmt: skip


def on_record(subject: CreditSubject | None, *, name: str = "钱多多", phone: str = PHONE) -> None:
    """What the register knows of whom a call could reach."""
    assert subject is not None
    subject.phone = phone
    subject.save()
    if name and subject.kind != CreditSubject.Kind.PERSON:
        ResponsiblePerson.objects.update_or_create(
            subject=subject, capacity=ResponsiblePerson.Capacity.LEGAL_REPRESENTATIVE,
            defaults={"name": name, "source": "licence"},
        )  # fmt: skip


def answered(
    row: Objection,
    outcome: str,
    *,
    office: User,
    officer: User,
    head: User,
    now: datetime,
    changes: dict[str, str] | None = None,
) -> Objection:
    """From acceptance to the answer carried out."""
    step = {"objection_id": row.pk, "now": now}
    handling.accept(actor=office, **step)
    handling.propose(outcome=outcome, changes=changes or {}, answer="经调阅案卷核实。", actor=officer, **step)
    handling.approve(actor=head, **step)
    return handling.carry_out(actor=office, **step)


def give_time(region: str = "130111") -> None:
    for key, value in (("objection_acceptance", 2), ("objection_answer", 7)):
        PolicyRule.objects.update_or_create(
            region=factories.region(region), key=key, effective_from=NOW.date().replace(year=2020),
            defaults={"value": value, "unit": "working_days", "basis": "S4 17", "confirmed": False},
        )  # fmt: skip


def counting() -> CaptureQueriesContext:
    """Counts the queries within."""
    return CaptureQueriesContext(connection)
