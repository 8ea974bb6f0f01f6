"""Whose a check is, who works on it, and what its answer has come to after an exception."""

from datetime import datetime

from django.db.models import Q, QuerySet

from credit_portal.audit import events
from credit_portal.outbox.models import PartnerSystem
from credit_portal.registry import groups
from credit_portal.registry.models import User
from credit_portal.registry.visibility import group_names
from verification.models import Check, CheckLook, CheckObjection, CheckOutcome, CheckOverride, OutsideReport
from verification.rules import no_stricter
from verification.vocabulary import Route, Scrutiny

WORKS = frozenset({groups.CLERK, groups.OFFICER, groups.HEAD, groups.APPROVAL_BUREAU})
# Who decides what somebody else has asked for.
DECIDES = frozenset({groups.OFFICER, groups.HEAD, groups.APPROVAL_BUREAU})
MOST_TEXT = 500


class CheckError(ValueError):
    """It cannot be done so; `field` names what is wrong, the message says it in Chinese."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def taken(check_id: int, actor: User, *roles: str) -> Check:
    """A check of the actor's department, locked until the transaction ends. Raises CheckError for anybody else."""
    check = (
        Check.objects.select_for_update(of=("self",))
        .select_related("item_version__item", "department", "region", "subject")
        .filter(pk=check_id, department=actor.department_id)
        .first()
    )
    if check is None or not group_names(actor) & (set(roles) or WORKS):
        raise CheckError("只能办理本单位的核查。")
    return check


def taken_by_system(check_id: int, system: PartnerSystem) -> Check:
    """The same for a department's own system (R85): only the checks that it has made itself."""
    check = (
        Check.objects.select_for_update(of=("self",))
        .select_related("item_version__item", "department", "region", "subject")
        .filter(pk=check_id, department=system.department_id, partner=system)
        .first()
    )
    if check is None:
        raise CheckError("只能办理本系统作出的核查。")
    return check


def taken_online(check_id: int) -> Check:
    """A check that a subject's own act has brought, locked. Raises CheckError for any other."""
    check = (
        Check.objects.select_for_update(of=("self",))
        .select_related("item_version__item", "department", "region", "subject")
        .filter(pk=check_id, operator__isnull=True, partner__isnull=True)
        .first()
    )
    if check is None:
        raise CheckError("只能由作出核查的人办理。")
    return check


def not_decided(check: Check) -> None:
    """Raises CheckError where the matter has been decided, or has been looked at again: one procedure has one decision,
    and that on its newest check."""
    if decided_in(check) is not None:
        raise CheckError("本事项已作出决定，不能再更改。")
    if superseded_by(check) is not None:
        raise CheckError("本次办理已重新核查，请在最新的核查上办理。")


def decided_in(check: Check) -> CheckOutcome | None:
    """The decision of the procedure, on whichever of its checks."""
    return CheckOutcome.objects.filter(check_made__in=procedure_of(check)).first()


def superseded_by(check: Check) -> Check | None:
    """The newest check of the procedure, where this one is not."""
    newest = procedure_of(check).order_by("-pk").first()
    return newest if newest is not None and newest.pk != check.pk else None


def answer_of(check: Check) -> tuple[Route, Scrutiny]:
    """Route and scrutiny that hold for the handling. An exception that was allowed in the same procedure lifts an answer
    that is no stricter than the one it was allowed for; `refused` it never lifts."""
    answer = Route(check.route), Scrutiny(check.scrutiny)
    if not may_be_lifted(*answer):
        return answer
    allowed = CheckOverride.objects.filter(
        check_made__in=procedure_of(check), state=CheckOverride.State.ALLOWED
    ).values_list("check_made__route", "check_made__scrutiny")
    for route, scrutiny in allowed:
        if no_stricter(answer, (Route(route), Scrutiny(scrutiny))):
            return Route.COMMITMENT, Scrutiny.NORMAL
    return answer


def may_be_lifted(route: str, scrutiny: str) -> bool:
    """Whether an answer can be overridden at all."""
    return route == Route.ORDINARY or (route == Route.COMMITMENT and scrutiny == Scrutiny.KEY)


def evidence_missing(check: Check) -> bool:
    """The item demands a screenshot of the look-up, and neither one nor a report's file is there (R51, R52)."""
    if not check.item_version.evidence_required:
        return False
    procedure = procedure_of(check)
    looked = CheckLook.objects.filter(check_made__in=procedure, screenshot__isnull=False)
    reports = OutsideReport.objects.filter(check_made__in=procedure, document__isnull=False)
    return not (looked.exists() or reports.exists())


def procedure_of(check: Check) -> QuerySet[Check]:
    """The checks of one procedure: the first and those that follow it."""
    first = check.follows_id or check.pk
    return Check.objects.filter(Q(pk=first) | Q(follows=first))


def reopened(check: Check) -> bool:
    """Whether looking once more may give a better answer: an exception was allowed, or something shown was believed."""
    procedure = procedure_of(check)
    return (
        CheckOverride.objects.filter(check_made__in=procedure, state=CheckOverride.State.ALLOWED).exists()
        or CheckObjection.objects.filter(
            check_made__in=procedure, state=CheckObjection.State.BELIEVED
        ).exists()
    )


def open_objections(check: Check) -> QuerySet[CheckObjection]:
    return check.objections.filter(state=CheckObjection.State.FILED)


def noted(check: Check, step: str, *, actor: User | None, now: datetime, sha256: str = "") -> None:
    events.check_step(
        now=now,
        actor_id=actor.pk if actor else None,
        department_id=check.department_id,
        check_id=check.pk,
        number=check.number,
        step=step,
        sha256=sha256,
    )


def text(value: str, field: str, label: str, most: int = MOST_TEXT, *, must: bool = True) -> str:
    """A trimmed text. Raises CheckError where it is empty or too long."""
    value = value.strip()
    if must and not value:
        raise CheckError(f"请填写{label}。", field=field)
    if len(value) > most:
        raise CheckError(f"{label}最多 {most} 个字，现为 {len(value)} 个字。", field=field)
    return value
