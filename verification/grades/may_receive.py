"""Who may be given the evaluation of whom: the one place that says so. Departments: the subjects of their region, to use
in their work (S4 6「共享至相关政府部门、金融机构、行业协会商会参考使用」). An association: its members. A bank: only with the
subject's own consent, of which there is none on record."""

from collections.abc import Callable, Collection
from datetime import date

from credit_portal.registry.models import CreditSubject
from verification.models import EvaluationRecipient

Kind = EvaluationRecipient.Kind
NO_CONSENT = "未取得主体同意"
NO_MEMBER = "不是本会会员"
NOT_ACTIVE = "接收单位已停用"
# Rosters are kept by a room above: it says here who is on one.
_members: list[Callable[..., set[int]]] = []


def register_members(find: Callable[..., set[int]]) -> None:
    """`find(*, department_id, subject_ids, on)` gives those of the subjects that are members of an association."""
    _members[:] = [find]


def refusals(recipient: EvaluationRecipient, subject_ids: Collection[int], *, on: date) -> dict[int, str]:
    """Of these subjects those whose evaluation the recipient may not be given, with the reason. One query at most."""
    if not recipient.is_active:
        return dict.fromkeys(subject_ids, NOT_ACTIVE)
    if recipient.kind == Kind.DEPARTMENT:
        return {}
    if recipient.kind == Kind.ASSOCIATION:
        found = (
            _members[0](department_id=recipient.department_id, subject_ids=subject_ids, on=on)
            if _members
            else set()
        )
        return {pk: NO_MEMBER for pk in subject_ids if pk not in found}
    return dict.fromkeys(subject_ids, NO_CONSENT)


def may_receive(recipient: EvaluationRecipient, subject: CreditSubject, *, on: date) -> bool:
    """Whether a recipient may be given the evaluation of a subject on a day."""
    return not refusals(recipient, [subject.pk], on=on)
