"""What a commitment is counted by beside its item: position and unit of an occupational group (R9, R19), the year that it is
for (R32). They are blanks of the text, so they stand in what is signed, wherever it is signed."""

from collections.abc import Iterable
from datetime import date

from credit_portal.registry.models import Department, ServiceItemVersion
from verification.tax_credit.declarations import Declaration

from . import text_rules
from .models import Commitment, CommitmentParticulars, Draft

UNIT, POSITION, YEAR = "单位", "岗位", "年度"
# The first year for which persons declare their comprehensive income.
FIRST_YEAR = 2019


def needed(item: ServiceItemVersion) -> tuple[str, ...]:
    """Keys of the blanks that a text for this item must have, filled in."""
    return (*((UNIT, POSITION) if item.occupation_id else ()), *((YEAR,) if item.once_a_year else ()))


def lacking(item: ServiceItemVersion, blanks: Iterable[text_rules.BlankLike]) -> list[str]:
    """The needed blanks that a text does not have, or does not insist on."""
    required = {blank.key for blank in blanks if blank.required}
    return [key for key in needed(item) if key not in required]


def blank_errors(draft: Draft, today: date) -> dict[str, str]:
    """What is wrong with the blanks of a draft, by key: by the text, and by what the item counts."""
    blanks = list(draft.text_version.blanks.all())
    errors = text_rules.blank_errors(blanks, draft.blanks)
    if draft.item_version.once_a_year and YEAR not in errors and year_of(draft, today) is None:
        errors[YEAR] = f"“{YEAR}”应为 {FIRST_YEAR} 至 {today.year} 之间的年份，例如 {today.year - 1}。"
    for blank in blanks if draft.item_version.occupation_id else ():
        named = {UNIT: "单位", POSITION: "岗位或者职务"}.get(blank.key)
        typed = str(draft.blanks.get(blank.key, ""))
        if named and blank.key not in errors and not any(char.isalpha() for char in typed):
            errors[blank.key] = f"“{blank.label}”应写{named}的名称，不能只写数字和符号。"
    return errors


def year_of(draft: Draft, today: date) -> int | None:
    """The year that the draft is for; None where none such is written."""
    typed = str(draft.blanks.get(YEAR, "")).strip()
    if not (typed.isascii() and typed.isdigit() and len(typed) == 4):
        return None
    return int(typed) if FIRST_YEAR <= int(typed) <= today.year else None


def same_year(draft: Draft, today: date) -> Commitment | None:
    """A commitment of the same subject and item for the same year."""
    year = year_of(draft, today) if draft.item_version.once_a_year else None
    if year is None:
        return None
    rows = Commitment.objects.filter(
        subject=draft.subject,
        item=draft.item_version.item,
        particulars__year=year,
        voided_at=None,
        corrected_by=None,
    ).exclude(pk=draft.corrects_id)
    return rows.order_by("-pk").first()


def keep(commitment: Commitment, draft: Draft) -> None:
    """Copy them at signing, in the caller's transaction."""
    item = draft.item_version
    if not needed(item):
        return
    CommitmentParticulars.objects.create(
        commitment=commitment,
        occupation=item.occupation,
        occupation_name=item.occupation.name if item.occupation else "",
        unit=str(draft.blanks.get(UNIT, "")).strip() if item.occupation_id else "",
        position=str(draft.blanks.get(POSITION, "")).strip() if item.occupation_id else "",
        year=year_of(draft, commitment.made_on) if item.once_a_year else None,
    )


def declaration(code: str) -> Declaration | None:
    """The commitment of a code, if it is about the tax of a year and stands: taken for an item of a tax authority."""
    kept = (
        CommitmentParticulars.objects.filter(
            commitment__code=code, commitment__voided_at=None, commitment__corrected_by=None, year__isnull=False,
            commitment__item__department__kind=Department.Kind.TAX,
        )
        .select_related("commitment")
        .first()
    )  # fmt: skip
    return None if kept is None or kept.year is None else Declaration(kept.commitment.subject_id, kept.year)
