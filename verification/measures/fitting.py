"""Which measure fits which list: rewards only for the good, sanctions only for the dishonest, a stricter look at most for
those to be watched. Pure. (S1 八、九、十, S4 8、10, R83, R84.)"""

from credit_portal.registry.models import Domain
from verification.checking.making import TENDERS
from verification.models import CreditList
from verification.vocabulary import EFFECT_LABELS, SUPPORTS, Effect

Sort = CreditList.Sort
_GOOD = frozenset({*SUPPORTS, Effect.ELSEWHERE})
# What can be listed for whom. How a list is left stands with the list itself, not among its measures.
EFFECTS: dict[Sort, frozenset[Effect]] = {
    Sort.ADVERSE: frozenset(
        {Effect.REFUSED, Effect.BAN, Effect.ORDINARY, Effect.KEY, Effect.REFERENCE, Effect.ELSEWHERE}
    ),
    # Lesser cases are only looked at more strictly.
    Sort.WATCH: frozenset({Effect.KEY, Effect.REFERENCE, Effect.ELSEWHERE}),
    Sort.MODEL: _GOOD,
    Sort.GOOD: _GOOD,
}

NO_BASIS = "请写明法律依据，没有依据的措施不能列入清单。"
NO_TEXT = "请写明做什么。"
WRONG_EFFECT = "“{list}”（{sort}）不能有“{effect}”，可选：{known}。"
BAN_NEEDS_DOMAIN = "市场和行业禁入须写明是哪个领域，例如“市场准入”。"
NO_STEPS = "只有{fields}分环节，请把环节留空，或者改选领域。"


def problems(
    *, sort: str, list_name: str, effect: str, domain: str, step: str, text: str, basis: str
) -> dict[str, str]:
    """What does not fit, by field, in Chinese; empty where it all does."""
    found: dict[str, str] = {}
    allowed = EFFECTS[Sort(sort)]
    if effect not in set(EFFECT_LABELS):
        found["effect"] = "请选择作用。"
    elif Effect(effect) not in allowed:
        known = "、".join(EFFECT_LABELS[one] for one in Effect if one in allowed)
        found["effect"] = WRONG_EFFECT.format(
            list=list_name, sort=Sort(sort).label, effect=EFFECT_LABELS[Effect(effect)], known=known
        )
    elif effect == Effect.BAN and not domain:
        found["domain"] = BAN_NEEDS_DOMAIN
    if step and domain not in TENDERS:
        fields = "、".join(str(one.label) for one in Domain if one in TENDERS)
        found["step"] = NO_STEPS.format(fields=fields)
    if not text.strip():
        found["text"] = NO_TEXT
    if not basis.strip():
        found["basis"] = NO_BASIS
    return found
