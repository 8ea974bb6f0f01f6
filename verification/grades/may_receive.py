"""Who may be given the evaluation of whom: the one place that says so. A department or association where a document of the
region lets it (S1 三（六）, S4 6「参考使用」): the one those of its region, to use in its work, the other those of its members.
Everybody else, a bank above all, with the subject's own consent. (R124, R113)"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from credit_portal.audit.clock import local_date
from credit_portal.registry.below import within
from credit_portal.registry.models import CreditSubject
from verification.consent import exceptions, gate
from verification.consent.rules import Why
from verification.consent_models import Part
from verification.models import Consent, EvaluationRecipient

Kind = EvaluationRecipient.Kind
PARTS = (Part.EVALUATIONS,)
NO_MEMBER = "不是本会会员，也没有主体同意"
ELSEWHERE = "不是接收单位所在地区的，也没有主体同意"
NOT_ACTIVE = "接收单位已停用"
NO_CODE = "接收单位没有登记统一社会信用代码，核对不了主体的同意"
WORDS = {
    Why.NONE: "未取得主体同意",
    Why.NOT_YET: "主体的同意还没有生效",
    Why.WITHDRAWN: "主体已撤回同意",
    Why.EXPIRED: "主体的同意已到期",
    Why.OUT_OF_SCOPE: "主体同意的内容不包括综合评价",
}
# Rosters are kept by a room above: it says here who is on one.
_members: list[Callable[..., set[int]]] = []


def register_members(find: Callable[..., set[int]]) -> None:
    """`find(*, department_id, subject_ids, on)` gives those of the subjects that are members of an association."""
    _members[:] = [find]


@dataclass(frozen=True)
class Decision:
    """`consents`: by which consent, of those where it takes one. `held`: whose is not given, with the reason."""

    consents: dict[int, Consent]
    held: dict[int, str]


def decide(recipient: EvaluationRecipient, subject_ids: Collection[int], *, now: datetime) -> Decision:
    """Of whom a recipient may be given the evaluation at a moment. The consents are locked: to be called in a transaction. Two
    queries at most, beside the recipient's unit."""
    unit = recipient.department
    if not recipient.is_active or (unit is not None and not unit.is_active):
        return Decision({}, dict.fromkeys(subject_ids, NOT_ACTIVE))
    free, unless = _without_consent(recipient, subject_ids, now)
    rest = [pk for pk in subject_ids if pk not in free]
    if not rest:
        return Decision({}, {})
    if not recipient.uscc:
        return Decision({}, dict.fromkeys(rest, NO_CODE))
    consents, refused = gate.consents_among(subject_ids=rest, code=recipient.uscc, parts=PARTS, now=now)
    words = WORDS | {Why.NONE: unless}
    return Decision(consents, {pk: words[why] for pk, why in refused.items()})


def _without_consent(
    recipient: EvaluationRecipient, subject_ids: Collection[int], now: datetime
) -> tuple[set[int], str]:
    """Those of whom a document lets the recipient know without asking them; and what is said of the others."""
    today, unit = local_date(now), recipient.department
    if recipient.kind == Kind.BANK or unit is None:
        return set(), WORDS[Why.NONE]
    if exceptions.basis_of(exceptions.EVALUATION, lineage=unit.region.lineage, on=today) is None:
        return set(), WORDS[Why.NONE]
    if recipient.kind == Kind.ASSOCIATION:
        return _members[0](department_id=unit.pk, subject_ids=subject_ids, on=today), NO_MEMBER
    path = unit.region.path
    own = CreditSubject.objects.filter(within(path), pk__in=subject_ids)
    return set(own.values_list("pk", flat=True)), ELSEWHERE
