"""The public gate for breaches: whether one is public is read from its dates on the day, and nothing else is shown of
it than the projection here names. (S0 一（三）, R89, R92; gate.py is the same for commitments.)"""

import uuid
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from commitments import way_back
from commitments.models import BreachCase, BreachedClause
from credit_portal.audit.clock import local_date
from credit_portal.deadlines import policy
from credit_portal.registry.models import CreditSubject, PublicityClass
from verification.vocabulary import State

from .gate import Hider, shown_name
from .models import BreachPublication

PERSON = CreditSubject.Kind.PERSON
_KINDS = dict(CreditSubject.Kind.choices)
_GRADES = dict(BreachCase.Grade.choices)
_OUTCOMES = dict(BreachCase.Outcome.choices)

# What leaves the database of a breach, column by column. The statement of defence is not among it, nor who did what.
LISTED_COLUMNS = (
    "id",  # the place in the order; a cursor carries it signed, no page shows it
    "uuid",
    "public_from",
    "public_until",
    "repairable_from",
    "objection_under_way",
    "corrected",
    "case__determined_on",
    "case__outcome",
    "case__grade",
    "case__document_no",
    "case__department__name",
    "case__department__uscc",
    "case__region_id",
    "case__region__name",
    "case__commitment__code",
    "case__commitment__item_name",
    "case__commitment__subject_kind",
    "case__commitment__subject_name",
    "case__commitment__subject_code",
)
RECORD_COLUMNS = (
    *LISTED_COLUMNS,
    "case_id",
    "rule_basis",
    "case__by_deceit",
    "case__liability",
    "case__served_on",
    "case__subject_statement",
    "case__subject_statement_on",
    "case__reconsideration_body",
    "case__court",
    "case__department__phone",
    "case__region__path",
)
CLAUSE_COLUMNS = ("case_id", "clause_no", "text", "text_sha256", "not_kept")
LISTED_FIELDS = (
    "id", "commitment", "subject", "item", "department", "region", "outcome", "outcome_label", "grade",
    "grade_label", "determined_on", "document_no", "published_on", "public_until", "repairable_from",
    "objection_under_way",
)  # fmt: skip
PUBLIC_FIELDS = (
    *LISTED_FIELDS, "clauses", "by_deceit", "liability", "served_on", "basis", "subject_statement",
    "subject_statement_on", "remedies", "contact", "repair",
)  # fmt: skip


def public_breaches(now: datetime) -> QuerySet[BreachPublication]:
    """What may be shown one by one at `now`: decided public, served, within its days, not ended, not repaired or revoked in
    the record, shown by the platform above where there is one; a natural person's only where two different people decided so."""
    today = local_date(now)
    by_two = Q(second__isnull=False) & ~Q(second=F("decided_by"))
    return BreachPublication.objects.filter(
        ~Q(case__commitment__subject_kind=PERSON) | by_two,
        publicity_class=PublicityClass.PUBLIC,
        ended_at__isnull=True,
        awaits_platform=False,
        public_from__lte=today,
        public_until__gte=today,
        case__state=BreachCase.State.SERVED,
        case__served_on__lte=today,
        # What is out of the record is out of here, whoever took it out.
        case__entry__state=State.EFFECTIVE,
        case__commitment__voided_at__isnull=True,
        case__commitment__withdrawn_at__isnull=True,
    )


def listed_breaches(now: datetime) -> QuerySet[BreachPublication]:
    """What may be listed, searched and counted: never a natural person's."""
    return public_breaches(now).exclude(case__commitment__subject_kind=PERSON)


def breaches_of_commitment(code: str, *, now: datetime) -> list[dict[str, Any]]:
    """The public breach of a commitment, whole; none or one."""
    return _records(public_breaches(now).filter(case__commitment__code=code), on=local_date(now))


def breaches_of_subject(code: str, *, now: datetime, limit: int) -> list[dict[str, Any]]:
    """Lines of the public breaches of an organisation or sole trader, the newest first."""
    rows = listed_breaches(now).filter(case__subject__uscc=code).order_by("-public_from", "-id")
    return [listed_row(row) for row in rows.values(*LISTED_COLUMNS)[:limit]]


def find_breach(public_id: uuid.UUID, *, now: datetime) -> dict[str, Any] | None:
    """The public record of a breach, or None: the same whether there is nothing, nothing public, or no longer."""
    found = _records(public_breaches(now).filter(uuid=public_id), on=local_date(now))
    return found[0] if found else None


def record_as_it_was(publication_id: int, *, on: date) -> dict[str, Any]:
    """The record as it went out while it was public. Shown to nobody: whoever proves that a publication has ended asks
    with it whether an earlier copy would still be taken for valid."""
    return _records(BreachPublication.objects.filter(pk=publication_id), on=on)[0]


def find_determination(token: str, *, now: datetime) -> dict[str, Any] | None:
    """What the QR code of a determination opens: that it is genuine, its number and hash; of a public one also where."""
    case = (
        BreachCase.objects.filter(verify_token=token)
        .values("document_no", "document_sha256", "state", "revoked_on")
        .annotate(
            breach=Subquery(public_breaches(now).filter(case=OuterRef("pk")).values("uuid")[:1]),
            corrected=Exists(BreachPublication.objects.filter(case=OuterRef("pk")).exclude(corrected={})),
        )
        .first()
    )
    if case is None:
        return None
    return case | {"revoked": case["state"] == BreachCase.State.REVOKED}


def listed_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """One line of a list from a row of LISTED_COLUMNS: exactly LISTED_FIELDS."""
    kind = row["case__commitment__subject_kind"]
    hide = Hider(
        kind=kind,
        name=row["case__commitment__subject_name"],
        kept=(row["case__commitment__subject_code"], row["case__department__uscc"]),
    )
    return {
        "id": str(row["uuid"]),
        # A natural person's commitment is not public by this: its code opens nothing.
        "commitment": "" if kind == PERSON else row["case__commitment__code"],
        "subject": {
            "kind": kind,
            "kind_label": _KINDS[kind],
            "name": shown_name(kind, row["case__commitment__subject_name"]),
            "code": "" if kind == PERSON else row["case__commitment__subject_code"],
        },
        "item": hide(row["case__commitment__item_name"]),
        "department": {"name": row["case__department__name"], "code": row["case__department__uscc"]},
        "region": {"code": row["case__region_id"], "name": row["case__region__name"]},
        "outcome": row["case__outcome"],
        "outcome_label": _OUTCOMES[row["case__outcome"]],
        "grade": row["case__grade"],
        "grade_label": _GRADES[row["case__grade"]],
        "determined_on": row["case__determined_on"],
        "document_no": hide(_right(row, "document_no")),
        "published_on": row["public_from"],
        "public_until": row["public_until"],
        "repairable_from": row["repairable_from"],
        "objection_under_way": row["objection_under_way"],
    }


def _right(row: Mapping[str, Any], key: str) -> str:
    """What the determination says, or what an answered objection has put in its place."""
    return str(row["corrected"].get(key, row[f"case__{key}"]))


def _records(rows: QuerySet[BreachPublication], *, on: date) -> list[dict[str, Any]]:
    found = list(rows.values(*RECORD_COLUMNS))
    clauses: dict[int, list[dict[str, Any]]] = {}
    if found:
        of_cases = BreachedClause.objects.filter(case__in=[row["case_id"] for row in found])
        for clause in of_cases.order_by("clause_no").values(*CLAUSE_COLUMNS):
            clauses.setdefault(clause["case_id"], []).append(clause)
    paths = {row["case__region__path"] for row in found}
    rules = {path: way_back.rules_of(path.split("/")[::-1], on) for path in paths}
    return [
        record_row(row, clauses.get(row["case_id"], ()), rules[row["case__region__path"]]) for row in found
    ]


def record_row(
    row: Mapping[str, Any], clauses: Iterable[Mapping[str, Any]], rules: Mapping[str, policy.Value]
) -> dict[str, Any]:
    """One whole public breach from a row of RECORD_COLUMNS, its clauses and the rules of repair where it was determined:
    exactly PUBLIC_FIELDS."""
    hide = Hider(
        kind=row["case__commitment__subject_kind"],
        name=row["case__commitment__subject_name"],
        kept=(row["case__commitment__subject_code"], row["case__department__uscc"]),
    )
    return listed_row(row) | {
        "clauses": [
            {
                "no": clause["clause_no"],
                "text": hide(clause["text"]),
                "not_kept": hide(row["corrected"].get(f"clause_{clause['clause_no']}", clause["not_kept"])),
                "sha256": clause["text_sha256"],
            }
            for clause in clauses
        ],
        "by_deceit": row["case__by_deceit"],
        "liability": hide(_right(row, "liability")),
        "served_on": row["case__served_on"],
        "basis": row["rule_basis"],
        "subject_statement": hide(row["case__subject_statement"]),
        "subject_statement_on": row["case__subject_statement_on"],
        "remedies": {
            "reconsideration": _right(row, "reconsideration_body"),
            "court": _right(row, "court"),
        },
        "contact": row["case__department__phone"],
        "repair": _way_back(row, rules),
    }


def _way_back(row: Mapping[str, Any], rules: Mapping[str, policy.Value]) -> dict[str, Any]:
    """The way back told with the breach (S1 十三, S4 13): from which day, how, with what, of whom, for nothing."""
    way = way_back.way_back(
        rules, from_on=row["repairable_from"], from_text="", to=row["case__department__name"]
    )
    return {
        "from_on": way.from_on,
        "methods": [
            {"label": method.label, "bring": method.bring, "required": method.required}
            for method in way.methods
        ],
        "confirmed": way.confirmed,
        "where": way_back.WHERE.format(department=way.to),
        "free": True,
        "help": f"{settings.SITE['address']}/repair/",
    }


def next_dates(record: Mapping[str, Any], *, today: date) -> list[dict[str, Any]]:
    """The course of a public breach with what is still to come: `on`, `text`, `ahead`."""
    days: list[dict[str, Any]] = [
        {"on": record["determined_on"], "text": f"认定违诺（{record['document_no']}）"},
        {"on": record["served_on"], "text": "认定书送达"},
        {"on": record["published_on"], "text": "违诺开始公示"},
        {"on": record["repairable_from"], "text": "起可以申请信用修复"},
        {"on": record["public_until"], "text": "违诺公示的最后一日，次日零时自行停止"},
    ]
    found = [day | {"ahead": day["on"] > today} for day in days if day["on"] is not None]
    return sorted(found, key=lambda day: day["on"])
