"""The measures that are decided with a listing, as they are typed: each with what it does, where, and on which basis; what the public
list of measures would not take for such a list is not decided beside it either (S1 八 十, S4 8 10; R83)."""

from collections.abc import Mapping, Sequence

from credit_portal.registry.models import Domain

from .measures import fitting
from .models import CreditList, EntryMeasure, Listing
from .vocabulary import EFFECT_LABELS, Effect

# The way out is decided with the listing itself (`exit_rule`), it is no measure to choose.
EFFECTS = [(code, label) for code, label in EntryMeasure.EFFECTS if code != Effect.EXIT_RULE]
# What is typed of one, and what its field is called on a form.
FIELDS = {"domain": "domain", "effect": "effect", "basis": "measure_basis"}
MOST = 5

NO_BASIS = "每项措施须写明法律依据；没有依据的不能录入。"
NO_EFFECT = "请选择措施的效果；没有措施的，领域和依据都留空。"
NO_DOMAIN = "没有这个领域。"
TWICE = "与前面的一项相同，请留空或者改写。"
TOO_MANY = f"措施最多 {MOST} 项。"
ERROR_WATCH = "重点关注名单适用于没有达到联合惩戒标准的，只能附重点审查的措施。"

Problems = dict[tuple[int, str], str]


def field_name(place: int, field: str) -> str:
    """How a field of the measure at this place is called on a form: of the first without a number."""
    return FIELDS[field] if place == 0 else f"{FIELDS[field]}_{place + 1}"


def read(given: Sequence[Mapping[str, str]], *, kind: str) -> tuple[list[dict[str, str]], Problems]:
    """The measures as a listing keeps them, and what is wrong, by place and field; rows left empty are none."""
    found: list[dict[str, str]] = []
    wrong: Problems = {}
    for place, one in enumerate(given):
        row = {field: one.get(field, "").strip() for field in FIELDS}
        if not any(row.values()):
            continue
        problems = _problems(row, kind)
        if not problems and row in found:
            problems = {"effect": TWICE}
        elif not problems and len(found) == MOST:
            problems = {"effect": TOO_MANY}
        wrong |= {(place, field): text for field, text in problems.items()}
        found.append(row | {"basis": row["basis"][:300]})
    return found, wrong


def _problems(row: Mapping[str, str], kind: str) -> dict[str, str]:
    if row["effect"] not in dict(EFFECTS):
        return {"effect": NO_EFFECT}
    if row["domain"] and row["domain"] not in Domain.values:
        return {"domain": NO_DOMAIN}
    if kind == Listing.Kind.WATCH and row["effect"] != Effect.KEY:
        return {"effect": ERROR_WATCH}
    watched = kind == Listing.Kind.WATCH
    found = fitting.problems(
        sort=CreditList.Sort.WATCH if watched else CreditList.Sort.ADVERSE,
        list_name=Listing.Kind(kind).label,
        effect=row["effect"],
        domain=row["domain"],
        step="",
        text=EFFECT_LABELS[Effect(row["effect"])],
        basis=row["basis"],
    )
    return found | ({"basis": NO_BASIS} if "basis" in found else {})
