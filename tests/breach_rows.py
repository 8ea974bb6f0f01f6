"""Breaches and duties as rows, as the services leave them, for tests of what the public sees of them. (Every act by its
service: breach_stage.)"""

import itertools
from datetime import date, timedelta
from typing import Any

from commitments.models import BreachCase, BreachedClause, Commitment
from credit_portal.deadlines.models import Duty
from credit_portal.documents.models import EvidenceFile
from credit_portal.outbox.models import PublicChange
from credit_portal.registry.models import CreditSubject, User
from disclosure.models import BreachPublication
from tests import factories, listed
from tests.factories import NOW, TODAY
from verification.models import CreditEntry

# What must never be seen outside: recognisable words in every field that is nobody's business.
SECRETS = {
    "facts": "查明的事实不公开",
    "statement": "陈述申辩不公开",
    "statement_considered": "采纳情况不公开",
    "proportionality": "相当性说明不公开",
}
OFFICER, HEAD = "经办人赵甲", "负责人钱乙"
_numbers = itertools.count(1)


def _file(department: Any) -> EvidenceFile:
    number = next(_numbers)
    return EvidenceFile.objects.create(
        kind="document", sha256=f"{number:064x}", size=1, content_type="application/pdf",
        original_name="机密文件.pdf", storage_name=f"rows/{number}", created_at=NOW, department=department,
    )  # fmt: skip


def case(
    *,
    commitment: Commitment | None = None,
    determined_on: date = TODAY - timedelta(days=20),
    served_on: date | None = TODAY - timedelta(days=18),
    state: str = "",
    clauses: tuple[tuple[str, str], ...] = (("守法经营，材料真实。", "检测报告逾期没有补交"),),
    **fields: Any,
) -> BreachCase:
    """A determined case, served unless `served_on` is None; its entry stands in the record."""
    outcome = fields.pop("outcome", "unfulfilled")
    of = commitment or listed.commitment(fulfilment=outcome)
    number = next(_numbers)
    officer = _person("officer", of, OFFICER)
    head = _person("head", of, HEAD)
    values: dict[str, Any] = {
        "number": f"R130111{number:06d}",
        "commitment": of,
        "subject": of.subject,
        "department": of.department,
        "region": of.region,
        "state": "proposed",
        "source": "inspection",
        "opened_on": determined_on - timedelta(days=10),
        "opened_by": officer,
        "noticed_on": determined_on - timedelta(days=9),
        "statement_until": determined_on - timedelta(days=1),
        "outcome": outcome,
        "grade": "general",
        "liability": "责令限期改正。",
        "reconsideration_body": "栾城区人民政府",
        "court": "石家庄市栾城区人民法院",
        "proposed_on": determined_on,
        "proposed_by": officer,
    }
    made = BreachCase.objects.create(**(values | SECRETS | fields))
    # Clauses go in before it is determined: afterwards the database refuses them.
    for position, (text, not_kept) in enumerate(clauses, 1):
        BreachedClause.objects.create(
            case=made, clause_no=position, text=text, text_sha256=f"{position:064x}", not_kept=not_kept
        )
    made.determined_on, made.approved_by = determined_on, head
    made.document_no = made.document_no or f"栾违诺〔2026〕{number}号"
    made.document = _file(of.department)
    made.document_sha256, made.verify_token = made.document.sha256, f"case-token-{number}"
    made.entry = CreditEntry.objects.create(
        subject=of.subject, kind="breach", title="未履行承诺", source=of.department_name, region=of.region,
        department=of.department, document_no=made.document_no, grade=made.grade, from_on=determined_on,
        served_on=served_on, entered_at=NOW,
    )  # fmt: skip
    made.state = state or ("served" if served_on else "determined")
    if served_on:
        made.served_on, made.service_method, made.service_proof = served_on, "post", _file(of.department)
    if made.state == "revoked":
        made.revoked_on = TODAY
    made.save()
    return made


def _person(group: str, commitment: Commitment, name: str) -> User:
    found = User.objects.filter(department=commitment.department, groups__name=group).first()
    return found or factories.staff(group, department=commitment.department, display_name=name)


def publication(
    *, of: BreachCase | None = None, by_two: bool | None = None, **fields: Any
) -> BreachPublication:
    """A public breach since five days, for a year from the determination; a person's by two people."""
    breach = of or case()
    person = breach.commitment.subject_kind == CreditSubject.Kind.PERSON
    office = breach.department
    values: dict[str, Any] = {
        "case": breach,
        "publicity_class": "public",
        "reason": "person_by_two" if person else "by_law",
        "decided_at": NOW - timedelta(days=5),
        "decided_by": factories.staff("credit_office", department=office),
        "second": (
            factories.staff("credit_office", department=office)
            if (person if by_two is None else by_two)
            else None
        ),
        "public_from": TODAY - timedelta(days=5),
        "public_until": TODAY + timedelta(days=345),
        "repairable_from": TODAY + timedelta(days=70),
        "rule_basis": "信用修复管理办法",
        "announced_at": NOW - timedelta(days=5),
    }
    made = BreachPublication.objects.create(**(values | fields))
    served = breach.served_on
    # The record itself refuses a breach that is public before service.
    if made.public_from and breach.entry is not None and served and served <= made.public_from:
        breach.entry.public_from, breach.entry.public_until = made.public_from, made.public_until
        breach.entry.repairable_from = made.repairable_from
        breach.entry.save()
    return made


def change(kind: str, reference: str, *, resource: str = "breach", position: int | None = 0, **fields: Any):
    """A line of the feed; the next position unless another, or none, is given."""
    number = next(_numbers)
    if position == 0:
        last = PublicChange.objects.exclude(position=None).order_by("-position").first()
        position = (last.position if last else 0) + 1
    return PublicChange.objects.create(
        kind=kind, resource=resource, reference=reference, key=f"row:{number}", position=position,
        **({"at": NOW} | fields),
    )  # fmt: skip


def duty(*, due_on: date = TODAY - timedelta(days=30), met_on: date | None = None, **fields: Any) -> Duty:
    """A duty of a confirmed rule; met where `met_on` is given, otherwise open."""
    number = next(_numbers)
    department = fields.pop("department", None) or factories.department()
    values: dict[str, Any] = {
        "rule_key": "breach_report",
        "matter_type": "breach_case",
        "matter_id": number,
        "number": f"R130111{number:06d}",
        "department": department,
        "region": department.region,
        "triggered_on": due_on - timedelta(days=9),
        "length": 7,
        "unit": "working_days",
        "due_on": due_on,
        "calendar_version": "1",
        "basis": "S0 一（三）",
        "confirmed": True,
        "opened_at": NOW,
        "state": "met" if met_on else "open",
        "met_on": met_on,
        "met_at": NOW if met_on else None,
    }
    return Duty.objects.create(**(values | fields))
