"""Which publicity class a commitment has, and who may give it another. Pure."""

from collections.abc import Collection

from commitments.telling import class_at_signing
from credit_portal.registry.groups import CREDIT_OFFICE
from credit_portal.registry.models import CommitmentType, CreditSubject, PublicityClass

from .models import PublicityDecision

Reason = PublicityDecision.Reason
PERSON = CreditSubject.Kind.PERSON
PUBLIC, LIMITED, CLOSED = PublicityClass.PUBLIC, PublicityClass.LIMITED, PublicityClass.CLOSED

# S2: what is excepted from publication. Any of them keeps a commitment from the public, wholly or in part.
EXCEPTIONS = frozenset(
    {
        Reason.TRADE_SECRET,
        Reason.PRIVACY,
        Reason.STATE_SECURITY,
        Reason.PUBLIC_SECURITY,
        Reason.ECONOMIC_SECURITY,
        Reason.SOCIAL_STABILITY,
        Reason.THIRD_PARTY,
    }
)
ENDINGS = frozenset({Reason.VOIDED, Reason.CORRECTED, Reason.OBJECTION})

ERROR_CLASS = "请选择公开类型：可向社会公开、特定范围内公开或不可公开。"
ERROR_REASON = "该理由不适用于所选的公开类型和承诺人类别。"
ERROR_OFFICE = "公开类型只能由信用办人员决定。"
ERROR_TWO = "公开自然人的承诺须由两人共同决定。"
ERROR_SAME = "两名决定人不能是同一人。"
ERROR_SECOND_NOT_NEEDED = "只有公开自然人的承诺需要第二人。"


class PublicityRefused(ValueError):
    """A decision on publicity is not allowed so; `field` names what is wrong, the message says it in Chinese."""

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


def initial_class(
    subject_kind: str, item_publicity_class: str | None, *, commitment_type: str = ""
) -> tuple[PublicityClass, PublicityDecision.Reason]:
    """The class at signing, before anything is published (R92), and the reason for it.

    `item_publicity_class` is what the catalogue says of the item, None without an item. A natural person's is never
    public by rule, only by two people's decision. A repair commitment says that something had to be repaired, so it is
    not public by rule either: a repair is seen by whoever holds the certificate, and in the announcement where there is
    one (docs/repair.md).
    """
    found = class_at_signing(subject_kind, item_publicity_class, commitment_type=commitment_type)
    if found == PUBLIC:
        return found, Reason.DEFAULT_ORGANISATION
    if found == LIMITED and subject_kind == PERSON:
        return found, Reason.DEFAULT_PERSON
    if found == LIMITED and commitment_type == CommitmentType.REPAIR:
        return found, Reason.REPAIR_PLEDGE
    return found, Reason.ITEM_RULE


def reasons_for(subject_kind: str, publicity_class: str) -> frozenset[PublicityDecision.Reason]:
    """The reasons that people may give for a class; which of them is true they decide."""
    if publicity_class == PUBLIC:
        return frozenset({Reason.PERSON_BY_TWO if subject_kind == PERSON else Reason.DEFAULT_ORGANISATION})
    if subject_kind == PERSON and publicity_class == LIMITED:
        return EXCEPTIONS | {Reason.ITEM_RULE, Reason.DEFAULT_PERSON}
    return EXCEPTIONS | {Reason.ITEM_RULE}


def check_decision(
    *,
    subject_kind: str,
    publicity_class: str,
    reason: str,
    first_id: int,
    first_groups: Collection[str],
    second_id: int | None,
    second_groups: Collection[str],
) -> None:
    """Raise PublicityRefused unless these people may decide so (process.md, Publication: a natural person, two)."""
    if publicity_class not in PublicityClass.values:
        raise PublicityRefused(ERROR_CLASS, field="publicity_class")
    if reason not in reasons_for(subject_kind, publicity_class):
        raise PublicityRefused(ERROR_REASON, field="reason")
    if CREDIT_OFFICE not in first_groups:
        raise PublicityRefused(ERROR_OFFICE, field="decided_by")
    if not (subject_kind == PERSON and publicity_class == PUBLIC):
        if second_id is not None:
            raise PublicityRefused(ERROR_SECOND_NOT_NEEDED, field="second")
        return
    if second_id is None:
        raise PublicityRefused(ERROR_TWO, field="second")
    if second_id == first_id:
        raise PublicityRefused(ERROR_SAME, field="second")
    if CREDIT_OFFICE not in second_groups:
        raise PublicityRefused(ERROR_OFFICE, field="second")
