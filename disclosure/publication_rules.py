"""When a breach is public, and who may decide so. Pure. (Sources: S0 一（三）, R26, R89, R92; docs/reporting.md.)"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from credit_portal.deadlines.periods import last_day_after_months
from credit_portal.registry.models import CreditSubject, PublicityClass

from .models import BreachPublication
from .rules import CREDIT_OFFICE, PublicityRefused

Reason = BreachPublication.Reason
PERSON = CreditSubject.Kind.PERSON
PUBLIC = PublicityClass.PUBLIC

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

ERROR_NOT_SERVED = "认定书尚未送达，送达前不得决定公示。"
ERROR_UNCONFIRMED = "规则“违诺信息公示期”（{scope}）未经本地区确认，未确认的规则不能据以公示。请信用办先在“规则变更提议”中确认。"
ERROR_OVER = "公示期已于 {until} 届满，不再公示。"
ERROR_MINOR_NOTE = "轻微违诺原则上不公示；确需公示的，请写明理由。"
ERROR_REASON = "所选理由不适用于这一公开类型。"
ERROR_CLASS = "没有这种公开类型。"
ERROR_OFFICE = "违诺的公开类型由信用办决定。"
ERROR_TWO = "自然人的违诺须由信用办两人决定：一人提议，另一人同意。"
ERROR_SAME = "不能决定自己的提议，须由信用办另一人办理。"
ERROR_SECOND_NOT_NEEDED = "这一决定不需要第二人。"


@dataclass(frozen=True)
class Period:
    """Days of publicity, both included; `repairable_from` is the day after the minimum."""

    public_from: date
    public_until: date
    repairable_from: date


def period(
    *,
    determined_on: date,
    served_on: date,
    decided_on: date,
    rule: dict[str, Any],
    until: date | None = None,
    repairable_from: date | None = None,
) -> Period:
    """The publicity of a breach by a rule of months (`min`, `max`), running from the day of the document.

    Public from the decision on and never before service. `until`, `repairable_from`: the first of
    those of earlier publications of the same breach, which an order may have moved; it is never longer, nor repair later. Raises
    PublicityRefused where the maximum is over already.
    """
    first = max(served_on, decided_on)
    last = last_day_after_months(determined_on, int(rule["max"]))
    last = min(last, until or last)
    if last < first:
        raise PublicityRefused(ERROR_OVER.format(until=last), field="publicity_class")
    repair = last_day_after_months(determined_on, int(rule["min"])) + timedelta(days=1)
    return Period(first, last, min(repair, repairable_from or repair))


def unpublished_in_principle(rule: dict[str, Any]) -> bool:
    return rule.get("published") is False


def reasons_for(
    subject_kind: str, publicity_class: str, *, grade: str
) -> frozenset[BreachPublication.Reason]:
    """The reasons that people may give for a class; which of them is true they decide."""
    if publicity_class == PUBLIC:
        return frozenset({Reason.PERSON_BY_TWO if subject_kind == PERSON else Reason.BY_LAW})
    return EXCEPTIONS | ({Reason.MINOR} if grade == "minor" else frozenset())


def check_decision(
    *,
    subject_kind: str,
    grade: str,
    publicity_class: str,
    reason: str,
    note: str,
    first_id: int,
    first_groups: Collection[str],
    second_id: int | None,
    second_groups: Collection[str],
) -> None:
    """Raise PublicityRefused unless these people may decide so (R92; a natural person: two)."""
    if publicity_class not in PublicityClass.values:
        raise PublicityRefused(ERROR_CLASS, field="publicity_class")
    if reason not in reasons_for(subject_kind, publicity_class, grade=grade):
        raise PublicityRefused(ERROR_REASON, field="reason")
    if CREDIT_OFFICE not in first_groups:
        raise PublicityRefused(ERROR_OFFICE, field="decided_by")
    if publicity_class == PUBLIC and grade == "minor" and not note.strip():
        raise PublicityRefused(ERROR_MINOR_NOTE, field="note")
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
