"""The one gate to the public: pages, API, search, counts and files all start from the querysets here, and show only
what the projections here let through. Nothing else in the project decides what the public sees."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet

from commitments.models import Clause, Commitment, CommitmentEvent, Obligation, PromisedMaterial
from credit_portal.audit.clock import local_date
from credit_portal.registry import codes
from credit_portal.registry.models import CommitmentType, CreditSubject, PublicityClass

from .models import Objection, PublicityDecision

PERSON = CreditSubject.Kind.PERSON
MARK = "objection_under_way"

# What a list shows of a commitment, column by column. A column that is not named here does not leave the database.
LISTED_COLUMNS = (
    "id",  # the place in the order; a cursor carries it signed, no page shows it
    "code",
    "commitment_type",
    "late_materials",
    "fulfilment",
    "subject_kind",
    "subject_name",
    "subject_code",
    "item__code",
    "item_name",
    "department_name",
    "department_uscc",
    "region_id",
    "region__name",
    "made_on",
    "valid_until",
    "public_from",
    "objection_under_way",  # asked of the objections (`_marked`)
)
RECORD_COLUMNS = (*LISTED_COLUMNS, "title", "content", "text_sha256", "pdf_sha256")

# The names under which they are shown: the whole vocabulary of page, API and export.
LISTED_FIELDS = (
    "code", "type", "type_label", "late_materials", "status", "status_label", "subject", "item", "department",
    "region", "made_on", "valid_until", "published_on", "objection_under_way",
)  # fmt: skip
PUBLIC_FIELDS = (*LISTED_FIELDS, "title", "clauses", "masked", "text_sha256", "pdf_sha256")

# Only these are shown: what was partly or not performed is public as part of a published breach alone. Until then, and
# after its publication, it reads as running (履行中), like everything of which nothing is publicly concluded; that it
# differs cannot be told from any list, figure or filter.
SHOWN_FULFILMENT = (Commitment.Fulfilment.RUNNING, Commitment.Fulfilment.FULFILLED)
_CONCLUDED, _RUNS = Commitment.Fulfilment.FULFILLED, Commitment.Fulfilment.RUNNING
_KEPT = (Obligation.State.KEPT, Obligation.State.KEPT_LATE)
SHOWN_EVENTS = (
    CommitmentEvent.Kind.SIGNED,
    CommitmentEvent.Kind.IMPORTED,
    CommitmentEvent.Kind.PUBLISHED,
)

_TYPES = dict(CommitmentType.choices)
_FULFILMENT = dict(Commitment.Fulfilment.choices)
_KINDS = dict(CreditSubject.Kind.choices)

_ID_NUMBER = re.compile(r"(?<![0-9A-Za-z])[1-9][0-9]{16}[0-9Xx](?![0-9A-Za-z])")
_MOBILE = re.compile(r"(?<![0-9A-Za-z])1[3-9][0-9](?:[ -]?[0-9]{4}){2}(?![0-9A-Za-z])")


def _open(now: datetime) -> Q:
    return Q(
        publicity_class=PublicityClass.PUBLIC,
        public_from__lte=now,
        withdrawn_at__isnull=True,
        voided_at__isnull=True,
    )


def listed_commitments(now: datetime) -> QuerySet[Commitment]:
    """What may be listed, searched, counted and exported at `now`: never a natural person's (R92)."""
    return Commitment.objects.filter(_open(now)).exclude(subject_kind=PERSON).annotate(**_marked())


def public_commitments(now: datetime) -> QuerySet[Commitment]:
    """What may be shown one by one to whoever holds its code: also a natural person's, where two people decided so.

    Lists and search start from `listed_commitments`.
    """
    by_two = PublicityDecision.objects.filter(
        commitment=OuterRef("pk"),
        publicity_class=PublicityClass.PUBLIC,
        decided_by__isnull=False,
        second__isnull=False,
    ).exclude(decided_by=F("second"))
    return (
        Commitment.objects.filter(_open(now))
        .filter(~Q(subject_kind=PERSON) | Exists(by_two))
        .annotate(**_marked())
    )


def _marked() -> dict[str, Exists]:
    """Whether an objection to it is under way; of an index that holds those alone."""
    return {MARK: Exists(Objection.objects.filter(commitment=OuterRef("pk"), marked=True))}


def find_public(code: str, *, now: datetime) -> Commitment | None:
    """The public commitment of a code, or None: the same whether there is nothing or nothing public."""
    return public_commitments(now).select_related("region", "item").filter(code=code).first()


def shown_name(kind: str, name: str) -> str:
    """A subject's name as the public sees it: a person's surname and ＊ (data-standards: natural persons)."""
    return codes.mask_person_name(name) if kind == PERSON else name


def shown_status(fulfilment: str) -> str:
    """The status as the public sees it: fulfilled, or running."""
    return _CONCLUDED if fulfilment == _CONCLUDED else Commitment.Fulfilment.RUNNING


def of_shown_status(status: str) -> Q:
    """The commitments that are shown with this status. (None has any other; see `shown_status`.)"""
    kept = Q(fulfilment=_CONCLUDED)
    return kept if status == _CONCLUDED else ~kept


def listed_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """One line of a list from a row of LISTED_COLUMNS: exactly LISTED_FIELDS."""
    person = row["subject_kind"] == PERSON
    status = shown_status(row["fulfilment"])
    hide = _hider_of(row)
    return {
        "code": row["code"],
        "type": row["commitment_type"],
        "type_label": _TYPES[row["commitment_type"]],
        "late_materials": row["late_materials"],
        "status": status,
        "status_label": _FULFILMENT[status],
        "subject": {
            "kind": row["subject_kind"],
            "kind_label": _KINDS[row["subject_kind"]],
            "name": shown_name(row["subject_kind"], row["subject_name"]),
            "code": "" if person else row["subject_code"],
        },
        "item": {"code": row["item__code"], "name": hide(row["item_name"])},
        "department": {"name": row["department_name"], "code": row["department_uscc"]},
        "region": {"code": row["region_id"], "name": row["region__name"]},
        "made_on": row["made_on"],
        "valid_until": row["valid_until"],
        "published_on": local_date(row["public_from"]),
        MARK: row[MARK],
    }


def record_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """One whole public record from a row of RECORD_COLUMNS: exactly PUBLIC_FIELDS.

    `masked` says that something in the clauses was hidden here, so that the hash is of a text that shows it.
    """
    hide = _hider_of(row)
    record = listed_row(row)
    record["title"] = hide(row["title"])
    record["clauses"] = [
        {"no": clause["no"], "kind": clause["kind"], "text": hide(clause["text"])}
        for clause in row["content"]
    ]
    record["masked"] = hide.hidden
    record["text_sha256"] = row["text_sha256"]
    record["pdf_sha256"] = row["pdf_sha256"]
    return record


def public_record(commitment: Commitment) -> dict[str, Any]:
    """The public record of a commitment taken from the gate: plain values, exactly PUBLIC_FIELDS.

    Ask for `select_related("region", "item")`, or it costs two queries more.
    """
    return record_row({column: _column(commitment, column) for column in RECORD_COLUMNS})


def public_line(commitment: Commitment) -> dict[str, Any]:
    """One line of a list of a commitment taken from the gate: exactly LISTED_FIELDS."""
    return listed_row({column: _column(commitment, column) for column in LISTED_COLUMNS})


def public_course(commitment: Commitment) -> list[dict[str, date | str]]:
    """What happened, by day, in order: `on` and `label`, never who, why or what was noted."""
    events: Iterable[CommitmentEvent] = commitment.events.filter(kind__in=SHOWN_EVENTS).order_by("id")
    return [{"on": local_date(event.at), "label": event.get_kind_display()} for event in events]


def public_late_promise(commitment: Commitment) -> dict[str, Any] | None:
    """How many late materials were promised, and the last day as it was signed: `number`, `last_on`. What has come of it
    is not shown: a material that has not come would say a breach before anybody has determined one."""
    if not commitment.late_materials:
        return None
    found = PromisedMaterial.objects.filter(supplement__commitment=commitment).aggregate(
        number=Count("pk"), last_on=Max("promised_on")
    )
    return found if found["number"] else None


def public_obligations(commitment: Commitment, *, breach_is_public: bool) -> list[dict[str, Any]]:
    """Clause by clause how a commitment is being kept, as the public may see it: `no` (0: the whole), `state`, `label`, `on`.

    That one was not kept, in part or late, is shown beside a public breach alone; else a clause was kept or it runs. What
    has ended is not shown, nor a mere declaration, unless a public breach says that it was untrue.
    """
    return [
        {"no": row.clause_no, "on": row.found_on} | _shown_obligation(row, breach_is_public)
        if row.state in _KEPT or (breach_is_public and row.state == Obligation.State.NOT_KEPT)
        else {"no": row.clause_no, "on": None, "state": _RUNS, "label": _FULFILMENT[_RUNS]}
        for row in commitment.obligations.exclude(state=Obligation.State.ENDED).order_by("clause_no")
        if row.kind != Obligation.Kind.DECLARED
        or (breach_is_public and row.state == Obligation.State.NOT_KEPT)
    ]


def _shown_obligation(row: Obligation, breach_is_public: bool) -> dict[str, str]:
    if row.state == Obligation.State.NOT_KEPT:
        state = Commitment.Fulfilment.PARTIAL if row.partly else Commitment.Fulfilment.UNFULFILLED
        return {"state": state, "label": row.shown_state}
    late = breach_is_public and row.state == Obligation.State.KEPT_LATE
    word = Obligation.State.KEPT_LATE if late else Obligation.State.KEPT
    return {"state": _CONCLUDED, "label": str(word.label)}


def clause_kind_label(kind: str) -> str:
    """「承诺内容」 or 「违诺责任」."""
    return str(Clause.Kind(kind).label)


def _hider_of(row: Mapping[str, Any]) -> "Hider":
    return Hider(
        kind=row["subject_kind"],
        name=row["subject_name"],
        kept=(row["subject_code"], row["department_uscc"]),
    )


def _column(commitment: Commitment, column: str) -> Any:
    if column == MARK and MARK not in vars(commitment):
        return Objection.objects.filter(commitment=commitment, marked=True).exists()
    value: Any = commitment
    for part in column.split("__"):
        value = None if value is None else getattr(value, part)
    return value


class Hider:
    """Hides ID numbers and mobile phones that were written into a text, and a person's own name (R92, R113)."""

    def __init__(self, *, kind: str, name: str, kept: Iterable[str]) -> None:
        self.hidden = False
        self._kept = set(kept)
        self._name = name if kind == PERSON else ""

    def __call__(self, text: str) -> str:
        shown = text
        if self._name:
            shown = shown.replace(self._name, codes.mask_person_name(self._name))
        shown = _ID_NUMBER.sub(self._number, shown)
        shown = _MOBILE.sub(_stars, shown)
        if shown != text:
            self.hidden = True
        return shown

    def _number(self, match: re.Match[str]) -> str:
        number = match[0].upper()
        if number in self._kept:
            return match[0]
        # Wherever it carries a day of birth, a mistyped check digit protects nobody.
        try:
            date.fromisoformat(number[6:14])
        except ValueError:
            return match[0]
        return _stars(match)


def _stars(match: re.Match[str]) -> str:
    return "＊" * len(match[0])
