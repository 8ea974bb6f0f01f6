"""Signed commitments without the counter: rows as signing leaves them, made public or not as asked."""

import itertools
from datetime import timedelta
from typing import Any

from commitments.models import Commitment, SignerCapacity
from commitments.obligations import making
from credit_portal.registry.models import CreditSubject, PublicityClass, SubjectName
from tests import factories
from tests.factories import NOW, TODAY

CLAUSES = [
    {"no": 1, "kind": "pledge", "clause": 1, "text": "守法经营，材料真实。"},
    {"no": 2, "kind": "liability", "clause": 2, "text": "违诺的，承担相应责任。"},
]
# Far from the serials that signing gives: both may be of one region and day.
_numbers = itertools.count(500_001)


def commitment(
    *,
    subject: CreditSubject | None = None,
    item_version: Any = None,
    department: Any = None,
    public: bool = True,
    **fields: Any,
) -> Commitment:
    """One signed commitment; public since a minute before NOW unless told otherwise."""
    who = subject or factories.subject()
    version = item_version or factories.item_version(department=department)
    office = department or version.item.department
    made_on = fields.pop("made_on", TODAY)
    number = next(_numbers)
    values: dict[str, Any] = {
        "code": f"{office.region_id}{made_on:%Y%m%d}{number:06d}",
        "region": office.region,
        "made_on": made_on,
        "signed_at": NOW - timedelta(minutes=2),
        "commitment_type": "approval",
        "channel": Commitment.Channel.WINDOW,
        "subject": who,
        "subject_kind": who.kind,
        "subject_name": who.name,
        "subject_code": who.uscc or "",
        "item": version.item,
        "item_version": version,
        "item_name": version.name,
        "department": office,
        "department_name": office.name,
        "department_uscc": office.uscc,
        "case_ref": "办件-机密-1",
        "title": "信用承诺书",
        "content": CLAUSES,
        "text_sha256": f"{number:064x}",
        "pdf_sha256": f"{number + 1:064x}",
        "signer_name": "签署人甲乙",
        "signer_capacity": SignerCapacity.LEGAL_REPRESENTATIVE,
        "identity_document": "id_card",
        "verify_token": f"token{number}",
        "publicity_class": PublicityClass.PUBLIC if public else PublicityClass.LIMITED,
        "public_from": NOW - timedelta(minutes=1) if public else None,
    }
    made = Commitment.objects.create(**(values | fields))
    making.make([made.pk])
    return made


def named(name: str, **fields: Any) -> Commitment:
    """A public commitment of a new organisation of that name."""
    return commitment(subject=factories.subject(name=name), **fields)


def renamed(subject: CreditSubject, name: str, *, on: Any = TODAY) -> CreditSubject:
    """The subject under its next name; the old one stays in its history of names."""
    subject.names.filter(valid_to__isnull=True).update(valid_to=on)
    subject.name = name
    subject.save()
    SubjectName.objects.create(
        subject=subject, name=name, source=subject.name_source, valid_from=on, recorded_at=NOW
    )
    return subject
