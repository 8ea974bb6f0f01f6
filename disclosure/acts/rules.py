"""When an act is public, by whom it is decided, and which rule its time limit comes from. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from credit_portal.deadlines.periods import last_day_after_months
from credit_portal.registry import groups
from credit_portal.registry.models import CreditSubject, PublicityClass
from disclosure.act_models import ActKind, AdministrativeAct

Reason = AdministrativeAct.Reason
Ending = AdministrativeAct.Ending
PERSON = CreditSubject.Kind.PERSON
PUBLIC = PublicityClass.PUBLIC

# The eight that documents only have studied (S1 十五, S4 15): one switch for all of them.
OTHER_EIGHT = frozenset(ActKind.values) - {ActKind.LICENCE, ActKind.PENALTY, ActKind.JUDICIAL}
# What harms where it is wrong: whoever entered it does not publish it.
SEEN_BY_ANOTHER = frozenset({ActKind.PENALTY, ActKind.COERCION, ActKind.JUDICIAL})
# Licences of an approval bureau are its own people's business (S2 四（二）).
DOES = frozenset({groups.OFFICER, groups.HEAD, groups.APPROVAL_BUREAU})
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
# What people may say when they end one. The days end it by themselves; correcting and repairing are acts of their own.
BY_HAND = (Ending.REVOKED, Ending.LAPSED, Ending.MISTAKE, Ending.OBJECTION, Ending.CLASS_CHANGED)

ERROR_CLASS = "没有这种公开类型。"
ERROR_REASON = "所选理由不适用于这一公开类型。"
ERROR_ANOTHER = "行政处罚、行政强制和司法信息由录入人以外的另一人公开。"
ERROR_MINOR = "轻微的处罚原则上不公示；确需公示的，请写明理由。"
ERROR_UNCONFIRMED = "规则“违诺信息公示期”（程度{grade}）未经本地区确认，不能据以公示行政处罚。请信用办先在“规则变更提议”中确认。"
ERROR_OVER = "公示期已于 {until} 届满，不再公示。"
ERROR_OTHERS = "公开以外的公开类型须选择理由。"


class ActRefused(ValueError):
    """What was asked of an act cannot be done; `field` names what is wrong, the message says it in Chinese."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def duty_rule(kind: str) -> str:
    """The key of the policy rule that says within how many working days an act of this kind is published."""
    if kind in (ActKind.LICENCE, ActKind.PENALTY, ActKind.JUDICIAL):
        return f"act_publication.{kind}"
    return "act_publication.other"


@dataclass(frozen=True)
class Period:
    """Days of publicity, both included; without a last day it goes on until somebody ends it."""

    public_from: date
    public_until: date | None


def period(
    *,
    kind: str,
    decided_on: date,
    valid_until: date | None,
    published_on: date,
    publicity: Mapping[str, Any] | None,
) -> Period:
    """A licence is shown as long as it is valid, a penalty for the months of the rule `publicity` from its day, anything
    else to the day that its department names. Raises ActRefused where that is over."""
    last = valid_until
    if kind == ActKind.PENALTY:
        if publicity is None:
            raise ActRefused("没有公示期规则，不能公示行政处罚。", field="publicity_class")
        last = last_day_after_months(decided_on, int(publicity["max"]))
    if last is not None and last < published_on:
        raise ActRefused(ERROR_OVER.format(until=last), field="publicity_class")
    return Period(published_on, last)


def repairable_from(decided_on: date, publicity: Mapping[str, Any]) -> date:
    """The day after the shortest publicity of the rule."""
    return last_day_after_months(decided_on, int(publicity["min"])) + timedelta(days=1)


def reasons_for(subject_kind: str, publicity_class: str, *, grade: str) -> frozenset[Reason]:
    """The reasons that people may give for a class."""
    if publicity_class == PUBLIC:
        return frozenset({Reason.PERSON_BY_TWO if subject_kind == PERSON else Reason.BY_LAW})
    found = EXCEPTIONS | ({Reason.MINOR} if grade == "minor" else frozenset())
    return found | ({Reason.DEFAULT_PERSON} if subject_kind == PERSON else frozenset())


def default_reason(subject_kind: str, publicity_class: str) -> str:
    """The reason that goes without saying: there is one for making public, and one for keeping a person's limited."""
    if publicity_class == PUBLIC:
        return str(Reason.PERSON_BY_TWO if subject_kind == PERSON else Reason.BY_LAW)
    if subject_kind == PERSON and publicity_class == PublicityClass.LIMITED:
        return str(Reason.DEFAULT_PERSON)
    return ""


def check_decision(
    *,
    kind: str,
    subject_kind: str,
    grade: str,
    publicity_class: str,
    reason: str,
    note: str,
    actor_id: int,
    entered_by: int | None,
    roles: Collection[str],
) -> None:
    """Raise ActRefused unless this person may give the act this class for this reason."""
    if not DOES & set(roles):
        raise ActRefused("公开类型由作出机关的经办人、负责人或者审批局人员确定。", field="decided_by")
    if publicity_class not in PublicityClass.values:
        raise ActRefused(ERROR_CLASS, field="publicity_class")
    if not reason:
        raise ActRefused(ERROR_OTHERS, field="reason")
    if reason not in reasons_for(subject_kind, publicity_class, grade=grade):
        raise ActRefused(ERROR_REASON, field="reason")
    if publicity_class != PUBLIC:
        return
    if kind in SEEN_BY_ANOTHER and entered_by == actor_id:
        raise ActRefused(ERROR_ANOTHER, field="decided_by")
    if kind == ActKind.PENALTY and grade == "minor" and not note.strip():
        raise ActRefused(ERROR_MINOR, field="note")
