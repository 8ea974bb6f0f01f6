"""A subject on its own pages: its access by the service that opens one, and a browser that is in."""

from datetime import datetime, timedelta
from typing import Any

from django.test import Client

from credit_portal.registry import access, access_rules, acting
from credit_portal.registry.models import CreditSubject, SubjectAccess, User

from . import factories

NOW = factories.NOW
PRINCIPAL = {"organisation": "legal_representative", "sole_trader": "operator", "person": "self"}


def opened(
    subject: CreditSubject,
    *,
    capacity: str = "",
    now: datetime = NOW,
    actor: User | None = None,
    days: int = access_rules.TERM_DAYS,
    **fields: Any,
) -> SubjectAccess:
    """An access of the subject itself (or by `capacity`), opened by a clerk."""
    person = subject.kind == CreditSubject.Kind.PERSON and capacity != "agent"
    values = {
        "name": subject.name if person else "赵一",
        "id_number": subject.id_number if person else factories.id_number(),
        "capacity": capacity or PRINCIPAL[subject.kind],
        "valid_until": now.date() + timedelta(days=days),
    }
    return access.open_access(
        subject=subject, now=now, actor=actor or factories.staff("clerk"), **(values | fields)
    )


def code_of(held: SubjectAccess, *, now: datetime = NOW) -> str:
    return access.issue_code(access_id=held.pk, actor=held.opened_by, now=now)


def client_of(held: SubjectAccess, *, now: datetime = NOW) -> Client:
    """A browser that is in by this access."""
    client = Client()
    client.cookies[acting.COOKIE] = access.begin_session(access=held, now=now).token
    return client


def client_for(subject: CreditSubject, *, now: datetime = NOW, **fields: Any) -> Client:
    return client_of(opened(subject, now=now, **fields), now=now)
