"""Imported commitments as the file told them, to be set beside what another file tells."""

import hmac
from collections.abc import Iterable, Mapping
from functools import cache

from commitments.collection_format import OUTCOMES, fingerprint
from commitments.models import Commitment, ImportedCommitment
from credit_portal.audit.hashing import field_keys
from credit_portal.registry.models import CreditSubject, PublicityClass

_OUTCOME_WORDS = dict(zip(("fulfilled", "partial", "unfulfilled"), OUTCOMES, strict=True))


@cache
def _key() -> bytes:
    return hmac.digest(field_keys()["blind"], b"purpose:bulk_row", "sha256")


def keyed_fingerprint(values: Mapping[str, str], own_number: str) -> str:
    """By which a row is known again. Keyed: a person's number is among the values."""
    return hmac.new(_key(), f"{fingerprint(values)} {own_number}".encode(), "sha256").hexdigest()


def told_values(commitment: Commitment) -> dict[str, str]:
    """The twenty values of an imported commitment, as they were told last. Wants `imported` and `subject`."""
    told: ImportedCommitment = commitment.imported
    person = commitment.subject_kind == CreditSubject.Kind.PERSON
    return {
        "1": commitment.code,
        "2": commitment.subject_name,
        "3": str(CreditSubject.Kind(commitment.subject_kind).label),
        "4": commitment.subject.id_number if person else commitment.subject_code,
        "5": told.type_word,
        "6": commitment.item_name,
        "7": text_of(commitment.content, "pledge"),
        "8": text_of(commitment.content, "liability"),
        "9": commitment.made_on.isoformat(),
        "10": commitment.valid_until.isoformat() if commitment.valid_until else "",
        "11": _OUTCOME_WORDS.get(told.outcome, ""),
        "12": told.not_kept,
        "13": told.liability,
        "14": told.found_on.isoformat() if told.found_on else "",
        "15": told.found_by,
        "16": told.found_by_uscc,
        "17": commitment.department_name,
        "18": commitment.department_uscc,
        "19": str(PublicityClass(told.asked_class).label),
        "20": told.remark,
    }


def text_of(content: Iterable[Mapping[str, str]], kind: str) -> str:
    return "\n".join(clause["text"] for clause in content if clause["kind"] == kind)


def content_of(values: Mapping[str, str]) -> list[dict[str, object]]:
    """The clauses of a row: what was promised, and the liability, each as it stands in the file."""
    return [
        {"no": 1, "kind": "pledge", "clause": None, "text": values["7"]},
        {"no": 2, "kind": "liability", "clause": None, "text": values["8"]},
    ]
