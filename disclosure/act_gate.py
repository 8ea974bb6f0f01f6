"""The public gate for administrative acts: whether one is public is read from its class and its days, and nothing else is
shown of it than the projection here names. (S3 一（一）, S4 15, R92–R94; gate.py is the same for commitments.)"""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from credit_portal.audit.clock import local_date
from credit_portal.registry.models import CreditSubject, PublicityClass
from verification.models import CreditEntry
from verification.vocabulary import State

from .acts.fields import SEPARATOR, fields_of
from .gate import Hider, shown_name
from .models import ActKind, AdministrativeAct

PERSON = CreditSubject.Kind.PERSON
_KINDS = dict(ActKind.choices)
_SUBJECT_KINDS = dict(CreditSubject.Kind.choices)
_GRADES = dict(CreditEntry.GRADES)

# What leaves the database of an act, column by column: not who entered it, nor who decided.
LISTED_COLUMNS = (
    "id",  # the place in the order; a cursor carries it signed, no page shows it
    "uuid",
    "kind",
    "category",
    "document_name",
    "document_no",
    "subject_kind",
    "subject_name",
    "subject_code",
    "department__name",
    "department__uscc",
    "region_id",
    "region__name",
    "decided_on",
    "valid_until",
    "public_from",
    "public_until",
    "objection_under_way",  # of its entry, which it goes on with when the act is put right
)
RECORD_COLUMNS = (
    *LISTED_COLUMNS, "content", "basis", "valid_from", "grade", "details", "remarks", "rule_basis",
    "department__phone",
)  # fmt: skip
LISTED_FIELDS = (
    "id", "kind", "kind_label", "categories", "document_name", "document_no", "subject", "department", "region",
    "decided_on", "published_on", "public_until", "objection_under_way",
)  # fmt: skip
PUBLIC_FIELDS = (
    *LISTED_FIELDS, "content", "basis", "valid_from", "valid_until", "grade", "grade_label", "details", "remarks",
    "publicity_basis", "contact",
)  # fmt: skip


def public_acts(now: datetime) -> QuerySet[AdministrativeAct]:
    """What may be shown one by one at `now`: decided public, within its days, not ended, not repaired or revoked in the
    record; a natural person's only where two different people decided so."""
    today = local_date(now)
    by_two = Q(second__isnull=False) & ~Q(second=F("decided_by"))
    return AdministrativeAct.objects.filter(
        ~Q(subject_kind=PERSON) | by_two,
        Q(public_until__isnull=True) | Q(public_until__gte=today),
        publicity_class=PublicityClass.PUBLIC,
        ended_at__isnull=True,
        public_from__lte=today,
        entry__state=State.EFFECTIVE,
    ).annotate(**_marked())


def _marked() -> dict[str, Coalesce]:
    return {"objection_under_way": Coalesce(F("entry__objection_under_way"), False)}


def listed_acts(now: datetime) -> QuerySet[AdministrativeAct]:
    """What may be listed, searched and counted: never a natural person's."""
    return public_acts(now).exclude(subject_kind=PERSON)


def acts_of_subject(code: str, *, now: datetime, limit: int) -> list[dict[str, Any]]:
    """Lines of the public acts of an organisation or sole trader, the newest first."""
    rows = listed_acts(now).filter(subject__uscc=code).order_by("-id")
    return [listed_row(row) for row in rows.values(*LISTED_COLUMNS)[:limit]]


def find_act(public_id: uuid.UUID, *, now: datetime) -> dict[str, Any] | None:
    """The public record of an act, or None: the same whether there is nothing, nothing public, or no longer."""
    row = public_acts(now).filter(uuid=public_id).values(*RECORD_COLUMNS).first()
    return record_row(row) if row else None


def record_as_it_was(act_id: int) -> dict[str, Any]:
    """The record as it went out while it was public; shown to nobody (see `breach_gate.record_as_it_was`)."""
    return record_row(AdministrativeAct.objects.annotate(**_marked()).values(*RECORD_COLUMNS).get(pk=act_id))


def listed_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """One line of a list from a row of LISTED_COLUMNS: exactly LISTED_FIELDS."""
    kind, hide = row["subject_kind"], _hider(row)
    return {
        "id": str(row["uuid"]),
        "kind": row["kind"],
        "kind_label": str(_KINDS[row["kind"]]),
        "categories": [hide(one) for one in row["category"].split(SEPARATOR) if one],
        "document_name": hide(row["document_name"]),
        "document_no": hide(row["document_no"]),
        "subject": {
            "kind": kind,
            "kind_label": _SUBJECT_KINDS[kind],
            "name": shown_name(kind, row["subject_name"]),
            "code": "" if kind == PERSON else row["subject_code"],
        },
        "department": {"name": row["department__name"], "code": row["department__uscc"]},
        "region": {"code": row["region_id"], "name": row["region__name"]},
        "decided_on": row["decided_on"],
        "published_on": row["public_from"],
        "public_until": row["public_until"],
        "objection_under_way": row["objection_under_way"],
    }


def record_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """One whole public act from a row of RECORD_COLUMNS: exactly PUBLIC_FIELDS. `details`: what only this kind has."""
    hide = _hider(row)
    heads = {one.key: one.head for one in fields_of(row["kind"]) if one.detail}
    return listed_row(row) | {
        "content": hide(row["content"]),
        "basis": hide(row["basis"]),
        "valid_from": row["valid_from"],
        "valid_until": row["valid_until"] if row["kind"] == ActKind.LICENCE else None,
        "grade": row["grade"],
        "grade_label": _GRADES.get(row["grade"], ""),
        "details": [
            {"key": key, "label": head, "text": hide(row["details"][key])}
            for key, head in heads.items()
            if row["details"].get(key)
        ],
        "remarks": hide(row["remarks"]),
        "publicity_basis": row["rule_basis"],
        "contact": row["department__phone"],
    }


def _hider(row: Mapping[str, Any]) -> Hider:
    return Hider(
        kind=row["subject_kind"],
        name=row["subject_name"],
        kept=(row["subject_code"], row["department__uscc"]),
    )
