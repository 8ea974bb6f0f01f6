"""The twenty fields of a commitment and of a determined case, as text by field number."""

from collections.abc import Mapping

from commitments import collection_format as form
from commitments.models import BreachCase, Clause, Commitment
from credit_portal.registry.models import CreditSubject, PublicityClass


def values_of(case: BreachCase) -> dict[str, str]:
    """The twenty fields of a determined case, as text by field number."""
    clauses = list(case.clauses.order_by("clause_no"))
    determined = case.determined_on
    return commitment_values(case.commitment) | {
        "11": str(case.get_outcome_display()),
        "12": "\n".join(f"第 {row.clause_no} 条：{row.not_kept}" for row in clauses),
        "13": case.liability,
        "14": determined.isoformat() if determined else "",
        "15": case.department.name,
        "16": case.department.uscc,
        "20": "以欺骗方式取得" if case.by_deceit else "",
    }


def corrected_values(case: BreachCase, corrected: Mapping[str, str]) -> dict[str, str]:
    """The fields in which an answered objection has put something right, by the keys of its points."""
    found = {}
    if any(key.startswith("clause_") for key in corrected):
        found["12"] = "\n".join(
            f"第 {row.clause_no} 条：{corrected.get(f'clause_{row.clause_no}', row.not_kept)}"
            for row in case.clauses.order_by("clause_no")
        )
    if "liability" in corrected:
        found["13"] = corrected["liability"]
    return found


def commitment_values(commitment: Commitment) -> dict[str, str]:
    """The twenty fields of a commitment, those on its fulfilment (11 to 16) empty."""
    person = commitment.subject_kind == CreditSubject.Kind.PERSON
    return {str(number): "" for number in form.BY_NUMBER} | {
        "1": commitment.code,
        "2": commitment.subject_name,
        "3": str(CreditSubject.Kind(commitment.subject_kind).label),
        "4": form.SEALED if person else commitment.subject_code,
        "5": form.type_in_words(commitment.commitment_type, late_materials=commitment.late_materials),
        "6": commitment.item_name,
        "7": _clauses(commitment, Clause.Kind.PLEDGE),
        "8": _clauses(commitment, Clause.Kind.LIABILITY),
        "9": commitment.made_on.isoformat(),
        "10": commitment.valid_until.isoformat() if commitment.valid_until else "",
        "17": commitment.department_name,
        "18": commitment.department_uscc,
        "19": str(PublicityClass(commitment.publicity_class).label),
    }


def _clauses(commitment: Commitment, kind: str) -> str:
    if commitment.channel == Commitment.Channel.BULK or commitment.text_version_id is None:
        # As its unit told it: the numbers, if there are any, are in its own words.
        return "\n".join(clause["text"] for clause in commitment.content if clause["kind"] == kind)
    return "\n".join(
        f"{clause['no']}. {clause['text']}" for clause in commitment.content if clause["kind"] == kind
    )
